//! An epoch of single samples beside a pipelined one: `cargo bench --bench pipeline`. Nanoseconds a sample, the least of 20 epochs.

use std::time::Instant;

use stackprop::prelude::*;

type Net<const IN: usize, const HIDDEN: usize> = (Dense<IN, HIDDEN>, ReLU<HIDDEN>, Dense<HIDDEN, 10>);

const SAMPLES: usize = 2000;

fn compare<const IN: usize, const HIDDEN: usize, O: Optimizer<T = f32>>(name: &str, optimizer: O) {
    let mut training = Trainer::<Net<IN, HIDDEN>, SoftmaxCrossEntropy<10>, O, 1>::boxed();
    training.reset(1, optimizer).expect("a learning rate");
    let (mut one, mut two) = (Batch::<[f32; IN], u8, 1>::boxed(), Batch::<[f32; IN], u8, 2>::boxed());
    let data: Vec<Vector<IN>> = (0..64).map(|i| Vector::from_fn(|j| ((i * 7 + j * 13) % 17) as f32 / 17.0)).collect();
    let sample = |i: usize, x: &mut Vector<IN>| {
        *x = data[i % data.len()];
        (i % 10) as u8
    };
    let (mut plain, mut pipelined) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..20 {
        let start = Instant::now();
        training.epoch(&mut one, SAMPLES, sample).expect("finite numbers");
        plain = plain.min(start.elapsed().as_nanos() as f64 / SAMPLES as f64);
        let start = Instant::now();
        training.pipelined_epoch(&mut two, SAMPLES, sample).expect("finite numbers");
        pipelined = pipelined.min(start.elapsed().as_nanos() as f64 / SAMPLES as f64);
    }
    println!("{name:18} {plain:8.0} {pipelined:8.0}  {:.2} times as fast", plain / pipelined);
}

fn main() {
    // So small that the weights stay where they are, and every step costs the same.
    let (sgd, adam) = (Sgd::new(1e-9).expect("a rate"), Adam::new(1e-9).expect("a rate"));
    compare::<784, 128, _>("784-128-10, SGD", sgd);
    compare::<784, 128, _>("784-128-10, Adam", adam);
    compare::<64, 32, _>("64-32-10, SGD", sgd);
}
