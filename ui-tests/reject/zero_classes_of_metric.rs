// A table of no classes.
use stackprop::prelude::*;

fn main() {
    let mut metric = ConfusionMatrix::<0>::default();
    metric.add(&Vector::<0>::ZERO, &1u8);
}
