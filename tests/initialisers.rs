//! Initialisers: ranges, means and variances, and what is not random.

use stackprop::init::{Init, initialise};
use stackprop::parameter::Role;
use stackprop::prelude::*;
use stackprop::random::generator;

mod common;
use common::run::{parameter_bits, parameters};

const IN: usize = 200;
const OUT: usize = 100;
type D = Dense<IN, OUT, f64>;

/// Mean, variance and the largest magnitude of the weights.
fn moments(init: Init) -> (f64, f64, f64) {
    let mut net = D::boxed();
    net.set(&[[7.0; OUT]; IN], &[7.0; OUT]);
    initialise(&mut *net, init, &mut generator(5));
    let (weights, biases) = (&parameters(&*net)[..IN * OUT], &parameters(&*net)[IN * OUT..]);
    assert_eq!(biases, [0.0; OUT]);
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    let variance = weights.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / weights.len() as f64;
    (mean, variance, weights.iter().fold(0.0, |max, w| w.abs().max(max)))
}

/// Within four standard errors of 20,000 draws.
fn assert_moments(init: Init, variance: f64) -> f64 {
    let (mean, measured, largest) = moments(init);
    assert!(mean.abs() < 4.0 * (variance / 20_000.0).sqrt(), "{init:?}: mean {mean}");
    assert!((measured / variance - 1.0).abs() < 4.0 * (2.0f64 / 20_000.0).sqrt(), "{init:?}: variance {measured}");
    largest
}

#[test]
fn zeros() {
    assert_eq!(moments(Init::Zeros), (0.0, 0.0, 0.0));
}

#[test]
fn uniform_ranges() {
    for (init, a) in [
        (Init::Uniform(0.3), 0.3),
        (Init::XavierUniform, (6.0 / 300.0f64).sqrt()),
        (Init::HeUniform, (6.0 / 200.0f64).sqrt()),
    ] {
        let largest = assert_moments(init, a * a / 3.0);
        assert!(largest <= a && largest > 0.999 * a, "{init:?}: {largest}");
    }
}

#[test]
fn normal_variances() {
    for (init, variance) in [
        (Init::Normal(0.5), 0.25),
        (Init::XavierNormal, 2.0 / 300.0),
        (Init::HeNormal, 2.0 / 200.0),
        (Init::Nnfs, 1e-4),
    ] {
        // Of 20,000 normal numbers the largest is about four deviations out.
        let largest = assert_moments(init, variance) / variance.sqrt();
        assert!((3.3..5.8).contains(&largest), "{init:?}: {largest}");
    }
}

#[test]
fn layers_follow_each_other_in_one_stream() {
    let mut pair = <(Dense<3, 4>, Tanh<4>, Dense<4, 2>)>::ZERO;
    initialise(&mut pair, Init::HeNormal, &mut generator(5));
    let (mut first, mut second, mut rng) = (Dense::<3, 4>::ZERO, Dense::<4, 2>::ZERO, generator(5));
    initialise(&mut first, Init::HeNormal, &mut rng);
    initialise(&mut second, Init::HeNormal, &mut rng);
    assert_eq!(parameter_bits(&pair), [parameter_bits(&first), parameter_bits(&second)].concat());
}

#[test]
fn reset_uses_the_seed_and_he() {
    type Training = Trainer<(Dense<3, 4>, ReLU<4>, Dense<4, 2>), SoftmaxCrossEntropy<2>, Sgd, 1>;
    let mut training = Training::boxed();
    let mut by_reset = |seed, init: Option<Init>| {
        let sgd = Sgd::new(0.1).unwrap();
        match init {
            Some(init) => training.reset_with(seed, sgd, init).unwrap(),
            None => training.reset(seed, sgd).unwrap(),
        }
        parameter_bits(training.net())
    };
    let by_hand = |seed, init| {
        let mut net = <(Dense<3, 4>, ReLU<4>, Dense<4, 2>)>::ZERO;
        initialise(&mut net, init, &mut generator(seed));
        parameter_bits(&net)
    };
    assert_eq!(by_reset(5, None), by_hand(5, Init::HeNormal));
    assert_eq!(by_reset(5, Some(Init::XavierUniform)), by_hand(5, Init::XavierUniform));
    assert_ne!(by_reset(6, None), by_hand(5, Init::HeNormal));
}

#[test]
fn settings_stay() {
    let mut net = (LeakyReLU::<3>::with_slope(0.3), Regularized::new(Dense::<3, 2>::ZERO), Dropout::<2>::new());
    net.1.set_penalty(Penalty { weight_l2: 0.5, ..Penalty::default() }).unwrap();
    net.2.set_rate(0.1).unwrap();
    initialise(&mut net, Init::Normal(1.0), &mut generator(5));
    assert_eq!((net.0.slope(), net.2.rate()), (0.3, 0.1));
    let mut squares = 0.0;
    net.visit(Default::default(), &mut |parameter| {
        if parameter.info.role == Role::Weight {
            squares += parameter.values().map(|w| w * w).sum::<f32>();
        }
    });
    assert!((Layer::penalty(&net) - 0.5 * squares).abs() < 1e-6 && squares > 0.0);
}
