// Batches of no samples.
use stackprop::prelude::*;

fn main() {
    let mut training = Trainer::<Dense<2, 1>, MeanSquaredError<1>, Sgd, 0>::boxed();
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    println!("{:?}", training.infer(&Vector::ZERO));
}
