//! RMSprop.

use super::bounds::{due, is_fast, squares_held};
use super::decay::Decay;
use super::{CopiesOf, Optimizer, Rule, checked_epsilon, checked_rate, tried};
use crate::kernel::Lanes;
use crate::layer::SettingError;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::nearest;

/// RMSprop: c ← ρ c + (1 - ρ) g²; w ← w - η g / (√c + ε). Keeps c. Tieleman and Hinton, Coursera lecture 6.5, 2012.
///
/// A gradient whose square overflows leaves the weight where it is: c is infinite, and becomes the largest number after
/// every 128th step (after each, if ρ < 0.945), so that the weight moves again, about as soon as in `f64`, whose c is
/// larger. After the same steps a c below 2¹¹ times the smallest normal number becomes 0, because arithmetic with
/// smaller ones is slow on many processors.
///
/// ρ is `f64` in every precision: 1 - ρ is rounded to `T` once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp<T = f32> {
    learning_rate: T,
    rho: Decay<T>,
    epsilon: T,
}
crate::storage::zeroed!([T: Scalar] RmsProp<T> { learning_rate, rho, epsilon });

impl<T: Scalar> RmsProp<T> {
    const RHO: Decay<T> = Decay::of(0.9);

    /// With a learning rate η, ρ = 0.9 and ε = 10⁻⁷.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if it isn't finite or is negative.
    pub const fn new(learning_rate: T) -> Result<Self, SettingError> {
        Ok(Self { learning_rate: tried!(checked_rate(learning_rate)), rho: Self::RHO, epsilon: nearest(1e-7) })
    }

    /// With another ρ, the share of the past.
    ///
    /// # Errors
    /// [`SettingError::Momentum`] if it isn't in [0, 1).
    pub const fn rho(self, rho: f64) -> Result<Self, SettingError> {
        Ok(Self { rho: tried!(Decay::checked(rho)), ..self })
    }

    /// With another ε.
    ///
    /// # Errors
    /// [`SettingError::Epsilon`] if it isn't finite and positive.
    pub const fn epsilon(self, epsilon: T) -> Result<Self, SettingError> {
        Ok(Self { epsilon: tried!(checked_epsilon(epsilon)), ..self })
    }
}

impl<T: Scalar> Optimizer for RmsProp<T> {
    type T = T;
    type Rule = RmsPropRule<T>;
    fn rule(&self, step: u64, factor: T) -> RmsPropRule<T> {
        let due = due(step) || is_fast(self.rho.beta());
        RmsPropRule { rate: self.learning_rate * factor, rho: self.rho, epsilon: self.epsilon, due }
    }
    fn learning_rate(&self) -> T {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.learning_rate = checked_rate(learning_rate)?;
        Ok(())
    }
}

/// [`RmsProp`] in one step.
#[derive(Clone, Copy, Debug)]
pub struct RmsPropRule<T> {
    rate: T,
    rho: Decay<T>,
    epsilon: T,
    /// Whether it is time for `hold`.
    due: bool,
}

impl<T: Scalar> Rule<T> for RmsPropRule<T> {
    type Slots = CopiesOf<1>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, w: V, [c]: &mut [V; 1], g: V) -> V {
        *c = V::splat(self.rho.beta()).mul_add(*c, V::splat(self.rho.rest()) * g * g);
        w - V::splat(self.rate) * g / (c.sqrt() + V::splat(self.epsilon))
    }
    #[inline(always)]
    fn due(&self) -> bool {
        self.due
    }
    #[inline(always)]
    fn hold<V: Lanes<T>>(&self, [c, none]: [V; 2]) -> [V; 2] {
        [squares_held(c), none]
    }
}
