//! From the wide side to the narrow one: a convolution's forward pass, and dx of a transposed one.

use super::super::tile::{V, cut, narrow, panels, some};
use super::super::{Epilogue, Kernels, Lanes};
use super::{Convolution, Heights, Planes, Sizes, Tiling, Window, add, channels, count, heights, lines, most, slide};
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// `narrow[p][o] = Σₖ Σ꜀ wide[p · S + k · D - before][c] · w[k][c][o] + bias[o]`, for as many samples as both have, and then an epilogue. The bias
/// comes last.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn correlate<K: Kernels, T: Scalar, C: Convolution, E: Epilogue<T>>(
    wide: &[T],
    weights: &[T],
    bias: Option<&[T]>,
    out: &mut [T],
    end: E,
) {
    let () = C::CHECKED;
    if const { narrow::<K, T>(C::WINDOW.outputs()) } {
        return correlate::<K::Narrow, T, C, E>(wide, weights, bias, out, end);
    }
    let n = (wide.len() / C::WINDOW.wide_len())
        .min(out.len() / C::WINDOW.narrow_len())
        .min(end.rows(C::WINDOW.narrow_len()));
    if weights.len() < C::WINDOW.weights() || bias.is_some_and(|bias| bias.len() < C::WINDOW.narrow) {
        return;
    }
    let Planes { samples, rows, columns } = C::WINDOW.planes(n);
    let (row_positions, column_positions) = (rows.positions(), columns.positions());
    for sample in 0..samples {
        for group in 0..const { C::WINDOW.groups() } {
            lines!(row_positions, rows.inner(), column_positions, columns.inner(), |row, column, count, down| {
                let (tap_rows, tap_columns) = (rows.taps(row), columns.taps(column));
                let at_row = (row * rows.stride + tap_rows.0 * rows.dilation).wrapping_sub(rows.before());
                let at_column =
                    (column * columns.stride + tap_columns.0 * columns.dilation).wrapping_sub(columns.before());
                let at = (sample * rows.size).wrapping_add(at_row).wrapping_mul(columns.size).wrapping_add(at_column);
                let to = (sample * row_positions + row) * column_positions + column;
                let line = Line {
                    wide: wide
                        .as_ptr()
                        .wrapping_add(at.wrapping_mul(C::WINDOW.wide).wrapping_add(group * C::WINDOW.inputs())),
                    weights: weights.as_ptr().wrapping_add(
                        (tap_rows.0 * columns.kernel + tap_columns.0) * C::WINDOW.per * C::WINDOW.narrow
                            + group * C::WINDOW.outputs(),
                    ),
                    bias: bias.map(|bias| bias.as_ptr().wrapping_add(group * C::WINDOW.outputs())),
                    taps: [tap_rows.1 - tap_rows.0, tap_columns.1 - tap_columns.0],
                    count,
                    step: if down { rows.stride * columns.size } else { columns.stride } * C::WINDOW.wide,
                    to: to * C::WINDOW.narrow + group * C::WINDOW.outputs(),
                    to_step: if down { column_positions } else { 1 } * C::WINDOW.narrow,
                };
                // SAFETY: `n` samples; the line's positions are there, and all their taps that fall on numbers.
                unsafe { line_of::<K, T, C, E>(line, out.as_mut_ptr(), end) };
            });
        }
    }
}

/// Positions in a row, or in a column, whose taps are alike.
struct Line<T> {
    /// The first tap of the first position.
    wide: *const T,
    /// The weights of the first tap.
    weights: *const T,
    bias: Option<*const T>,
    /// Rows and columns of taps.
    taps: [usize; 2],
    count: usize,
    /// From a position to the next.
    step: usize,
    /// Where the first position is in the output.
    to: usize,
    to_step: usize,
}

/// The positions of a line.
///
/// # Safety
/// All that is there, and `end` has those rows.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn line_of<K: Kernels, T: Scalar, C: Convolution, E: Epilogue<T>>(line: Line<T>, out: *mut T, end: E) {
    channels!(V<T, K>, C::WINDOW.outputs(), |j, last, NV, PART| {
        let cut = Tiling::<K, T, C, NV>::CORRELATE.cut(line.count, const { most::<K, T>(NV) });
        heights!(Tiling::<K, T, C, NV>::CORRELATE, cut, |i, MR| {
            // SAFETY: the caller's promise: positions `i..i + MR` of the line; the panels cover a group's outputs.
            unsafe { tile::<K, T, C, E, MR, NV, PART>(&line, i, j, last, out, end) }
        });
    });
}

impl<K: Kernels, T: Scalar, C: Convolution, const NV: usize> Tiling<K, T, C, NV> {
    const CORRELATE: Heights = heights::<K, T>(C::WINDOW, NV);
}

/// The heights of the tiles of all lines.
const fn heights<K: Kernels, T: Scalar>(window: Window, vectors: usize) -> Heights {
    let (Window { rows, columns, .. }, most) = (window, most::<K, T>(vectors));
    if <V<T, K>>::LANES == 1 || rows.is_pointwise() && columns.is_pointwise() {
        return Heights::any(most);
    }
    let (inner_rows, inner) = (rows.inner(), columns.inner());
    let heights = Heights::of(inner.1 - inner.0, most);
    if inner.1 - inner.0 == columns.positions() {
        heights
    } else if rows.is_pointwise() {
        heights.and(Heights::any(most))
    } else {
        heights.and(Heights::of(inner_rows.1 - inner_rows.0, most)).and(Heights::of(1, most))
    }
}

/// `MR` positions of a line from `i` on, and `NV` vectors from channel `j`.
///
/// # Safety
/// They are there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn tile<
    K: Kernels,
    T: Scalar,
    C: Convolution,
    E: Epilogue<T>,
    const MR: usize,
    const NV: usize,
    const PART: bool,
>(
    line: &Line<T>,
    i: usize,
    j: usize,
    last: usize,
    out: *mut T,
    end: E,
) {
    let Window { columns, wide, narrow, per, .. } = C::WINDOW;
    let [tap_rows, tap_columns] = line.taps;
    // The taps of a row in how many parts, of how many steps.
    let (parts, steps, step) = if C::EACH {
        (1, tap_columns, columns.dilation * wide)
    } else if C::WINDOW.runs() {
        (1, tap_columns * per, 1)
    } else {
        (tap_columns, per, 1)
    };
    let mut sums = [[<V<T, K>>::ZERO; NV]; MR];
    for row in 0..tap_rows {
        for part in 0..parts {
            let a = row * rows_apart(C::WINDOW) + part * columns.dilation * wide;
            let m = (row * columns.kernel + part) * per * narrow;
            // SAFETY: the caller's promise.
            unsafe {
                let a = line.wide.add(i * line.step + a);
                let m = (line.weights.add(m + j), narrow, <V<T, K>>::LANES);
                if C::SLIDES && tap_columns == columns.kernel && line.step == wide {
                    let a = (a.add(j), wide as isize);
                    slide::<T, V<T, K>, MR, NV, PART, false>(&mut sums, columns.kernel, a, m, last);
                } else if C::EACH {
                    add::<T, V<T, K>, MR, NV, PART, true>(&mut sums, steps, (a.add(j), line.step, step), m, last);
                } else {
                    add::<T, V<T, K>, MR, NV, PART, false>(&mut sums, steps, (a, line.step, step), m, last);
                }
            }
        }
    }
    for v in 0..NV {
        let (at, count) = (j + v * <V<T, K>>::LANES, count::<T, V<T, K>, NV, PART>(v, last));
        for r in 0..MR {
            let (to, mut sum) = (line.to + (i + r) * line.to_step + at, sums[r][v]);
            // SAFETY: the caller's promise.
            unsafe {
                if let Some(bias) = line.bias {
                    sum = sum + some(bias.add(at), count);
                }
                sum = end.end(sum, to, count);
                if count == <V<T, K>>::LANES { sum.store(out.add(to)) } else { sum.store_some(out.add(to), count) }
            }
        }
    }
}

/// Numbers of the wide side between two rows of taps.
const fn rows_apart(window: Window) -> usize {
    window.rows.dilation * window.columns.size * window.wide
}
