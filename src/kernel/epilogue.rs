//! What a product does to its sums while they are in registers: the function of the layer behind it, or the derivative of the one before it.

use super::tile::{V, some};
use super::{Kernels, Lanes, Portable};
use crate::scalar::Scalar;

/// A function of each number alone, cheap enough for registers that hold a tile of a product.
pub trait Pointwise<T>: Copy + Send {
    /// f(x).
    fn value<V: Lanes<T>>(self, x: V) -> V;
    /// f'(x), from y = f(x).
    fn slope<V: Lanes<T>>(self, y: V) -> V;
}

/// What becomes of sums before they are written.
pub trait Epilogue<T>: Copy + Send {
    /// Whether they stay as they are.
    const PLAIN: bool = false;
    /// How many rows of so many numbers it can end.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn rows(self, _width: usize) -> usize {
        usize::MAX
    }
    /// What is written instead of `count` sums whose place in the output is `at`.
    ///
    /// # Safety
    /// They are in one of the [`rows`](Self::rows).
    unsafe fn end<V: Lanes<T>>(self, sums: V, at: usize, count: usize) -> V;
    /// The same for an output that begins at `at` of this one.
    fn after(self, at: usize) -> Self;
}

/// Sums stay as they are.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

impl<T> Epilogue<T> for Plain {
    const PLAIN: bool = true;
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn end<V: Lanes<T>>(self, sums: V, _: usize, _: usize) -> V {
        sums
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn after(self, _: usize) -> Self {
        self
    }
}

/// f of each sum: an activation behind the product.
#[derive(Clone, Copy, Debug)]
pub struct Values<F>(pub F);

impl<T, F: Pointwise<T>> Epilogue<T> for Values<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn end<V: Lanes<T>>(self, sums: V, _: usize, _: usize) -> V {
        self.0.value(sums)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn after(self, _: usize) -> Self {
        self
    }
}

/// A function of each number alone, of whatever numbers, in use.
pub trait Applied: Copy + Send {
    /// f(x).
    fn of<T: Scalar, V: Lanes<T>>(self, x: V) -> V;
}

/// f of each sum, in use.
#[derive(Clone, Copy, Debug)]
pub struct Each<F>(pub F);

impl<T: Scalar, F: Applied> Epilogue<T> for Each<F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn end<V: Lanes<T>>(self, sums: V, _: usize, _: usize) -> V {
        self.0.of(sums)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn after(self, _: usize) -> Self {
        self
    }
}

/// Each sum times f' at the y that stands in the same place: the derivative of an activation before a layer whose dx the product is.
#[derive(Clone, Copy, Debug)]
pub struct Slopes<'y, T, F> {
    /// The function.
    pub f: F,
    /// Its outputs.
    pub y: &'y [T],
}

impl<T: Copy + Sync, F: Pointwise<T>> Epilogue<T> for Slopes<'_, T, F> {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn rows(self, width: usize) -> usize {
        self.y.len().checked_div(width).unwrap_or(0)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn end<V: Lanes<T>>(self, sums: V, at: usize, count: usize) -> V {
        // SAFETY: the caller's promise: so many `y` are there.
        sums * self.f.slope(unsafe { some::<T, V>(self.y.as_ptr().add(at), count) })
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn after(self, at: usize) -> Self {
        Self { y: self.y.get(at..).unwrap_or(&[]), ..self }
    }
}

/// Ends what a product without an epilogue has written.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn finish<K: Kernels, T: Scalar, E: Epilogue<T>>(out: &mut [T], end: E) {
    let len = if E::PLAIN { 0 } else { out.len().min(end.rows(1)) };
    for at in (0..len).step_by(<V<T, K>>::LANES) {
        let count = <V<T, K>>::LANES.min(len - at);
        // SAFETY: `at..at + count` are positions of `out`, and of what `end` can end.
        unsafe {
            let to = out.as_mut_ptr().add(at);
            let sums: V<T, K> = end.end(some(to, count), at, count);
            if count == <V<T, K>>::LANES { sums.store(to) } else { sums.store_some(to, count) }
        }
    }
}

/// What normalises a channel: y = (x - mean) · scale · gain + bias.
#[derive(Clone, Copy, Debug)]
pub struct Normal<'c, T, const N: usize> {
    /// The mean.
    pub mean: &'c [T; N],
    /// 1 / √(variance + ε).
    pub scale: &'c [T; N],
    /// What learns.
    pub gain: &'c [T; N],
    /// What learns.
    pub bias: &'c [T; N],
}

/// Normalises rows of channels, where they stand, and ends each as a product ends its sums.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn normalise<K: Kernels, T: Scalar, E: Epilogue<T>, const N: usize>(
    rows: &mut [[T; N]],
    by: Normal<'_, T, N>,
    end: E,
) {
    let (mut first, rows_of_end) = (0, end.rows(N));
    for row in rows.iter_mut().take(rows_of_end) {
        for at in (0..N).step_by(<V<T, K>>::LANES) {
            let count = <V<T, K>>::LANES.min(N - at);
            // SAFETY: `at..at + count` are positions of rows of `N`; the place in the output, that of the row and this, is one that `end` can end.
            unsafe {
                let [x, mean, scale, gain, bias]: [V<T, K>; 5] = [
                    some(row.as_ptr().add(at), count),
                    some(by.mean.as_ptr().add(at), count),
                    some(by.scale.as_ptr().add(at), count),
                    some(by.gain.as_ptr().add(at), count),
                    some(by.bias.as_ptr().add(at), count),
                ];
                let y = (x - mean) * scale * gain + bias;
                let (y, to) = (end.end(y, first + at, count), row.as_mut_ptr().add(at));
                if count == <V<T, K>>::LANES { y.store(to) } else { y.store_some(to, count) }
            }
        }
        first += N;
    }
}

/// [`Epilogue::end`] of one number.
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn end_one<T: Scalar, E: Epilogue<T>>(end: E, sum: T, at: usize) -> T {
    const { assert!(<V<T, Portable>>::LANES == 1) }
    let mut ended = sum;
    // SAFETY: one lane; and the caller's promise.
    unsafe { end.end(<V<T, Portable>>::splat(sum), at, 1).store(&raw mut ended) };
    ended
}
