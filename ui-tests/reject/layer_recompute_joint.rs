//! A joint between blocks.

use stackprop::prelude::*;

type Net = Recompute<((Dense<64, 32>, ReLU<32>), Dense<30, 10>)>;
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Sgd, 1>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
