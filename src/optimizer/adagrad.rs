//! Adagrad.

use super::{CopiesOf, Optimizer, Rule, checked_epsilon, checked_rate, tried};
use crate::kernel::Lanes;
use crate::layer::SettingError;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::nearest;

/// Adagrad: c ← c + g²; w ← w - η g / (√c + ε). Keeps c. Duchi, Hazan and Singer 2011.
///
/// c never sinks: a gradient whose square overflows stops its weight for good, as one does in `f64` that is so much
/// larger than those that follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad<T = f32> {
    learning_rate: T,
    epsilon: T,
}
crate::storage::zeroed!([T: Scalar] Adagrad<T> { learning_rate, epsilon });

impl<T: Scalar> Adagrad<T> {
    /// With a learning rate η, and ε = 10⁻⁷.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if it isn't finite or is negative.
    pub const fn new(learning_rate: T) -> Result<Self, SettingError> {
        Ok(Self { learning_rate: tried!(checked_rate(learning_rate)), epsilon: nearest(1e-7) })
    }

    /// With another ε.
    ///
    /// # Errors
    /// [`SettingError::Epsilon`] if it isn't finite and positive.
    pub const fn epsilon(self, epsilon: T) -> Result<Self, SettingError> {
        Ok(Self { epsilon: tried!(checked_epsilon(epsilon)), ..self })
    }
}

impl<T: Scalar> Optimizer for Adagrad<T> {
    type T = T;
    type Rule = AdagradRule<T>;
    fn rule(&self, _: u64, factor: T) -> AdagradRule<T> {
        AdagradRule { rate: self.learning_rate * factor, epsilon: self.epsilon }
    }
    fn learning_rate(&self) -> T {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.learning_rate = checked_rate(learning_rate)?;
        Ok(())
    }
}

/// [`Adagrad`] in one step.
#[derive(Clone, Copy, Debug)]
pub struct AdagradRule<T> {
    rate: T,
    epsilon: T,
}

impl<T: Scalar> Rule<T> for AdagradRule<T> {
    type Slots = CopiesOf<1>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, w: V, [c]: &mut [V; 1], g: V) -> V {
        *c = g.mul_add(g, *c);
        w - V::splat(self.rate) * g / (c.sqrt() + V::splat(self.epsilon))
    }
}
