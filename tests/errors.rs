//! Errors of data: each is a value, found before anything changes, and the run goes on as one that never saw the bad
//! data.

use stackprop::loss::TargetError;
use stackprop::prelude::*;
use stackprop::training::Sink;

mod common;
use common::run::{bits, parameter_bits, uniform};

const BATCH: usize = 4;
const BAD: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

const NOT_READY: &str = "the trainer isn't ready: call `reset` for new weights, or `resume` to keep those that were loaded, and `set` every \
    `FrozenRef`";

/// Dropout shows the random state, Adam the optimizer state.
type Net = (Dense<3, 8>, ReLU<8>, Dropout<8>, Dense<8, 3>);
type Training<G> = Trainer<Net, SoftmaxCrossEntropy<3>, Adam, BATCH, G>;
type Input = Tensor<[[f32; 3]; BATCH]>;
const LABELS: [u8; BATCH] = [0, 2, 1, 1];

fn start<G: Sink>() -> Box<Training<G>> {
    let mut training = Training::<G>::boxed();
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    training
}

/// The bits of losses and weights of good steps.
fn go_on<G: Sink>(training: &mut Training<G>) -> Vec<Vec<u64>> {
    let steps = (0..5).map(|seed| {
        let loss = training.step(&uniform(seed), &LABELS).unwrap();
        [bits(&[loss]), parameter_bits(training.net())].concat()
    });
    steps.collect()
}

/// Bad data between good steps, with either sink: nothing changes, then or later.
fn assert_undisturbed(fused: impl Fn(&mut Training<Fused>), buffered: impl Fn(&mut Training<Buffered>)) {
    fn check<G: Sink>(bad: impl Fn(&mut Training<G>)) {
        let (mut training, mut twin) = (start::<G>(), start::<G>());
        assert_eq!(go_on(&mut training), go_on(&mut twin));
        bad(&mut training);
        assert_eq!(parameter_bits(training.net()), parameter_bits(twin.net()));
        assert_eq!(training.steps(), twin.steps());
        assert_eq!(training.optimizer(), twin.optimizer());
        assert_eq!(go_on(&mut training), go_on(&mut twin));
    }
    check(fused);
    check(buffered);
}

/// The same bad data for both sinks.
macro_rules! assert_undisturbed {
    (|$training:ident| $bad:block) => {
        assert_undisturbed(|$training| $bad, |$training| $bad)
    };
}

#[test]
fn a_non_finite_input() {
    assert_undisturbed!(|training| {
        for (sample, input) in (0..BATCH).flat_map(|sample| (0..3).map(move |input| (sample, input))) {
            for bad in BAD {
                let mut x = uniform::<[[f32; 3]; BATCH]>(7);
                x[(sample, input)] = bad;
                let error = StepError::NonFiniteInput { sample };
                assert_eq!(training.step(&x, &LABELS), Err(error));
                assert_eq!(training.partial_step(&x.0[..=sample], &LABELS[..=sample]), Err(error));
                // The first bad sample is named.
                x.0[BATCH - 1] = [bad; 3];
                assert_eq!(training.step(&x, &LABELS), Err(error));
            }
        }
    });
}

#[test]
fn a_label_out_of_range() {
    assert_undisturbed!(|training| {
        let x = uniform::<[[f32; 3]; BATCH]>(7);
        for (sample, label) in (0..BATCH).flat_map(|sample| [3u8, 4, 255].map(|label| (sample, label))) {
            let mut labels = LABELS;
            labels[sample] = label;
            let error = TargetError::Label { label: label.into(), classes: 3 };
            assert_eq!(training.step(&x, &labels), Err(StepError::Target { sample, error }));
            assert_eq!(training.partial_step(&x.0, &labels), Err(StepError::Target { sample, error }));
        }
        let error = TargetError::Label { label: usize::MAX, classes: 3 };
        assert_eq!(training.step(&x, &[0, usize::MAX, 9, 0]), Err(StepError::Target { sample: 1, error }));
    });
}

#[test]
fn a_non_finite_target() {
    let error = TargetError::NonFinite;
    assert_undisturbed!(|training| {
        let x = uniform::<[[f32; 3]; BATCH]>(7);
        for (sample, class, bad) in (0..BATCH * 3).flat_map(|i| BAD.map(|bad| (i / 3, i % 3, bad))) {
            let mut targets = [Vector::<3>::one_hot(1); BATCH];
            targets[sample][class] = bad;
            assert_eq!(training.step(&x, &targets), Err(StepError::Target { sample, error }));
        }
    });
}

#[test]
fn every_loss_checks_its_target() {
    fn refuses<L: stackprop::loss::Compares<[f32; 2], Vector<2>>>() {
        let mut training = Trainer::<Dense<3, 2>, L, Sgd, 1>::boxed();
        training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
        let before = parameter_bits(training.net());
        for bad in BAD {
            let error = Err(StepError::Target { sample: 0, error: TargetError::NonFinite });
            assert_eq!(training.step(&uniform(1), &[Vector::new([bad, 0.0])]), error);
            assert_eq!(training.step(&uniform(1), &[Vector::new([0.0, bad])]), error);
        }
        assert_eq!((training.steps(), parameter_bits(training.net())), (0, before));
        training.step(&uniform(1), &[Vector::new([0.0, 1.0])]).unwrap();
    }
    refuses::<CategoricalCrossEntropy<2>>();
    refuses::<SoftmaxCrossEntropy<2>>();
    refuses::<BinaryCrossEntropy<2>>();
    refuses::<SigmoidCrossEntropy<2>>();
    refuses::<MeanSquaredError<2>>();
    refuses::<MeanAbsoluteError<2>>();
    refuses::<Huber<2>>();
}

#[test]
fn a_wrong_count() {
    assert_undisturbed!(|training| {
        let x = uniform::<[[f32; 3]; 9]>(7);
        for (samples, targets) in [(0, 0), (0, 1), (1, 0), (2, 1), (3, 4), (5, 4), (5, 5), (9, 9)] {
            let result = training.partial_step(&x.0[..samples], &[0u8; 9][..targets]);
            assert_eq!(result, Err(StepError::Count { samples, targets }));
        }
    });
}

#[test]
fn a_non_finite_loss() {
    assert_undisturbed!(|training| {
        // Finite inputs whose sums overflow, in one sample and in all.
        let mut x = uniform::<[[f32; 3]; BATCH]>(7);
        x.0[2] = [f32::MAX, -f32::MAX, f32::MAX];
        assert_eq!(training.step(&x, &LABELS), Err(StepError::NonFiniteLoss));
        assert_eq!(training.step(&Tensor::filled(f32::MAX), &LABELS), Err(StepError::NonFiniteLoss));
    });
}

#[test]
fn non_finite_weights() {
    let mut training = start::<Fused>();
    training.net_mut().2.set_rate(0.0).unwrap();
    // Minus infinity is not in the list: ReLU makes 0 of it.
    for bad in [f32::NAN, f32::INFINITY] {
        let mut weight = [[0.1; 8]; 3];
        weight[1][5] = bad;
        training.net_mut().0.set(&weight, &[0.0; 8]);
        let before = parameter_bits(training.net());
        assert_eq!(training.step(&Tensor::filled(1.0), &LABELS), Err(StepError::NonFiniteLoss));
        assert_eq!((parameter_bits(training.net()), training.steps()), (before, 0));
    }
}

#[test]
fn accumulation_checks_as_a_step_does() {
    let (mut training, mut twin) = (start::<Buffered>(), start::<Buffered>());
    let x = uniform::<[[f32; 3]; BATCH]>(7);
    for training in [&mut training, &mut twin] {
        training.accumulate(&x.0, &LABELS).unwrap();
    }
    let error = TargetError::Label { label: 3, classes: 3 };
    assert_eq!(training.accumulate(&x.0, &[0u8, 1, 2, 3]), Err(StepError::Target { sample: 3, error }));
    assert_eq!(training.accumulate(&[[f32::NAN; 3]], &[0u8]), Err(StepError::NonFiniteInput { sample: 0 }));
    assert_eq!(training.accumulate(&x.0, &LABELS[..1]), Err(StepError::Count { samples: 4, targets: 1 }));
    assert_eq!(training.accumulate(&[[f32::MAX; 3]], &[0u8]), Err(StepError::NonFiniteLoss));
    assert_eq!(training.step(&Tensor::filled(f32::NAN), &LABELS), Err(StepError::NonFiniteInput { sample: 0 }));
    // What was accumulated before is still there, and nothing else.
    training.apply().unwrap();
    twin.apply().unwrap();
    assert_eq!(training.steps(), 1);
    assert_eq!(go_on(&mut training), go_on(&mut twin));
}

/// y = w x + b, and data (x, t) on which the loss (wx + b - t)² = 10²⁰ is finite, and its gradient 2·10¹⁰ x isn't.
type Line<G> = Trainer<Dense<1, 1>, MeanSquaredError<1>, Momentum, 1, G>;
const STEEP: ([[f32; 1]; 1], [Vector<1>; 1]) = ([[1e30]], [Vector::new([1e10])]);

fn line<G: Sink>() -> Box<Line<G>> {
    let mut training = Line::<G>::boxed();
    training.resume(1, Momentum::new(0.125, 0.5).unwrap()).unwrap();
    training
}

fn good_steps<G: Sink>(training: &mut Line<G>) -> Vec<u64> {
    training.net_mut().set(&[[0.0]], &[0.5]);
    let losses: Vec<f32> =
        (0..5).map(|i| training.partial_step(&[[0.25 * i as f32]], &[Vector::new([1.0])]).unwrap()).collect();
    [bits(&losses), parameter_bits(training.net())].concat()
}

#[test]
fn the_buffered_sink_catches_a_non_finite_gradient() {
    let (mut training, mut twin) = (line::<Buffered>(), line::<Buffered>());
    assert_eq!(good_steps(&mut training), good_steps(&mut twin));
    for training in [&mut training, &mut twin] {
        training.net_mut().set(&[[0.0]], &[0.5]);
    }
    assert_eq!(training.partial_step(&STEEP.0, &STEEP.1), Err(StepError::NonFiniteGradient));
    // Accumulated gradients are dropped with the bad one, wherever it shows.
    training.accumulate(&[[1.0]], &[Vector::new([1.0])]).unwrap();
    assert_eq!(training.partial_step(&STEEP.0, &STEEP.1), Err(StepError::NonFiniteGradient));
    training.accumulate(&STEEP.0, &STEEP.1).unwrap();
    training.accumulate(&[[1.0]], &[Vector::new([1.0])]).unwrap();
    assert_eq!(training.apply(), Err(StepError::NonFiniteGradient));
    assert_eq!(training.apply(), Ok(()), "nothing is left to apply");
    assert_eq!(training.steps(), twin.steps());
    assert_eq!(parameter_bits(training.net()), parameter_bits(twin.net()));
    assert_eq!(good_steps(&mut training), good_steps(&mut twin));
}

#[test]
fn the_fused_sink_reports_it_with_the_next_step() {
    let mut training = line::<Fused>();
    assert!(training.partial_step(&STEEP.0, &STEEP.1).unwrap().is_finite());
    assert_eq!(training.steps(), 1);
    assert_eq!(training.partial_step(&[[1.0]], &[Vector::new([1.0])]), Err(StepError::NonFiniteLoss));
    assert_eq!(training.steps(), 1);
}

#[test]
fn a_trainer_that_is_not_ready() {
    let mut training = Training::<Buffered>::boxed();
    let mut batch = Batch::<[f32; 3], u8, BATCH>::boxed();
    let x: Input = uniform(1);
    let not_ready = EpochError { done: 0, index: None, error: StepError::NotReady };
    assert_eq!(training.step(&x, &LABELS), Err(StepError::NotReady));
    assert_eq!(training.partial_step(&x.0[..1], &LABELS[..1]), Err(StepError::NotReady));
    assert_eq!(training.accumulate(&x.0, &LABELS), Err(StepError::NotReady));
    assert_eq!(training.epoch(&mut batch, 5, |_, _| 0), Err(not_ready));
    assert_eq!(training.evaluate(&mut batch, 5, |_, _| 0, &mut ()), Err(not_ready));
    assert_eq!(training.infer(&Tensor::new(x[0])), Err(NotReady));
    assert_eq!(training.infer_batch(&x), Err(NotReady));
    assert_eq!(training.apply(), Ok(()), "nothing was accumulated");
    assert!(parameter_bits(training.net()).iter().all(|&bits| bits == 0));
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    assert_eq!(go_on(&mut training), go_on(&mut start::<Buffered>()));
}

/// Sample `i` of a data set in which sample 17 is bad.
fn with_bad_17(bad: fn(&mut Vector<3>, &mut u8)) -> impl Fn(usize, &mut Vector<3>) -> u8 {
    move |i, x| {
        let mut label = (i % 3) as u8;
        *x = uniform(i as u64);
        if i == 17 {
            bad(x, &mut label);
        }
        label
    }
}

/// An epoch fails at sample 17: the steps before its batch were made, that one wasn't.
fn assert_epoch_stops(bad: fn(&mut Vector<3>, &mut u8), is: fn(StepError) -> bool, has_index: bool) {
    let (mut training, mut twin) = (start::<Fused>(), start::<Fused>());
    let mut batch = Batch::<[f32; 3], u8, BATCH>::boxed();
    let (sample, mut order) = (with_bad_17(bad), Vec::new());
    let error = training
        .epoch(&mut batch, 30, |i, x| {
            order.push(i);
            sample(i, x)
        })
        .unwrap_err();
    let place = order.iter().position(|&i| i == 17).unwrap();
    assert_eq!(error.done, place / BATCH * BATCH);
    assert_eq!(error.index, has_index.then_some(17));
    assert!(is(error.error), "{error:?}");
    for batch in order[..error.done].chunks(BATCH) {
        let mut x: Input = Tensor::ZERO;
        let labels: Vec<u8> = batch.iter().enumerate().map(|(at, &i)| sample(i, x.row_mut(at).unwrap())).collect();
        twin.partial_step(&x.0, &labels).unwrap();
    }
    assert_eq!(training.steps(), (error.done / BATCH) as u64);
    assert_eq!(go_on(&mut training), go_on(&mut twin));

    let before = parameter_bits(training.net());
    let error = training.evaluate(&mut batch, 30, &sample, &mut ());
    if has_index {
        let error = error.unwrap_err();
        assert_eq!((error.done, error.index), (16, Some(17)));
        assert!(is(error.error), "{error:?}");
    }
    assert_eq!(parameter_bits(training.net()), before);
}

#[test]
fn an_epoch_says_which_sample() {
    assert_epoch_stops(|x, _| x[1] = f32::NAN, |error| matches!(error, StepError::NonFiniteInput { .. }), true);
    assert_epoch_stops(
        |_, label| *label = 3,
        |error| matches!(error, StepError::Target { error: TargetError::Label { label: 3, classes: 3 }, .. }),
        true,
    );
    assert_epoch_stops(|x, _| x.fill(f32::MAX), |error| error == StepError::NonFiniteLoss, false);
}

#[test]
fn messages() {
    let messages = [
        (StepError::NotReady, NOT_READY),
        (
            StepError::Count { samples: 5, targets: 4 },
            "5 samples and 4 targets: there must be as many of both, from 1 to BATCH",
        ),
        (StepError::NonFiniteInput { sample: 2 }, "sample 2: an input is infinite or NaN"),
        (StepError::Index { sample: 3 }, "sample 3: an index is out of range, or isn't whole"),
        (
            StepError::Target { sample: 1, error: TargetError::Label { label: 12, classes: 10 } },
            "sample 1: label 12 is out of range: there are 10 classes",
        ),
        (StepError::Target { sample: 0, error: TargetError::NonFinite }, "sample 0: the target is infinite or NaN"),
        (StepError::NonFiniteOutput { sample: 3 }, "sample 3: the output is infinite or NaN"),
        (StepError::NonFiniteLoss, "the loss is infinite or NaN"),
        (StepError::NonFiniteGradient, "the gradient is infinite or NaN"),
        (StepError::Busy, "a step is under way"),
        (StepError::Idle, "no step is under way"),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
        let epoch = |index| EpochError { done: 64, index, error }.to_string();
        let cause = message.split_once(": ").filter(|_| error.sample().is_some()).map_or(message, |(_, cause)| cause);
        assert_eq!(epoch(Some(70)), format!("sample 70 of the data: {cause}"));
        assert_eq!(epoch(None), format!("after 64 samples: {cause}"));
    }
    assert_eq!(NotReady.to_string(), NOT_READY);
    assert_eq!(StepError::from(NotReady), StepError::NotReady);
}
