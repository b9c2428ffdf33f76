//! The features of a step are four, not three.

use stackprop::prelude::*;

fn main() {
    let mut workspace = Workspace::<LayerNorm<3, [[f32; 4]; 5]>>::ZERO;
    workspace.infer(&LayerNorm::new([1.0; 3], [0.0; 3]), &Matrix::ZERO);
}
