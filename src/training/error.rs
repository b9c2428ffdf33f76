//! What can be wrong with data, found before anything changes.

use core::fmt::{Display, Formatter, Result};

use crate::loss::TargetError;

/// The trainer has no weights yet: call `reset`, or load some; or a [`FrozenRef`](crate::layer::FrozenRef) has no layer: `set` it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReady;

impl Display for NotReady {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str("the trainer has no weights yet: call `reset`, and `set` every `FrozenRef`")
    }
}

impl core::error::Error for NotReady {}

/// Why a step wasn't made. Parameters, optimizer state, step count and random state are as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepError {
    /// `reset` was never called, or a [`FrozenRef`](crate::layer::FrozenRef) has no layer.
    NotReady,
    /// A partial step got this many samples, not 1 to `BATCH`; or not as many targets as samples.
    Count {
        /// How many samples.
        samples: usize,
        /// How many targets.
        targets: usize,
    },
    /// An input is infinite or NaN.
    NonFiniteInput {
        /// Which sample of the batch.
        sample: usize,
    },
    /// An index is out of range, or isn't whole: an input of an [`Embedding`](crate::layer::Embedding).
    Index {
        /// Which sample of the batch.
        sample: usize,
    },
    /// A target is impossible.
    Target {
        /// Which sample of the batch.
        sample: usize,
        /// What is wrong with it.
        error: TargetError,
    },
    /// The loss is infinite or NaN: the weights are, or they are so large that an output overflows.
    NonFiniteLoss,
    /// The gradient is infinite or NaN (found by the buffered sink alone; accumulated gradients are dropped).
    NonFiniteGradient,
    /// A step in slices is under way, so no other can begin.
    Busy,
    /// No step in slices is under way, or there is no gradient to apply.
    Idle,
}

impl Display for StepError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::NotReady => NotReady.fmt(f),
            Self::Count { samples, targets } => {
                write!(f, "{samples} samples and {targets} targets: there must be as many of both, from 1 to BATCH")
            }
            Self::NonFiniteInput { sample } => write!(f, "sample {sample}: an input is infinite or NaN"),
            Self::Index { sample } => write!(f, "sample {sample}: an index is out of range, or isn't whole"),
            Self::Target { sample, error } => write!(f, "sample {sample}: {error}"),
            Self::NonFiniteLoss => f.write_str("the loss is infinite or NaN"),
            Self::NonFiniteGradient => f.write_str("the gradient is infinite or NaN"),
            Self::Busy => f.write_str("a step is under way"),
            Self::Idle => f.write_str("no step is under way"),
        }
    }
}

impl core::error::Error for StepError {}

impl From<NotReady> for StepError {
    fn from(_: NotReady) -> Self {
        Self::NotReady
    }
}

/// Why an epoch or an evaluation stopped. The steps before this one were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochError {
    /// How many samples were used before the batch that failed.
    pub done: usize,
    /// The sample in the data set, where the error is one sample's.
    pub index: Option<usize>,
    /// What was wrong.
    pub error: StepError,
}

impl Display for EpochError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.index {
            Some(index) => write!(f, "after {} samples, at sample {index} of the data: {}", self.done, self.error),
            None => write!(f, "after {} samples: {}", self.done, self.error),
        }
    }
}

impl core::error::Error for EpochError {}
