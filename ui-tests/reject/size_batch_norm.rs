//! The channels of a position are four, not three.

use stackprop::prelude::*;

fn main() {
    let mut workspace = Workspace::<BatchNorm<3, [[f32; 4]; 5]>>::ZERO;
    workspace.infer(&BatchNorm::new([1.0; 3], [0.0; 3]), &Matrix::ZERO);
}
