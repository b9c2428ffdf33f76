//! Tanh: y = tanh x; y' = 1 - y².

use super::Elementwise;
use crate::scalar::Scalar;

/// Hyperbolic tangent. y = tanh x; y' = 1 - y².
#[derive(Clone, Copy, Debug)]
pub struct Tanh<const N: usize, T = f32> {
    scalar: core::marker::PhantomData<T>,
}
crate::zeroed!([const N: usize, T: Scalar] Tanh<N, T> { scalar });
crate::elementwise!(Tanh, in_place);

impl<const N: usize, T: Scalar> Tanh<N, T> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, T: Scalar> Default for Tanh<N, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar> Elementwise<T> for Tanh<N, T> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        x.tanh()
    }

    #[inline(always)]
    fn derivative(&self, y: T) -> T {
        T::ONE - y * y
    }
}
