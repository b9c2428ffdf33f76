//! The last joint, where the network is a value and its type is never written.

use stackprop::prelude::*;

fn main() {
    let net = (Dense::<64, 32>::ZERO, ReLU::<32>::ZERO, Dense::<30, 10>::ZERO);
    let mut workspace = Workspace::<_, 1>::ZERO;
    workspace.infer(&net, &Vector::ZERO);
}
