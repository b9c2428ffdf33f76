// An image without channels.
use stackprop::prelude::*;

type Wrong = Conv2d<8, 8, 0, 6, 6, 4, 3, 3>;

fn main() {
    let (mut layer, mut tape): (Wrong, Tape<Wrong, 2>) = Zeroed::ZERO;
    tape.forward(&layer, &Tensor::ZERO);
    tape.backward(&mut layer, &Tensor::ZERO, &Tensor::ZERO);
    let mut workspace: Workspace<Wrong> = Zeroed::ZERO;
    workspace.infer(&layer, &Tensor::ZERO);
}
