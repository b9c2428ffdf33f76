//! A layer where the loss belongs.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, Softmax<10>, Adam, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
