//! A loss of 9 classes after 10 outputs.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<9>, Adam, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
