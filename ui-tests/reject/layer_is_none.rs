//! Something in a network that isn't a layer.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, f32, Dense<32, 10>);

static WORKSPACE: Workspace<Net> = Zeroed::ZERO;

fn main() {}
