//! An optimizer that isn't the trainer's, where training goes on.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

fn start(training: &mut Training, optimizer: AdamW) {
    training.resume(1, optimizer).unwrap();
}

fn main() {}
