//! Batch normalisation of features in a pipelined epoch, whose batches are single samples.

use stackprop::prelude::*;

fn main() {
    let mut training = Trainer::<(Dense<2, 8>, BatchNorm<8>), MeanSquaredError<8>, Sgd, 1>::boxed();
    let mut pair = Batch::boxed();
    training.pipelined_epoch(&mut pair, 9, |_, _| [1.0; 8]).unwrap();
}
