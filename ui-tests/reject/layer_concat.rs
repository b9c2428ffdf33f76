//! 3 and 5 numbers side by side are 8.

use stackprop::prelude::*;

type Net = (Concat<Dense<4, 3>, Dense<4, 5>, [f32; 9]>, Dense<9, 2>);

fn main() {
    let mut training = Trainer::<Net, SoftmaxCrossEntropy<2>, Sgd, 1>::ZERO;
    let _ = training.step(&Matrix::ZERO, &[0u8]);
}
