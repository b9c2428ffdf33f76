//! Batch normalisation: y = gain · x̂ + bias with x̂ = (x - mean) / √(variance + ε), for each channel, over the batch and all positions.
//!
//! Backward, with n rows of channels: dbias = Σ dy, dgain = Σ dy x̂, dx = gain / √(variance + ε) · (dy - (dbias + x̂ dgain) / n); where the
//! statistics are constants, without what is divided by n. Ioffe and Szegedy 2015.
//!
//! x̂ isn't stored: backward computes it again, into the output, which isn't read any more.
//!
//! The mean is two numbers, the second of which is what lies below the last digit of the first
//! (`kernel::column_moments`): a constant channel gives exactly 0, and one far from 0 its right values. Sums over rows
//! go in blocks (`kernel/sums.rs`).

use core::fmt::{Result as Written, Write};
use core::marker::PhantomData;

use super::plan::{Given, Taken, Within};
use super::{
    Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Setting, SettingError, Sliceable, Structure, Yes,
    size,
};
use crate::budget::Text;
use crate::kernel::{self, Applied, Each, Epilogue, Kernels, Normal, Plain};
use crate::optimizer::{Copies, Rule, checked_epsilon, checked_fraction};
use crate::parameter::{Domain, Info, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::storage::{Both, Zeroed};
use crate::tensor::{Array, Shape, take, take_mut};

/// [`BatchNorm`] of each of `C` channels of a sequence `[[T; C]; LEN]`.
pub type BatchNorm1d<const LEN: usize, const C: usize, T = f32> = BatchNorm<C, [[T; C]; LEN]>;

/// [`BatchNorm`] of each of `C` channels of an image `[[[T; C]; W]; H]`.
pub type BatchNorm2d<const H: usize, const W: usize, const C: usize, T = f32> = BatchNorm<C, [[[T; C]; W]; H]>;

/// Batch normalisation of `N` channels: of features `[T; N]`, or of each position of `A`, such as `[[T; N]; LEN]` ([`BatchNorm1d`]) or
/// `[[[T; N]; W]; H]` ([`BatchNorm2d`]). y = gain · (x - mean) / √(variance + ε) + bias. Ioffe and Szegedy 2015.
///
/// - In training, mean and variance of a channel are those of all positions of all samples of the batch (of a
///   population, Σ(x - mean)² / n). So a sample's output depends on the others: here alone it has *not* the same bits
///   in any batch. With one sample and one position x̂ is 0, as a [`Tape`](crate::tape::Tape) shows.
/// - In use, they are the running statistics: running ← (1 - momentum) · running + momentum · that of the batch, with
///   the unbiased variance Σ(x - mean)² / (n - 1), as in PyTorch. They start at mean 0 and variance 1, and change at
///   the end of a step that was made, or by [`Tape::observe`](crate::tape::Tape::observe). Where n is 1, the running
///   variance stays; a number that isn't finite is left out. Where a step is too small to change a running number, it
///   becomes the batch's: so the running mean of a constant channel reaches its value, to the bit.
/// - Nothing can be learned from one value a channel. So where a sample has one position, as `[T; N]` has, a trainer
///   with batches of one sample doesn't compile, a step on a single one is an
///   [error](crate::training::StepError::SingleSample), and an epoch leaves out a last batch of one
///   ([`Trainer::skipped`](crate::training::Trainer::skipped)). With fixed statistics single samples can be learned
///   from (in a trainer with a larger `BATCH`, by `partial_step`), and in a [`Frozen`](super::Frozen) in any.
/// - Accumulated micro-batches have statistics of their own each, and each changes the running ones by itself.
/// - In a [`Frozen`](super::Frozen) or a [`FrozenRef`](super::FrozenRef) layer, and where they are [fixed](Self::set_fixed), the running
///   statistics are used in training, too, and stay.
/// - The gain starts at 1 and the bias at 0, by [`reset`](crate::training::Trainer::reset); in a layer that is all zeros the gain is 0.
/// - The running statistics are in files and exports, with the [role](Role::State) of a state, beside the number of updates: before the first, a
///   variance stands for 1 whatever it is.
///
/// ```
/// # use stackprop::prelude::*;
/// type Net = (Dense<4, 8>, BatchNorm<8>, ReLU<8>, Dense<8, 3>);
/// let mut training = Trainer::<Net, SoftmaxCrossEntropy<3>, Sgd, 2>::boxed();
/// training.reset(1, Sgd::new(0.1)?)?;
/// training.step(&Matrix::new([[1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]]), &[0u8, 1])?;
/// assert_eq!(training.net().1.updates(), 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BatchNorm<const N: usize, A: Array = [f32; N]> {
    gain: [A::T; N],
    bias: [A::T; N],
    updates: A::T,
    mean: [A::T; N],
    variance: [A::T; N],
    epsilon: Setting<A::T>,
    momentum: Setting<A::T>,
    fixed: bool,
    rows: PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, A: Array] BatchNorm<N, A> {
    gain, bias, updates, mean, variance, epsilon, momentum, fixed, rows
});

impl<const N: usize, T: Scalar, A: Array<T = T>> BatchNorm<N, A> {
    /// With gains and biases, and no statistics yet.
    pub const fn new(gain: [T; N], bias: [T; N]) -> Self {
        Self { gain, bias, ..<Self as Zeroed>::ZERO }
    }

    /// With running statistics: how many updates they stand for, the mean, the variance; and ε. In const, and
    /// unchecked: where a variance plus ε is negative, the output is NaN. A file with a negative variance, or with
    /// updates that aren't a whole number, isn't read, nor written.
    pub const fn with_statistics(
        gain: [T; N],
        bias: [T; N],
        updates: T,
        mean: [T; N],
        variance: [T; N],
        epsilon: T,
    ) -> Self {
        Self { updates, mean, variance, epsilon: Setting::new(epsilon), ..Self::new(gain, bias) }
    }

    /// The gain of a channel, if it exists.
    pub fn gain(&self, channel: usize) -> Option<T> {
        self.gain.get(channel).copied()
    }

    /// The bias of a channel, if it exists.
    pub fn bias(&self, channel: usize) -> Option<T> {
        self.bias.get(channel).copied()
    }

    /// How many updates the running statistics have had.
    pub fn updates(&self) -> T {
        self.updates
    }

    /// The running mean of a channel, if it exists.
    pub fn mean(&self, channel: usize) -> Option<T> {
        self.mean.get(channel).copied()
    }

    /// The running variance of a channel, if it exists.
    pub fn variance(&self, channel: usize) -> Option<T> {
        self.variance.get(channel).map(|&variance| self.running(variance))
    }

    /// ε; 10⁻⁵ unless set.
    pub fn epsilon(&self) -> T {
        self.epsilon.get(T::from_f64(1e-5))
    }

    /// Sets ε.
    ///
    /// # Errors
    /// [`SettingError::Epsilon`] if it isn't finite and positive; then nothing changes.
    pub fn set_epsilon(&mut self, epsilon: T) -> Result<(), SettingError> {
        self.epsilon = Setting::new(checked_epsilon(epsilon)?);
        Ok(())
    }

    /// What a batch adds to the running statistics; 0.1 unless set.
    pub fn momentum(&self) -> T {
        self.momentum.get(T::from_f64(0.1))
    }

    /// Sets what a batch adds to the running statistics.
    ///
    /// # Errors
    /// [`SettingError::Momentum`] if it isn't in [0, 1); then nothing changes.
    pub fn set_momentum(&mut self, momentum: T) -> Result<(), SettingError> {
        self.momentum = Setting::new(checked_fraction(momentum)?);
        Ok(())
    }

    /// Whether the running statistics are used in training, too, and stay: for training on with small batches. Gain and bias learn all the same.
    pub fn set_fixed(&mut self, fixed: bool) {
        self.fixed = fixed;
    }

    /// Whether one sample has one value a channel.
    const SINGLE: bool = A::LEN == N;

    /// The layer, in a message.
    const NAME: &'static str = const { &Text::type_name("BatchNorm", &[N]) }.as_str();

    /// Whether the samples are rows of channels.
    const CHECK: () = {
        let layer = Text::new("BatchNorm<").number(N).text(", A>");
        size::positive_of(layer, &["N"], &[N]);
        size::holds::<A>(layer, "A");
        size::check(layer, "N", "the last dimension of A", A::SHAPE.last(), N);
    };

    /// A running variance, from what is stored.
    #[inline(always)]
    fn running(&self, variance: T) -> T {
        if self.updates > T::ZERO { variance } else { T::ONE }
    }

    /// How many rows so many samples have, as a number.
    #[inline(always)]
    fn count(samples: usize) -> T {
        T::from_usize(samples * (A::LEN / N))
    }

    /// Takes the running statistics.
    #[inline(always)]
    fn recall(&self, mean: &mut [T; N], variance: &mut [T; N]) {
        *mean = self.mean;
        for (variance, &running) in variance.iter_mut().zip(&self.variance) {
            *variance = self.running(running);
        }
    }

    /// 1 / √(variance + ε).
    #[inline(always)]
    fn scales(&self, variance: &[T; N], scale: &mut [T; N]) {
        let epsilon = self.epsilon();
        for (scale, &variance) in scale.iter_mut().zip(variance) {
            *scale = T::ONE / (variance + epsilon).sqrt();
        }
    }

    /// y, from x and statistics.
    #[inline(always)]
    fn normalise(&self, x: &[A], y: &mut [A], mean: &[T; N], scale: &[T; N], bias: &[T; N]) {
        for (x, y) in rows::<N, A>(x).iter().zip(rows_mut::<N, A>(y)) {
            for c in 0..N {
                y[c] = (x[c] - mean[c]) * scale[c] * self.gain[c] + bias[c];
            }
        }
    }

    /// y in use, over x, and then `end`.
    #[inline(always)]
    fn apply<'m, K: Kernels, P: Place, const B: usize>(
        &self,
        x: Taken<'m, Self, P, B>,
        end: impl Epilogue<T>,
    ) -> Given<'m, Self, P, B> {
        const { Self::CHECK }
        let mut own = x.own();
        let (x, scale) = own.rows_with::<[T; N]>();
        for (scale, &variance) in scale.iter_mut().zip(&self.variance) {
            *scale = T::ONE / (self.running(variance) + self.epsilon()).sqrt();
        }
        let by = Normal { mean: &self.mean, scale, gain: &self.gain, bias: &self.bias };
        kernel::normalise::<K, T, _, N>(rows_mut::<N, A>(x), by, end);
        own
    }

    fn info(path: Path) -> [Info; 5] {
        let (one, each) = (Shape::SCALAR, <[T; N]>::SHAPE);
        [
            Info::new(path, "gain", Role::Scale, each),
            Info::new(path, "bias", Role::Bias, each),
            Info { domain: Domain::Count, ..Info::new(path, "updates", Role::State, one) },
            Info::new(path, "mean", Role::State, each),
            Info { domain: Domain::NonNegative, ..Info::new(path, "variance", Role::State, each) },
        ]
    }
}

/// Samples as rows of channels.
#[inline(always)]
pub(super) fn rows<const N: usize, A: Array>(samples: &[A]) -> &[[A::T; N]] {
    Array::group(A::flatten(samples))
}

/// Samples as rows of channels, to be changed.
#[inline(always)]
pub(super) fn rows_mut<const N: usize, A: Array>(samples: &mut [A]) -> &mut [[A::T; N]] {
    Array::group_mut(A::flatten_mut(samples))
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Infer for BatchNorm<N, A> {
    type In = A;
    type Out = A;
    type Plan<P: Place, const B: usize> = Within<Both<[A; B], [T; N]>>;
    const STRUCTURE: Structure = Structure::layer("BatchNorm", &[N]);
    const COST: Cost = {
        let () = Self::CHECK;
        let needs_two = if Self::SINGLE { Some(Self::NAME) } else { None };
        Cost { parameters: 4 * N + 1, learns: true, statistics: 1, needs_two, ..Cost::NONE }
    };

    const TAKES: bool = true;

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        self.apply::<K, P, B>(x, Plain)
    }

    #[inline(always)]
    fn infer_then<'m, K: Kernels, P: Place, const B: usize>(
        &self,
        x: Taken<'m, Self, P, B>,
        f: impl Applied,
    ) -> Given<'m, Self, P, B> {
        self.apply::<K, P, B>(x, Each(f))
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Layer for BatchNorm<N, A> {
    type T = T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = Yes;
    /// The output; mean, variance and 1 / √(variance + ε) of the batch, dgain and dbias. Until backward, the rest of
    /// the mean is in the place of dbias.
    type Saved<P: Place, const B: usize> = ([A; B], [[T; N]; 5]);
    type Wide<const B: usize> = [A; B];
    type Slots<K: Copies> = (K::Of<[T; N]>, K::Of<[T; N]>);

    #[inline(always)]
    fn needs_two(&self) -> Option<&'static str> {
        (Self::SINGLE && !self.fixed).then_some(Self::NAME)
    }

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, A>,
        (y, [mean, variance, scale, shift, rest]): &'a mut Self::Saved<P, B>,
        context: Context,
    ) -> &'a mut [A] {
        const { Self::CHECK }
        let x = P::read(x);
        let y = take_mut(y, x.len());
        if self.fixed || context.is_frozen() {
            self.recall(mean, variance);
            rest.fill(T::ZERO);
            self.scales(variance, scale);
            self.normalise(x, y, mean, scale, &self.bias);
        } else {
            kernel::column_moments::<K, T, N>(rows::<N, A>(x), mean, rest, variance);
            self.scales(variance, scale);
            // The rest of the mean is in the bias.
            for c in 0..N {
                shift[c] = self.bias[c] - rest[c] * scale[c] * self.gain[c];
            }
            self.normalise(x, y, mean, scale, shift);
        }
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [A], (y, _): &'a Self::Saved<P, B>) -> &'a [A] {
        take(y, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[A],
        (y, [mean, _, scale, dgain, rest]): &mut Self::Saved<P, B>,
        grad: &mut [T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
    ) {
        // The output isn't read any more: x̂ takes its place.
        let normal = take_mut(y, x.len());
        for (x, normal) in rows::<N, A>(x).iter().zip(rows_mut::<N, A>(normal)) {
            for c in 0..N {
                normal[c] = ((x[c] - mean[c]) - rest[c]) * scale[c];
            }
        }
        let (dy, dbias) = (take_mut(A::group_mut(grad), x.len()), rest);
        kernel::column_sums::<K, T, N>(rows::<N, A>(dy), dbias);
        kernel::column_products::<K, T, N>(rows::<N, A>(dy), rows::<N, A>(normal), dgain);
        if D::WANTED {
            let part = if self.fixed || context.is_frozen() { T::ZERO } else { T::ONE / Self::count(x.len()) };
            for (dy, normal) in rows_mut::<N, A>(dy).iter_mut().zip(rows::<N, A>(normal)) {
                for c in 0..N {
                    dy[c] = self.gain[c] * scale[c] * (dy[c] - (dbias[c] + normal[c] * dgain[c]) * part);
                }
            }
        }
        kernel::learn_all::<K, T, R, _>(Role::Scale, &mut self.gain, &mut slots.0, dgain, rule);
        kernel::learn_all::<K, T, R, _>(Role::Bias, &mut self.bias, &mut slots.1, dbias, rule);
    }

    #[inline(always)]
    fn observe<P: Place, const B: usize>(&mut self, (_, statistics): &Self::Saved<P, B>, samples: usize) {
        if self.fixed {
            return;
        }
        let [mean, variance, ..] = statistics;
        let (n, momentum) = (Self::count(samples), self.momentum());
        let mix = |running: T, new: T| {
            let next = running + momentum * (new - running);
            if next == running && momentum > T::ZERO { new } else { next }
        };
        for c in 0..N {
            let old = self.running(self.variance[c]);
            let new = if n > T::ONE { mix(old, variance[c] * n / (n - T::ONE)) } else { old };
            let center = mix(self.mean[c], mean[c]);
            let finite = center.is_finite() && new.is_finite();
            (self.mean[c], self.variance[c]) = if finite { (center, new) } else { (self.mean[c], old) };
        }
        self.updates += T::ONE;
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        let [gain, bias, updates, mean, variance] = Self::info(path);
        visitor(Parameter::new(gain, &self.gain));
        visitor(Parameter::new(bias, &self.bias));
        visitor(Parameter::new(updates, &self.updates));
        visitor(Parameter::new(mean, &self.mean));
        visitor(Parameter::new(variance, &self.variance));
        visitor(Parameter::setting(path, "epsilon", &self.epsilon()));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        let [gain, bias, updates, mean, variance] = Self::info(path);
        visitor.visit(gain, &mut self.gain, &mut slots.0, &mut gradient.0);
        visitor.visit(bias, &mut self.bias, &mut slots.1, &mut gradient.1);
        visitor.visit_frozen(updates, &mut self.updates);
        visitor.visit_frozen(mean, &mut self.mean);
        visitor.visit_frozen(variance, &mut self.variance);
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Sliceable for BatchNorm<N, A> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(x: P::Input<'a, A>, (y, _): &'a mut Self::Saved<P, B>) -> &'a mut [A] {
        take_mut(y, P::read(x).len())
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Export for BatchNorm<N, A> {
    fn source(&self, out: &mut impl Write) -> Written {
        let Self { gain, bias, updates, mean, variance, .. } = self;
        let epsilon = self.epsilon();
        write!(out, "BatchNorm::with_statistics({gain:?}, {bias:?}, {updates:?}, {mean:?}, {variance:?}, {epsilon:?})")
    }
}
