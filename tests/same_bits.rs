//! What gives the same bits: a sample alone or in any batch, fused or buffered gradients, tuples nested in any way, and
//! the same seed.

use stackprop::layer::Layer;
use stackprop::loss::Loss;
use stackprop::prelude::*;
use stackprop::tensor::Array;
use stackprop::training::Sink;

mod common;
use common::run::{bits, parameter_bits, uniform};

/// Each row of a batch has the bits that the sample has alone.
fn rows_are_samples<L: Layer, const B: usize>(net: &L) {
    let x = uniform::<[L::In; B]>(B as u64);
    let (mut alone, mut together) = (Workspace::<L, 1>::boxed(), Workspace::<L, B>::boxed());
    let expected: Vec<Vec<u64>> = x.rows().map(|x| bits(alone.infer(net, x).as_slice())).collect();
    let rows: Vec<Vec<u64>> = together.infer_batch(net, &x).rows().map(|y| bits(y.as_slice())).collect();
    assert_eq!(rows, expected);
    // A workspace for a batch also takes a sample, whatever it held before.
    assert!(x.rows().zip(&expected).all(|(x, y)| bits(together.infer(net, x).as_slice()) == *y));
    // Without dropout, training and use are the same function.
    let mut tape = Tape::<L, B>::boxed();
    assert_eq!(bits(tape.forward(net, &x).as_slice()), expected.concat());
}

fn random<L: Layer>() -> Box<L> {
    let mut net = L::boxed();
    stackprop::init::initialise(&mut *net, Init::HeNormal, &mut stackprop::random::generator(5));
    net
}

macro_rules! at_every_size {
    ($($name:ident $n:literal $out:literal),*) => { $(
        #[test]
        fn $name() {
            type Net = (Dense<$n, $out>, GELU<$out>, Dense<$out, $n>, ReLU<$n>, Dense<$n, $n>, Softmax<$n>);
            let net = random::<Net>();
            at_every_size!(@batches net 1 2 5 8 17);
        }
    )* };
    (@batches $net:ident $($b:literal)*) => { $(rows_are_samples::<Net, $b>(&$net);)* };
}
at_every_size!(size_1 1 70, size_3 3 64, size_5 5 33, size_7 7 17, size_16 16 16);
at_every_size!(size_17 17 7, size_33 33 5, size_64 64 3, size_70 70 1);

#[test]
fn a_trainer_infers_the_same() {
    type Net = (Dense<7, 17, f64>, Tanh<17, f64>, Dropout<17, f64>, Dense<17, 3, f64>);
    let mut training = Trainer::<Net, SoftmaxCrossEntropy<3>, Sgd<f64>, 5>::boxed();
    training.reset(3, Sgd::new(0.1).unwrap()).unwrap();
    let x = uniform::<[[f64; 7]; 5]>(1);
    training.step(&x, &[0u8, 1, 2, 0, 1]).unwrap();
    let mut workspace = Workspace::<Net>::ZERO;
    let alone: Vec<u64> = x.rows().flat_map(|x| bits(workspace.infer(training.net(), x).as_slice())).collect();
    let one_by_one: Vec<u64> = x.rows().flat_map(|x| bits(training.infer(x).unwrap().as_slice())).collect();
    assert_eq!(one_by_one, alone);
    assert_eq!(bits(training.infer_batch(&x).unwrap().as_slice()), alone);
}

const BATCH: usize = 5;

/// Every loss and every parameter of 20 steps on batches of 1 to 5, from a fixed state.
fn record<N, L, O, G>(training: &mut Trainer<N, L, O, BATCH, G>) -> Vec<Vec<u64>>
where
    N: Layer,
    N::Out: Array<T = N::T>,
    L: stackprop::loss::Compares<N::Out, u8> + Loss<N::Out>,
    O: Optimizer<T = N::T>,
    G: Sink,
{
    let classes = N::Out::LEN;
    let steps = (0..20).map(|step| {
        let count = [5, 1, 3, 2, 4][step % 5];
        let x = uniform::<[N::In; BATCH]>(step as u64);
        let labels: Vec<u8> = (0..count).map(|i| ((i + step) % classes) as u8).collect();
        let loss = training.partial_step(&x.0[..count], &labels).unwrap();
        [bits(&[loss]), parameter_bits(training.net())].concat()
    });
    steps.collect()
}

/// A network with everything that could make a difference: penalties, dropout, layers in place and apart, several tiles of
/// a gradient, rows that are shorter than any vector.
type Net<T> = (
    Regularized<Dense<7, 17, T>>,
    ReLU<17, T>,
    Dropout<17, T>,
    Dense<17, 70, T>,
    GELU<70, T>,
    Dropout<70, T>,
    Regularized<Dense<70, 2, T>>,
    Dense<2, 1, T>,
    Tanh<1, T>,
    Dense<1, 3, T>,
);

fn fused_is_buffered<T: stackprop::scalar::Scalar, O: Optimizer<T = T>>(optimizer: O) {
    let mut fused = Trainer::<Net<T>, SoftmaxCrossEntropy<3>, O, BATCH, Fused>::boxed();
    let mut buffered = Trainer::<Net<T>, SoftmaxCrossEntropy<3>, O, BATCH, Buffered>::boxed();
    fn set<T: stackprop::scalar::Scalar>(net: &mut Net<T>) {
        let [l1, l2] = [0.001, 0.002].map(T::from_f64);
        net.0.set_penalty(Penalty { weight_l1: l1, weight_l2: l2, bias_l1: l2, bias_l2: l1 }).unwrap();
        net.2.set_rate(T::from_f64(0.25)).unwrap();
        net.6.set_penalty(Penalty { weight_l2: l2, ..Penalty::default() }).unwrap();
    }
    set(fused.net_mut());
    set(buffered.net_mut());
    fused.reset(1, optimizer).unwrap();
    buffered.reset(1, optimizer).unwrap();
    let (fused, buffered) = (record(&mut fused), record(&mut buffered));
    assert!(fused.windows(2).all(|pair| pair[0] != pair[1]), "every step must change something");
    assert_eq!(fused, buffered);
}

macro_rules! sinks {
    ($($name:ident $optimizer:expr;)*) => { $(
        #[test]
        fn $name() {
            fused_is_buffered::<f32, _>($optimizer);
            fused_is_buffered::<f64, _>($optimizer);
        }
    )* };
}

mod fused_is_buffered_with {
    use super::*;
    sinks! {
        sgd Sgd::new(0.1).unwrap();
        momentum Momentum::new(0.1, 0.9).unwrap();
        nnfs_momentum NnfsMomentum::new(0.1, 0.9).unwrap();
        nesterov Nesterov::new(0.1, 0.9).unwrap();
        adagrad Adagrad::new(0.1).unwrap();
        rms_prop RmsProp::new(0.01).unwrap();
        adam Adam::new(0.01).unwrap();
        adam_w AdamW::new(0.01, 0.1).unwrap();
        clipped_values ClipValue::new(Momentum::new(0.1, 0.9).unwrap(), 0.01).unwrap();
        a_schedule Scheduled::new(Adam::new(0.01).unwrap(), Cosine::new(5, 20, 0.1).unwrap());
    }
}

/// The record of a network without dropout, with Adam.
fn record_of<N: Layer<T = f32, In = [f32; 7], Out = [f32; 3]>>() -> Vec<Vec<u64>> {
    let mut training = Trainer::<N, SoftmaxCrossEntropy<3>, Adam, BATCH>::boxed();
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    record(&mut training)
}

#[test]
fn nesting_makes_no_difference() {
    type A = Dense<7, 17>;
    type B = Sigmoid<17>;
    type C = SiLU<17>;
    type D = Dense<17, 5>;
    type E = Tanh<5>;
    type F = Dense<5, 3>;
    let flat = record_of::<(A, B, C, D, E, F)>();
    assert_eq!(flat, record_of::<((A, B), (C, D), (E, F))>());
    assert_eq!(flat, record_of::<(A, (B, (C, (D, (E, (F,))))))>());
    assert_eq!(flat, record_of::<(((((A, B), C), D), E), F)>());
    assert_eq!(flat, record_of::<((A, B, C, D, E, F),)>());
    assert_eq!(flat, record_of::<(A, (B, C, D), E, F)>());
}

#[test]
fn the_seed_is_the_run() {
    let run = |seed| {
        let mut training = Trainer::<Net<f32>, SoftmaxCrossEntropy<3>, Adam, BATCH>::boxed();
        training.reset(seed, Adam::new(0.01).unwrap()).unwrap();
        record(&mut training)
    };
    let first = run(1);
    assert_eq!(first, run(1));
    for (step, (a, b)) in first.iter().zip(run(2)).enumerate() {
        assert_ne!(a[0], b[0], "loss of step {step}");
    }
}

#[test]
fn from_the_same_weights_the_seed_decides_dropout_alone() {
    let run = |seed, rate| {
        let mut training = Trainer::<Net<f32>, SoftmaxCrossEntropy<3>, Sgd, BATCH>::boxed();
        training.net_mut().2.set_rate(rate).unwrap();
        training.net_mut().5.set_rate(rate).unwrap();
        training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
        training.resume(seed, Sgd::new(0.1).unwrap()).unwrap();
        record(&mut training)
    };
    assert_eq!(run(1, 0.5), run(1, 0.5));
    assert_ne!(run(1, 0.5), run(2, 0.5));
    assert_eq!(run(1, 0.0), run(2, 0.0));
}

#[test]
fn a_used_trainer_starts_again_like_a_new_one() {
    let mut training = Trainer::<Net<f32>, SoftmaxCrossEntropy<3>, Adam, BATCH, Buffered>::boxed();
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    let first = record(&mut training);
    training.accumulate(&uniform::<[[f32; 7]; 3]>(9).0, &[0u8, 1, 2]).unwrap();
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    assert_eq!(first, record(&mut training));
}
