//! Metrics: how good outputs are, added up sample by sample.
//!
//! An output that isn't finite (one of its numbers is infinite or NaN) counts as wrong in all of them: it is no hit, is
//! taken for no class, and is infinitely far from its target.
//!
//! | what the network gives | metrics |
//! |---|---|
//! | a number for each of several classes | [`Accuracy`], [`TopK`], [`ConfusionMatrix`] |
//! | an answer to one yes-or-no question, or to several | [`BinaryAccuracy`] |
//! | numbers | [`MeanAbsolute`], [`RSquared`] |

use crate::budget::Text;
use crate::layer::size::positive;
use crate::loss::Label;
use crate::scalar::{Scalar, all_finite};
use crate::tensor::Tensor;

/// Something that is computed from outputs and their targets. One of yours that is written for each `Target: Class`, or
/// for each `Target: Numbers<Out>`, takes labels, tensors and arrays as those here do.
#[diagnostic::on_unimplemented(
    message = "metric `{Self}` cannot take output `{Out}` with target `{Target}`",
    label = "the network gives `{Out}`",
    note = "a target is a tensor or an array like the output; with classes also a label: `u8`, `u16`, `u32` or `usize`",
    note = "numbers without a type are `f64` where nothing says otherwise; `Vector::<1>::new([1.0])` is of `f32`, as is `[1.0f32]`"
)]
pub trait Metric<Out, Target> {
    /// Adds a sample.
    fn add(&mut self, output: &Tensor<Out>, target: &Target);
}

/// Nothing is computed: the loss is enough.
impl<Out, Target> Metric<Out, Target> for () {
    fn add(&mut self, _: &Tensor<Out>, _: &Target) {}
}

/// Two metrics at once.
impl<Out, Target, A: Metric<Out, Target>, B: Metric<Out, Target>> Metric<Out, Target> for (A, B) {
    fn add(&mut self, output: &Tensor<Out>, target: &Target) {
        self.0.add(output, target);
        self.1.add(output, target);
    }
}

/// Hits among samples.
fn share(hits: usize, samples: usize) -> f64 {
    if samples == 0 { 0.0 } else { hits as f64 / samples as f64 }
}

/// A target as a class: a label, or the position of the largest number (the first of equals) of a one-hot or soft
/// target, a tensor or an array.
pub trait Class {
    /// The class.
    fn class(&self) -> usize;
}

impl<L: Label> Class for L {
    fn class(&self) -> usize {
        self.index()
    }
}

impl<T: Scalar, const N: usize> Class for Tensor<[T; N]> {
    fn class(&self) -> usize {
        self.argmax()
    }
}

impl<T: Scalar, const N: usize> Class for [T; N] {
    fn class(&self) -> usize {
        Tensor::from_ref(self).argmax()
    }
}

/// A target as the numbers of an array `A`: a tensor, or plain arrays.
pub trait Numbers<A> {
    /// The numbers.
    fn numbers(&self) -> &A;
}

impl<T: Scalar, const N: usize> Numbers<[T; N]> for Tensor<[T; N]> {
    fn numbers(&self) -> &[T; N] {
        &self.0
    }
}

impl<T: Scalar, const N: usize> Numbers<[T; N]> for [T; N] {
    fn numbers(&self) -> &[T; N] {
        self
    }
}

/// Fails to compile where there is but one class to choose.
#[track_caller]
const fn choice(metric: &str, classes: usize) {
    if classes < 2 {
        Text::new(metric)
            .text(
                ": one output is one class, which is always right; for yes or no take `BinaryAccuracy::of_logits()`, ",
            )
            .text("or `BinaryAccuracy::of_probabilities()`")
            .panic();
    }
}

/// The share of samples whose largest output is that of their class.
///
/// One output would always be right, so that doesn't compile: take [`BinaryAccuracy`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Accuracy {
    /// Samples that were right.
    pub hits: usize,
    /// All samples.
    pub samples: usize,
}

impl Accuracy {
    /// Right samples among all; 0 where there are none.
    pub fn value(&self) -> f64 {
        share(self.hits, self.samples)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, Y: Class, const N: usize> Metric<[T; N], Y> for Accuracy {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Y) {
        const { choice("Accuracy", N) }
        self.samples += 1;
        self.hits += usize::from(output.argmax() == target.class() && output.is_finite());
    }
}

/// The share of right answers to yes-or-no questions: to one, or to several that don't exclude each other
/// (multi-label), each of which counts.
///
/// An answer is yes if the output is *above* 0, of logits (what
/// [`SigmoidCrossEntropy`](crate::loss::SigmoidCrossEntropy) takes), or above ½, of probabilities (what
/// [`Sigmoid`](crate::layer::Sigmoid) gives and [`BinaryCrossEntropy`](crate::loss::BinaryCrossEntropy) takes). It
/// should be yes if the target is above ½. An output that isn't finite is a wrong answer; others of the same sample
/// count as they are.
///
/// ```
/// # use stackprop::prelude::*;
/// let mut accuracy = BinaryAccuracy::of_logits();
/// accuracy.add(&Vector::new([0.3]), &[1.0]);
/// accuracy.add(&Vector::new([-2.0]), &[1.0]);
/// assert_eq!(accuracy.value(), 0.5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BinaryAccuracy {
    /// Answers that were right.
    pub hits: usize,
    /// All answers: as many a sample as it has outputs.
    pub answers: usize,
    /// Whether the outputs are probabilities.
    probabilities: bool,
}

impl BinaryAccuracy {
    /// Of logits: above 0 is a yes.
    pub const fn of_logits() -> Self {
        Self { hits: 0, answers: 0, probabilities: false }
    }

    /// Of probabilities: above ½ is a yes.
    pub const fn of_probabilities() -> Self {
        Self { probabilities: true, ..Self::of_logits() }
    }

    /// Right answers among all; 0 where there are none.
    pub fn value(&self) -> f64 {
        share(self.hits, self.answers)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, Y: Numbers<[T; N]>, const N: usize> Metric<[T; N], Y> for BinaryAccuracy {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Y) {
        let half = T::from_f64(0.5);
        let threshold = if self.probabilities { half } else { T::ZERO };
        for (&y, &t) in output.0.iter().zip(target.numbers()) {
            self.answers += 1;
            self.hits += usize::from(y.is_finite() && (y > threshold) == (t > half));
        }
    }
}

/// The share of samples whose class is among the `K` largest outputs.
///
/// One output would always be right, so that doesn't compile: take [`BinaryAccuracy`]. `K` outputs or fewer are always
/// right, too.
#[derive(Clone, Copy, Debug, Default)]
pub struct TopK<const K: usize> {
    /// Samples whose class was among the `K`.
    pub hits: usize,
    /// All samples.
    pub samples: usize,
}

impl<const K: usize> TopK<K> {
    /// Hits among all; 0 where there are none.
    pub fn value(&self) -> f64 {
        share(self.hits, self.samples)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, Y: Class, const N: usize, const K: usize> Metric<[T; N], Y> for TopK<K> {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Y) {
        const { choice("TopK", N) }
        self.samples += 1;
        let class = target.class();
        if let Some(&own) = output.0.get(class) {
            // Of equal outputs, the first is the larger.
            let larger = output.0.iter().enumerate().filter(|&(i, &y)| y > own || (y == own && i < class)).count();
            self.hits += usize::from(larger < K && output.is_finite());
        }
    }
}

/// How often a sample of each class (row) was taken for each class (column). A sample with a label that is no class's
/// is left out.
///
/// One output would always be right, so that doesn't compile: take [`BinaryAccuracy`]. Of a thousand classes it is 8
/// MB: take [`boxed`](crate::storage::Zeroed::boxed).
#[derive(Clone, Copy, Debug)]
pub struct ConfusionMatrix<const CLASSES: usize> {
    /// `counts[true class][predicted class]`.
    pub counts: [[usize; CLASSES]; CLASSES],
    /// Samples of each class whose output wasn't finite, so that they were taken for none.
    pub non_finite: [usize; CLASSES],
}
crate::storage::zeroed!([const CLASSES: usize] ConfusionMatrix<CLASSES> { counts, non_finite });

impl<const CLASSES: usize> Default for ConfusionMatrix<CLASSES> {
    fn default() -> Self {
        Self { counts: [[0; CLASSES]; CLASSES], non_finite: [0; CLASSES] }
    }
}

impl<const CLASSES: usize> ConfusionMatrix<CLASSES> {
    /// All samples, with those whose output wasn't finite.
    pub fn samples(&self) -> usize {
        self.counts.as_flattened().iter().chain(&self.non_finite).sum()
    }

    /// Of all samples, the share on the diagonal.
    pub fn accuracy(&self) -> f64 {
        share((0..CLASSES).map(|i| self.counts[i][i]).sum(), self.samples())
    }

    /// Of the samples of a class, the share that was found.
    pub fn recall(&self, class: usize) -> f64 {
        let found = |row: &[usize; CLASSES]| share(row[class], row.iter().sum::<usize>() + self.non_finite[class]);
        self.counts.get(class).map_or(0.0, found)
    }

    /// Of the samples taken for a class, the share that was of it.
    pub fn precision(&self, class: usize) -> f64 {
        let column = |row: &[usize; CLASSES]| row.get(class).copied().unwrap_or(0);
        share(self.counts.get(class).map_or(0, column), self.counts.iter().map(column).sum())
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, Y: Class, const N: usize> Metric<[T; N], Y> for ConfusionMatrix<N> {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Y) {
        const { positive("ConfusionMatrix", &["CLASSES"], &[N]) }
        const { choice("ConfusionMatrix", N) }
        let class = target.class();
        if let (Some(row), Some(non_finite)) = (self.counts.get_mut(class), self.non_finite.get_mut(class)) {
            *(if output.is_finite() { &mut row[output.argmax()] } else { non_finite }) += 1;
        }
    }
}

/// The mean of |output - target|, over all numbers of all samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsolute {
    sum: f64,
    count: usize,
    /// Whether an output wasn't finite.
    non_finite: bool,
}

impl MeanAbsolute {
    /// The mean; 0 where there are no samples, infinite where an output wasn't finite.
    pub fn value(&self) -> f64 {
        match self.count {
            _ if self.non_finite => f64::INFINITY,
            0 => 0.0,
            count => self.sum / count as f64,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, Y: Numbers<[T; N]>, const N: usize> Metric<[T; N], Y> for MeanAbsolute {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Y) {
        self.non_finite |= !all_finite(&output.0);
        for (&y, &t) in output.0.iter().zip(target.numbers()) {
            self.sum += (y.to_f64() - t.to_f64()).abs();
            self.count += 1;
        }
    }
}

/// The coefficient of determination R² = 1 - Σ(t - y)² / Σ(t - t̄)², over all numbers of all samples; means and squares are kept by
/// Welford's method.
#[derive(Clone, Copy, Debug, Default)]
pub struct RSquared {
    residual: f64,
    mean: f64,
    squares: f64,
    count: usize,
    /// Whether an output wasn't finite.
    non_finite: bool,
}

impl RSquared {
    /// R²; NaN where the targets are all alike, and else minus infinity where an output wasn't finite.
    pub fn value(&self) -> f64 {
        match self.squares {
            0.0 => f64::NAN,
            _ if self.non_finite => f64::NEG_INFINITY,
            squares => 1.0 - self.residual / squares,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, Y: Numbers<[T; N]>, const N: usize> Metric<[T; N], Y> for RSquared {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Y) {
        self.non_finite |= !all_finite(&output.0);
        for (&y, &t) in output.0.iter().zip(target.numbers()) {
            let (y, t) = (y.to_f64(), t.to_f64());
            self.residual += (t - y) * (t - y);
            self.count += 1;
            let distance = t - self.mean;
            self.mean += distance / self.count as f64;
            self.squares += distance * (t - self.mean);
        }
    }
}
