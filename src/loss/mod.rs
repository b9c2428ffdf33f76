//! Losses: how far an output is from its target, and the gradient.
//!
//! A loss treats one sample; the trainer divides by the number of samples. [`Loss`] says which output it takes, [`Compares`] which targets.

mod binary;
mod categorical;
mod regression;

pub use self::binary::{BinaryCrossEntropy, SigmoidCrossEntropy};
pub use self::categorical::{CategoricalCrossEntropy, Label, SoftmaxCrossEntropy};
pub use self::regression::{Huber, MeanAbsoluteError, MeanSquaredError};

use crate::kernel::Kernels;
use crate::storage::Zeroed;
use crate::tensor::{Array, Tensor};
use crate::total;

/// A loss of an output of type `Out`.
#[diagnostic::on_unimplemented(
    message = "loss `{Self}` cannot take the network's output `{Out}`",
    label = "the network gives `{Out}`"
)]
pub trait Loss<Out: Array>: Zeroed {}

/// A loss that compares an output with a target of type `Target`.
#[diagnostic::on_unimplemented(
    message = "loss `{Self}` cannot compare output `{Out}` with target `{Target}`",
    label = "the target of a sample cannot be `{Target}`",
    note = "a target is a tensor or an array like the output; with classes also a label: `u8`, `u16`, `u32` or `usize`",
    note = "numbers without a type are `f64` where nothing says otherwise; `Vector::<1>::new([1.0])` is of `f32`, as is `[1.0f32]`"
)]
pub trait Compares<Out: Array, Target>: Loss<Out> {
    /// What is wrong with a target, if anything is.
    ///
    /// # Errors
    /// [`TargetError`].
    fn check(&self, target: &Target) -> Result<(), TargetError>;

    /// The loss of a sample; writes its gradient, times `scale`, to `dy`.
    fn gradient(&self, y: &Out, target: &Target, scale: Out::T, dy: &mut Out) -> Out::T;

    /// The sum of the losses of a batch, of more than 32 samples in blocks; writes the gradient of each, times `scale`.
    #[inline(always)]
    fn gradients<K: Kernels>(&self, y: &[Out], targets: &[Target], scale: Out::T, dy: &mut [Out]) -> Out::T {
        let samples = y.iter().zip(targets).zip(dy);
        total::sum(samples.map(|((y, target), dy)| self.gradient(y, target, scale, dy)))
    }

    /// The loss of a sample.
    fn loss(&self, y: &Out, target: &Target) -> Out::T;
}

/// A target may be plain nested arrays: they are viewed as a tensor.
#[diagnostic::do_not_recommend]
impl<A: Array, L: Compares<A, Tensor<A>>> Compares<A, A> for L {
    #[inline(always)]
    fn check(&self, target: &A) -> Result<(), TargetError> {
        self.check(Tensor::from_ref(target))
    }
    #[inline(always)]
    fn gradient(&self, y: &A, target: &A, scale: A::T, dy: &mut A) -> A::T {
        self.gradient(y, Tensor::from_ref(target), scale, dy)
    }
    #[inline(always)]
    fn loss(&self, y: &A, target: &A) -> A::T {
        self.loss(y, Tensor::from_ref(target))
    }
}

/// What is wrong with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// A label isn't smaller than the number of classes.
    Label {
        /// The label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A number of the target is infinite or NaN.
    NonFinite,
}

impl core::fmt::Display for TargetError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Label { label, classes } => write!(f, "label {label} is out of range: there are {classes} classes"),
            Self::NonFinite => f.write_str("the target is infinite or NaN"),
        }
    }
}

impl core::error::Error for TargetError {}

/// Checks the numbers of a target.
pub(crate) fn check_finite<A: Array>(target: &A) -> Result<(), TargetError> {
    if crate::scalar::all_finite(target.flat()) { Ok(()) } else { Err(TargetError::NonFinite) }
}
