//! Of 7 rows two apart, with windows of 4 and padding of 1, come 14 or 15.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <ConvTranspose2d<7, 7, 4, 16, 14, 2, 4, 4, Padded<1, 2>> as Infer>::COST;

fn main() {}
