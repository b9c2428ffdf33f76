//! A product of a matrix and a vector of another size.

use stackprop::prelude::*;

fn product(a: &Matrix<2, 3>, x: &Vector<4>) -> Vector<2> {
    a * x
}

fn main() {}
