//! The last joint, through the size of the training object.

use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<30, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;

const _: () = assert!(Training::BYTES <= 48 * 1024);

fn main() {}
