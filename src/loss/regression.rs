//! Losses of numbers, each the mean over the numbers of a sample, with d = y - t:
//! squared d², absolute |d|, and Huber's: d²/2 where |d| ≤ δ, else δ (|d| - δ/2).

use super::{Compares, Loss, TargetError, check_finite};
use crate::layer::size::positive;
use crate::layer::{Setting, SettingError};
use crate::scalar::Scalar;
use crate::tensor::{Array, Tensor};
use crate::total;

/// Mean squared error of `N` outputs: 1/N Σ (y - t)².
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredError<const N: usize> {
    nothing: (),
}
crate::storage::zeroed!([const N: usize] MeanSquaredError<N> { nothing });

/// Mean absolute error of `N` outputs: 1/N Σ |y - t|; its gradient is 0 where y = t.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsoluteError<const N: usize> {
    nothing: (),
}
crate::storage::zeroed!([const N: usize] MeanAbsoluteError<N> { nothing });

/// Huber's loss of `N` outputs: quadratic to a distance δ, linear beyond. δ is 1 unless set. Huber 1964.
#[derive(Clone, Copy, Debug)]
pub struct Huber<const N: usize, T = f32> {
    delta: Setting<T>,
}
crate::storage::zeroed!([const N: usize, T: Scalar] Huber<N, T> { delta });

impl<const N: usize, T: Scalar> Huber<N, T> {
    /// With a distance δ.
    ///
    /// # Errors
    /// [`SettingError::Value`] if it isn't finite and positive.
    pub fn with_delta(delta: T) -> Result<Self, SettingError> {
        Ok(Self { delta: SettingError::Value.unless(delta.is_finite() && delta > T::ZERO, Setting::new(delta))? })
    }
}

/// The loss of one number and its derivative by d = y - t.
trait Distance<T> {
    fn distance(&self, d: T) -> (T, T);
}

impl<T: Scalar, const N: usize> Distance<T> for MeanSquaredError<N> {
    #[inline(always)]
    fn distance(&self, d: T) -> (T, T) {
        (d * d, d + d)
    }
}

impl<T: Scalar, const N: usize> Distance<T> for MeanAbsoluteError<N> {
    #[inline(always)]
    fn distance(&self, d: T) -> (T, T) {
        (d.abs(), sign(d))
    }
}

impl<T: Scalar, const N: usize> Distance<T> for Huber<N, T> {
    #[inline(always)]
    fn distance(&self, d: T) -> (T, T) {
        let (delta, half) = (self.delta.get(T::ONE), T::from_f64(0.5));
        if d.abs() > delta { (delta * (d.abs() - half * delta), delta * sign(d)) } else { (half * d * d, d) }
    }
}

/// 1, -1, 0, or NaN.
#[inline(always)]
fn sign<T: Scalar>(d: T) -> T {
    if d > T::ZERO {
        T::ONE
    } else if d < T::ZERO {
        -T::ONE
    } else {
        d
    }
}

macro_rules! regression { ($($name:ident $loss:ty),*) => { $(
    impl<T: Scalar, const N: usize> Loss<[T; N]> for $loss {}

    impl<T: Scalar, const N: usize> Compares<[T; N], Tensor<[T; N]>> for $loss {
        #[inline(always)]
        fn check(&self, target: &Tensor<[T; N]>) -> Result<(), TargetError> {
            check_finite(&target.0)
        }
        #[inline(always)]
        fn gradient(&self, y: &[T; N], target: &Tensor<[T; N]>, scale: T, dy: &mut [T; N]) -> T {
            const { positive(stringify!($name), &["N"], &[N]) }
            let count = T::from_usize(<[T; N]>::LEN);
            let losses = y.iter().zip(&target.0).zip(dy).map(|((&y, &t), dy)| {
                let (loss, slope) = self.distance(y - t);
                *dy = slope * (scale / count);
                loss
            });
            total::sum(losses) / count
        }
        #[inline(always)]
        fn loss(&self, y: &[T; N], target: &Tensor<[T; N]>) -> T {
            const { positive(stringify!($name), &["N"], &[N]) }
            let losses = y.iter().zip(&target.0).map(|(&y, &t)| self.distance(y - t).0);
            total::sum(losses) / T::from_usize(<[T; N]>::LEN)
        }
    }
)* } }
regression!(MeanSquaredError MeanSquaredError<N>, MeanAbsoluteError MeanAbsoluteError<N>, Huber Huber<N, T>);
