//! Binary cross-entropy: L = -1/N Σᵢ (tᵢ ln pᵢ + (1 - tᵢ) ln(1 - pᵢ)), the mean over the `N` outputs of a sample.
//!
//! On probabilities: ∂L/∂pᵢ = -(tᵢ/pᵢ - (1 - tᵢ)/(1 - pᵢ)) / N. Fused with the logistic function, on logits x:
//! Lᵢ = max(x, 0) - x t + ln(1 + e^-|x|), ∂L/∂xᵢ = (pᵢ - tᵢ) / N.

use super::{Compares, Loss, TargetError, check_finite};
use crate::layer::size::positive;
use crate::scalar::Scalar;
use crate::tensor::Vector;
use crate::total;

/// Binary cross-entropy of `N` probabilities: what [`Sigmoid`](crate::layer::Sigmoid) gives. p and 1 - p are held at 10⁻⁷ at least.
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryCrossEntropy<const N: usize> {
    nothing: (),
}
crate::storage::zeroed!([const N: usize] BinaryCrossEntropy<N> { nothing });

/// The logistic function and binary cross-entropy in one: takes `N` logits, and its gradient is (p - t) / N.
#[derive(Clone, Copy, Debug, Default)]
pub struct SigmoidCrossEntropy<const N: usize> {
    nothing: (),
}
crate::storage::zeroed!([const N: usize] SigmoidCrossEntropy<N> { nothing });

impl<T: Scalar, const N: usize> Loss<[T; N]> for BinaryCrossEntropy<N> {}
impl<T: Scalar, const N: usize> Loss<[T; N]> for SigmoidCrossEntropy<N> {}

/// p and 1 - p, both at least 10⁻⁷ (1 - p is computed first: 1 minus a clipped p would be wrong by a sixth in f32); NaN stays.
#[inline(always)]
fn clipped<T: Scalar>(p: T) -> (T, T) {
    // 1 - p is held at what f64 makes of 1 - (1 - 10⁻⁷), so that there it is 1 minus the clipped p.
    const LEAST_REST: f64 = 1.0 - (1.0 - 1e-7);
    let (clip, top) = (T::from_f64(1e-7), T::ONE - T::from_f64(1e-7));
    (p.clamp(clip, top), (T::ONE - p).clamp(T::from_f64(LEAST_REST), top))
}

impl<T: Scalar, const N: usize> Compares<[T; N], Vector<N, T>> for BinaryCrossEntropy<N> {
    #[inline(always)]
    fn check(&self, target: &Vector<N, T>) -> Result<(), TargetError> {
        check_finite(&target.0)
    }
    #[inline(always)]
    fn gradient(&self, y: &[T; N], target: &Vector<N, T>, scale: T, dy: &mut [T; N]) -> T {
        for i in 0..N {
            let ((p, q), t) = (clipped(y[i]), target.0[i]);
            dy[i] = ((T::ONE - t) / q - t / p) * (scale / T::from_usize(N));
        }
        self.loss(y, target)
    }
    #[inline(always)]
    fn loss(&self, y: &[T; N], target: &Vector<N, T>) -> T {
        const { positive("BinaryCrossEntropy", &["N"], &[N]) }
        let losses = y.iter().zip(&target.0).map(|(&y, &t)| {
            let (p, q) = clipped(y);
            -(t * p.ln() + (T::ONE - t) * q.ln())
        });
        total::sum(losses) / T::from_usize(N)
    }
}

impl<T: Scalar, const N: usize> Compares<[T; N], Vector<N, T>> for SigmoidCrossEntropy<N> {
    #[inline(always)]
    fn check(&self, target: &Vector<N, T>) -> Result<(), TargetError> {
        check_finite(&target.0)
    }
    #[inline(always)]
    fn gradient(&self, y: &[T; N], target: &Vector<N, T>, scale: T, dy: &mut [T; N]) -> T {
        for i in 0..N {
            dy[i] = (y[i].sigmoid() - target.0[i]) * (scale / T::from_usize(N));
        }
        self.loss(y, target)
    }
    #[inline(always)]
    fn loss(&self, y: &[T; N], target: &Vector<N, T>) -> T {
        const { positive("SigmoidCrossEntropy", &["N"], &[N]) }
        let losses = y.iter().zip(&target.0).map(|(&x, &t)| {
            let positive = if x < T::ZERO { T::ZERO } else { x };
            positive - x * t + (-x.abs()).exp().ln_1p()
        });
        total::sum(losses) / T::from_usize(N)
    }
}
