//! A flat vector of another size: 4 x 8 numbers are 32, not 30.

use stackprop::prelude::*;

type Layer = Flatten<[[f32; 8]; 4], 30>;

fn main() {
    let mut workspace = Workspace::<Layer>::ZERO;
    workspace.infer(&Layer::new(), &Tensor::ZERO);
}
