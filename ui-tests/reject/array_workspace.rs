//! A sample of 63 numbers for inference with 64 inputs.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);

fn digit(workspace: &mut Workspace<Net>, net: &Net, image: &Vector<63>) -> usize {
    workspace.infer(net, image).argmax()
}

fn main() {}
