//! The numbers: `f32` and `f64`, and the one door through which every `exp`, `ln`, `tanh` and `sqrt` passes.
//!
//! Functions come from `libm` and from the kernels, compiled with the crate, never from the platform, so that they give the same bits everywhere.

use core::fmt::{Debug, Display, LowerExp};
use core::iter::Sum;
use core::ops::Neg;

use num_traits::NumAssign;

use crate::kernel::{Kernels, Lanes};
use crate::storage::Zeroed;
use crate::tensor::Array;

/// A floating-point number that tensors hold: `f32` or `f64`. It is sealed, as [`Array`] is.
pub trait Scalar:
    Array<T = Self>
    + NumAssign
    + Neg<Output = Self>
    + Sum
    + PartialOrd
    + Copy
    + Default
    + Debug
    + Display
    + LowerExp
    + Send
    + Sync
    + 'static
{
    /// Its size in a file, in bytes.
    const BYTES: usize;
    /// The number 1.
    const ONE: Self;
    /// Distance from 1 to the next larger number.
    const EPSILON: Self;
    /// The smallest number above 0.
    const SMALLEST: Self;
    /// Minus infinity.
    const MIN: Self;
    /// 0, 1, 2, ...
    const INDICES: [Self; 16];
    /// The vector of the chosen kernels.
    type Lanes<K: Kernels>: Lanes<Self>;
    /// Sixteen lanes of the chosen kernels.
    type Sixteen<K: Kernels>: Lanes<Self>;
    /// Its little-endian bytes.
    type Bytes: AsRef<[u8]> + AsMut<[u8]> + Zeroed;

    /// The nearest number to a constant.
    fn from_f64(value: f64) -> Self;
    /// The nearest number to a count.
    fn from_usize(value: usize) -> Self;
    /// The nearest number to a 32-bit integer.
    fn from_u32(value: u32) -> Self;
    /// The count, rounded to zero, 0 for NaN, and held between those there are.
    fn to_usize(self) -> usize;
    /// The same number in double precision.
    fn to_f64(self) -> f64;
    /// Little-endian bytes.
    fn to_bytes(self) -> Self::Bytes;
    /// From little-endian bytes.
    fn from_bytes(bytes: Self::Bytes) -> Self;
    /// `self * a + b`: rounded once where the target has a fused instruction and `reproducible` is off, else twice.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Magnitude.
    fn abs(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// eˣ, of each lane.
    fn exp_lanes<V: Lanes<Self>>(x: V) -> V;
    /// Natural logarithm of each lane that is positive and neither subnormal nor infinite; NaN stays.
    fn ln_normal_lanes<V: Lanes<Self>>(x: V) -> V;
    /// Hyperbolic tangent, of each lane.
    fn tanh_lanes<V: Lanes<Self>>(x: V) -> V;
    /// The logistic function, of each lane.
    fn sigmoid_lanes<V: Lanes<Self>>(x: V) -> V;
    /// eˣ.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Natural logarithm of a positive number that is neither subnormal nor infinite; NaN stays.
    fn ln_normal(self) -> Self;
    /// The logistic function: 1 / (1 + e⁻ˣ).
    fn sigmoid(self) -> Self;
    /// ln(1 + x), exact near 0.
    fn ln_1p(self) -> Self;
    /// eˣ - 1, exact near 0.
    fn exp_m1(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Correctly rounded square root.
    fn sqrt(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;

    /// The larger of two; `other` where `self` is NaN.
    #[inline(always)]
    fn at_least(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    /// `self` held between two bounds; NaN stays NaN.
    #[inline(always)]
    fn clamp(self, low: Self, high: Self) -> Self {
        if self < low {
            low
        } else if self > high {
            high
        } else {
            self
        }
    }

    /// cos(2πx) for x from 0 to 1, with an absolute error of a few ε.
    ///
    /// The angle needs no reduction but two exact subtractions, so this is far smaller on a microcontroller than a cosine of any angle.
    fn cos_of_turns(self) -> Self {
        let half = Self::from_f64(0.5);
        let x = if self > half { Self::ONE - self } else { self };
        let (x, sign) = if x > Self::from_f64(0.25) { (half - x, -Self::ONE) } else { (x, Self::ONE) };
        let angle = Self::from_f64(core::f64::consts::TAU) * x;
        // The Taylor series up to x²⁰ / 20!, from its small end; the next term is below 2·10⁻¹⁷.
        // The compiler isn't told how many terms there are, or it would write them all out, which is a third of the code of an initialiser.
        let mut sum = Self::ONE;
        for k in (1..=core::hint::black_box(10u32)).rev() {
            sum = Self::ONE - angle * angle * sum / Self::from_u32(2 * k * (2 * k - 1));
        }
        sign * sum
    }

    /// Integer power by repeated squaring: the same bits everywhere.
    #[inline]
    fn power(self, mut exponent: u64) -> Self {
        let (mut base, mut result) = (self, Self::ONE);
        while exponent > 0 {
            if exponent & 1 == 1 {
                result *= base;
            }
            base *= base;
            exponent >>= 1;
        }
        result
    }
}

macro_rules! scalar {
    ($t:ident $lanes:ident $sixteen:ident, $mul_add:ident $exp:ident $ln:ident $ln_normal:ident $tanh:ident $sigmoid:ident, $ln_1p:ident $exp_m1:ident $sqrt:ident $erf:ident) => {
        impl Scalar for $t {
            const BYTES: usize = size_of::<$t>();
            const ONE: Self = 1.0;
            const INDICES: [Self; 16] =
                [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0];
            const EPSILON: Self = $t::EPSILON;
            const SMALLEST: Self = $t::from_bits(1);
            const MIN: Self = $t::NEG_INFINITY;
            type Lanes<K: Kernels> = K::$lanes;
            type Sixteen<K: Kernels> = K::$sixteen;
            type Bytes = [u8; size_of::<$t>()];

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $t
            }
            #[inline(always)]
            fn from_usize(value: usize) -> Self {
                value as $t
            }
            #[inline(always)]
            fn from_u32(value: u32) -> Self {
                value as $t
            }
            #[inline(always)]
            fn to_usize(self) -> usize {
                self as usize
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn to_bytes(self) -> Self::Bytes {
                self.to_le_bytes()
            }
            #[inline(always)]
            fn from_bytes(bytes: Self::Bytes) -> Self {
                $t::from_le_bytes(bytes)
            }
            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                #[cfg(all(
                    feature = "std",
                    not(feature = "reproducible"),
                    any(target_feature = "fma", target_arch = "aarch64")
                ))]
                return $t::mul_add(self, a, b);
                #[cfg(not(all(
                    feature = "std",
                    not(feature = "reproducible"),
                    any(target_feature = "fma", target_arch = "aarch64")
                )))]
                return crate::kernel::$mul_add(self, a, b);
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $t::abs(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                crate::kernel::$exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                crate::kernel::$ln(self)
            }
            #[inline(always)]
            fn ln_normal(self) -> Self {
                crate::kernel::$ln_normal(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                crate::kernel::$tanh(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                crate::kernel::$sigmoid(self)
            }
            #[inline(always)]
            fn exp_lanes<V: Lanes<$t>>(x: V) -> V {
                crate::kernel::$exp(x)
            }
            #[inline(always)]
            fn ln_normal_lanes<V: Lanes<$t>>(x: V) -> V {
                crate::kernel::$ln_normal(x)
            }
            #[inline(always)]
            fn tanh_lanes<V: Lanes<$t>>(x: V) -> V {
                crate::kernel::$tanh(x)
            }
            #[inline(always)]
            fn sigmoid_lanes<V: Lanes<$t>>(x: V) -> V {
                crate::kernel::$sigmoid(x)
            }
            #[inline]
            fn ln_1p(self) -> Self {
                libm::$ln_1p(self)
            }
            #[inline]
            fn exp_m1(self) -> Self {
                libm::$exp_m1(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // Both are correctly rounded, so the bits agree.
                #[cfg(feature = "std")]
                return $t::sqrt(self);
                #[cfg(not(feature = "std"))]
                return crate::kernel::$sqrt(self);
            }
            #[inline]
            fn erf(self) -> Self {
                libm::$erf(self)
            }
        }
    };
}
scalar!(f32 F32 F32x16, mul_add_f32 exp_f32 ln_f32 ln_normal_f32 tanh_f32 sigmoid_f32, log1pf expm1f sqrt_f32 erff);
scalar!(f64 F64 F64x16, mul_add_f64 exp_f64 ln_f64 ln_normal_f64 tanh_f64 sigmoid_f64, log1p expm1 sqrt_f64 erf);

pub use crate::kernel::all_finite;
