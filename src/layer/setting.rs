//! Numbers that the user sets and training doesn't change: slopes, rates, penalties.

use crate::parameter::Path;
use crate::scalar::Scalar;

/// A number with a default: all zero bytes mean "not set".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting<T> {
    value: T,
    set: bool,
}
crate::storage::zeroed!([T: crate::storage::Zeroed] Setting<T> { value, set });

/// A setting is out of its range; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingError {
    /// A dropout rate must be in [0, 1).
    Rate,
    /// A slope, an alpha or a delta must be finite (and delta positive).
    Value,
    /// A penalty must be finite and not negative.
    Penalty,
    /// A learning rate must be finite and not negative.
    LearningRate,
    /// A momentum, β or ρ must be in [0, 1).
    Momentum,
    /// An ε must be finite and positive.
    Epsilon,
    /// A weight decay must be finite and not negative.
    WeightDecay,
    /// A bound for clipping must be positive.
    Clip,
    /// A schedule's numbers must be finite, its lengths positive, its factors in [0, 1].
    Schedule,
    /// A memory must be 0 or at least 2 samples.
    Memory,
    /// A guard's interval and window must be positive, its factor finite and more than 1, its backoff in (0, 1].
    Guard,
    /// All parameters of the [`Frozen`](super::Frozen) layer at this place are 0: load it, or call
    /// [`reset`](crate::training::Trainer::reset), which draws it.
    Frozen(Path),
}

impl core::fmt::Display for SettingError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Frozen(path) => {
                return write!(
                    f,
                    "all parameters of the frozen layer `{path}` are 0: load it, or call `reset`, which draws it"
                );
            }
            Self::Rate => "a dropout rate must be in [0, 1)",
            Self::Value => "a slope, an alpha or a delta must be finite, and a delta positive",
            Self::Penalty => "a penalty must be finite and not negative",
            Self::LearningRate => "a learning rate must be finite and not negative",
            Self::Momentum => "a momentum, beta or rho must be in [0, 1)",
            Self::Epsilon => "an epsilon must be finite and positive",
            Self::WeightDecay => "a weight decay must be finite and not negative",
            Self::Clip => "a bound for clipping must be positive",
            Self::Schedule => "a schedule's numbers must be finite, its lengths positive, its factors in [0, 1]",
            Self::Memory => "a memory must be 0 or at least 2 samples",
            Self::Guard => {
                "a guard's interval and window must be positive, its factor finite and more than 1, its backoff in (0, 1]"
            }
        })
    }
}

impl core::error::Error for SettingError {}

impl SettingError {
    /// The value if it passes the check, else this error.
    #[inline]
    pub(crate) fn unless<V>(self, check: bool, value: V) -> Result<V, Self> {
        if check { Ok(value) } else { Err(self) }
    }
}

impl<T: Scalar> Setting<T> {
    /// Not set: the default counts.
    pub const DEFAULT: Self = <Self as crate::storage::Zeroed>::ZERO;

    /// A number that was set.
    pub const fn new(value: T) -> Self {
        Self { value, set: true }
    }

    /// The number, or a default.
    #[inline(always)]
    pub fn get(&self, default: T) -> T {
        if self.set { self.value } else { default }
    }
}
