//! An optimizer that isn't the trainer's.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

fn start(training: &mut Training) {
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
}

fn main() {}
