//! Learning-rate schedules, by their formulas, and how they reach the steps.

use stackprop::optimizer::Schedule;
use stackprop::prelude::*;

mod common;
use common::compare;

fn factors<S: Schedule<f64>>(schedule: S, steps: impl IntoIterator<Item = u64>) -> Vec<f64> {
    steps.into_iter().map(|step| schedule.factor(step)).collect()
}

fn assert_close(actual: &[f64], expected: &[f64]) {
    compare("factor", expected, actual, 1e-13);
}

#[test]
fn constant() {
    assert_eq!(factors(Constant::new(), [0, 1, u64::MAX]), [1.0; 3]);
}

#[test]
fn inverse_time() {
    let schedule = InverseTime::new(0.5).unwrap();
    assert_close(&factors(schedule, [0, 1, 2, 8, 1 << 40]), &[1.0, 1.0 / 1.5, 0.5, 0.2, 1.0 / (1.0 + 2f64.powi(39))]);
}

#[test]
fn step_decay() {
    let schedule = StepDecay::new(0.1, 3).unwrap();
    assert_close(&factors(schedule, 0..8), &[1.0, 1.0, 1.0, 0.1, 0.1, 0.1, 0.01, 0.01]);
    assert_close(&factors(schedule, [3_000_000]), &[0.0]);
    assert_eq!(factors(StepDecay::new(0.0, 2).unwrap(), 0..4), [1.0, 1.0, 0.0, 0.0]);
}

#[test]
fn exponential() {
    let schedule = Exponential::new(0.9).unwrap();
    assert_close(&factors(schedule, [0, 1, 2, 10]), &[1.0, 0.9, 0.81, 0.348_678_440_1]);
    assert_eq!(factors(Exponential::new(1.0).unwrap(), [0, u64::MAX]), [1.0, 1.0]);
}

#[test]
fn cosine_with_warm_up() {
    // Up in quarters, then down from 1 to 0.2 in eight steps, and there it stays.
    let schedule = Cosine::new(4, 12, 0.2).unwrap();
    assert_close(&factors(schedule, 0..4), &[0.25, 0.5, 0.75, 1.0]);
    let half = |x: f64| 0.2 + 0.8 * (1.0 + (std::f64::consts::PI * x).cos()) / 2.0;
    let down: Vec<f64> = (0..8).map(|step| half(f64::from(step) / 8.0)).collect();
    assert_close(&factors(schedule, 4..12), &down);
    assert_close(&[down[0], down[4]], &[1.0, 0.6]);
    assert_close(&factors(schedule, [12, 13, 1_000_000, u64::MAX]), &[0.2; 4]);
    // Without warm-up it starts at the top.
    assert_close(&factors(Cosine::new(0, 2, 0.0).unwrap(), 0..4), &[1.0, 0.5, 0.0, 0.0]);
}

/// With input and target 1, the loss (w + b - 1)² has the gradient 2 (w + b - 1): the weight shows each step's rate.
#[test]
fn a_step_uses_the_factor_of_its_number() {
    let schedule = Cosine::new(2, 6, 0.1).unwrap();
    let optimizer = Scheduled::new(Sgd::new(0.05).unwrap(), schedule);
    let mut training = Trainer::<Dense<1, 1, f64>, MeanSquaredError<1>, _, 1>::boxed();
    training.resume(0, optimizer).unwrap();
    let (mut weight, mut bias) = (0.0, 0.0);
    for step in 0..9 {
        training.step(&Matrix::new([[1.0]]), &[Vector::new([1.0])]).unwrap();
        let change = 0.05 * schedule.factor(step) * 2.0 * (weight + bias - 1.0);
        weight -= change;
        bias -= change;
        assert_close(&[training.net().weight(0, 0).unwrap(), training.net().bias(0).unwrap()], &[weight, bias]);
    }
}

#[test]
fn the_rate_can_change_between_steps() {
    let mut training = Trainer::<Dense<1, 1, f64>, MeanSquaredError<1>, Sgd<f64>, 1>::boxed();
    training.resume(0, Sgd::new(0.0).unwrap()).unwrap();
    training.step(&Matrix::new([[1.0]]), &[Vector::new([1.0])]).unwrap();
    assert_eq!(training.net().weight(0, 0), Some(0.0));
    training.optimizer_mut().set_learning_rate(0.25).unwrap();
    training.step(&Matrix::new([[1.0]]), &[Vector::new([1.0])]).unwrap();
    assert_eq!(training.net().weight(0, 0), Some(0.5));
    assert_eq!(training.steps(), 2);
}
