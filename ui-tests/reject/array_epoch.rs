//! Room for a batch of 16 for a trainer of 32.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

fn train(training: &mut Training, batch: &mut Batch<[f32; 64], u8, 16>) {
    training.epoch(batch, 1437, |_, _| 0).unwrap();
}

fn main() {}
