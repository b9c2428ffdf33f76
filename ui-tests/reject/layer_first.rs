//! The first joint of a network: 30 outputs before a layer of 32.

use stackprop::prelude::*;

type Net = (Dense<64, 30>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
