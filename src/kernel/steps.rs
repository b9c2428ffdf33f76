//! The loops of recurrent layers: products of rows that lie a sequence apart, whose sums are added to what is there; weights that are a
//! matrix for each gate; and formulas over numbers at the same place of several rows.
//!
//! In plain loops, with every sum in the order of `product`:
//! ```text
//! add_rows      out[b][c] += Σᵣ a[b][r] · m[r][c]        r in `chains` interleaved sums
//! add_dots      out[b][r] += Σ꜀ a[b][c] · m[r][c]        c in 16 interleaved sums
//! learn_gate    g[r][c]    = Σ_b p[b][r] · q[b][c]       and m[gate][r][c] is updated from g[r][c] at once
//! ```

// As in `product`.
#![allow(clippy::int_plus_one)]

use core::marker::PhantomData;
use core::ops::Range;

use super::product::{chains, dots_at, learn_rows_at, update};
use super::sums::{BLOCK, Totals};
use super::tile::{V, cut, few, narrow, panels, some, tile, tile_panels, tile_rows};
use super::{Copies, Epilogue, Kernels, Lanes};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// Rows of `N` numbers at equal distances, to be read.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, T, const N: usize> {
    first: *const T,
    distance: usize,
    count: usize,
    borrow: PhantomData<&'a T>,
}

/// Rows of `N` numbers at equal distances, to be changed.
#[derive(Debug)]
pub struct RowsMut<'a, T, const N: usize> {
    first: *mut T,
    distance: usize,
    count: usize,
    borrow: PhantomData<&'a mut T>,
}

impl<'a, T, const N: usize> Rows<'a, T, N> {
    /// One after the other.
    #[inline(always)]
    pub fn all(rows: &'a [[T; N]]) -> Self {
        Self { first: rows.as_ptr().cast(), distance: N, count: rows.len(), borrow: PhantomData }
    }

    /// Step `t` of each sequence; none where there is no such step.
    #[inline(always)]
    pub fn step<const STEPS: usize>(sequences: &'a [[[T; N]; STEPS]], t: usize) -> Self {
        let count = if t < STEPS { sequences.len() } else { 0 };
        let first = sequences.as_ptr().cast::<T>().wrapping_add(t * N);
        Self { first, distance: STEPS * N, count, borrow: PhantomData }
    }
}

impl<'a, T, const N: usize> RowsMut<'a, T, N> {
    /// One after the other.
    #[inline(always)]
    pub fn all(rows: &'a mut [[T; N]]) -> Self {
        Self { first: rows.as_mut_ptr().cast(), distance: N, count: rows.len(), borrow: PhantomData }
    }

    /// Step `t` of each sequence; none where there is no such step.
    #[inline(always)]
    pub fn step<const STEPS: usize>(sequences: &'a mut [[[T; N]; STEPS]], t: usize) -> Self {
        let count = if t < STEPS { sequences.len() } else { 0 };
        let first = sequences.as_mut_ptr().cast::<T>().wrapping_add(t * N);
        Self { first, distance: STEPS * N, count, borrow: PhantomData }
    }

    /// Step `from` of each sequence, to be read, and another step, to be changed; none where there is no such step, or only one.
    #[inline(always)]
    pub fn steps<const STEPS: usize>(
        sequences: &'a mut [[[T; N]; STEPS]],
        from: usize,
        to: usize,
    ) -> (Rows<'a, T, N>, Self) {
        let count = if from < STEPS && to < STEPS && from != to { sequences.len() } else { 0 };
        let (first, distance) = (sequences.as_mut_ptr().cast::<T>(), STEPS * N);
        let read = first.wrapping_add(from * N).cast_const();
        let written = first.wrapping_add(to * N);
        (
            Rows { first: read, distance, count, borrow: PhantomData },
            Self { first: written, distance, count, borrow: PhantomData },
        )
    }
}

/// Each sum is added to what is in its place in `to`, which is where it will be written.
#[derive(Clone, Copy)]
struct Plus<T>(*const T);

// SAFETY: it reads what its own product is about to write, and a product's parts on other threads write other places.
unsafe impl<T: Send> Send for Plus<T> {}

impl<T: Scalar> Epilogue<T> for Plus<T> {
    #[inline(always)]
    unsafe fn end<L: Lanes<T>>(self, sums: L, at: usize, count: usize) -> L {
        // SAFETY: the caller's promise: `at` is a place in the output.
        unsafe { some::<T, L>(self.0.add(at), count) + sums }
    }
    #[inline(always)]
    fn after(self, at: usize) -> Self {
        Self(self.0.wrapping_add(at))
    }
}

/// `out[b][c] += Σᵣ a[b][r] · m[r][c]`, for as many rows as both have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn add_rows<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: Rows<'_, T, R>,
    m: &[[T; C]; R],
    out: RowsMut<'_, T, C>,
) {
    if const { narrow::<K, T>(C) } {
        add_rows::<K::Narrow, T, R, C>(a, m, out);
    } else if const { chains(R, C) == 4 } {
        add_rows_in::<K, T, R, C, 4>(a, m, out);
    } else {
        add_rows_in::<K, T, R, C, 1>(a, m, out);
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn add_rows_in<K: Kernels, T: Scalar, const R: usize, const C: usize, const CHAINS: usize>(
    a: Rows<'_, T, R>,
    m: &[[T; C]; R],
    out: RowsMut<'_, T, C>,
) {
    let (n, m) = (a.count.min(out.count), m.as_ptr().cast::<T>());
    tile_panels!(K, T, C, |j, last, NV, PART| {
        tile_rows!(K, T, CHAINS, 0, n, |b, MR| {
            // SAFETY: rows `b..b + MR` of `n`, and the panels cover `C` columns.
            unsafe {
                let from = a.first.add(b * a.distance);
                let zeros = [[<V<T, K>>::ZERO; NV]; MR];
                let sums = tile::<T, V<T, K>, MR, NV, PART, CHAINS>(zeros, R, from, (a.distance, 1), m.add(j), C, last);
                add_tile::<T, V<T, K>, MR, NV, PART>(&sums, out.first.add(b * out.distance + j), out.distance, last);
            }
        });
    });
}

/// Adds the sums of a tile to rows that lie `distance` apart.
///
/// # Safety
/// They are there: `NV` vectors each, the last of `last` numbers if `PART`.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn add_tile<T: Scalar, V: Lanes<T>, const MR: usize, const NV: usize, const PART: bool>(
    sums: &[[V; NV]; MR],
    to: *mut T,
    distance: usize,
    last: usize,
) {
    for v in 0..NV {
        let count = if PART && v + 1 == NV { last } else { V::LANES };
        for r in 0..MR {
            // SAFETY: the caller's promise.
            unsafe {
                let to = to.add(r * distance + v * V::LANES);
                let sum = some::<T, V>(to, count) + sums[r][v];
                if count == V::LANES { sum.store(to) } else { sum.store_some(to, count) }
            }
        }
    }
}

/// `out[b][r] += Σ꜀ a[b][c] · m[r][c]`, for some rows of `m`, for as many samples as both have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn add_dots<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: Rows<'_, T, C>,
    m: &[[T; C]; R],
    rows: Range<usize>,
    out: &mut RowsMut<'_, T, R>,
) {
    let n = a.count.min(out.count);
    if n > 1 && (a.distance, out.distance) == (C, R) {
        // SAFETY: borrowed rows, one after the other.
        return unsafe {
            dots_at::<K, T, _, R, C>(n, a.first.cast(), m, rows, None, out.first.cast(), Plus(out.first))
        };
    }
    for b in 0..n {
        // SAFETY: borrowed rows, `b` of `n`.
        unsafe {
            let (a, out) = (a.first.add(b * a.distance), out.first.add(b * out.distance));
            if !few_dots::<K, T, R, C>(a, m, rows.clone(), out) {
                dots_at::<K, T, _, R, C>(1, a.cast(), m, rows.clone(), None, out.cast(), Plus(out));
            }
        }
    }
}

/// [`add_dots`] of one sample by the instruction set's own loop, if it has one.
///
/// # Safety
/// They are there.
#[inline(always)]
unsafe fn few_dots<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: *const T,
    m: &[[T; C]; R],
    rows: Range<usize>,
    out: *mut T,
) -> bool {
    let (first, end) = (rows.start.min(R), rows.end.min(R));
    let mut sums = [T::ZERO; 16];
    for start in (first..end).step_by(16) {
        let count = 16.min(end - start);
        // SAFETY: the caller's promise; `count` rows of `m` from `start`, and as many sums.
        unsafe {
            if !K::dots::<T, 16, R, C>(a, m.as_ptr().add(start).cast(), count, None, sums.as_mut_ptr()) {
                // Rows of one length: if one of sixteen was too small for it, none was done.
                if start == first {
                    return false;
                }
                dots_at::<K, T, _, R, C>(1, a.cast(), m, start..end, None, out.cast(), Plus(out));
                return true;
            }
            for (i, &sum) in sums.iter().enumerate().take(count) {
                *out.add(start + i) += sum;
            }
        }
    }
    true
}

/// Updates `rows` of the matrix of a gate, each number from its gradient `Σ_b p[b][r] · q[b][c]`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_gate<K: Kernels, T: Scalar, U: Rule<T>, const R: usize, const C: usize, const GATES: usize>(
    p: &[[T; R]],
    q: &[[T; C]],
    rows: Range<usize>,
    gate: usize,
    m: &mut [[[T; C]; R]; GATES],
    slots: &mut <U::Slots as Copies>::Of<[[[T; C]; R]; GATES]>,
    rule: &U,
) {
    let slots = (&raw mut *slots).wrapping_byte_add(gate * size_of::<[[T; C]; R]>());
    if let Some(m) = m.get_mut(gate) {
        // SAFETY: unique references. Each copy is as large as all gates, and begins so many bytes further on for this one.
        unsafe { learn_rows_at::<K, T, U, [[[T; C]; R]; GATES], R, C>(p, q, rows, m, slots, rule) }
    }
}

/// Updates the biases of a gate, each from its gradient `Σ_b q[b][c]`, b in the blocks of `sums`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_gate_bias<K: Kernels, T: Scalar, U: Rule<T>, const C: usize, const GATES: usize>(
    q: &[[T; C]],
    gate: usize,
    bias: &mut [[T; C]; GATES],
    slots: &mut <U::Slots as Copies>::Of<[[T; C]; GATES]>,
    rule: &U,
) {
    if gate >= GATES {
        return;
    }
    let (lanes, bias) = (<V<T, K>>::LANES, bias.as_mut_ptr().cast::<T>());
    for j in (0..C).step_by(lanes) {
        let count = lanes.min(C - j);
        let mut total = Totals::<V<T, K>, 1>::ZERO;
        // SAFETY: columns `j..j + count` of `C`, in each row and in the gate's biases.
        unsafe {
            for (number, q) in q.chunks(BLOCK).enumerate() {
                let mut sum = <V<T, K>>::ZERO;
                for row in q {
                    sum = sum + some::<T, V<T, K>>(row.as_ptr().add(j), count);
                }
                total.add(number, [sum]);
            }
            let [sum] = total.sums;
            update::<T, V<T, K>, U, _>(bias, slots, gate * C + j, count, sum, Role::Bias, rule);
        }
    }
}

/// A formula over numbers at the same place of `READ` rows that stay and `WRITTEN` rows that it replaces; a type rather than a closure, which
/// wouldn't be compiled for the instructions that were chosen.
pub trait Cell<T: Scalar, const READ: usize, const WRITTEN: usize> {
    /// What replaces them.
    fn of<L: Lanes<T>>(read: [L; READ], written: [L; WRITTEN]) -> [L; WRITTEN];
}

/// Applies a formula to each place of rows, in vectors. A row that isn't there reads as zeros.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn cells<
    K: Kernels,
    T: Scalar,
    F: Cell<T, READ, WRITTEN>,
    const N: usize,
    const READ: usize,
    const WRITTEN: usize,
>(
    read: [Option<&[T; N]>; READ],
    written: [&mut [T; N]; WRITTEN],
) {
    let lanes = <V<T, K>>::LANES;
    for at in (0..N).step_by(lanes) {
        let count = lanes.min(N - at);
        // Loops, not `map`: that one isn't compiled for the instructions that were chosen.
        let (mut old, mut new) = ([<V<T, K>>::ZERO; READ], [<V<T, K>>::ZERO; WRITTEN]);
        // SAFETY: numbers `at..at + count` of rows of `N`.
        unsafe {
            for i in 0..READ {
                if let Some(row) = read[i] {
                    old[i] = some(row.as_ptr().add(at), count);
                }
            }
            for i in 0..WRITTEN {
                new[i] = some(written[i].as_ptr().add(at), count);
            }
            new = F::of::<V<T, K>>(old, new);
            for i in 0..WRITTEN {
                let to = written[i].as_mut_ptr().add(at);
                if count == lanes { new[i].store(to) } else { new[i].store_some(to, count) }
            }
        }
    }
}
