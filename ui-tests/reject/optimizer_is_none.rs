//! A learning rate where the optimizer belongs.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, f32, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
