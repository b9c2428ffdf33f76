//! A step in slices of bounded cost, between which a program can do something else.

use core::task::Poll;

use super::sink::{Step, WINDOW};
use super::trainer::compare;
use super::{Buffered, Fused, Sink, StepError, Trainer};
use crate::budget::Text;
use crate::kernel::{self, Kernels, Task};
use crate::layer::size::positive_of;
use crate::layer::{Apart, Sliceable, checked, longest, most};
use crate::loss::{Compares, Loss};
use crate::optimizer::Optimizer;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

/// A [`Trainer`] whose steps are made in slices, for a superloop, RTIC or Embassy: the same bits as [`Trainer::step`].
///
/// [`begin`](Self::begin) checks the data, which is a comparison for each number of `BATCH` samples, then each [`poll`](Self::poll) makes one of [`SLICES`](Self::SLICES) slices, none of which has
/// more than [`SLICE_MULTIPLY_ADDS`](Self::SLICE_MULTIPLY_ADDS). Nothing is borrowed in between: every poll gets the data again.
///
/// While a step is under way the trainer can be read, but not changed. What it reads then:
/// - Until the loss is known, nothing has changed, and [`abandon`](Self::abandon) drops the step.
/// - After that, parameters change slice by slice with [`Fused`]: the layers behind are new, those in front are old. With [`Buffered`] they
///   change in the last slices, after the whole gradient is known. Poll to the end, or call [`finish`](Self::finish).
///
/// For an inference in the middle of a step take a [`Workspace`](crate::tape::Workspace) and [`Trainer::net`].
///
/// ```
/// # use core::task::Poll;
/// # use stackprop::prelude::*;
/// type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
/// type Training = Sliced<Net, SoftmaxCrossEntropy<10>, Sgd, 1>;
/// const _: () = assert!(Training::SLICES <= 18 && Training::SLICE_MULTIPLY_ADDS <= 1024);
///
/// let mut training = Training::boxed(); // or a `static`: `Training::ZERO`
/// training.trainer_mut()?.reset(1, Sgd::new(0.05)?)?;
/// let (x, label) = (Matrix::<1, 64>::ZERO, [3u8]);
/// training.begin(&x.0, &label)?;
/// loop {
///     if let Poll::Ready(loss) = training.poll(&x.0, &label) {
///         assert!(loss? > 0.0);
///         break;
///     }
///     // What else there is to do.
/// }
/// assert_eq!(training.trainer().steps(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(missing_debug_implementations)]
pub struct Sliced<N: Sliceable, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink = Fused> {
    trainer: Trainer<N, L, O, BATCH, G>,
    /// The slices that are left: none if both are the same.
    next: usize,
    end: usize,
    samples: usize,
    loss: N::T,
    survey: G::Survey<N::T>,
}
crate::storage::zeroed!(
    [N: Sliceable, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink] Sliced<N, L, O, BATCH, G> {
        trainer, next, end, samples, loss, survey
    }
);

impl<N: Sliceable, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink> Sliced<N, L, O, BATCH, G> {
    /// Refuses, in a build, batches of no sample, and what cannot be trained.
    const CHECK: () = {
        positive_of(Text::new("Sliced<N, L, O, ").number(BATCH).text(">"), &["BATCH"], &[BATCH]);
        _ = checked::<N>();
    };
    /// All zeros, not ready: the initial value of a `static`, which goes to `.bss`.
    pub const ZERO: Self = {
        let () = Self::CHECK;
        <Self as Zeroed>::ZERO
    };
    /// Bytes of it all.
    pub const BYTES: usize = size_of::<Self>();
    /// How many polls a step takes.
    pub const SLICES: usize = Self::ACCUMULATED + 2 * Self::WINDOWS;
    /// Multiply-adds in one slice, at most; the check of a number of the gradient and its update count as one.
    pub const SLICE_MULTIPLY_ADDS: u64 =
        longest(BATCH as u64 * N::SLICES.multiply_adds, if G::APART { WINDOW as u64 } else { 0 });
    /// Numbers that pass through an activation, a mask or the loss in one slice, at most.
    pub const SLICE_FUNCTIONS: usize = BATCH * most(N::SLICES.functions, <N::Out as Array>::LEN);

    /// After forward comes the slice of the loss.
    const LOSS: usize = N::SLICES.forward;
    /// Slices until the gradient is known.
    const ACCUMULATED: usize = Self::LOSS + 1 + N::SLICES.backward(false);
    /// Windows of an update that is apart.
    const WINDOWS: usize =
        if G::APART { most(1, (size_of::<N::Slots<G::Copies>>() / size_of::<N::T>()).div_ceil(WINDOW)) } else { 0 };

    /// In a new box, without passing through the stack; not ready.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn boxed() -> std::boxed::Box<Self> {
        const { Self::CHECK }
        <Self as Zeroed>::boxed()
    }

    /// The trainer, to be read; see above for what it holds while a step is under way.
    pub fn trainer(&self) -> &Trainer<N, L, O, BATCH, G> {
        &self.trainer
    }

    /// The trainer, for all else.
    ///
    /// # Errors
    /// [`StepError::Busy`] while a step is under way.
    pub fn trainer_mut(&mut self) -> Result<&mut Trainer<N, L, O, BATCH, G>, StepError> {
        if self.is_busy() { Err(StepError::Busy) } else { Ok(&mut self.trainer) }
    }

    /// Whether a step is under way.
    pub fn is_busy(&self) -> bool {
        self.next < self.end
    }

    /// Begins a step on 1 to `BATCH` samples: checks them, and nothing else.
    ///
    /// # Errors
    /// [`StepError`]; then nothing has changed.
    pub fn begin<Y>(&mut self, x: &[N::In], targets: &[Y]) -> Result<(), StepError>
    where
        L: Compares<N::Out, Y>,
    {
        self.begin_until(Self::SLICES, x, targets)
    }

    fn begin_until<Y>(&mut self, end: usize, x: &[N::In], targets: &[Y]) -> Result<(), StepError>
    where
        L: Compares<N::Out, Y>,
    {
        const { Self::CHECK }
        self.trainer_mut()?.check_learning(x, targets)?;
        (self.next, self.end, self.samples) = (0, end, x.len());
        Ok(())
    }

    /// Makes the next slice, with the data with which the step began: with others, the gradient is that of no batch. Ready with the mean
    /// loss after the last slice.
    ///
    /// # Errors
    /// - [`StepError::NonFiniteLoss`] ends the step; nothing has changed.
    /// - [`StepError::NonFiniteGradient`] ends it, after the last slice; accumulated gradients are dropped, nothing else has changed.
    /// - [`StepError::Count`]: so many samples didn't begin this step. The slice wasn't made, and the step is still under way.
    /// - [`StepError::Idle`]: no step is under way.
    pub fn poll<Y>(&mut self, x: &[N::In], targets: &[Y]) -> Poll<Result<N::T, StepError>>
    where
        L: Compares<N::Out, Y>,
    {
        if !self.is_busy() {
            return Poll::Ready(Err(StepError::Idle));
        }
        if self.next < Self::ACCUMULATED && (x.len(), targets.len()) != (self.samples, self.samples) {
            return Poll::Ready(Err(StepError::Count { samples: x.len(), targets: targets.len() }));
        }
        kernel::run(Slice { sliced: self, x, targets })
    }

    /// Makes all slices that are left.
    ///
    /// # Errors
    /// As for [`poll`](Self::poll).
    pub fn finish<Y>(&mut self, x: &[N::In], targets: &[Y]) -> Result<N::T, StepError>
    where
        L: Compares<N::Out, Y>,
    {
        loop {
            if let Poll::Ready(result) = self.poll(x, targets) {
                return result;
            }
        }
    }

    /// Drops a step that has changed nothing yet.
    ///
    /// # Errors
    /// [`StepError::Busy`] after the loss is known: such a step has to be finished.
    pub fn abandon(&mut self) -> Result<(), StepError> {
        // An update alone hasn't begun, either, before its first slice.
        if self.next > Self::LOSS && self.is_busy() && !(self.samples == 0 && self.next == Self::ACCUMULATED) {
            return Err(StepError::Busy);
        }
        self.end = self.next;
        Ok(())
    }

    #[inline(always)]
    fn slice<K: Kernels, Y>(&mut self, x: &[N::In], targets: &[Y]) -> Poll<Result<N::T, StepError>>
    where
        L: Compares<N::Out, Y>,
    {
        let Self { trainer: t, survey, .. } = self;
        let (slice, context, divisor) = (self.next, t.context(), t.divisor(self.samples));
        let mut result = Ok(());
        if slice < Self::LOSS {
            t.network.forward_slice::<K, Apart, BATCH>(x, t.saved.0.kept(), context, slice);
        } else if slice == Self::LOSS {
            let y = N::output::<Apart, BATCH>(x, t.saved.0.kept());
            match compare::<K, N, L, Y, BATCH>(&t.loss, y, targets, divisor, &mut t.grad.0) {
                Ok(loss) => self.loss = loss,
                Err(error) => {
                    self.end = self.next;
                    return Poll::Ready(Err(error));
                }
            }
        } else {
            let step = Step::<N, O, G, BATCH> {
                network: &mut t.network,
                slots: &mut t.slots,
                gradient: &mut t.gradient,
                x,
                saved: t.saved.0.kept(),
                grad: &mut t.grad.0,
                rule: t.optimizer.rule(t.steps, N::T::ONE),
                state: &mut t.state,
                context,
            };
            if slice < Self::ACCUMULATED {
                G::backward_slice::<K, N, O, BATCH>(step, slice - Self::LOSS - 1);
            } else {
                result = G::update_slice::<K, N, O, BATCH>(step, survey, slice - Self::ACCUMULATED, Self::WINDOWS);
            }
        }
        self.next += 1;
        if self.next == Self::ACCUMULATED
            && let Some(gathered) = G::gathered(&mut t.state)
        {
            gathered.add(self.samples);
        }
        if self.is_busy() {
            return Poll::Pending;
        }
        if self.next == Self::SLICES {
            self.trainer.gather_none();
            result?;
            self.trainer.steps += 1;
        }
        if self.samples > 0 {
            self.trainer.network.observe::<Apart, BATCH>(self.trainer.saved.0.kept(), self.samples);
        }
        Poll::Ready(Ok(self.loss))
    }
}

impl<N: Sliceable, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize> Sliced<N, L, O, BATCH, Buffered> {
    /// Begins to add the gradient of a batch to the buffer, without a step: [`Trainer::accumulate`] in slices.
    ///
    /// # Errors
    /// [`StepError`]; then nothing has changed.
    pub fn begin_accumulate<Y>(&mut self, x: &[N::In], targets: &[Y]) -> Result<(), StepError>
    where
        L: Compares<N::Out, Y>,
    {
        self.begin_until(Self::ACCUMULATED, x, targets)
    }

    /// Begins a step with the mean of the accumulated gradients: [`Trainer::apply`] in slices. Its polls look at no data; the last returns
    /// the loss of the last batch.
    ///
    /// # Errors
    /// [`StepError::Busy`] while a step is under way, [`StepError::Idle`] if there is no gradient; then nothing has changed.
    pub fn begin_apply(&mut self) -> Result<(), StepError> {
        if self.trainer_mut()?.state.gathered.micro_batches == 0 {
            return Err(StepError::Idle);
        }
        (self.next, self.end, self.samples) = (Self::ACCUMULATED, Self::SLICES, 0);
        Ok(())
    }
}

/// A slice, to be dispatched.
struct Slice<'t, N: Sliceable, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink, Y> {
    sliced: &'t mut Sliced<N, L, O, BATCH, G>,
    x: &'t [N::In],
    targets: &'t [Y],
}

impl<N: Sliceable, L: Compares<N::Out, Y>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink, Y> Task
    for Slice<'_, N, L, O, BATCH, G, Y>
{
    type Output = Poll<Result<N::T, StepError>>;
    #[inline(always)]
    fn run<K: Kernels>(self) -> Self::Output {
        self.sliced.slice::<K, Y>(self.x, self.targets)
    }
}
