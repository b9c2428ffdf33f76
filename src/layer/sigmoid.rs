//! Sigmoid: y = 1 / (1 + e⁻ˣ); y' = y (1 - y).

use super::Elementwise;
use crate::scalar::Scalar;

/// Logistic function. y = 1 / (1 + e⁻ˣ); y' = y (1 - y).
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid<const N: usize, T = f32> {
    scalar: core::marker::PhantomData<T>,
}
crate::zeroed!([const N: usize, T: Scalar] Sigmoid<N, T> { scalar });
crate::elementwise!(Sigmoid, in_place);

impl<const N: usize, T: Scalar> Sigmoid<N, T> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, T: Scalar> Default for Sigmoid<N, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar> Elementwise<T> for Sigmoid<N, T> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        x.sigmoid()
    }

    #[inline(always)]
    fn derivative(&self, y: T) -> T {
        y * (T::ONE - y)
    }
}
