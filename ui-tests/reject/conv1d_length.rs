//! A convolution of 20 steps with windows of 3 has 18 positions.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <Conv1d<20, 6, 17, 16, 3> as Infer>::COST;

fn main() {}
