//! Learns exclusive or, and prints what it learned. It fails if that is wrong.
#![no_std]
#![no_main]

use board::{Failed, print};
use stackprop::prelude::*;

type Net = (Dense<2, 8>, Tanh<8>, Dense<8, 1>);
type Training = Trainer<Net, SigmoidCrossEntropy<1>, Adam, 4>;
stackprop::budget!(Training, 1024);

board::program!(run, Training);

fn run(training: &mut Training) -> Result<(), Failed> {
    let x = Matrix::new([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let y = [[0.0], [1.0], [1.0], [0.0]].map(Vector::new);
    training.reset(1, Adam::new(0.05)?)?;
    for _ in 0..300 {
        training.step(&x, &y)?;
    }
    let mut right = true;
    for (x, y) in x.rows().zip(&y) {
        let is_one = training.infer(x)?[0] > 0.0; // a logit
        print(if is_one { "1 " } else { "0 " });
        right &= is_one == (y[0] > 0.5);
    }
    print("\n");
    if right { Ok(()) } else { Err(Failed) }
}
