//! Metrics: how good outputs are, added up sample by sample.

use crate::loss::Label;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Something that is computed from outputs and their targets.
#[diagnostic::on_unimplemented(
    message = "metric `{Self}` cannot take output `{Out}` with target `{Target}`",
    label = "the network gives `{Out}`"
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

/// A target as a class: a label, or the position of the largest number of a one-hot or soft target.
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

/// The share of samples whose largest output is that of their class.
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

impl<T: Scalar, Y: Class, const N: usize> Metric<[T; N], Y> for Accuracy {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Y) {
        self.samples += 1;
        self.hits += usize::from(output.argmax() == target.class());
    }
}

/// The share of samples whose class is among the `K` largest outputs.
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

impl<T: Scalar, Y: Class, const N: usize, const K: usize> Metric<[T; N], Y> for TopK<K> {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Y) {
        self.samples += 1;
        let class = target.class();
        if let Some(&own) = output.0.get(class) {
            // Of equal outputs, the first is the larger.
            let larger = output.0.iter().enumerate().filter(|&(i, &y)| y > own || (y == own && i < class)).count();
            self.hits += usize::from(own >= T::MIN && larger < K);
        }
    }
}

/// How often a sample of each class (row) was taken for each class (column).
#[derive(Clone, Copy, Debug)]
pub struct ConfusionMatrix<const CLASSES: usize> {
    /// `counts[true class][predicted class]`.
    pub counts: [[usize; CLASSES]; CLASSES],
}

impl<const CLASSES: usize> Default for ConfusionMatrix<CLASSES> {
    fn default() -> Self {
        Self { counts: [[0; CLASSES]; CLASSES] }
    }
}

impl<const CLASSES: usize> ConfusionMatrix<CLASSES> {
    /// All samples.
    pub fn samples(&self) -> usize {
        self.counts.as_flattened().iter().sum()
    }

    /// The share on the diagonal.
    pub fn accuracy(&self) -> f64 {
        share((0..CLASSES).map(|i| self.counts[i][i]).sum(), self.samples())
    }

    /// Of the samples of a class, the share that was found.
    pub fn recall(&self, class: usize) -> f64 {
        self.counts.get(class).map_or(0.0, |row| share(row[class], row.iter().sum()))
    }

    /// Of the samples taken for a class, the share that was of it.
    pub fn precision(&self, class: usize) -> f64 {
        let column = |row: &[usize; CLASSES]| row.get(class).copied().unwrap_or(0);
        share(self.counts.get(class).map_or(0, column), self.counts.iter().map(column).sum())
    }
}

impl<T: Scalar, Y: Class, const N: usize> Metric<[T; N], Y> for ConfusionMatrix<N> {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Y) {
        if let Some(row) = self.counts.get_mut(target.class()) {
            row[output.argmax()] += 1;
        }
    }
}

/// The mean of |output - target|, over all numbers of all samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsolute {
    sum: f64,
    count: usize,
}

impl MeanAbsolute {
    /// The mean; 0 where there are no samples.
    pub fn value(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }
}

impl<T: Scalar, const N: usize> Metric<[T; N], Tensor<[T; N]>> for MeanAbsolute {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Tensor<[T; N]>) {
        for (&y, &t) in output.0.iter().zip(&target.0) {
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
}

impl RSquared {
    /// R²; NaN where the targets are all alike.
    pub fn value(&self) -> f64 {
        if self.squares == 0.0 { f64::NAN } else { 1.0 - self.residual / self.squares }
    }
}

impl<T: Scalar, const N: usize> Metric<[T; N], Tensor<[T; N]>> for RSquared {
    fn add(&mut self, output: &Tensor<[T; N]>, target: &Tensor<[T; N]>) {
        for (&y, &t) in output.0.iter().zip(&target.0) {
            let (y, t) = (y.to_f64(), t.to_f64());
            self.residual += (t - y) * (t - y);
            self.count += 1;
            let distance = t - self.mean;
            self.mean += distance / self.count as f64;
            self.squares += distance * (t - self.mean);
        }
    }
}
