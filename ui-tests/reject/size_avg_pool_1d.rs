//! A window that is longer than the sequence.

use stackprop::prelude::*;

type Layer = AvgPool1d<3, 6, 1, 5>;

fn main() {
    let mut workspace = Workspace::<Layer>::ZERO;
    workspace.infer(&Layer::new(), &Tensor::ZERO);
}
