// One of two layers side by side has no outputs.
use stackprop::prelude::*;

type Wrong = Concat<Dense<3, 4>, Dense<3, 0>, [f32; 4]>;

fn main() {
    let (mut layer, mut tape): (Wrong, Tape<Wrong, 2>) = Zeroed::ZERO;
    tape.forward(&layer, &Tensor::ZERO);
    tape.backward(&mut layer, &Tensor::ZERO, &Tensor::ZERO);
    let mut workspace: Workspace<Wrong> = Zeroed::ZERO;
    workspace.infer(&layer, &Tensor::ZERO);
}
