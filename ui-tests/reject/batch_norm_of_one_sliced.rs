//! Batch normalisation of features in a step in slices on one sample.

use stackprop::prelude::*;

fn main() {
    let mut training = Sliced::<(Dense<2, 8>, BatchNorm<8>), MeanSquaredError<8>, Sgd, 1>::boxed();
    training.begin(&[[0.0, 1.0]], &[[1.0; 8]]).unwrap();
}
