//! Metrics: outputs that aren't finite, one logit, arrays as targets; and what an epoch and an evaluation say about a
//! sample.

use stackprop::layer::Layer;
use stackprop::loss::{Compares, Loss, TargetError};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

/// A trainer whose network is a function of its weights: nothing is learned.
fn training<N: Layer, L: Loss<N::Out>, const BATCH: usize>() -> Box<Trainer<N, L, Sgd<N::T>, BATCH>> {
    let mut training = Trainer::<N, L, Sgd<N::T>, BATCH>::boxed();
    training.reset(1, Sgd::new(Scalar::from_f64(0.1)).unwrap()).unwrap();
    training
}

/// One logit for each of `N` questions, over 21 samples: what `evaluate` counts is what `infer` says.
fn one_logit<T: Scalar, const N: usize>()
where
    (Dense<2, 8, T>, Tanh<8, T>, Dense<8, N, T>): Layer<T = T, In = [T; 2], Out = [T; N]>,
{
    type Net<T, const N: usize> = (Dense<2, 8, T>, Tanh<8, T>, Dense<8, N, T>);
    let number = |i: usize| T::from_f64(((i * 37) % 19) as f64 / 9.0 - 1.0);
    let answer = |i: usize, n: usize| if (i * i + 3 * n) % 5 < 2 { T::ONE } else { T::ZERO };
    let sample = |i: usize, x: &mut Tensor<[T; 2]>| {
        x.0 = [number(i), number(i + 5)];
        Vector::<N, T>::from_fn(|n| answer(i, n))
    };
    let mut t = training::<Net<T, N>, SigmoidCrossEntropy<N>, 4>();
    let (mut batch, mut accuracy) = (Batch::boxed(), BinaryAccuracy::of_logits());
    t.evaluate(&mut batch, 21, sample, &mut accuracy).unwrap();
    let mut hits = 0;
    for i in 0..21 {
        let mut x = Tensor::ZERO;
        let y = sample(i, &mut x);
        hits +=
            t.infer(&x).unwrap().0.iter().zip(&y.0).filter(|(logit, y)| (**logit > T::ZERO) == (**y > T::ZERO)).count();
    }
    assert_eq!((accuracy.hits, accuracy.answers), (hits, 21 * N));
    assert!(hits > 0 && hits < 21 * N, "{hits}");
}

#[test]
fn one_logit_has_an_accuracy() {
    one_logit::<f32, 1>();
    one_logit::<f64, 1>();
    one_logit::<f32, 3>();
    one_logit::<f64, 5>();
}

/// Four samples of "exclusive or" before training, where `Accuracy` was 1.
#[test]
fn an_untrained_network_is_not_always_right() {
    let mut t = Trainer::<(Dense<2, 8>, Tanh<8>, Dense<8, 1>), SigmoidCrossEntropy<1>, Adam, 4>::boxed();
    t.reset(1, Adam::new(0.05).unwrap()).unwrap();
    let data = [([0.0f32, 0.0], 0.0f32), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)];
    let mut batch = Batch::boxed();
    let mut accuracy = BinaryAccuracy::of_logits();
    let sample = |i: usize, x: &mut Vector<2>| {
        x.0 = data[i].0;
        [data[i].1]
    };
    t.evaluate(&mut batch, 4, sample, &mut accuracy).unwrap();
    let hits = data.iter().filter(|(x, y)| (t.infer(&Vector::new(*x)).unwrap()[0] > 0.0) == (*y > 0.5)).count();
    assert!(hits < 4);
    assert_eq!((accuracy.hits, accuracy.answers, accuracy.value()), (hits, 4, hits as f64 / 4.0));
}

#[test]
fn a_binary_accuracy_by_hand() {
    let (mut logits, mut probabilities) = (BinaryAccuracy::of_logits(), BinaryAccuracy::of_probabilities());
    assert_eq!(logits.value(), 0.0);
    // The threshold itself is a no, of an output and of a target.
    for (output, target, of_logits, of_probabilities) in [
        (0.0, 0.0, 1, 1),
        (0.0, 1.0, 0, 0),
        (1e-3, 1.0, 1, 0),
        (0.5, 0.5, 0, 1),
        (0.51, 0.51, 1, 1),
        (-7.0, 0.5, 1, 1),
        (f32::NAN, 0.0, 0, 0),
        (f32::NEG_INFINITY, 0.0, 0, 0),
        (f32::INFINITY, 1.0, 0, 0),
    ] {
        let before = (logits.hits, probabilities.hits);
        logits.add(&Vector::new([output]), &[target]);
        probabilities.add(&Vector::new([output]), &Vector::new([target]));
        let added = (logits.hits - before.0, probabilities.hits - before.1);
        assert_eq!(added, (of_logits, of_probabilities), "{output} {target}");
    }
    assert_eq!((logits.answers, probabilities.answers), (9, 9));
    // Several answers of a sample, each by itself.
    let mut several = BinaryAccuracy::of_logits();
    several.add(&Vector::new([1.0f64, -1.0, f64::NAN, 2.0]), &[1.0, 1.0, 0.0, 1.0]);
    assert_eq!((several.hits, several.answers, several.value()), (2, 4, 0.5));
}

type Classes = (Accuracy, (TopK<1>, (TopK<2>, ConfusionMatrix<3>)));

/// Weights that are NaN give outputs that are: nothing is right, and the first sample is the error's.
fn diverged<T: Scalar>(weight: f64) {
    let mut t = training::<Dense<1, 3, T>, SoftmaxCrossEntropy<3>, 2>();
    t.net_mut().set(&[[T::from_f64(weight); 3]], &[T::ZERO; 3]);
    let (mut batch, mut m) = (Batch::boxed(), Classes::default());
    let sample = |i: usize, x: &mut Vector<1, T>| {
        x.0 = [T::ONE];
        (i % 3) as u8
    };
    let error = t.evaluate(&mut batch, 9, sample, &mut m).unwrap_err();
    assert_eq!(error, EpochError { done: 0, index: Some(0), error: StepError::NonFiniteOutput { sample: 0 } });
    let (accuracy, (top, (top_2, matrix))) = m;
    assert_eq!((accuracy.hits, accuracy.samples, accuracy.value()), (0, 9, 0.0));
    assert_eq!((top.hits, top_2.hits, top.samples), (0, 0, 9));
    assert_eq!((matrix.counts, matrix.non_finite), ([[0; 3]; 3], [3; 3]));
    assert_eq!((matrix.samples(), matrix.accuracy(), matrix.recall(0), matrix.precision(0)), (9, 0.0, 0.0, 0.0));
}

#[test]
fn a_network_that_diverged_is_never_right() {
    for weight in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        diverged::<f32>(weight);
        diverged::<f64>(weight);
    }
}

/// Samples 5 and 7 of 11 give infinite outputs: two are wrong, the others count as they are, and the error is that of
/// sample 5.
fn some_diverge<T: Scalar>(large: f64) {
    let mut t = training::<Dense<1, 3, T>, SoftmaxCrossEntropy<3>, 4>();
    let w = T::from_f64(large);
    t.net_mut().set(&[[w, -w, T::ZERO]], &[T::ZERO, T::ZERO, T::from_f64(0.5)]);
    let (mut batch, mut m) = (Batch::boxed(), Classes::default());
    // Outputs w x, -w x, 0.5: class 0 where x > 0, class 1 where x < 0; class 2 at sample 10, whose x is 0.
    let sample = |i: usize, x: &mut Vector<1, T>| {
        let sign = if i.is_multiple_of(2) { T::ONE } else { -T::ONE };
        x.0 = [match i {
            5 | 7 => sign * w,
            10 => T::ZERO,
            _ => sign,
        }];
        if i == 10 { 2u16 } else { (i % 2) as u16 }
    };
    let error = t.evaluate(&mut batch, 11, sample, &mut m).unwrap_err();
    assert_eq!(error, EpochError { done: 4, index: Some(5), error: StepError::NonFiniteOutput { sample: 1 } });
    assert_eq!(error.to_string(), "sample 5 of the data: the output is infinite or NaN");
    let (accuracy, (top, (_, matrix))) = m;
    assert_eq!((accuracy.hits, top.hits, accuracy.samples), (9, 9, 11));
    assert_eq!((matrix.counts, matrix.non_finite), ([[5, 0, 0], [0, 3, 0], [0, 0, 1]], [0, 2, 0]));
    assert_eq!((matrix.samples(), matrix.accuracy(), matrix.recall(1)), (11, 9.0 / 11.0, 3.0 / 5.0));
    // None of the first five: no error.
    assert!(t.evaluate(&mut batch, 5, sample, &mut ()).unwrap().is_finite());
}

#[test]
fn one_sample_that_overflows_is_wrong_and_named() {
    some_diverge::<f32>(1e30);
    some_diverge::<f64>(1e200);
}

#[test]
fn numbers_that_are_not_finite_are_infinitely_far() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (mut mean, mut r2) = (MeanAbsolute::default(), RSquared::default());
        for (y, t) in [(1.0, 1.5), (bad, 0.0), (2.0, 2.0)] {
            mean.add(&Vector::new([y]), &[t]);
            r2.add(&Vector::new([y]), &Vector::new([t]));
        }
        assert_eq!((mean.value(), r2.value()), (f64::INFINITY, f64::NEG_INFINITY), "{bad}");
        let mut alike = RSquared::default();
        alike.add(&Vector::new([bad]), &[0.0]);
        assert!(alike.value().is_nan());
    }
    let mut t = training::<Dense<1, 2>, MeanSquaredError<2>, 2>();
    t.net_mut().set(&[[1.0, 1e38]], &[0.0; 2]);
    let (mut batch, mut m) = (Batch::boxed(), (MeanAbsolute::default(), RSquared::default()));
    let sample = |i: usize, x: &mut Vector<1>| {
        x.0 = [i as f32];
        [i as f32, 0.0]
    };
    // The output of sample 1 is finite and its loss isn't; of sample 4, neither is.
    let error = t.evaluate(&mut batch, 6, sample, &mut m).unwrap_err();
    assert_eq!(error, EpochError { done: 0, index: Some(1), error: StepError::NonFiniteLoss });
    assert_eq!(error.to_string(), "sample 1 of the data: the loss is infinite or NaN");
    assert_eq!((m.0.value(), m.1.value()), (f64::INFINITY, f64::NEG_INFINITY));
}

/// A loss that is finite whatever the output is.
#[derive(Default)]
struct Blind;
stackprop::zeroed!([] Blind {});
impl Loss<[f32; 2]> for Blind {}
impl Compares<[f32; 2], Vector<2>> for Blind {
    fn check(&self, _: &Vector<2>) -> Result<(), TargetError> {
        Ok(())
    }
    fn gradient(&self, _: &[f32; 2], _: &Vector<2>, _: f32, dy: &mut [f32; 2]) -> f32 {
        dy.fill(0.0);
        1.0
    }
    fn loss(&self, _: &[f32; 2], _: &Vector<2>) -> f32 {
        1.0
    }
}

#[test]
fn a_finite_loss_does_not_hide_an_output_that_is_not() {
    let mut t = training::<Dense<1, 2>, Blind, 3>();
    t.net_mut().set(&[[1.0, 1e38]], &[0.0; 2]);
    let fill = |i: usize, x: &mut Vector<1>| {
        x.0 = [i as f32];
        Vector::new([0.0; 2])
    };
    let mut batch = Batch::boxed();
    assert_eq!(t.evaluate(&mut batch, 4, fill, &mut ()), Ok(1.0));
    let error = t.evaluate(&mut batch, 9, fill, &mut ()).unwrap_err();
    assert_eq!((error.done, error.index), (3, Some(4)));
}

/// A guard doesn't take a network for good whose outputs aren't finite, where the loss is.
#[test]
fn a_guard_keeps_no_state_with_infinite_outputs() {
    let (mut t, mut guard) = (training::<Dense<1, 3>, SoftmaxCrossEntropy<3>, 1>(), Guard::<_, Sgd>::boxed());
    guard.set_interval(1).unwrap();
    // The logit of class 2 is minus infinity, its probability 0.
    t.net_mut().set(&[[1.0, 0.5, -3e38]], &[0.0; 3]);
    for _ in 0..3 {
        assert!(guard.step(&mut t, &[[2.0]], &[0u8]).unwrap().is_finite());
    }
    t.net_mut().set(&[[f32::NAN; 3]], &[0.0; 3]);
    let error = guard.step(&mut t, &[[2.0]], &[0u8]).unwrap_err();
    assert!(matches!(error, GuardError::Diverged { lost: 3, .. }), "{error:?}");
}

/// Each metric of outputs of 3 with each kind of target that says the same.
fn same<T: Scalar>(output: [f64; 3], class: usize) {
    fn of<M: Metric<[T; 3], Y>, T: Scalar, Y>(mut metric: M, output: [f64; 3], target: &Y) -> M {
        metric.add(&Vector::new(output.map(T::from_f64)), target);
        metric
    }
    let [array, tensor] = [Vector::<3, T>::one_hot(class).0; 2].map(Tensor::new);
    let array = array.0;
    let classes = [
        of::<Classes, T, _>(Default::default(), output, &array),
        of::<Classes, T, _>(Default::default(), output, &tensor),
        of::<Classes, T, _>(Default::default(), output, &(class as u8)),
        of::<Classes, T, _>(Default::default(), output, &(class as u16)),
        of::<Classes, T, _>(Default::default(), output, &(class as u32)),
        of::<Classes, T, _>(Default::default(), output, &class),
    ];
    for metric in &classes {
        assert_eq!(format!("{metric:?}"), format!("{:?}", classes[0]));
    }
    assert_eq!(classes[0].0.hits, usize::from(Vector::new(output).argmax() == class));

    type Answers = (BinaryAccuracy, (MeanAbsolute, RSquared));
    let new: Answers = (BinaryAccuracy::of_probabilities(), Default::default());
    let [a, b] = [of::<_, T, _>(new, output, &array), of::<_, T, _>(new, output, &tensor)];
    assert_eq!((a.0.hits, a.1.0.value(), a.1.1.value()), (b.0.hits, b.1.0.value(), b.1.1.value()));
    assert!(a.1.0.value() > 0.0 && a.1.1.value() < 1.0);
}

#[test]
fn a_target_is_a_tensor_or_an_array_or_a_label() {
    for class in 0..3 {
        same::<f32>([0.25, 0.5, 0.125], class);
        same::<f64>([-1.0, 0.5, 0.75], class);
    }
}

#[test]
fn an_evaluation_takes_the_arrays_that_an_epoch_takes() {
    let mut t = training::<Dense<1, 1>, MeanSquaredError<1>, 2>();
    t.net_mut().set(&[[2.0]], &[0.5]);
    let mut batch = Batch::boxed();
    let sample = |i: usize, x: &mut Vector<1>| {
        x.0 = [i as f32];
        [2.0f32 * i as f32]
    };
    let mut m = (RSquared::default(), (MeanAbsolute::default(), ()));
    t.evaluate(&mut batch, 4, sample, &mut m).unwrap();
    // Residuals of 0.5 each; targets 0, 2, 4, 6 have Σ(t - 3)² = 20.
    assert_eq!((m.0.value(), m.1.0.value()), (1.0 - 1.0 / 20.0, 0.5));
    t.optimizer_mut().set_learning_rate(1e-3).unwrap();
    t.epoch(&mut batch, 4, sample).unwrap();
}

/// One sample of a data set is bad: whoever finds it says its number in the data set, and no other.
#[test]
fn an_error_in_an_epoch_says_one_number_of_a_sample() {
    fn bad<const AT: usize>(i: usize, x: &mut Vector<1>) -> Vector<1> {
        x.0 = [if i == AT { f32::NAN } else { 0.5 }];
        Vector::new([0.0])
    }
    let text = |error: EpochError| {
        assert!(error.error.sample().is_some());
        error.to_string()
    };
    let mut t = training::<Dense<1, 1>, MeanSquaredError<1>, 4>();
    let mut batch = Batch::boxed();
    let input = "sample 13 of the data: an input is infinite or NaN";
    assert_eq!(text(t.epoch(&mut batch, 30, bad::<13>).unwrap_err()), input);
    assert_eq!(text(t.evaluate(&mut batch, 30, bad::<13>, &mut ()).unwrap_err()), input);
    let target = |i: usize, x: &mut Vector<1>| {
        x.0 = [0.5];
        Vector::new([if i == 6 { f32::INFINITY } else { 0.0 }])
    };
    let error = t.epoch(&mut batch, 30, target).unwrap_err();
    assert_eq!(text(error), "sample 6 of the data: the target is infinite or NaN");
    let mut piped = training::<Dense<1, 1>, MeanSquaredError<1>, 1>();
    let mut pair = Batch::boxed();
    assert_eq!(text(piped.pipelined_epoch(&mut pair, 30, bad::<13>).unwrap_err()), input);

    // No sample's error has no sample's number.
    let mut unready = Trainer::<Dense<1, 1>, MeanSquaredError<1>, Sgd, 1>::boxed();
    let not_ready = EpochError { done: 0, index: None, error: StepError::NotReady };
    assert_eq!(unready.pipelined_epoch(&mut pair, 30, bad::<13>), Err(not_ready));
    assert_eq!(not_ready.error.sample(), None);
    assert!(not_ready.to_string().starts_with("after 0 samples: the trainer"));
}

#[test]
fn a_label_beyond_the_classes_is_never_right() {
    let output = Vector::new([0.1f32, 0.7]);
    let (mut accuracy, mut top) = (Accuracy::default(), TopK::<2>::default());
    accuracy.add(&output, &2u8);
    top.add(&output, &usize::MAX);
    assert_eq!((accuracy.hits, top.hits), (0, 0));
}
