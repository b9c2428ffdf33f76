//! A gradient of 9 numbers for a layer of 10 outputs.

use stackprop::prelude::*;

fn backward(tape: &mut Tape<Dense<64, 10>, 8>, layer: &mut Dense<64, 10>, x: &Matrix<8, 64>, dy: &Matrix<8, 9>) {
    tape.backward(layer, x, dy);
}

fn main() {}
