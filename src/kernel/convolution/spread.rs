//! From the narrow side to the wide one: a transposed convolution's forward pass, and dx of a convolution.

use super::super::product::{V, cut, narrow, panels, some};
use super::super::{Kernels, Lanes};
use super::{Convolution, Planes, Window, add, count, heights};
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// Narrow channels that are treated at a time: so many rows of transposed weights are on the stack.
const STEPS: usize = 16;

/// Numbers of both sides that are treated at a time: they stay in the nearest cache.
const CHUNK: usize = 8192;

/// `wide[q][c] = Σₖ Σₒ narrow[(q + before - k · D) / S][o] · w[k][c][o]`, over taps for which that is a position, for as many samples as both have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn spread<K: Kernels, T: Scalar, C: Convolution>(from: &[T], weights: &[T], wide: &mut [T]) {
    if const { narrow::<K, T>(C::WINDOW.inputs()) } {
        return spread::<K::Narrow, T, C>(from, weights, wide);
    }
    if weights.len() < C::WINDOW.weights() {
        return;
    }
    let (narrow_len, wide_len) = (C::WINDOW.narrow_len(), C::WINDOW.wide_len());
    let samples = const { 1 + CHUNK / (C::WINDOW.narrow_len() + C::WINDOW.wide_len()) };
    for (from, wide) in from.chunks(samples * narrow_len).zip(wide.chunks_mut(samples * wide_len)) {
        wide.fill(T::ZERO);
        let n = (from.len() / narrow_len).min(wide.len() / wide_len);
        // SAFETY: `n` samples, and all weights.
        unsafe { chunk::<K, T, C>(n, from.as_ptr(), weights.as_ptr(), wide.as_mut_ptr()) };
    }
}

/// [`spread`] of `n` samples.
///
/// # Safety
/// They are there, and all weights.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn chunk<K: Kernels, T: Scalar, C: Convolution>(n: usize, from: *const T, weights: *const T, wide: *mut T) {
    let Window { per, narrow, .. } = C::WINDOW;
    let each = C::WINDOW.each();
    macro_rules! panels_of {
        ($max:tt) => {
            panels!(V<T, K>, { C::WINDOW.inputs() }, $max, |j, last, NV, PART| {
                let lanes = <V<T, K>>::LANES;
                for tap in 0..C::WINDOW.taps() {
                    for group in 0..const { C::WINDOW.groups() } {
                        let columns = if PART { (NV - 1) * lanes + last } else { NV * lanes };
                        // SAFETY: the caller's promise: the weights of a tap, a group's, and as many rows and columns as there are.
                        unsafe {
                            let m = weights.add((tap * per + if each { 0 } else { j }) * narrow + group * C::WINDOW.outputs());
                            let at = [tap, group, j];
                            if each {
                                walk::<K, T, C, NV, PART, true>(n, from, 1, (m.add(j), 0, lanes), wide, at, last);
                            } else if lanes == 1 {
                                let steps = C::WINDOW.outputs();
                                walk::<K, T, C, NV, PART, false>(n, from, steps, (m, 1, narrow), wide, at, last);
                            } else {
                                let mut tile = [[<V<T, K>>::ZERO; NV]; STEPS];
                                for first in (0..C::WINDOW.outputs()).step_by(STEPS) {
                                    let steps = (C::WINDOW.outputs() - first).min(STEPS);
                                    let to = tile.as_mut_ptr().cast::<T>();
                                    for c in 0..columns {
                                        for o in 0..steps {
                                            *to.add(o * NV * lanes + c) = *m.add(c * narrow + first + o);
                                        }
                                    }
                                    let m = (to.cast_const(), NV * lanes, lanes);
                                    walk::<K, T, C, NV, PART, false>(n, from.add(first), steps, m, wide, at, last);
                                }
                            }
                        }
                    }
                }
            })
        };
    }
    if const { <V<T, K>>::LANES >= 16 } {
        panels_of!(1);
    } else {
        panels_of!(2);
    }
}

/// Adds, at all positions, `steps` products of a tap to the sums of a panel, in memory.
///
/// # Safety
/// They are there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn walk<K: Kernels, T: Scalar, C: Convolution, const NV: usize, const PART: bool, const EACH: bool>(
    n: usize,
    from: *const T,
    steps: usize,
    m: (*const T, usize, usize),
    wide: *mut T,
    [tap, group, j]: [usize; 3],
    last: usize,
) {
    let Planes { samples, rows, columns } = C::WINDOW.planes(n);
    let (row_positions, column_positions) = (rows.positions(), columns.positions());
    let (tap_row, tap_column) = (tap / columns.kernel, tap % columns.kernel);
    let (rows_of, columns_of) = (rows.positions_of(tap_row), columns.positions_of(tap_column));
    let (step, to_step) = (C::WINDOW.narrow, columns.stride * C::WINDOW.wide);
    for sample in 0..samples {
        for row in rows_of.0..rows_of.1 {
            let at_row = row * rows.stride + tap_row * rows.dilation - rows.before();
            let at_column = columns_of.0 * columns.stride + tap_column * columns.dilation - columns.before();
            let to = (sample * rows.size + at_row) * columns.size + at_column;
            let at = (sample * row_positions + row) * column_positions + columns_of.0;
            // SAFETY: the caller's promise.
            let (a, to) = unsafe {
                let a = from.add(at * C::WINDOW.narrow + group * C::WINDOW.outputs() + if EACH { j } else { 0 });
                (a, wide.add(to * C::WINDOW.wide + group * C::WINDOW.inputs() + j))
            };
            heights!(K, NV, columns_of.1 - columns_of.0, |i, MR| {
                // SAFETY: positions `i..i + MR` of those that the tap has.
                unsafe {
                    let mut sums = [[<V<T, K>>::ZERO; NV]; MR];
                    for r in 0..MR {
                        for v in 0..NV {
                            let to = to.add((i + r) * to_step + v * <V<T, K>>::LANES);
                            sums[r][v] = some(to, count::<T, V<T, K>, NV, PART>(v, last));
                        }
                    }
                    // The transposed weights are whole vectors.
                    let a = (a.add(i * step), step, 1);
                    if EACH {
                        add::<T, V<T, K>, MR, NV, PART, true>(&mut sums, steps, a, m, last);
                    } else {
                        add::<T, V<T, K>, MR, NV, false, false>(&mut sums, steps, a, m, last);
                    }
                    for r in 0..MR {
                        for v in 0..NV {
                            let to = to.add((i + r) * to_step + v * <V<T, K>>::LANES);
                            let count = count::<T, V<T, K>, NV, PART>(v, last);
                            if count == <V<T, K>>::LANES {
                                sums[r][v].store(to)
                            } else {
                                sums[r][v].store_some(to, count)
                            }
                        }
                    }
                }
            });
        }
    }
}
