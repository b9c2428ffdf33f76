//! The convolutions of `examples/motion.rs`: learns seven exercises from windows of a motion sensor in flash, those of people 1 to 7, and is
//! tested with those of people 8 to 10. It fails if fewer than 70 % of these are recognised.
#![no_std]
#![no_main]

use board::{Failed, measure, print, print_number};
use firmware::motion::{TEST, TRAIN, Window, sample};
use stackprop::network;
use stackprop::prelude::*;
use stackprop::random::Shuffle;

type Net =
    network!([20, 6] => Conv1d(16, 3, Same), ReLU, MaxPool1d(2), Conv1d(24, 3, Same), ReLU, GlobalAvgPool, Dense(7));
type Training = Trainer<Net, SoftmaxCrossEntropy<7>, Scheduled<Adam, Cosine>, 1>;
/// All RAM but the stack: the trainer, and the buffer of a window.
type Memory = (Training, Batch<Window, u8, 1>);
stackprop::budget!(Memory, 64 * 1024);

const EPOCHS: usize = 6;

board::program!(run, Memory);

fn run((training, batch): &mut Memory) -> Result<(), Failed> {
    training.reset(1, Scheduled::new(Adam::new(0.002)?, Cosine::new(0, (EPOCHS * TRAIN) as u64, 0.0)?))?;
    for epoch in 0..EPOCHS {
        let order = Shuffle::new(TRAIN, epoch as u64);
        for i in 0..TRAIN {
            batch.targets[0] = sample(order.at(i), Tensor::from_mut(&mut batch.inputs.0[0]));
            measure(|| training.step(&batch.inputs, &batch.targets))?;
        }
    }
    let mut right = 0;
    for i in TRAIN..TRAIN + TEST {
        let exercise = sample(i, Tensor::from_mut(&mut batch.inputs.0[0]));
        right += usize::from(training.infer(Tensor::from_ref(&batch.inputs.0[0]))?.argmax() == usize::from(exercise));
    }
    print_number(right);
    print(" of 364 windows recognised\n");
    if right >= 255 { Ok(()) } else { Err(Failed) }
}
