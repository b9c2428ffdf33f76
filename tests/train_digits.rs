//! Whole training runs on the digits: every batch's loss and the final weights.

mod common;

use common::{Case, case, compare, suite};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::tape::parameter;

const IMAGES: &[u8; 1797 * 64] = include_bytes!("../examples/data/digits_x_1797x64_u8.bin");
const LABELS: &[u8; 1797] = include_bytes!("../examples/data/digits_y_1797_u8.bin");

type Net<T> = (Dense<64, 32, T>, ReLU<32, T>, Dense<32, 10, T>);

fn image<T: Scalar>(i: usize) -> [T; 64] {
    std::array::from_fn(|p| T::from_f64(f64::from(IMAGES[i * 64 + p]) / 16.0))
}

/// Runs five epochs over the first 1437 of the fixture's order and compares every batch's loss.
fn run<T: Scalar, O: Optimizer<T = T>>(cases: &[Case], name: &str, optimizer: O, tolerance: f64)
where
    SoftmaxCrossEntropy<10>: stackprop::loss::Compares<[T; 10], u8>,
{
    let (setup, expected) = (case(cases, "digits_setup"), case(cases, name));
    let order = setup.indices("order");
    let mut training = Trainer::<Net<T>, SoftmaxCrossEntropy<10>, O, 32>::boxed();
    let net = training.net_mut();
    net.0.set(&setup.tensor("w1").0, &setup.tensor("b1").0);
    net.2.set(&setup.tensor("w2").0, &setup.tensor("b2").0);
    training.resume(0, optimizer).unwrap();

    let drop_last = expected.attrs["drop_last"][0] == "true";
    let train = &order[..TRAIN];
    let mut losses: Vec<T> = Vec::new();
    for _ in 0..5 {
        for batch in train.chunks(32).filter(|b| b.len() == 32 || !drop_last) {
            let x: Vec<[T; 64]> = batch.iter().map(|&i| image(i)).collect();
            let y: Vec<u8> = batch.iter().map(|&i| LABELS[i]).collect();
            losses.push(training.partial_step(&x, &y).unwrap());
        }
    }
    compare(&format!("{name}: batch_loss"), expected.values("batch_loss"), &losses, tolerance);
    if expected.has("w1") {
        let (mut w1, mut b1) = (Matrix::<64, 32, T>::ZERO, Vector::<32, T>::ZERO);
        assert!(parameter(training.net(), "0.weight", &mut w1) && parameter(training.net(), "0.bias", &mut b1));
        expected.check_within("w1", w1.as_slice(), tolerance * 100.0);
        expected.check_within("b1", b1.as_slice(), tolerance * 100.0);
    }
}

/// Rows of the fixture's order that are trained on; the others are the test set.
const TRAIN: usize = 1437;

#[test]
fn every_batch_loss() {
    let cases = suite(include_str!("fixtures/train_digits.txt"));
    for (name, tolerance) in [("digits_adam_droplast", 1e-12), ("digits_adam_tail", 1e-12)] {
        run::<f64, _>(&cases, name, Adam::new(0.005).unwrap(), tolerance);
        run::<f32, _>(&cases, name, Adam::new(0.005).unwrap(), 1e-5);
    }
    run::<f64, _>(&cases, "digits_sgd_momentum_droplast", Momentum::new(0.05, 0.9).unwrap(), 1e-12);
    run::<f32, _>(&cases, "digits_sgd_momentum_droplast", Momentum::new(0.05, 0.9).unwrap(), 1e-5);
}
