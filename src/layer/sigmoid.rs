//! Sigmoid: y = 1 / (1 + e⁻ˣ); y' = y (1 - y).

use super::Elementwise;
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Logistic function. y = 1 / (1 + e⁻ˣ); y' = y (1 - y).
#[derive(Clone, Copy, Debug)]
pub struct Sigmoid<const N: usize, A = f32> {
    scalar: core::marker::PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, A: Array] Sigmoid<N, A> { scalar });
crate::elementwise!(Sigmoid, in_place);

impl<const N: usize, A: Array> Sigmoid<N, A> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, A: Array> Default for Sigmoid<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Elementwise<T> for Sigmoid<N, A> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        x.sigmoid()
    }

    #[inline(always)]
    fn derivative(&self, y: T) -> T {
        y * (T::ONE - y)
    }
}
