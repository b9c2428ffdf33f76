//! Seventeen layers in one tuple: sixteen are the most, more are nested.

use stackprop::prelude::*;

type A = ReLU<8>;
type Net = (A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A);

static WORKSPACE: Workspace<Net> = Zeroed::ZERO;

fn main() {}
