//! The last joint, where the training type is named before a constant of its own.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<30, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

static TRAINING: Training = Training::ZERO;

fn main() {}
