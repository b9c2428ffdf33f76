//! Lesson 2: regression. A network fits a curve to noisy measurements of a sine.
//!
//! `cargo run --release --example regression`

mod drawing;

use std::f32::consts::PI;

use drawing::{BLUE, Frame, GRAY, ORANGE, Picture};
use stackprop::prelude::*;
use stackprop::random::{generator, normal, unit};

type Net = (Dense<1, 16>, Tanh<16>, Dense<16, 16>, Tanh<16>, Dense<16, 1>);
type Training = Trainer<Net, MeanSquaredError<1>, Adam, 16>;

const SAMPLES: usize = 128;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Measurements: x uniform in -π..π, y = sin x and some noise.
    let mut rng = generator(1);
    let data: Vec<(f32, f32)> = (0..SAMPLES)
        .map(|_| {
            let x = PI * (2.0 * unit::<f32>(&mut rng) - 1.0);
            (x, x.sin() + 0.15 * normal::<f32>(&mut rng))
        })
        .collect();
    // How a batch gets sample i: the input is written in place, the target is returned.
    let sample = |i: usize, x: &mut Vector<1>| {
        x[0] = data[i].0;
        Vector::new([data[i].1])
    };

    let mut training = Training::boxed();
    let mut batch = Batch::ZERO;
    training.reset_with(1, Adam::new(0.003)?, Init::XavierUniform)?;
    for epoch in 1..=400 {
        let loss = training.epoch(&mut batch, SAMPLES, sample)?;
        if epoch % 80 == 0 {
            println!("epoch {epoch:3}: loss {loss:.4}");
        }
    }

    // Compared with the measurements, noise and all, and with the sine itself, which the network never saw.
    let (mut measured, mut truth) = (RSquared::default(), RSquared::default());
    training.evaluate(&mut batch, SAMPLES, sample, &mut measured)?;
    let grid = |i: usize| PI * (i as f32 / 100.0 - 1.0);
    let sine = |i: usize, x: &mut Vector<1>| {
        x[0] = grid(i);
        Vector::new([x[0].sin()])
    };
    training.evaluate(&mut batch, 201, sine, &mut truth)?;
    println!("R2 on the measurements: {:.4}, on the sine: {:.4}", measured.value(), truth.value());

    let frame = Frame { left: 40.0, top: 40.0, width: 560.0, height: 280.0, x: -3.3..3.3, y: -1.6..1.6 };
    let mut picture = Picture::new(620, 350);
    picture.axes(&frame, "regression", &[-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0], &[-1.0, 0.0, 1.0]);
    picture.dots(&frame, ORANGE, data.iter().map(|&(x, y)| (x.into(), y.into())));
    picture.line(&frame, GRAY, (0..201).map(|i| (grid(i).into(), grid(i).sin().into())));
    let mut fit = Vec::new();
    for i in 0..201 {
        let y = training.infer(&Vector::new([grid(i)]))?[0];
        fit.push((grid(i).into(), y.into()));
    }
    picture.line(&frame, BLUE, fit);
    for (x, color, name) in [(460.0, ORANGE, "measured"), (520.0, GRAY, "sin x"), (600.0, BLUE, "network")] {
        picture.text(x, 30.0, "end", color, name);
    }
    picture.save("out/regression.svg")?;
    Ok(())
}
