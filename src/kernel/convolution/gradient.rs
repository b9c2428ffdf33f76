//! The gradient of the weights, and their update from it.

use super::super::product::update_tile;
use super::super::tile::{V, cut, narrow, panels, some};
use super::super::{Copies, Kernels, Lanes};
use super::{Convolution, Even, Planes, Sizes, Tiling, Window, channels, count, even};
use crate::optimizer::Rule;
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
    let () = C::CHECKED;
    if const { narrow::<K, T>(C::WINDOW.outputs()) } {
        return learn_filters::<K::Narrow, T, C, U, A>(wide, from, weights, slots, rule);
    }
    let n = (wide.len() / C::WINDOW.wide_len()).min(from.len() / C::WINDOW.narrow_len());
    let (from, weights) = (from.as_ptr(), weights.flat_mut().as_mut_ptr());
    for group in 0..const { C::WINDOW.groups() } {
        let wide = wide.as_ptr().wrapping_add(group * C::WINDOW.inputs());
        let at = group * C::WINDOW.outputs();
        channels!(V<T, K>, C::WINDOW.outputs(), |j, last, NV, PART| {
            let wide = wide.wrapping_add(if C::EACH { j } else { 0 });
            // SAFETY: `n` samples, and the panels cover a group's outputs.
            unsafe { panel::<K, T, C, U, A, NV, PART>(n, wide, from.wrapping_add(at + j), weights, at + j, last, slots, rule) }
        });
    }
}

/// Updates `NV` vectors of each row of the weights, from place `at` of the first on, where `narrow` begins; with `n` samples.
///
/// # Safety
/// They are there, as for [`update_tile`].
#[allow(clippy::too_many_arguments, reason = "the loops around it are theirs")]
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn panel<
    K: Kernels,
    T: Scalar,
    C: Convolution,
    U: Rule<T>,
    A: Array<T = T>,
    const NV: usize,
    const PART: bool,
>(
    n: usize,
    wide: *const T,
    narrow: *const T,
    weights: *mut T,
    at: usize,
    last: usize,
    slots: *mut <U::Slots as Copies>::Of<A>,
    rule: &U,
) {
    // In vectors, the sums of several tiles wait in memory while positions are treated that stay in the nearest cache.
    let even = Tiling::<K, T, C, NV>::GRADIENT;
    let planes = C::WINDOW.planes(n);
    let together = if const { <V<T, K>>::LANES == 1 } { 1 } else { BLOCK / even.height };
    let band = if together == 1 { usize::MAX } else { const { 1 + BAND / (C::WINDOW.wide + C::WINDOW.narrow) } };
    let Tiles { runs, length, .. } = C::TILES;
    let all = runs * even.tiles;
    for start in (0..all).step_by(together) {
        let tiles = start..(start + together).min(all);
        macro_rules! each_tile {
            (|$row:ident, $MR:ident| $run:expr, [$($height:literal)*]) => {
                for tile in tiles.clone() {
                    let $row = even.row(tile, length);
                    $(
                        if const { Tiling::<K, T, C, NV>::GRADIENT.has($height) } && even.rows_of(tile) == $height {
                            const $MR: usize = $height;
                            $run
                        }
                    )*
                }
            };
            (|$row:ident, $MR:ident| $run:expr) => {
                each_tile!(|$row, $MR| $run, [16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1])
            };
        }
        if const { <V<T, K>>::LANES == 1 } {
            each_tile!(|row, MR| {
                let mut sums = [[<V<T, K>>::ZERO; NV]; MR];
                // SAFETY: the caller's promise, for rows `row..row + MR` of the weights.
                unsafe {
                    add_positions::<K, T, C, MR, NV, PART>(&mut sums, planes, planes.whole(), wide, narrow, row, last);
                    update_tile::<T, V<T, K>, U, A, MR, NV, PART>(
                        weights,
                        slots,
                        &sums,
                        (row * C::WINDOW.narrow + at, C::WINDOW.narrow),
                        last,
                        rule,
                    );
                }
            });
        } else {
            let mut memory = [[<V<T, K>>::ZERO; NV]; BLOCK];
            let mut place = [0; 3];
            while place[0] < planes.samples {
                let (positions, next) = planes.band(place, band);
                let mut waiting = &mut memory[..];
                each_tile!(|row, MR| {
                    if let Some((sums, rest)) = core::mem::take(&mut waiting).split_first_chunk_mut() {
                        // SAFETY: as above.
                        unsafe {
                            add_positions::<K, T, C, MR, NV, PART>(sums, planes, positions, wide, narrow, row, last);
                        }
                        waiting = rest;
                    }
                });
                place = next;
            }
            let mut waiting = &memory[..];
            each_tile!(|row, MR| {
                if let Some((sums, rest)) = waiting.split_first_chunk() {
                    // SAFETY: as above.
                    unsafe {
                        update_tile::<T, V<T, K>, U, A, MR, NV, PART>(
                            weights,
                            slots,
                            sums,
                            (row * C::WINDOW.narrow + at, C::WINDOW.narrow),
                            last,
                            rule,
                        );
                    }
                    waiting = rest;
                }
            });
        }
    }
}

/// Rows of weights whose sums wait in memory.
const BLOCK: usize = 48;

/// Numbers of both sides that are treated meanwhile.
const BAND: usize = 6144;

/// Some positions: those of so many samples, rows and columns.
#[derive(Clone, Copy)]
struct Positions {
    samples: (usize, usize),
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Planes {
    /// All positions.
    #[inline(always)]
    const fn whole(self) -> Positions {
        Positions {
            samples: (0, self.samples),
            rows: (0, self.rows.positions()),
            columns: (0, self.columns.positions()),
        }
    }

    /// About `count` positions from a sample, row and column on, and where the next begin.
    #[inline(always)]
    fn band(self, [sample, row, column]: [usize; 3], count: usize) -> (Positions, [usize; 3]) {
        let (rows, columns) = (self.rows.positions(), self.columns.positions());
        let bottom = (row + count.checked_div(columns).unwrap_or(1).max(1)).min(rows);
        let right = (column + count).min(columns);
        let next = if right < columns {
            [sample, row, right]
        } else if bottom < rows {
            [sample, bottom, 0]
        } else {
            [sample + 1, 0, 0]
        };
        (Positions { samples: (sample, sample + 1), rows: (row, bottom), columns: (column, right) }, next)
    }
}

/// How the rows of the weights, one a tap and wide channel, are cut into tiles: in runs of so many; `scattered` if those of a tile are of several taps
/// at any places.
struct Tiles {
    runs: usize,
    length: usize,
    scattered: bool,
}

/// These, as constants.
trait Cut: Convolution {
    const TILES: Tiles = Self::WINDOW.tiles();
    const EDGES: bool = Self::WINDOW.has_edges();
}
impl<C: Convolution> Cut for C {}

impl Window {
    /// A run is the channels of a tap, or of a row of taps where they are neighbours and none is on padding, or, if these are few, all there are.
    const fn tiles(self) -> Tiles {
        let all = self.taps() * self.per;
        let length = if self.runs() && !self.padded() { self.columns.kernel * self.per } else { self.per };
        if length < 8 {
            Tiles { runs: 1, length: all, scattered: true }
        } else {
            Tiles { runs: all / length, length, scattered: false }
        }
    }

    /// Whether a tile has taps of which some are on padding where others aren't.
    const fn has_edges(self) -> bool {
        self.padded() && self.tiles().scattered
    }
}

impl<K: Kernels, T: Scalar, C: Convolution, const NV: usize> Tiling<K, T, C, NV> {
    const GRADIENT: Even = even(C::TILES.length, most::<K, T>(NV));
}

/// How many rows of `vectors` each a tile has at most: their sums are in registers.
const fn most<K: Kernels, T: Scalar>(vectors: usize) -> usize {
    let others = if vectors == 3 && <V<T, K>>::LANES > 1 { 5 } else { 4 };
    let rows = (K::REGISTERS - others) / vectors;
    if rows > 16 { 16 } else { rows }
}

impl Even {
    /// Whether there are tiles of so many rows.
    const fn has(self, rows: usize) -> bool {
        rows == self.height && self.tall > 0 || rows + 1 == self.height && self.tall < self.tiles
    }

    /// How many rows a tile has, of any run.
    #[inline(always)]
    const fn rows_of(self, tile: usize) -> usize {
        if tile % self.tiles < self.tall { self.height } else { self.height - 1 }
    }

    /// The first row of a tile, where runs are of `length` rows.
    #[inline(always)]
    const fn row(self, tile: usize, length: usize) -> usize {
        let (run, tile) = (tile / self.tiles, tile % self.tiles);
        run * length + tile * self.height - tile.saturating_sub(self.tall)
    }
}

/// Adds some positions to the gradient of `MR` rows of weights from row `first`, and `NV` vectors of narrow channels.
///
/// # Safety
/// They are there, on both sides.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn add_positions<K: Kernels, T: Scalar, C: Convolution, const MR: usize, const NV: usize, const PART: bool>(
    gradient: &mut [[V<T, K>; NV]; MR],
    Planes { rows, columns, .. }: Planes,
    positions: Positions,
    wide: *const T,
    narrow: *const T,
    first: usize,
    last: usize,
) {
    let Window { per, .. } = C::WINDOW;
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
    let within = |(start, end): (usize, usize)| (start.max(positions.columns.0), end.min(positions.columns.1));
    let (inner, outer) = (within((left.0, right.1)), within((right.0, left.1)));
    let inner = (inner.0.min(outer.1), inner.1.max(inner.0.min(outer.1)));
    let mut sums = *gradient;
    for sample in positions.samples.0..positions.samples.1 {
        for row in bottom.0.max(positions.rows.0)..top.1.min(positions.rows.1) {
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
                            let from =
                                from.wrapping_add(if C::TILES.scattered { offsets[$r] } else { offsets[0] + $r });
                            for v in 0..NV {
                                // SAFETY: the tap falls on a number.
                                let a = unsafe {
                                    if C::EACH {
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
                    if C::EDGES {
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
    *gradient = sums;
}
