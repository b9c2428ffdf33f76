//! A layer that learns from activations, where those aren't kept.

use stackprop::prelude::*;

fn main() {
    type Net = Recompute<(Dense<2, 3>, Standardize<3>, Dense<3, 2>)>;
    let mut training = Trainer::<Net, SoftmaxCrossEntropy<2>, Sgd, 1>::ZERO;
    let _ = training.step(&Matrix::ZERO, &[0u8]);
}
