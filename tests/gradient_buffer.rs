//! What the buffered sink can do: clip by global norm and accumulate over micro-batches; and clipping by value, which
//! either can.

use stackprop::parameter::Parameter;
use stackprop::prelude::*;

mod common;
use common::compare;
use common::run::{parameter_bits, parameters, samples};

type Net = (Dense<3, 8, f64>, Tanh<8, f64>, Dense<8, 2, f64>);
type Training<O> = Trainer<Net, SoftmaxCrossEntropy<2>, O, 32, Buffered>;

fn assert_close(actual: &[f64], expected: &[f64]) {
    compare("numbers", expected, actual, 1e-14);
}

/// The parameters after one step of SGD with rate 1, minus those before: minus the gradient that was used.
fn step_of<O: Optimizer<T = f64>>(optimizer: O, clip_norm: f64) -> Vec<f64> {
    let mut training = Training::<O>::boxed();
    training.reset(4, optimizer).unwrap();
    training.set_clip_norm(clip_norm).unwrap();
    let before = parameters(training.net());
    let (x, labels) = samples::<32>(0);
    training.step(&x, &labels).unwrap();
    parameters(training.net()).iter().zip(before).map(|(after, before)| after - before).collect()
}

#[test]
fn clipping_by_value() {
    let sgd = Sgd::new(1.0).unwrap();
    let whole = step_of(sgd, 0.0);
    let bound = 0.02;
    let clipped = step_of(ClipValue::new(sgd, bound).unwrap(), 0.0);
    let expected: Vec<f64> = whole.iter().map(|g| g.clamp(-bound, bound)).collect();
    assert!(whole.iter().any(|g| g.abs() > bound) && whole.iter().any(|g| g.abs() < bound));
    assert_close(&clipped, &expected);
    assert_eq!(step_of(ClipValue::new(sgd, f64::INFINITY).unwrap(), 0.0), whole);
}

#[test]
fn clipping_by_global_norm() {
    let sgd = Sgd::new(1.0).unwrap();
    let whole = step_of(sgd, 0.0);
    let norm = whole.iter().map(|g| g * g).sum::<f64>().sqrt();
    let bound = norm / 3.0;
    let expected: Vec<f64> = whole.iter().map(|g| g * bound / (norm + 1e-6)).collect();
    assert_close(&step_of(sgd, bound), &expected);
    // A shorter gradient stays as it is.
    assert_eq!(step_of(sgd, norm * 1.001), whole);
}

/// Shows the accumulated gradient as one list.
fn gradient<O: Optimizer<T = f64>>(training: &mut Training<O>) -> Vec<f64> {
    let mut all = Vec::new();
    training.gradient(|parameter: Parameter<'_, f64>| all.extend(parameter.values()));
    all
}

#[test]
fn accumulated_micro_batches_are_the_full_batch() {
    for k in [1, 2, 4, 8, 16, 32] {
        let (mut full, mut parts) = (Training::<Adam<f64>>::boxed(), Training::<Adam<f64>>::boxed());
        for training in [&mut full, &mut parts] {
            training.reset(4, Adam::new(0.01).unwrap()).unwrap();
        }
        let (x, labels) = samples::<32>(0);
        let loss = full.accumulate(&x.0, &labels).unwrap();
        let size = 32 / k;
        let batches = x.0.chunks(size).zip(labels.chunks(size));
        let mean = batches.map(|(x, labels)| parts.accumulate(x, labels).unwrap()).sum::<f64>() / k as f64;
        assert_close(&[mean], &[loss]);
        // The gradients are added: k means of 32 / k samples each.
        let expected: Vec<f64> = gradient(&mut full).iter().map(|g| g * k as f64).collect();
        assert_close(&gradient(&mut parts), &expected);
        assert_eq!(parts.steps(), 0);
        full.apply().unwrap();
        parts.apply().unwrap();
        assert_eq!((full.steps(), parts.steps()), (1, 1));
        for (a, b) in parameters(full.net()).iter().zip(parameters(parts.net())) {
            assert!((a - b).abs() < 1e-10, "Adam divides by small roots: {a} {b}");
        }
        assert!(gradient(&mut parts).iter().all(|&g| g == 0.0), "the buffer is empty again");
    }
}

#[test]
fn a_step_is_the_last_micro_batch() {
    let (mut applied, mut stepped) = (Training::<Sgd<f64>>::boxed(), Training::<Sgd<f64>>::boxed());
    let (x, labels) = samples::<32>(0);
    for training in [&mut applied, &mut stepped] {
        training.reset(4, Sgd::new(0.1).unwrap()).unwrap();
        training.accumulate(&x.0[..16], &labels[..16]).unwrap();
    }
    applied.accumulate(&x.0[16..], &labels[16..]).unwrap();
    applied.apply().unwrap();
    stepped.partial_step(&x.0[16..], &labels[16..]).unwrap();
    assert_eq!(parameter_bits(applied.net()), parameter_bits(stepped.net()));
    let before = parameter_bits(applied.net());
    applied.apply().unwrap();
    assert_eq!((applied.steps(), parameter_bits(applied.net())), (1, before), "nothing to apply");
}

#[test]
fn the_mean_of_micro_batches_is_clipped_not_their_sum() {
    let sgd = Sgd::new(1.0).unwrap();
    let norm = step_of(sgd, 0.0).iter().map(|g| g * g).sum::<f64>().sqrt();
    let (x, labels) = samples::<32>(0);
    // Between the norms of the mean and of the sum, and below both.
    for bound in [2.0 * norm, norm / 3.0] {
        let mut training = Training::<Sgd<f64>>::boxed();
        training.reset(4, sgd).unwrap();
        training.set_clip_norm(bound).unwrap();
        let before = parameters(training.net());
        for (x, labels) in x.0.chunks(8).zip(labels.chunks(8)) {
            training.accumulate(x, labels).unwrap();
        }
        training.apply().unwrap();
        let change: Vec<f64> =
            parameters(training.net()).iter().zip(before).map(|(after, before)| after - before).collect();
        assert_close(&change, &step_of(sgd, bound));
    }
}

#[test]
fn what_the_optimizer_keeps() {
    // The second layer has its weights by output: the state is shown in logical order all the same.
    type Net = (Dense<3, 8, f64>, Tanh<8, f64>, Dense<8, 2, f64>);
    let mut training = Trainer::<Net, SoftmaxCrossEntropy<2>, Adam<f64>, 32, Buffered>::boxed();
    training.reset(4, Adam::new(0.01).unwrap().betas(0.75, 0.5).unwrap()).unwrap();
    let (x, labels) = samples::<32>(0);
    training.accumulate(&x.0, &labels).unwrap();
    let mut expected = Vec::new();
    training.gradient(|gradient| {
        expected.push((gradient.info.to_string(), gradient.values().map(|g| 0.25 * g).collect::<Vec<_>>()));
        expected.push((gradient.info.to_string(), gradient.values().map(|g| 0.5 * g * g).collect()));
    });
    training.apply().unwrap();
    let mut state = Vec::new();
    training.optimizer_state(|slot: Parameter<'_, f64>| {
        state.push((slot.info.to_string(), slot.values().collect::<Vec<_>>()))
    });
    assert_eq!(state.len(), 8);
    for ((name, values), (expected_name, expected)) in state.iter().zip(&expected) {
        assert_eq!(name, expected_name);
        assert_close(values, expected);
    }

    let mut training = Training::<Sgd<f64>>::boxed();
    training.reset(4, Sgd::new(0.01).unwrap()).unwrap();
    training.step(&x, &labels).unwrap();
    training.optimizer_state(|slot| panic!("SGD keeps nothing, not {}", slot.info));
}
