//! Tiles: some rows and vectors of a product, whose sums stay in registers; and how the columns of a matrix are cut into panels of vectors.

// Inlined into the step, which is compiled for the instructions that were chosen; but functions of their own in debug builds, where each
// tile inlined would cost its stack again.

use super::{Kernels, Lanes};
use crate::scalar::Scalar;

/// The vector of a number type.
pub(super) type V<T, K> = <T as Scalar>::Lanes<K>;
/// Its sixteen lanes.
pub(super) type V16<T, K> = <T as Scalar>::Sixteen<K>;

/// Whether a row of `columns` numbers fits into half a vector. Single numbers don't stand for a vector: they may round products otherwise.
pub(super) const fn narrow<K: Kernels, T: Scalar>(columns: usize) -> bool {
    <V<T, K::Narrow>>::LANES > 1 && columns * 2 <= <V<T, K>>::LANES
}

/// Whether there are sixteen vectors: six rows and two vectors of sums, and what is multiplied. With four rows and three the compiler runs
/// out of them, and the product takes twice as long.
pub(super) const fn few<K: Kernels, T: Scalar>() -> bool {
    <V<T, K>>::LANES > 1 && K::REGISTERS < 32
}

/// How many times the processor's vectors hold the sixteen sums of a dot product.
pub(super) const fn sixteens<K: Kernels, T: Scalar>() -> usize {
    K::REGISTERS * <V<T, K>>::LANES / 16
}

/// A vector, or what is left at the end of a row.
///
/// # Safety
/// `count` numbers are there, and all lanes unless `PART`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn load<T, V: Lanes<T>, const PART: bool>(from: *const T, count: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe { if PART { V::load_some(from, count) } else { V::load(from) } }
}

/// A vector of `count` numbers and zeros.
///
/// # Safety
/// They are there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn some<T, V: Lanes<T>>(from: *const T, count: usize) -> V {
    // SAFETY: the caller's promise.
    unsafe { if count == V::LANES { V::load(from) } else { V::load_some(from, count) } }
}

/// `MR` rows and `NV` vectors of a product: `start + Σₖ a[r · a_row + k · a_step] · m[k · m_step + ..]`, in `CHAINS` interleaved sums, of
/// which the first begins at `start`. The last vector has `last` numbers if `PART`.
///
/// # Safety
/// Those numbers are there.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn tile<
    T: Scalar,
    V: Lanes<T>,
    const MR: usize,
    const NV: usize,
    const PART: bool,
    const CHAINS: usize,
>(
    start: [[V; NV]; MR],
    steps: usize,
    a: *const T,
    (a_row, a_step): (usize, usize),
    m: *const T,
    m_step: usize,
    last: usize,
) -> [[V; NV]; MR] {
    let mut sums = [[[V::ZERO; NV]; MR]; CHAINS];
    sums[0] = start;
    if CHAINS > 1 && (MR > 2 || V::LANES == 1) {
        // One after the other: the registers hold no more. And the compiler makes vectors of neighbouring columns, not of neighbouring rows.
        for (chain, sums) in sums.iter_mut().enumerate() {
            for k in (chain..steps).step_by(CHAINS) {
                // SAFETY: the caller's promise, for each k below `steps`.
                unsafe { tile_step::<T, V, MR, NV, PART>(sums, a.add(k * a_step), a_row, m.add(k * m_step), last) };
            }
        }
    } else {
        let mut k = 0;
        while k < steps {
            for chain in 0..CHAINS {
                if CHAINS > 1 && k + chain >= steps {
                    break;
                }
                let k = k + chain;
                // SAFETY: the caller's promise, for each k below `steps`.
                unsafe {
                    tile_step::<T, V, MR, NV, PART>(
                        &mut sums[chain],
                        a.add(k * a_step),
                        a_row,
                        m.add(k * m_step),
                        last,
                    );
                }
            }
            k += CHAINS;
        }
    }
    add_chains(sums)
}

/// One k of [`tile`].
///
/// # Safety
/// As there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn tile_step<T: Scalar, V: Lanes<T>, const MR: usize, const NV: usize, const PART: bool>(
    sums: &mut [[V; NV]; MR],
    a: *const T,
    a_row: usize,
    m: *const T,
    last: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut b = [V::ZERO; NV];
        for v in 0..NV {
            let from = m.add(v * V::LANES);
            b[v] = if v + 1 == NV { load::<T, V, PART>(from, last) } else { V::load(from) };
        }
        for r in 0..MR {
            let a = V::splat(*a.add(r * a_row));
            for v in 0..NV {
                sums[r][v] = a.mul_add(b[v], sums[r][v]);
            }
        }
    }
}

/// The interleaved sums of a tile, added as a tree.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn add_chains<T, V: Lanes<T>, const MR: usize, const NV: usize, const CHAINS: usize>(
    mut sums: [[[V; NV]; MR]; CHAINS],
) -> [[V; NV]; MR] {
    for r in 0..MR {
        for v in 0..NV {
            let mut half = CHAINS / 2;
            while half > 0 {
                for chain in 0..half {
                    sums[chain][r][v] = sums[chain][r][v] + sums[chain + half][r][v];
                }
                half /= 2;
            }
        }
    }
    sums[0]
}

/// Runs `$body` for the columns of a row of `$C` numbers, in panels of at most `$most` vectors, which is one of those in brackets: `$NV` vectors from
/// column `$j`, the last of them with `$last` numbers if `$PART`. The panels are known at compile time.
///
/// Every choice is a constant, so that code for others isn't even generated. But the compiler checks `$body` once for each: make it short.
macro_rules! panels {
    (@ $V:ty, $C:expr, $most:expr, |$j:ident, $last:ident, $NV:ident, $PART:ident| $body:expr,
     [$($whole:literal)*], [$(($n:literal $part:literal))*]) => {{
        const { assert!(false $(|| $whole == $most)*) }
        let lanes = <$V as Lanes<T>>::LANES;
        let $last = $C.wrapping_sub(1) % lanes + 1;
        $(
            if const { $whole == $most && cut($C, <$V as Lanes<T>>::LANES, $most).whole > 0 } {
                for panel in 0..const { cut($C, <$V as Lanes<T>>::LANES, $most).whole } {
                    let $j = panel * $whole * lanes;
                    const $NV: usize = $whole;
                    const $PART: bool = false;
                    $body
                }
            }
        )*
        let $j = const { cut($C, <$V as Lanes<T>>::LANES, $most).whole * $most } * lanes;
        $(
            if const { cut($C, <$V as Lanes<T>>::LANES, $most).is($n, $part) } {
                const $NV: usize = $n;
                const $PART: bool = $part;
                $body
            }
        )*
    }};
    ($V:ty, $C:expr, $most:expr, [2], |$($names:ident),*| $body:expr) => {
        panels!(@ $V, $C, $most, |$($names),*| $body, [2], [(1 true) (1 false) (2 true)])
    };
    ($V:ty, $C:expr, $most:expr, [3], |$($names:ident),*| $body:expr) => {
        panels!(@ $V, $C, $most, |$($names),*| $body, [3], [(1 true) (1 false) (2 true) (2 false) (3 true)])
    };
    ($V:ty, $C:expr, $most:expr, [2 3], |$($names:ident),*| $body:expr) => {
        panels!(@ $V, $C, $most, |$($names),*| $body, [2 3], [(1 true) (1 false) (2 true) (2 false) (3 true)])
    };
    ($V:ty, $C:expr, $most:expr, [4 8], |$($names:ident),*| $body:expr) => {
        panels!(@ $V, $C, $most, |$($names),*| $body, [4 8], [(1 true) (1 false) (2 true) (2 false) (3 true) (3 false)
            (4 true) (4 false) (5 true) (5 false) (6 true) (6 false) (7 true) (7 false) (8 true)])
    };
}

/// [`panels`] of as many vectors as a tile of several rows has.
macro_rules! tile_panels {
    ($K:ty, $T:ty, $C:expr, |$($names:ident),*| $body:expr) => {
        panels!(V<$T, $K>, $C, if few::<$K, $T>() { 2 } else { 3 }, [2 3], |$($names),*| $body)
    };
}

/// Runs `$body` for the rows from `$start` to before `$end` in tiles of `$MR` rows, with sums in `$CHAINS` parts: as many as the registers hold.
macro_rules! tile_rows {
    (@ $height:literal, $if:expr, $end:ident, |$b:ident, $MR:ident| $body:expr) => {
        while $b + $height <= $end && $if {
            const $MR: usize = $height;
            $body
            $b += $height;
        }
    };
    ($K:ty, $T:ty, $CHAINS:expr, $start:expr, $end:ident, |$b:ident, $MR:ident| $body:expr) => {
        let mut $b = $start;
        if const { few::<$K, $T>() } {
            tile_rows!(@ 4, $CHAINS > 1 || !($end - $b).is_multiple_of(6), $end, |$b, $MR| $body);
            if const { $CHAINS == 1 } {
                tile_rows!(@ 6, true, $end, |$b, $MR| $body);
            }
        } else if const { $CHAINS == 1 } {
            if const { <$K>::REGISTERS >= 32 } {
                tile_rows!(@ 8, true, $end, |$b, $MR| $body);
            }
            tile_rows!(@ 4, true, $end, |$b, $MR| $body);
        } else if const { <$K>::REGISTERS >= 32 } {
            tile_rows!(@ 2, true, $end, |$b, $MR| $body);
        }
        tile_rows!(@ 1, true, $end, |$b, $MR| $body);
    };
}

pub(super) use {panels, tile_panels, tile_rows};

/// How a row is cut: so many panels of whole vectors, then one of `rest` vectors, the last of them in part or not.
pub(super) struct Panels {
    pub(super) whole: usize,
    rest: usize,
    part: bool,
}

impl Panels {
    pub(super) const fn is(&self, rest: usize, part: bool) -> bool {
        self.rest == rest && self.part == part
    }
}

/// Cuts a row of `columns` numbers into panels of at most `most` vectors.
pub(super) const fn cut(columns: usize, lanes: usize, most: usize) -> Panels {
    let (vectors, part) = (columns.div_ceil(lanes), !columns.is_multiple_of(lanes));
    let whole = if part { (vectors - 1) / most } else { vectors / most };
    Panels { whole, rest: vectors - whole * most, part }
}
