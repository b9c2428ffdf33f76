//! A view that invents a number.

use stackprop::prelude::*;

fn main() {
    let image = Matrix::<8, 8>::ZERO;
    let _: &Matrix<5, 13> = image.reshape_ref();
}
