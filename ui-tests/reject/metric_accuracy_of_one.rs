//! The accuracy of one logit.

use stackprop::prelude::*;

fn main() {
    let mut training = Trainer::<(Dense<2, 8>, Tanh<8>, Dense<8, 1>), SigmoidCrossEntropy<1>, Adam, 4>::boxed();
    let (mut batch, mut accuracy) = (Batch::boxed(), Accuracy::default());
    training.evaluate(&mut batch, 4, |_, _| Vector::new([1.0]), &mut accuracy).unwrap();
}
