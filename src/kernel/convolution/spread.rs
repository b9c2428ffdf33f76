//! From the narrow side to the wide one: a transposed convolution's forward pass, and dx of a convolution.

use super::super::tile::{V, cut, narrow, panels, some};
use super::super::{Kernels, Lanes};
use super::{Convolution, Heights, Planes, Sizes, Tiling, Window, add, count, heights, lines, most, slide};
use crate::layer::size::Axis;
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// So many rows of transposed weights are on the stack, of two vectors each, or fewer of three.
const ROWS: usize = 160;

/// Numbers of both sides that are treated at a time: they stay in the second cache, and the weights are transposed once for all.
const CHUNK: usize = 49152;

/// `wide[q][c] = Σₖ Σₒ narrow[(q + before - k · D) / S][o] · w[k][c][o]`, over taps for which that is a position, for as many samples as both have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn spread<K: Kernels, T: Scalar, C: Convolution>(from: &[T], weights: &[T], wide: &mut [T]) {
    let () = C::CHECKED;
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

/// How many rows of taps, taps of a row, and narrow channels are multiplied together: as many of each as there is room for.
const fn together<const NV: usize>(rows: usize, columns: usize, outputs: usize) -> [usize; 3] {
    const fn of(all: usize, each: usize, room: usize) -> usize {
        let count = if each == 0 || each > room { 1 } else { room / each };
        if count < all || all == 0 { count } else { all }
    }
    let room = if NV < 3 { ROWS } else { ROWS * 2 / 3 };
    let outputs = of(outputs, 1, room);
    let some = of(columns, outputs, room);
    [if some < columns { 1 } else { of(rows, outputs * columns, room) }, some, outputs]
}

impl<K: Kernels, T: Scalar, C: Convolution, const NV: usize> Tiling<K, T, C, NV> {
    const SPREAD: Heights = heights::<K, T, NV>(C::WINDOW);
}

/// The heights of the tiles of all lines.
const fn heights<K: Kernels, T: Scalar, const NV: usize>(window: Window) -> Heights {
    let (Window { rows, columns, .. }, most) = (window, most::<K, T>(NV));
    if <V<T, K>>::LANES == 1 || rows.is_pointwise() && columns.is_pointwise() {
        return Heights::any(most);
    }
    let (mut heights, mut class) = (Heights(0), 0);
    while class < rows.stride * columns.stride {
        let classes = [Class::new(rows, class / columns.stride), Class::new(columns, class % columns.stride)];
        let [of_rows, of_columns] = [classes[0].taps, classes[1].taps];
        let [some_rows, some_columns, _] = if window.each() {
            [of_rows, of_columns, 0]
        } else {
            together::<NV>(of_rows, of_columns, window.outputs())
        };
        let mut top = 0;
        while top == 0 || top < of_rows {
            let mut left = 0;
            while left == 0 || left < of_columns {
                let inner_rows = classes[0].inner((top, end(top, some_rows, of_rows)));
                let inner = classes[1].inner((left, end(left, some_columns, of_columns)));
                heights = heights.and(Heights::of(inner.1 - inner.0, most));
                if inner.1 - inner.0 < classes[1].numbers {
                    heights = heights.and(if rows.is_pointwise() {
                        Heights::any(most)
                    } else {
                        Heights::of(inner_rows.1 - inner_rows.0, most).and(Heights::of(1, most))
                    });
                }
                left += if some_columns > 0 { some_columns } else { 1 };
            }
            top += if some_rows > 0 { some_rows } else { 1 };
        }
        class += 1;
    }
    heights
}

/// The end of so many numbers from one on, of all.
const fn end(from: usize, count: usize, all: usize) -> usize {
    if all - from < count { all } else { from + count }
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
    // Of three vectors where their number is odd.
    panels!(
        V<T, K>, C::WINDOW.inputs(),
        if <V<T, K>>::LANES == 1 || C::WINDOW.inputs().div_ceil(<V<T, K>>::LANES).is_multiple_of(2) { 2 } else { 3 }, [2 3],
        |j, last, NV, PART| {
            // SAFETY: the caller's promise; the panels cover a group's inputs.
            unsafe { panel::<K, T, C, NV, PART>(n, from, weights, wide, j, last) }
        }
    );
}

/// The panel of `NV` vectors from wide channel `j` of each group, of `n` samples.
///
/// # Safety
/// They are there, and all weights.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn panel<K: Kernels, T: Scalar, C: Convolution, const NV: usize, const PART: bool>(
    n: usize,
    from: *const T,
    weights: *const T,
    wide: *mut T,
    j: usize,
    last: usize,
) {
    let (per, narrow, outputs) = (C::WINDOW.per, C::WINDOW.narrow, const { C::WINDOW.outputs() });
    let planes @ Planes { rows, columns, .. } = C::WINDOW.planes(n);
    let tap_weights = per * narrow;
    let lanes = <V<T, K>>::LANES;
    for class in 0..rows.stride * columns.stride {
        let classes = [Class::new(rows, class / columns.stride), Class::new(columns, class % columns.stride)];
        let [row_taps, column_taps] = classes.map(|class| class.taps);
        let tap_row = classes[0].apart * columns.kernel * tap_weights;
        let first = (classes[0].tap * columns.kernel + classes[1].tap) * tap_weights;
        let tap = classes[1].apart * tap_weights;
        for group in 0..const { C::WINDOW.groups() } {
            let at = [group, j];
            if const { C::EACH || <V<T, K>>::LANES == 1 } {
                let pass = Pass { rows: (0, row_taps), columns: (0, column_taps), outputs: (0, outputs) };
                let first = weights.wrapping_add(first + group * outputs);
                // SAFETY: the caller's promise.
                unsafe {
                    if C::EACH {
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
            let [some_rows, some_columns, some_outputs] = together::<NV>(row_taps, column_taps, outputs);
            let mut tile = [[<V<T, K>>::ZERO; NV]; ROWS];
            let to = tile.as_mut_ptr().cast::<T>();
            // Not `step_by`, whose panic for a step of 0 isn't always optimised away.
            let mut top = 0;
            while top < row_taps.max(1) {
                for left in (0..column_taps.max(1)).step_by(some_columns) {
                    for output in (0..outputs).step_by(some_outputs) {
                        let pass = Pass {
                            rows: (top, end(top, some_rows, row_taps)),
                            columns: (left, end(left, some_columns, column_taps)),
                            outputs: (output, end(output, some_outputs, outputs)),
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
                        let m =
                            Weights { first: to.cast_const(), tap_row: taps * tap, tap, step: NV * lanes, next: lanes };
                        // SAFETY: the caller's promise.
                        unsafe { walk::<K, T, C, NV, PART, false>(planes, classes, from, pass, m, wide, at, last) };
                    }
                }
                top += some_rows;
            }
        }
    }
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
    let (inner_rows, inner) = (row_class.inner(pass.rows), column_class.inner(pass.columns));
    for sample in 0..samples {
        lines!(row_class.numbers, inner_rows, column_class.numbers, inner, |row, column, length, down| {
            let tap_rows = row_class.taps_of(row, pass.rows);
            let tap_columns = column_class.taps_of(column, pass.columns);
            let empty = tap_rows.0 == tap_rows.1 || tap_columns.0 == tap_columns.1;
            if empty && !is_first {
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
            let m_first =
                m.first.wrapping_add((tap_rows.0 - pass.rows.0) * m.tap_row + (tap_columns.0 - pass.columns.0) * m.tap);
            let cut = Tiling::<K, T, C, NV>::SPREAD.cut(length, const { most::<K, T>(NV) });
            let line = Line {
                from: a,
                step,
                m: Weights { first: m_first, ..m },
                taps: if empty { [0, 0] } else { [tap_rows.1 - tap_rows.0, tap_columns.1 - tap_columns.0] },
                back: [row_class.back * column_positions as isize, column_class.back]
                    .map(|back| back * narrow as isize),
                steps,
                to,
                to_step,
                last,
                is_first,
            };
            heights!(Tiling::<K, T, C, NV>::SPREAD, cut, |i, MR| {
                // SAFETY: the caller's promise: numbers `i..i + MR` of the line.
                unsafe {
                    tile::<K, T, C, MR, NV, PART, EACH>(&line, i);
                }
            });
        });
    }
}

/// Numbers in a row, or in a column, whose taps are alike.
struct Line<T> {
    /// The position of the first tap that falls on the first number.
    from: *const T,
    /// From that of a number to that of the next.
    step: usize,
    /// The weights of the first tap.
    m: Weights<T>,
    /// Rows and columns of taps, and how far back the next one's position is.
    taps: [usize; 2],
    back: [isize; 2],
    /// Narrow channels.
    steps: usize,
    to: *mut T,
    to_step: usize,
    last: usize,
    /// Whether the sums begin here.
    is_first: bool,
}

/// `MR` numbers of a line from `i` on, and `NV` vectors: their sums, or what is added to them.
///
/// # Safety
/// They are there, and the positions at which the taps fall on them.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn tile<
    K: Kernels,
    T: Scalar,
    C: Convolution,
    const MR: usize,
    const NV: usize,
    const PART: bool,
    const EACH: bool,
>(
    line: &Line<T>,
    i: usize,
) {
    let Window { columns, narrow, .. } = C::WINDOW;
    // SAFETY: the caller's promise.
    unsafe {
        let to = line.to.add(i * line.to_step);
        let mut sums = [[<V<T, K>>::ZERO; NV]; MR];
        if !line.is_first {
            for r in 0..MR {
                for v in 0..NV {
                    let to = to.add(r * line.to_step + v * <V<T, K>>::LANES);
                    sums[r][v] = some(to, count::<T, V<T, K>, NV, PART>(v, line.last));
                }
            }
        }
        let from = line.from.wrapping_add(i * line.step);
        for row in 0..line.taps[0] {
            let from = from.wrapping_offset(-(row as isize * line.back[0]));
            if const { EACH && C::SLIDES } && line.taps[1] == columns.kernel && line.step == narrow {
                let a = (from.add((MR - 1) * narrow), -(narrow as isize));
                let m = (line.m.first.add(row * line.m.tap_row), line.m.tap, line.m.next);
                slide::<T, V<T, K>, MR, NV, PART, true>(&mut sums, columns.kernel, a, m, line.last);
                continue;
            }
            for column in 0..line.taps[1] {
                let a = from.wrapping_offset(-(column as isize * line.back[1]));
                let m = line.m.first.add(row * line.m.tap_row + column * line.m.tap);
                let m = (m, line.m.step, line.m.next);
                if EACH {
                    add::<T, V<T, K>, MR, NV, PART, true>(&mut sums, 1, (a, line.step, 0), m, line.last);
                } else {
                    // Transposed weights are whole vectors; a number is one, too.
                    add::<T, V<T, K>, MR, NV, false, false>(&mut sums, line.steps, (a, line.step, 1), m, line.last);
                }
            }
        }
        for r in 0..MR {
            for v in 0..NV {
                let to = to.add(r * line.to_step + v * <V<T, K>>::LANES);
                let count = count::<T, V<T, K>, NV, PART>(v, line.last);
                if count == <V<T, K>>::LANES { sums[r][v].store(to) } else { sums[r][v].store_some(to, count) }
            }
        }
    }
}
