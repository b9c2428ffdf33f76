//! Layers side by side whose outputs can't be added.

use stackprop::prelude::*;

type Net = (Sum<(Dense<4, 8>, ReLU<8>, Dense<8, 3>), Dense<4, 2>>, ReLU<3>);
type Training = Trainer<Net, MeanSquaredError<3>, Sgd, 1>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
