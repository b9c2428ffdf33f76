//! Softplus: y = ln(1 + eˣ); y' = 1 - e⁻ʸ.

use super::Elementwise;
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Softplus. Dugas et al. 2001. y = ln(1 + eˣ); y' = 1 - e⁻ʸ.
#[derive(Clone, Copy, Debug)]
pub struct Softplus<const N: usize, A = f32> {
    scalar: core::marker::PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, A: Array] Softplus<N, A> { scalar });
crate::elementwise!(Softplus, in_place);

impl<const N: usize, A: Array> Softplus<N, A> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, A: Array> Default for Softplus<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Elementwise<T> for Softplus<N, A> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        x.at_least(T::ZERO) + (-x.abs()).exp().ln_1p()
    }

    #[inline(always)]
    fn derivative(&self, y: T) -> T {
        -(-y).exp_m1()
    }
}
