//! Pooling over a sequence: 20 steps in windows of 2 are 10, not 9.

use stackprop::prelude::*;

type Layer = MaxPool1d<20, 6, 9, 2>;

fn main() {
    let mut workspace = Workspace::<Layer>::ZERO;
    workspace.infer(&Layer::new(), &Tensor::ZERO);
}
