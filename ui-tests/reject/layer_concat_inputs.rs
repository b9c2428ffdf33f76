//! Layers side by side with different inputs.

use stackprop::prelude::*;

type Net = (Concat<Dense<4, 3>, Dense<5, 3>, [f32; 6]>, Dense<6, 2>);
type Training = Trainer<Net, SoftmaxCrossEntropy<2>, Sgd, 1>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
