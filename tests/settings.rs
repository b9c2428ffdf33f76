//! Settings out of range: an error that says which, and everything stays as it was.

use stackprop::layer::Setting;
use stackprop::optimizer::SgdRule;
use stackprop::prelude::*;

mod common;
use common::run::{parameter_bits, uniform};

const NOT_FINITE: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
/// Not a rate, a slope, a penalty.
const NEGATIVE_TOO: [f32; 5] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e-9, -1.0];
/// Not in [0, 1).
const NO_FRACTION: [f32; 6] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e-9, 1.0, 1.5];
/// Not a positive number.
const NOT_POSITIVE: [f32; 6] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e-9, 0.0, -0.0];

#[test]
fn dropout_rate() {
    let mut dropout = Dropout::<3>::with_rate(0.25).unwrap();
    for rate in NO_FRACTION {
        assert_eq!(dropout.set_rate(rate), Err(SettingError::Rate));
        assert_eq!(Dropout::<3>::with_rate(rate).err(), Some(SettingError::Rate));
        assert_eq!(dropout.rate(), 0.25);
    }
    for rate in [0.0, -0.0, 0.5, 1.0 - f32::EPSILON] {
        dropout.set_rate(rate).unwrap();
        assert_eq!(dropout.rate(), rate);
    }
    assert_eq!(Dropout::<3>::ZERO.rate(), 0.5);
}

#[test]
fn slope_alpha_and_delta() {
    let (mut leaky, mut elu) = (LeakyReLU::<3>::with_slope(0.2), ELU::<3>::with_alpha(0.7));
    for value in NEGATIVE_TOO {
        assert_eq!(leaky.set_slope(value), Err(SettingError::Value));
        assert_eq!(elu.set_alpha(value), Err(SettingError::Value));
        assert_eq!((leaky.slope(), elu.alpha()), (0.2, 0.7));
    }
    for delta in NOT_POSITIVE {
        assert_eq!(Huber::<3>::with_delta(delta).err(), Some(SettingError::Value));
    }
    leaky.set_slope(0.0).unwrap();
    elu.set_alpha(3.0).unwrap();
    assert_eq!((leaky.slope(), elu.alpha()), (0.0, 3.0));
    assert_eq!((LeakyReLU::<3>::ZERO.slope(), ELU::<3>::ZERO.alpha()), (0.01, 1.0));
    assert_eq!(Setting::<f32>::DEFAULT.get(7.0), 7.0);
}

#[test]
fn penalty() {
    let mut layer = Regularized::new(Dense::new([[2.0, -3.0]], [0.5, -0.25]));
    assert_eq!(Layer::penalty(&layer), 0.0);
    let right = Penalty { weight_l1: 0.1, weight_l2: 0.01, bias_l1: 1.0, bias_l2: 2.0 };
    layer.set_penalty(right).unwrap();
    let expected: f32 = 0.1 * 5.0 + 0.01 * 13.0 + 0.75 + 2.0 * 0.3125;
    let penalty = Layer::penalty(&layer);
    assert!((penalty - expected).abs() < 1e-6);
    for value in NEGATIVE_TOO {
        for wrong in [
            Penalty { weight_l1: value, ..right },
            Penalty { weight_l2: value, ..right },
            Penalty { bias_l1: value, ..right },
            Penalty { bias_l2: value, ..right },
        ] {
            assert_eq!(layer.set_penalty(wrong), Err(SettingError::Penalty));
            assert_eq!(Layer::penalty(&layer), penalty);
        }
    }
}

/// A learning rate is refused by `new` and by the setter.
macro_rules! assert_rate {
    ($($new:expr;)*) => { $({
        let new = $new;
        let mut optimizer = new(0.25).unwrap();
        for rate in NEGATIVE_TOO {
            assert_eq!(new(rate).err(), Some(SettingError::LearningRate));
            assert_eq!(optimizer.set_learning_rate(rate), Err(SettingError::LearningRate));
            assert_eq!(optimizer, new(0.25).unwrap());
        }
        assert_eq!(optimizer.learning_rate(), 0.25);
        optimizer.set_learning_rate(0.0).unwrap();
        assert_eq!(optimizer.learning_rate(), 0.0);
    })* };
}

#[test]
fn learning_rate() {
    assert_rate! {
        Sgd::<f32>::new;
        |rate| Momentum::<f32>::new(rate, 0.9);
        |rate| Nesterov::<f32>::new(rate, 0.9);
        |rate| NnfsMomentum::<f32>::new(rate, 0.9);
        Adagrad::<f32>::new;
        RmsProp::<f32>::new;
        Adam::<f32>::new;
        |rate| AdamW::<f32>::new(rate, 0.1);
        |rate| ClipValue::new(Adam::<f32>::new(rate)?, 1.0);
        |rate| Ok::<_, SettingError>(Scheduled::new(Sgd::<f32>::new(rate)?, Constant::new()));
    }
}

#[test]
fn momentum_beta_and_rho() {
    for value in NO_FRACTION {
        assert_eq!(Momentum::new(0.1, value), Err(SettingError::Momentum));
        assert_eq!(Nesterov::new(0.1, value), Err(SettingError::Momentum));
        assert_eq!(NnfsMomentum::new(0.1, value), Err(SettingError::Momentum));
        assert_eq!(RmsProp::new(0.1).unwrap().rho(value.into()), Err(SettingError::Momentum));
        assert_eq!(Adam::new(0.1).unwrap().betas(value.into(), 0.9), Err(SettingError::Momentum));
        assert_eq!(Adam::new(0.1).unwrap().betas(0.9, value.into()), Err(SettingError::Momentum));
    }
}

#[test]
fn epsilon_decay_and_bound() {
    for value in NOT_POSITIVE {
        assert_eq!(Adagrad::new(0.1).unwrap().epsilon(value), Err(SettingError::Epsilon));
        assert_eq!(RmsProp::new(0.1).unwrap().epsilon(value), Err(SettingError::Epsilon));
        assert_eq!(Adam::new(0.1).unwrap().epsilon(value), Err(SettingError::Epsilon));
    }
    for value in NEGATIVE_TOO {
        assert_eq!(AdamW::new(0.1, value), Err(SettingError::WeightDecay));
        assert_eq!(AdamW::with(Adam::new(0.1).unwrap(), value), Err(SettingError::WeightDecay));
    }
    for bound in [f32::NAN, f32::NEG_INFINITY, -1.0, 0.0] {
        assert_eq!(ClipValue::new(Sgd::new(0.1).unwrap(), bound), Err(SettingError::Clip));
    }
}

#[test]
fn schedule() {
    for value in NEGATIVE_TOO {
        assert_eq!(InverseTime::new(value), Err(SettingError::Schedule));
    }
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e-9, 1.000_001] {
        assert_eq!(StepDecay::new(value, 3), Err(SettingError::Schedule));
        assert_eq!(Exponential::new(value), Err(SettingError::Schedule));
        assert_eq!(Cosine::new(1, 3, value), Err(SettingError::Schedule));
    }
    assert_eq!(StepDecay::new(0.5, 0), Err(SettingError::Schedule));
    assert_eq!(Cosine::new(3, 3, 0.5), Err(SettingError::Schedule));
    assert_eq!(Cosine::new(4, 3, 0.5), Err(SettingError::Schedule));
}

#[test]
fn clip_norm() {
    let mut training = Trainer::<Dense<2, 2>, MeanSquaredError<2>, Sgd, 1, Buffered>::boxed();
    training.reset(1, Sgd::new(1.0).unwrap()).unwrap();
    training.set_clip_norm(0.5).unwrap();
    for norm in NEGATIVE_TOO {
        assert_eq!(training.set_clip_norm(norm), Err(SettingError::Clip));
    }
    // The bound that was set still holds: the step is no longer than it.
    let before = training.net().clone();
    training.step(&uniform(1), &[Vector::new([30.0, -30.0])]).unwrap();
    let mut squares = 0.0;
    for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        squares += (training.net().weight(i, j).unwrap() - before.weight(i, j).unwrap()).powi(2);
    }
    for j in 0..2 {
        squares += (training.net().bias(j).unwrap() - before.bias(j).unwrap()).powi(2);
    }
    assert!((squares.sqrt() - 0.5).abs() < 1e-5, "{}", squares.sqrt());
}

/// An optimizer of one's own, without a check of its learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Unchecked {
    learning_rate: f32,
}
stackprop::zeroed!([] Unchecked { learning_rate });

impl Optimizer for Unchecked {
    type T = f32;
    type Rule = SgdRule<f32>;
    fn rule(&self, step: u64, factor: f32) -> SgdRule<f32> {
        Sgd::new(self.learning_rate).unwrap().rule(step, factor)
    }
    fn learning_rate(&self) -> f32 {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: f32) -> Result<(), SettingError> {
        self.learning_rate = learning_rate;
        Ok(())
    }
}

#[test]
fn reset_and_resume_check_the_learning_rate() {
    let mut training = Trainer::<Dense<3, 2>, MeanSquaredError<2>, Unchecked, 1>::boxed();
    let (x, target) = (uniform(1), [Vector::new([1.0, 0.0])]);
    for learning_rate in NOT_FINITE {
        assert_eq!(training.reset(1, Unchecked { learning_rate }), Err(SettingError::LearningRate));
        assert_eq!(training.step(&x, &target), Err(StepError::NotReady));
    }
    training.reset(1, Unchecked { learning_rate: 0.1 }).unwrap();
    training.step(&x, &target).unwrap();
    let before = parameter_bits(training.net());
    for learning_rate in NOT_FINITE {
        let wrong = Unchecked { learning_rate };
        assert_eq!(training.reset(2, wrong), Err(SettingError::LearningRate));
        assert_eq!(training.reset_with(2, wrong, Init::Zeros), Err(SettingError::LearningRate));
        assert_eq!(training.resume(2, wrong), Err(SettingError::LearningRate));
        assert_eq!(parameter_bits(training.net()), before);
        assert_eq!((training.steps(), training.optimizer().learning_rate), (1, 0.1));
    }
}

#[test]
fn messages() {
    let messages = [
        (SettingError::Rate, "a dropout rate must be in [0, 1)"),
        (SettingError::Value, "a slope, an alpha or a delta must be finite, and a delta positive"),
        (SettingError::Penalty, "a penalty must be finite and not negative"),
        (SettingError::LearningRate, "a learning rate must be finite and not negative"),
        (SettingError::Momentum, "a momentum, beta or rho must be in [0, 1)"),
        (SettingError::Epsilon, "an epsilon must be finite and positive"),
        (SettingError::WeightDecay, "a weight decay must be finite and not negative"),
        (SettingError::Clip, "a bound for clipping must be positive"),
        (SettingError::Schedule, "a schedule's numbers must be finite, its lengths positive, its factors in [0, 1]"),
        (SettingError::Memory, "a memory must be 0 or at least 2 samples"),
        (
            SettingError::Guard,
            "a guard's interval and window must be positive, its factor finite and more than 1, its backoff in (0, 1]",
        ),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
    }
}
