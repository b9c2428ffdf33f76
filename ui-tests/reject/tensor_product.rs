//! A product of matrices whose inner sizes differ.

use stackprop::prelude::*;

fn product(a: &Matrix<2, 3>, b: &Matrix<4, 5>) -> Matrix<2, 5> {
    a * b
}

fn main() {}
