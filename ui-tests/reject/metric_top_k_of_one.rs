//! The one largest of one output, with an array as target.

use stackprop::prelude::*;

fn main() {
    let mut top = TopK::<1>::default();
    top.add(&Vector::new([0.5]), &[1.0]);
}
