//! Learning-rate schedules: a factor on the learning rate, as a function of the step number.

use super::Optimizer;
use crate::layer::SettingError;
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// A factor on the learning rate for every step.
pub trait Schedule<T>: Zeroed + Copy {
    /// The factor of step number `step` (from 0).
    fn factor(&self, step: u64) -> T;
}

/// An optimizer whose learning rate follows a schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scheduled<O, S> {
    optimizer: O,
    schedule: S,
}
crate::storage::zeroed!([O: Zeroed, S: Zeroed] Scheduled<O, S> { optimizer, schedule });

impl<O: Optimizer, S: Schedule<O::T>> Scheduled<O, S> {
    /// An optimizer and its schedule.
    pub const fn new(optimizer: O, schedule: S) -> Self {
        Self { optimizer, schedule }
    }
}

impl<O: Optimizer, S: Schedule<O::T>> Optimizer for Scheduled<O, S> {
    type T = O::T;
    type Rule = O::Rule;
    fn rule(&self, step: u64, factor: O::T) -> O::Rule {
        self.optimizer.rule(step, factor * self.schedule.factor(step))
    }
    fn learning_rate(&self) -> O::T {
        self.optimizer.learning_rate()
    }
    fn set_learning_rate(&mut self, learning_rate: O::T) -> Result<(), SettingError> {
        self.optimizer.set_learning_rate(learning_rate)
    }
}

/// Always 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    nothing: (),
}
crate::storage::zeroed!([] Constant { nothing });

impl Constant {
    /// Always 1.
    pub const fn new() -> Self {
        Self { nothing: () }
    }
}

impl Default for Constant {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Scalar> Schedule<T> for Constant {
    fn factor(&self, _: u64) -> T {
        T::ONE
    }
}

/// 1 / (1 + decay · step): the decay of "Neural Networks from Scratch".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InverseTime<T = f32> {
    decay: T,
}
crate::storage::zeroed!([T: Scalar] InverseTime<T> { decay });

impl<T: Scalar> InverseTime<T> {
    /// With a decay a step.
    ///
    /// # Errors
    /// [`SettingError::Schedule`] if it isn't finite or is negative.
    pub fn new(decay: T) -> Result<Self, SettingError> {
        Ok(Self { decay: SettingError::Schedule.unless(decay.is_finite() && decay >= T::ZERO, decay)? })
    }
}

impl<T: Scalar> Schedule<T> for InverseTime<T> {
    fn factor(&self, step: u64) -> T {
        T::ONE / (T::ONE + self.decay * count(step))
    }
}

/// gamma^(step / every): the factor falls by `gamma` after every so many steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepDecay<T = f32> {
    gamma: T,
    every: u64,
}
crate::storage::zeroed!([T: Scalar] StepDecay<T> { gamma, every });

impl<T: Scalar> StepDecay<T> {
    /// With a factor in [0, 1] after every `every` steps.
    ///
    /// # Errors
    /// [`SettingError::Schedule`] if `gamma` isn't in [0, 1] or `every` is 0.
    pub fn new(gamma: T, every: u64) -> Result<Self, SettingError> {
        SettingError::Schedule.unless(gamma >= T::ZERO && gamma <= T::ONE && every > 0, Self { gamma, every })
    }
}

impl<T: Scalar> Schedule<T> for StepDecay<T> {
    fn factor(&self, step: u64) -> T {
        self.gamma.power(step.checked_div(self.every).unwrap_or(0))
    }
}

/// gammaˢᵗᵉᵖ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential<T = f32> {
    gamma: T,
}
crate::storage::zeroed!([T: Scalar] Exponential<T> { gamma });

impl<T: Scalar> Exponential<T> {
    /// With a factor in [0, 1] after every step.
    ///
    /// # Errors
    /// [`SettingError::Schedule`] if `gamma` isn't in [0, 1].
    pub fn new(gamma: T) -> Result<Self, SettingError> {
        SettingError::Schedule.unless(gamma >= T::ZERO && gamma <= T::ONE, Self { gamma })
    }
}

impl<T: Scalar> Schedule<T> for Exponential<T> {
    fn factor(&self, step: u64) -> T {
        self.gamma.power(step)
    }
}

/// Linear warm-up, then half a cosine down to a floor: (step + 1) / warm_up, then floor + (1 - floor) (1 + cos πx) / 2 with
/// x = (step - warm_up) / (total - warm_up). After `total` steps it stays at the floor. Loshchilov and Hutter 2017.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine<T = f32> {
    floor: T,
    warm_up: u64,
    total: u64,
}
crate::storage::zeroed!([T: Scalar] Cosine<T> { floor, warm_up, total });

impl<T: Scalar> Cosine<T> {
    /// `warm_up` steps up, then down until `total` steps; `floor` is the factor at the end.
    ///
    /// # Errors
    /// [`SettingError::Schedule`] if `total` isn't more than `warm_up`, or `floor` isn't in [0, 1].
    pub fn new(warm_up: u64, total: u64, floor: T) -> Result<Self, SettingError> {
        let check = total > warm_up && floor >= T::ZERO && floor <= T::ONE;
        SettingError::Schedule.unless(check, Self { floor, warm_up, total })
    }
}

impl<T: Scalar> Schedule<T> for Cosine<T> {
    fn factor(&self, step: u64) -> T {
        if step < self.warm_up {
            return count::<T>(step + 1) / count(self.warm_up);
        }
        let (done, all) = (step - self.warm_up, self.total.saturating_sub(self.warm_up));
        let x = if done < all { count::<T>(done) / count(all) } else { T::ONE };
        let half = T::from_f64(0.5) * (T::ONE + (T::from_f64(0.5) * x).cos_of_turns());
        self.floor + (T::ONE - self.floor) * half
    }
}

/// A step number as a number.
fn count<T: Scalar>(steps: u64) -> T {
    T::from_u32((steps >> 32) as u32) * T::from_f64(4_294_967_296.0) + T::from_u32(steps as u32)
}
