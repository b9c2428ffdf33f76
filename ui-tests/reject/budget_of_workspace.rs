//! An inference that needs more RAM than there is.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);

stackprop::budget!(Workspace<Net>, 128);

fn main() {}
