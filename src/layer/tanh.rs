//! Tanh: y = tanh x; y' = 1 - y².

use super::Elementwise;
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Hyperbolic tangent. y = tanh x; y' = 1 - y².
#[derive(Clone, Copy, Debug)]
pub struct Tanh<const N: usize, A = f32> {
    scalar: core::marker::PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, A: Array] Tanh<N, A> { scalar });
crate::elementwise!(Tanh, in_place);

impl<const N: usize, A: Array> Tanh<N, A> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, A: Array> Default for Tanh<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Elementwise<T> for Tanh<N, A> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        x.tanh()
    }

    #[inline(always)]
    fn derivative(&self, y: T) -> T {
        T::ONE - y * y
    }
}
