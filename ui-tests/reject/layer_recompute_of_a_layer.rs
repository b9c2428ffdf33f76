//! A layer where a tuple of blocks is needed.

use stackprop::prelude::*;

type Training = Trainer<Recompute<Dense<64, 10>>, SoftmaxCrossEntropy<10>, Sgd, 1>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
