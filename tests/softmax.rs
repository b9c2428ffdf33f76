//! Softmax: y, dx, the Jacobian, and the logarithm of y that the fused loss computes.

#[macro_use]
mod common;

use common::{Case, suite};
use stackprop::loss::Compares;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

fn softmax<const BATCH: usize, const N: usize, T: Scalar>(case: &Case) {
    let (x, dy): (Matrix<BATCH, N, T>, _) = (case.tensor("x"), case.tensor("dy"));
    let mut layer = Softmax::<N, T>::new();
    let (mut tape, mut workspace) = (Tape::<_, BATCH>::ZERO, Workspace::<_, BATCH>::ZERO);
    let y = *tape.forward(&layer, &x);
    case.check("y", y.as_slice());
    case.check("dx", tape.backward(&mut layer, &x, &dy).as_slice());
    case.check("y", workspace.infer_batch(&layer, &x).as_slice());

    let mut jacobians = Tensor3::<BATCH, N, N, T>::ZERO;
    for (y, jacobian) in y.rows().zip(&mut jacobians.0) {
        Softmax::jacobian(y, Tensor::from_mut(jacobian));
    }
    case.check("jac", jacobians.as_slice());

    // The fused loss of a label is -ln of its probability.
    let loss = SoftmaxCrossEntropy::<N>::default();
    let log_softmax: Vec<T> = x.0.iter().flat_map(|x| (0..N).map(|label| -loss.loss(x, &label))).collect();
    case.check("log_softmax", &log_softmax);
}

#[test]
fn values_gradients_and_jacobians() {
    let cases = suite(include_str!("fixtures/softmax.txt"));
    for case in &cases {
        assert_eq!(case.op, "softmax");
        sized!(softmax(case), case.shape("x"); [3, 5] [1, 7] [2, 10] [3, 1] [2, 4] [5, 3] [1, 3]);
    }
    assert_eq!(cases.len(), 8);
}

/// NaN spreads over its own sample and no other; -∞ is a class that cannot be; +∞ has no limit.
#[test]
fn logits_that_are_not_finite() {
    let x = Matrix::<4, 2, f64>::new([[f64::NAN, 0.0], [1.0, 1.0], [f64::NEG_INFINITY, 3.0], [f64::INFINITY, 3.0]]);
    let mut tape = Tape::<Softmax<2, f64>, 4>::ZERO;
    let y = tape.forward(&Softmax::new(), &x).0;
    assert!(y[0].iter().chain(&y[3]).all(|y| y.is_nan()));
    assert_eq!(y[1..3], [[0.5, 0.5], [0.0, 1.0]]);
}
