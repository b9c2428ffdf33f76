//! A wrong length in a network that is used.

use stackprop::prelude::*;

type Net = (Conv1d<20, 6, 17, 16, 3>, ReLU<17, [f32; 16]>);

fn main() {
    let net = Net::boxed();
    let mut workspace = Workspace::<Net>::ZERO;
    let _ = workspace.infer(&*net, &Tensor([[0.0; 6]; 20]));
}
