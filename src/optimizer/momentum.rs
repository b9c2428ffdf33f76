//! Gradient descent with momentum, in three conventions.
//!
//! After every 128th step a v below 2²⁶ times the smallest normal number becomes 0 (8·10⁻³¹ in `f32`), because
//! arithmetic with smaller ones is slow on many processors.

use super::bounds::{due, flushed};
use super::{CopiesOf, Optimizer, Rule, checked_fraction, checked_rate, tried};
use crate::kernel::{Formula, Lanes};
use crate::layer::SettingError;
use crate::parameter::Role;
use crate::scalar::Scalar;

/// Momentum as PyTorch defines it: v ← μ v + g; w ← w - η v. Keeps v. Sutskever et al. 2013.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum<T = f32> {
    learning_rate: T,
    momentum: T,
}
crate::storage::zeroed!([T: Scalar] Momentum<T> { learning_rate, momentum });

impl<T: Scalar> Momentum<T> {
    /// With a learning rate η and a momentum μ.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if η isn't finite or is negative; [`SettingError::Momentum`] if μ isn't in [0, 1).
    pub const fn new(learning_rate: T, momentum: T) -> Result<Self, SettingError> {
        Ok(Self { learning_rate: tried!(checked_rate(learning_rate)), momentum: tried!(checked_fraction(momentum)) })
    }
}

impl<T: Scalar> Optimizer for Momentum<T> {
    type T = T;
    type Rule = MomentumRule<T>;
    fn rule(&self, step: u64, factor: T) -> MomentumRule<T> {
        MomentumRule { rate: self.learning_rate * factor, momentum: self.momentum, due: due(step) }
    }
    fn learning_rate(&self) -> T {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.learning_rate = checked_rate(learning_rate)?;
        Ok(())
    }
}

/// [`Momentum`] in one step.
#[derive(Clone, Copy, Debug)]
pub struct MomentumRule<T> {
    rate: T,
    momentum: T,
    /// Whether it is time for `hold`.
    due: bool,
}

impl<T: Scalar> Rule<T> for MomentumRule<T> {
    type Slots = CopiesOf<1>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, w: V, [v]: &mut [V; 1], g: V) -> V {
        *v = V::splat(self.momentum).mul_add(*v, g);
        V::splat(-self.rate).mul_add(*v, w)
    }
    #[inline(always)]
    fn due(&self) -> bool {
        self.due
    }
    #[inline(always)]
    fn hold<V: Lanes<T>>(&self, [v, none]: [V; 2]) -> [V; 2] {
        [flushed(v), none]
    }
    #[inline(always)]
    fn formula(&self) -> Formula<T> {
        Formula::Momentum { rate: self.rate, momentum: self.momentum }
    }
}

/// Nesterov's momentum as PyTorch defines it: v ← μ v + g; w ← w - η (g + μ v). Keeps v. Sutskever et al. 2013.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nesterov<T = f32> {
    learning_rate: T,
    momentum: T,
}
crate::storage::zeroed!([T: Scalar] Nesterov<T> { learning_rate, momentum });

impl<T: Scalar> Nesterov<T> {
    /// With a learning rate η and a momentum μ.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if η isn't finite or is negative; [`SettingError::Momentum`] if μ isn't in [0, 1).
    pub const fn new(learning_rate: T, momentum: T) -> Result<Self, SettingError> {
        Ok(Self { learning_rate: tried!(checked_rate(learning_rate)), momentum: tried!(checked_fraction(momentum)) })
    }
}

impl<T: Scalar> Optimizer for Nesterov<T> {
    type T = T;
    type Rule = NesterovRule<T>;
    fn rule(&self, step: u64, factor: T) -> NesterovRule<T> {
        NesterovRule { rate: self.learning_rate * factor, momentum: self.momentum, due: due(step) }
    }
    fn learning_rate(&self) -> T {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.learning_rate = checked_rate(learning_rate)?;
        Ok(())
    }
}

/// [`Nesterov`] in one step.
#[derive(Clone, Copy, Debug)]
pub struct NesterovRule<T> {
    rate: T,
    momentum: T,
    /// Whether it is time for `hold`.
    due: bool,
}

impl<T: Scalar> Rule<T> for NesterovRule<T> {
    type Slots = CopiesOf<1>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, w: V, [v]: &mut [V; 1], g: V) -> V {
        let momentum = V::splat(self.momentum);
        *v = momentum.mul_add(*v, g);
        V::splat(-self.rate).mul_add(momentum.mul_add(*v, g), w)
    }
    #[inline(always)]
    fn due(&self) -> bool {
        self.due
    }
    #[inline(always)]
    fn hold<V: Lanes<T>>(&self, [v, none]: [V; 2]) -> [V; 2] {
        [flushed(v), none]
    }
}

/// Momentum as "Neural Networks from Scratch" defines it: v ← μ v - η g; w ← w + v. Keeps v. It differs from [`Momentum`] when the
/// learning rate changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NnfsMomentum<T = f32> {
    learning_rate: T,
    momentum: T,
}
crate::storage::zeroed!([T: Scalar] NnfsMomentum<T> { learning_rate, momentum });

impl<T: Scalar> NnfsMomentum<T> {
    /// With a learning rate η and a momentum μ.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if η isn't finite or is negative; [`SettingError::Momentum`] if μ isn't in [0, 1).
    pub const fn new(learning_rate: T, momentum: T) -> Result<Self, SettingError> {
        Ok(Self { learning_rate: tried!(checked_rate(learning_rate)), momentum: tried!(checked_fraction(momentum)) })
    }
}

impl<T: Scalar> Optimizer for NnfsMomentum<T> {
    type T = T;
    type Rule = NnfsMomentumRule<T>;
    fn rule(&self, step: u64, factor: T) -> NnfsMomentumRule<T> {
        NnfsMomentumRule { rate: self.learning_rate * factor, momentum: self.momentum, due: due(step) }
    }
    fn learning_rate(&self) -> T {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.learning_rate = checked_rate(learning_rate)?;
        Ok(())
    }
}

/// [`NnfsMomentum`] in one step.
#[derive(Clone, Copy, Debug)]
pub struct NnfsMomentumRule<T> {
    rate: T,
    momentum: T,
    /// Whether it is time for `hold`.
    due: bool,
}

impl<T: Scalar> Rule<T> for NnfsMomentumRule<T> {
    type Slots = CopiesOf<1>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, w: V, [v]: &mut [V; 1], g: V) -> V {
        *v = V::splat(self.momentum).mul_add(*v, -(V::splat(self.rate) * g));
        w + *v
    }
    #[inline(always)]
    fn due(&self) -> bool {
        self.due
    }
    #[inline(always)]
    fn hold<V: Lanes<T>>(&self, [v, none]: [V; 2]) -> [V; 2] {
        [flushed(v), none]
    }
}
