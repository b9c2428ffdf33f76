//! Targets of 9 probabilities for 10 outputs.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

fn train(training: &mut Training, images: &Matrix<32, 64>, targets: &[Vector<9>; 32]) {
    training.step(images, targets).unwrap();
}

fn main() {}
