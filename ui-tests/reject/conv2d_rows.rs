//! A convolution of 28 rows with windows of 3 has 26 rows.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <Conv2d<28, 28, 1, 28, 26, 8, 3, 3> as Infer>::COST;

fn main() {}
