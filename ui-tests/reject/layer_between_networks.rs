//! The joint of two networks in a network: 32 outputs before 30 inputs.

use stackprop::prelude::*;

type Front = (Dense<64, 32>, ReLU<32>);
type Back = (Dense<30, 16>, ReLU<16>);
type Training = Trainer<(Front, Back, Dense<16, 10>), SoftmaxCrossEntropy<10>, Adam, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
