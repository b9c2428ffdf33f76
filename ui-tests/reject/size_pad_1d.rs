//! Too little room for what is padded.

use stackprop::prelude::*;

type Layer = Pad1d<20, 6, 21, 2>;

fn main() {
    let mut workspace = Workspace::<Layer>::ZERO;
    workspace.infer(&Layer::new(), &Tensor::ZERO);
}
