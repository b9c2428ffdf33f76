//! Nothing large passes through the stack: networks of megabytes are made, trained, evaluated, saved and loaded on a thread
//! with 64 KiB.
//!
//! `cargo test` builds at opt-level 0, where every move of a value is a copy on the stack; with optimisation the test
//! proves less.

use std::thread;

use stackprop::loss::Compares;
use stackprop::prelude::*;
use stackprop::tensor::Array;
use stackprop::training::Sink;
use stackprop::weights;

mod common;
use common::run::{parameter_bits, uniform};

const STACK: usize = 64 * 1024;

/// Runs a function on a thread with a small stack.
fn on_small_stack(run: fn()) {
    if !cfg!(debug_assertions) {
        eprintln!("optimised build: copies on the stack may have been removed");
    }
    thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap();
}

/// Ten classes of images: where the bright pixels are is the label.
fn image(i: usize, image: &mut Tensor<[f32; 784]>) -> u8 {
    let label = i % 10;
    for (p, pixel) in image.as_mut_slice().iter_mut().enumerate() {
        let noise = ((i * 31 + p * 17) % 23) as f32 / 115.0;
        *pixel = if p % 10 == label { 0.8 + noise } else { noise };
    }
    label as u8
}

/// `steps` steps on one batch; the loss must fall to half.
fn learn<N, O, G>(training: &mut Trainer<N, SoftmaxCrossEntropy<10>, O, 32, G>, steps: usize)
where
    N: stackprop::layer::Layer<T = f32, In = [f32; 784], Out = [f32; 10]>,
    O: Optimizer<T = f32>,
    G: Sink,
    SoftmaxCrossEntropy<10>: Compares<N::Out, u8>,
{
    let mut batch = Batch::<[f32; 784], u8, 32>::boxed();
    for (i, target) in batch.targets.iter_mut().enumerate() {
        *target = image(i, Tensor::from_mut(&mut batch.inputs.0[i]));
    }
    let first = training.step(&batch.inputs, &batch.targets).unwrap();
    let mut last = first;
    for _ in 1..steps {
        last = training.step(&batch.inputs, &batch.targets).unwrap();
    }
    assert!(last < 0.5 * first, "{first} -> {last}");
}

#[test]
fn a_wide_network() {
    on_small_stack(|| {
        type Net = (Dense<784, 128>, ReLU<128>, Dense<128, 10>);
        type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32>;
        const { assert!(Training::BYTES > 16 * STACK) }
        let mut training = Training::boxed();
        training.reset(1, Adam::new(0.005).unwrap()).unwrap();
        learn(&mut *training, 5);
    });
}

#[test]
fn a_very_wide_network() {
    on_small_stack(|| {
        type Net = (Dense<784, 1024>, ReLU<1024>, Dense<1024, 10>);
        type Training = Trainer<Net, SoftmaxCrossEntropy<10>, Adam, 32, Buffered>;
        const { assert!(Training::BYTES > 192 * STACK) }
        let mut training = Training::boxed();
        training.reset(1, Adam::new(0.002).unwrap()).unwrap();
        training.set_clip_norm(10.0).unwrap();
        learn(&mut *training, 4);
    });
}

#[test]
fn every_layer_and_sink() {
    on_small_stack(|| {
        type Trunk = (Dense<784, 64>, LeakyReLU<64>, GELU<64>, Dropout<64>);
        type Net = (Regularized<Trunk>, Dense<64, 64>, Softplus<64>, Frozen<Dense<64, 64>>, SiLU<64>, Dense<64, 10>);
        let mut training = Trainer::<Net, SoftmaxCrossEntropy<10>, AdamW, 32, Buffered>::boxed();
        let penalty = Penalty { weight_l1: 1e-5, weight_l2: 1e-4, ..Penalty::default() };
        training.net_mut().0.set_penalty(penalty).unwrap();
        training.reset(1, AdamW::new(0.003, 0.01).unwrap()).unwrap();
        learn(&mut *training, 12);
        assert!(training.penalty() > 0.0);
    });
}

#[test]
fn epochs_and_evaluation() {
    on_small_stack(|| {
        type Net = (Dense<784, 128>, ReLU<128>, Dense<128, 10>);
        let mut training = Trainer::<Net, SoftmaxCrossEntropy<10>, Adam, 32>::boxed();
        let mut batch = Batch::<[f32; 784], u8, 32>::boxed();
        training.reset(1, Adam::new(0.005).unwrap()).unwrap();
        let mut accuracy = (Accuracy::default(), ConfusionMatrix::<10>::default());
        let before = training.evaluate(&mut batch, 100, image, &mut accuracy).unwrap();
        for _ in 0..2 {
            training.epoch(&mut batch, 100, image).unwrap();
        }
        let mut accuracy = (Accuracy::default(), ConfusionMatrix::<10>::default());
        let after = training.evaluate(&mut batch, 100, image, &mut accuracy).unwrap();
        assert!(after < 0.5 * before, "{before} -> {after}");
        assert!(accuracy.0.value() > 0.9 && accuracy.1.accuracy() > 0.9);
    });
}

#[test]
fn weights_out_and_in() {
    on_small_stack(|| {
        type Net = (Dense<784, 1024>, Tanh<1024>, Dense<1024, 10>);
        let mut training = Trainer::<Net, SoftmaxCrossEntropy<10>, Sgd, 1>::boxed();
        training.reset(1, Sgd::new(0.02).unwrap()).unwrap();
        let mut file = vec![0; weights::file_size::<Net>()];
        weights::write(training.net(), &mut file).unwrap();
        let mut net = Net::boxed();
        weights::read(&mut *net, &file).unwrap();
        assert!(parameter_bits(&*net) == parameter_bits(training.net()));

        let mut workspace = Workspace::<Net, 32>::boxed();
        let x = Box::new(uniform::<[f32; 784]>(1));
        assert_eq!(workspace.infer(&net, &x), training.infer(&x).unwrap());
        let mut text = String::new();
        weights::export(&net.2, "HEAD", "Dense<1024, 10>", &mut text).unwrap();
        assert!(text.len() > 10_000 * <[f32; 1]>::LEN);
    });
}
