// An image without rows.
use stackprop::prelude::*;

type Wrong = ConvTranspose2d<0, 4, 3, 2, 8, 2, 2, 2, Valid<2>>;

fn main() {
    let (mut layer, mut tape): (Wrong, Tape<Wrong, 2>) = Zeroed::ZERO;
    tape.forward(&layer, &Tensor::ZERO);
    tape.backward(&mut layer, &Tensor::ZERO, &Tensor::ZERO);
    let mut workspace: Workspace<Wrong> = Zeroed::ZERO;
    workspace.infer(&layer, &Tensor::ZERO);
}
