//! Lesson 7: a small convolutional network on MNIST, from the original IDX files.
//!
//! `cargo run --release --example mnist -- FOLDER [EPOCHS]`, where FOLDER holds `train-images-idx3-ubyte` and so on, unpacked.
//!
//! Without the files, `-- demo` first makes some of the same form, from the 8 x 8 digits of lesson 4.

#[path = "data/idx.rs"]
mod idx;

use std::io::{IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use stackprop::network;
use stackprop::prelude::*;

const BATCH: usize = 32;

// 28 x 28 pixels of one channel; two convolutions, each followed by a maximum over 2 x 2.
type Net = network!([28, 28, 1] =>
    Conv2d(8, 3, 3), ReLU, MaxPool2d(2, 2), Conv2d(16, 3, 3), ReLU, MaxPool2d(2, 2), Flatten, Dense(10));
type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Scheduled<Adam, Cosine>, BATCH>;

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        return Err(format!("a folder with the files of MNIST is missing\n{}", idx::WHERE).into());
    };
    let folder = if folder == "demo" { idx::demo(Path::new("out/mnist"))? } else { PathBuf::from(folder) };
    let epochs: u32 = arguments.next().map_or(Ok(2), |epochs| epochs.parse())?;
    let (train, test) = (idx::read(&folder, "train")?, idx::read(&folder, "t10k")?);

    let mut training = Training::boxed();
    let steps = u64::from(epochs) * train.len().div_ceil(BATCH) as u64;
    training.reset(1, Scheduled::new(Adam::new(0.003)?, Cosine::new(0, steps, 0.0)?))?;
    println!("{} parameters; {} training and {} test images", Training::PARAMETERS, train.len(), test.len());

    let (mut batch, mut accuracy) = (Batch::boxed(), 0.0);
    for epoch in 1..=epochs {
        let mut done = 0;
        let loss = training.epoch(&mut batch, train.len(), |i, image| {
            done += 1;
            if done % 1000 == 0 && stdout().is_terminal() {
                print!("\repoch {epoch}: {done} images ");
                let _ = stdout().flush();
            }
            train.sample(i, image)
        })?;
        let mut metric = Accuracy::default();
        training.evaluate(&mut batch, test.len(), |i, image| test.sample(i, image), &mut metric)?;
        accuracy = metric.value();
        println!("\repoch {epoch}: train loss {loss:.4}, test accuracy {accuracy:.4}");
    }
    println!("test accuracy: {accuracy:.4}");
    Ok(())
}
