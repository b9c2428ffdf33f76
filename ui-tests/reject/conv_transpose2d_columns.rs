//! Of 7 columns two apart, with as much padding as it takes, come 14 or 13.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <ConvTranspose2d<7, 7, 4, 14, 15, 2, 4, 4, Same<2>> as Infer>::COST;

fn main() {}
