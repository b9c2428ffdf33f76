//! LeakyReLU: y = x where x > 0, else slope · x; y' = 1 where y > 0, else slope.

use super::Elementwise;
use super::{Setting, SettingError};
use crate::kernel::Lanes;
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Leaky rectified linear unit. Maas et al. 2013. y = x where x > 0, else slope · x; y' = 1 where y > 0, else slope.
#[derive(Clone, Copy, Debug)]
pub struct LeakyReLU<const N: usize, A: Array = f32> {
    slope: Setting<A::T>,
}
crate::storage::zeroed!([const N: usize, A: Array] LeakyReLU<N, A> { slope });
crate::elementwise!(LeakyReLU, in_place);

impl<const N: usize, T: Scalar, A: Array<T = T>> LeakyReLU<N, A> {
    /// With the default slope.
    pub const fn new() -> Self {
        Self { slope: Setting::DEFAULT }
    }

    /// With a given slope, in const.
    pub const fn with_slope(slope: T) -> Self {
        Self { slope: Setting::new(slope) }
    }

    /// Slope for x below 0; 0.01 unless set.
    #[inline(always)]
    pub fn slope(&self) -> T {
        self.slope.get(T::from_f64(0.01))
    }

    /// Sets the slope.
    ///
    /// # Errors
    /// [`SettingError::Value`] if it isn't finite or is negative; then nothing changes.
    pub fn set_slope(&mut self, slope: T) -> Result<(), SettingError> {
        self.slope = SettingError::Value.unless(slope.is_finite() && slope >= T::ZERO, Setting::new(slope))?;
        Ok(())
    }
}

impl<const N: usize, A: Array> Default for LeakyReLU<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Elementwise<T> for LeakyReLU<N, A> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        if x > T::ZERO { x } else { self.slope() * x }
    }

    #[inline(always)]
    fn derivative(&self, y: T) -> T {
        if y > T::ZERO { T::ONE } else { self.slope() }
    }

    const FUSES: bool = true;

    #[inline(always)]
    fn fused_value<U: Scalar, V: Lanes<U>>(&self, x: V) -> V {
        V::ZERO.below(x, x, V::splat(U::from_f64(self.slope().to_f64())) * x)
    }

    #[inline(always)]
    fn fused_slope<V: Lanes<T>>(&self, y: V) -> V {
        V::ZERO.below(y, V::splat(T::ONE), V::splat(self.slope()))
    }

    fn setting(&self) -> Option<(&'static str, T)> {
        Some(("slope", self.slope()))
    }
}
