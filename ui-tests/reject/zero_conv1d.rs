// A window of no steps.
use stackprop::prelude::*;

type Wrong = Conv1d<20, 6, 20, 8, 0>;

fn main() {
    let (mut layer, mut tape): (Wrong, Tape<Wrong, 2>) = Zeroed::ZERO;
    tape.forward(&layer, &Tensor::ZERO);
    tape.backward(&mut layer, &Tensor::ZERO, &Tensor::ZERO);
    let mut workspace: Workspace<Wrong> = Zeroed::ZERO;
    workspace.infer(&layer, &Tensor::ZERO);
}
