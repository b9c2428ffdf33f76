//! Metrics, by values computed by hand.

use stackprop::prelude::*;

/// Outputs for three classes.
const OUTPUTS: [[f32; 3]; 6] =
    [[0.7, 0.2, 0.1], [0.3, 0.4, 0.3], [0.5, 0.5, 0.0], [0.1, 0.2, 0.7], [f32::NAN, 0.6, 0.4], [0.2, 0.3, 0.5]];
/// Right, right, wrong (the first of equals is taken), right, wrong (not finite), wrong.
const LABELS: [u8; 6] = [0, 1, 1, 2, 1, 0];

fn all<M: Metric<[f32; 3], u8> + Default>() -> M {
    let mut metric = M::default();
    for (output, label) in OUTPUTS.iter().zip(&LABELS) {
        metric.add(Tensor::from_ref(output), label);
    }
    metric
}

#[test]
fn accuracy() {
    let accuracy = all::<Accuracy>();
    assert_eq!((accuracy.hits, accuracy.samples, accuracy.value()), (3, 6, 3.0 / 6.0));
    assert_eq!(Accuracy::default().value(), 0.0);
}

#[test]
fn accuracy_of_other_targets() {
    let mut accuracy = Accuracy::default();
    let output = Vector::new([0.1, 0.9]);
    accuracy.add(&output, &Vector::<2>::one_hot(1));
    accuracy.add(&output, &Vector::new([0.6, 0.4]));
    accuracy.add(&output, &1usize);
    accuracy.add(&output, &0u16);
    assert_eq!((accuracy.hits, accuracy.samples), (2, 4));
}

#[test]
fn top_k() {
    // The own class is largest in three; among two, sample 2's tie is in; sample 5's own class is the smallest; sample
    // 4 isn't finite.
    assert_eq!(all::<TopK<1>>().hits, all::<Accuracy>().hits);
    assert_eq!((all::<TopK<2>>().hits, all::<TopK<2>>().value()), (4, 4.0 / 6.0));
    assert_eq!(all::<TopK<3>>().hits, 5);
    assert_eq!(all::<TopK<9>>().hits, 5);
    assert_eq!((all::<TopK<0>>().hits, TopK::<2>::default().value()), (0, 0.0));
}

#[test]
fn nan_is_never_among_the_largest() {
    let mut top = TopK::<3>::default();
    top.add(&Vector::new([f32::NAN, 1.0, 2.0]), &0u8);
    assert_eq!((top.hits, top.samples), (0, 1));
}

#[test]
fn confusion_matrix() {
    let matrix = all::<ConfusionMatrix<3>>();
    assert_eq!((matrix.counts, matrix.non_finite), ([[1, 0, 1], [1, 1, 0], [0, 0, 1]], [0, 1, 0]));
    assert_eq!((matrix.samples(), matrix.accuracy()), (6, 3.0 / 6.0));
    assert_eq!([0, 1, 2, 3].map(|class| matrix.recall(class)), [1.0 / 2.0, 1.0 / 3.0, 1.0, 0.0]);
    assert_eq!([0, 1, 2, 3].map(|class| matrix.precision(class)), [1.0 / 2.0, 1.0, 1.0 / 2.0, 0.0]);
    let empty = ConfusionMatrix::<3>::default();
    assert_eq!((empty.accuracy(), empty.recall(0), empty.precision(0)), (0.0, 0.0, 0.0));
}

#[test]
fn two_at_once() {
    let (accuracy, (top, matrix)) = all::<(Accuracy, (TopK<2>, ConfusionMatrix<3>))>();
    assert_eq!((accuracy.hits, top.hits, matrix.samples()), (3, 4, 6));
}

#[test]
fn mean_absolute_error() {
    let mut mean = MeanAbsolute::default();
    assert_eq!(mean.value(), 0.0);
    mean.add(&Vector::new([1.0, 2.0]), &Vector::new([1.5, 0.0]));
    mean.add(&Vector::new([-1.0, 4.0]), &Vector::new([1.0, 4.0]));
    assert_eq!(mean.value(), (0.5 + 2.0 + 2.0 + 0.0) / 4.0);
}

#[test]
fn r_squared() {
    let mut r2 = RSquared::default();
    // Targets 1, 2, 3, 6 with mean 3 and Σ(t - 3)² = 14; residuals 0.5, 0, -1, 0.5 with Σ = 1.5.
    r2.add(&Vector::new([0.5, 2.0]), &Vector::new([1.0, 2.0]));
    r2.add(&Vector::new([4.0, 5.5]), &Vector::new([3.0, 6.0]));
    assert!((r2.value() - (1.0 - 1.5 / 14.0)).abs() < 1e-15);

    // The mean explains nothing, the targets explain all; a large offset loses no digits.
    let (mut mean, mut exact) = (RSquared::default(), RSquared::default());
    for t in [1e9, 1e9 + 1.0, 1e9 + 2.0] {
        mean.add(&Vector::new([1e9 + 1.0]), &Vector::new([t]));
        exact.add(&Vector::new([t]), &Vector::new([t]));
    }
    assert_eq!((mean.value(), exact.value()), (0.0, 1.0));
}

#[test]
fn r_squared_of_equal_targets_is_nan() {
    let mut r2 = RSquared::default();
    assert!(r2.value().is_nan());
    r2.add(&Vector::new([3.0, 3.0]), &Vector::new([3.0, 3.0]));
    assert!(r2.value().is_nan());
    r2.add(&Vector::new([4.0, 3.0]), &Vector::new([3.0, 3.0]));
    assert!(r2.value().is_nan());
}
