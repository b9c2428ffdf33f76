//! The three products of a dense layer, over a matrix `m` of `R` rows of `C` numbers.
//!
//! In plain loops, with every sum in this order:
//! ```text
//! mul_rows    out[b][c] = Σᵣ a[b][r] · m[r][c]        r = 0, 1, .. in `chains` interleaved sums
//! dots        out[b][r] = Σ꜀ a[b][c] · m[r][c]        c in 16 interleaved sums, added as a tree
//! learn_rows  g[r][c]   = Σ_b p[b][r] · q[b][c]       b = 0, 1, .., and m[r][c] is updated from g[r][c] at once
//! ```
//! What differs here: sums stay in registers, tile by tile, and the vectors run along `c`, so no order changes with their width.

// Inlined into the step, which is compiled for the instructions that were chosen; but functions of their own in debug builds, where each
// tile inlined would cost its stack again.

// `b + MR <= n` is what a block of any size asks; for one of 1 there is a shorter form.
#![allow(clippy::int_plus_one)]

use core::mem::MaybeUninit;

use super::epilogue::end_one;
use super::{Copies, Epilogue, Kernels, Lanes, Plain, Portable};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

/// The vector of a number type.
pub(super) type V<T, K> = <T as Scalar>::Lanes<K>;
/// Its sixteen lanes.
pub(super) type V16<T, K> = <T as Scalar>::Sixteen<K>;

/// How many interleaved sums `mul_rows` has: few columns leave the adders idle otherwise.
pub(super) const fn chains(rows: usize, columns: usize) -> usize {
    if columns <= 32 && rows >= 16 { 4 } else { 1 }
}

/// Whether a row of `columns` numbers fits into half a vector. Single numbers don't stand for a vector: they may round products otherwise.
pub(super) const fn narrow<K: Kernels, T: Scalar>(columns: usize) -> bool {
    <V<T, K::Narrow>>::LANES > 1 && columns * 2 <= <V<T, K>>::LANES
}

/// Whether there are sixteen vectors: six rows and two vectors of sums, and what is multiplied. With four rows and three the compiler runs
/// out of them, and the product takes twice as long.
const fn few<K: Kernels, T: Scalar>() -> bool {
    <V<T, K>>::LANES > 1 && K::REGISTERS < 32
}

/// How many times the processor's vectors hold the sixteen sums of a dot product.
pub(super) const fn sixteens<K: Kernels, T: Scalar>() -> usize {
    K::REGISTERS * <V<T, K>>::LANES / 16
}

/// A vector, or what is left at the end of a row.
///
/// # Safety
/// `count` numbers are there, and all lanes unless `PART`.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn load<T, V: Lanes<T>, const PART: bool>(from: *const T, count: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe { if PART { V::load_some(from, count) } else { V::load(from) } }
}

/// `MR` rows and `NV` vectors of a product: `start + Σₖ a[r · a_row + k · a_step] · m[k · m_step + ..]`, in `CHAINS` interleaved sums, of
/// which the first begins at `start`. The last vector has `last` numbers if `PART`.
///
/// # Safety
/// Those numbers are there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn tile<
    T: Scalar,
    V: Lanes<T>,
    const MR: usize,
    const NV: usize,
    const PART: bool,
    const CHAINS: usize,
>(
    start: [[V; NV]; MR],
    steps: usize,
    a: *const T,
    (a_row, a_step): (usize, usize),
    m: *const T,
    m_step: usize,
    last: usize,
) -> [[V; NV]; MR] {
    let mut sums = [[[V::ZERO; NV]; MR]; CHAINS];
    sums[0] = start;
    if CHAINS > 1 && (MR > 2 || V::LANES == 1) {
        // One after the other: the registers hold no more. And the compiler makes vectors of neighbouring columns, not of neighbouring rows.
        for (chain, sums) in sums.iter_mut().enumerate() {
            for k in (chain..steps).step_by(CHAINS) {
                // SAFETY: the caller's promise, for each k below `steps`.
                unsafe { tile_step::<T, V, MR, NV, PART>(sums, a.add(k * a_step), a_row, m.add(k * m_step), last) };
            }
        }
    } else {
        let mut k = 0;
        while k < steps {
            for chain in 0..CHAINS {
                if CHAINS > 1 && k + chain >= steps {
                    break;
                }
                let k = k + chain;
                // SAFETY: the caller's promise, for each k below `steps`.
                unsafe {
                    tile_step::<T, V, MR, NV, PART>(
                        &mut sums[chain],
                        a.add(k * a_step),
                        a_row,
                        m.add(k * m_step),
                        last,
                    );
                }
            }
            k += CHAINS;
        }
    }
    add_chains(sums)
}

/// One k of [`tile`].
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn tile_step<T: Scalar, V: Lanes<T>, const MR: usize, const NV: usize, const PART: bool>(
    sums: &mut [[V; NV]; MR],
    a: *const T,
    a_row: usize,
    m: *const T,
    last: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut b = [V::ZERO; NV];
        for v in 0..NV {
            let from = m.add(v * V::LANES);
            b[v] = if v + 1 == NV { load::<T, V, PART>(from, last) } else { V::load(from) };
        }
        for r in 0..MR {
            let a = V::splat(*a.add(r * a_row));
            for v in 0..NV {
                sums[r][v] = a.mul_add(b[v], sums[r][v]);
            }
        }
    }
}

/// The interleaved sums of a tile, added as a tree.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn add_chains<T, V: Lanes<T>, const MR: usize, const NV: usize, const CHAINS: usize>(
    mut sums: [[[V; NV]; MR]; CHAINS],
) -> [[V; NV]; MR] {
    for r in 0..MR {
        for v in 0..NV {
            let mut half = CHAINS / 2;
            while half > 0 {
                for chain in 0..half {
                    sums[chain][r][v] = sums[chain][r][v] + sums[chain + half][r][v];
                }
                half /= 2;
            }
        }
    }
    sums[0]
}

/// Runs `$body` for the columns of a row of `$C` numbers, in panels of at most `$max` vectors: `$NV` vectors from column `$j`, the last of
/// them with `$last` numbers if `$PART`. The panels are known at compile time.
///
/// Every choice is a constant, so that code for others isn't even generated.
macro_rules! panels {
    ($V:ty, $C:expr, $max:literal, |$j:ident, $last:ident, $NV:ident, $PART:ident| $body:expr, [$($n:literal)*]) => {{
        let lanes = <$V as Lanes<T>>::LANES;
        let $last = ($C - 1) % lanes + 1;
        if const { cut($C, <$V as Lanes<T>>::LANES, $max).whole > 0 } {
            for panel in 0..const { cut($C, <$V as Lanes<T>>::LANES, $max).whole } {
                let $j = panel * $max * lanes;
                const $NV: usize = $max;
                const $PART: bool = false;
                $body
            }
        }
        let $j = const { cut($C, <$V as Lanes<T>>::LANES, $max).whole } * $max * lanes;
        $(
            if const { cut($C, <$V as Lanes<T>>::LANES, $max).is($n, true) } {
                const $NV: usize = $n;
                const $PART: bool = true;
                $body
            }
            if const { cut($C, <$V as Lanes<T>>::LANES, $max).is($n, false) } {
                const $NV: usize = $n;
                const $PART: bool = false;
                $body
            }
        )*
    }};
    ($V:ty, $C:expr, 1, |$($names:ident),*| $body:expr) => {
        panels!($V, $C, 1, |$($names),*| $body, [1])
    };
    ($V:ty, $C:expr, 2, |$($names:ident),*| $body:expr) => {
        panels!($V, $C, 2, |$($names),*| $body, [1 2])
    };
    ($V:ty, $C:expr, 3, |$($names:ident),*| $body:expr) => {
        panels!($V, $C, 3, |$($names),*| $body, [1 2 3])
    };
    ($V:ty, $C:expr, 4, |$($names:ident),*| $body:expr) => {
        panels!($V, $C, 4, |$($names),*| $body, [1 2 3 4])
    };
    ($V:ty, $C:expr, 8, |$($names:ident),*| $body:expr) => {
        panels!($V, $C, 8, |$($names),*| $body, [1 2 3 4 5 6 7 8])
    };
}

pub(super) use panels;

/// How a row is cut: so many panels of whole vectors, then one of `rest` vectors, the last of them in part or not.
pub(super) struct Panels {
    pub(super) whole: usize,
    rest: usize,
    part: bool,
}

impl Panels {
    pub(super) const fn is(&self, rest: usize, part: bool) -> bool {
        self.rest == rest && self.part == part
    }
}

/// Cuts a row of `columns` numbers into panels of at most `most` vectors.
pub(super) const fn cut(columns: usize, lanes: usize, most: usize) -> Panels {
    let (vectors, part) = (columns.div_ceil(lanes), !columns.is_multiple_of(lanes));
    let whole = if part { (vectors - 1) / most } else { vectors / most };
    Panels { whole, rest: vectors - whole * most, part }
}

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
        macro_rules! row {
            ($max:tt) => {
                panels!(V<T, K>, C, $max, |j, last, NV, PART| {
                    // SAFETY: one row, and the panels cover `C` columns.
                    unsafe { mul_tile::<T, V<T, K>, E, R, C, 1, NV, PART, CHAINS>(a, m, bias, out, (0, j), last, end) }
                })
            };
        }
        // Four sums a vector: those of eight vectors would fill all registers.
        if const { CHAINS == 4 && <V<T, K>>::LANES > 1 } {
            row!(4);
        } else {
            row!(8);
        }
        return;
    }
    if const { CHAINS == 1 && R >= KC && packs::<K, T>(C) } && n >= ENOUGH {
        // SAFETY: as many rows as all have.
        return unsafe { mul_rows_packed::<K, T, E, R, C>(n, a, m, bias, out, end) };
    }
    macro_rules! tiles {
        ($max:tt) => {
            panels!(V<T, K>, C, $max, |j, last, NV, PART| {
                let mut b = 0;
                macro_rules! rows {
                    ($MR:literal) => {
                        rows!($MR, true)
                    };
                    ($MR:literal, $more:expr) => {
                        while b + $MR <= n && $more {
                            // SAFETY: rows `b..b + MR` of `n`, and the panels cover `C` columns.
                            unsafe {
                                mul_tile::<T, V<T, K>, E, R, C, $MR, NV, PART, CHAINS>(a.add(b * R), m, bias, out, (b, j), last, end);
                            }
                            b += $MR;
                        }
                    };
                }
                if const { few::<K, T>() } {
                    rows!(4, CHAINS > 1 || !(n - b).is_multiple_of(6));
                    if const { CHAINS == 1 } {
                        rows!(6);
                    }
                } else if const { CHAINS == 1 } {
                    if const { K::REGISTERS >= 32 } {
                        rows!(8);
                    }
                    rows!(4);
                } else if const { K::REGISTERS >= 32 } {
                    rows!(2);
                }
                rows!(1);
            })
        };
    }
    if const { few::<K, T>() } {
        tiles!(2);
    } else {
        tiles!(3);
    }
}

/// Rows of a panel of the right matrix that are copied at a time in a forward pass: 8 KB, which stay in the nearest cache.
const KC: usize = 128;
/// Rows of the product between two copies of a panel: as many as the second cache holds `KC` numbers of.
const MC: usize = 128;
/// Rows of the product that are worth a copy, or half of the samples of a gradient that are.
const ENOUGH: usize = 32;
/// Samples of a gradient whose panels are copied, at most.
const DEPTH: usize = 256;
/// Bytes of the left matrix of a gradient that are copied at a time.
const LEFT: usize = 32 << 10;

/// A copy of `N` pairs of vectors, on the stack.
type Panel<V, const N: usize> = MaybeUninit<[[V; 2]; N]>;

/// Whether panels of a right matrix with so many columns are copied before use. Sixteen registers hold a tile so small that its panel must come
/// from the nearest cache each time, where rows far apart fall on the same few places, and each is on a page of its own.
const fn packs<K: Kernels, T: Scalar>(columns: usize) -> bool {
    few::<K, T>() && size_of::<V<T, K>>() == 32 && columns > 4 * <V<T, K>>::LANES
}

/// Whether rows of a left matrix fall on so few places of the nearest cache that they are copied, too.
const fn crowds<T: Scalar>(columns: usize) -> bool {
    (columns * T::BYTES).is_multiple_of(2048)
}

/// Copies `count` numbers from each of `n` rows, from one every `from_step` to one every `to_step`.
///
/// # Safety
/// They are there, and so is room for them.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn copy_rows<T: Copy, V: Lanes<T>>(
    (from, from_step): (*const T, usize),
    n: usize,
    count: usize,
    (to, to_step): (*mut T, usize),
) {
    for b in 0..n {
        // SAFETY: the caller's promise.
        unsafe {
            let (from, to) = (from.add(b * from_step), to.add(b * to_step));
            let mut i = 0;
            while i + V::LANES <= count {
                V::load(from.add(i)).store(to.add(i));
                i += V::LANES;
            }
            while i < count {
                *to.add(i) = *from.add(i);
                i += 1;
            }
        }
    }
}

/// Copies `NV` vectors of `n` rows, the last of them with `last` numbers if `PART`.
///
/// # Safety
/// As for [`copy_rows`].
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn copy_vectors<T, V: Lanes<T>, const NV: usize, const PART: bool>(
    (from, step): (*const T, usize),
    n: usize,
    last: usize,
    to: *mut T,
) {
    for b in 0..n {
        for v in 0..NV {
            let count = if PART && v + 1 == NV { last } else { V::LANES };
            // SAFETY: the caller's promise.
            unsafe { some::<T, V>(from.add(b * step + v * V::LANES), count).store(to.add((2 * b + v) * V::LANES)) };
        }
    }
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
    let panel = panel.as_mut_ptr().cast::<T>();
    for k in (0..R).step_by(KC) {
        let steps = KC.min(R - k);
        for top in (0..n).step_by(MC) {
            let bottom = n.min(top + MC);
            panels!(V<T, K>, C, 2, |j, last, NV, PART| {
                // SAFETY: rows `k..k + steps` of `R`, and the panels cover `C` columns.
                unsafe { copy_vectors::<T, V<T, K>, NV, PART>((m.add(k * C + j), C), steps, last, panel) };
                let mut b = top;
                macro_rules! rows {
                    ($MR:literal) => {
                        rows!($MR, true)
                    };
                    ($MR:literal, $more:expr) => {
                        while b + $MR <= bottom && $more {
                            let mut sums = [[<V<T, K>>::ZERO; NV]; $MR];
                            // SAFETY: rows `b..b + MR` of `n`, and the panels cover `C` columns.
                            unsafe {
                                if k > 0 {
                                    for r in 0..$MR {
                                        for v in 0..NV {
                                            let count = if PART && v + 1 == NV { last } else { <V<T, K>>::LANES };
                                            sums[r][v] = some(out.add((b + r) * C + j + v * <V<T, K>>::LANES), count);
                                        }
                                    }
                                }
                                let (a, step) = (a.add(b * R + k), 2 * <V<T, K>>::LANES);
                                let sums = tile::<T, V<T, K>, $MR, NV, false, 1>(sums, steps, a, (R, 1), panel, step, 0);
                                if k + steps < R {
                                    end_tile::<T, V<T, K>, Plain, C, $MR, NV, PART>(sums, None, out, (b, j), last, Plain);
                                } else {
                                    end_tile::<T, V<T, K>, E, C, $MR, NV, PART>(sums, bias, out, (b, j), last, end);
                                }
                            }
                            b += $MR;
                        }
                    };
                }
                rows!(4, !(bottom - b).is_multiple_of(6));
                rows!(6);
                rows!(1);
            });
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
pub(super) unsafe fn dots_at<K: Kernels, T: Scalar, E: Epilogue<T>, const R: usize, const C: usize>(
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
            let bias = bias.map(|b| b.as_ptr().add(start));
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
    let block =
        if n > 4 { const { if C * T::BYTES > 6144 { 4 } else { 24576 / (C * T::BYTES) / 4 * 4 } } } else { usize::MAX };
    for first in (first..last).step_by(block) {
        let last = last.min(first.saturating_add(block));
        let mut b = 0;
        macro_rules! block {
            ($V:ident, $MR:literal, $NR:literal, $r:ident) => {
                while $r + $NR <= last {
                    // SAFETY: samples `b..b + MR` of `n`, rows `r..r + NR` of `R`.
                    unsafe {
                        let bias = bias.map(|b| b.add($r));
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

/// The sums of [`mul_rows`], of some columns, for a matrix that lies by column, `C` rows of `R` numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn mul_units<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: &[[T; R]],
    m: &[[T; R]; C],
    columns: core::ops::Range<usize>,
    bias: Option<&[T; C]>,
    out: &mut [[T; C]],
) {
    if const { chains(R, C) == 4 } {
        mul_units_in::<K, T, R, C, 4>(a, m, columns, bias, out);
    } else {
        mul_units_in::<K, T, R, C, 1>(a, m, columns, bias, out);
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn mul_units_in<K: Kernels, T: Scalar, const R: usize, const C: usize, const CHAINS: usize>(
    a: &[[T; R]],
    m: &[[T; R]; C],
    columns: core::ops::Range<usize>,
    bias: Option<&[T; C]>,
    out: &mut [[T; C]],
) {
    let (start, end) = (columns.start.min(C), columns.end.min(C));
    for (a, out) in a.iter().zip(out) {
        let bias = bias.map(|bias| bias.as_ptr());
        // SAFETY: `m` is `C` rows of `R` numbers.
        if unsafe {
            let (m, bias) = (m.as_ptr().add(start).cast(), bias.map(|bias| bias.add(start)));
            K::dots::<T, CHAINS, C, R>(a.as_ptr(), m, end.saturating_sub(start), bias, out.as_mut_ptr().add(start))
        } {
            continue;
        }
        for c in start..end {
            let mut sums = [T::ZERO; 4];
            for r in 0..R {
                sums[r % CHAINS] = a[r].mul_add(m[c][r], sums[r % CHAINS]);
            }
            out[c] = (sums[0] + sums[2]) + (sums[1] + sums[3]);
            if let Some(bias) = bias {
                // SAFETY: as many biases as outputs.
                out[c] += unsafe { *bias.add(c) };
            }
        }
    }
}

/// The sums of [`dots`], of some rows, for a matrix that lies by column, `C` rows of `R` numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn dots_down<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: &[[T; C]],
    m: &[[T; R]; C],
    rows: core::ops::Range<usize>,
    out: &mut [[T; R]],
) {
    let (start, end) = (rows.start, rows.end.min(R));
    for (a, out) in a.iter().zip(out) {
        let all = (start, end) == (0, R);
        // SAFETY: `m` is `C` rows of `R` numbers.
        if !(all && unsafe { K::sums::<T, 16, C, R>(a.as_ptr(), m.as_ptr().cast(), out.as_mut_ptr()) }) {
            for r in start..end {
                let mut sums = [T::ZERO; 16];
                for c in 0..C {
                    sums[c % 16] = a[c].mul_add(m[c][r], sums[c % 16]);
                }
                // SAFETY: sixteen numbers.
                out[r] = unsafe { V16::<T, Portable>::load(sums.as_ptr()) }.total();
            }
        }
    }
}

/// Updates `rows` of `m`, each number from its gradient `Σ_b p[b][r] · q[b][c]`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_rows<K: Kernels, T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize>(
    p: &[[T; R]],
    q: &[[T; C]],
    rows: core::ops::Range<usize>,
    m: &mut [[T; C]; R],
    slots: &mut <U::Slots as Copies>::Of<A>,
    rule: &U,
) {
    // SAFETY: unique references.
    unsafe { learn_rows_at::<K, T, U, A, R, C>(p, q, rows, m, slots, rule) }
}

/// [`learn_rows`], where others may use other rows of `m` and of its slots.
///
/// # Safety
/// They are there, and nobody else reads or writes `rows` of them.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn learn_rows_at<
    K: Kernels,
    T: Scalar,
    U: Rule<T>,
    A: Array<T = T>,
    const R: usize,
    const C: usize,
>(
    p: &[[T; R]],
    q: &[[T; C]],
    rows: core::ops::Range<usize>,
    m: *mut [[T; C]; R],
    slots: *mut <U::Slots as Copies>::Of<A>,
    rule: &U,
) {
    const { assert!(A::LEN.is_multiple_of(R * C), "a slot has as many numbers as the parameter, or as all its gates") }
    if let ([p], [q]) = (p, q) {
        let (start, count) = (rows.start.min(R), rows.end.min(R).saturating_sub(rows.start));
        // SAFETY: `m` and each slot is `R` rows of `C` numbers.
        if unsafe {
            let slots = U::Slots::starts(slots).map(|slot: *mut T| slot.wrapping_add(start * C));
            let (p, m) = (p.as_ptr().add(start), m.cast::<T>().add(start * C));
            K::learn::<T, R, C>(rule.formula(), p, q.as_ptr(), m, count, slots)
        } {
            return;
        }
    }
    if const { narrow::<K, T>(C) } {
        // SAFETY: the caller's promise.
        return unsafe { learn_rows_at::<K::Narrow, T, U, A, R, C>(p, q, rows, m, slots, rule) };
    }
    let n = p.len().min(q.len());
    let (p, q, m) = (p.as_ptr().cast::<T>(), q.as_ptr().cast::<T>(), m.cast::<T>());
    let (start, end) = (rows.start.min(R), rows.end.min(R));
    let (p, rows) = (p.wrapping_add(start), start..end);
    // SAFETY: the caller's promise: `n` samples, and `rows` of `R`.
    unsafe {
        if const { R >= 64 && packs::<K, T>(C) } && (2 * ENOUGH..=DEPTH).contains(&n) {
            if const { crowds::<T>(R) } {
                learn_rows_copied::<K, T, U, A, R, C, { LEFT / 64 }>(n, p, q, rows, m, slots, rule);
            } else {
                learn_rows_copied::<K, T, U, A, R, C, 0>(n, p, q, rows, m, slots, rule);
            }
        } else {
            learn_tiles::<K, T, U, A, R, C>(n, (p, R), q, None, rows, m, slots, rule);
        }
    }
}

/// [`learn_tiles`] of 1 to [`DEPTH`] samples, from copies of what is used again and again: panels of `q`, for as many rows at a time as the second
/// cache holds; and `p`, if `N` is the size of a copy of [`LEFT`] bytes.
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn learn_rows_copied<
    K: Kernels,
    T: Scalar,
    U: Rule<T>,
    A: Array<T = T>,
    const R: usize,
    const C: usize,
    const N: usize,
>(
    n: usize,
    p: *const T,
    q: *const T,
    rows: core::ops::Range<usize>,
    m: *mut T,
    slots: *mut <U::Slots as Copies>::Of<A>,
    rule: &U,
) {
    let (mut left, mut panel) = (Panel::<V<T, K>, N>::uninit(), Panel::<V<T, K>, DEPTH>::uninit());
    let (left, panel) = (left.as_mut_ptr().cast::<T>(), panel.as_mut_ptr().cast::<T>());
    let width = if N > 0 { LEFT } else { 128 << 10 } / T::BYTES / n / 6 * 6;
    for top in rows.clone().step_by(width) {
        let bottom = rows.end.min(top + width);
        let mut p_part = (p.wrapping_add(top - rows.start), R);
        // SAFETY: the caller's promise; `n` rows of `width` numbers have room in one copy, and `n` of a panel in the other.
        unsafe {
            if N > 0 {
                copy_rows::<T, V<T, K>>(p_part, n, bottom - top, (left, width));
                p_part = (left.cast_const(), width);
            }
            learn_tiles::<K, T, U, A, R, C>(n, p_part, q, Some(panel), top..bottom, m, slots, rule);
        }
    }
}

/// Updates `rows` of `m`, to the first of which `p` belongs, tile by tile.
///
/// # Safety
/// They are there, and `n` samples, no more than `panel` has room for; and nobody else reads or writes those rows, nor their slots.
#[allow(clippy::too_many_arguments, reason = "the loops around it are theirs")]
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn learn_tiles<K: Kernels, T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize>(
    n: usize,
    (p, p_step): (*const T, usize),
    q: *const T,
    panel: Option<*mut T>,
    rows: core::ops::Range<usize>,
    m: *mut T,
    slots: *mut <U::Slots as Copies>::Of<A>,
    rule: &U,
) {
    macro_rules! tiles {
        ($max:tt) => {
            panels!(V<T, K>, C, $max, |j, last, NV, PART| {
                let mut q_panel = (q.wrapping_add(j), C);
                if const { $max == 2 && packs::<K, T>(C) }
                    && let Some(panel) = panel
                {
                    // SAFETY: the panels cover the `C` columns of `n` samples.
                    unsafe { copy_vectors::<T, V<T, K>, NV, PART>(q_panel, n, last, panel) };
                    q_panel = (panel.cast_const(), 2 * <V<T, K>>::LANES);
                }
                let (q, q_step) = q_panel;
                let mut row = rows.start;
                macro_rules! rows {
                    ($MR:literal) => {
                        rows!($MR, true)
                    };
                    ($MR:literal, $more:expr) => {
                        while row + $MR <= rows.end && $more {
                            // SAFETY: `n` samples, rows `row..row + MR` of `R`, and the panels cover `C` columns.
                            unsafe {
                                let zeros = [[<V<T, K>>::ZERO; NV]; $MR];
                                let p = p.add(row - rows.start);
                                let g = tile::<T, V<T, K>, $MR, NV, PART, 1>(zeros, n, p, (1, p_step), q, q_step, last);
                                for r in 0..$MR {
                                    for v in 0..NV {
                                        let at = (row + r) * C + j + v * <V<T, K>>::LANES;
                                        let count = if PART && v + 1 == NV { last } else { <V<T, K>>::LANES };
                                        update::<T, V<T, K>, U, _>(m, slots, at, count, g[r][v], Role::Weight, rule);
                                    }
                                }
                            }
                            row += $MR;
                        }
                    };
                }
                if const { few::<K, T>() } {
                    rows!(4, !(rows.end - row).is_multiple_of(6));
                    rows!(6);
                } else {
                    if const { K::REGISTERS >= 32 } {
                        rows!(8);
                    }
                    rows!(4);
                }
                if const { R % 4 == 3 } {
                    rows!(3);
                } else if const { R % 4 == 2 } {
                    rows!(2);
                }
                rows!(1);
            })
        };
    }
    if const { few::<K, T>() } {
        tiles!(2);
    } else {
        tiles!(3);
    }
}

/// Updates a vector of biases, each from its gradient `Σ_b q[b][c]`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_bias<K: Kernels, T: Scalar, U: Rule<T>, const C: usize>(
    q: &[[T; C]],
    bias: &mut [T; C],
    slots: &mut <U::Slots as Copies>::Of<[T; C]>,
    rule: &U,
) {
    if let [q] = q
        // SAFETY: the bias and each of its slots is a row of `C` numbers; the gradient is 1 · q.
        && unsafe {
            let slots = U::Slots::starts(slots);
            K::learn::<T, 1, C>(rule.formula(), &T::ONE, q.as_ptr(), bias.as_mut_ptr(), 1, slots)
        }
    {
        return;
    }
    if const { narrow::<K, T>(C) } {
        return learn_bias::<K::Narrow, T, U, C>(q, bias, slots, rule);
    }
    let (n, q, bias) = (q.len(), q.as_ptr().cast::<T>(), bias.as_mut_ptr());
    panels!(V<T, K>, C, 3, |j, last, NV, PART| {
        let mut sums = [<V<T, K>>::ZERO; NV];
        for b in 0..n {
            for v in 0..NV {
                let count = if PART && v + 1 == NV { last } else { <V<T, K>>::LANES };
                // SAFETY: `n` samples, and the panels cover `C` columns.
                let dy: V<T, K> = unsafe { some(q.add(b * C + j + v * <V<T, K>>::LANES), count) };
                sums[v] = sums[v] + dy;
            }
        }
        for v in 0..NV {
            let count = if PART && v + 1 == NV { last } else { <V<T, K>>::LANES };
            // SAFETY: the panels cover `C` columns.
            unsafe { update::<T, V<T, K>, U, _>(bias, slots, j + v * <V<T, K>>::LANES, count, sums[v], Role::Bias, rule) };
        }
    });
}

/// A vector of `count` numbers and zeros.
///
/// # Safety
/// They are there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn some<T, V: Lanes<T>>(from: *const T, count: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe { if count == V::LANES { V::load(from) } else { V::load_some(from, count) } }
}

/// Updates `count` numbers at position `at` of a parameter, and returns them.
///
/// # Safety
/// They are there, in the parameter and in each of its slots, and nobody else reads or writes them.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn update<T: Scalar, V: Lanes<T>, U: Rule<T>, A: Zeroed>(
    weights: *mut T,
    slots: *mut <U::Slots as Copies>::Of<A>,
    at: usize,
    count: usize,
    gradient: V,
    role: Role,
    rule: &U,
) -> V {
    // SAFETY: the caller's promise.
    unsafe {
        let mut state = U::Slots::load::<T, A, V>(slots, at, count);
        let new = rule.update(role, some::<T, V>(weights.add(at), count), &mut state, gradient);
        U::Slots::store::<T, A, V>(slots, at, count, state);
        if count == V::LANES {
            new.store(weights.add(at))
        } else {
            new.store_some(weights.add(at), count)
        }
        new
    }
}

/// Updates a whole parameter from its whole gradient.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_all<K: Kernels, T: Scalar, U: Rule<T>, A: Array<T = T>>(
    role: Role,
    weights: &mut A,
    slots: &mut <U::Slots as Copies>::Of<A>,
    gradient: &A,
    rule: &U,
) {
    learn_some::<K, T, U, A>(role, 0..A::LEN, weights, slots, gradient, rule);
}

/// Updates the numbers of a parameter at some positions, those that there are.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_some<K: Kernels, T: Scalar, U: Rule<T>, A: Array<T = T>>(
    role: Role,
    positions: core::ops::Range<usize>,
    weights: &mut A,
    slots: &mut <U::Slots as Copies>::Of<A>,
    gradient: &A,
    rule: &U,
) {
    let (weights, gradient) = (weights.flat_mut().as_mut_ptr(), gradient.flat().as_ptr());
    let end = positions.end.min(A::LEN);
    for at in (positions.start..end).step_by(<V<T, K>>::LANES) {
        let count = <V<T, K>>::LANES.min(end - at);
        // SAFETY: `at..at + count` are positions of the parameter and of its gradient.
        unsafe {
            let gradient = some::<T, V<T, K>>(gradient.add(at), count);
            update::<T, V<T, K>, U, A>(weights, slots, at, count, gradient, role, rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Portable, dots, dots_down, mul_rows, mul_units};
    use crate::random::{generator, unit};

    /// A matrix that lies by column gives the bits of one that lies by row.
    fn by_column<const R: usize, const C: usize>() {
        let mut rng = generator((R * 100 + C) as u64);
        let mut number = || unit::<f32>(&mut rng) - 0.5;
        let (mut m, mut columns) = ([[0.0; C]; R], [[0.0; R]; C]);
        for r in 0..R {
            for c in 0..C {
                m[r][c] = number();
                columns[c][r] = m[r][c];
            }
        }
        let a = [[0.0; R]; 2].map(|row| row.map(|_| number()));
        let b = [[0.0; C]; 2].map(|row| row.map(|_| number()));
        let bias = [0.0; C].map(|_| number());

        let (mut by_row, mut by_column) = ([[0.0; C]; 2], [[0.0; C]; 2]);
        for bias in [None, Some(&bias)] {
            mul_rows::<Portable, f32, R, C>(&a, &m, bias, &mut by_row);
            mul_units::<Portable, f32, R, C>(&a, &columns, 0..C, bias, &mut by_column);
            assert_eq!(by_row.map(|y| y.map(f32::to_bits)), by_column.map(|y| y.map(f32::to_bits)), "{R} x {C}");
        }

        let (mut by_row, mut by_column) = ([[0.0; R]; 2], [[0.0; R]; 2]);
        dots::<Portable, f32, R, C>(&b, &m, 0..R, None, &mut by_row);
        dots_down::<Portable, f32, R, C>(&b, &columns, 0..R, &mut by_column);
        assert_eq!(by_row.map(|y| y.map(f32::to_bits)), by_column.map(|y| y.map(f32::to_bits)), "{R} x {C}");
    }

    #[test]
    fn a_matrix_by_column_gives_the_same_bits() {
        by_column::<1, 1>();
        by_column::<5, 7>();
        by_column::<15, 33>();
        by_column::<16, 16>();
        by_column::<18, 32>();
        by_column::<33, 17>();
        by_column::<40, 33>();
    }
}
