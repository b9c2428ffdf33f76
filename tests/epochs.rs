//! Epochs and evaluations: every sample once, in an order without an index array.

use stackprop::prelude::*;
use stackprop::random::Shuffle;
use stackprop::scalar::Scalar;
use stackprop::tensor::Tensor;

mod common;
use common::compare;
use common::run::{parameter_bits, sample};

type Net = (Dense<3, 8, f64>, Tanh<8, f64>, Dense<8, 2, f64>);
type Training<O> = Trainer<Net, SoftmaxCrossEntropy<2>, O, 32>;

fn assert_close(actual: &[f64], expected: &[f64]) {
    compare("numbers", expected, actual, 1e-14);
}

#[test]
fn an_epoch_visits_every_sample_once() {
    for length in [0, 1, 31, 32, 33, 1000] {
        let mut training = Training::<Sgd<f64>>::boxed();
        let mut batch = Batch::<[f64; 3], u8, 32>::boxed();
        training.reset(4, Sgd::new(0.1).unwrap()).unwrap();
        let mut orders = Vec::new();
        for epoch in 1..=3 {
            let mut order = Vec::new();
            let mean = training
                .epoch(&mut batch, length, |i, x| {
                    order.push(i);
                    sample(i, x)
                })
                .unwrap();
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..length).collect::<Vec<_>>());
            assert_eq!(training.steps(), (epoch * length.div_ceil(32)) as u64);
            assert_eq!(mean > 0.0, length > 0);
            orders.push(order);
        }
        if length > 30 {
            assert!(orders[0] != orders[1] && orders[1] != orders[2], "each epoch has an order of its own");
            assert!(!orders[0].is_sorted());
        }
    }
}

#[test]
fn an_epoch_is_its_steps() {
    let (mut training, mut twin) = (Training::<Adam<f64>>::boxed(), Training::<Adam<f64>>::boxed());
    let mut batch = Batch::<[f64; 3], u8, 32>::boxed();
    for training in [&mut training, &mut twin] {
        training.reset(4, Adam::new(0.01).unwrap()).unwrap();
    }
    let mut order = Vec::new();
    let mean = training.epoch(&mut batch, 70, |i, x| {
        order.push(i);
        sample(i, x)
    });
    let mut sum = 0.0;
    for batch in order.chunks(32) {
        let mut x = Tensor::<[[f64; 3]; 32]>::ZERO;
        let labels: Vec<u8> = batch.iter().enumerate().map(|(at, &i)| sample(i, x.row_mut(at).unwrap())).collect();
        sum += twin.partial_step(&x.0[..batch.len()], &labels).unwrap() * batch.len() as f64;
    }
    assert_eq!(parameter_bits(training.net()), parameter_bits(twin.net()));
    assert_close(&[mean.unwrap()], &[sum / 70.0]);
}

#[test]
fn evaluation_is_the_mean_over_samples_and_changes_nothing() {
    let mut training = Training::<Sgd<f64>>::boxed();
    let mut batch = Batch::<[f64; 3], u8, 32>::boxed();
    training.reset(4, Sgd::new(0.5).unwrap()).unwrap();
    let before = parameter_bits(training.net());
    let (mut accuracy, mut order) = (Accuracy::default(), Vec::new());
    let evaluated = training.evaluate(
        &mut batch,
        70,
        |i, x| {
            order.push(i);
            sample(i, x)
        },
        &mut accuracy,
    );
    assert_eq!(order, (0..70).collect::<Vec<_>>());
    assert_eq!((parameter_bits(training.net()), training.steps()), (before, 0));
    let (mut sum, mut hits, mut x) = (0.0, 0, Vector::ZERO);
    for i in 0..70 {
        let label = sample(i, &mut x);
        let y = *training.infer(&x).unwrap();
        sum += (y[0].exp() + y[1].exp()).ln() - y[usize::from(label)];
        hits += usize::from(y.argmax() == usize::from(label));
    }
    assert_close(&[evaluated.unwrap()], &[sum / 70.0]);
    assert_eq!((accuracy.hits, accuracy.samples), (hits, 70));
}

#[test]
fn epochs_learn() {
    let mut training = Training::<Adam<f64>>::boxed();
    let mut batch = Batch::<[f64; 3], u8, 32>::boxed();
    training.reset(4, Adam::new(0.02).unwrap()).unwrap();
    for _ in 0..15 {
        training.epoch(&mut batch, 200, sample).unwrap();
    }
    let mut accuracy = Accuracy::default();
    training.evaluate(&mut batch, 200, |i, x| sample(1000 + i, x), &mut accuracy).unwrap();
    assert!(accuracy.value() > 0.95, "{accuracy:?}");
}

#[test]
fn a_shuffle_is_a_permutation() {
    for length in (0..70).chain([127, 128, 129, 255, 256, 257, 1000, 1023, 1024, 1025, 4097, 60_000]) {
        for seed in [0, 1, u64::MAX] {
            let shuffle = Shuffle::new(length, seed);
            let mut seen = vec![false; length];
            for i in 0..length {
                assert!(!std::mem::replace(&mut seen[shuffle.at(i)], true), "{length} {seed} {i}");
            }
            // Out of range a position stays where it is.
            assert_eq!((shuffle.at(length), shuffle.at(usize::MAX)), (length, usize::MAX));
        }
    }
}

#[test]
fn a_shuffle_mixes() {
    let order = |seed| (0..1000).map(|i| Shuffle::new(1000, seed).at(i)).collect::<Vec<_>>();
    assert_eq!(order(1), order(1));
    for seed in 0..20 {
        let order = order(seed);
        assert_ne!(order, self::order_of_next(seed));
        // Of a random permutation one position stays on average, and neighbours are a third of the length apart.
        assert!(order.iter().enumerate().filter(|&(i, &at)| i == at).count() < 8);
        let apart = order.windows(2).map(|w| w[0].abs_diff(w[1])).sum::<usize>() as f64 / 999.0;
        assert!((apart - 333.0).abs() < 40.0, "{apart}");
    }
}

fn order_of_next(seed: u64) -> Vec<usize> {
    (0..1000).map(|i| Shuffle::new(1000, seed + 1).at(i)).collect()
}

/// An epoch and a pipelined epoch, three times: the same losses and bits.
fn assert_pipelined_is_the_same<N, O>(optimizer: O)
where
    N: stackprop::layer::Layer<Out = [<N as stackprop::layer::Layer>::T; 3]>,
    O: Optimizer<T = N::T> + Copy,
{
    let fill = |i: usize, x: &mut Tensor<N::In>| {
        for (j, x) in x.as_mut_slice().iter_mut().enumerate() {
            *x = Scalar::from_f64(((i * 37 + j * 11) % 19) as f64 / 19.0 - 0.4);
        }
        (i % 3) as u8
    };
    let mut plain = Trainer::<N, SoftmaxCrossEntropy<3>, O, 1>::boxed();
    let mut piped = Trainer::<N, SoftmaxCrossEntropy<3>, O, 1>::boxed();
    let (mut batch, mut pair) = (Batch::<N::In, u8, 1>::boxed(), Batch::<N::In, u8, 2>::boxed());
    plain.reset(4, optimizer).unwrap();
    piped.reset(4, optimizer).unwrap();
    for samples in [0, 1, 2, 30] {
        let expected = plain.epoch(&mut batch, samples, fill).unwrap();
        assert_eq!(piped.pipelined_epoch(&mut pair, samples, fill).unwrap(), expected);
        assert_eq!(parameter_bits(piped.net()), parameter_bits(plain.net()));
        assert_eq!(piped.steps(), plain.steps());
    }
    // The state of the optimizer, too.
    let mut x = Tensor::<[N::In; 1]>::ZERO;
    let label = fill(7, Tensor::from_mut(&mut x.0[0]));
    assert_eq!(piped.step(&x, &[label]).unwrap(), plain.step(&x, &[label]).unwrap());
    assert_eq!(parameter_bits(piped.net()), parameter_bits(plain.net()));
}

#[test]
fn a_pipelined_epoch_has_the_same_bits() {
    let sgd = Sgd::new(0.1).unwrap();
    let adam = Adam::new(0.01).unwrap();
    assert_pipelined_is_the_same::<(Dense<17, 33>, Tanh<33>, Dropout<33>, Dense<33, 3>), _>(sgd);
    assert_pipelined_is_the_same::<(Dense<64, 32>, ReLU<32>, Dense<32, 3>), _>(adam);
    assert_pipelined_is_the_same::<(Dense<5, 150>, GELU<150>, Dense<150, 3>), _>(adam);
    assert_pipelined_is_the_same::<((Dense<3, 7>, ReLU<7>), (Dense<7, 7>, ReLU<7>), Dense<7, 3>), _>(sgd);
    assert_pipelined_is_the_same::<(Dense<33, 5>, ReLU<5>, Dense<5, 3>), _>(Momentum::new(0.1, 0.9).unwrap());
    assert_pipelined_is_the_same::<(Dense<1, 3>,), _>(sgd);
    assert_pipelined_is_the_same::<(Standardize<9>, Dense<9, 20>, Standardize<20>, Dense<20, 3>), _>(sgd);
    assert_pipelined_is_the_same::<(Frozen<Dense<9, 20>>, ReLU<20>, Regularized<Dense<20, 3>>), _>(adam);
    assert_pipelined_is_the_same::<(Dense<70, 17, f64>, Sigmoid<17, f64>, Dense<17, 3, f64>), _>(
        Adam::<f64>::new(0.01).unwrap(),
    );
}

#[test]
fn a_pipelined_epoch_ends_at_a_bad_sample() {
    type Small = Trainer<(Dense<3, 2, f64>,), SoftmaxCrossEntropy<2>, Sgd<f64>, 1>;
    let (mut plain, mut piped) = (Small::ZERO, Small::ZERO);
    let (mut batch, mut pair) = (Batch::ZERO, Batch::ZERO);
    assert_eq!(piped.pipelined_epoch(&mut pair, 5, sample).unwrap_err().error, StepError::NotReady);
    for bad in [0, 4, 9] {
        let fill = |i: usize, x: &mut Tensor<[f64; 3]>| {
            let label = sample(i, x);
            if i == bad { 7 } else { label }
        };
        for training in [&mut plain, &mut piped] {
            training.reset(4, Sgd::new(0.1).unwrap()).unwrap();
        }
        let expected = plain.epoch(&mut batch, 10, fill).unwrap_err();
        assert_eq!(piped.pipelined_epoch(&mut pair, 10, fill).unwrap_err(), expected);
        assert_eq!(parameter_bits(piped.net()), parameter_bits(plain.net()));
        assert_eq!(piped.steps(), plain.steps());
    }
}
