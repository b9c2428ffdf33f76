//! `g[r][c] = Σ_b p[b][r] · q[b][c]`, the gradient of a matrix, and its update while the gradient is in registers; updates from a gradient in memory.

// `b + MR <= n` is what a block of any size asks; for one of 1 there is a shorter form.
#![allow(clippy::int_plus_one)]

use super::super::tile::{V, cut, few, narrow, panels, some, tile, tile_panels};
use super::super::{Copies, Kernels, Lanes};
use super::pack::{DEPTH, ENOUGH, LEFT, Panel, copy_rows, copy_vectors, crowds, packs};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

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
pub(in crate::kernel) unsafe fn learn_rows_at<
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
                copy_rows(p_part, n, bottom - top, (left, width));
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
    tile_panels!(K, T, C, |j, last, NV, PART| {
        let mut q_panel = (q.wrapping_add(j), C);
        if const { packs::<K, T>(C) }
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
    });
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

/// Updates `count` numbers at position `at` of a parameter, and returns them.
///
/// # Safety
/// They are there, in the parameter and in each of its slots, and nobody else reads or writes them.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(in crate::kernel) unsafe fn update<T: Scalar, V: Lanes<T>, U: Rule<T>, A: Zeroed>(
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
