//! A recurrent layer gives every step; `Last` takes the last.

use stackprop::prelude::*;

type Net = (Gru<20, 6, 16>, Dense<16, 7>);
type Training = Trainer<Net, SoftmaxCrossEntropy<7>, Adam, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
