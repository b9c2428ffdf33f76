//! A reshape that loses a number.

use stackprop::prelude::*;

fn main() {
    let image = Matrix::<8, 8>::ZERO;
    let _: Vector<63> = image.reshape();
}
