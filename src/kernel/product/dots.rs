//! `out[b][r] = Σ꜀ a[b][c] · m[r][c]`, in tiles of some samples and rows, and vectors of the sixteen sums.

// `b + MR <= n` is what a block of any size asks; for one of 1 there is a shorter form.
#![allow(clippy::int_plus_one)]

use core::mem::MaybeUninit;

use super::super::epilogue::end_one;
use super::super::tile::{V, V16, add_chains, load, narrow, sixteens, some};
use super::super::{Epilogue, Kernels, Lanes, Plain};
use super::beyond;
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// `out[b][r] = Σ꜀ a[b][c] · m[r][c] + bias[r]`, for `rows` of `m`, for as many samples as both have. The bias comes last.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn dots<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: &[[T; C]],
    m: &[[T; C]; R],
    rows: core::ops::Range<usize>,
    bias: Option<&[T; R]>,
    out: &mut [[T; R]],
) {
    dots_then::<K, T, Plain, R, C>(a, m, rows, bias, out, Plain);
}

/// [`dots`], and then an epilogue.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn dots_then<K: Kernels, T: Scalar, E: Epilogue<T>, const R: usize, const C: usize>(
    a: &[[T; C]],
    m: &[[T; C]; R],
    rows: core::ops::Range<usize>,
    bias: Option<&[T; R]>,
    out: &mut [[T; R]],
    end: E,
) {
    let n = a.len().min(out.len());
    // SAFETY: references, and as many samples as both have.
    unsafe { dots_at::<K, T, E, R, C>(n, a.as_ptr(), m, rows, bias, out.as_mut_ptr(), end) }
}

/// [`dots`] of `n` samples, where others may use other rows of `m` and write what follows from them.
///
/// # Safety
/// All that is there, and nobody else writes `rows` of `m`, nor reads or writes what follows from them.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(in crate::kernel) unsafe fn dots_at<K: Kernels, T: Scalar, E: Epilogue<T>, const R: usize, const C: usize>(
    n: usize,
    a: *const [T; C],
    m: *const [[T; C]; R],
    rows: core::ops::Range<usize>,
    bias: Option<&[T; R]>,
    out: *mut [T; R],
    end: E,
) {
    if n == 1 && E::PLAIN {
        let (start, count) = (rows.start.min(R), rows.end.min(R).saturating_sub(rows.start));
        // SAFETY: the caller's promise: `m` is `R` rows of `C` numbers.
        if unsafe {
            let bias = beyond(bias.map(|b| b.as_ptr()), start);
            K::dots::<T, 16, R, C>(a.cast(), m.cast::<T>().add(start * C), count, bias, out.cast::<T>().add(start))
        } {
            return;
        }
    }
    if const { C <= 16 && <V<T, K>>::LANES > 1 } && n >= 4 {
        // SAFETY: the caller's promise.
        return unsafe { dots_across::<K, T, E, R, C>(n, a, m, rows, bias, out, end) };
    }
    if const { narrow::<K, T>(C) } {
        // SAFETY: the caller's promise.
        return unsafe { dots_at::<K::Narrow, T, E, R, C>(n, a, m, rows, bias, out, end) };
    }
    let (a, m, bias, out) = (a.cast::<T>(), m.cast::<T>(), bias.map(|b| b.as_ptr()), out.cast::<T>());
    let (n, first, last) = (n.min(end.rows(R)), rows.start.min(R), rows.end.min(R));
    // Rows that stay in the nearest cache for all samples: a multiple of those that are treated at a time.
    let block = if n > 4 {
        const { if C * T::BYTES > 6144 || C == 0 { 4 } else { 24576 / (C * T::BYTES) / 4 * 4 } }
    } else {
        usize::MAX
    };
    for first in (first..last).step_by(block) {
        let last = last.min(first.saturating_add(block));
        let mut b = 0;
        macro_rules! block {
            ($V:ident, $MR:literal, $NR:literal, $r:ident) => {
                while $r + $NR <= last {
                    // SAFETY: samples `b..b + MR` of `n`, rows `r..r + NR` of `R`.
                    unsafe {
                        let bias = beyond(bias, $r);
                        dot_tile::<T, $V<T, K>, E, R, C, $MR, $NR>(
                            a.add(b * C),
                            m.add($r * C),
                            bias,
                            out,
                            b * R + $r,
                            end,
                        )
                    }
                    $r += $NR;
                }
            };
        }
        // `MR` samples at a time: `NR` rows at a time, and then those that all rows leave, at once.
        macro_rules! samples {
            ($MR:literal, $NR:literal, [$($rest:literal)*]) => {
                samples!($MR, $NR, [$($rest)*], V16)
            };
            ($MR:literal, $NR:literal, [$($rest:literal)*], $V:ident) => {
                while b + $MR <= n {
                    let mut r = first;
                    block!($V, $MR, $NR, r);
                    $(if const { R % $NR == $rest } {
                        block!($V, $MR, $rest, r);
                    })*
                    block!($V, $MR, 1, r);
                    b += $MR;
                }
            };
        }
        // As many sums as the registers hold beside what is multiplied.
        if const { sixteens::<K, T>() >= 32 } {
            samples!(4, 4, [1 2 3]);
            samples!(1, 8, [1 2 3 4 5 6 7]);
        } else if const { sixteens::<K, T>() >= 16 } {
            samples!(2, 4, [1 2 3]);
            samples!(1, 8, [1 2 3 4 5 6 7]);
        } else if const { sixteens::<K, T>() >= 8 } {
            samples!(3, 4, [1 2 3], V);
            samples!(2, 4, [1 2 3], V);
            samples!(1, 4, [1 2 3]);
        } else if const { sixteens::<K, T>() >= 4 } {
            if const { <V<T, K>>::LANES >= 4 } {
                samples!(3, 4, [1 2 3], V);
                samples!(2, 4, [1 2 3], V);
            }
            samples!(1, 2, [1]);
        } else {
            samples!(1, 1, []);
        }
    }
}

/// [`dots_at`] of at most sixteen columns: each lane has a sum of one term, so vectors run along rows, of which they get a transposed copy.
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn dots_across<K: Kernels, T: Scalar, E: Epilogue<T>, const R: usize, const C: usize>(
    n: usize,
    a: *const [T; C],
    m: *const [[T; C]; R],
    rows: core::ops::Range<usize>,
    bias: Option<&[T; R]>,
    out: *mut [T; R],
    end: E,
) {
    let lanes = <V<T, K>>::LANES;
    let (a, m, bias, out) = (a.cast::<T>(), m.cast::<T>(), bias.map(|b| b.as_ptr()), out.cast::<T>());
    let (n, last) = (n.min(end.rows(R)), rows.end.min(R));
    let mut columns = [[T::ZERO; 16]; C];
    let columns = columns.as_mut_ptr().cast::<T>();
    for r in (rows.start..last).step_by(lanes) {
        let count = lanes.min(last - r);
        // SAFETY: rows `r..r + count` of `R`, and `n` samples; no vector has more than sixteen lanes, nor the sums.
        unsafe {
            for row in 0..count {
                for c in 0..C {
                    *columns.add(c * 16 + row) = *m.add((r + row) * C + c);
                }
            }
            let bias: V<T, K> = if let Some(bias) = bias { some(bias.add(r), count) } else { <V<T, K>>::ZERO };
            for b in 0..n {
                let zero = <V<T, K>>::ZERO;
                let mut sums = [zero; 16];
                for c in 0..C {
                    sums[c] = <V<T, K>>::splat(*a.add(b * C + c)).mul_add(<V<T, K>>::load(columns.add(c * 16)), zero);
                }
                // The tree that adds sixteen lanes; those that are zero at once, which makes a difference to -0.
                for half in [8, 4, 2, 1] {
                    let (low, high) = sums.split_at_mut_unchecked(half);
                    for (lane, (low, high)) in low.iter_mut().zip(high).enumerate() {
                        if lane + half < C {
                            *low = *low + *high;
                        }
                    }
                }
                let (at, sum) = (b * R + r, if C < 16 { sums[0] + zero } else { sums[0] });
                let sum = end.end(sum + bias, at, count);
                if count == lanes { sum.store(out.add(at)) } else { sum.store_some(out.add(at), count) }
            }
        }
    }
}

/// `MR` samples and `NR` rows of [`dots`], to place `at` of `out`. Where the registers hold so many sums of `V` but not of sixteen lanes, one vector
/// of the sixteen after the other.
///
/// # Safety
/// They are there, `end` has those rows, and `V` four, eight or sixteen lanes.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn dot_tile<
    T: Scalar,
    V: Lanes<T>,
    E: Epilogue<T>,
    const R: usize,
    const C: usize,
    const MR: usize,
    const NR: usize,
>(
    a: *const T,
    m: *const T,
    bias: Option<*const T>,
    out: *mut T,
    at: usize,
    end: E,
) {
    // The first part of the tree that adds sixteen lanes.
    // SAFETY: the caller's promise; as many parts are written as are read.
    unsafe {
        let sums = match 16 / V::LANES {
            1 => dot_sums::<T, V, C, MR, NR>(a, m, 0, 16),
            2 => {
                // A step unknown to the compiler, which would take the parts together again, and run out of registers.
                let step = core::hint::black_box(16);
                let first = dot_sums::<T, V, C, MR, NR>(a, m, 0, step);
                add_chains([first, dot_sums::<T, V, C, MR, NR>(a, m, V::LANES, step)])
            }
            _ => {
                // A number unknown to it, for the same reason.
                let mut parts = MaybeUninit::<[[[V; NR]; MR]; 4]>::uninit();
                for part in 0..core::hint::black_box(4) {
                    let sums = dot_sums::<T, V, C, MR, NR>(a, m, part * V::LANES, 16);
                    parts.as_mut_ptr().cast::<[[V; NR]; MR]>().add(part).write(sums);
                }
                add_chains(parts.assume_init())
            }
        };
        end_dots::<T, V, E, R, MR, NR>(sums, bias, out, at, end);
    }
}

/// The sums of a vector of columns from `first`, and of each `step` after it.
///
/// # Safety
/// `MR` samples and `NR` rows of `C` columns are there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn dot_sums<T: Scalar, V: Lanes<T>, const C: usize, const MR: usize, const NR: usize>(
    a: *const T,
    m: *const T,
    first: usize,
    step: usize,
) -> [[V; NR]; MR] {
    let mut sums = [[V::ZERO; NR]; MR];
    let mut c = first;
    // SAFETY: the caller's promise.
    unsafe {
        // Two at a time where a row is long: with so little to do, going round is a part of it.
        while C >= 64 && c + step + V::LANES <= C {
            dot_step::<T, V, C, MR, NR, false>(&mut sums, a.add(c), m.add(c), 0);
            dot_step::<T, V, C, MR, NR, false>(&mut sums, a.add(c + step), m.add(c + step), 0);
            c += 2 * step;
        }
        while c + V::LANES <= C {
            dot_step::<T, V, C, MR, NR, false>(&mut sums, a.add(c), m.add(c), 0);
            c += step;
        }
        if c < C {
            dot_step::<T, V, C, MR, NR, true>(&mut sums, a.add(c), m.add(c), C - c);
        }
    }
    sums
}

/// One vector of columns of [`dot_tile`].
///
/// # Safety
/// They are there: `count` columns if `PART`, else all lanes.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn dot_step<T: Scalar, V: Lanes<T>, const C: usize, const MR: usize, const NR: usize, const PART: bool>(
    sums: &mut [[V; NR]; MR],
    a: *const T,
    m: *const T,
    count: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut samples = [V::ZERO; MR];
        for b in 0..MR {
            samples[b] = load::<T, V, PART>(a.add(b * C), count);
        }
        for r in 0..NR {
            let row = load::<T, V, PART>(m.add(r * C), count);
            for b in 0..MR {
                sums[b][r] = samples[b].mul_add(row, sums[b][r]);
            }
        }
    }
}

/// Ends the sums of [`dot_tile`], and writes them to place `at` of `out`.
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn end_dots<T: Scalar, V: Lanes<T>, E: Epilogue<T>, const R: usize, const MR: usize, const NR: usize>(
    sums: [[V; NR]; MR],
    bias: Option<*const T>,
    out: *mut T,
    at: usize,
    end: E,
) {
    // SAFETY: the caller's promise.
    unsafe {
        if const { V::TOTALS && V::LANES >= 4 && NR > 1 } {
            for r in (0..NR).step_by(4) {
                // Where fewer than four are left, the last of them stands for those that there aren't.
                let (count, last) = ((NR - r).min(4), NR - 1);
                let bias = if let Some(bias) = bias { some(bias.add(r), count) } else { V::ZERO };
                for b in 0..MR {
                    let (to, sums) = (at + b * R + r, &sums[b]);
                    let sum = [sums[r], sums[last.min(r + 1)], sums[last.min(r + 2)], sums[last.min(r + 3)]];
                    end.end(V::four_totals(sum) + bias, to, count).store_some(out.add(to), count);
                }
            }
            return;
        }
        for b in 0..MR {
            for r in 0..NR {
                let bias = if let Some(bias) = bias { *bias.add(r) } else { T::ZERO };
                let to = at + b * R + r;
                *out.add(to) = end_one(end, sums[b][r].total() + bias, to);
            }
        }
    }
}
