// Room for no sample.
use stackprop::prelude::*;

fn main() {
    let mut workspace = Workspace::<Dense<2, 1>, 0>::ZERO;
    println!("{:?}", workspace.infer_batch(&Dense::ZERO, &Tensor::ZERO));
}
