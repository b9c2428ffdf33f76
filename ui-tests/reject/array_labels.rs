//! 31 labels for 32 samples.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

fn train(training: &mut Training, images: &Matrix<32, 64>, labels: &[u8; 31]) {
    training.step(images, labels).unwrap();
}

fn main() {}
