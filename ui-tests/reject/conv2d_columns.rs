//! A convolution of 27 columns, every second, with as much padding as it takes, has 14.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <Conv2d<27, 27, 1, 14, 13, 8, 3, 3, Same<2>> as Infer>::COST;

fn main() {}
