//! Optimizers: from a gradient to new weights.
//!
//! An [`Optimizer`] is what the user sets. For each training step it makes a [`Rule`], which updates weights from their gradient: the whole
//! gradient at once, or a tile of a layer while the layer's backward pass visits it. [`Accumulate`] is a rule, too.

mod adagrad;
mod adam;
mod bounds;
mod clip;
mod decay;
mod momentum;
mod rmsprop;
mod schedule;
mod sgd;

pub use self::adagrad::{Adagrad, AdagradRule};
pub use self::adam::{Adam, AdamRule, AdamW};
pub use self::clip::{ClipValue, ClipValueRule};
pub use self::momentum::{Momentum, MomentumRule, Nesterov, NesterovRule, NnfsMomentum, NnfsMomentumRule};
pub use self::rmsprop::{RmsProp, RmsPropRule};
pub use self::schedule::{Constant, Cosine, Exponential, InverseTime, Schedule, Scheduled, StepDecay};
pub use self::sgd::{Sgd, SgdRule};

use crate::kernel::{Formula, Lanes};
use crate::layer::SettingError;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::{Concrete, Zeroed, concrete};

pub use crate::kernel::{Copies, CopiesOf};

/// How a weight follows from its gradient: an [`Optimizer`]'s numbers for one step. Several threads may read them.
pub trait Rule<T: Scalar>: Copy + Sync {
    /// How many numbers it keeps for each weight.
    type Slots: Copies;

    /// The new weights, from the old ones and their gradient; changes their slots.
    fn update<V: Lanes<T>>(&self, role: Role, weight: V, slots: &mut <Self::Slots as Copies>::Of<V>, gradient: V) -> V;

    /// Whether it is time for [`hold`](Self::hold).
    #[doc(hidden)]
    #[inline(always)]
    fn due(&self) -> bool {
        false
    }

    /// The two numbers that it keeps, brought back into range after the update.
    #[doc(hidden)]
    #[inline(always)]
    fn hold<V: Lanes<T>>(&self, kept: [V; 2]) -> [V; 2] {
        kept
    }

    /// How much of a penalty the gradient gets: 1, unless it is that of a micro-batch beside others of another size.
    #[doc(hidden)]
    #[inline(always)]
    fn share(&self) -> T {
        T::ONE
    }

    /// What `update` computes, where kernels may know it.
    #[doc(hidden)]
    #[inline(always)]
    fn formula(&self) -> Formula<T> {
        Formula::Other
    }
}

/// What the user sets: a learning rate and the numbers beside it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not an optimizer")]
pub trait Optimizer: Zeroed + Copy {
    /// The number type.
    type T: Scalar;
    /// How it updates weights in one step.
    type Rule: Rule<Self::T>;

    /// The rule of step number `step` (from 0), its learning rate multiplied by `factor`.
    fn rule(&self, step: u64, factor: Self::T) -> Self::Rule;

    /// The learning rate before any schedule.
    fn learning_rate(&self) -> Self::T;

    /// Sets the learning rate.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if it isn't finite or is negative; then nothing changes.
    fn set_learning_rate(&mut self, learning_rate: Self::T) -> Result<(), SettingError>;
}

/// The optimizer of a trainer; only itself. It exists for the sentence that the compiler says otherwise.
#[diagnostic::on_unimplemented(
    message = "the trainer's optimizer is `{O}`, but `{Self}` was given",
    label = "expected an optimizer of type `{O}`"
)]
pub trait Is<O> {
    /// The same.
    fn it(self) -> O;
}

impl<O> Is<O> for O {
    fn it(self) -> O {
        self
    }
}

/// The rule that adds gradients to a buffer and leaves the weights alone: the one slot is the gradient.
#[derive(Clone, Copy, Debug)]
pub struct Accumulate;

impl<T: Scalar> Rule<T> for Accumulate {
    type Slots = CopiesOf<1>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, weight: V, [sum]: &mut [V; 1], gradient: V) -> V {
        *sum = *sum + gradient;
        weight
    }
}

/// `?`, in const.
macro_rules! tried {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Err(error),
        }
    };
}
use tried;

/// Checks a learning rate.
pub(crate) const fn checked_rate<T: Scalar>(rate: T) -> Result<T, SettingError> {
    if is_finite_from_0(rate) { Ok(rate) } else { Err(SettingError::LearningRate) }
}

/// Checks a momentum.
pub(crate) const fn checked_fraction<T: Scalar>(value: T) -> Result<T, SettingError> {
    let valid = match concrete(value) {
        Concrete::F32(value) => value >= 0.0 && value < 1.0,
        Concrete::F64(value) => value >= 0.0 && value < 1.0,
    };
    if valid { Ok(value) } else { Err(SettingError::Momentum) }
}

/// Checks an ε.
pub(crate) const fn checked_epsilon<T: Scalar>(value: T) -> Result<T, SettingError> {
    let valid = match concrete(value) {
        Concrete::F32(value) => value.is_finite() && value > 0.0,
        Concrete::F64(value) => value.is_finite() && value > 0.0,
    };
    if valid { Ok(value) } else { Err(SettingError::Epsilon) }
}

/// Whether a number is finite and not negative.
const fn is_finite_from_0<T: Scalar>(value: T) -> bool {
    match concrete(value) {
        Concrete::F32(value) => value.is_finite() && value >= 0.0,
        Concrete::F64(value) => value.is_finite() && value >= 0.0,
    }
}
