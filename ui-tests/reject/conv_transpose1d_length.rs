//! Of 7 steps two apart and windows of 3 come 15 or 16.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <ConvTranspose1d<7, 4, 14, 2, 3, Valid<2>> as Infer>::COST;

fn main() {}
