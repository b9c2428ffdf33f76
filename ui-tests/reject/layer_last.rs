//! The last joint of a network: 32 outputs before a layer of 30 inputs.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<30, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
