//! Lesson 1: a network that learns exclusive or, which no single layer can.
//!
//! `cargo run --release --example xor`

use stackprop::prelude::*;

// A network is a tuple of layers, with all sizes in its type.
type Net = (Dense<2, 8>, Tanh<8>, Dense<8, 1>, Sigmoid<1>);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inputs = Matrix::new([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let targets = [0.0, 1.0, 1.0, 0.0].map(|t| Vector::new([t]));

    // Batches of 4: here a batch is all there is to learn.
    let mut training = Trainer::<Net, BinaryCrossEntropy<1>, Adam, 4>::ZERO;
    training.reset(1, Adam::new(0.05)?)?;
    for _ in 0..500 {
        training.step(&inputs, &targets)?;
    }

    for (x, target) in inputs.rows().zip(targets) {
        let y = training.infer(x)?[0];
        println!("{} xor {} = {y:.3}", x[0], x[1]);
        assert!((y - target[0]).abs() < 0.1, "it didn't learn");
    }
    Ok(())
}
