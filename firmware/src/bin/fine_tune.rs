//! A new task on a trained trunk: is a digit odd? The trunk's weights stay in flash; the head's 66 are learned in RAM. The trunk has no gradient,
//! no optimizer state and no backward code. It fails if fewer than 85 % of the test images are told apart.
#![no_std]
#![no_main]

use board::{Failed, measure, print, print_number};
use firmware::{DIGITS, TEST, TRAIN, sample, test_sample};
use stackprop::prelude::*;

type Net = (FrozenRef<Dense<64, 32>>, ReLU<32>, Dense<32, 2>);
type Training = Trainer<Net, SoftmaxCrossEntropy<2>, Adam, 1>;
/// All RAM but the stack: the trainer, and a sample.
type Memory = (Training, Matrix<1, 64>);
// Head, two slots for Adam, activations and gradient, a sample; 64 bytes for the reference, the step, the seed and so on.
stackprop::budget!(Memory, 4 * (3 * (32 * 2 + 2) + (32 + 2) + 32 + 64) + 64);
const _: () = assert!(Training::OPTIMIZER_BYTES == 4 * 2 * (32 * 2 + 2));
// Forward, and the gradient of the head: nothing goes back through the trunk.
const _: () = assert!(Training::STEP_MULTIPLY_ADDS == 64 * 32 + 2 * (32 * 2));

board::program!(run, Memory);

fn run((training, x): &mut Memory) -> Result<(), Failed> {
    training.net_mut().0.set(&DIGITS.0);
    training.reset(1, Adam::new(0.005)?)?;
    for i in 0..TRAIN {
        let odd = sample(i, Tensor::from_mut(&mut x.0[0])) % 2;
        measure(|| training.step(x, &[odd]))?;
    }
    let mut right = 0;
    for i in 0..TEST {
        let odd = test_sample(i, Tensor::from_mut(&mut x.0[0])) % 2;
        right += usize::from(training.infer(Tensor::from_ref(&x.0[0]))?.argmax() == usize::from(odd));
    }
    print_number(right);
    print(" of 360 digits told odd or even\n");
    if right >= 306 { Ok(()) } else { Err(Failed) }
}
