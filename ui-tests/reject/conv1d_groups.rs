//! Groups of 4 channels, of 6.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <Conv1d<20, 6, 18, 16, 3, Valid, f32, 4> as Infer>::COST;

fn main() {}
