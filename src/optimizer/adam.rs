//! Adam and AdamW.

use super::{CopiesOf, Optimizer, Rule, checked_epsilon, checked_fraction, checked_rate};
use crate::kernel::{Formula, Lanes};
use crate::layer::SettingError;
use crate::parameter::Role;
use crate::scalar::Scalar;

/// Adam: m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²; w ← w - η m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ).
///
/// Keeps m and v. Defaults: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁷, outside the root. Kingma and Ba 2015.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam<T = f32> {
    learning_rate: T,
    beta1: T,
    beta2: T,
    epsilon: T,
}
crate::storage::zeroed!([T: Scalar] Adam<T> { learning_rate, beta1, beta2, epsilon });

impl<T: Scalar> Adam<T> {
    /// With a learning rate η.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if it isn't finite or is negative.
    pub fn new(learning_rate: T) -> Result<Self, SettingError> {
        let (beta1, beta2, epsilon) = (T::from_f64(0.9), T::from_f64(0.999), T::from_f64(1e-7));
        Ok(Self { learning_rate: checked_rate(learning_rate)?, beta1, beta2, epsilon })
    }

    /// With another β₁ and β₂.
    ///
    /// # Errors
    /// [`SettingError::Momentum`] if one isn't in [0, 1).
    pub fn betas(self, beta1: T, beta2: T) -> Result<Self, SettingError> {
        Ok(Self { beta1: checked_fraction(beta1)?, beta2: checked_fraction(beta2)?, ..self })
    }

    /// With another ε.
    ///
    /// # Errors
    /// [`SettingError::Epsilon`] if it isn't finite and positive.
    pub fn epsilon(self, epsilon: T) -> Result<Self, SettingError> {
        Ok(Self { epsilon: checked_epsilon(epsilon)?, ..self })
    }
}

impl<T: Scalar> Optimizer for Adam<T> {
    type T = T;
    type Rule = AdamRule<T>;
    fn rule(&self, step: u64, factor: T) -> AdamRule<T> {
        let (one, t) = (T::ONE, step.saturating_add(1));
        AdamRule {
            rate: self.learning_rate * factor / (one - self.beta1.power(t)),
            correction: one / (one - self.beta2.power(t)),
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            keep: one,
        }
    }
    fn learning_rate(&self) -> T {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.learning_rate = checked_rate(learning_rate)?;
        Ok(())
    }
}

/// Adam with decoupled weight decay: w ← (1 - η λ) w, then Adam's update. Every parameter decays. Loshchilov and Hutter 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW<T = f32> {
    adam: Adam<T>,
    weight_decay: T,
}
crate::storage::zeroed!([T: Scalar] AdamW<T> { adam, weight_decay });

impl<T: Scalar> AdamW<T> {
    /// With a learning rate η and a weight decay λ.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] and [`SettingError::WeightDecay`] if one isn't finite or is negative.
    pub fn new(learning_rate: T, weight_decay: T) -> Result<Self, SettingError> {
        Self::with(Adam::new(learning_rate)?, weight_decay)
    }

    /// With the numbers of an [`Adam`] and a weight decay λ.
    ///
    /// # Errors
    /// [`SettingError::WeightDecay`] if λ isn't finite or is negative.
    pub fn with(adam: Adam<T>, weight_decay: T) -> Result<Self, SettingError> {
        let check = weight_decay.is_finite() && weight_decay >= T::ZERO;
        Ok(Self { adam, weight_decay: SettingError::WeightDecay.unless(check, weight_decay)? })
    }
}

impl<T: Scalar> Optimizer for AdamW<T> {
    type T = T;
    type Rule = AdamRule<T>;
    fn rule(&self, step: u64, factor: T) -> AdamRule<T> {
        let keep = T::ONE - self.adam.learning_rate * factor * self.weight_decay;
        AdamRule { keep, ..self.adam.rule(step, factor) }
    }
    fn learning_rate(&self) -> T {
        self.adam.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.adam.set_learning_rate(learning_rate)
    }
}

/// [`Adam`] or [`AdamW`] in one step.
#[derive(Clone, Copy, Debug)]
pub struct AdamRule<T> {
    /// η / (1 - β₁ᵗ).
    rate: T,
    /// 1 / (1 - β₂ᵗ).
    correction: T,
    beta1: T,
    beta2: T,
    epsilon: T,
    /// What is left of a weight before its update: 1, or 1 - ηλ.
    keep: T,
}

impl<T: Scalar> Rule<T> for AdamRule<T> {
    type Slots = CopiesOf<2>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, w: V, [m, v]: &mut [V; 2], g: V) -> V {
        *m = V::splat(self.beta1).mul_add(*m, V::splat(T::ONE - self.beta1) * g);
        *v = V::splat(self.beta2).mul_add(*v, V::splat(T::ONE - self.beta2) * g * g);
        let root = (*v * V::splat(self.correction)).sqrt() + V::splat(self.epsilon);
        w * V::splat(self.keep) - V::splat(self.rate) * *m / root
    }
    #[inline(always)]
    fn formula(&self) -> Formula<T> {
        let Self { rate, correction, beta1, beta2, epsilon, keep } = *self;
        Formula::Adam([beta1, T::ONE - beta1, beta2, T::ONE - beta2, correction, epsilon, rate, keep])
    }
}
