//! Pooling: of the numbers of a channel in each position of a window, the largest or the mean. Vectors run along the channels.
//!
//! ```text
//! pool    y[o][c]  = max of x[i][c], or Σ x[i][c] / n, over the inputs i in window o, row by row; the sum of a
//!                    window of more than 28 taps in blocks: as many whole rows as have 28 taps, or 28 taps of a longer
//!                    row and what is left of it; 28 blocks one after the other; and over these as in `sums`
//! unpool  dx[i][c] = Σ dy[o][c], or Σ dy[o][c] / n, over the windows o that hold i, row by row; of a maximum, over those in which x[i][c] is
//!                    the first of the largest
//! ```
//! Where no two windows hold the same input, there is no sum: each dx is written once.

use super::sums::Totals;
use super::tile::{V, narrow, some};
use super::{Kernels, Lanes};
use crate::layer::size::Axis;
use crate::scalar::Scalar;
use crate::sealed::Sealed;
use crate::storage::Zeroed;

/// What becomes of a window.
pub trait Pooling: Copy + Sync + 'static {
    /// Whether backward looks at x.
    const LOOKS: bool;
    /// Whether y is a sum.
    const SUMS: bool;
    /// Where y begins.
    fn start<T: Scalar>() -> T;
    /// y, with one more number.
    fn with<T: Scalar, V: Lanes<T>>(y: V, x: V) -> V;
    /// How many numbers y is divided by, if it is, in a window of so many, of which some are inputs.
    fn count(window: usize, inputs: usize) -> Option<usize>;
    /// What a number x takes of the gradient, and what it leaves.
    fn take<T: Scalar, V: Lanes<T>>(x: V, y: V, left: V) -> (V, V);
}

/// The largest number.
#[derive(Clone, Copy, Debug)]
pub struct Max;

impl Pooling for Max {
    const LOOKS: bool = true;
    const SUMS: bool = false;
    #[inline(always)]
    fn start<T: Scalar>() -> T {
        T::MIN
    }
    #[inline(always)]
    fn with<T: Scalar, V: Lanes<T>>(y: V, x: V) -> V {
        x.larger(y)
    }
    #[inline(always)]
    fn count(_: usize, _: usize) -> Option<usize> {
        None
    }
    /// What isn't below the largest takes all that is left.
    #[inline(always)]
    fn take<T: Scalar, V: Lanes<T>>(x: V, y: V, left: V) -> (V, V) {
        (x.below(y, V::ZERO, left), x.below(y, left, V::ZERO))
    }
}

/// The mean; `COUNT_PADDING`: of the window with its padding, or of the inputs in it.
#[derive(Clone, Copy, Debug)]
pub struct Average<const COUNT_PADDING: bool = true>;

impl<const COUNT_PADDING: bool> Pooling for Average<COUNT_PADDING> {
    const LOOKS: bool = false;
    const SUMS: bool = true;
    #[inline(always)]
    fn start<T: Scalar>() -> T {
        T::ZERO
    }
    #[inline(always)]
    fn with<T: Scalar, V: Lanes<T>>(y: V, x: V) -> V {
        y + x
    }
    #[inline(always)]
    fn count(window: usize, inputs: usize) -> Option<usize> {
        Some(if COUNT_PADDING { window } else { inputs })
    }
    #[inline(always)]
    fn take<T: Scalar, V: Lanes<T>>(_: V, _: V, left: V) -> (V, V) {
        (left, left)
    }
}

/// The sizes of a pooling, as a type. It is sealed: pointers are made from them.
pub trait Windows: Sealed + 'static {
    /// How windows slide down the rows.
    const ROWS: Axis;
    /// How they slide along the columns.
    const COLUMNS: Axis;
    /// Numbers of a position.
    const CHANNELS: usize;
}

/// Numbers of a sample, and of its output.
const fn lengths<W: Windows>() -> (usize, usize) {
    let (rows, columns) = (W::ROWS, W::COLUMNS);
    (rows.size * columns.size * W::CHANNELS, rows.positions() * columns.positions() * W::CHANNELS)
}

/// How far apart two taps are, down the rows and along the columns.
const fn steps<W: Windows>() -> (usize, usize) {
    (W::ROWS.dilation * W::COLUMNS.size * W::CHANNELS, W::COLUMNS.dilation * W::CHANNELS)
}

/// The taps of a position that fall on inputs, from where, and how many.
#[inline(always)]
const fn taps(axis: Axis, padded: bool, position: usize) -> (usize, usize) {
    let (start, end) = if padded { axis.taps(position) } else { (0, axis.kernel) };
    (position * axis.stride + start * axis.dilation - if padded { axis.before() } else { 0 }, end - start)
}

/// Runs `$body` for each window of `$n` samples: its first input is at `$x`, its output at `$y`, and `$taps` are its rows and columns, constants
/// where none is padding.
macro_rules! windows {
    ($W:ident, $n:expr, |$x:ident, $y:ident, $taps:ident| $body:expr) => {{
        let mut $y = 0;
        for sample in 0..$n {
            for row in 0..const { $W::ROWS.positions() } {
                let (at_row, rows) = taps($W::ROWS, const { $W::ROWS.is_padded() }, row);
                for column in 0..const { $W::COLUMNS.positions() } {
                    let (at_column, columns) = taps($W::COLUMNS, const { $W::COLUMNS.is_padded() }, column);
                    let at = (sample * $W::ROWS.size + at_row) * $W::COLUMNS.size + at_column;
                    let ($x, whole) = (at * $W::CHANNELS, ($W::ROWS.kernel, $W::COLUMNS.kernel));
                    if (rows, columns) == whole {
                        let $taps = whole;
                        $body
                    } else {
                        let $taps = (rows, columns);
                        $body
                    }
                    $y += $W::CHANNELS;
                }
            }
        }
    }};
}

/// Runs `$body` for all channels, `$count` from `$c` on at a time: a constant.
macro_rules! channels {
    ($V:ty, $channels:expr, |$c:ident, $count:ident| $body:expr) => {{
        let lanes = <$V>::LANES;
        let whole = const { $channels / <$V>::LANES * <$V>::LANES };
        // One number at a time: a loop that isn't unrolled.
        let whole = if lanes == 1 { core::hint::black_box(whole) } else { whole };
        for $c in (0..whole).step_by(lanes) {
            let $count = lanes;
            $body
        }
        if const { !$channels.is_multiple_of(<$V>::LANES) } {
            let ($c, $count) = ($channels / lanes * lanes, $channels % lanes);
            $body
        }
    }};
}

/// y of one vector of a window, not divided yet.
///
/// # Safety
/// `count` numbers are there, at each tap.
#[inline(always)]
unsafe fn reduce<T: Scalar, V: Lanes<T>, F: Pooling, W: Windows>(
    x: *const T,
    (rows, columns): (usize, usize),
    count: usize,
) -> V {
    if const { F::SUMS && W::ROWS.kernel * W::COLUMNS.kernel > TAPS } {
        let height = const { block_rows(W::COLUMNS.kernel) };
        let (mut total, mut sum, mut number) = (Totals::<V, 1>::ZERO, V::ZERO, 0);
        for top in (0..rows).step_by(height) {
            for left in (0..columns).step_by(TAPS) {
                let (bottom, right) = (rows.min(top + height), columns.min(left + TAPS));
                // SAFETY: the caller's promise.
                sum = sum + unsafe { reduce_block::<T, V, F, W>(x, top..bottom, left..right, count) };
                number += 1;
                if const { blocks::<W>() > TAPS } && number % TAPS == 0 {
                    total.add(number / TAPS - 1, [sum]);
                    sum = V::ZERO;
                }
            }
        }
        if const { blocks::<W>() > TAPS } {
            if number % TAPS > 0 {
                total.add(number / TAPS, [sum]);
            }
            [sum] = total.sums;
        }
        return sum;
    }
    // SAFETY: the caller's promise.
    unsafe { reduce_block::<T, V, F, W>(x, 0..rows, 0..columns, count) }
}

/// Taps of a block of a sum, and blocks that are added one after the other: 28 x 28 equal numbers are off by 9 · 10⁻⁷
/// at most in `f32`.
const TAPS: usize = 28;

/// Blocks of a window.
const fn blocks<W: Windows>() -> usize {
    W::ROWS.kernel.div_ceil(block_rows(W::COLUMNS.kernel)) * W::COLUMNS.kernel.div_ceil(TAPS)
}

/// Rows of a block.
const fn block_rows(columns: usize) -> usize {
    if columns == 0 || columns > TAPS { 1 } else { TAPS / columns }
}

/// [`reduce`] of some rows and columns of a window.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn reduce_block<T: Scalar, V: Lanes<T>, F: Pooling, W: Windows>(
    x: *const T,
    rows: core::ops::Range<usize>,
    columns: core::ops::Range<usize>,
    count: usize,
) -> V {
    let mut y = V::splat(F::start());
    for i in rows {
        for j in columns.clone() {
            // SAFETY: the caller's promise.
            y = F::with(y, unsafe { some(x.add(i * steps::<W>().0 + j * steps::<W>().1), count) });
        }
    }
    y
}

/// y divided by the count of its window, if it is.
#[inline(always)]
fn mean<T: Scalar, V: Lanes<T>, F: Pooling, W: Windows>(y: V, taps: (usize, usize)) -> V {
    match F::count(const { W::ROWS.kernel * W::COLUMNS.kernel }, taps.0 * taps.1) {
        Some(count) => y / V::splat(T::from_usize(count)),
        None => y,
    }
}

/// Writes a vector, or a part of it.
///
/// # Safety
/// There is room for `count` numbers.
#[inline(always)]
unsafe fn put<T, V: Lanes<T>>(v: V, to: *mut T, count: usize) {
    // SAFETY: the caller's promise.
    unsafe { if count == V::LANES { v.store(to) } else { v.store_some(to, count) } }
}

/// y, for as many samples as both have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn pool<K: Kernels, T: Scalar, F: Pooling, W: Windows>(x: &[T], y: &mut [T]) {
    if const { <V<T, K>>::LANES == 1 } {
        pool_alone::<K, T, F, W>(x, y);
    } else if const { narrow::<K, T>(W::CHANNELS) } {
        pool::<K::Narrow, T, F, W>(x, y);
    } else {
        pool_in::<K, T, F, W>(x, y);
    }
}

/// A function of its own where no instructions were chosen: a step needs less stack, and less code.
#[inline(never)]
fn pool_alone<K: Kernels, T: Scalar, F: Pooling, W: Windows>(x: &[T], y: &mut [T]) {
    pool_in::<K, T, F, W>(x, y);
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn pool_in<K: Kernels, T: Scalar, F: Pooling, W: Windows>(x: &[T], y: &mut [T]) {
    let n = samples::<T, W>(x, y);
    let (x, y) = (x.as_ptr(), y.as_mut_ptr());
    windows!(W, n, |from, to, taps| channels!(V<T, K>, W::CHANNELS, |c, count| {
        // SAFETY: an input of one of `n` samples, at each tap, and their output.
        unsafe {
            let sum = reduce::<T, V<T, K>, F, W>(x.add(from + c), taps, count);
            put(mean::<T, V<T, K>, F, W>(sum, taps), y.add(to + c), count);
        }
    }));
}

/// dx, from x and dy, for as many samples as all have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn unpool<K: Kernels, T: Scalar, F: Pooling, W: Windows>(x: &[T], dy: &[T], dx: &mut [T]) {
    if const { <V<T, K>>::LANES == 1 } {
        unpool_alone::<K, T, F, W>(x, dy, dx);
    } else if const { narrow::<K, T>(W::CHANNELS) } {
        unpool::<K::Narrow, T, F, W>(x, dy, dx);
    } else {
        unpool_in::<K, T, F, W>(x, dy, dx);
    }
}

/// As [`pool_alone`].
#[inline(never)]
fn unpool_alone<K: Kernels, T: Scalar, F: Pooling, W: Windows>(x: &[T], dy: &[T], dx: &mut [T]) {
    unpool_in::<K, T, F, W>(x, dy, dx);
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn unpool_in<K: Kernels, T: Scalar, F: Pooling, W: Windows>(x: &[T], dy: &[T], dx: &mut [T]) {
    let apart = const { W::ROWS.is_apart() && W::COLUMNS.is_apart() };
    if const { !(W::ROWS.is_tiled() && W::COLUMNS.is_tiled()) } {
        dx.fill(T::ZERO);
    }
    let n = samples::<T, W>(x, dy).min(samples::<T, W>(dx, dy));
    let (x, dy, dx) = (x.as_ptr(), dy.as_ptr(), dx.as_mut_ptr());
    windows!(W, n, |to, from, taps| channels!(V<T, K>, W::CHANNELS, |c, count| {
        // SAFETY: an input of one of `n` samples, at each tap, and their output.
        unsafe {
            let x = x.add(to + c);
            let y = if F::LOOKS { reduce::<T, V<T, K>, F, W>(x, taps, count) } else { <V<T, K>>::ZERO };
            let mut left = mean::<T, V<T, K>, F, W>(some(dy.add(from + c), count), taps);
            for i in 0..taps.0 {
                for j in 0..taps.1 {
                    let at = i * steps::<W>().0 + j * steps::<W>().1;
                    let dx = dx.add(to + c + at);
                    let x = if F::LOOKS { some(x.add(at), count) } else { y };
                    let (mut taken, rest) = F::take(x, y, left);
                    left = rest;
                    if !apart {
                        taken = some::<T, V<T, K>>(dx, count) + taken;
                    }
                    put(taken, dx, count);
                }
            }
        }
    }));
}

/// How many whole samples both have.
#[inline(always)]
const fn samples<T, W: Windows>(x: &[T], y: &[T]) -> usize {
    let (inputs, outputs) = const { lengths::<W>() };
    let [x, y] = [x.len().checked_div(inputs), y.len().checked_div(outputs)];
    match (x, y) {
        (Some(x), Some(y)) => {
            if x < y {
                x
            } else {
                y
            }
        }
        _ => 0,
    }
}
