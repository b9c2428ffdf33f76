//! Budgets that are met, one of them to the byte.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Sgd, 1>;

stackprop::budget!(Training, 10_400);
stackprop::budget!(Workspace<Net>, (32 + 10) * 4);

fn main() {}
