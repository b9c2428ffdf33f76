//! Softplus: y = ln(1 + eˣ); y' = 1 - e⁻ʸ.

use super::Elementwise;
use crate::scalar::Scalar;

/// Softplus. Dugas et al. 2001. y = ln(1 + eˣ); y' = 1 - e⁻ʸ.
#[derive(Clone, Copy, Debug)]
pub struct Softplus<const N: usize, T = f32> {
    scalar: core::marker::PhantomData<T>,
}
crate::zeroed!([const N: usize, T: Scalar] Softplus<N, T> { scalar });
crate::elementwise!(Softplus, in_place);

impl<const N: usize, T: Scalar> Softplus<N, T> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, T: Scalar> Default for Softplus<N, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar> Elementwise<T> for Softplus<N, T> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        x.at_least(T::ZERO) + (-x.abs()).exp().ln_1p()
    }

    #[inline(always)]
    fn derivative(&self, y: T) -> T {
        -(-y).exp_m1()
    }
}
