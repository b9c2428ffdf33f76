//! Standardisation of features by statistics that grow with the stream: y = (x - mean) / √variance, for each number of a sample.
//!
//! Sample n of a stream, with w = 1 / n: d = x - mean, mean ← mean + w d, variance ← variance + w (d (x - mean) - variance), where the second
//! mean is the new one. Welford 1962, in the form of West 1979; it is what Chan, Golub and LeVeque 1979 merge samples one by one into.
//! With a memory of m samples w never falls below 1 / m: old samples are then forgotten exponentially.
//!
//! Mean and variance are kept as unevaluated sums of two numbers (Knuth's two-sum), so that they follow steps that are
//! far below their last digits.
//!
//! Backward: dx = dy / √variance; the statistics are constants.

use core::fmt::{Result as Written, Write};

use super::plan::{Given, Over, Taken};
use super::softmax::BLOCK;
use super::{
    Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, No, Place, SettingError, Sliceable, Slices, Structure,
    size,
};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Domain, Info, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::tensor::{Array, Shape, take, take_mut};

/// Standardises features on the fly: y = (x - mean) / √variance, with the mean and the variance of the samples that were learned from.
///
/// - A step standardises its samples with the statistics of all samples *before* it, and adds its own at the end. A step that returns an
///   error adds nothing. [`infer`](Infer::infer) uses the statistics and leaves them.
/// - Samples are added one by one, in order: a batch of 32 leaves the same bits as 32 batches of one.
/// - The variance is that of a population, Σ(x - mean)² / n. Where it is 0 (before the second sample, and in a feature that has been constant)
///   nothing is known of the scale, and y is 0.
/// - What of a variance lies below its last digit, at most half of it, isn't in a file, in an export, nor compared.
/// - A number so large that its squared deviation overflows is left out.
/// - [`Frozen`](super::Frozen) around the layer keeps the statistics as they are, through a `reset`, too.
///   [`Tape::backward`](crate::tape::Tape::backward) doesn't change them either: who trains by hand calls
///   [`Tape::observe`](crate::tape::Tape::observe), or [`update`](Self::update).
/// - They are in a file of weights, in a fingerprint and in an export, with the [role](Role::State) of a state: they have neither gradient
///   nor optimizer state, and [`reset`](crate::training::Trainer::reset) sets them to 0 where they aren't frozen.
/// - The count is a number as the others: in `f32` it stops at 2²⁴, from where on the layer forgets as with that memory.
///
/// Welford 1962; Chan, Golub and LeVeque 1979.
///
/// ```
/// # use stackprop::prelude::*;
/// let mut layer = Standardize::<2>::new();
/// layer.update(&[[1.0, 1e6], [2.0, 1e6], [3.0, 1e6]]);
/// assert_eq!((layer.count(), layer.mean(0), layer.mean(1)), (3.0, Some(2.0), Some(1e6)));
/// assert!((layer.variance(0).unwrap() - 2.0 / 3.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug)]
pub struct Standardize<const N: usize, T = f32> {
    count: T,
    mean: [T; N],
    /// What of the mean lies below its last digit.
    residual: [T; N],
    variance: [T; N],
    /// What of the variance lies below its last digit; what doesn't is of another variance, which was replaced.
    variance_residual: [T; N],
    /// 0 if nothing is forgotten.
    memory: T,
}
crate::storage::zeroed!([const N: usize, T: Scalar] Standardize<N, T> {
    count, mean, residual, variance, variance_residual, memory
});

impl<const N: usize, T: Scalar> Standardize<N, T> {
    /// Without samples yet.
    pub const fn new() -> Self {
        <Self as crate::storage::Zeroed>::ZERO
    }

    /// With statistics: how many samples they stand for, the mean, what lies below its last digit (0 if unknown), and the variance. In const,
    /// and unchecked: a negative variance counts as 0. A file with one, or with a count that isn't a whole number,
    /// isn't read, nor written.
    pub const fn with_statistics(count: T, mean: [T; N], residual: [T; N], variance: [T; N]) -> Self {
        Self { count, mean, residual, variance, ..Self::new() }
    }

    /// How many samples the statistics stand for; never more than the memory.
    pub fn count(&self) -> T {
        self.count
    }

    /// The mean of a feature, if it exists.
    pub fn mean(&self, feature: usize) -> Option<T> {
        self.mean.get(feature).copied()
    }

    /// The variance of a feature, if it exists.
    pub fn variance(&self, feature: usize) -> Option<T> {
        self.variance.get(feature).copied()
    }

    /// Forgets: from that many samples on, a new one has the weight 1 / `samples`. For a stream that drifts. 0 forgets nothing, as at first.
    ///
    /// # Errors
    /// [`SettingError::Memory`] if it is 1, which would make every variance 0; then nothing changes.
    pub fn set_memory(&mut self, samples: u32) -> Result<(), SettingError> {
        self.memory = SettingError::Memory.unless(samples != 1, T::from_u32(samples))?;
        Ok(())
    }

    /// Adds samples to the statistics, in order. The trainer does that at the end of each step.
    #[inline(always)]
    pub fn update(&mut self, samples: &[[T; N]]) {
        const { _ = Self::COST }
        for x in samples {
            self.count += T::ONE;
            if self.memory > T::ZERO && self.count > self.memory {
                self.count = self.memory;
            }
            let weight = T::ONE / self.count;
            let means = self.mean.iter_mut().zip(&mut self.residual);
            let variances = self.variance.iter_mut().zip(&mut self.variance_residual);
            for (((mean, residual), (variance, rest)), &x) in means.zip(variances).zip(x) {
                let deviation = (x - *mean) - *residual;
                let (high, low) = kernel::two_sum(*mean, *residual + weight * deviation);
                let below = if *variance + *rest == *variance { *rest } else { T::ZERO };
                let step = weight * ((deviation * ((x - high) - low) - *variance) - below);
                let (new, new_rest) = kernel::two_sum(*variance, below + step);
                if new.is_finite() {
                    (*mean, *residual, *variance, *rest) = (high, low, new, new_rest);
                }
            }
        }
    }

    /// Standardises samples in place.
    #[inline(always)]
    fn apply(&self, rows: &mut [[T; N]]) {
        self.blocks(|start, mean, residual, scale| {
            for row in &mut *rows {
                let numbers = row.iter_mut().skip(start).zip(mean).zip(residual).zip(scale);
                for (((y, &mean), &residual), scale) in numbers {
                    *y = ((*y - mean) - residual) * scale;
                }
            }
        });
    }

    /// For each block of features: its place, means, residuals, and 1 / √variance, or 0 where the variance is.
    #[inline(always)]
    fn blocks(&self, mut each: impl FnMut(usize, &[T], &[T], [T; BLOCK])) {
        let statistics = self.mean.chunks(BLOCK).zip(self.residual.chunks(BLOCK)).zip(self.variance.chunks(BLOCK));
        for (block, ((mean, residual), variance)) in statistics.enumerate() {
            let mut scale = [T::ZERO; BLOCK];
            for (scale, &variance) in scale.iter_mut().zip(variance) {
                *scale = if variance > T::ZERO { T::ONE / variance.sqrt() } else { T::ZERO };
            }
            each(block * BLOCK, mean, residual, scale);
        }
    }

    fn info(path: Path) -> [Info; 4] {
        let (one, each) = (Shape::SCALAR, <[T; N]>::SHAPE);
        [
            Info { domain: Domain::Count, ..Info::new(path, "count", Role::State, one) },
            Info::new(path, "mean", Role::State, each),
            Info::new(path, "residual", Role::State, each),
            Info { domain: Domain::NonNegative, ..Info::new(path, "variance", Role::State, each) },
        ]
    }
}

impl<const N: usize, T: Scalar> PartialEq for Standardize<N, T> {
    fn eq(&self, other: &Self) -> bool {
        let of = |s: &Self| (s.count, s.mean, s.residual, s.variance, s.memory);
        of(self) == of(other)
    }
}

impl<const N: usize, T: Scalar> Default for Standardize<N, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar> Infer for Standardize<N, T> {
    type In = [T; N];
    type Out = [T; N];
    type Plan<P: Place, const B: usize> = Over<[T; N], B>;
    const STRUCTURE: Structure = Structure::layer("Standardize", &[N]);
    const COST: Cost = {
        size::positive("Standardize", &["N"], &[N]);
        Cost { parameters: 3 * N + 1, statistics: 1, ..Cost::NONE }
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        const { _ = Self::COST }
        let mut y = x.own();
        self.apply(y.rows_mut());
        y
    }
}

impl<const N: usize, T: Scalar> Layer for Standardize<N, T> {
    type T = T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = No;
    type Saved<P: Place, const B: usize> = [[T; N]; B];
    type Wide<const B: usize> = [[T; N]; B];
    type Slots<K: Copies> = ();

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [T; N]>,
        saved: &'a mut [[T; N]; B],
        _: Context,
    ) -> &'a mut [[T; N]] {
        const { _ = Self::COST }
        let x = P::read(x);
        let y = take_mut(saved, x.len());
        kernel::copy(x, y);
        self.apply(y);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [[T; N]], saved: &'a [[T; N]; B]) -> &'a [[T; N]] {
        take(saved, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[T; N]],
        saved: &mut [[T; N]; B],
        grad: &mut [T],
        _: &mut (),
        _: &R,
        _: Context,
    ) {
        if D::WANTED {
            let grad = take_mut(<[T; N]>::group_mut(grad), x.len());
            self.blocks(|start, _, _, scale| {
                for row in &mut *grad {
                    for (grad, scale) in row.iter_mut().skip(start).zip(scale) {
                        *grad *= scale;
                    }
                }
            });
        }
        // The output isn't read any more: x moves there, for `observe`.
        kernel::copy(x, take_mut(saved, x.len()));
    }

    #[inline(always)]
    fn observe<P: Place, const B: usize>(&mut self, saved: &[[T; N]; B], samples: usize) {
        self.update(take(saved, samples));
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        let [count, mean, residual, variance] = Self::info(path);
        visitor(Parameter::new(count, &self.count));
        visitor(Parameter::new(mean, &self.mean));
        visitor(Parameter::new(residual, &self.residual));
        visitor(Parameter::new(variance, &self.variance));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        _: &mut (),
        _: &mut (),
        visitor: &mut V,
    ) {
        let [count, mean, residual, variance] = Self::info(path);
        visitor.visit_frozen(count, &mut self.count);
        visitor.visit_frozen(mean, &mut self.mean);
        visitor.visit_frozen(residual, &mut self.residual);
        visitor.visit_frozen(variance, &mut self.variance);
    }
}

impl<const N: usize, T: Scalar> Sliceable for Standardize<N, T> {
    // Backward keeps x for `observe`, whether dx is wanted or not.
    const SLICES: Slices = Slices { skipped: 0, ..Slices::whole::<Self>() };

    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, [T; N]>,
        saved: &'a mut [[T; N]; B],
    ) -> &'a mut [[T; N]] {
        take_mut(saved, P::read(x).len())
    }
}

impl<const N: usize, T: Scalar> Export for Standardize<N, T> {
    fn source(&self, out: &mut impl Write) -> Written {
        let Self { count, mean, residual, variance, .. } = self;
        write!(out, "Standardize::with_statistics({count:?}, {mean:?}, {residual:?}, {variance:?})")
    }
}
