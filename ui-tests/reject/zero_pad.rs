// An image without channels.
use stackprop::prelude::*;

type Wrong = Pad2d<3, 4, 0, 5, 6, 1, 1>;

fn main() {
    let (mut layer, mut tape): (Wrong, Tape<Wrong, 2>) = Zeroed::ZERO;
    tape.forward(&layer, &Tensor::ZERO);
    tape.backward(&mut layer, &Tensor::ZERO, &Tensor::ZERO);
    let mut workspace: Workspace<Wrong> = Zeroed::ZERO;
    workspace.infer(&layer, &Tensor::ZERO);
}
