//! ReLU: y = x where x > 0, else 0; y' = 1 where y > 0, else 0 (0 at 0). NaN stays NaN, so that it shows in the loss.

use super::Elementwise;
use crate::kernel::{self, Lanes};
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Rectified linear unit: max(x, 0). Nair and Hinton 2010. y = x where x > 0, else 0; y' = 1 where y > 0, else 0 (0 at 0). NaN stays NaN, so that it shows in the loss.
#[derive(Clone, Copy, Debug)]
pub struct ReLU<const N: usize, A = f32> {
    scalar: core::marker::PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, A: Array] ReLU<N, A> { scalar });
crate::elementwise!(ReLU, in_place);

impl<const N: usize, A: Array> ReLU<N, A> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, A: Array> Default for ReLU<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Elementwise<T> for ReLU<N, A> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        if x <= T::ZERO { T::ZERO } else { x }
    }

    #[inline(always)]
    fn derivative(&self, y: T) -> T {
        if y <= T::ZERO { T::ZERO } else { T::ONE }
    }

    const FUSES: bool = true;

    #[inline(always)]
    fn fused_value<U: Scalar, V: Lanes<U>>(&self, x: V) -> V {
        x.below(V::splat(U::SMALLEST), V::ZERO, x)
    }

    #[inline(always)]
    fn fused_slope<V: Lanes<T>>(&self, y: V) -> V {
        y.below(V::splat(T::SMALLEST), V::ZERO, V::splat(T::ONE))
    }

    #[inline(always)]
    fn values(&self, values: &mut [T]) {
        if !kernel::relu(values) {
            for value in values {
                *value = self.value(*value);
            }
        }
    }

    #[inline(always)]
    fn gradients(&self, grad: &mut [T], y: &[T]) {
        if !kernel::relu_gradient(grad, y) {
            for (grad, &y) in grad.iter_mut().zip(y) {
                *grad *= self.derivative(y);
            }
        }
    }
}
