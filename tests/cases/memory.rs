//! Nothing large on the stack.

use std::thread;

use crate::common::run::parameter_bits as bits;
use stackprop::check::{CheckMemory, GradientCheck, check_in, check_layer, check_loss, check_with};
use stackprop::init::{Init, initialise};
use stackprop::loss::Compares;
use stackprop::prelude::*;
use stackprop::random::generator;
use stackprop::training::Sink;

/// On a stack of 64 KiB, where a debug build proves most.
fn on_small_stack(run: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(64 * 1024).spawn(run).unwrap().join().unwrap();
}

/// A check takes two passes for each number that it checks: of these large layers there are few, because the rest is
/// frozen.
#[test]
fn checks_of_large_layers() {
    on_small_stack(|| {
        type Wide = (Dense<2, 3, f64>, Frozen<Dense<3, 6000, f64>>, Tanh<6000, f64>);
        let report = check_layer::<Wide, 2>(&GradientCheck::default());
        assert!(report.worst < 1e-6 && report.compared == 4 + 9, "{report:?}");
        let mut layer = Zeroed::boxed();
        let check = GradientCheck { seed: 7, ..GradientCheck::default() };
        let report = check_with::<Wide, 2>(&mut layer, &check);
        assert!(report.worst < 1e-6 && report.compared == 4 + 9, "{report:?}");
        // The memory may be used again, and holds nothing that counts.
        let mut memory = CheckMemory::boxed();
        layer.set_zero();
        assert_eq!(check_in::<Wide, 2>(&mut memory, &mut layer, &check), report);
        layer.set_zero();
        assert_eq!(check_in::<Wide, 2>(&mut memory, &mut layer, &check), report);
    });
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes long unoptimised; .ci/run has it in release")]
fn a_check_of_a_wide_layer() {
    on_small_stack(|| {
        let report = check_layer::<(Dense<784, 8, f64>, Tanh<8, f64>, Dense<8, 1, f64>), 1>(&GradientCheck::default());
        assert!(report.worst < 1e-6, "{report:?}");
    });
}

#[test]
fn checks_of_losses() {
    on_small_stack(|| {
        let mut y = Tensor::<[f64; 5000]>::boxed();
        y.fill_uniform(&mut generator(3), 0.1, 0.9);
        let report = check_loss(&CategoricalCrossEntropy::<5000>::ZERO, &*y, &4999_u16, 1e-6);
        assert!(report.worst < 1e-7 && report.compared == 5000, "{report:?}");
    });
}

type Net = (Dense<784, 1024>, ReLU<1024>, Dense<1024, 10>);

#[test]
fn copies_of_networks() {
    on_small_stack(|| {
        let mut net = Net::boxed();
        initialise(&mut *net, Init::HeNormal, &mut generator(1));
        let copy = net.boxed_copy();
        assert!(bits(&*copy) == bits(&*net));
        let mut other = Net::boxed();
        other.2.copy_from(&net.2);
        assert!(bits(&other.2) == bits(&net.2) && bits(&other.0) != bits(&net.0));
        other.copy_from(&net);
        assert!(bits(&*other) == bits(&*net));
        other.set_zero();
        assert!(bits(&*other).iter().all(|&bits| bits == 0));

        // A whole training, and what is only borrowed.
        type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 1>;
        let mut training = Training::boxed();
        training.reset(1, Adam::new(0.002).unwrap()).unwrap();
        let x = Tensor::boxed();
        training.step(&x, &[3_u8]).unwrap();
        let mut twin = training.boxed_copy();
        assert_eq!(training.step(&x, &[1_u8]), twin.step(&x, &[1_u8]));
        assert!(bits(training.net()) == bits(twin.net()));
        static TRUNK: Dense<2, 3> = Dense::new([[1.0; 3]; 2], [0.5; 3]);
        assert!(FrozenRef::new(&TRUNK).boxed_copy().layer().is_some());
    });
}

#[test]
fn batches_of_images() {
    on_small_stack(|| {
        type Net = (GlobalAvgPool2d<224, 224, 3>, Dense<3, 2>);
        let mut training = Trainer::<Net, SoftmaxCrossEntropy<2>, Sgd, 2>::boxed();
        let mut batch = Batch::boxed();
        training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
        let sample = |i: usize, x: &mut Tensor<[[[f32; 3]; 224]; 224]>| {
            x.fill(i as f32);
            (i % 2) as u8
        };
        assert!(training.epoch(&mut batch, 4, sample).unwrap().is_finite());
        assert!(training.evaluate(&mut batch, 4, sample, &mut Accuracy::default()).unwrap().is_finite());
        let copy = batch.boxed_copy();
        assert!(copy.inputs.0 == batch.inputs.0);
        let mut workspace = Workspace::<Net, 2>::boxed();
        assert!(workspace.infer_batch(training.net(), &batch.inputs).as_slice().iter().all(|y| y.is_finite()));
    });
}

#[test]
fn many_classes() {
    fn train<Y: Zeroed, G: Sink>(label: impl Fn(usize) -> Y + Copy)
    where
        SoftmaxCrossEntropy<32_768>: Compares<[f32; 32_768], Y>,
    {
        let mut training = Trainer::<Dense<2, 32_768>, SoftmaxCrossEntropy<32_768>, Sgd, 1, G>::boxed();
        training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
        let mut batch = Batch::<[f32; 2], Y, 1>::boxed();
        let sample = |i: usize, x: &mut Vector<2>| {
            x.0 = [i as f32; 2];
            label(i)
        };
        let first = training.evaluate(&mut batch, 3, sample, &mut ()).unwrap();
        training.epoch(&mut batch, 3, sample).unwrap();
        let last = training.evaluate(&mut batch, 3, sample, &mut ()).unwrap();
        assert!(last < first && (first - 32_768_f32.ln()).abs() < 6.0, "{first} {last}");
    }
    on_small_stack(|| {
        train::<u16, Fused>(|i| 32_000 + i as u16);
        train::<u32, Buffered>(|i| i as u32);
        let mut counts = ConfusionMatrix::<400>::boxed();
        counts.counts[3][4] = 1;
        assert_eq!((counts.samples(), counts.accuracy()), (1, 0.0));
    });
}

/// `loss` has the bits of what `gradient` returns, which is the loss of a step.
#[test]
fn the_loss_has_the_bits_of_the_gradients() {
    fn check<T: stackprop::scalar::Scalar, const N: usize>() {
        let loss = SoftmaxCrossEntropy::<N>::ZERO;
        for seed in 0..20 {
            let (mut y, mut dy) = (Vector::<N, T>::ZERO, Vector::<N, T>::ZERO);
            let size = T::from_f64([1.0, 30.0, 1e3][seed as usize % 3]);
            y.fill_uniform(&mut generator(seed), -size, size);
            let mut target = Vector::<N, T>::ZERO;
            target.fill_uniform(&mut generator(seed + 100), T::ZERO, T::ONE);
            let label = seed as usize % N;
            let same = |a: T, b: T| assert_eq!(a.to_f64().to_bits(), b.to_f64().to_bits(), "{N} {seed}");
            same(loss.loss(&y.0, &label), loss.gradient(&y.0, &label, T::ONE, &mut dy.0));
            same(loss.loss(&y.0, &target), loss.gradient(&y.0, &target, T::ONE, &mut dy.0));
            // Not a number, and overflow.
            y.0[N / 2] = T::from_f64(f64::NAN);
            assert!(Compares::<_, usize>::loss(&loss, &y.0, &label).to_f64().is_nan());
            y.0[N / 2] = T::from_f64(f64::INFINITY);
            assert!(!Compares::<_, usize>::loss(&loss, &y.0, &label).to_f64().is_finite());
        }
    }
    macro_rules! all { ($($n:literal)*) => { $( check::<f32, $n>(); check::<f64, $n>(); )* } }
    all!(1 3 4 5 7 15 16 17 33 100 257);
}
