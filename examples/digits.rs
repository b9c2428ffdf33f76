//! Lesson 4: handwritten digits. Training on real data, a test on images the network never saw, and the weights as files.
//!
//! `cargo run --release --example digits`
//!
//! The learning rate and its schedule were chosen on a fifth of the training images, as the median of 30 seeds. The test images had no part in it.

mod drawing;
#[path = "drawing/digits.rs"]
mod picture;

use std::io::{IsTerminal, Write, stdout};

use stackprop::prelude::*;
use stackprop::random::Shuffle;
use stackprop::weights;

// 1797 images of 8 x 8 pixels, from 0 (paper) to 16 (ink), and the digits that they show.
const IMAGES: &[[u8; 64]] = include_bytes!("data/digits_x_1797x64_u8.bin").as_chunks().0;
const LABELS: &[u8; 1797] = include_bytes!("data/digits_y_1797_u8.bin");
const TEST: usize = 360; // a fifth, held out
const TRAIN: usize = LABELS.len() - TEST;
const SEED: u64 = 1;
static ORDER: Shuffle = Shuffle::new(LABELS.len(), SEED);

type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Scheduled<Adam, Cosine>, 32>; // batches of 32
stackprop::budget!(Training, 48 * 1024); // or it doesn't compile

/// Writes image `i` of a shuffled order into the input and returns its label. The first `TRAIN` are for training.
fn sample(i: usize, image: &mut Vector<64>) -> u8 {
    let i = ORDER.at(i);
    for (input, pixel) in image.0.iter_mut().zip(IMAGES[i]) {
        *input = f32::from(pixel) / 16.0;
    }
    LABELS[i]
}

/// The others are for the test.
fn test_sample(i: usize, image: &mut Vector<64>) -> u8 {
    sample(TRAIN + i, image)
}

/// A progress bar, where somebody watches.
fn progress(epoch: usize, done: usize) {
    if done.is_multiple_of(32) && stdout().is_terminal() {
        print!("\repoch {epoch} [{:<45}]\r", "=".repeat(done / 32));
        let _ = stdout().flush();
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{} parameters; all of training is {} bytes", Training::PARAMETERS, Training::BYTES);
    let mut training = Training::boxed(); // on a microcontroller: a static
    let mut batch = Batch::ZERO;
    // Ten steps of warm-up, then half a cosine down to 0 at the end of the fifth epoch, step 225.
    training.reset(SEED, Scheduled::new(Adam::new(0.04)?, Cosine::new(10, 225, 0.0)?))?;

    let mut history = Vec::new();
    for epoch in 1..=5 {
        let mut done = 0;
        training.epoch(&mut batch, TRAIN, |i, image| {
            done += 1;
            progress(epoch, done);
            sample(i, image)
        })?;
        let (mut train, mut test) = (Accuracy::default(), Accuracy::default());
        let train_loss = training.evaluate(&mut batch, TRAIN, sample, &mut train)?;
        let test_loss = training.evaluate(&mut batch, TEST, test_sample, &mut test)?;
        let (train, test) = (train.value(), test.value());
        println!(
            "epoch {epoch}: train loss {train_loss:.4}, accuracy {train:.4}; test loss {test_loss:.4}, accuracy {test:.4}"
        );
        history.push([train_loss.into(), test_loss.into(), train, test]);
    }

    // Which digits are taken for which, and the images that were misread.
    let mut confusion = ConfusionMatrix::default();
    training.evaluate(&mut batch, TEST, test_sample, &mut confusion)?;
    let mut misread = Vec::new();
    for i in 0..TEST {
        let mut image = Vector::ZERO;
        let digit = test_sample(i, &mut image);
        let read = training.infer(&image)?.argmax();
        if read != usize::from(digit) {
            misread.push((image, digit, read));
        }
    }
    picture::draw(&history, &confusion, &misread).save("out/digits.svg")?;

    // The weights as a file, and as a Rust `static` for a firmware that holds them in flash.
    let mut file = vec![0; weights::file_size::<Net>()];
    weights::write(training.net(), &mut file)?;
    std::fs::write("out/digits.sprp", file)?;
    let mut source = String::new();
    weights::export(training.net(), "DIGITS", "Net", &mut source)?;
    std::fs::write("out/digits_weights.rs", source)?;
    println!("weights: out/digits.sprp and out/digits_weights.rs");

    println!("test accuracy: {:.4}", confusion.accuracy());
    Ok(())
}
