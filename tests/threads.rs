//! Any number of threads gives the same bits: large layers, whose work is shared, with odd sizes and partial batches.
#![cfg(feature = "rayon")]

use rayon::ThreadPool;
use stackprop::layer::Layer;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::training::Sink;

mod common;
use common::run::{bits, parameter_bits, uniform};

const BATCH: usize = 33;

/// Layers whose weights lie by input and by output, before and behind others: dx is wanted of both.
type Net<T> = (
    Dense<131, 257, T>,
    ReLU<257, T>,
    Regularized<Dense<257, 129, T>>,
    GELU<129, T>,
    Dense<129, 4500, T>,
    Tanh<4500, T>,
    Dense<4500, 11, T>,
);

fn pool(threads: usize) -> ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

/// Every loss, output and parameter of a few steps, two of them on partial batches, in a pool of so many threads.
fn record<T: Scalar, O: Optimizer<T = T> + Send, G: Sink>(threads: usize, optimizer: O) -> Vec<Vec<u64>>
where
    Trainer<Net<T>, SoftmaxCrossEntropy<11>, O, BATCH, G>: Send,
{
    let mut training = Trainer::<Net<T>, SoftmaxCrossEntropy<11>, O, BATCH, G>::boxed();
    let penalty = Penalty { weight_l1: T::from_f64(1e-4), weight_l2: T::from_f64(1e-3), ..Penalty::default() };
    training.net_mut().2.set_penalty(penalty).unwrap();
    training.reset(1, optimizer).unwrap();
    pool(threads).install(|| {
        let steps = [BATCH, 32, 1, BATCH].into_iter().enumerate().map(|(step, count)| {
            let x = uniform::<[[T; 131]; BATCH]>(step as u64);
            let labels: Vec<u8> = (0..count).map(|i| ((i + step) % 11) as u8).collect();
            let loss = training.partial_step(&x.0[..count], &labels).unwrap();
            let y = bits(training.infer_batch(&x).unwrap().as_slice());
            [bits(&[loss]), y, parameter_bits(training.net())].concat()
        });
        steps.collect()
    })
}

fn same_bits<T: Scalar, O: Optimizer<T = T> + Send>(optimizer: O)
where
    Trainer<Net<T>, SoftmaxCrossEntropy<11>, O, BATCH, Fused>: Send,
    Trainer<Net<T>, SoftmaxCrossEntropy<11>, O, BATCH, Buffered>: Send,
{
    let alone = record::<T, O, Fused>(1, optimizer);
    assert!(alone.windows(2).all(|pair| pair[0] != pair[1]), "every step must change something");
    for threads in [2, 3, 5] {
        assert!(record::<T, O, Fused>(threads, optimizer) == alone, "{threads} threads, fused");
    }
    for threads in [1, 3] {
        assert!(record::<T, O, Buffered>(threads, optimizer) == alone, "{threads} threads, buffered");
    }
}

#[test]
fn sgd_f32() {
    same_bits::<f32, _>(Sgd::new(0.01).unwrap());
}

#[test]
fn sgd_f64() {
    same_bits::<f64, _>(Sgd::new(0.01).unwrap());
}

#[test]
fn adam_f32() {
    same_bits::<f32, _>(Adam::new(0.001).unwrap());
}

#[test]
fn adam_f64() {
    same_bits::<f64, _>(Adam::new(0.001).unwrap());
}

/// A batch in which every sample is shared among threads has the bits of samples alone, which are never shared.
#[test]
fn a_batch_is_its_samples() {
    fn check<L: Layer<In: Sync, Out: Send> + Sync>() -> usize
    where
        Workspace<L, BATCH>: Send,
    {
        let mut net = L::boxed();
        stackprop::init::initialise(&mut *net, Init::HeNormal, &mut stackprop::random::generator(5));
        let x = uniform::<[L::In; BATCH]>(3);
        let (mut alone, mut together) = (Workspace::<L, 1>::boxed(), Workspace::<L, BATCH>::boxed());
        let expected: Vec<Vec<u64>> = x.rows().map(|x| bits(alone.infer(&net, x).as_slice())).collect();
        for threads in [1, 2, 5] {
            let rows = pool(threads).install(|| bits(together.infer_batch(&net, &x).as_slice()));
            assert!(rows == expected.concat(), "{threads} threads");
        }
        expected.len()
    }
    assert_eq!(check::<Net<f32>>() + check::<Net<f64>>(), 2 * BATCH);
}
