//! Batch normalisation of features in batches of one sample.

use stackprop::prelude::*;

type Net = (Dense<2, 8>, BatchNorm<8>, ReLU<8>, Dense<8, 1>);

fn main() {
    let mut training = Trainer::<Net, MeanSquaredError<1>, Adam, 1>::boxed();
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    training.step(&Matrix::new([[0.0, 1.0]]), &[[1.0]]).unwrap();
}
