//! A layer of `f64` in a network of `f32`.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10, f64>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

static TRAINING: Training = Zeroed::ZERO;

fn main() {}
