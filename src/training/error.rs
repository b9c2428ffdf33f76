//! What can be wrong with data, found before anything changes.

use core::fmt::{Display, Formatter, Result};

use crate::loss::TargetError;

/// The trainer isn't ready: it needs [`reset`](crate::training::Trainer::reset), which draws new weights, or
/// [`resume`](crate::training::Trainer::resume), which keeps those that were loaded or set; or a
/// [`FrozenRef`](crate::layer::FrozenRef) has no layer: `set` it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReady;

impl Display for NotReady {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(
            "the trainer isn't ready: call `reset` for new weights, or `resume` to keep those that were loaded, and `set` every `FrozenRef`",
        )
    }
}

impl core::error::Error for NotReady {}

/// Why a step wasn't made. Parameters, optimizer state, step count and random state are as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepError {
    /// Neither `reset` nor `resume` was ever called, or a [`FrozenRef`](crate::layer::FrozenRef) has no layer.
    NotReady,
    /// A partial step got this many samples, not 1 to `BATCH`; or not as many targets as samples.
    Count {
        /// How many samples.
        samples: usize,
        /// How many targets.
        targets: usize,
    },
    /// A single sample, from which a layer cannot learn: [`BatchNorm`](crate::layer::BatchNorm) of one value a channel.
    SingleSample {
        /// The layer.
        layer: &'static str,
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
    /// An output is infinite or NaN (found by an evaluation alone).
    NonFiniteOutput {
        /// Which sample of the batch.
        sample: usize,
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

impl StepError {
    /// Which sample of the batch it is about, where it is about one.
    pub fn sample(&self) -> Option<usize> {
        match *self {
            Self::NonFiniteInput { sample }
            | Self::Index { sample }
            | Self::Target { sample, .. }
            | Self::NonFiniteOutput { sample } => Some(sample),
            _ => None,
        }
    }

    /// What is wrong, without the number of the sample.
    fn fmt_cause(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::NotReady => NotReady.fmt(f),
            Self::Count { samples, targets } => {
                write!(f, "{samples} samples and {targets} targets: there must be as many of both, from 1 to BATCH")
            }
            Self::SingleSample { layer } => {
                const CAUSE: &str = "one sample has one value a channel and no variance";
                write!(f, "{layer}: {CAUSE}: a step needs 2 samples or fixed statistics")
            }
            Self::NonFiniteInput { .. } => f.write_str("an input is infinite or NaN"),
            Self::Index { .. } => f.write_str("an index is out of range, or isn't whole"),
            Self::Target { error, .. } => error.fmt(f),
            Self::NonFiniteOutput { .. } => f.write_str("the output is infinite or NaN"),
            Self::NonFiniteLoss => f.write_str("the loss is infinite or NaN"),
            Self::NonFiniteGradient => f.write_str("the gradient is infinite or NaN"),
            Self::Busy => f.write_str("a step is under way"),
            Self::Idle => f.write_str("no step is under way"),
        }
    }
}

impl Display for StepError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(sample) = self.sample() {
            write!(f, "sample {sample}: ")?;
        }
        self.fmt_cause(f)
    }
}

impl core::error::Error for StepError {}

impl From<NotReady> for StepError {
    fn from(_: NotReady) -> Self {
        Self::NotReady
    }
}

/// Why an epoch or an evaluation stopped. The steps before this one were made.
///
/// Its text has one number of a sample, that in the data set; that in the batch is [`StepError::sample`] of `error`.
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
            Some(index) => write!(f, "sample {index} of the data: ")?,
            None => write!(f, "after {} samples: ", self.done)?,
        }
        self.error.fmt_cause(f)
    }
}

impl core::error::Error for EpochError {}
