//! Dropout: nothing in use; in training a mask that follows from seed, step, layer, sample and unit.

use stackprop::prelude::*;

mod common;
use common::run::{bits, uniform};

const N: usize = 1000;

/// Which units of a batch of ones stay, after checking that those are scaled.
fn mask<const B: usize>(dropout: &Dropout<N>, seed: u64) -> Vec<bool> {
    let mut tape = Tape::<_, B>::boxed();
    tape.set_seed(seed);
    let x = Box::new(Tensor::<[[f32; N]; B]>::filled(1.0));
    let y = tape.forward(dropout, &x);
    let scaled = 1.0 / (1.0 - dropout.rate());
    assert!(y.as_slice().iter().all(|&y| y == 0.0 || y == scaled));
    y.as_slice().iter().map(|&y| y != 0.0).collect()
}

fn share(mask: &[bool]) -> f64 {
    mask.iter().filter(|&&kept| kept).count() as f64 / mask.len() as f64
}

/// The share of places where two masks agree.
fn agreement(a: &[bool], b: &[bool]) -> f64 {
    share(&a.iter().zip(b).map(|(a, b)| a == b).collect::<Vec<_>>())
}

#[test]
fn in_use_it_is_nothing() {
    let net = (Dropout::<7>::with_rate(0.9).unwrap(),);
    let x = uniform::<[[f32; 7]; 5]>(1);
    let mut workspace = Workspace::<_, 5>::ZERO;
    assert_eq!(bits(workspace.infer_batch(&net, &x).as_slice()), bits(x.as_slice()));
}

#[test]
fn units_are_dropped_at_the_rate() {
    for rate in [0.0, 0.1, 0.5, 0.75, 0.99] {
        let kept = share(&mask::<50>(&Dropout::with_rate(rate).unwrap(), 3));
        // Four standard deviations of 50,000 draws.
        let deviation = (rate * (1.0 - rate) / 50_000.0).sqrt();
        assert!((kept - f64::from(1.0 - rate)).abs() <= f64::from(4.0 * deviation), "{rate}: {kept}");
    }
    assert_eq!(share(&mask::<5>(&Dropout::with_rate(0.0).unwrap(), 3)), 1.0);
}

#[test]
fn every_unit_and_sample_is_dropped_at_the_rate() {
    let mask = mask::<200>(&Dropout::with_rate(0.25).unwrap(), 5);
    for sample in mask.chunks(N) {
        assert!((share(sample) - 0.75).abs() < 0.07);
    }
    for unit in 0..N {
        let column: Vec<bool> = mask.iter().skip(unit).step_by(N).copied().collect();
        assert!((share(&column) - 0.75).abs() < 0.16, "{unit}");
    }
}

#[test]
fn samples_units_and_seeds_are_independent() {
    let dropout = Dropout::with_rate(0.5).unwrap();
    let first = mask::<20>(&dropout, 1);
    assert_eq!(first, mask::<20>(&dropout, 1));
    assert!((agreement(&first, &mask::<20>(&dropout, 2)) - 0.5).abs() < 0.02, "another seed");
    assert!((agreement(&first[1..], &first) - 0.5).abs() < 0.02, "the next unit");
    assert!((agreement(&first[N..], &first) - 0.5).abs() < 0.02, "the next sample");
    // A sample's mask doesn't depend on the size of the batch.
    assert_eq!(first[..3 * N], mask::<3>(&dropout, 1));
}

#[test]
fn backward_has_the_same_mask() {
    let mut dropout = Dropout::<33>::with_rate(0.4).unwrap();
    let mut tape = Tape::<_, 5>::ZERO;
    tape.set_seed(7);
    let (x, dy) = (uniform::<[[f32; 33]; 5]>(1), Tensor::filled(2.0));
    let y = *tape.forward(&dropout, &x);
    let dx = *tape.backward(&mut dropout, &x, &dy);
    let factor = 1.0 / (1.0 - 0.4);
    for ((x, y), dx) in x.as_slice().iter().zip(y.as_slice()).zip(dx.as_slice()) {
        assert!((*y == 0.0 && *dx == 0.0) || (*y == x * factor && *dx == 2.0 * factor));
    }
}

/// y = Σ of 64 units of a dropout layer over ones: its loss with target 0 tells how many units were kept.
type Count = (Dropout<64, f64>, Dropout<64, f64>, Dense<64, 1, f64>);

/// How many units are kept in each of `steps` steps, for `B` samples that are all ones.
fn kept<const B: usize>(seed: u64, steps: usize) -> Vec<f64> {
    let mut training = Trainer::<Count, MeanSquaredError<1>, Sgd<f64>, B>::boxed();
    training.net_mut().0.set_rate(0.3).unwrap();
    training.net_mut().1.set_rate(0.0).unwrap();
    training.net_mut().2.set(&[[0.7]; 64], &[0.0]);
    training.resume(seed, Sgd::new(0.0).unwrap()).unwrap();
    let (x, target) = (Tensor::filled(1.0), [Vector::new([0.0]); B]);
    (0..steps).map(|_| training.step(&x, &target).unwrap().sqrt()).collect()
}

#[test]
fn each_step_has_a_mask_of_its_own() {
    let counts = kept::<1>(1, 200);
    assert_eq!(counts, kept::<1>(1, 200), "the same seed, the same masks");
    assert_ne!(counts, kept::<1>(2, 200), "another seed, other masks");
    let mean = counts.iter().sum::<f64>() / 200.0;
    let variance = counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / 200.0;
    // Binomial: 64 · 0.7 = 44.8 with variance 13.44, within four standard errors.
    assert!((mean - 44.8).abs() < 1.1 && (variance - 13.44).abs() < 5.4, "{mean} {variance}");
    assert!(counts.iter().all(|c| (c - c.round()).abs() < 1e-9));
}

#[test]
fn each_layer_has_a_mask_of_its_own() {
    let net = (Dropout::<N>::with_rate(0.5).unwrap(), Dropout::<N>::with_rate(0.5).unwrap());
    let mut tape = Tape::<_, 10>::boxed();
    let x = Box::new(Tensor::filled(1.0));
    // If the masks were the same, half of the units would stay, not a quarter.
    let kept = share(&tape.forward(&net, &x).as_slice().iter().map(|&y| y != 0.0).collect::<Vec<_>>());
    assert!((kept - 0.25).abs() < 0.02, "{kept}");
}

#[test]
fn each_micro_batch_has_a_mask_of_its_own() {
    let mut training = Trainer::<Count, MeanSquaredError<1>, Sgd<f64>, 1, Buffered>::boxed();
    training.net_mut().2.set(&[[1.0]; 64], &[0.0]);
    training.resume(1, Sgd::new(0.0).unwrap()).unwrap();
    let losses: Vec<f64> = (0..20).map(|_| training.accumulate(&[[1.0; 64]], &[Vector::new([0.0])]).unwrap()).collect();
    assert!(losses.windows(2).filter(|pair| pair[0] != pair[1]).count() > 10, "{losses:?}");
}
