//! A target of `f64`, which numbers without a type are where nothing says otherwise; the network is one of `f32`.

use stackprop::prelude::*;

type Training = Trainer<Dense<2, 1>, MeanSquaredError<1>, Sgd, 1>;

fn main() {
    let targets = [0.0, 1.0].map(|t| Vector::new([f64::sqrt(t)]));
    let mut training = Training::ZERO;
    training.step(&Matrix::new([[1.0, 2.0]]), &[targets[0]]).unwrap();
}
