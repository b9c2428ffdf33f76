//! Whole training runs on the digits: every batch's loss, loss and accuracy after every epoch, and the final weights.

mod common;

use common::{Case, case, suite};
use stackprop::parameter::Path;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

const IMAGES: &[u8; 1797 * 64] = include_bytes!("../examples/data/digits_x_1797x64_u8.bin");
const LABELS: &[u8; 1797] = include_bytes!("../examples/data/digits_y_1797_u8.bin");
/// Rows of the fixture's order that are trained on; the others are the test set.
const TRAIN: usize = 1437;

type Net<T> = (Dense<64, 32, T>, ReLU<32, T>, Dense<32, 10, T>);
type Training<T, O> = Trainer<Net<T>, SoftmaxCrossEntropy<10>, O, 32>;

fn image<T: Scalar>(i: usize) -> Vector<64, T> {
    Vector::from_fn(|p| T::from_f64(f64::from(IMAGES[i * 64 + p]) / 16.0))
}

/// Mean loss and accuracy.
fn evaluate<T: Scalar, O: Optimizer<T = T>>(training: &mut Training<T, O>, samples: &[usize]) -> [T; 2] {
    let (mut batch, mut accuracy) = (Batch::ZERO, Accuracy::default());
    let sample = |i: usize, x: &mut Vector<64, T>| {
        *x = image(samples[i]);
        LABELS[samples[i]]
    };
    let loss = training.evaluate(&mut batch, samples.len(), sample, &mut accuracy).unwrap();
    [loss, T::from_f64(accuracy.value())]
}

/// Five epochs over the training set, in the fixture's order.
fn run<T: Scalar>(cases: &[Case], name: &str, optimizer: impl Optimizer<T = T>) {
    let (setup, expected) = (case(cases, "digits_setup"), case(cases, name));
    let mut training = Training::<T, _>::boxed();
    let net = training.net_mut();
    net.0.set(&setup.tensor("w1").0, &setup.tensor("b1").0);
    net.2.set(&setup.tensor("w2").0, &setup.tensor("b2").0);
    training.resume(0, optimizer).unwrap();

    let order = setup.indices("order");
    let (train, test) = order.split_at(TRAIN);
    let drop_last = expected.attrs["drop_last"][0] == "true";
    let (mut losses, mut metrics) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        for batch in train.chunks(32).filter(|b| b.len() == 32 || !drop_last) {
            let x: Vec<[T; 64]> = batch.iter().map(|&i| image(i).0).collect();
            let y: Vec<u8> = batch.iter().map(|&i| LABELS[i]).collect();
            losses.push(training.partial_step(&x, &y).unwrap());
        }
        metrics.extend(evaluate(&mut training, train));
        metrics.extend(evaluate(&mut training, test));
    }
    expected.check("batch_loss", &losses);
    expected.check("epoch_metrics", &metrics);
    if expected.has("w1") {
        let mut names = ["w1", "b1", "w2", "b2"].into_iter();
        training.net().visit(Path::default(), &mut |parameter| {
            expected.check(names.next().unwrap(), &parameter.values().collect::<Vec<T>>());
        });
    }
}

#[test]
fn adam() {
    let cases = suite(include_str!("fixtures/train_digits.txt"));
    for name in ["digits_adam_droplast", "digits_adam_tail"] {
        run(&cases, name, Adam::new(0.005_f64).unwrap());
        run(&cases, name, Adam::new(0.005_f32).unwrap());
    }
}

#[test]
fn momentum() {
    let cases = suite(include_str!("fixtures/train_digits.txt"));
    run(&cases, "digits_sgd_momentum_droplast", Momentum::new(0.05_f64, 0.9).unwrap());
    run(&cases, "digits_sgd_momentum_droplast", Momentum::new(0.05_f32, 0.9).unwrap());
}
