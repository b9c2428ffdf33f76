//! SiLU: y = x s(x) with s the logistic function; y' = s + x s (1 - s).

use super::Elementwise;
use super::elementwise::gated;
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Sigmoid linear unit, also called Swish. Elfwing et al. 2017. y = x s(x) with s the logistic function; y' = s + x s (1 - s).
#[derive(Clone, Copy, Debug)]
pub struct SiLU<const N: usize, A = f32> {
    scalar: core::marker::PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, A: Array] SiLU<N, A> { scalar });
crate::elementwise!(SiLU, apart);

impl<const N: usize, A: Array> SiLU<N, A> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, A: Array> Default for SiLU<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Elementwise<T> for SiLU<N, A> {
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
