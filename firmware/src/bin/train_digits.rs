//! Trains on 1,437 handwritten digits in flash, one at a time, and tests on 360 others. It fails if fewer than 93 % of those are read.
#![no_std]
#![no_main]

use board::{Failed, print, print_number};
use firmware::{TEST, TRAIN, sample, test_sample};
use stackprop::prelude::*;

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
#[cfg(not(feature = "adam"))]
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Sgd, 1>;
#[cfg(feature = "adam")]
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 1>;
/// All RAM but the stack: the trainer, and the buffer of a sample.
type Memory = (Training, Batch<[f32; 64], u8, 1>);
#[cfg(not(feature = "adam"))]
stackprop::budget!(Memory, 10_400);
#[cfg(feature = "adam")]
stackprop::budget!(Memory, 29_700);

board::program!(run, Memory);

fn run((training, batch): &mut Memory) -> Result<(), Failed> {
    #[cfg(not(feature = "adam"))]
    training.reset(1, Sgd::new(0.03)?)?;
    #[cfg(feature = "adam")]
    training.reset(1, Adam::new(0.002)?)?;
    for _ in 0..4 {
        training.epoch(batch, TRAIN, sample)?;
    }
    let mut read = 0;
    for i in 0..TEST {
        let digit = test_sample(i, Vector::from_mut(&mut batch.inputs.0[0]));
        read += usize::from(training.infer(Vector::from_ref(&batch.inputs.0[0]))?.argmax() == usize::from(digit));
    }
    print_number(read);
    print(" of 360 digits read\n");
    if read >= 335 { Ok(()) } else { Err(Failed) }
}
