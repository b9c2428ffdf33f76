//! A guard against divergence: it goes back to the last good state.

use core::fmt::{Display, Formatter, Result as Written};

use super::{Clear, Sink, StepError, Trainer};
use crate::kernel::two_sum;
use crate::layer::{Layer, Setting, SettingError};
use crate::loss::Compares;
use crate::optimizer::{Optimizer, Rule};
use crate::parameter::Path;
use crate::scalar::{Scalar, all_finite};
use crate::storage::{self, Zeroed};
use crate::tape::infer;
use crate::tensor::Array;
use crate::total;

/// Makes the steps of a [`Trainer`], and goes back to the last good state when the loss isn't finite, or rises far above the best.
///
/// It holds one copy of the network (parameters, statistics and settings) and of the optimizer's state: [`BYTES`](Self::BYTES). All zeros at
/// first, it can be a `static` beside the trainer. The policy:
///
/// - **Good** is the state before the first step, and then a state after every [`interval`](Self::set_interval) steps (100), if the network
///   that was just trained gives a finite loss on the same samples, at most `factor` times the running mean; else one of the next steps is tried.
///   So weights that a step ruined are never taken for good, and that costs an inference an interval.
/// - **Diverged** is a loss or a gradient that isn't finite: the fused sink reports a gradient that overflowed so, at the next step. Or a running
///   mean of the loss over [`window`](Self::set_divergence) steps (100) above `factor` (10) times the best that there was (one below ε of the
///   number type counts as ε). While the first window fills, only what isn't finite counts.
/// - **Going back** restores network, optimizer state and step count, drops gradients that were accumulated, and begins a new window, with a new best:
///   a stream that became harder is taken for divergence once, and then it is learned. The learning rate is multiplied by the [`backoff`](Self::set_backoff)
///   (1: it stays). The step returns [`GuardError::Diverged`].
///
/// Call [`forget`](Self::forget) after the trainer's `reset`, or after loading weights. If `lost` is 0 twice in a row, the good state itself fails
/// on what comes now: begin again with `reset`.
///
/// ```
/// # use stackprop::prelude::*;
/// type Net = (Dense<2, 8>, Tanh<8>, Dense<8, 1>);
/// let mut training = Trainer::<Net, MeanSquaredError<1>, Sgd, 1>::boxed();
/// let mut guard = Guard::<Net, Sgd>::boxed();
/// training.reset(1, Sgd::new(0.1)?)?;
/// guard.set_interval(20)?;
/// guard.set_backoff(0.5)?;
/// # let stream = [([0.1, 0.2], Vector::new([0.3])); 3];
/// for (x, y) in stream {
///     match guard.step(&mut training, &[x], &[y]) {
///         Ok(loss) => println!("{loss}"),
///         Err(GuardError::Diverged { lost, .. }) => println!("{lost} steps were undone"),
///         Err(GuardError::Step(error)) => println!("{error}"),
///     }
/// }
/// # Ok::<(), SettingError>(())
/// ```
#[expect(missing_debug_implementations)]
pub struct Guard<N: Layer, O: Optimizer<T = N::T>> {
    network: N,
    slots: N::Slots<<O::Rule as Rule<N::T>>::Slots>,
    steps: u64,
    mean: N::T,
    /// What of the mean lies below its last digit.
    rest: N::T,
    best: N::T,
    factor: Setting<N::T>,
    backoff: Setting<N::T>,
    /// 0 is the default.
    interval: u32,
    /// 0 is the default.
    window: u32,
    /// Losses in the running mean, up to `window`.
    seen: u32,
    /// Good steps since the copy.
    since: u32,
    kept: bool,
}
crate::storage::zeroed!([N: Layer, O: Optimizer<T = N::T>] Guard<N, O> {
    network, slots, steps, mean, rest, best, factor, backoff, interval, window, seen, since, kept
});

impl<N: Layer, O: Optimizer<T = N::T>> Guard<N, O> {
    /// All zeros, with the default policy: the initial value of a `static`, which goes to `.bss`.
    pub const ZERO: Self = <Self as Zeroed>::ZERO;
    /// Its size.
    pub const BYTES: usize = size_of::<Self>();

    /// In a new box, without passing through the stack.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn boxed() -> std::boxed::Box<Self> {
        <Self as Zeroed>::boxed()
    }

    /// Copies the state after so many good steps; 100 unless set.
    ///
    /// # Errors
    /// [`SettingError::Guard`] if it is 0; then nothing changes.
    pub fn set_interval(&mut self, steps: u32) -> Result<(), SettingError> {
        self.interval = SettingError::Guard.unless(steps > 0, steps)?;
        Ok(())
    }

    /// Takes a running mean of the loss over `window` steps for divergence when it is above `factor` times the best; 10 and 100 unless set. The
    /// noisier the loss of a step, the longer the window; the more the stream drifts, the larger the factor.
    ///
    /// # Errors
    /// [`SettingError::Guard`] if the factor isn't finite and more than 1, or the window is 0; then nothing changes.
    pub fn set_divergence(&mut self, factor: N::T, window: u32) -> Result<(), SettingError> {
        let valid = factor.is_finite() && factor > N::T::ONE && window > 0;
        (self.factor, self.window) = SettingError::Guard.unless(valid, (Setting::new(factor), window))?;
        self.seen = self.seen.min(window);
        Ok(())
    }

    /// Multiplies the learning rate by this at each going back; 1 unless set.
    ///
    /// # Errors
    /// [`SettingError::Guard`] if it isn't in (0, 1]; then nothing changes.
    pub fn set_backoff(&mut self, factor: N::T) -> Result<(), SettingError> {
        let valid = factor > N::T::ZERO && factor <= N::T::ONE;
        self.backoff = SettingError::Guard.unless(valid, Setting::new(factor))?;
        Ok(())
    }

    /// Forgets the good state and the losses: the next step begins anew. Settings stay.
    pub fn forget(&mut self) {
        self.kept = false;
        self.restart();
    }

    /// One step on 1 to `BATCH` samples, watched. Returns the mean loss of the batch before the step.
    ///
    /// # Errors
    /// [`GuardError::Step`]: wrong data, nothing has changed. [`GuardError::Diverged`]: the trainer is as it was at the last good state.
    pub fn step<Y, L: Compares<N::Out, Y>, const BATCH: usize, G: Sink>(
        &mut self,
        trainer: &mut Trainer<N, L, O, BATCH, G>,
        x: &[N::In],
        targets: &[Y],
    ) -> Result<N::T, GuardError> {
        if trainer.ready && !self.kept {
            self.keep(trainer);
        }
        match trainer.partial_step(x, targets) {
            Ok(loss) => {
                if self.rises(loss) {
                    return Err(self.go_back(trainer, Divergence::Rising));
                }
                self.since = self.since.saturating_add(1);
                if self.since >= or(self.interval, 100) && self.holds(trainer, x, targets) {
                    self.keep(trainer);
                }
                Ok(loss)
            }
            Err(StepError::NonFiniteLoss | StepError::NonFiniteGradient) => {
                Err(self.go_back(trainer, Divergence::NonFinite))
            }
            Err(error) => Err(GuardError::Step(error)),
        }
    }

    fn factor(&self) -> N::T {
        self.factor.get(N::T::from_f64(10.0))
    }

    /// Adds a loss to the running mean; whether that is too far above the best.
    fn rises(&mut self, loss: N::T) -> bool {
        let window = or(self.window, 100);
        let first = self.seen < window;
        self.seen += u32::from(first);
        let step = ((loss - self.mean) - self.rest) / N::T::from_u32(self.seen);
        (self.mean, self.rest) = two_sum(self.mean, self.rest + step);
        if self.seen < window {
            return false;
        }
        if (first && self.seen == window) || self.mean < self.best {
            self.best = self.mean;
        }
        !self.mean.is_finite() || self.mean > self.factor() * self.best.at_least(N::T::EPSILON)
    }

    /// Whether the network of now gives finite outputs on these samples, and a loss that isn't far above the running
    /// mean.
    fn holds<Y, L: Compares<N::Out, Y>, const BATCH: usize, G: Sink>(
        &self,
        trainer: &mut Trainer<N, L, O, BATCH, G>,
        x: &[N::In],
        targets: &[Y],
    ) -> bool {
        let outputs = infer::<N, BATCH>(&trainer.network, x, trainer.saved.0.used());
        let sum = total::sum(outputs.iter().zip(targets).map(|(y, target)| trainer.loss.loss(y, target)));
        let finite = sum.is_finite() && all_finite(N::Out::flatten(outputs));
        finite && sum <= self.factor() * self.mean * N::T::from_usize(x.len())
    }

    fn keep<L: crate::loss::Loss<N::Out>, const BATCH: usize, G: Sink>(
        &mut self,
        trainer: &Trainer<N, L, O, BATCH, G>,
    ) {
        storage::copy(&trainer.network, &mut self.network);
        storage::copy(&trainer.slots, &mut self.slots);
        self.steps = trainer.steps;
        self.since = 0;
        self.kept = true;
    }

    fn go_back<L: crate::loss::Loss<N::Out>, const BATCH: usize, G: Sink>(
        &mut self,
        trainer: &mut Trainer<N, L, O, BATCH, G>,
        cause: Divergence,
    ) -> GuardError {
        let lost = trainer.steps.saturating_sub(self.steps);
        // First the gradients; the slots are then copied over.
        trainer.network.visit_mut(Path::default(), &mut trainer.slots, &mut trainer.gradient, &mut Clear);
        trainer.gather_none();
        storage::copy(&self.network, &mut trainer.network);
        storage::copy(&self.slots, &mut trainer.slots);
        trainer.steps = self.steps;
        // A rate that is refused stays as it is: the product of two numbers that were checked is finite and not negative.
        let rate = trainer.optimizer.learning_rate() * self.backoff.get(N::T::ONE);
        let _ = trainer.optimizer.set_learning_rate(rate);
        self.restart();
        GuardError::Diverged { cause, lost }
    }

    fn restart(&mut self) {
        (self.seen, self.since) = (0, 0);
        (self.mean, self.rest, self.best) = (N::T::ZERO, N::T::ZERO, N::T::ZERO);
    }
}

/// A setting, or its default where it is 0.
fn or(set: u32, default: u32) -> u32 {
    if set > 0 { set } else { default }
}

/// How a [`Guard`] noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// The loss or the gradient was infinite or NaN.
    NonFinite,
    /// The running mean of the loss rose too far above its best.
    Rising,
}

/// Why a step under a [`Guard`] wasn't made, or was undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardError {
    /// The step wasn't made: the data are wrong, or the trainer isn't ready. Nothing has changed.
    Step(StepError),
    /// Training diverged; the last good state is back.
    Diverged {
        /// How that was noticed.
        cause: Divergence,
        /// How many steps were undone.
        lost: u64,
    },
}

impl Display for GuardError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        match self {
            Self::Step(error) => error.fmt(f),
            Self::Diverged { cause, lost } => {
                f.write_str(match cause {
                    Divergence::NonFinite => "the loss or the gradient is infinite or NaN",
                    Divergence::Rising => "the loss rises",
                })?;
                write!(f, ": went back to the last good state, {lost} steps are undone")
            }
        }
    }
}

impl core::error::Error for GuardError {}
