//! The same with every second step in the window, every second position, and padding.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <Conv1d<20, 6, 10, 16, 3, Padded<1, 2, 2>> as Infer>::COST;

fn main() {}
