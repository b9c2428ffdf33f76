// Batches of no samples.
use stackprop::prelude::*;

fn main() {
    let mut training = Sliced::<Dense<2, 1>, MeanSquaredError<1>, Sgd, 0>::ZERO;
    training.begin::<[f32; 1]>(&[], &[]).unwrap();
}
