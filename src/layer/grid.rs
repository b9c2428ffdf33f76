//! Arrays of positions, each with its channels: sequences and images.

use crate::scalar::Scalar;
use crate::tensor::Array;

/// Positions in rows and columns, row-major, each with channels: an image `[[[T; C]; W]; H]`, a sequence `[[T; C]; LEN]`, which is one row, or
/// one position, `[T; C]`.
pub trait Grid: Array {
    /// The channels of a position.
    type Pixel: Array<T = Self::T>;
    /// How many axes a window can slide along.
    const AXES: usize;
    /// Rows.
    const HEIGHT: usize;
    /// Positions of a row.
    const WIDTH: usize;

    /// The positions of samples.
    #[inline(always)]
    fn pixels(samples: &[Self]) -> &[Self::Pixel] {
        Self::Pixel::group(Self::flatten(samples))
    }
    /// The positions of samples, to be changed.
    #[inline(always)]
    fn pixels_mut(samples: &mut [Self]) -> &mut [Self::Pixel] {
        Self::Pixel::group_mut(Self::flatten_mut(samples))
    }
}

impl<T: Scalar, const C: usize> Grid for [T; C] {
    type Pixel = [T; C];
    const AXES: usize = 0;
    const HEIGHT: usize = 1;
    const WIDTH: usize = 1;
}

impl<T: Scalar, const C: usize, const LEN: usize> Grid for [[T; C]; LEN] {
    type Pixel = [T; C];
    const AXES: usize = 1;
    const HEIGHT: usize = 1;
    const WIDTH: usize = LEN;
}

impl<T: Scalar, const C: usize, const W: usize, const H: usize> Grid for [[[T; C]; W]; H] {
    type Pixel = [T; C];
    const AXES: usize = 2;
    const HEIGHT: usize = H;
    const WIDTH: usize = W;
}
