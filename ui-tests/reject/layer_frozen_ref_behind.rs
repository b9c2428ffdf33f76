//! A frozen reference behind a layer that learns: dx would have to pass through it.

use stackprop::prelude::*;

fn main() {
    let mut training = Trainer::<(Dense<2, 3>, FrozenRef<Dense<3, 2>>), SoftmaxCrossEntropy<2>, Sgd, 1>::ZERO;
    let _ = training.step(&Matrix::ZERO, &[0u8]);
}
