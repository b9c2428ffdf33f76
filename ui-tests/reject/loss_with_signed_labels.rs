//! Labels of a signed type, in a batch that may be short.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

fn train(training: &mut Training, images: &[[f32; 64]], labels: &[i32]) {
    training.partial_step(images, labels).unwrap();
}

fn main() {}
