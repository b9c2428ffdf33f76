//! Samples of 63 numbers for a layer of 64 inputs.

use stackprop::prelude::*;

fn forward(tape: &mut Tape<Dense<64, 10>, 8>, layer: &Dense<64, 10>, x: &Matrix<8, 63>) {
    tape.forward(layer, x);
}

fn main() {}
