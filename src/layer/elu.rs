//! ELU: y = x where x > 0, else α (eˣ - 1); y' = 1 where y > 0, else y + α.

use super::Elementwise;
use super::{Setting, SettingError};
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Exponential linear unit. Clevert et al. 2015. y = x where x > 0, else α (eˣ - 1); y' = 1 where y > 0, else y + α.
#[derive(Clone, Copy, Debug)]
pub struct ELU<const N: usize, A: Array = f32> {
    alpha: Setting<A::T>,
}
crate::storage::zeroed!([const N: usize, A: Array] ELU<N, A> { alpha });
crate::elementwise!(ELU, in_place);

impl<const N: usize, T: Scalar, A: Array<T = T>> ELU<N, A> {
    /// With the default alpha.
    pub const fn new() -> Self {
        Self { alpha: Setting::DEFAULT }
    }

    /// With a given alpha, in const.
    pub const fn with_alpha(alpha: T) -> Self {
        Self { alpha: Setting::new(alpha) }
    }

    /// α, 1 unless set.
    #[inline(always)]
    pub fn alpha(&self) -> T {
        self.alpha.get(T::from_f64(1.0))
    }

    /// Sets the alpha.
    ///
    /// # Errors
    /// [`SettingError::Value`] if it isn't finite or is negative; then nothing changes.
    pub fn set_alpha(&mut self, alpha: T) -> Result<(), SettingError> {
        self.alpha = SettingError::Value.unless(alpha.is_finite() && alpha >= T::ZERO, Setting::new(alpha))?;
        Ok(())
    }
}

impl<const N: usize, A: Array> Default for ELU<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Elementwise<T> for ELU<N, A> {
    #[inline(always)]
    fn value(&self, x: T) -> T {
        if x > T::ZERO { x } else { self.alpha() * x.exp_m1() }
    }

    #[inline(always)]
    fn derivative(&self, y: T) -> T {
        if y > T::ZERO { T::ONE } else { y + self.alpha() }
    }

    fn setting(&self) -> Option<(&'static str, T)> {
        Some(("alpha", self.alpha()))
    }
}
