//! Pooling over an image: 28 columns, two apart and padded, are 14, not 13.

use stackprop::layer::size::Same;
use stackprop::prelude::*;

type Layer = MaxPool2d<28, 28, 3, 14, 13, 3, 3, Same<2>>;

fn main() {
    let mut workspace = Workspace::<Layer>::ZERO;
    workspace.infer(&Layer::new(), &Tensor::ZERO);
}
