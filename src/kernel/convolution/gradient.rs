//! The gradient of the weights, and their update from it.

use super::super::product::{V, cut, narrow, panels, some, update};
use super::super::{Copies, Kernels, Lanes};
use super::{Convolution, Planes, Window, count};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

/// Updates the weights, each from its gradient `Σ_b Σₚ wide[b][p · S + k · D - before][c] · narrow[b][p][o]`, for as many samples as both have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_filters<K: Kernels, T: Scalar, C: Convolution, U: Rule<T>, A: Array<T = T>>(
    wide: &[T],
    from: &[T],
    weights: &mut A,
    slots: &mut <U::Slots as Copies>::Of<A>,
    rule: &U,
) {
    const { assert!(A::LEN == C::WINDOW.weights(), "as many weights as the window has") }
    if const { narrow::<K, T>(C::WINDOW.outputs()) } {
        return learn_filters::<K::Narrow, T, C, U, A>(wide, from, weights, slots, rule);
    }
    let n = (wide.len() / C::WINDOW.wide_len()).min(from.len() / C::WINDOW.narrow_len());
    let weights = weights.flat_mut().as_mut_ptr();
    for group in 0..const { C::WINDOW.groups() } {
        panels!(V<T, K>, { C::WINDOW.outputs() }, 3, |j, last, NV, PART| {
            for run in 0..const { C::WINDOW.tiles().runs } {
                let mut row = run * const { C::WINDOW.tiles().length };
                macro_rules! tiles {
                    ($($MR:literal)*) => { $(
                        for _ in 0..const { even(C::WINDOW.tiles().length, most::<K>(NV)).tiles_of($MR) } {
                            let narrow = from.as_ptr().wrapping_add(group * C::WINDOW.outputs() + j);
                            let wide = wide.as_ptr().wrapping_add(group * C::WINDOW.inputs() + if C::WINDOW.each() { j } else { 0 });
                            // SAFETY: `n` samples, rows `row..row + MR` of the weights, and the panels cover a group's outputs.
                            unsafe {
                                let sums = if const { C::WINDOW.tiles().scattered } {
                                    sums::<K, T, C, $MR, NV, PART, true>(n, wide, narrow, row, last)
                                } else {
                                    sums::<K, T, C, $MR, NV, PART, false>(n, wide, narrow, row, last)
                                };
                                for r in 0..$MR {
                                    for v in 0..NV {
                                        let at = (row + r) * C::WINDOW.narrow + group * C::WINDOW.outputs() + j + v * <V<T, K>>::LANES;
                                        let count = count::<T, V<T, K>, NV, PART>(v, last);
                                        update::<T, V<T, K>, U, _>(weights, slots, at, count, sums[r][v], Role::Weight, rule);
                                    }
                                }
                            }
                            row += $MR;
                        }
                    )* };
                }
                tiles!(16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1);
            }
        });
    }
}

/// How the rows of the weights, one a tap and wide channel, are cut into tiles: in runs of so many; `scattered` if those of a tile are at any
/// places.
struct Tiles {
    runs: usize,
    length: usize,
    scattered: bool,
}

impl Window {
    /// A run is the channels of a tap, or of a row of taps where they are neighbours, or, if these are few, all there are.
    const fn tiles(self) -> Tiles {
        let all = self.taps() * self.per;
        let length = if self.runs() { self.columns.kernel * self.per } else { self.per };
        if length < 8 {
            Tiles { runs: 1, length: all, scattered: true }
        } else {
            Tiles { runs: all / length, length, scattered: false }
        }
    }
}

/// How many rows of `vectors` each a tile has at most: their sums are in registers.
const fn most<K: Kernels>(vectors: usize) -> usize {
    let rows = (K::REGISTERS - 4) / vectors;
    if rows > 16 { 16 } else { rows }
}

/// Rows cut into as few tiles as can be, all of them of `height` rows or one less.
struct Even {
    tiles: usize,
    height: usize,
    tall: usize,
}

impl Even {
    /// How many tiles are of so many rows.
    const fn tiles_of(&self, rows: usize) -> usize {
        if rows == self.height {
            self.tall
        } else if rows + 1 == self.height {
            self.tiles - self.tall
        } else {
            0
        }
    }
}

const fn even(rows: usize, most: usize) -> Even {
    let tiles = rows.div_ceil(most);
    let height = rows.div_ceil(tiles);
    Even { tiles, height, tall: rows - tiles * (height - 1) }
}

/// The gradient of `MR` rows of weights and `NV` vectors of narrow channels.
///
/// # Safety
/// They are there, and `n` samples of both sides.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn sums<
    K: Kernels,
    T: Scalar,
    C: Convolution,
    const MR: usize,
    const NV: usize,
    const PART: bool,
    const SCATTERED: bool,
>(
    n: usize,
    wide: *const T,
    narrow: *const T,
    first: usize,
    last: usize,
) -> [[V<T, K>; NV]; MR] {
    let Window { per, .. } = C::WINDOW;
    let Planes { samples, rows, columns } = C::WINDOW.planes(n);
    let (row_positions, column_positions) = (rows.positions(), columns.positions());
    // The tap of each row, and where its number is from that of tap 0 and channel 0.
    let (mut taps, mut offsets) = ([(0, 0); MR], [0; MR]);
    let (mut left, mut right) = (columns.kernel, 0);
    for r in 0..MR {
        let (tap, channel) = ((first + r) / per, (first + r) % per);
        taps[r] = (tap / columns.kernel, tap % columns.kernel);
        let (row, column) = (taps[r].0 * rows.dilation, taps[r].1 * columns.dilation);
        offsets[r] = (row * columns.size + column) * C::WINDOW.wide + channel;
        (left, right) = (left.min(taps[r].1), right.max(taps[r].1));
    }
    // Positions at which all taps are numbers, and those at which one may be.
    let ((top, bottom), (left, right)) =
        ((taps[0].0, taps[MR - 1].0), (columns.positions_of(left), columns.positions_of(right)));
    let (top, bottom) = (rows.positions_of(top), rows.positions_of(bottom));
    let (inner, outer) = ((left.0.min(right.1), right.1), (right.0, left.1));
    let mut sums = [[<V<T, K>>::ZERO; NV]; MR];
    for sample in 0..samples {
        for row in bottom.0..top.1 {
            let inner = if row >= top.0 && row < bottom.1 { inner } else { (outer.1, outer.1) };
            let at_row = (sample * rows.size + row * rows.stride).wrapping_sub(rows.before());
            let at = at_row.wrapping_mul(columns.size).wrapping_sub(columns.before());
            let wide = wide.wrapping_add(at.wrapping_mul(C::WINDOW.wide));
            let narrow = narrow.wrapping_add((sample * row_positions + row) * column_positions * C::WINDOW.narrow);
            macro_rules! position {
                ($column:ident, |$r:ident| $is:expr) => {{
                    let from = wide.wrapping_add($column * columns.stride * C::WINDOW.wide);
                    let mut b = [<V<T, K>>::ZERO; NV];
                    for v in 0..NV {
                        let from = narrow.wrapping_add($column * C::WINDOW.narrow + v * <V<T, K>>::LANES);
                        // SAFETY: the caller's promise.
                        b[v] = unsafe { some(from, count::<T, V<T, K>, NV, PART>(v, last)) };
                    }
                    for $r in 0..MR {
                        if $is {
                            let from = from.wrapping_add(if SCATTERED { offsets[$r] } else { offsets[0] + $r });
                            for v in 0..NV {
                                // SAFETY: the tap falls on a number.
                                let a = unsafe {
                                    if const { C::WINDOW.each() } {
                                        some(
                                            from.wrapping_add(v * <V<T, K>>::LANES),
                                            count::<T, V<T, K>, NV, PART>(v, last),
                                        )
                                    } else {
                                        <V<T, K>>::splat(*from)
                                    }
                                };
                                sums[$r][v] = a.mul_add(b[v], sums[$r][v]);
                            }
                        }
                    }
                }};
            }
            macro_rules! edge {
                ($columns:expr) => {
                    if const { C::WINDOW.padded() } {
                        for column in $columns {
                            position!(column, |r| {
                                let at_row =
                                    (row * rows.stride + taps[r].0 * rows.dilation).wrapping_sub(rows.before());
                                let at = (column * columns.stride + taps[r].1 * columns.dilation)
                                    .wrapping_sub(columns.before());
                                at_row < rows.size && at < columns.size
                            });
                        }
                    }
                };
            }
            edge!(outer.0..inner.0);
            for column in inner.0..inner.1 {
                position!(column, |r| true);
            }
            edge!(inner.1..outer.1);
        }
    }
    sums
}
