//! Copies of parts of a matrix that a product uses again and again, on the stack.

use core::mem::MaybeUninit;

use super::super::tile::{V, few, some};
use super::super::{Kernels, Lanes};
use crate::scalar::Scalar;

/// Rows of a panel of the right matrix that are copied at a time in a forward pass, at most: 25 KB, most of the nearest cache.
pub(super) const KC: usize = 400;
/// Rows of the right matrix that are worth a copy.
pub(super) const TALL: usize = 128;
/// Bytes of the left matrix between two copies of a panel, at most: most of the second cache.
const MC: usize = 400 << 10;
/// Rows of a product or of a gradient that are worth a copy, and half of the samples of a gradient that are.
pub(super) const ENOUGH: usize = 32;
/// Samples of a gradient whose panels are copied at a time, at most.
pub(super) const DEPTH: usize = 128;
/// Rows of a gradient between two copies of a panel, at most, and at least.
const WIDTH: usize = 396;
const LEAST: usize = 48;
/// Rows whose sums wait for more samples, at most.
pub(super) const WAITING: usize = 96;
/// Bytes of the left matrix of a gradient that are copied at a time.
pub(super) const LEFT: usize = 24 << 10;

/// A copy of `N` pairs of vectors, on the stack.
pub(super) type Panel<V, const N: usize> = MaybeUninit<[[V; 2]; N]>;

/// Whether panels of a right matrix with so many columns are copied before use. Sixteen registers hold a tile so small that its panel must come
/// from the nearest cache each time, where rows far apart fall on the same few places, and each is on a page of its own.
pub(super) const fn packs<K: Kernels, T: Scalar>(columns: usize) -> bool {
    few::<K, T>() && size_of::<V<T, K>>() == 32 && columns > 4 * <V<T, K>>::LANES
}

/// Whether rows of a left matrix fall on so few places of the nearest cache that they are copied, too.
pub(super) const fn crowds<T: Scalar>(columns: usize) -> bool {
    (columns * T::BYTES).is_multiple_of(2048)
}

/// Rows of a gradient between two copies of a panel, if each has so many bytes of weights and slots: 1 MB, because a page that is left for too
/// many others must be looked up again.
pub(super) fn width(bytes: usize) -> usize {
    ((1 << 20) / bytes / 6 * 6).clamp(LEAST, WIDTH)
}

/// Rows of a product of `n` rows between two copies of a panel, if each has so many bytes of the left matrix: even parts, in whole tiles.
pub(super) fn height(n: usize, bytes: usize) -> usize {
    n.div_ceil(n.div_ceil(MC / bytes)).next_multiple_of(6)
}

/// Whether so many bytes lie beyond the second cache, so that it takes long to fetch them.
pub(super) const fn far(bytes: usize) -> bool {
    bytes > 1 << 19
}

/// Has the processor fetch `n` places, `distance` numbers apart, whether they are there or not; returns the place after them.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn fetch_rows<K: Kernels, T>(mut from: *const T, n: usize, distance: usize) -> *const T {
    for _ in 0..n {
        K::prefetch(from);
        from = from.wrapping_add(distance);
    }
    from
}

/// Copies `count` numbers from each of `n` rows, from one every `from_step` to one every `to_step`.
///
/// # Safety
/// They are there, and so is room for them.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn copy_rows<T: Copy>(
    (from, from_step): (*const T, usize),
    n: usize,
    count: usize,
    (to, to_step): (*mut T, usize),
) {
    for b in 0..n {
        // SAFETY: the caller's promise; a copy is elsewhere.
        unsafe { to.add(b * to_step).copy_from_nonoverlapping(from.add(b * from_step), count) };
    }
}

/// Copies `NV` vectors of `n` rows, the last of them with `last` numbers if `PART`.
///
/// # Safety
/// As for [`copy_rows`].
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn copy_vectors<T, V: Lanes<T>, const NV: usize, const PART: bool>(
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
