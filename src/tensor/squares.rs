//! A sum of squares of numbers of any size.

use crate::scalar::Scalar;
use crate::total::{BLOCK, Total};

/// Σ x², from which comes the root where x² itself is out of range: beside the plain sum there are those of numbers
/// that were made smaller and larger by a power of two. Blue 1978.
#[derive(Clone, Copy, Debug)]
pub struct Squares<T> {
    plain: T,
    reduced: T,
    enlarged: T,
}
crate::storage::zeroed!([T: Scalar] Squares<T> { plain, reduced, enlarged });

impl<T: Scalar> Squares<T> {
    /// Of no number.
    pub const NONE: Self = <Self as crate::storage::Zeroed>::ZERO;

    /// 2⁻⁸⁶ in `f32`: the square of the largest number times it is far below the largest number.
    fn power() -> T {
        (T::SMALLEST / T::EPSILON).sqrt() * T::EPSILON
    }

    /// With more numbers, one after the other.
    pub fn and(self, values: &[T]) -> Self {
        let (small, large) = (Self::power(), T::ONE / Self::power());
        values.iter().fold(self, |sum, &x| {
            let (less, more) = (x * small, x * large);
            Self {
                plain: x.mul_add(x, sum.plain),
                reduced: less.mul_add(less, sum.reduced),
                enlarged: more.mul_add(more, sum.enlarged),
            }
        })
    }

    /// Of numbers, in the blocks of [`total`](crate::total).
    pub fn of(values: &[T]) -> Self {
        let [mut plain, mut reduced, mut enlarged] = [Total::ZERO; 3];
        for block in values.chunks(BLOCK) {
            let block = Self::NONE.and(block);
            plain.add(block.plain);
            reduced.add(block.reduced);
            enlarged.add(block.enlarged);
        }
        Self { plain: plain.value(), reduced: reduced.value(), enlarged: enlarged.value() }
    }

    /// Of both.
    pub fn plus(self, other: Self) -> Self {
        Self {
            plain: self.plain + other.plain,
            reduced: self.reduced + other.reduced,
            enlarged: self.enlarged + other.enlarged,
        }
    }

    /// The root of the sum times a power of two, and that power: 1 where the plain sum is in range.
    pub fn root(&self) -> (T, T) {
        // What squares lose below the smallest normal number is nothing beside this.
        let least = T::SMALLEST / (T::EPSILON * T::EPSILON * T::EPSILON);
        if !self.plain.is_finite() {
            (self.reduced.sqrt(), Self::power())
        } else if self.plain < least {
            (self.enlarged.sqrt(), T::ONE / Self::power())
        } else {
            (self.plain.sqrt(), T::ONE)
        }
    }
}
