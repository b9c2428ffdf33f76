//! GELU: y = x Φ(x) with Φ(x) = (1 + erf(x/√2)) / 2; y' = Φ(x) + x φ(x).

use super::Elementwise;
use super::elementwise::gated;
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Gaussian error linear unit, the exact form. Hendrycks and Gimpel 2016. y = x Φ(x) with Φ(x) = (1 + erf(x/√2)) / 2; y' = Φ(x) + x φ(x).
#[derive(Clone, Copy, Debug)]
pub struct GELU<const N: usize, A = f32> {
    scalar: core::marker::PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, A: Array] GELU<N, A> { scalar });
crate::elementwise!(GELU, apart);

impl<const N: usize, A: Array> GELU<N, A> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, A: Array> Default for GELU<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Elementwise<T> for GELU<N, A> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        gated(x, normal_cdf(x))
    }

    #[inline(always)]
    fn derivative(&self, x: T) -> T {
        let density = T::from_f64(0.398_942_280_401_432_7) * (x * x * T::from_f64(-0.5)).exp();
        normal_cdf(x) + gated(x, density)
    }
}

/// Φ(x), the normal distribution function.
#[inline(always)]
fn normal_cdf<T: Scalar>(x: T) -> T {
    T::from_f64(0.5) * (T::ONE + (x * T::from_f64(core::f64::consts::FRAC_1_SQRT_2)).erf())
}

/// GELU by its usual approximation: y = x (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³).
#[derive(Clone, Copy, Debug)]
pub struct TanhGELU<const N: usize, A = f32> {
    scalar: core::marker::PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, A: Array] TanhGELU<N, A> { scalar });
crate::elementwise!(TanhGELU, apart);

impl<const N: usize, A: Array> TanhGELU<N, A> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: core::marker::PhantomData }
    }
}

impl<const N: usize, A: Array> Default for TanhGELU<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

/// √(2/π).
const SLOPE: f64 = 0.797_884_560_802_865_4;
const CUBIC: f64 = 0.044715;

impl<const N: usize, T: Scalar, A: Array<T = T>> Elementwise<T> for TanhGELU<N, A> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        let u = T::from_f64(SLOPE) * (x + T::from_f64(CUBIC) * x * x * x);
        gated(x, T::from_f64(0.5) * (T::ONE + u.tanh()))
    }

    #[inline(always)]
    fn derivative(&self, x: T) -> T {
        let u = T::from_f64(SLOPE) * (x + T::from_f64(CUBIC) * x * x * x);
        let du = T::from_f64(SLOPE) * (T::ONE + T::from_f64(3.0 * CUBIC) * x * x);
        let t = u.tanh();
        T::from_f64(0.5) * (T::ONE + t + gated(x * du, T::ONE - t * t))
    }
}
