//! Lesson 6: seven exercises, recognised from four seconds of a motion sensor on the wrist: a convolution and a recurrent network.
//!
//! `cargo run --release --example motion`
//!
//! People 1 to 7 are for training, people 8 to 10 for the test: nobody is in both. Widths, rate and epochs were fixed before the first run;
//! nothing was chosen by what the test people gave.

mod drawing;
#[path = "drawing/motion.rs"]
mod picture;

use std::io::{IsTerminal, Write, stdout};

use stackprop::network;
use stackprop::prelude::*;

// 1149 windows: 6 channels (acceleration in g, turn rate in rad/s) of 20 steps, in units of the channel's range / 32768.
const WINDOWS: &[[[[u8; 2]; 20]; 6]] =
    include_bytes!("data/imu_watch_x_1149x6x20_i16le.bin").as_chunks().0.as_chunks().0.as_chunks().0;
const EXERCISES: &[u8; 1149] = include_bytes!("data/imu_watch_y_1149_u8.bin");
const PEOPLE: &[u8; 1149] = include_bytes!("data/imu_watch_subject_1149_u8.bin");
const TEST: std::ops::RangeInclusive<u8> = 8..=10;

const EPOCHS: u32 = 30;
const BATCH: usize = 8;
const SEEDS: u64 = 5;

// The macro works out every size: `Conv1d<20, 6, 20, 16, 3, Same>`, `ReLU<20, [f32; 16]>`, and so on.
type Convolution =
    network!([20, 6] => Conv1d(16, 3, Same), ReLU, MaxPool1d(2), Conv1d(24, 3, Same), ReLU, GlobalAvgPool, Dense(7));
type Recurrent = network!([20, 6] => Gru(16), Last, Dense(7));
type Training<N> = Trainer<N, SoftmaxCrossEntropy<7>, Scheduled<Adam, Cosine>, BATCH>;
stackprop::budget!(Training<Convolution>, 64 * 1024); // it trains on a microcontroller: see `firmware`

/// Writes window `i` into the input, each channel in its own range, and returns the exercise.
fn sample(i: usize, x: &mut Matrix<20, 6>) -> u8 {
    for (channel, numbers) in WINDOWS[i].iter().enumerate() {
        for (step, &bytes) in numbers.iter().enumerate() {
            x[step][channel] = 2.0 * f32::from(i16::from_le_bytes(bytes)) / 32768.0;
        }
    }
    EXERCISES[i]
}

/// Trains with one seed; returns the confusion matrix of the test people.
fn train<N: Layer<T = f32, In = [[f32; 6]; 20], Out = [f32; 7]>>(
    name: &str,
    seed: u64,
) -> Result<ConfusionMatrix<7>, Box<dyn std::error::Error>> {
    let (test, train): (Vec<usize>, Vec<usize>) = (0..WINDOWS.len()).partition(|&i| TEST.contains(&PEOPLE[i]));
    let mut training = Training::<N>::boxed();
    let steps = EPOCHS * train.len().div_ceil(BATCH) as u32;
    training.reset(seed, Scheduled::new(Adam::new(0.005)?, Cosine::new(0, steps.into(), 0.0)?))?;
    let mut batch = Batch::ZERO;
    for epoch in 1..=EPOCHS {
        let loss = training.epoch(&mut batch, train.len(), |i, x| sample(train[i], x))?;
        if stdout().is_terminal() {
            print!("\r{name}, seed {seed}, epoch {epoch:2}: loss {loss:.4} ");
            stdout().flush()?;
        }
    }
    let mut confusion = ConfusionMatrix::default();
    training.evaluate(&mut batch, test.len(), |i, x| sample(test[i], x), &mut confusion)?;
    println!("\r{name}, seed {seed}: test accuracy {:.4}     ", confusion.accuracy());
    Ok(confusion)
}

/// Trains with five seeds; returns the confusion matrix of the median.
fn median<N: Layer<T = f32, In = [[f32; 6]; 20], Out = [f32; 7]>>(
    name: &str,
) -> Result<ConfusionMatrix<7>, Box<dyn std::error::Error>> {
    println!("{name}: {} parameters; all of training is {} bytes", Training::<N>::PARAMETERS, Training::<N>::BYTES);
    let mut all = (1..=SEEDS).map(|seed| train::<N>(name, seed)).collect::<Result<Vec<_>, _>>()?;
    all.sort_by(|a, b| a.accuracy().total_cmp(&b.accuracy()));
    Ok(all[all.len() / 2])
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (convolution, recurrent) = (median::<Convolution>("conv1d")?, median::<Recurrent>("gru")?);
    picture::draw(&convolution, &recurrent).save("out/motion.svg")?;
    println!("test accuracy (conv1d): {:.4}", convolution.accuracy());
    println!("test accuracy (gru): {:.4}", recurrent.accuracy());
    Ok(())
}
