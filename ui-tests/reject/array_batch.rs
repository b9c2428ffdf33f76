//! A batch of 16 for a trainer of 32.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

fn train(training: &mut Training, images: &Matrix<16, 64>, labels: &[u8; 16]) {
    training.step(images, labels).unwrap();
}

fn main() {}
