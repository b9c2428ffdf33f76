// A check on no samples.
use stackprop::prelude::*;

use stackprop::check::{GradientCheck, check_layer};

fn main() {
    println!("{:?}", check_layer::<Dense<2, 1, f64>, 0>(&GradientCheck::default()));
}
