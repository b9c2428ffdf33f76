//! Other arrays with another number of numbers.

use stackprop::prelude::*;

type Layer = Reshape<[f32; 32], [[f32; 5]; 6]>;

fn main() {
    let mut workspace = Workspace::<Layer>::ZERO;
    workspace.infer(&Layer::new(), &Tensor::ZERO);
}
