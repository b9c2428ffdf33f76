//! From the narrow side to the wide one: a transposed convolution's forward pass, and dx of a convolution.

use super::super::product::{V, cut, narrow, panels, some};
use super::super::{Kernels, Lanes};
use super::{Convolution, Planes, add, count, heights};
use crate::layer::size::Axis;
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// So many rows of transposed weights are on the stack, of at most two vectors each.
const ROWS: usize = 64;

/// Numbers of both sides that are treated at a time: they stay in the second cache, and the weights are transposed once for all.
const CHUNK: usize = 49152;

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
        let n = (from.len() / narrow_len).min(wide.len() / wide_len);
        // SAFETY: `n` samples, and all weights.
        unsafe { chunk::<K, T, C>(n, from.as_ptr(), weights.as_ptr(), wide.as_mut_ptr()) };
    }
}

/// Every `stride`th number of an axis: the same taps fall on them.
#[derive(Clone, Copy)]
struct Class {
    /// The first number, and how many there are.
    first: usize,
    numbers: usize,
    /// The first tap, how far it is to the next, and how many there are.
    tap: usize,
    apart: usize,
    taps: usize,
    /// The position at which the first tap falls on the first number, and how many positions before it is that of the next tap.
    position: isize,
    back: isize,
    /// How many positions there are.
    positions: isize,
}

impl Class {
    #[inline(always)]
    const fn new(axis: Axis, first: usize) -> Self {
        let (at, mut tap, mut apart) = (first + axis.before(), 0, 1);
        while tap < axis.kernel && tap * axis.dilation % axis.stride != at % axis.stride {
            tap += 1;
        }
        while !(apart * axis.dilation).is_multiple_of(axis.stride) {
            apart += 1;
        }
        Self {
            first,
            numbers: if first < axis.size { (axis.size - first - 1) / axis.stride + 1 } else { 0 },
            tap,
            apart,
            taps: (axis.kernel - tap).div_ceil(apart),
            position: (at as isize - (tap * axis.dilation) as isize) / axis.stride as isize,
            back: (apart * axis.dilation / axis.stride) as isize,
            positions: axis.positions() as isize,
        }
    }

    /// Those of the taps from `start` to before `end` that fall on a number at positions.
    #[inline(always)]
    const fn taps_of(self, number: usize, (start, end): (usize, usize)) -> (usize, usize) {
        let at = self.position + number as isize;
        let (mut first, mut last) = (start, end);
        while first < end && at - first as isize * self.back >= self.positions {
            first += 1;
        }
        while last > first && at < (last as isize - 1) * self.back {
            last -= 1;
        }
        (first, last)
    }

    /// The numbers on which all of these taps fall.
    #[inline(always)]
    const fn inner(self, (start, end): (usize, usize)) -> (usize, usize) {
        let first = (end as isize - 1) * self.back - self.position;
        let last = self.positions + start as isize * self.back - self.position;
        let last = if last < 0 { 0 } else { last as usize };
        let last = if last < self.numbers { last } else { self.numbers };
        let first = if first < 0 || end == 0 { 0 } else { first as usize };
        (if first < last { first } else { last }, last)
    }
}

/// Taps of a class, rows and columns, and narrow channels of a group: those of whom weights are multiplied together.
#[derive(Clone, Copy)]
struct Pass {
    rows: (usize, usize),
    columns: (usize, usize),
    outputs: (usize, usize),
}

/// Weights: the first, and how far apart rows of taps, taps, narrow channels and vectors are.
#[derive(Clone, Copy)]
struct Weights<T> {
    first: *const T,
    tap_row: usize,
    tap: usize,
    step: usize,
    next: usize,
}

/// [`spread`] of `n` samples.
///
/// # Safety
/// They are there, and all weights.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn chunk<K: Kernels, T: Scalar, C: Convolution>(n: usize, from: *const T, weights: *const T, wide: *mut T) {
    let (per, narrow, outputs) = (C::WINDOW.per, C::WINDOW.narrow, const { C::WINDOW.outputs() });
    let planes @ Planes { rows, columns, .. } = C::WINDOW.planes(n);
    let tap_weights = per * narrow;
    panels!(V<T, K>, { C::WINDOW.inputs() }, 2, |j, last, NV, PART| {
        let lanes = <V<T, K>>::LANES;
        for class in 0..rows.stride * columns.stride {
            let classes = [Class::new(rows, class / columns.stride), Class::new(columns, class % columns.stride)];
            let [row_taps, column_taps] = classes.map(|class| class.taps);
            let tap_row = classes[0].apart * columns.kernel * tap_weights;
            let first = (classes[0].tap * columns.kernel + classes[1].tap) * tap_weights;
            let tap = classes[1].apart * tap_weights;
            for group in 0..const { C::WINDOW.groups() } {
                let at = [group, j];
                if const { C::WINDOW.each() } || lanes == 1 || row_taps * column_taps == 0 {
                    let pass = Pass { rows: (0, row_taps), columns: (0, column_taps), outputs: (0, outputs) };
                    let first = weights.wrapping_add(first + group * outputs);
                    // SAFETY: the caller's promise.
                    unsafe {
                        if const { C::WINDOW.each() } {
                            let m = Weights { first: first.wrapping_add(j), tap_row, tap, step: 0, next: lanes };
                            walk::<K, T, C, NV, PART, true>(planes, classes, from, pass, m, wide, at, last);
                        } else {
                            let m = Weights { first: first.wrapping_add(j * narrow), tap_row, tap, step: 1, next: narrow };
                            walk::<K, T, C, NV, PART, false>(planes, classes, from, pass, m, wide, at, last);
                        }
                    }
                    continue;
                }
                let channels = if PART { (NV - 1) * lanes + last } else { NV * lanes };
                // As many rows of taps, or taps, or narrow channels as there is room for.
                let together = |each: usize, all: usize| if each > ROWS { 1 } else { (ROWS / each).min(all) };
                let pass_outputs = outputs.min(ROWS);
                let pass_columns = together(pass_outputs, column_taps);
                let pass_rows = if pass_columns == column_taps { together(pass_outputs * column_taps, row_taps) } else { 1 };
                let mut tile = [[<V<T, K>>::ZERO; NV]; ROWS];
                let to = tile.as_mut_ptr().cast::<T>();
                for top in (0..row_taps).step_by(pass_rows) {
                    for left in (0..column_taps).step_by(pass_columns) {
                        for output in (0..outputs).step_by(pass_outputs) {
                            let pass = Pass {
                                rows: (top, (top + pass_rows).min(row_taps)),
                                columns: (left, (left + pass_columns).min(column_taps)),
                                outputs: (output, (output + pass_outputs).min(outputs)),
                            };
                            let steps = pass.outputs.1 - pass.outputs.0;
                            let taps = pass.columns.1 - pass.columns.0;
                            for row in pass.rows.0..pass.rows.1 {
                                for column in pass.columns.0..pass.columns.1 {
                                    let at = first + row * tap_row + column * tap + j * narrow + group * outputs + output;
                                    let place = ((row - top) * taps + column - left) * steps;
                                    for c in 0..channels {
                                        for o in 0..steps {
                                            // SAFETY: the weights of a tap and group; a pass has at most `ROWS` rows.
                                            unsafe {
                                                *to.add((place + o) * NV * lanes + c) = *weights.add(at + c * narrow + o);
                                            }
                                        }
                                    }
                                }
                            }
                            let tap = steps * NV * lanes;
                            let m = Weights { first: to.cast_const(), tap_row: taps * tap, tap, step: NV * lanes, next: lanes };
                            // SAFETY: the caller's promise.
                            unsafe { walk::<K, T, C, NV, PART, false>(planes, classes, from, pass, m, wide, at, last) };
                        }
                    }
                }
            }
        }
    });
}

/// The sums of a class and panel, or what a pass adds to them, in memory.
///
/// # Safety
/// They are there.
#[allow(clippy::too_many_arguments, reason = "the loops around it are theirs")]
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn walk<K: Kernels, T: Scalar, C: Convolution, const NV: usize, const PART: bool, const EACH: bool>(
    Planes { samples, rows, columns }: Planes,
    [row_class, column_class]: [Class; 2],
    from: *const T,
    pass: Pass,
    m: Weights<T>,
    wide: *mut T,
    [group, j]: [usize; 2],
    last: usize,
) {
    let (row_positions, column_positions) = (rows.positions(), columns.positions());
    let (narrow, channels) = (C::WINDOW.narrow, C::WINDOW.wide);
    let is_first = pass.rows.0 + pass.columns.0 + pass.outputs.0 == 0;
    let steps = pass.outputs.1 - pass.outputs.0;
    // Where the same taps fall on all numbers, a line runs along a row; beside it, down a column.
    let (inner_rows, inner) = (row_class.inner(pass.rows), column_class.inner(pass.columns));
    let edges = column_class.numbers - inner.1 + inner.0;
    let edge_rows = row_class.numbers - inner_rows.1 + inner_rows.0;
    for sample in 0..samples {
        for edge in 0..=edges {
            for i in 0..if edge == 0 { row_class.numbers } else { edge_rows + 1 } {
                let down = edge > 0 && i == edge_rows;
                let row = if edge == 0 || down || i < inner_rows.0 { i } else { inner_rows.1 + i - inner_rows.0 };
                let row = if down { inner_rows.0 } else { row };
                let column = match edge {
                    0 => inner.0,
                    _ if edge <= inner.0 => edge - 1,
                    _ => inner.1 + edge - 1 - inner.0,
                };
                let length = match edge {
                    0 => inner.1 - inner.0,
                    _ if down => inner_rows.1 - inner_rows.0,
                    _ => 1,
                };
                let tap_rows = row_class.taps_of(row, pass.rows);
                let tap_columns = column_class.taps_of(column, pass.columns);
                let empty = tap_rows.0 == tap_rows.1 || tap_columns.0 == tap_columns.1;
                if length == 0 || empty && !is_first {
                    continue;
                }
                let to = (sample * rows.size + row_class.first + row * rows.stride) * columns.size
                    + column_class.first
                    + column * columns.stride;
                let to = wide.wrapping_add(to * channels + group * C::WINDOW.inputs() + j);
                let to_step = if down { rows.stride * columns.size } else { columns.stride } * channels;
                let at_row = row_class.position + row as isize - tap_rows.0 as isize * row_class.back;
                let at_column = column_class.position + column as isize - tap_columns.0 as isize * column_class.back;
                let at = ((sample * row_positions) as isize + at_row) * column_positions as isize + at_column;
                let a = from.wrapping_offset(at * narrow as isize);
                let a = a.wrapping_add(group * C::WINDOW.outputs() + pass.outputs.0 + if EACH { j } else { 0 });
                let step = if down { column_positions } else { 1 } * narrow;
                let m_first = m
                    .first
                    .wrapping_add((tap_rows.0 - pass.rows.0) * m.tap_row + (tap_columns.0 - pass.columns.0) * m.tap);
                heights!(K, NV, length, |i, MR| {
                    // SAFETY: the caller's promise: numbers `i..i + MR` of the line, and the positions at which its taps fall on them.
                    unsafe {
                        let mut sums = [[<V<T, K>>::ZERO; NV]; MR];
                        if !is_first {
                            for r in 0..MR {
                                for v in 0..NV {
                                    let to = to.add((i + r) * to_step + v * <V<T, K>>::LANES);
                                    sums[r][v] = some(to, count::<T, V<T, K>, NV, PART>(v, last));
                                }
                            }
                        }
                        for row in 0..if empty { 0 } else { tap_rows.1 - tap_rows.0 } {
                            for column in 0..tap_columns.1 - tap_columns.0 {
                                let back = row as isize * row_class.back * column_positions as isize
                                    + column as isize * column_class.back;
                                let a = a.add(i * step).offset(-back * narrow as isize);
                                let m = (m_first.add(row * m.tap_row + column * m.tap), m.step, m.next);
                                if EACH {
                                    add::<T, V<T, K>, MR, NV, PART, true>(&mut sums, 1, (a, step, 0), m, last);
                                } else {
                                    // Transposed weights are whole vectors; a number is one, too.
                                    add::<T, V<T, K>, MR, NV, false, false>(&mut sums, steps, (a, step, 1), m, last);
                                }
                            }
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
}
