//! Convolution: windows that slide over a wide side and give a narrow one, channels last, over weights `w` of `[TAPS][PER][NARROW]` numbers.
//!
//! In plain loops, with every sum in this order; a tap that falls on padding is left out:
//! ```text
//! correlate  narrow[p][o] = Σₖ Σ꜀ wide[p · S + k · D - before][c] · w[k][c][o]      taps k row by row, then c
//! spread     wide[q][c]   = Σₖ Σₒ narrow[(q + before - k · D) / S][o] · w[k][c][o]  taps k row by row, then o
//! gradient   g[k][c][o]   = Σ_b Σₚ wide[p · S + k · D - before][c] · narrow[p][o]   samples, then positions row by row; w is updated at once
//! ```
//! A narrow channel is joined to `PER` wide ones, those of its group. What differs here: sums stay in registers, tile by tile, a position's neighbours
//! are the rows of a tile, and the vectors run along channels that aren't summed, so no order changes with their width.

// `i + 1 <= n` is what a height of any size asks; for one of 1 there is a shorter form.
#![allow(clippy::int_plus_one)]

mod correlate;
mod gradient;
mod spread;

pub use self::correlate::correlate;
pub use self::gradient::learn_filters;
pub use self::spread::spread;

use super::tile::{V, some};
use super::{Kernels, Lanes};
use crate::layer::size::Axis;
use crate::scalar::Scalar;
use crate::sealed::Sealed;

/// The sizes of a convolution, as a type. It is sealed: pointers are made from them.
pub trait Convolution: Sealed + 'static {
    /// The sizes.
    const WINDOW: Window;
}

/// What follows from the sizes: constants, so that the compiler works them out once and not in each function. Nobody else can give them.
trait Sizes: Convolution {
    /// Whether each channel stands alone: vectors then run along the channels of both sides.
    const EACH: bool = Self::WINDOW.each();
    /// Whether a number is read once for all taps of a row.
    const SLIDES: bool = Self::WINDOW.slides();
    /// Channels that aren't groups would be looked for where there are none.
    const CHECKED: () = {
        let Window { wide, narrow, per, .. } = Self::WINDOW;
        // Without channels the layer has said so by then.
        let groups = quotient(wide, per);
        let even = wide == groups * per && narrow.is_multiple_of(groups);
        assert!(wide == 0 || even, "as many channels in each group")
    };
}
impl<C: Convolution> Sizes for C {}

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// How it slides down the rows of the wide side.
    pub rows: Axis,
    /// How it slides along the columns of the wide side.
    pub columns: Axis,
    /// Channels of the wide side.
    pub wide: usize,
    /// Channels of the narrow side.
    pub narrow: usize,
    /// Wide channels that a narrow one is joined to.
    pub per: usize,
}

impl Window {
    /// Numbers of a sample's wide side.
    #[inline(always)]
    pub const fn wide_len(self) -> usize {
        self.rows.size * self.columns.size * self.wide
    }

    /// Numbers of a sample's narrow side.
    #[inline(always)]
    pub const fn narrow_len(self) -> usize {
        self.rows.positions() * self.columns.positions() * self.narrow
    }

    /// Numbers of the window in one channel.
    #[inline(always)]
    pub const fn taps(self) -> usize {
        self.rows.kernel * self.columns.kernel
    }

    /// How many weights there are.
    #[inline(always)]
    pub const fn weights(self) -> usize {
        self.taps() * self.per * self.narrow
    }

    /// Multiply-adds of a sample, those with padding included.
    #[inline(always)]
    pub const fn multiply_adds(self) -> u64 {
        self.weights() as u64 * self.rows.positions() as u64 * self.columns.positions() as u64
    }

    /// Whether each channel stands alone: vectors then run along the channels of both sides.
    #[inline(always)]
    const fn each(self) -> bool {
        self.per == 1 && self.wide == self.narrow
    }

    /// Whether, channel by channel, a number of one position's window is the next of the one before, and so is read once for both.
    #[inline(always)]
    const fn slides(self) -> bool {
        let taps = self.columns.kernel;
        self.each() && self.columns.stride == 1 && self.columns.dilation == 1 && taps >= 2 && taps <= TAPS
    }

    /// Groups that are treated one by one.
    #[inline(always)]
    const fn groups(self) -> usize {
        if self.each() { 1 } else { quotient(self.wide, self.per) }
    }

    /// Narrow channels of a group.
    #[inline(always)]
    const fn outputs(self) -> usize {
        quotient(self.narrow, self.groups())
    }

    /// Wide channels of a group.
    #[inline(always)]
    const fn inputs(self) -> usize {
        quotient(self.wide, self.groups())
    }

    /// Whether the taps of a row are one run of numbers.
    #[inline(always)]
    const fn runs(self) -> bool {
        !self.each() && self.columns.dilation == 1 && self.per == self.wide
    }

    /// Whether a tap can fall on padding.
    #[inline(always)]
    const fn padded(self) -> bool {
        self.rows.is_padded() || self.columns.is_padded()
    }

    /// The sizes for `n` samples: these are rows of one where no window reaches over two rows, and columns where none reaches over two numbers.
    #[inline(always)]
    const fn planes(self, n: usize) -> Planes {
        let Self { mut rows, mut columns, .. } = self;
        if !rows.is_pointwise() {
            return Planes { samples: n, rows, columns };
        }
        rows.size *= n;
        if columns.is_pointwise() {
            columns.size *= rows.size;
            rows.size = 1;
        }
        Planes { samples: 1, rows, columns }
    }
}

/// `a / b`, and 0 where `b` is 0: constants of a layer without channels aren't errors of their own.
const fn quotient(a: usize, b: usize) -> usize {
    match a.checked_div(b) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// How a batch is gone through.
#[derive(Clone, Copy)]
struct Planes {
    samples: usize,
    rows: Axis,
    columns: Axis,
}

/// `sums[r][v] += Σₛ a[r · a_row + s · a_step] · m[s · m_step + v · m_next ..]`, for `MR` rows and `NV` vectors, the last of them with `last` numbers.
/// If `EACH`, `a` has a number for each lane.
///
/// # Safety
/// Those numbers are there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn add<T: Scalar, V: Lanes<T>, const MR: usize, const NV: usize, const PART: bool, const EACH: bool>(
    sums: &mut [[V; NV]; MR],
    steps: usize,
    (a, a_row, a_step): (*const T, usize, usize),
    (m, m_step, m_next): (*const T, usize, usize),
    last: usize,
) {
    for s in 0..steps {
        let mut b = [V::ZERO; NV];
        for v in 0..NV {
            // SAFETY: the caller's promise.
            b[v] = unsafe { some(m.add(s * m_step + v * m_next), count::<T, V, NV, PART>(v, last)) };
        }
        for r in 0..MR {
            // SAFETY: the caller's promise.
            let a = unsafe { a.add(r * a_row + s * a_step) };
            for v in 0..NV {
                // SAFETY: the caller's promise.
                let a = unsafe {
                    if EACH { some(a.add(v * V::LANES), count::<T, V, NV, PART>(v, last)) } else { V::splat(*a) }
                };
                sums[r][v] = a.mul_add(b[v], sums[r][v]);
            }
        }
    }
}

/// Taps of a row that [`slide`] has registers for, at most.
const TAPS: usize = 4;

/// `sums[r][v] += Σₖ a[(r + k) · a_step + ..] · m[k · m_step + v · m_next ..]` lane by lane, for `taps` taps k: each vector of `a` is read once. If
/// `BACK`, r counts from the last row.
///
/// # Safety
/// Those numbers are there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn slide<T: Scalar, V: Lanes<T>, const MR: usize, const NV: usize, const PART: bool, const BACK: bool>(
    sums: &mut [[V; NV]; MR],
    taps: usize,
    (a, a_step): (*const T, isize),
    (m, m_step, m_next): (*const T, usize, usize),
    last: usize,
) {
    for v in 0..NV {
        let count = count::<T, V, NV, PART>(v, last);
        let mut weights = [V::ZERO; TAPS];
        for k in 0..taps {
            // SAFETY: the caller's promise.
            weights[k] = unsafe { some(m.add(k * m_step + v * m_next), count) };
        }
        for q in 0..MR + taps - 1 {
            // SAFETY: the caller's promise.
            let a: V = unsafe { some(a.wrapping_offset(q as isize * a_step).add(v * V::LANES), count) };
            for k in 0..taps {
                if k <= q && q - k < MR {
                    let r = if BACK { MR - 1 - (q - k) } else { q - k };
                    sums[r][v] = a.mul_add(weights[k], sums[r][v]);
                }
            }
        }
    }
}

/// How many numbers vector `v` of `NV` has.
#[inline(always)]
const fn count<T, V: Lanes<T>, const NV: usize, const PART: bool>(v: usize, last: usize) -> usize {
    if PART && v + 1 == NV { last } else { V::LANES }
}

/// How many rows of `vectors` each a line's tile has at most: as many as there are registers for their sums and what is multiplied.
const fn most<K: Kernels, T: Scalar>(vectors: usize) -> usize {
    match (vectors, K::REGISTERS >= 32) {
        (1, true) => 16,
        (2, true) => 12,
        (_, true) => 8,
        (1, false) => {
            if <V<T, K>>::LANES > 1 {
                12
            } else {
                8
            }
        }
        (2, false) => 6,
        // With four the compiler runs out of registers.
        _ => {
            if <V<T, K>>::LANES > 1 {
                3
            } else {
                4
            }
        }
    }
}

/// How the loops over a window are cut into tiles of `NV` vectors: constants, so that the compiler works them out once and not for each height.
struct Tiling<K, T, C, const NV: usize>(core::marker::PhantomData<(K, T, C)>);

/// Rows cut into as few tiles as can be, all of them of `height` rows or, after `tall` of these, one less.
#[derive(Clone, Copy)]
struct Even {
    tiles: usize,
    height: usize,
    tall: usize,
}

const fn even(rows: usize, most: usize) -> Even {
    let tiles = rows.div_ceil(most);
    let height = if tiles == 0 { 0 } else { rows.div_ceil(tiles) };
    Even { tiles, height, tall: if tiles == 0 { 0 } else { rows - tiles * (height - 1) } }
}

/// The heights of tiles for which there is code, a bit each.
#[derive(Clone, Copy)]
struct Heights(u32);

impl Heights {
    /// Those of `rows` that are cut evenly.
    const fn of(rows: usize, most: usize) -> Self {
        let Even { tiles, height, tall } = even(rows, most);
        Self(if tiles == 0 { 0 } else { 1 << height } | if tall < tiles { 1 << (height - 1) } else { 0 })
    }

    /// Those of any number of rows.
    const fn any(most: usize) -> Self {
        let half = if most < 8 { 0 } else { 1 << (most / 2) | if most < 16 { 0 } else { 1 << (most / 4) } };
        Self(0b110 | half | 1 << most)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, height: usize) -> bool {
        self.0 >> height & 1 == 1
    }

    /// Cuts rows evenly if there are such tiles, else into the highest first.
    #[inline(always)]
    const fn cut(self, rows: usize, most: usize) -> Cut {
        let highest = Cut { rows, height: most, tall: rows };
        if self.0 == Self::any(most).0 {
            return highest;
        }
        let Even { tiles, height, tall } = even(rows, most);
        if self.has(height) && (tall == tiles || self.has(height - 1)) {
            Cut { rows, height, tall: tall * height }
        } else {
            highest
        }
    }
}

/// Rows in tiles of `height`, and from row `tall` on in smaller ones.
#[derive(Clone, Copy)]
struct Cut {
    rows: usize,
    height: usize,
    tall: usize,
}

impl Cut {
    /// Where tiles of that height end.
    #[inline(always)]
    const fn end(self, height: usize) -> usize {
        if height > self.height {
            0
        } else if height == self.height {
            self.tall
        } else {
            self.rows
        }
    }
}

/// Runs `$body` for the rows of a cut from `$i`, `$MR` of them at a time, where these are some of `$heights`.
macro_rules! heights {
    ($heights:expr, $cut:expr, |$i:ident, $MR:ident| $body:expr) => {
        heights!($heights, $cut, |$i, $MR| $body, [16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1])
    };
    ($heights:expr, $cut:expr, |$i:ident, $MR:ident| $body:expr, [$($height:literal)*]) => {{
        let (cut, mut $i) = ($cut, 0);
        $(
            if const { $heights.has($height) } {
                while $i + $height <= cut.end($height) {
                    const $MR: usize = $height;
                    $body
                    $i += $height;
                }
            }
        )*
    }};
}
use heights;

/// Runs `$body` for lines of a side: the `$count` places from `$row` and `$column` on, along a row, or, if `$down`, down a column. The inner rows and
/// columns, on which the same taps fall, are long lines; beside them a line runs down a column, and what is in the corners is a line of its own.
macro_rules! lines {
    ($rows:expr, $inner_rows:expr, $columns:expr, $inner:expr, |$row:ident, $column:ident, $count:ident, $down:ident| $body:expr) => {{
        let (inner_rows, inner) = ($inner_rows, $inner);
        let edges = $columns - inner.1 + inner.0;
        let edge_rows = $rows - inner_rows.1 + inner_rows.0;
        for edge in 0..=edges {
            for i in 0..if edge == 0 { $rows } else { edge_rows + 1 } {
                let $down = edge > 0 && i == edge_rows;
                let $row = match i {
                    _ if $down => inner_rows.0,
                    _ if edge == 0 || i < inner_rows.0 => i,
                    _ => inner_rows.1 + i - inner_rows.0,
                };
                let $column = match edge {
                    0 => inner.0,
                    _ if edge <= inner.0 => edge - 1,
                    _ => inner.1 + edge - 1 - inner.0,
                };
                let $count = match edge {
                    0 => inner.1 - inner.0,
                    _ if $down => inner_rows.1 - inner_rows.0,
                    _ => 1,
                };
                if $count > 0 {
                    $body
                }
            }
        }
    }};
}
use lines;

/// Runs `$body` for the channels of a group, in panels of two vectors, or of three where their number is odd.
macro_rules! channels {
    ($V:ty, $C:expr, |$($names:ident),*| $body:expr) => {
        panels!(
            $V, $C, if $C.div_ceil(<$V as Lanes<T>>::LANES).is_multiple_of(2) { 2 } else { 3 }, [2 3],
            |$($names),*| $body
        )
    };
}
use channels;
