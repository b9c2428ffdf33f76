//! A wrong size in a network that is trained.

use stackprop::prelude::*;

type Net = (Dense<4, 12>, Reshape<[f32; 12], [[f32; 3]; 4]>, MaxPool1d<4, 3, 3, 2>, Flatten<[[f32; 3]; 3], 9>);

fn main() {
    let mut training = Trainer::<Net, MeanSquaredError<9>, Sgd, 1>::ZERO;
    let _ = training.step(&Matrix::ZERO, &[Vector::ZERO]);
}
