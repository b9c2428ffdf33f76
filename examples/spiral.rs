//! Lesson 3: the spiral of "Neural Networks from Scratch", with L2, dropout and a learning rate that falls.
//!
//! `cargo run --release --example spiral`

mod drawing;

use drawing::{BLUE, Frame, GREEN, ORANGE, Picture, tint};
use stackprop::prelude::*;
use stackprop::random::{generator, normal};

const CLASSES: usize = 3;
const POINTS: usize = 100; // of each class
const ALL: usize = CLASSES * POINTS;

// Regularized adds penalties to a layer. Dropout drops units in training alone. Softmax makes probabilities.
type Net = (Regularized<Dense<2, 64>>, ReLU<64>, Dropout<64>, Dense<64, CLASSES>, Softmax<CLASSES>);
type Training = Trainer<Net, CategoricalCrossEntropy<CLASSES>, Scheduled<Adam, InverseTime>, ALL>;

/// Three arms: while the radius grows from 0 to 1, the angle grows by 10 radians, with some noise.
fn spiral(seed: u64) -> (Matrix<ALL, 2>, [u8; ALL]) {
    let mut rng = generator(seed);
    let labels = std::array::from_fn(|i| (i / POINTS) as u8);
    let points = std::array::from_fn(|i| {
        let radius = (i % POINTS) as f32 / (POINTS - 1) as f32;
        let angle = 2.5 * (4.0 * (f32::from(labels[i]) + radius) + 0.2 * normal::<f32>(&mut rng));
        [radius * angle.sin(), radius * angle.cos()]
    });
    (Matrix::new(points), labels)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Without L2 and dropout the training points fit better, and new ones worse: try it.
    let (points, labels) = spiral(1);
    let mut training = Training::boxed();
    training.net_mut().0.set_penalty(Penalty { weight_l2: 5e-5, bias_l2: 5e-5, ..Penalty::default() })?;
    training.net_mut().2.set_rate(0.01)?;
    training.reset(1, Scheduled::new(Adam::new(0.05)?, InverseTime::new(1e-3)?))?;

    for step in 0..=10_000 {
        let loss = training.step(&points, &labels)?; // of the whole data at once
        if step % 1_000 == 0 {
            println!("step {step:5}: loss {loss:.4}, penalty {:.4}", training.penalty());
        }
    }

    // How well it does in use, on the same points and on new ones from the same arms.
    let mut batch = Batch::ZERO;
    for (name, (points, labels)) in [("training", spiral(1)), ("new", spiral(2))] {
        let mut accuracy = Accuracy::default();
        let sample = |i: usize, x: &mut Vector<2>| {
            x.0 = points[i];
            labels[i]
        };
        let loss = training.evaluate(&mut batch, ALL, sample, &mut accuracy)?;
        println!("{name} points: loss {loss:.4}, accuracy {:.4}", accuracy.value());
    }

    // The decision regions: each cell has the colour of its most probable class, in three strengths.
    let colors = [BLUE, ORANGE, GREEN];
    let frame = Frame { left: 10.0, top: 10.0, width: 480.0, height: 480.0, x: -1.1..1.1, y: -1.1..1.1 };
    let mut picture = Picture::new(500, 500);
    picture.cells((10.0, 10.0), 4.0, 120, 120, |column, row| {
        let position = |i: usize| 1.1 * ((i as f32 + 0.5) / 60.0 - 1.0);
        let point = Vector::new([position(column), -position(row)]);
        let probabilities = training.infer(&point).expect("it is trained");
        let strength = match probabilities.max() {
            p if p > 0.9 => 0.5,
            p if p > 0.6 => 0.35,
            _ => 0.2,
        };
        tint(colors[probabilities.argmax()], strength)
    });
    for (class, color) in colors.into_iter().enumerate() {
        let own = &points.0[class * POINTS..][..POINTS];
        picture.dots(&frame, color, own.iter().map(|&[x, y]| (x.into(), y.into())));
    }
    picture.save("out/spiral.svg")?;
    Ok(())
}
