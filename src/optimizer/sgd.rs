//! Stochastic gradient descent: w ← w - η g.

use super::{CopiesOf, Optimizer, Rule, checked_rate, tried};
use crate::kernel::{Formula, Lanes};
use crate::layer::SettingError;
use crate::parameter::Role;
use crate::scalar::Scalar;

/// Stochastic gradient descent: w ← w - η g. Keeps nothing. Robbins and Monro 1951.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd<T = f32> {
    learning_rate: T,
}
crate::storage::zeroed!([T: Scalar] Sgd<T> { learning_rate });

impl<T: Scalar> Sgd<T> {
    /// With a learning rate η.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if it isn't finite or is negative.
    pub const fn new(learning_rate: T) -> Result<Self, SettingError> {
        Ok(Self { learning_rate: tried!(checked_rate(learning_rate)) })
    }
}

impl<T: Scalar> Optimizer for Sgd<T> {
    type T = T;
    type Rule = SgdRule<T>;
    fn rule(&self, _: u64, factor: T) -> SgdRule<T> {
        SgdRule { rate: self.learning_rate * factor }
    }
    fn learning_rate(&self) -> T {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.learning_rate = checked_rate(learning_rate)?;
        Ok(())
    }
}

/// [`Sgd`] in one step.
#[derive(Clone, Copy, Debug)]
pub struct SgdRule<T> {
    rate: T,
}

impl<T: Scalar> Rule<T> for SgdRule<T> {
    type Slots = CopiesOf<0>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, w: V, _: &mut [V; 0], g: V) -> V {
        V::splat(-self.rate).mul_add(g, w)
    }
    #[inline(always)]
    fn formula(&self) -> Formula<T> {
        Formula::Descent { rate: self.rate }
    }
}
