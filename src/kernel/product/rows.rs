//! `out[b][c] = Σᵣ a[b][r] · m[r][c]`, in tiles of some samples and vectors of columns.

// `b + MR <= n` is what a block of any size asks; for one of 1 there is a shorter form.
#![allow(clippy::int_plus_one)]

use super::super::tile::{V, V16, cut, few, narrow, panels, some, tile, tile_panels, tile_rows};
use super::super::{Epilogue, Kernels, Lanes, Plain};
use super::chains;
use super::pack::{ENOUGH, KC, Panel, TALL, copy_vectors, far, fetch_rows, height, packs};
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// `out[b][c] = Σᵣ a[b][r] · m[r][c] + bias[c]`, for as many rows as both have. The bias comes last.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn mul_rows<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: &[[T; R]],
    m: &[[T; C]; R],
    bias: Option<&[T; C]>,
    out: &mut [[T; C]],
) {
    mul_rows_then::<K, T, Plain, R, C>(a, m, bias, out, Plain);
}

/// [`mul_rows`], and then an epilogue.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn mul_rows_then<K: Kernels, T: Scalar, E: Epilogue<T>, const R: usize, const C: usize>(
    a: &[[T; R]],
    m: &[[T; C]; R],
    bias: Option<&[T; C]>,
    out: &mut [[T; C]],
    end: E,
) {
    if let ([a], [out], None, true) = (a, &mut *out, bias, E::PLAIN)
        && chains(R, C) == 1
        // SAFETY: `m` is `R` rows of `C` numbers.
        && unsafe { K::sums::<T, 1, R, C>(a.as_ptr(), m.as_ptr().cast(), out.as_mut_ptr()) }
    {
        return;
    }
    if const { narrow::<K, T>(C) } {
        mul_rows_then::<K::Narrow, T, E, R, C>(a, m, bias, out, end);
    } else if const { chains(R, C) == 4 } {
        mul_rows_in::<K, T, E, R, C, 4>(a, m, bias, out, end);
    } else {
        mul_rows_in::<K, T, E, R, C, 1>(a, m, bias, out, end);
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn mul_rows_in<K: Kernels, T: Scalar, E: Epilogue<T>, const R: usize, const C: usize, const CHAINS: usize>(
    a: &[[T; R]],
    m: &[[T; C]; R],
    bias: Option<&[T; C]>,
    out: &mut [[T; C]],
    end: E,
) {
    let n = a.len().min(out.len()).min(end.rows(C));
    let (a, m, bias, out) =
        (a.as_ptr().cast::<T>(), m.as_ptr().cast::<T>(), bias.map(|b| b.as_ptr()), out.as_mut_ptr().cast::<T>());
    if n == 1 {
        // Four sums a vector: those of eight vectors would fill all registers.
        panels!(V<T, K>, C, if CHAINS == 4 && <V<T, K>>::LANES > 1 { 4 } else { 8 }, [4 8], |j, last, NV, PART| {
            // SAFETY: one row, and the panels cover `C` columns.
            unsafe { mul_tile::<T, V<T, K>, E, R, C, 1, NV, PART, CHAINS>(a, m, bias, out, (0, j), last, end) }
        });
        return;
    }
    if const { CHAINS == 1 && R >= TALL && packs::<K, T>(C) } && n >= ENOUGH {
        // SAFETY: as many rows as all have.
        return unsafe { mul_rows_packed::<K, T, E, R, C>(n, a, m, bias, out, end) };
    }
    tile_panels!(K, T, C, |j, last, NV, PART| {
        tile_rows!(K, T, CHAINS, 0, n, |b, MR| {
            // SAFETY: rows `b..b + MR` of `n`, and the panels cover `C` columns.
            unsafe {
                mul_tile::<T, V<T, K>, E, R, C, MR, NV, PART, CHAINS>(a.add(b * R), m, bias, out, (b, j), last, end);
            }
        });
    });
}

/// [`mul_rows_in`], some rows of `m` at a time. The sums of a tile wait in `out` for the next: the same order, and the same bits.
///
/// # Safety
/// `a` and `out` have `n` rows, of `R` and `C` numbers, and `end` has them, too; `m` has `R` rows of `C`.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn mul_rows_packed<K: Kernels, T: Scalar, E: Epilogue<T>, const R: usize, const C: usize>(
    n: usize,
    a: *const T,
    m: *const T,
    bias: Option<*const T>,
    out: *mut T,
    end: E,
) {
    let mut panel = Panel::<V<T, K>, KC>::uninit();
    let (panel, pair) = (panel.as_mut_ptr().cast::<T>(), 2 * <V<T, K>>::LANES);
    // Parts of about the same height.
    let depth = const { if R == 0 { 1 } else { R.div_ceil(R.div_ceil(KC)) } };
    let height = height(n, depth * T::BYTES);
    for k in (0..R).step_by(depth) {
        let (steps, part) = (depth.min(R - k), m.wrapping_add(k * C));
        for top in (0..n).step_by(height) {
            let bottom = n.min(top + height);
            let share = if const { far(R * C * T::BYTES) } { (6 * steps).div_ceil(bottom - top) } else { 0 };
            panels!(V<T, K>, C, 2, [2], |j, last, NV, PART| {
                // SAFETY: rows `k..k + steps` of `R`, and the panels cover `C` columns.
                unsafe { copy_vectors::<T, V<T, K>, NV, PART>((part.add(j), C), steps, last, panel) };
                // The next panel, of which each tile has the processor fetch a part.
                let mut next = part.wrapping_add(j + 2 * pair - 1);
                tile_rows!(K, T, 1, top, bottom, |b, MR| {
                    next = fetch_rows::<K, T>(next, share, C);
                    // SAFETY: rows `b..b + MR` of `n`, and the panels cover `C` columns.
                    unsafe {
                        let a = a.add(b * R + k);
                        mul_part::<K, T, E, R, C, MR, NV, PART>(a, panel, (k, steps), bias, out, (b, j, last), end);
                    }
                });
            });
        }
    }
}

/// A tile of [`mul_rows_packed`], of `steps` rows of `m` from row `k`, which are in `panel`.
///
/// # Safety
/// As for [`mul_tile`].
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn mul_part<
    K: Kernels,
    T: Scalar,
    E: Epilogue<T>,
    const R: usize,
    const C: usize,
    const MR: usize,
    const NV: usize,
    const PART: bool,
>(
    a: *const T,
    panel: *const T,
    (k, steps): (usize, usize),
    bias: Option<*const T>,
    out: *mut T,
    (row, j, last): (usize, usize, usize),
    end: E,
) {
    let (lanes, mut sums) = (<V<T, K>>::LANES, [[<V<T, K>>::ZERO; NV]; MR]);
    // SAFETY: the caller's promise.
    unsafe {
        if k > 0 {
            // The sums that the next tile begins with.
            fetch_rows::<K, T>(out.wrapping_add((row + MR) * C + j + NV * lanes - 1), MR, C);
            for r in 0..MR {
                for v in 0..NV {
                    let count = if PART && v + 1 == NV { last } else { lanes };
                    sums[r][v] = some(out.add((row + r) * C + j + v * lanes), count);
                }
            }
        }
        let sums = tile::<T, V<T, K>, MR, NV, false, 1>(sums, steps, a, (R, 1), panel, 2 * lanes, 0);
        if k + steps < R {
            end_tile::<T, V<T, K>, Plain, C, MR, NV, PART>(sums, None, out, (row, j), last, Plain);
        } else {
            end_tile::<T, V<T, K>, E, C, MR, NV, PART>(sums, bias, out, (row, j), last, end);
        }
    }
}

/// Columns of [`mul_columns`].
pub const COLUMNS: usize = 16;

/// [`COLUMNS`] columns of [`mul_rows`] from column `at`, or as many as there are: the same sums.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn mul_columns<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: &[[T; R]],
    m: &[[T; C]; R],
    at: usize,
    bias: Option<&[T; C]>,
    out: &mut [[T; C]],
) {
    if const { narrow::<K, T>(C) } {
        mul_columns::<K::Narrow, T, R, C>(a, m, at, bias, out);
    } else if const { chains(R, C) == 4 } {
        mul_columns_in::<K, T, R, C, 4>(a, m, at, bias, out);
    } else {
        mul_columns_in::<K, T, R, C, 1>(a, m, at, bias, out);
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn mul_columns_in<K: Kernels, T: Scalar, const R: usize, const C: usize, const CHAINS: usize>(
    a: &[[T; R]],
    m: &[[T; C]; R],
    at: usize,
    bias: Option<&[T; C]>,
    out: &mut [[T; C]],
) {
    const { assert!(<V16<T, K>>::LANES == COLUMNS) }
    let (m, bias, left) = (m.as_ptr().cast::<T>(), bias.map(|b| b.as_ptr()), C.saturating_sub(at));
    for (a, out) in a.iter().zip(out) {
        let (a, out) = (a.as_ptr(), out.as_mut_ptr());
        // SAFETY: one row, and from column `at` there are sixteen, or `left` of them.
        unsafe {
            if const { <V<T, K>>::LANES == 1 && CHAINS == 4 } {
                // Four times sixteen sums are more than any processor's registers hold.
                let (mut j, end) = (at, at + left.min(COLUMNS));
                while j + 4 <= end {
                    mul_tile::<T, V<T, K>, Plain, R, C, 1, 4, false, CHAINS>(a, m, bias, out, (0, j), 1, Plain);
                    j += 4;
                }
                while j < end {
                    mul_tile::<T, V<T, K>, Plain, R, C, 1, 1, false, CHAINS>(a, m, bias, out, (0, j), 1, Plain);
                    j += 1;
                }
            } else if left >= COLUMNS {
                mul_tile::<T, V16<T, K>, Plain, R, C, 1, 1, false, CHAINS>(a, m, bias, out, (0, at), COLUMNS, Plain);
            } else if left > 0 {
                mul_tile::<T, V16<T, K>, Plain, R, C, 1, 1, true, CHAINS>(a, m, bias, out, (0, at), left, Plain);
            }
        }
    }
}

/// A tile of [`mul_rows`], to row `row` and column `j` of `out`.
///
/// # Safety
/// `a` has `MR` rows, and `out` from `row`; from column `j` there are `NV` vectors, the last of `last` numbers if `PART`. `end` has those rows, too.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn mul_tile<
    T: Scalar,
    V: Lanes<T>,
    E: Epilogue<T>,
    const R: usize,
    const C: usize,
    const MR: usize,
    const NV: usize,
    const PART: bool,
    const CHAINS: usize,
>(
    a: *const T,
    m: *const T,
    bias: Option<*const T>,
    out: *mut T,
    (row, j): (usize, usize),
    last: usize,
    end: E,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let sums = tile::<T, V, MR, NV, PART, CHAINS>([[V::ZERO; NV]; MR], R, a, (R, 1), m.add(j), C, last);
        end_tile::<T, V, E, C, MR, NV, PART>(sums, bias, out, (row, j), last, end);
    }
}

/// Ends the sums of a tile and writes them to row `row` and column `j` of `out`, which has `C` columns.
///
/// # Safety
/// They are there, as for [`mul_tile`].
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn end_tile<
    T: Scalar,
    V: Lanes<T>,
    E: Epilogue<T>,
    const C: usize,
    const MR: usize,
    const NV: usize,
    const PART: bool,
>(
    sums: [[V; NV]; MR],
    bias: Option<*const T>,
    out: *mut T,
    (row, j): (usize, usize),
    last: usize,
    end: E,
) {
    // SAFETY: the caller's promise.
    unsafe {
        for v in 0..NV {
            let at = j + v * V::LANES;
            let part = PART && v + 1 == NV;
            let count = if part { last } else { V::LANES };
            for r in 0..MR {
                let (to, mut sum) = ((row + r) * C + at, sums[r][v]);
                if let Some(bias) = bias {
                    sum = sum + if part { V::load_some(bias.add(at), last) } else { V::load(bias.add(at)) };
                }
                sum = end.end(sum, to, count);
                if part { sum.store_some(out.add(to), last) } else { sum.store(out.add(to)) }
            }
        }
    }
}
