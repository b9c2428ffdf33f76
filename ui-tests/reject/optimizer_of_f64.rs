//! An optimizer of `f64` for a network of `f32`.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam<f64>, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
