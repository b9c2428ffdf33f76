//! A training object that needs more RAM than there is.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

stackprop::budget!(Training, 32 * 1024);

fn main() {}
