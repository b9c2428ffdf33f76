//! SiLU: y = x s(x) with s the logistic function; y' = s + x s (1 - s).

use super::Elementwise;
use super::elementwise::gated;
use crate::scalar::Scalar;

/// Sigmoid linear unit, also called Swish. Elfwing et al. 2017. y = x s(x) with s the logistic function; y' = s + x s (1 - s).
#[derive(Clone, Copy, Debug)]
pub struct SiLU<const N: usize, T = f32> {
    scalar: core::marker::PhantomData<T>,
}
crate::zeroed!([const N: usize, T: Scalar] SiLU<N, T> { scalar });
crate::elementwise!(SiLU, apart);

impl<const N: usize, T: Scalar> SiLU<N, T> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, T: Scalar> Default for SiLU<N, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar> Elementwise<T> for SiLU<N, T> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        gated(x, x.sigmoid())
    }

    #[inline(always)]
    fn derivative(&self, x: T) -> T {
        let s = x.sigmoid();
        s + gated(x, s * (T::ONE - s))
    }
}
