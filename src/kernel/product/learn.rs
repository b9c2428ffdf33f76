//! `g[r][c] = Σ_b p[b][r] · q[b][c]`, the gradient of a matrix, and its update while the gradient is in registers; updates from a gradient in memory.

// `b + MR <= n` is what a block of any size asks; for one of 1 there is a shorter form.
#![allow(clippy::int_plus_one)]

use super::super::sums::{BLOCK, Totals};
use super::super::tile::{V, cut, few, narrow, panels, some, tile, tile_panels, tile_rows};
use super::super::{Copies, Kernels, Lanes, Portable};
use super::pack::{
    DEPTH, ENOUGH, LEFT, Panel, WAITING, copy_rows, copy_vectors, crowds, far, fetch_rows, packs, width,
};
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
    const {
        let whole = A::LEN >= R * C && A::LEN.is_multiple_of(R * C);
        assert!(whole, "a slot has as many numbers as the parameter, or as all its gates")
    }
    if let ([p], [q]) = (p, q) {
        let (start, count) = (rows.start.min(R), rows.end.min(R).saturating_sub(rows.start));
        // SAFETY: `m` and each slot is `R` rows of `C` numbers.
        if unsafe {
            let slots = U::Slots::starts(slots).map(|slot: *mut T| slot.wrapping_add(start * C));
            let (p, m) = (p.as_ptr().add(start), m.cast::<T>().add(start * C));
            K::learn::<T, R, C>(rule.formula(), p, q.as_ptr(), m, count, slots)
        } {
            if rule.due() {
                // SAFETY: as above.
                unsafe { hold(U::Slots::starts(slots), start * C, count * C, rule) };
            }
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
        if const { R >= 64 && packs::<K, T>(C) } && n >= 2 * ENOUGH && rows.len() >= ENOUGH {
            if const { crowds::<T>(R) } {
                learn_rows_copied::<K, T, U, A, R, C, { LEFT / 64 }>(n, p, q, rows, m, slots, rule);
            } else {
                learn_rows_copied::<K, T, U, A, R, C, 0>(n, p, q, rows, m, slots, rule);
            }
        } else {
            learn_tiles::<K, T, U, A, R, C>(n, p, q, rows, m, slots, rule);
        }
    }
}

/// [`learn_tiles`] of many samples, from copies of what is used again and again: panels of `q`, for as many rows at a time as the second cache
/// holds; and `p`, if `N` is the size of a copy of [`LEFT`] bytes. After [`DEPTH`] samples sums wait on the stack for the next.
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
    // One by one: without optimisation a tuple of them would be on the stack, too.
    let mut left = Panel::<V<T, K>, N>::uninit();
    let mut waiting = Panel::<V<T, K>, WAITING>::uninit();
    let mut panel = Panel::<V<T, K>, DEPTH>::uninit();
    let (left, waiting) = (left.as_mut_ptr().cast::<T>(), waiting.as_mut_ptr().cast::<T>());
    let (panel, pair) = (panel.as_mut_ptr().cast::<T>(), 2 * <V<T, K>>::LANES);
    let depth = n.div_ceil(n.div_ceil(DEPTH));
    let bytes = size_of::<A>() + size_of::<<U::Slots as Copies>::Of<A>>();
    let room = if n > depth { WAITING } else { R };
    let left_room = if N > 0 { LEFT / T::BYTES / depth / 6 * 6 } else { R };
    let width = width(bytes / R).min(room).min(left_room);
    for top in rows.clone().step_by(width) {
        let bottom = rows.end.min(top + width);
        let share = if far(size_of::<A>()) { (6 * depth).div_ceil(bottom - top) } else { 0 };
        // SAFETY: the caller's promise: `n` samples, rows `top..bottom` of `R`, and the panels cover `C` columns. What waits and the copies have room
        // for `width` rows and `depth` samples.
        unsafe {
            panels!(V<T, K>, C, 2, [2], |j, last, NV, PART| {
                for s in (0..n).step_by(depth) {
                    let (steps, end) = (depth.min(n - s), s + depth >= n);
                    // The next panel, of which each tile has the processor fetch a part, and its weights.
                    let mut next = q.wrapping_add(if end { j + pair } else { (s + depth) * C + j } + pair - 1);
                    copy_vectors::<T, V<T, K>, NV, PART>((q.add(s * C + j), C), steps, last, panel);
                    let (mut p, mut p_step) = (p.add(s * R + top - rows.start), R);
                    if N > 0 {
                        if j == 0 || n > depth {
                            copy_rows((p, R), steps, bottom - top, (left, width));
                        }
                        (p, p_step) = (left.cast_const(), width);
                    }
                    let updates = end.then_some(rule);
                    tile_rows!(K, T, 1, top, bottom, |row, MR| {
                        next = fetch_rows::<K, T>(next, share, C);
                        let (p, waiting) = (p.add(row - top), waiting.wrapping_add((row - top) * pair));
                        let (samples, matrix, at) = ((s, steps), (m, slots), (row, j, last));
                        learn_part::<K, T, U, A, C, MR, NV, PART>((p, p_step), panel, samples, waiting, matrix, at, updates);
                    });
                }
            });
        }
    }
}

/// A tile of [`learn_rows_copied`], of `steps` samples from sample `s`, whose panel of `q` is in `panel`: the sums of those before are in `waiting`,
/// where they wait again unless there is a rule.
///
/// # Safety
/// They are there, as for [`update_tile`].
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn learn_part<
    K: Kernels,
    T: Scalar,
    U: Rule<T>,
    A: Array<T = T>,
    const C: usize,
    const MR: usize,
    const NV: usize,
    const PART: bool,
>(
    (p, p_step): (*const T, usize),
    panel: *const T,
    (s, steps): (usize, usize),
    waiting: *mut T,
    (m, slots): (*mut T, *mut <U::Slots as Copies>::Of<A>),
    (row, j, last): (usize, usize, usize),
    rule: Option<&U>,
) {
    let (lanes, waiting) = (<V<T, K>>::LANES, waiting.cast::<[[V<T, K>; NV]; MR]>());
    if const { far(size_of::<A>() + size_of::<<U::Slots as Copies>::Of<A>>()) } && rule.is_some() {
        let [first, second] = U::Slots::starts::<T, A>(slots);
        for matrix in [m, first, second] {
            if !matrix.is_null() {
                fetch_rows::<K, T>(matrix.wrapping_add(row * C + j + NV * lanes - 1), MR, C);
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe {
        let g = if s > 0 { *waiting } else { [[<V<T, K>>::ZERO; NV]; MR] };
        let g = tile::<T, V<T, K>, MR, NV, false, 1>(g, steps, p, (1, p_step), panel, 2 * lanes, 0);
        match rule {
            Some(rule) => update_tile::<T, V<T, K>, U, A, MR, NV, PART>(m, slots, &g, (row * C + j, C), last, rule),
            None => *waiting = g,
        }
    }
}

/// Updates `rows` of `m`, to the first of which `p` belongs, tile by tile.
///
/// # Safety
/// They are there, and `n` samples; and nobody else reads or writes those rows, nor their slots.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn learn_tiles<K: Kernels, T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize>(
    n: usize,
    p: *const T,
    q: *const T,
    rows: core::ops::Range<usize>,
    m: *mut T,
    slots: *mut <U::Slots as Copies>::Of<A>,
    rule: &U,
) {
    tile_panels!(K, T, C, |j, last, NV, PART| {
        let mut row = rows.start;
        macro_rules! rows {
            ($MR:literal) => {
                rows!($MR, true)
            };
            ($MR:literal, $more:expr) => {
                while row + $MR <= rows.end && $more {
                    // SAFETY: `n` samples, rows `row..row + MR` of `R`, and the panels cover `C` columns.
                    unsafe {
                        let p = p.add(row - rows.start);
                        learn_tile::<K, T, U, A, R, C, $MR, NV, PART>(n, p, q, m, slots, (row, j, last), rule);
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

/// A tile of [`learn_tiles`], to whose first row `p` belongs.
///
/// # Safety
/// As for [`update_tile`], and `n` samples are there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn learn_tile<
    K: Kernels,
    T: Scalar,
    U: Rule<T>,
    A: Array<T = T>,
    const R: usize,
    const C: usize,
    const MR: usize,
    const NV: usize,
    const PART: bool,
>(
    n: usize,
    p: *const T,
    q: *const T,
    m: *mut T,
    slots: *mut <U::Slots as Copies>::Of<A>,
    (row, j, last): (usize, usize, usize),
    rule: &U,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let g = tile::<T, V<T, K>, MR, NV, PART, 1>([[<V<T, K>>::ZERO; NV]; MR], n, p, (1, R), q.add(j), C, last);
        update_tile::<T, V<T, K>, U, A, MR, NV, PART>(m, slots, &g, (row * C + j, C), last, rule);
    }
}

/// Updates a tile of `m` from its gradient: rows that lie `distance` apart from place `at` on, of `NV` vectors, the last of `last` numbers if `PART`.
///
/// # Safety
/// They are there, as for [`update`].
#[cfg_attr(not(debug_assertions), inline(always))]
pub(in crate::kernel) unsafe fn update_tile<
    T: Scalar,
    V: Lanes<T>,
    U: Rule<T>,
    A: Zeroed,
    const MR: usize,
    const NV: usize,
    const PART: bool,
>(
    m: *mut T,
    slots: *mut <U::Slots as Copies>::Of<A>,
    gradient: &[[V; NV]; MR],
    (at, distance): (usize, usize),
    last: usize,
    rule: &U,
) {
    for r in 0..MR {
        for v in 0..NV {
            let at = at + r * distance + v * V::LANES;
            let count = if PART && v + 1 == NV { last } else { V::LANES };
            // SAFETY: the caller's promise.
            unsafe { update_vector::<T, V, U, A>(m, slots, at, count, gradient[r][v], Role::Weight, rule) };
        }
    }
    if V::LANES == 1 && rule.due() {
        for r in 0..MR {
            // SAFETY: the caller's promise.
            unsafe { hold(U::Slots::starts(slots), at + r * distance, NV, rule) };
        }
    }
}

/// Updates a vector of biases, each from its gradient `Σ_b q[b][c]`, b in the blocks of `sums`.
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
        if rule.due() {
            // SAFETY: as above.
            unsafe { hold(U::Slots::starts(slots), 0, C, rule) };
        }
        return;
    }
    if const { narrow::<K, T>(C) } {
        return learn_bias::<K::Narrow, T, U, C>(q, bias, slots, rule);
    }
    let bias = bias.as_mut_ptr();
    panels!(V<T, K>, C, 3, [3], |j, last, NV, PART| {
        let mut total = Totals::<V<T, K>, NV>::ZERO;
        for (number, q) in q.chunks(BLOCK).enumerate() {
            let mut sums = [<V<T, K>>::ZERO; NV];
            for q in q {
                for v in 0..NV {
                    let count = if PART && v + 1 == NV { last } else { <V<T, K>>::LANES };
                    // SAFETY: the panels cover `C` columns.
                    let dy: V<T, K> = unsafe { some(q.as_ptr().add(j + v * <V<T, K>>::LANES), count) };
                    sums[v] = sums[v] + dy;
                }
            }
            total.add(number, sums);
        }
        let sums = total.sums;
        for v in 0..NV {
            let count = if PART && v + 1 == NV { last } else { <V<T, K>>::LANES };
            // SAFETY: the panels cover `C` columns.
            unsafe {
                let at = j + v * <V<T, K>>::LANES;
                update_vector::<T, V<T, K>, U, _>(bias, slots, at, count, sums[v], Role::Bias, rule);
            }
        }
    });
    if <V<T, K>>::LANES == 1 && rule.due() {
        // SAFETY: the slots are rows of `C` numbers.
        unsafe { hold(U::Slots::starts(slots), 0, C, rule) };
    }
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
        let new = update_vector::<T, V, U, A>(weights, slots, at, count, gradient, role, rule);
        if V::LANES == 1 && rule.due() {
            hold(U::Slots::starts(slots), at, count, rule);
        }
        new
    }
}

/// [`update`], but that single numbers of slots are left to a [`hold`] of many.
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn update_vector<T: Scalar, V: Lanes<T>, U: Rule<T>, A: Zeroed>(
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
        if V::LANES > 1 && rule.due() {
            let mut kept = [V::ZERO; 2];
            let mut all = kept.iter_mut();
            U::Slots::each(&mut state, |v| all.next().into_iter().for_each(|kept| *kept = *v));
            kept = rule.hold(kept);
            let mut all = kept.into_iter();
            U::Slots::each(&mut state, |v| *v = all.next().unwrap_or(*v));
        }
        U::Slots::store::<T, A, V>(slots, at, count, state);
        if count == V::LANES {
            new.store(weights.add(at))
        } else {
            new.store_some(weights.add(at), count)
        }
        new
    }
}

/// Brings `count` numbers at position `at` of each slot back into range, one at a time.
///
/// # Safety
/// They are there, and nobody else reads or writes them.
#[cold]
#[inline(never)]
unsafe fn hold<T: Scalar, U: Rule<T>>(slots: [*mut T; 2], at: usize, count: usize, rule: &U) {
    for at in at..at + count {
        let mut kept = [T::ZERO; 2];
        // SAFETY: the caller's promise; so many slots are there.
        unsafe {
            for k in 0..const { size_of::<<U::Slots as Copies>::Of<u8>>() } {
                kept[k] = *slots[k].add(at);
            }
            kept = rule.hold(kept.map(<V<T, Portable>>::splat)).map(V::<T, Portable>::total);
            for k in 0..const { size_of::<<U::Slots as Copies>::Of<u8>>() } {
                *slots[k].add(at) = kept[k];
            }
        }
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
