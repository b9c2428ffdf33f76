//! The trainer.

mod guard;

pub use self::guard::{Divergence, Guard, GuardError};

use super::sink::{self, Gathered, Step};
use super::{Batch, Buffered, EpochError, Fused, NotReady, Sink, StepError};
use crate::budget::Text;
use crate::init::{Init, initialise};
use crate::kernel::{self, Kernels, Task};
use crate::layer::plan::Memory;
use crate::layer::size::positive_of;
use crate::layer::{Apart, Context, Layer, Need, SettingError, checked};
use crate::loss::{Compares, Loss};
use crate::metric::Metric;
use crate::optimizer::{Copies, CopiesOf, Is, Optimizer, Rule};
use crate::parameter::{FindZeros, Info, Parameter, Path, Visitor, visit_gradients, visit_values};
use crate::random::{Shuffle, generator, mix};
use crate::scalar::{Scalar, all_finite};
use crate::storage::{Aligned, Buffer, Shared, Zeroed, batch};
use crate::tape::infer;
use crate::tensor::{Array, Tensor, take_mut};
use crate::total::Total;

/// A network `N` in training: with a loss `L`, an optimizer `O`, and batches of `BATCH` samples, 1 at least.
///
/// It is one object of constant size ([`BYTES`](Self::BYTES)), all zeros at first: put [`ZERO`](Self::ZERO) into a `static`, or take
/// [`boxed`](Self::boxed). [`reset`](Self::reset) makes it ready. The gradient goes to `G`: [`Fused`] needs no memory for it, [`Buffered`]
/// can accumulate and clip it.
#[expect(missing_debug_implementations)]
pub struct Trainer<N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink = Fused> {
    pub(super) network: N,
    pub(super) slots: N::Slots<<O::Rule as Rule<N::T>>::Slots>,
    pub(super) gradient: N::Slots<G::Copies>,
    pub(super) saved: Aligned<Shared<N::Saved<Apart, BATCH>, Memory<N, Apart, BATCH>>>,
    pub(super) grad: Aligned<N::Wide<BATCH>>,
    pub(super) steps: u64,
    pub(super) seed: u64,
    pub(super) optimizer: O,
    pub(super) loss: L,
    pub(super) state: G::State<N::T>,
    pub(super) ready: bool,
    /// Whether the last epoch left out its last sample.
    pub(super) skipped: bool,
}
crate::storage::zeroed!(
    [N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink] Trainer<N, L, O, BATCH, G> {
        network, slots, gradient, saved, grad, steps, seed, optimizer, loss, state, ready, skipped
    }
);

impl<N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink> Trainer<N, L, O, BATCH, G> {
    /// Refuses, in a build, batches of no sample, and what cannot be trained.
    pub(super) const CHECK: () = {
        positive_of(Text::new("Trainer<N, L, O, ").number(BATCH).text(">"), &["BATCH"], &[BATCH]);
        const DIFFERENT: &str = "a layer's `Cost::learns` isn't what its `Learns` says";
        assert!(checked::<N>().learns == <N::Learns as Need>::WANTED, "{}", DIFFERENT);
    };
    /// All zeros, not ready: the initial value of a `static`, which goes to `.bss`.
    pub const ZERO: Self = {
        let () = Self::CHECK;
        <Self as Zeroed>::ZERO
    };

    /// In a new box, without passing through the stack; not ready.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn boxed() -> std::boxed::Box<Self> {
        const { Self::CHECK }
        <Self as Zeroed>::boxed()
    }

    /// Starts from the beginning: weights by [`Init::HeNormal`] and biases 0, no optimizer state, step 0. Settings of
    /// layers stay, and so does what is under [`Frozen`](crate::layer::Frozen), unless it is all zeros.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if the optimizer's isn't finite; then nothing changes.
    pub fn reset(&mut self, seed: u64, optimizer: impl Is<O>) -> Result<(), SettingError> {
        self.reset_with(seed, optimizer, Init::HeNormal)
    }

    /// Like [`reset`](Self::reset), with another initialiser.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if the optimizer's isn't finite; then nothing changes.
    pub fn reset_with(&mut self, seed: u64, optimizer: impl Is<O>, init: Init) -> Result<(), SettingError> {
        const { Self::CHECK }
        let optimizer = optimizer.it();
        SettingError::LearningRate.unless(optimizer.learning_rate().is_finite(), ())?;
        initialise(&mut self.network, init, &mut generator(seed));
        self.start(seed, optimizer);
        Ok(())
    }

    /// Starts training from the weights that the network has: loaded ones, or set by hand. No optimizer state, step 0:
    /// momentum and moments that belonged to other weights are cleared.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if the optimizer's isn't finite, [`SettingError::Frozen`] if a frozen layer is
    /// all zeros; then nothing changes.
    pub fn resume(&mut self, seed: u64, optimizer: impl Is<O>) -> Result<(), SettingError> {
        const { Self::CHECK }
        let optimizer = optimizer.it();
        SettingError::LearningRate.unless(optimizer.learning_rate().is_finite(), ())?;
        let mut zeros = FindZeros(None);
        visit_values(&mut self.network, &mut zeros);
        if let Some(path) = zeros.0 {
            return Err(SettingError::Frozen(path));
        }
        self.start(seed, optimizer);
        Ok(())
    }

    fn start(&mut self, seed: u64, optimizer: O) {
        self.network.visit_mut(Path::default(), &mut self.slots, &mut self.gradient, &mut Clear);
        self.gather_none();
        self.steps = 0;
        self.seed = seed;
        self.optimizer = optimizer;
        self.ready = true;
    }

    /// Without a gradient in the buffer.
    pub(super) fn gather_none(&mut self) {
        if let Some(gathered) = G::gathered(&mut self.state) {
            *gathered = Gathered::NONE;
        }
    }

    /// The network.
    pub fn net(&self) -> &N {
        &self.network
    }

    /// The network, to load weights or change settings. Before [`reset`](Self::reset) settings can be made, too.
    ///
    /// Behind loaded weights comes [`resume`](Self::resume): [`reset`](Self::reset) would draw new ones. In the middle
    /// of training there is a choice, because momentum and moments belong to the weights that they were measured with:
    /// `resume` clears them, the count of steps, and gradients that were accumulated; without it all of them stay, and
    /// at the loaded weights even a gradient of 0 moves a weight on.
    pub fn net_mut(&mut self) -> &mut N {
        &mut self.network
    }

    /// The loss.
    pub fn loss(&self) -> &L {
        &self.loss
    }

    /// The loss, to change its settings.
    pub fn loss_mut(&mut self) -> &mut L {
        &mut self.loss
    }

    /// The optimizer.
    pub fn optimizer(&self) -> &O {
        &self.optimizer
    }

    /// The optimizer, to change its learning rate.
    pub fn optimizer_mut(&mut self) -> &mut O {
        &mut self.optimizer
    }

    /// Shows what the optimizer keeps, parameter by parameter: momentum its v; Adam its m, then its v. Nothing with SGD.
    pub fn optimizer_state(&mut self, mut visitor: impl FnMut(Parameter<'_, N::T>)) {
        self.network.visit_mut(Path::default(), &mut self.slots, &mut self.gradient, &mut ShowSlots(&mut visitor));
    }

    /// How many steps were made since `reset` or `resume`.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// What L1 and L2 add to the loss that [`step`](Self::step) returns.
    pub fn penalty(&self) -> N::T {
        self.network.penalty()
    }

    /// One step on a full batch. Returns the mean loss of the batch before the step, without penalties.
    ///
    /// # Errors
    /// [`StepError`]; then nothing has changed.
    #[inline]
    pub fn step<Y>(&mut self, x: &Tensor<[N::In; BATCH]>, targets: &[Y; BATCH]) -> Result<N::T, StepError>
    where
        L: Compares<N::Out, Y>,
    {
        kernel::run(Learn { trainer: self, x: &x.0, targets })
    }

    /// One step on 1 to `BATCH` samples.
    ///
    /// # Errors
    /// [`StepError`]; then nothing has changed.
    pub fn partial_step<Y>(&mut self, x: &[N::In], targets: &[Y]) -> Result<N::T, StepError>
    where
        L: Compares<N::Out, Y>,
    {
        kernel::run(Learn { trainer: self, x, targets })
    }

    #[inline(always)]
    fn learn<K: Kernels, Y>(&mut self, x: &[N::In], targets: &[Y]) -> Result<N::T, StepError>
    where
        L: Compares<N::Out, Y>,
    {
        let loss = self.forward::<K, Y>(x, targets)?;
        let context = self.context();
        G::descend::<K, N, O, BATCH>(Step::<N, O, G, BATCH> {
            network: &mut self.network,
            slots: &mut self.slots,
            gradient: &mut self.gradient,
            x,
            saved: self.saved.0.kept(),
            grad: &mut self.grad.0,
            rule: self.optimizer.rule(self.steps, N::T::ONE),
            state: &mut self.state,
            context,
        })?;
        self.network.observe::<Apart, BATCH>(self.saved.0.kept(), x.len());
        self.steps += 1;
        Ok(loss)
    }

    /// What dropout depends on: seed, step and micro-batch.
    #[inline(always)]
    pub(super) fn context(&mut self) -> Context {
        let micro_batches = G::gathered(&mut self.state).map_or(0, |gathered| gathered.micro_batches);
        Context::new(self.seed, self.steps + (u64::from(micro_batches) << 40))
    }

    /// What the gradient of each of so many samples is divided by.
    #[inline(always)]
    pub(super) fn divisor(&mut self, samples: usize) -> usize {
        G::gathered(&mut self.state).map_or(samples, |gathered| gathered.divisor(samples))
    }

    /// Checks, forward, loss and dy.
    #[inline(always)]
    pub(super) fn forward<K: Kernels, Y>(&mut self, x: &[N::In], targets: &[Y]) -> Result<N::T, StepError>
    where
        L: Compares<N::Out, Y>,
    {
        const { Self::CHECK }
        self.check_learning(x, targets)?;
        let (context, divisor) = (self.context(), self.divisor(x.len()));
        let y = self.network.forward::<K, Apart, BATCH>(x, self.saved.0.kept(), context);
        compare::<K, N, L, Y, BATCH>(&self.loss, y, targets, divisor, &mut self.grad.0)
    }

    /// [`check`](Self::check), and whether it can be learned from.
    #[inline(always)]
    pub(super) fn check_learning<Y>(&self, x: &[N::In], targets: &[Y]) -> Result<(), StepError>
    where
        L: Compares<N::Out, Y>,
    {
        const { N::COST.learns_from(BATCH) } // where the compiler refuses what cannot be trained, too
        self.check(x, targets)?;
        match self.network.needs_two() {
            Some(layer) if x.len() == 1 => Err(StepError::SingleSample { layer }),
            _ => Ok(()),
        }
    }

    #[inline(always)]
    pub(super) fn check<Y>(&self, x: &[N::In], targets: &[Y]) -> Result<(), StepError>
    where
        L: Compares<N::Out, Y>,
    {
        if !(self.ready && self.network.is_ready()) {
            return Err(StepError::NotReady);
        }
        if x.is_empty() || x.len() > BATCH || x.len() != targets.len() {
            return Err(StepError::Count { samples: x.len(), targets: targets.len() });
        }
        if !all_finite(N::In::flatten(x)) {
            let sample = x.iter().position(|x| !all_finite(x.flat())).unwrap_or(0);
            return Err(StepError::NonFiniteInput { sample });
        }
        if let Some(sample) = x.iter().position(|x| !N::accepts(x)) {
            return Err(StepError::Index { sample });
        }
        for (sample, target) in targets.iter().enumerate() {
            self.loss.check(target).map_err(|error| StepError::Target { sample, error })?;
        }
        Ok(())
    }

    /// One epoch: every sample once, in an order that follows from the seed and the step count, the last batch short if need be.
    ///
    /// `sample(i, input)` fills the input with sample `i` and returns its target. Returns the mean loss of all samples,
    /// whose error doesn't grow with their number.
    ///
    /// A last batch of a single sample, from which a layer cannot learn ([`StepError::SingleSample`]), is left out: of
    /// the order, of the mean, and [`skipped`](Self::skipped) says so. Which sample that is differs from epoch to
    /// epoch. Where it is the only one, that is an error.
    ///
    /// # Errors
    /// [`EpochError`]: the steps before that batch were made, that one wasn't.
    pub fn epoch<Y: Zeroed>(
        &mut self,
        batch: &mut Batch<N::In, Y, BATCH>,
        samples: usize,
        mut sample: impl FnMut(usize, &mut Tensor<N::In>) -> Y,
    ) -> Result<N::T, EpochError>
    where
        L: Compares<N::Out, Y>,
    {
        let order = Shuffle::new(samples, self.seed ^ mix(self.steps));
        let skip = samples > 1 && samples.checked_rem(BATCH) == Some(1) && self.network.needs_two().is_some();
        self.skipped = false;
        let mean = self.each_batch(
            batch,
            samples - usize::from(skip),
            |i| order.at(i),
            &mut sample,
            |trainer, x, targets| kernel::run(Learn { trainer, x, targets }),
        )?;
        self.skipped = skip;
        Ok(mean)
    }

    /// How many samples the last [`epoch`](Self::epoch) left out: 1 where its last batch had a single one, from which a
    /// layer cannot learn, else 0.
    pub fn skipped(&self) -> usize {
        usize::from(self.skipped)
    }

    /// Mean loss of samples `0..samples`, in order and in use (no dropout); every output and its target go to a metric.
    ///
    /// # Errors
    /// - [`EpochError`] at the first bad sample.
    /// - An output that isn't finite doesn't end the pass, so that the metric has all samples, as a wrong one that one.
    ///   Then the first such sample is the error, a [`StepError::NonFiniteOutput`]; or, if that comes first, the first
    ///   whose loss isn't finite, a [`StepError::NonFiniteLoss`].
    pub fn evaluate<Y: Zeroed>(
        &mut self,
        batch: &mut Batch<N::In, Y, BATCH>,
        samples: usize,
        mut sample: impl FnMut(usize, &mut Tensor<N::In>) -> Y,
        metric: &mut impl Metric<N::Out, Y>,
    ) -> Result<N::T, EpochError>
    where
        L: Compares<N::Out, Y>,
    {
        let (mut done, mut non_finite) = (0, None);
        let mean = self.each_batch(
            batch,
            samples,
            |i| i,
            &mut sample,
            |trainer, x, targets| {
                trainer.check(x, targets)?;
                let y = infer::<N, BATCH>(&trainer.network, x, trainer.saved.0.used());
                if y.len() != x.len() {
                    return Err(StepError::NotReady);
                }
                let mut sum = Total::ZERO;
                for (y, target) in y.iter().zip(targets) {
                    sum.add(trainer.loss.loss(y, target));
                    metric.add(Tensor::from_ref(y), target);
                }
                let sum = sum.value();
                if non_finite.is_none() && !(sum.is_finite() && all_finite(N::Out::flatten(y))) {
                    non_finite = first_non_finite(&trainer.loss, done, y, targets);
                }
                done += x.len();
                Ok(sum / N::T::from_usize(x.len()))
            },
        )?;
        let overflow = EpochError { done, index: None, error: StepError::NonFiniteLoss };
        non_finite.or((!mean.is_finite()).then_some(overflow)).map_or(Ok(mean), Err)
    }

    /// Fills batch after batch and hands each to a function; returns the mean of what it returns, by sample.
    fn each_batch<Y: Zeroed>(
        &mut self,
        batch: &mut Batch<N::In, Y, BATCH>,
        samples: usize,
        order: impl Fn(usize) -> usize,
        sample: &mut impl FnMut(usize, &mut Tensor<N::In>) -> Y,
        mut run: impl FnMut(&mut Self, &[N::In], &[Y]) -> Result<N::T, StepError>,
    ) -> Result<N::T, EpochError> {
        let (mut done, mut sum) = (0, Total::ZERO);
        while done < samples {
            let n = batch.fill(done, samples, &order, sample);
            let (x, targets) = (crate::tensor::take(&batch.inputs.0, n), crate::tensor::take(&batch.targets, n));
            let loss = run(self, x, targets).map_err(|error| {
                let index = error.sample().map(|sample| order(done + sample));
                EpochError { done, index, error }
            })?;
            sum.add(loss * N::T::from_usize(n));
            done += n;
        }
        Ok(if samples > 0 { sum.value() / N::T::from_usize(samples) } else { N::T::ZERO })
    }

    /// The output for one sample, in use (no dropout). It stays in the trainer until the next call. It isn't checked: a
    /// network that diverged gives numbers that aren't finite.
    ///
    /// # Errors
    /// [`NotReady`] before `reset` or `resume`, and without what a `FrozenRef` refers to.
    pub fn infer<'a>(&'a mut self, x: &'a Tensor<N::In>) -> Result<&'a Tensor<N::Out>, NotReady> {
        let y = self.infer_some(core::slice::from_ref(&x.0))?;
        y.first().map(Tensor::from_ref).ok_or(NotReady)
    }

    /// The outputs for a batch, in use (no dropout).
    ///
    /// # Errors
    /// [`NotReady`] before `reset` or `resume`, and without what a `FrozenRef` refers to.
    pub fn infer_batch<'a>(
        &'a mut self,
        x: &'a Tensor<[N::In; BATCH]>,
    ) -> Result<&'a Tensor<[N::Out; BATCH]>, NotReady> {
        batch(self.infer_some(&x.0)?).ok_or(NotReady)
    }

    #[inline(always)]
    fn infer_some<'a>(&'a mut self, x: &'a [N::In]) -> Result<&'a [N::Out], NotReady> {
        const { Self::CHECK }
        if self.ready { Ok(infer::<N, BATCH>(&self.network, x, self.saved.0.used())) } else { Err(NotReady) }
    }
}

impl<N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize> Trainer<N, L, O, BATCH, Buffered> {
    /// Holds the norm of the whole gradient at `norm`; 0 turns it off. A finite gradient may be of any size: its norm
    /// is found where its squares are out of range, too.
    ///
    /// # Errors
    /// [`SettingError::Clip`] if it isn't finite or is negative; then nothing changes.
    pub fn set_clip_norm(&mut self, norm: N::T) -> Result<(), SettingError> {
        self.state.clip_norm = SettingError::Clip.unless(norm.is_finite() && norm >= N::T::ZERO, norm)?;
        Ok(())
    }

    /// Adds the gradient of a batch of 1 to `BATCH` samples to the buffer, without a step. Returns the mean loss of
    /// these samples.
    ///
    /// Micro-batches may differ in size: each sample counts the same, so that the step is that of one batch of all of
    /// them. (Batch norm still takes the statistics of each micro-batch.) Penalties count once a step.
    ///
    /// # Errors
    /// [`StepError`]; then nothing has changed.
    pub fn accumulate<Y>(&mut self, x: &[N::In], targets: &[Y]) -> Result<N::T, StepError>
    where
        L: Compares<N::Out, Y>,
    {
        kernel::run(Gather { trainer: self, x, targets })
    }

    /// One step with the mean of the accumulated gradients over all samples, and an empty buffer after it. Without any,
    /// nothing happens.
    ///
    /// # Errors
    /// [`StepError::NonFiniteGradient`]: the accumulated gradients are dropped, all else is as before.
    pub fn apply(&mut self) -> Result<(), StepError> {
        if self.state.gathered.micro_batches > 0 {
            kernel::run(Apply { trainer: self })?;
        }
        Ok(())
    }

    /// Shows the accumulated gradient of every parameter: the sum over the samples since the last step, divided by the
    /// number of samples of the first micro-batch. With one, it is the mean; with more of the same size, the sum of
    /// their means.
    pub fn gradient(&mut self, mut visitor: impl FnMut(Parameter<'_, N::T>)) {
        let mut show = ShowGradient(&mut visitor);
        visit_gradients(&mut self.network, &mut self.gradient, &mut show);
    }
}

/// The mean loss of a batch, and dy, in which the gradient of each sample is divided by `divisor`.
#[inline(always)]
pub(super) fn compare<K: Kernels, N: Layer, L: Compares<N::Out, Y>, Y, const BATCH: usize>(
    loss: &L,
    y: &[N::Out],
    targets: &[Y],
    divisor: usize,
    grad: &mut N::Wide<BATCH>,
) -> Result<N::T, StepError> {
    let reciprocal = |n| N::T::ONE / N::T::from_usize(n);
    let dy = take_mut(N::Out::group_mut(grad.flat()), y.len());
    let mean = loss.gradients::<K>(y, targets, reciprocal(divisor), dy) * reciprocal(y.len());
    if mean.is_finite() { Ok(mean) } else { Err(StepError::NonFiniteLoss) }
}

/// The first of these outputs that isn't finite, or whose loss isn't, as an error after `done` samples.
fn first_non_finite<Out: Array, L: Compares<Out, Y>, Y>(
    loss: &L,
    done: usize,
    y: &[Out],
    targets: &[Y],
) -> Option<EpochError> {
    y.iter().zip(targets).enumerate().find_map(|(sample, (y, target))| {
        let error = if !all_finite(y.flat()) {
            StepError::NonFiniteOutput { sample }
        } else if !loss.loss(y, target).is_finite() {
            StepError::NonFiniteLoss
        } else {
            return None;
        };
        Some(EpochError { done, index: Some(done + sample), error })
    })
}

/// A step, to be dispatched.
struct Learn<'t, N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink, Y> {
    trainer: &'t mut Trainer<N, L, O, BATCH, G>,
    x: &'t [N::In],
    targets: &'t [Y],
}

impl<N: Layer, L: Compares<N::Out, Y>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink, Y> Task
    for Learn<'_, N, L, O, BATCH, G, Y>
{
    type Output = Result<N::T, StepError>;
    #[inline(always)]
    fn run<K: Kernels>(self) -> Self::Output {
        self.trainer.learn::<K, Y>(self.x, self.targets)
    }
}

/// The gradient of a micro-batch, to be dispatched.
struct Gather<'t, N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, Y> {
    trainer: &'t mut Trainer<N, L, O, BATCH, Buffered>,
    x: &'t [N::In],
    targets: &'t [Y],
}

impl<N: Layer, L: Compares<N::Out, Y>, O: Optimizer<T = N::T>, const BATCH: usize, Y> Task
    for Gather<'_, N, L, O, BATCH, Y>
{
    type Output = Result<N::T, StepError>;
    #[inline(always)]
    fn run<K: Kernels>(self) -> Self::Output {
        let Self { trainer, x, targets } = self;
        let loss = trainer.forward::<K, Y>(x, targets)?;
        let context = trainer.context();
        sink::accumulate::<K, N, BATCH>(
            &mut trainer.network,
            &mut trainer.gradient,
            x,
            trainer.saved.0.kept(),
            &mut trainer.grad.0,
            &mut trainer.state.gathered,
            context,
        );
        trainer.network.observe::<Apart, BATCH>(trainer.saved.0.kept(), x.len());
        Ok(loss)
    }
}

/// The update from accumulated gradients, to be dispatched.
struct Apply<'t, N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize> {
    trainer: &'t mut Trainer<N, L, O, BATCH, Buffered>,
}

impl<N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize> Task for Apply<'_, N, L, O, BATCH> {
    type Output = Result<(), StepError>;
    #[inline(always)]
    fn run<K: Kernels>(self) -> Self::Output {
        let t = self.trainer;
        let rule = t.optimizer.rule(t.steps, N::T::ONE);
        sink::apply::<K, N, O>(&mut t.network, &mut t.slots, &mut t.gradient, &rule, &mut t.state)?;
        t.steps += 1;
        Ok(())
    }
}

/// Clears optimizer state and gradient.
struct Clear;

impl<T: Scalar, K: Copies, G: Copies> Visitor<T, K, G> for Clear {
    fn visit<A: Array<T = T>>(&mut self, _: Info, _: &mut A, slots: &mut K::Of<A>, gradient: &mut G::Of<A>) {
        K::each(slots, |slot| slot.flat_mut().fill(T::ZERO));
        G::each(gradient, |gradient| gradient.flat_mut().fill(T::ZERO));
    }
}

/// Shows optimizer state as parameters.
struct ShowSlots<'v, V>(&'v mut V);

impl<T: Scalar, K: Copies, G: Copies, V: FnMut(Parameter<'_, T>)> Visitor<T, K, G> for ShowSlots<'_, V> {
    fn visit<A: Array<T = T>>(&mut self, info: Info, _: &mut A, slots: &mut K::Of<A>, _: &mut G::Of<A>) {
        K::each(slots, |slot| (self.0)(Parameter::new(info, &*slot)));
    }
}

/// Shows gradients as parameters.
pub(crate) struct ShowGradient<'v, V>(pub &'v mut V);

impl<T: Scalar, V: FnMut(Parameter<'_, T>)> Visitor<T, CopiesOf<0>, CopiesOf<1>> for ShowGradient<'_, V> {
    fn visit<A: Array<T = T>>(&mut self, info: Info, _: &mut A, _: &mut [A; 0], [gradient]: &mut [A; 1]) {
        (self.0)(Parameter::new(info, &*gradient));
    }
}
