//! Learning from a stream: features standardised on the fly, and a guard that goes back to the last good state.

use stackprop::check::{GradientCheck, check_layer};
use stackprop::layer::Layer;
use stackprop::parameter::{Path, Role};
use stackprop::prelude::*;
use stackprop::random::{generator, normal};
use stackprop::scalar::Scalar;
use stackprop::training::Divergence;
use stackprop::weights::{Difference, WeightsError, export, file_size, fingerprint, read, write};

mod common;
use common::run::{bits, parameter_bits, parameters, uniform};

/// `samples` numbers around a mean.
fn stream<T: Scalar>(samples: usize, mean: f64, deviation: f64) -> Vec<T> {
    let mut rng = generator(7);
    (0..samples).map(|_| T::from_f64(mean + deviation * normal::<f64>(&mut rng))).collect()
}

/// Mean and variance in two passes, in f64.
fn two_pass<T: Scalar>(x: &[T]) -> (f64, f64) {
    // The first number as the origin: differences of close numbers are exact.
    let origin = x[0].to_f64();
    let mean = x.iter().map(|x| x.to_f64() - origin).sum::<f64>() / x.len() as f64;
    let variance = x.iter().map(|x| (x.to_f64() - origin - mean).powi(2)).sum::<f64>() / x.len() as f64;
    (origin + mean, variance)
}

fn after<T: Scalar>(x: &[T]) -> Standardize<1, T> {
    let mut layer = Standardize::new();
    for &x in x {
        layer.update(&[[x]]);
    }
    layer
}

/// The mean is right to a fraction of the deviation and to its own last digit, the variance to a fraction of itself.
#[track_caller]
fn assert_two_pass<T: Scalar>(mean: f64, deviation: f64, tolerance: f64) {
    let x = stream::<T>(20_000, mean, deviation);
    let (mean, variance) = two_pass(&x);
    let layer = after(&x);
    let state = parameters(&layer);
    let precise = state[1].to_f64() + state[2].to_f64();
    assert_eq!(layer.count().to_f64(), x.len() as f64);
    assert!((precise - mean).abs() <= tolerance * variance.sqrt(), "mean {precise}, in two passes {mean}");
    let last_digit = T::EPSILON.to_f64() * mean.abs();
    assert!((layer.mean(0).unwrap().to_f64() - mean).abs() <= last_digit + tolerance * variance.sqrt());
    let got = layer.variance(0).unwrap().to_f64();
    assert!((got - variance).abs() <= tolerance * variance, "variance {got}, in two passes {variance}");
}

#[test]
fn the_statistics_are_those_of_two_passes() {
    assert_two_pass::<f64>(0.0, 1.0, 1e-13);
    assert_two_pass::<f64>(1e6, 1e-3, 1e-13);
    assert_two_pass::<f64>(-1e9, 1.0, 1e-13);
    assert_two_pass::<f32>(0.0, 1.0, 1e-5);
    // The f32 next to 1000 and to 10⁶ are 6e-5 and 0.06 away: a sum of squares has no digit left here.
    assert_two_pass::<f32>(1e3, 1e-3, 1e-5);
    assert_two_pass::<f32>(1e6, 1.0, 1e-5);
    assert_two_pass::<f32>(-1e6, 30.0, 1e-5);
    // Here all numbers are the same f32: the variance is 0, exactly.
    assert_two_pass::<f32>(1e6, 1e-3, 0.0);
}

#[test]
fn a_plain_running_mean_would_not_do() {
    // What the residual is for: without it the mean stands still while it is wrong by a good part of the deviation.
    let x = stream::<f32>(20_000, 1e6, 1.0);
    let (mean, _) = two_pass(&x);
    let plain = x.iter().enumerate().fold(0.0, |mean: f32, (i, x)| mean + (x - mean) / (i + 1) as f32);
    let state = parameters(&after(&x));
    let (plain, ours) = ((f64::from(plain) - mean).abs(), (f64::from(state[1]) + f64::from(state[2]) - mean).abs());
    assert!(plain > 1000.0 * ours, "{plain} {ours}");
}

#[test]
fn a_memory_forgets() {
    let mut layer = Standardize::<1, f64>::new();
    layer.set_memory(50).unwrap();
    assert_eq!(layer.set_memory(1), Err(SettingError::Memory));
    let old = stream::<f64>(2_000, 5.0, 1.0);
    let new = stream::<f64>(2_000, -300.0, 20.0);
    // The recursion with a constant weight, from its definition.
    let (mut mean, mut square) = (0.0, 0.0);
    for (i, &x) in old.iter().chain(&new).enumerate() {
        layer.update(&[[x]]);
        let weight = 1.0 / (i + 1).min(50) as f64;
        mean = (1.0 - weight) * mean + weight * x;
        square = (1.0 - weight) * square + weight * x * x;
    }
    assert_eq!(layer.count(), 50.0);
    assert!((layer.mean(0).unwrap() - mean).abs() < 1e-9);
    assert!((layer.variance(0).unwrap() - (square - mean * mean)).abs() < 1e-7 * square);
    assert!((layer.mean(0).unwrap() + 300.0).abs() < 10.0, "the old stream is forgotten");
    // Turned off, the count grows again.
    layer.set_memory(0).unwrap();
    layer.update(&[[0.0]]);
    assert_eq!(layer.count(), 51.0);
}

#[test]
fn outputs() {
    let mut layer = Standardize::<3>::new();
    let mut workspace = Workspace::<_>::ZERO;
    // No scale yet: 0.
    assert_eq!(workspace.infer(&layer, &Vector::new([1e6, -3.0, 0.5])).0, [0.0; 3]);
    layer.update(&[[1e6, -3.0, 0.5]]);
    assert_eq!(workspace.infer(&layer, &Vector::new([2e6, 5.0, 0.5])).0, [0.0; 3]);
    // Means 1e6, -2, 0.5; variances 0, 1, 0.09375.
    layer.update(&[[1e6, -1.0, 0.0], [1e6, -3.0, 0.75], [1e6, -1.0, 0.75]]);
    assert_eq!(workspace.infer(&layer, &Vector::new([7.0, 5.0, 0.5])).0[..2], [0.0, 7.0]);
    assert_eq!(layer.mean(2), Some(0.5));
    assert!((layer.variance(2).unwrap() - 0.09375).abs() < 1e-7);
    let y = workspace.infer(&layer, &Vector::new([0.0, 0.0, 1.5])).0[2];
    assert!((y - 1.0 / 0.09375f32.sqrt()).abs() < 1e-5);
    assert_eq!((layer.mean(3), layer.variance(3)), (None, None));
}

#[test]
fn a_number_that_overflows_is_left_out() {
    let mut layer = Standardize::<2>::new();
    layer.update(&[[1.0, 1.0], [3.0, 3.0]]);
    let one = (layer.mean(0), layer.variance(0));
    layer.update(&[[1e30, 5.0], [f32::INFINITY, 5.0], [f32::NAN, 5.0], [-f32::MAX, 5.0]]);
    assert_eq!((layer.mean(0), layer.variance(0)), one);
    assert_eq!(layer.count(), 6.0);
    assert!((layer.mean(1).unwrap() - 4.0).abs() < 1e-6);
}

#[test]
fn gradients() {
    fn check<L: Layer<T = f64>, const B: usize>(compared: usize) {
        let report = check_layer::<L, B>(&GradientCheck::default());
        assert!(report.worst < 1e-8, "{report:?}");
        assert_eq!(report.compared, compared, "{report:?}");
    }
    check::<Standardize<1, f64>, 1>(1);
    check::<Standardize<3, f64>, 3>(9);
    check::<Standardize<17, f64>, 5>(85);
    check::<Standardize<33, f64>, 2>(66);
    check::<(Dense<3, 5, f64>, Standardize<5, f64>, Tanh<5, f64>, Dense<5, 2, f64>), 3>(9 + 20 + 12);
    check::<(Standardize<3, f64>, Dropout<3, f64>, ReLU<3, f64>, Dense<3, 2, f64>), 3>(9 + 8);
    check::<(Sigmoid<3, f64>, Regularized<Standardize<3, f64>>, Standardize<3, f64>, Softmax<3, f64>), 5>(15);
    check::<(Dense<3, 5, f64>, Frozen<Standardize<5, f64>>), 3>(9 + 20);
}

#[test]
fn dx_is_not_zero() {
    // The check above would pass if both were.
    let mut layer = Standardize::<2>::new();
    layer.update(&[[0.0, 0.0], [4.0, 1.0]]);
    let before = layer.clone();
    let mut tape = Tape::<_, 1>::ZERO;
    let x = Matrix::new([[1.0, 2.0]]);
    assert_eq!(tape.forward(&layer, &x).0, [[-0.5, 3.0]]);
    assert_eq!(tape.backward(&mut layer, &x, &Matrix::new([[1.0, 1.0]])).0, [[0.5, 2.0]]);
    assert_eq!(layer, before, "a tape changes no statistics");
}

type Net = (Standardize<3>, Dense<3, 6>, Tanh<6>, Dense<6, 2>);
type Alone = Trainer<Net, MeanSquaredError<2>, Sgd, 1>;

fn sample(i: u64) -> ([f32; 3], Vector<2>) {
    let x = uniform::<[f32; 3]>(i);
    ([1e4 + 3.0 * x[0], 1e-3 * x[1], x[2]], Vector::new([x[0], x[1] * x[2]]))
}

#[test]
fn a_step_uses_the_statistics_before_it_and_adds_its_own_in_order() {
    let mut training = Trainer::<Net, MeanSquaredError<2>, Sgd, 4>::boxed();
    training.reset(1, Sgd::new(0.0).unwrap()).unwrap();
    let mut by_hand = Standardize::<3>::new();
    let mut tape = Tape::<(Dense<3, 6>, Tanh<6>, Dense<6, 2>), 4>::ZERO;
    for batch in 0..20 {
        let data: [_; 4] = std::array::from_fn(|i| sample(batch * 4 + i as u64));
        let (x, y) = (data.map(|(x, _)| x), data.map(|(_, y)| y));
        // The loss, from the statistics before.
        let mut standardised = Tape::<Standardize<3>, 4>::ZERO;
        let z = *standardised.forward(&by_hand, &Tensor(x));
        let (_, a, b, c) = training.net().clone();
        let outputs = *tape.forward(&(a, b, c), &z);
        let expected =
            outputs.0.iter().zip(&y).map(|(out, y)| (0..2).map(|i| (out[i] - y[i]).powi(2)).sum::<f32>() / 2.0);
        let expected = expected.sum::<f32>() / 4.0;
        let loss = training.step(&Tensor(x), &y).unwrap();
        assert!((loss - expected).abs() < 1e-5 * expected, "{loss} {expected}");
        // The statistics after, one by one.
        x.iter().for_each(|x| by_hand.update(&[*x]));
        assert_eq!(parameter_bits(&training.net().0), parameter_bits(&by_hand));
    }
    // A partial step adds what it was given.
    let (x, y) = sample(99);
    training.partial_step(&[x], &[y]).unwrap();
    by_hand.update(&[x]);
    assert_eq!(parameter_bits(&training.net().0), parameter_bits(&by_hand));
}

#[test]
fn behind_another_layer_its_output_is_measured() {
    type Net = (Dense<3, 2>, Standardize<2>, ReLU<2>);
    let mut training = Trainer::<Net, MeanSquaredError<2>, Sgd, 2>::boxed();
    training.reset(3, Sgd::new(0.0).unwrap()).unwrap();
    let mut by_hand = Standardize::<2>::new();
    let mut workspace = Workspace::<_, 2>::ZERO;
    for seed in 0..10 {
        let x = uniform::<[[f32; 3]; 2]>(seed);
        let dense = training.net().0.clone();
        training.step(&x, &[Vector::ZERO; 2]).unwrap();
        by_hand.update(&workspace.infer_batch(&dense, &x).0);
        assert_eq!(parameter_bits(&training.net().1), parameter_bits(&by_hand));
    }
}

#[test]
fn fused_and_buffered_give_the_same_bits() {
    type Net = (Dense<3, 17>, Standardize<17>, Tanh<17>);
    let mut fused = Trainer::<Net, MeanSquaredError<17>, Momentum, 2>::boxed();
    let mut buffered = Trainer::<Net, MeanSquaredError<17>, Momentum, 2, Buffered>::boxed();
    fused.reset(1, Momentum::new(0.05, 0.9).unwrap()).unwrap();
    buffered.reset(1, Momentum::new(0.05, 0.9).unwrap()).unwrap();
    for i in 0..100 {
        let (x, y) = (uniform(i), uniform::<[[f32; 17]; 2]>(i + 200).0.map(Vector::new));
        assert_eq!(fused.step(&x, &y), buffered.step(&x, &y));
    }
    assert_eq!(parameter_bits(fused.net()), parameter_bits(buffered.net()));
    let before = buffered.net().1.clone();
    let (x, y) = (uniform::<[f32; 3]>(500).0, Vector::ZERO);
    buffered.accumulate(&[x], &[y]).unwrap();
    assert_eq!(buffered.net().1.count(), before.count() + 1.0);
    buffered.apply().unwrap();
    assert_eq!(buffered.net().1.count(), before.count() + 1.0);
}

#[test]
fn a_sample_has_the_same_bits_alone_and_in_a_batch() {
    let mut layer = Standardize::<37>::new();
    layer.update(&uniform::<[[f32; 37]; 9]>(1).0);
    let x = uniform::<[[f32; 37]; 7]>(2);
    let (mut seven, mut one) = (Workspace::<_, 7>::ZERO, Workspace::<_>::ZERO);
    let y = seven.infer_batch(&layer, &x);
    for (x, y) in x.0.iter().zip(&y.0) {
        assert_eq!(bits(&one.infer(&layer, &Tensor(*x)).0), bits(y));
    }
}

#[test]
fn a_step_that_fails_adds_nothing() {
    let mut training = Trainer::<(Standardize<3>, Dense<3, 2>), MeanSquaredError<2>, Sgd, 1, Buffered>::boxed();
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    for i in 0..5 {
        let (x, y) = sample(i);
        training.partial_step(&[x], &[y]).unwrap();
    }
    training.net_mut().1.set(&[[0.0; 2]; 3], &[0.0; 2]);
    let before = parameter_bits(training.net());
    let (x, y) = sample(9);
    let nan = [1.0, f32::NAN, 2.0];
    assert_eq!(training.partial_step(&[nan], &[y]), Err(StepError::NonFiniteInput { sample: 0 }));
    assert!(matches!(training.partial_step(&[x], &[Vector::new([f32::NAN, 0.0])]), Err(StepError::Target { .. })));
    assert_eq!(training.partial_step(&[x], &[Vector::new([3e38, 3e38])]), Err(StepError::NonFiniteLoss));
    // A loss that is finite, with a gradient that isn't: dy is 1e18, x is 1e22 standard deviations.
    let (glitch, large) = ([1e4, 1e19, 0.0], Vector::new([1e18, 1e18]));
    assert_eq!(training.partial_step(&[glitch], &[large]), Err(StepError::NonFiniteGradient));
    assert_eq!(parameter_bits(training.net()), before);
    assert_eq!(training.net().0.count(), 5.0);
}

#[test]
fn frozen_statistics_stay() {
    type Net = (Dense<3, 3>, Frozen<Standardize<3>>, Dense<3, 2>);
    let mut training = Trainer::<Net, MeanSquaredError<2>, Sgd, 1>::boxed();
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    training.net_mut().1.layer_mut().update(&[[0.0; 3], [1.0, 2.0, 3.0]]);
    let before = (parameter_bits(&training.net().0), parameter_bits(&training.net().1));
    for i in 0..5 {
        training.step(&uniform(i), &[Vector::ZERO]).unwrap();
    }
    assert_eq!(parameter_bits(&training.net().1), before.1);
    assert_ne!(parameter_bits(&training.net().0), before.0, "the gradient passes");
}

#[test]
fn statistics_are_no_parameters_of_the_optimizer() {
    assert_eq!(Trainer::<Standardize<5>, MeanSquaredError<5>, Adam, 1, Buffered>::OPTIMIZER_BYTES, 0);
    assert_eq!(Trainer::<Standardize<5>, MeanSquaredError<5>, Adam, 1, Buffered>::GRADIENT_BYTES, 0);
    assert_eq!(Alone::PARAMETERS, 10 + 24 + 14);
    let mut net = <(Regularized<Standardize<2>>,)>::ZERO;
    net.0.layer_mut().update(&[[1.0, 2.0], [5.0, 5.0]]);
    net.0.set_penalty(Penalty { weight_l1: 1.0, weight_l2: 1.0, bias_l1: 1.0, bias_l2: 1.0 }).unwrap();
    assert_eq!(net.penalty(), 0.0);
    let mut names = Vec::new();
    net.visit(Path::default(), &mut |p| names.push((p.info.to_string(), p.info.role, p.len())));
    let state = |name: &str, len| (name.to_string(), Role::State, len);
    assert_eq!(names, [state("0.count", 1), state("0.mean", 2), state("0.residual", 2), state("0.variance", 2)]);
    // Reset begins anew.
    let mut training = Alone::boxed();
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    let (fresh, (x, y)) = (parameter_bits(training.net()), sample(1));
    training.step(&Tensor([x]), &[y]).unwrap();
    assert_eq!(training.net().0.count(), 1.0);
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    assert_eq!(parameter_bits(training.net()), fresh);
}

fn trained() -> Net {
    let mut training = Alone::boxed();
    training.reset(1, Sgd::new(0.05).unwrap()).unwrap();
    for i in 0..50 {
        let (x, y) = sample(i);
        training.step(&Tensor([x]), &[y]).unwrap();
    }
    training.net().clone()
}

#[test]
fn statistics_are_in_the_file() {
    let net = trained();
    let mut file = vec![0; file_size::<Net>()];
    assert_eq!(file.len(), 16 + 4 * 4 + 4 * (10 + 24 + 14) + 4);
    write(&net, &mut file).unwrap();
    let mut other = Net::ZERO;
    // Neither statistics nor a memory are in the fingerprint: they don't make it another network.
    other.0.set_memory(100).unwrap();
    assert_eq!(fingerprint(&net), fingerprint(&other));
    read(&mut other, &file).unwrap();
    assert_eq!(parameter_bits(&net), parameter_bits(&other));
    assert!(net.0.mean(0).unwrap() > 9_990.0);
    let mut plain = <(Tanh<3>, Dense<3, 6>, Tanh<6>, Dense<6, 2>)>::ZERO;
    let first = Difference::LayerAt { path: Path::default().part(0), name: "Tanh" };
    assert_eq!(read(&mut plain, &file), Err(WeightsError::OtherNetwork(first)));
}

#[test]
fn statistics_are_in_the_export() {
    const EXPORTED: Standardize<2> = Standardize::with_statistics(3.0, [2.0, -1e6], [0.25, 1e-9], [0.5, 4.0]);
    let mut text = String::new();
    export(&(EXPORTED, Dense::new([[1.0], [2.0]], [0.5])), "NET", "Net", &mut text).unwrap();
    assert_eq!(
        text,
        "pub static NET: Net = (Standardize::with_statistics(3.0, [2.0, -1000000.0], [0.25, 1e-9], [0.5, 4.0]), \
         Dense::new([[1.0], [2.0]], [0.5]),);\n"
    );
    assert_eq!((EXPORTED.count(), EXPORTED.mean(1), EXPORTED.variance(1)), (3.0, Some(-1e6), Some(4.0)));
}

#[test]
fn features_of_other_scales_are_learned() {
    let losses = |training: &mut dyn FnMut([f32; 3], Vector<2>) -> f32| {
        (0..3_000).map(sample).map(|(x, y)| training(x, y)).skip(2_500).sum::<f32>() / 500.0
    };
    let mut with = Alone::boxed();
    with.reset(1, Sgd::new(0.05).unwrap()).unwrap();
    let with = losses(&mut |x, y| with.step(&Tensor([x]), &[y]).unwrap());
    let mut without = Trainer::<(Dense<3, 6>, Tanh<6>, Dense<6, 2>), MeanSquaredError<2>, Sgd, 1>::boxed();
    without.reset(1, Sgd::new(0.05).unwrap()).unwrap();
    let without = losses(&mut |x, y| without.step(&Tensor([x]), &[y]).unwrap());
    assert!(with < 0.02 && without > 10.0 * with, "{with} {without}");
}

// The guard.

type Line = Dense<2, 1>;
type Lines<G = Fused> = Trainer<Line, MeanSquaredError<1>, Adam, 2, G>;

/// Two points of y = x₀ - 2 x₁.
fn points(i: u64) -> ([[f32; 2]; 2], [Vector<1>; 2]) {
    let x = uniform::<[[f32; 2]; 2]>(i).0;
    (x, x.map(|x| Vector::new([x[0] - 2.0 * x[1]])))
}

fn lines<G: stackprop::training::Sink>() -> (Box<Lines<G>>, Box<Guard<Line, Adam>>) {
    let (mut training, mut guard) = (Lines::boxed(), Guard::boxed());
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    guard.set_interval(10).unwrap();
    (training, guard)
}

/// What must be as it was: parameters, step count, and what the next steps do, hence the optimizer's state.
fn future<G: stackprop::training::Sink>(training: &mut Lines<G>) -> (Vec<u64>, u64, Vec<u32>) {
    let now = (parameter_bits(training.net()), training.steps());
    let losses = (0..30).map(|i| points(1000 + i)).map(|(x, y)| training.step(&Tensor(x), &y).unwrap().to_bits());
    (now.0, now.1, losses.collect())
}

#[test]
fn a_guard_changes_nothing_while_all_is_well() {
    let ((mut guarded, mut guard), (mut plain, _)) = (lines::<Fused>(), lines::<Fused>());
    for i in 0..300 {
        let (x, y) = points(i);
        assert_eq!(guard.step(&mut guarded, &x, &y), plain.step(&Tensor(x), &y).map_err(GuardError::Step));
    }
    assert_eq!(future(&mut guarded), future(&mut plain));
}

/// After `good` steps and one that ruins the weights, training is where it was after `kept` steps.
fn goes_back<G: stackprop::training::Sink>(good: u64, kept: u64, ruin: impl Fn(&mut Lines<G>), lost: u64) {
    let ((mut guarded, mut guard), (mut plain, _)) = (lines::<G>(), lines::<G>());
    for i in 0..good {
        let (x, y) = points(i);
        guard.step(&mut guarded, &x, &y).unwrap();
        if i < kept {
            plain.step(&Tensor(x), &y).unwrap();
        }
    }
    ruin(&mut guarded);
    let (x, y) = points(99);
    let error = GuardError::Diverged { cause: Divergence::NonFinite, lost };
    assert_eq!(guard.step(&mut guarded, &x, &y), Err(error));
    assert_eq!(future(&mut guarded), future(&mut plain), "after {good} steps");
}

#[test]
fn weights_that_are_not_finite_are_undone() {
    for value in [f32::NAN, f32::INFINITY, 1e30] {
        let ruin = |training: &mut Lines| training.net_mut().set(&[[value], [1.0]], &[0.0]);
        goes_back(9, 0, ruin, 9);
        goes_back(10, 10, ruin, 0);
        goes_back(37, 30, ruin, 7);
    }
    let ruin = |training: &mut Lines<Buffered>| training.net_mut().set(&[[f32::NAN], [1.0]], &[0.0]);
    goes_back(37, 30, ruin, 7);
}

#[test]
fn accumulated_gradients_are_dropped() {
    let ruin = |training: &mut Lines<Buffered>| {
        let (x, y) = points(5);
        training.accumulate(&x, &y).unwrap();
        training.net_mut().set(&[[f32::NAN], [1.0]], &[0.0]);
    };
    goes_back(23, 20, ruin, 3);
}

#[test]
fn a_gradient_that_overflowed_is_never_taken_for_good() {
    // The loss of the last good step before a copy is finite, but its update isn't: the fused sink learns that a step later.
    let mut training = Trainer::<Line, MeanSquaredError<1>, Sgd, 1>::boxed();
    let mut guard = Guard::<Line, Sgd>::boxed();
    guard.set_interval(10).unwrap();
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    let one = |i| (points(i).0[0], points(i).1[0]);
    let mut good = Vec::new();
    for i in 0..19 {
        let (x, y) = one(i);
        guard.step(&mut training, &[x], &[y]).unwrap();
        if i == 9 {
            good = parameter_bits(training.net());
        }
    }
    // Step 20, the one after which a copy is due: dy is 1e18, x 1e21.
    training.net_mut().set(&[[0.0], [0.0]], &[0.0]);
    let loss = guard.step(&mut training, &[[1e21, 0.0]], &[Vector::new([1e18])]).unwrap();
    assert!(loss.is_finite());
    assert!(!parameters(training.net()).iter().all(|w| w.is_finite()));
    let (x, y) = one(20);
    let error = guard.step(&mut training, &[x], &[y]);
    assert_eq!(error, Err(GuardError::Diverged { cause: Divergence::NonFinite, lost: 10 }));
    assert_eq!((parameter_bits(training.net()), training.steps()), (good, 10));
}

#[test]
fn a_buffered_gradient_that_overflows_goes_back() {
    let (mut training, mut guard) = lines::<Buffered>();
    for i in 0..13 {
        let (x, y) = points(i);
        guard.step(&mut training, &x, &y).unwrap();
    }
    training.net_mut().set(&[[0.0], [0.0]], &[0.0]);
    let error = guard.step(&mut training, &[[1e21, 0.0]], &[Vector::new([1e18])]);
    assert_eq!(error, Err(GuardError::Diverged { cause: Divergence::NonFinite, lost: 3 }));
    assert_eq!(training.steps(), 10);
}

#[test]
fn a_rising_loss_goes_back_and_lowers_the_rate() {
    // SGD with a rate that is too large: every step multiplies the error, and stays finite for long.
    let mut training = Trainer::<Line, MeanSquaredError<1>, Sgd, 1>::boxed();
    let mut guard = Guard::<Line, Sgd>::boxed();
    training.reset(1, Sgd::new(0.01).unwrap()).unwrap();
    guard.set_interval(25).unwrap();
    guard.set_divergence(5.0, 10).unwrap();
    guard.set_backoff(0.25).unwrap();
    // Points of length 1: stable for rates below 1.
    let point = |i: u64| ([(i as f32).cos(), (i as f32).sin()], Vector::new([(i as f32).cos() + 0.1 * (i % 7) as f32]));
    for i in 0..100 {
        let (x, y) = point(i);
        guard.step(&mut training, &[x], &[y]).unwrap();
    }
    training.optimizer_mut().set_learning_rate(1.6).unwrap();
    let error = (0..100).map(|i| point(100 + i)).find_map(|(x, y)| guard.step(&mut training, &[x], &[y]).err());
    let Some(GuardError::Diverged { cause: Divergence::Rising, lost }) = error else { panic!("{error:?}") };
    assert!(lost > 0 && lost < 25, "{lost}");
    assert_eq!((training.optimizer().learning_rate(), training.steps() % 25), (0.4, 0));
    // From there it goes well.
    let losses: Vec<f32> = (0..200).map(point).map(|(x, y)| guard.step(&mut training, &[x], &[y]).unwrap()).collect();
    assert!(losses[150..].iter().all(|&l| l < 1.0));
}

#[test]
fn a_harder_stream_is_taken_for_divergence_once() {
    let (mut training, mut guard) = lines::<Fused>();
    guard.set_divergence(3.0, 20).unwrap();
    for i in 0..2_000 {
        let (x, y) = points(i);
        guard.step(&mut training, &x, &y).unwrap();
    }
    let mut errors = 0;
    let mut last = 0.0;
    for i in 0..2_000 {
        let (x, y) = points(i);
        match guard.step(&mut training, &x, &y.map(|y| y + Vector::new([5.0]))) {
            Ok(loss) => last = loss,
            Err(error) => {
                assert!(matches!(error, GuardError::Diverged { cause: Divergence::Rising, .. }));
                errors += 1;
            }
        }
    }
    assert_eq!(errors, 1);
    assert!(last < 0.01, "{last}");
}

#[test]
fn statistics_go_back_too() {
    let mut training = Alone::boxed();
    let mut guard = Guard::<Net, Sgd>::boxed();
    training.reset(1, Sgd::new(0.05).unwrap()).unwrap();
    guard.set_interval(10).unwrap();
    for i in 0..15 {
        let (x, y) = sample(i);
        guard.step(&mut training, &[x], &[y]).unwrap();
    }
    training.net_mut().1.set(&[[f32::NAN; 6]; 3], &[0.0; 6]);
    let (x, y) = sample(15);
    assert_eq!(
        guard.step(&mut training, &[x], &[y]),
        Err(GuardError::Diverged { cause: Divergence::NonFinite, lost: 5 })
    );
    assert_eq!(training.net().0.count(), 10.0);
}

#[test]
fn wrong_data_and_a_trainer_without_weights_change_nothing() {
    let mut training = Lines::<Fused>::boxed();
    let mut guard = Guard::<Line, Adam>::boxed();
    let (x, y) = points(1);
    assert_eq!(guard.step(&mut training, &x, &y), Err(GuardError::Step(StepError::NotReady)));
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    guard.step(&mut training, &x, &y).unwrap();
    let before = (parameter_bits(training.net()), training.steps());
    let count = StepError::Count { samples: 2, targets: 1 };
    assert_eq!(guard.step(&mut training, &x, &y[..1]), Err(GuardError::Step(count)));
    let input = StepError::NonFiniteInput { sample: 1 };
    assert_eq!(guard.step(&mut training, &[x[0], [0.0, f32::NAN]], &y), Err(GuardError::Step(input)));
    assert_eq!((parameter_bits(training.net()), training.steps()), before);
}

#[test]
fn forget_begins_anew() {
    let (mut training, mut guard) = lines::<Fused>();
    let (x, y) = points(1);
    (0..15).for_each(|_| assert!(guard.step(&mut training, &x, &y).is_ok()));
    training.reset(2, Adam::new(0.01).unwrap()).unwrap();
    let fresh = parameter_bits(training.net());
    guard.forget();
    guard.step(&mut training, &x, &y).unwrap();
    training.net_mut().set(&[[f32::NAN], [1.0]], &[0.0]);
    let error = guard.step(&mut training, &x, &y);
    assert_eq!(error, Err(GuardError::Diverged { cause: Divergence::NonFinite, lost: 1 }));
    assert_eq!(parameter_bits(training.net()), fresh);
}

#[test]
fn settings_and_messages() {
    let mut guard = Guard::<Line, Adam>::boxed();
    assert_eq!(guard.set_interval(0), Err(SettingError::Guard));
    for factor in [1.0, 0.5, -3.0, f32::NAN, f32::INFINITY] {
        assert_eq!(guard.set_divergence(factor, 10), Err(SettingError::Guard));
    }
    assert_eq!(guard.set_divergence(2.0, 0), Err(SettingError::Guard));
    for factor in [0.0, -1.0, 1.001, f32::NAN] {
        assert_eq!(guard.set_backoff(factor), Err(SettingError::Guard));
    }
    let diverged = |cause| GuardError::Diverged { cause, lost: 7 }.to_string();
    assert_eq!(
        diverged(Divergence::NonFinite),
        "the loss or the gradient is infinite or NaN: went back to the last good state, 7 steps are undone"
    );
    assert_eq!(diverged(Divergence::Rising), "the loss rises: went back to the last good state, 7 steps are undone");
    assert_eq!(GuardError::Step(StepError::NonFiniteLoss).to_string(), StepError::NonFiniteLoss.to_string());
}

#[test]
fn sizes() {
    const fn network<N: Layer>() -> usize {
        size_of::<N>()
    }
    // The copies, and at most two lines of numbers beside them.
    const BYTES: usize = Guard::<Net, Sgd>::BYTES;
    const { assert!(BYTES >= network::<Net>() && BYTES <= network::<Net>() + 128) }
    static GUARD: std::sync::Mutex<Guard<Net, Sgd>> = std::sync::Mutex::new(Guard::ZERO);
    assert!(GUARD.lock().unwrap().set_interval(5).is_ok());
}

#[test]
fn nothing_large_passes_through_the_stack() {
    std::thread::Builder::new()
        .stack_size(64 * 1024)
        .spawn(|| {
            type Net = (Standardize<784>, Dense<784, 512>, ReLU<512>, Dense<512, 10>);
            let mut training = Trainer::<Net, SoftmaxCrossEntropy<10>, Adam, 4>::boxed();
            let mut guard = Guard::<Net, Adam>::boxed();
            training.reset(1, Adam::new(0.001).unwrap()).unwrap();
            guard.set_interval(1).unwrap();
            let mut x = Tensor::<[[f32; 784]; 4]>::ZERO;
            for step in 0..4 {
                x.fill_uniform(&mut generator(step), -1.0, 1.0);
                guard.step(&mut training, &x.0, &[0u8, 1, 2, 3]).unwrap();
            }
            training.net_mut().3.set(&[[f32::NAN; 10]; 512], &[0.0; 10]);
            let error = guard.step(&mut training, &x.0, &[0u8, 1, 2, 3]);
            assert_eq!(error, Err(GuardError::Diverged { cause: Divergence::NonFinite, lost: 0 }));
            assert!(training.step(&x, &[0u8, 1, 2, 3]).unwrap().is_finite());
        })
        .unwrap()
        .join()
        .unwrap();
}
