//! Too little room for what is padded.

use stackprop::prelude::*;

type Layer = Pad2d<3, 4, 1, 5, 4, 1, 1>;

fn main() {
    let mut workspace = Workspace::<Layer>::ZERO;
    workspace.infer(&Layer::new(), &Tensor::ZERO);
}
