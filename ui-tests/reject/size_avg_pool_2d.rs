//! Windows that lie in the padding alone.

use stackprop::layer::size::Padded;
use stackprop::prelude::*;

type Layer = AvgPool2d<4, 4, 1, 10, 10, 1, 1, Padded<3>>;

fn main() {
    let mut workspace = Workspace::<Layer>::ZERO;
    workspace.infer(&Layer::new(), &Tensor::ZERO);
}
