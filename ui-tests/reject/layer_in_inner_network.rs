//! A joint of a network in a network: 32 outputs before a layer of 30 inputs.

use stackprop::prelude::*;

type Inner = (ReLU<32>, Dense<30, 16>, ReLU<16>);
type Training = Trainer<(Dense<64, 32>, Inner, Dense<16, 10>), SoftmaxCrossEntropy<10>, Adam, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
