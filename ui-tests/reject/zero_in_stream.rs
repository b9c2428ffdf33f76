// A recurrent layer that goes on step by step.
use stackprop::prelude::*;

fn main() {
    let (layer, mut state) = (Lstm::<1, 0, 4>::ZERO, LstmState::ZERO);
    layer.step(&Vector::ZERO, &mut state);
}
