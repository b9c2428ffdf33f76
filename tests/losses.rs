//! Losses: the loss of each sample and of the batch, and the gradient, which includes 1/batch.

#[macro_use]
mod common;

use common::{Case, suite};
use stackprop::loss::Compares;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

/// The losses of a batch and their gradient; `loss` and `gradient` must say the same loss.
fn compared<const BATCH: usize, const N: usize, T: Scalar, Y>(
    loss: &impl Compares<[T; N], Y>,
    y: &Matrix<BATCH, N, T>,
    targets: &[Y; BATCH],
) -> (Vector<BATCH, T>, Matrix<BATCH, N, T>) {
    let mut dy = Matrix::ZERO;
    let losses = Vector::from_fn(|i| {
        loss.check(&targets[i]).unwrap();
        let value = loss.gradient(&y.0[i], &targets[i], T::ONE / T::from_usize(BATCH), &mut dy.0[i]);
        assert!(value == loss.loss(&y.0[i], &targets[i]));
        value
    });
    (losses, dy)
}

/// Compares with the losses of a name, of samples where the case has them, and of the batch.
fn check_losses<const BATCH: usize, T: Scalar>(case: &Case, name: &str, losses: &Vector<BATCH, T>) {
    let of_samples = format!("sample_{name}");
    if case.has(&of_samples) {
        case.check(&of_samples, losses.as_slice());
    }
    case.check(name, &[losses.mean()]);
}

/// A loss against targets that are numbers.
fn against_numbers<const BATCH: usize, const N: usize, T: Scalar>(
    case: &Case,
    loss: impl Compares<[T; N], Vector<N, T>>,
    [y, dx]: [&str; 2],
) {
    let targets: Matrix<BATCH, N, T> = case.tensor("target");
    let (losses, gradient) = compared(&loss, &case.tensor(y), &targets.0.map(Tensor));
    check_losses::<BATCH, T>(case, "loss", &losses);
    case.check(dx, gradient.as_slice());
}

fn labels<const BATCH: usize>(case: &Case) -> [usize; BATCH] {
    case.indices("target").try_into().unwrap()
}

/// A loss against labels, and against the same labels as one-hot vectors.
fn against_labels<const BATCH: usize, const N: usize, T: Scalar>(
    case: &Case,
    loss: impl Compares<[T; N], usize> + Compares<[T; N], Vector<N, T>>,
    [y, dx]: [&str; 2],
) {
    let (labels, y) = (labels::<BATCH>(case), case.tensor(y));
    let one_hot = labels.map(Vector::<N, T>::one_hot);
    for (losses, gradient) in [compared(&loss, &y, &labels), compared(&loss, &y, &one_hot)] {
        check_losses::<BATCH, T>(case, "loss", &losses);
        case.check(dx, gradient.as_slice());
    }
}

/// The fused loss in two steps, as in the NNFS book: softmax, then cross-entropy on probabilities that are clipped.
fn in_two_steps<const BATCH: usize, const N: usize, T: Scalar>(case: &Case) {
    let x: Matrix<BATCH, N, T> = case.tensor("x");
    let mut softmax = Softmax::new();
    let mut tape = Tape::<Softmax<N, T>, BATCH>::ZERO;
    let probabilities = *tape.forward(&softmax, &x);
    case.check("probs", probabilities.as_slice());
    let (losses, dy) = compared(&CategoricalCrossEntropy::<N>::default(), &probabilities, &labels(case));
    check_losses(case, "loss_clipped", &losses);
    // Where a probability is 0 its logit has no gradient this way; the fused one has.
    if !case.name.contains("saturated") {
        case.check("dx", tape.backward(&mut softmax, &x, &dy).as_slice());
    }
}

fn loss<const BATCH: usize, const N: usize, T: Scalar>(case: &Case) {
    const CLIPPED: [&str; 2] = ["probs", "dx_clipped"];
    const PLAIN: [&str; 2] = ["x", "dx"];
    let delta = || T::from_f64(case.attr("delta"));
    match case.op.as_str() {
        "cce_probs" => against_labels::<BATCH, N, T>(case, CategoricalCrossEntropy::default(), CLIPPED),
        "softmax_cce" => {
            against_labels::<BATCH, N, T>(case, SoftmaxCrossEntropy::default(), PLAIN);
            in_two_steps::<BATCH, N, T>(case);
        }
        "softmax_cce_dense" => against_numbers::<BATCH, N, T>(case, SoftmaxCrossEntropy::default(), PLAIN),
        "bce_probs" => against_numbers::<BATCH, N, T>(case, BinaryCrossEntropy::default(), CLIPPED),
        "bce_logits" => against_numbers::<BATCH, N, T>(case, SigmoidCrossEntropy::default(), PLAIN),
        "mse" => against_numbers::<BATCH, N, T>(case, MeanSquaredError::default(), PLAIN),
        "mae" => against_numbers::<BATCH, N, T>(case, MeanAbsoluteError::default(), PLAIN),
        "huber" => against_numbers::<BATCH, N, T>(case, Huber::with_delta(delta()).unwrap(), PLAIN),
        other => panic!("{}: operation {other} is not covered", case.name),
    }
}

#[test]
fn losses_and_gradients() {
    let cases = suite(include_str!("fixtures/losses.txt"));
    for case in &cases {
        let y = if case.has("probs") && !case.has("x") { "probs" } else { "x" };
        sized!(loss(case), case.shape(y);
            [3, 5] [1, 3] [4, 3] [3, 2] [1, 7] [4, 10] [2, 4] [2, 1] [3, 4] [4, 1] [1, 5] [1, 1] [4, 7]);
    }
    assert_eq!(cases.len(), 28);
}

/// An output that is NaN gives a loss that is NaN: a trainer then reports it and changes nothing.
#[test]
fn nan_shows_in_the_loss() {
    fn shows<Y>(loss: impl Compares<[f32; 2], Y>, target: Y) {
        assert!(loss.loss(&[0.5, f32::NAN], &target).is_nan());
    }
    shows(CategoricalCrossEntropy::default(), 1u8);
    shows(CategoricalCrossEntropy::default(), Vector::new([0.5, 0.5]));
    shows(SoftmaxCrossEntropy::default(), 0u8);
    shows(SoftmaxCrossEntropy::default(), Vector::new([0.5, 0.5]));
    shows(BinaryCrossEntropy::default(), Vector::new([1.0, 0.0]));
    shows(SigmoidCrossEntropy::default(), Vector::new([1.0, 0.0]));
    shows(MeanSquaredError::default(), Vector::new([1.0, 0.0]));
    shows(MeanAbsoluteError::default(), Vector::new([1.0, 0.0]));
    shows(Huber::with_delta(1.0).unwrap(), Vector::new([1.0, 0.0]));
}
