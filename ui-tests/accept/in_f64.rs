//! A whole network in `f64`: layers, loss, optimizer and data.

use stackprop::prelude::*;

type Net = (Dense<2, 8, f64>, GELU<8, f64>, Dense<8, 1, f64>);

fn main() {
    let mut training = Trainer::<Net, Huber<1, f64>, AdamW<f64>, 4>::ZERO;
    training.reset(1, AdamW::new(0.01, 0.1).unwrap()).unwrap();
    let loss: f64 = training.step(&Matrix::ZERO, &[[0.5]; 4]).unwrap();
    assert_eq!(loss, 0.125);
}
