//! A residual around a network that doesn't give what it takes.

use stackprop::prelude::*;

type Net = (Residual<(Dense<16, 8>, ReLU<8>, Dense<8, 15>)>, Dense<16, 2>);
type Training = Trainer<Net, SoftmaxCrossEntropy<2>, Sgd, 1>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
