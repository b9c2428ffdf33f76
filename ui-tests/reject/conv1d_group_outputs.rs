//! Three groups, and 16 outputs.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <Conv1d<20, 6, 18, 16, 3, Valid, f32, 2> as Infer>::COST;

fn main() {}
