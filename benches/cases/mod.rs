//! The cases of both benches, and what a library must do with them: forward, and a training step with softmax and cross-entropy.

pub mod by_hand;

pub mod ndarray;

pub mod stackprop;

use ::stackprop::random::{generator, normal, unit};
use ::stackprop::scalar::Scalar;

/// What happens with every case. Sizes are constants, because some libraries want them so.
pub trait Visitor {
    /// A network with one hidden layer.
    fn shallow<const IN: usize, const HIDDEN: usize, const OUT: usize, const BATCH: usize>(&mut self, case: &str);

    /// A network with two hidden layers.
    fn deep<const IN: usize, const FIRST: usize, const SECOND: usize, const OUT: usize, const BATCH: usize>(
        &mut self,
        case: &str,
    );
}

/// All cases, from the smallest to the largest.
pub fn visit(visitor: &mut impl Visitor) {
    visitor.shallow::<4, 8, 3, 1>("S1_b1");
    visitor.shallow::<2, 64, 3, 300>("S2_b300");
    visitor.shallow::<64, 32, 10, 1>("S3_b1");
    visitor.shallow::<64, 32, 10, 32>("S3_b32");
    visitor.shallow::<784, 128, 10, 1>("S4_b1");
    visitor.shallow::<784, 128, 10, 64>("S4_b64");
    visitor.deep::<784, 512, 256, 10, 128>("S5_b128");
}

/// Where a case starts: weights of He's size (biases are 0), and one batch.
pub struct Data<T> {
    /// Numbers in the input, each hidden layer and the output.
    pub sizes: Vec<usize>,
    /// Of each dense layer, `[IN][OUT]`.
    pub weights: Vec<Vec<T>>,
    /// Samples in the batch.
    pub batch: usize,
    /// Inputs, sample by sample.
    pub x: Vec<T>,
    /// The class of each sample.
    pub labels: Vec<u8>,
}

impl<T: Scalar> Data<T> {
    pub fn new(sizes: &[usize], batch: usize) -> Self {
        let rng = &mut generator(1);
        let weights = sizes.windows(2).map(|size| {
            let deviation = (T::from_f64(2.0) / T::from_usize(size[0])).sqrt();
            (0..size[0] * size[1]).map(|_| deviation * normal::<T>(rng)).collect()
        });
        let weights = weights.collect();
        let x = (0..batch * sizes[0]).map(|_| T::from_f64(2.0) * unit::<T>(rng) - T::ONE).collect();
        let classes = sizes[sizes.len() - 1];
        let labels = (0..batch).map(|sample| (sample * 7 % classes) as u8).collect();
        Self { sizes: sizes.to_vec(), weights, batch, x, labels }
    }

    /// Inputs and outputs of each dense layer.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = (usize, usize)> + '_ {
        self.sizes.windows(2).map(|size| (size[0], size[1]))
    }
}

/// How a step changes the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// With a learning rate.
    Sgd(f64),
    /// With a learning rate, β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁷.
    Adam(f64),
}

impl Optimizer {
    /// At this rate a million timed steps leave the weights where they were, so that every step costs the same: no unit dies, and no
    /// gradient becomes denormal.
    pub const STILL: f64 = 1e-9;
    /// At this rate a few steps show a wrong gradient.
    pub const BRISK: f64 = 0.02;
}

/// A network of a library in training. It owns one batch, in the library's own types, and hides it from the optimizing compiler.
pub trait Training {
    type T: Scalar;
    const LIBRARY: &'static str;

    /// Inference: the logits of the batch, sample by sample.
    fn forward(&mut self) -> &[Self::T];

    /// One training step: the mean loss before it.
    fn step(&mut self) -> Self::T;
}

/// What a library computes: the logits at the start, then the losses of a few steps.
pub fn trace<L: Training>(training: &mut L) -> Vec<f64> {
    let logits = training.forward().iter().map(|logit| Scalar::to_f64(*logit)).collect::<Vec<_>>();
    let losses = (0..5).map(|_| Scalar::to_f64(training.step())).collect::<Vec<_>>();
    [logits, losses].concat()
}

/// Panics unless two libraries computed the same.
pub fn assert_same(case: &str, library: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{case}: {library} has another number of outputs");
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let tolerance = 1e-4 * expected.abs().max(1.0);
        assert!((found - expected).abs() <= tolerance, "{case}, value {i}: {library} {found}, stackprop {expected}");
    }
}
