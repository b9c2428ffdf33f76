//! A window that is longer than the sequence.

use stackprop::layer::Cost;
use stackprop::prelude::*;

const _: Cost = <Conv1d<4, 6, 1, 16, 5> as Infer>::COST;

fn main() {}
