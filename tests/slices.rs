//! A step in slices: the same bits as the whole step, how many slices and at what cost, and what happens in the middle.

use std::cell::Cell;
use std::marker::PhantomData;
use std::task::Poll;

use stackprop::layer::{Elementwise, Layer};
use stackprop::loss::{Compares, TargetError};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::training::Sink;

mod common;
use common::run::{bits, parameter_bits, uniform};

/// Polls until the step is done; returns its result and how many polls it took.
fn polls<N, L, Y, O, G, const BATCH: usize>(
    training: &mut Sliced<N, L, O, BATCH, G>,
    x: &[N::In],
    targets: &[Y],
) -> (Result<N::T, StepError>, usize)
where
    N: Sliceable,
    L: Compares<N::Out, Y>,
    O: Optimizer<T = N::T>,
    G: Sink,
{
    let mut count = 1;
    loop {
        if let Poll::Ready(result) = training.poll(x, targets) {
            return (result, count);
        }
        assert!(training.is_busy());
        count += 1;
    }
}

/// Twenty steps on batches of 1 to `BATCH`, whole and in slices.
fn same_bits<N, T, O, G, const OUT: usize, const BATCH: usize>(optimizer: O, set: fn(&mut N))
where
    T: Scalar,
    N: Sliceable<T = T, Out = [T; OUT]>,
    O: Optimizer<T = T>,
    G: Sink,
{
    let mut whole = Trainer::<N, MeanSquaredError<OUT>, O, BATCH, G>::boxed();
    let mut sliced = Sliced::<N, MeanSquaredError<OUT>, O, BATCH, G>::boxed();
    for training in [&mut whole, sliced.trainer_mut().unwrap()] {
        set(training.net_mut());
        training.reset(7, optimizer).unwrap();
    }
    let mut before = parameter_bits(whole.net());
    for step in 0..20 {
        let count = 1 + step % BATCH;
        let (x, y) = (uniform::<[N::In; BATCH]>(step as u64), uniform::<[[T; OUT]; BATCH]>(100 + step as u64));
        let (x, y) = (&x.0[..count], &y.0.map(Tensor)[..count]);
        let loss = whole.partial_step(x, y).unwrap();
        sliced.begin(x, y).unwrap();
        let (result, slices) = polls(&mut sliced, x, y);
        assert_eq!(slices, Sliced::<N, MeanSquaredError<OUT>, O, BATCH, G>::SLICES);
        assert_eq!(bits(&[result.unwrap()]), bits(&[loss]), "loss of step {step}");
        let after = parameter_bits(whole.net());
        assert!(parameter_bits(sliced.trainer().net()) == after, "parameters after step {step}");
        assert!(after != before, "step {step} changes nothing");
        before = after;
    }
    assert_eq!(sliced.trainer().steps(), 20);
}

/// With both sinks, three optimizers, two number types, batches of 1 and of 5.
macro_rules! networks {
    ($($name:ident $out:literal $set:expr, [$($net:tt)*];)*) => { $(
        #[test]
        fn $name() {
            networks!(@batches f32, $out, $set, [$($net)*]);
            networks!(@batches f64, $out, $set, [$($net)*]);
        }
    )* };
    (@batches $T:ident, $out:literal, $set:expr, [$($net:tt)*]) => {{
        type T = $T;
        type Net = $($net)*;
        same_bits::<Net, T, _, Fused, $out, 1>(Sgd::new(0.1).unwrap(), $set);
        same_bits::<Net, T, _, Fused, $out, 5>(Momentum::new(0.1, 0.5).unwrap(), $set);
        same_bits::<Net, T, _, Fused, $out, 5>(Adam::new(0.01).unwrap(), $set);
        same_bits::<Net, T, _, Buffered, $out, 1>(Adam::new(0.01).unwrap(), $set);
        same_bits::<Net, T, _, Buffered, $out, 5>(Sgd::new(0.1).unwrap(), $set);
    }};
}
networks! {
    everything 3 |net| {
        net.0.set_penalty(Penalty { weight_l1: 0.001, weight_l2: 0.002, bias_l1: 0.002, bias_l2: 0.001 }).unwrap();
        net.2.set_rate(0.25).unwrap();
        net.6.set_penalty(Penalty { weight_l2: 0.002, ..Penalty::default() }).unwrap();
    }, [(
        Regularized<Dense<7, 17, T>>, ReLU<17, T>, Dropout<17, T>, Dense<17, 70, T>, GELU<70, T>, Dropout<70, T>,
        Regularized<Dense<70, 3, T>>,
    )];
    nested 5 |_| (), [(
        (Dense<7, 17, T>, Tanh<17, T>), (Dropout<17, T>, (Dense<17, 33, T>, ELU<33, T>)), Dense<33, 5, T>,
    )];
    one_layer 1 |_| (), [Dense<1, 1, T>];
    one_layer_by_unit 9 |_| (), [Dense<130, 9, T>];
    frozen_in_front 3 |net| noise(&mut net.0), [(Frozen<(Dense<7, 33, T>, ReLU<33, T>)>, Tanh<33, T>, Dense<33, 3, T>)];
    frozen_behind 4 |net| noise(&mut net.1), [(Dense<7, 130, T>, Frozen<(SiLU<130, T>, Dense<130, 4, T>)>)];
    running_statistics 3 |_| (), [(Standardize<7, T>, Dense<7, 9, T>, Standardize<9, T>, Dense<9, 3, T>)];
    activations_of_their_output 3 |_| (), [(
        Dense<5, 9, T>, ReLU<9, T>, Dense<9, 2, T>, LeakyReLU<2, T>, Dense<2, 7, T>, Sigmoid<7, T>, Dense<7, 7, T>, Tanh<7, T>,
        Dense<7, 16, T>, ELU<16, T>, Dense<16, 3, T>, Softplus<3, T>, Softmax<3, T>,
    )];
    activations_of_their_input 3 |_| (), [(
        Dense<5, 9, T>, GELU<9, T>, Dense<9, 64, T>, TanhGELU<64, T>, SiLU<64, T>, Dense<64, 3, T>, Sigmoid<3, T>,
    )];
}

/// Makes the weights of a frozen layer something.
fn noise<L: Layer>(frozen: &mut Frozen<L>) {
    stackprop::init::initialise(frozen.layer_mut(), Init::HeNormal, &mut stackprop::random::generator(3));
}

/// Dense layers of one pair of sizes, each stored by input or by unit, first and behind another.
fn dense_of<const IN: usize, const OUT: usize>() {
    type Net<const IN: usize, const OUT: usize> = (Dense<IN, OUT>, Tanh<OUT>, Dense<OUT, IN>);
    same_bits::<Net<IN, OUT>, f32, _, Fused, IN, 1>(Sgd::new(0.1).unwrap(), |_| ());
    same_bits::<Net<IN, OUT>, f32, _, Fused, IN, 3>(Sgd::new(0.1).unwrap(), |_| ());
}

macro_rules! sizes { ($($in:literal $out:literal),*) => { $(dense_of::<$in, $out>();)* } }

#[test]
fn dense_at_odd_sizes() {
    sizes!(1 2, 2 17, 3 8, 4 4, 5 15, 7 33, 8 65, 9 16, 15 31, 16 32, 17 70, 31 7, 63 14, 64 16, 65 15, 70 3, 129 1);
}

type Line<G = Fused> = Sliced<(Dense<3, 20>, ReLU<20>, Dense<20, 2>), SoftmaxCrossEntropy<2>, Adam, 4, G>;

fn line<G: Sink>() -> Box<Line<G>> {
    let mut training = Line::<G>::boxed();
    training.trainer_mut().unwrap().reset(1, Adam::new(0.01).unwrap()).unwrap();
    training
}

const LABELS: [u8; 4] = [0, 1, 1, 0];

#[test]
fn micro_batches_and_clipping() {
    // More numbers in one parameter than a slice of the update treats.
    type Net = (Dense<3, 20>, ReLU<20>, Dense<20, 30>, Tanh<30>, Dense<30, 2>);
    let mut whole = Trainer::<Net, SoftmaxCrossEntropy<2>, Adam, 4, Buffered>::boxed();
    let mut sliced = Sliced::<Net, SoftmaxCrossEntropy<2>, Adam, 4, Buffered>::boxed();
    for training in [&mut whole, sliced.trainer_mut().unwrap()] {
        training.reset(1, Adam::new(0.01).unwrap()).unwrap();
        training.set_clip_norm(0.01).unwrap();
    }
    for step in 0..6 {
        for part in 0..3 {
            let x = uniform::<[[f32; 3]; 4]>(10 * step + part);
            let (x, labels) = (&x.0[part as usize..], &LABELS[part as usize..]);
            let loss = whole.accumulate(x, labels).unwrap();
            sliced.begin_accumulate(x, labels).unwrap();
            assert_eq!(bits(&[sliced.finish(x, labels).unwrap()]), bits(&[loss]));
        }
        // Applied alone, or with the gradient of one more batch.
        if step % 2 == 0 {
            whole.apply().unwrap();
            sliced.begin_apply().unwrap();
            sliced.finish::<u8>(&[], &[]).unwrap();
        } else {
            let x = uniform::<[[f32; 3]; 4]>(step);
            whole.step(&x, &LABELS).unwrap();
            sliced.begin(&x.0, &LABELS).unwrap();
            sliced.finish(&x.0, &LABELS).unwrap();
        }
        assert_eq!(parameter_bits(sliced.trainer().net()), parameter_bits(whole.net()));
    }
    assert_eq!(sliced.begin_apply(), Err(StepError::Idle));
}

#[test]
fn abandoned_before_backward_nothing_has_changed() {
    abandoned::<Fused>();
    abandoned::<Buffered>();
}

fn abandoned<G: Sink>() {
    let (mut training, mut twin) = (line::<G>(), line::<G>());
    let (x, other) = (uniform::<[[f32; 3]; 4]>(1).0, uniform::<[[f32; 3]; 4]>(2).0);
    // Two slices of the first layer, one of ReLU, one of the last layer; then the loss, after which there is no way back.
    for slices in 0..=4 {
        training.begin(&other, &LABELS).unwrap();
        for _ in 0..slices {
            assert_eq!(training.poll(&other, &LABELS), Poll::Pending);
        }
        assert_eq!(training.begin(&x, &LABELS), Err(StepError::Busy));
        assert!(matches!(training.trainer_mut(), Err(StepError::Busy)));
        training.abandon().unwrap();
        assert!(!training.is_busy());
        assert_eq!(parameter_bits(training.trainer().net()), parameter_bits(twin.trainer().net()));
        for training in [&mut training, &mut twin] {
            training.begin(&x, &LABELS).unwrap();
            training.finish(&x, &LABELS).unwrap();
        }
        assert_eq!(parameter_bits(training.trainer().net()), parameter_bits(twin.trainer().net()));
        assert_eq!(training.trainer().steps(), twin.trainer().steps());
    }
    training.begin(&x, &LABELS).unwrap();
    let mut refused = 0;
    for slice in 1..Line::<G>::SLICES {
        assert_eq!(training.poll(&x, &LABELS), Poll::Pending);
        if slice > 4 {
            assert_eq!(training.abandon(), Err(StepError::Busy));
            refused += 1;
        }
    }
    assert!(refused > 2);
    assert!(matches!(training.poll(&x, &LABELS), Poll::Ready(Ok(_))));
    training.abandon().unwrap();
}

#[test]
fn an_update_that_has_not_begun_can_be_abandoned() {
    let (mut training, mut twin) = (line::<Buffered>(), line::<Buffered>());
    let x = uniform::<[[f32; 3]; 4]>(1);
    for training in [&mut training, &mut twin] {
        training.trainer_mut().unwrap().accumulate(&x.0, &LABELS).unwrap();
        training.begin_apply().unwrap();
    }
    training.abandon().unwrap();
    training.trainer_mut().unwrap().apply().unwrap();
    twin.finish::<u8>(&[], &[]).unwrap();
    assert_eq!(parameter_bits(training.trainer().net()), parameter_bits(twin.trainer().net()));
    assert_eq!((training.trainer().steps(), twin.trainer().steps()), (1, 1));
}

#[test]
fn errors_come_before_anything_changes() {
    let x = uniform::<[[f32; 3]; 4]>(1).0;
    let mut training = Line::<Fused>::boxed();
    assert_eq!(training.begin(&x, &LABELS), Err(StepError::NotReady));
    assert_eq!(training.poll(&x, &LABELS), Poll::Ready(Err(StepError::Idle)));
    assert_eq!(training.finish(&x, &LABELS), Err(StepError::Idle));

    let mut training = line::<Fused>();
    let before = parameter_bits(training.trainer().net());
    assert_eq!(training.begin::<u8>(&[], &[]), Err(StepError::Count { samples: 0, targets: 0 }));
    assert_eq!(training.begin(&x, &LABELS[1..]), Err(StepError::Count { samples: 4, targets: 3 }));
    let error = TargetError::Label { label: 2, classes: 2 };
    assert_eq!(training.begin(&x, &[0u8, 1, 2, 0]), Err(StepError::Target { sample: 2, error }));
    let mut bad = x;
    bad[3][1] = f32::NAN;
    assert_eq!(training.begin(&bad, &LABELS), Err(StepError::NonFiniteInput { sample: 3 }));
    assert!(!training.is_busy());
    assert_eq!(parameter_bits(training.trainer().net()), before);

    // Another number of samples than at the beginning: the step waits for the right ones.
    let mut twin = line::<Fused>();
    twin.trainer_mut().unwrap().partial_step(&x, &LABELS).unwrap();
    training.begin(&x, &LABELS).unwrap();
    loop {
        let count = StepError::Count { samples: 3, targets: 4 };
        assert_eq!(training.poll(&x[1..], &LABELS), Poll::Ready(Err(count)));
        assert!(training.is_busy());
        if training.poll(&x, &LABELS).is_ready() {
            break;
        }
    }
    assert_eq!(parameter_bits(training.trainer().net()), parameter_bits(twin.trainer().net()));
}

#[test]
fn a_loss_that_is_not_finite_ends_the_step() {
    let mut training = line::<Fused>();
    let x = [[f32::MAX; 3]; 4];
    let before = parameter_bits(training.trainer().net());
    training.begin(&x, &LABELS).unwrap();
    assert_eq!(polls(&mut training, &x, &LABELS), (Err(StepError::NonFiniteLoss), 5));
    assert!(!training.is_busy());
    assert_eq!(training.trainer().steps(), 0);
    assert_eq!(parameter_bits(training.trainer().net()), before);
}

#[test]
fn a_gradient_that_is_not_finite_ends_it_too() {
    // More numbers than one slice surveys, and the bad one behind them.
    type Long = Sliced<Dense<700, 1>, MeanSquaredError<1>, Momentum, 1, Buffered>;
    let (mut training, mut twin) = (Long::boxed(), Long::boxed());
    let (mut x, y) = ([[0.0; 700]], [Vector::new([0.0])]);
    for training in [&mut training, &mut twin] {
        let training = training.trainer_mut().unwrap();
        training.net_mut().set(&[[0.0]; 700], &[1e10]);
        training.resume(1, Momentum::new(0.125, 0.5).unwrap()).unwrap();
    }
    // The loss is 1e20, but this weight's gradient overflows.
    x[0][699] = 1e30;
    training.begin_accumulate(&[[1.0; 700]], &y).unwrap();
    training.finish(&[[1.0; 700]], &y).unwrap();
    training.begin(&x, &y).unwrap();
    assert_eq!(polls(&mut training, &x, &y), (Err(StepError::NonFiniteGradient), Long::SLICES));
    assert_eq!(training.begin_apply(), Err(StepError::Idle), "the gradients are dropped");
    assert_eq!(training.trainer().steps(), 0);
    for training in [&mut training, &mut twin] {
        x[0][699] = 1.0;
        training.begin(&x, &y).unwrap();
        training.finish(&x, &y).unwrap();
    }
    assert_eq!(parameter_bits(training.trainer().net()), parameter_bits(twin.trainer().net()));
}

thread_local! {
    static VALUES: Cell<usize> = const { Cell::new(0) };
}

/// The identity, which counts.
struct Counted<const N: usize, T = f32> {
    scalar: PhantomData<T>,
}
stackprop::zeroed!([const N: usize, T: Scalar] Counted<N, T> { scalar });
stackprop::elementwise!(Counted, in_place);
impl<const N: usize, T: Scalar> Elementwise<T> for Counted<N, T> {
    fn value(&self, x: T) -> T {
        VALUES.set(VALUES.get() + 1);
        x
    }
    fn derivative(&self, _: T) -> T {
        VALUES.set(VALUES.get() + 1);
        T::ONE
    }
}

#[test]
fn a_slice_has_a_bounded_number_of_functions() {
    type Net = (Dense<5, 40>, Counted<40>, (Counted<40>, Dense<40, 9>), Counted<9>);
    type Training = Sliced<Net, MeanSquaredError<9>, Sgd, 3>;
    const { assert!(Training::SLICE_FUNCTIONS == 3 * 40) }
    let mut training = Training::boxed();
    training.trainer_mut().unwrap().reset(1, Sgd::new(0.1).unwrap()).unwrap();
    let (x, y) = (uniform::<[[f32; 5]; 3]>(1).0, uniform::<[[f32; 9]; 3]>(2).0.map(Vector::new));
    training.begin(&x, &y).unwrap();
    let (mut total, mut most) = (0, 0);
    while training.is_busy() {
        VALUES.set(0);
        let _ = training.poll(&x, &y);
        most = most.max(VALUES.get());
        total += VALUES.get();
    }
    assert_eq!((total, most), (2 * 3 * (40 + 40 + 9), Training::SLICE_FUNCTIONS));
}

/// Sizes that are known before flashing: the slices of each pass and the loss, and the products of the longest.
const _: () = {
    type Small<G> = Sliced<(Dense<64, 32>, ReLU<32>, Dense<32, 10>), SoftmaxCrossEntropy<10>, Sgd, 1, G>;
    assert!(Small::<Fused>::SLICES == (2 + 1 + 2) + 1 + (3 + 1 + 8));
    assert!(Small::<Fused>::SLICE_MULTIPLY_ADDS == 16 * 64);
    // The gradient of 2,410 numbers is surveyed in slices of 256, and applied likewise.
    assert!(Small::<Buffered>::SLICES == Small::<Fused>::SLICES + 2 * 10);
    type Large = Sliced<(Dense<784, 128>, ReLU<128>, Dense<128, 10>), SoftmaxCrossEntropy<10>, Sgd, 1>;
    assert!(Large::SLICE_MULTIPLY_ADDS == 16 * 784);
    // In front, what doesn't learn has no backward slices.
    type Head = Sliced<(Frozen<(Dense<64, 32>, ReLU<32>)>, Dense<32, 10>), SoftmaxCrossEntropy<10>, Sgd, 1>;
    assert!(Head::SLICES == (2 + 1 + 2) + 1 + 2);
    // A few words beside the trainer, and not more with alignment.
    type Whole = Trainer<(Dense<64, 32>, ReLU<32>, Dense<32, 10>), SoftmaxCrossEntropy<10>, Sgd, 1>;
    assert!(Small::<Fused>::BYTES <= Whole::BYTES + 64);
};

#[test]
fn nothing_large_passes_through_the_stack() {
    type Net = (Dense<784, 1024>, ReLU<1024>, Dense<1024, 10>);
    let run = || {
        let mut training = Sliced::<Net, SoftmaxCrossEntropy<10>, Adam, 2, Buffered>::boxed();
        training.trainer_mut().unwrap().reset(1, Adam::new(0.001).unwrap()).unwrap();
        let (x, y) = (Tensor::<[[f32; 784]; 2]>::boxed(), [1u8, 2]);
        training.begin(&x.0, &y).unwrap();
        training.finish(&x.0, &y).unwrap();
    };
    std::thread::Builder::new().stack_size(64 * 1024).spawn(run).unwrap().join().unwrap();
}

#[test]
fn a_trunk_that_was_not_given() {
    type Net = (FrozenRef<Dense<3, 4>>, Dense<4, 2>);
    static TRUNK: Dense<3, 4> = Dense::new([[0.1; 4]; 3], [0.2; 4]);
    let mut sliced = Sliced::<Net, SoftmaxCrossEntropy<2>, Sgd, 1>::ZERO;
    let mut whole = Trainer::<Net, SoftmaxCrossEntropy<2>, Sgd, 1>::ZERO;
    let (x, label) = (uniform::<[[f32; 3]; 1]>(1), [1u8]);
    sliced.trainer_mut().unwrap().reset(1, Sgd::new(0.1).unwrap()).unwrap();
    assert_eq!(sliced.begin(&x.0, &label), Err(StepError::NotReady));
    sliced.trainer_mut().unwrap().net_mut().0.set(&TRUNK);
    whole.net_mut().0.set(&TRUNK);
    whole.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    for _ in 0..3 {
        sliced.begin(&x.0, &label).unwrap();
        assert_eq!(sliced.finish(&x.0, &label), whole.step(&x, &label));
    }
}
