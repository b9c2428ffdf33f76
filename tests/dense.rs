//! The dense layer alone: y, dx, dw and db. The numbers lie on a grid of 1/256, so that every sum is exact in f32, too.

#[macro_use]
mod common;

use common::run::bits;
use common::{Case, suite};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

fn dense<const BATCH: usize, const IN: usize, const OUT: usize, T: Scalar>(case: &Case) {
    let mut layer = Dense::<IN, OUT, T>::new(case.tensor("w").0, case.tensor("b").0);
    let (mut tape, mut workspace) = (Tape::<_, BATCH>::ZERO, Workspace::<_, BATCH>::ZERO);
    let (x, dy) = (case.tensor("x"), case.tensor("dy"));
    let exactly = |name: &str, values: &[T]| case.check_within(name, values, 0.0);

    exactly("y", tape.forward(&layer, &x).as_slice());
    exactly("dx", tape.backward(&mut layer, &x, &dy).as_slice());
    exactly("y", workspace.infer_batch(&layer, &x).as_slice());

    let (mut dw, mut db) = (Matrix::<IN, OUT, T>::ZERO, Vector::<OUT, T>::ZERO);
    assert!(tape.gradient(&mut layer, "weight", &mut dw) && tape.gradient(&mut layer, "bias", &mut db));
    exactly("dw", dw.as_slice());
    exactly("db", db.as_slice());
}

#[test]
fn values_and_gradients() {
    let cases = suite(include_str!("fixtures/dense.txt"));
    for case in &cases {
        assert_eq!(case.op, "dense");
        sized!(dense(case), ["batch", "in", "out"].map(|n| case.attr(n) as usize);
            [1, 1, 1] [1, 5, 7] [3, 5, 7] [4, 7, 3] [2, 16, 16] [5, 7, 3] [3, 13, 1] [2, 33, 17] [1, 8, 4] [7, 4, 8]);
    }
    assert_eq!(cases.len(), 10);
}

/// A sample has the same bits alone and in a batch where a sum is a zero of either sign: zeros times negative weights, and biases of -0.
fn zeros_of_both_signs<const IN: usize, const OUT: usize, T: Scalar>() {
    let layer = Dense::<IN, OUT, T>::new([[-T::ONE; OUT]; IN], [-T::ZERO; OUT]);
    let (mut alone, mut together) = (Workspace::<_, 1>::ZERO, Workspace::<_, 5>::ZERO);
    let alone = bits(alone.infer(&layer, &Tensor([T::ZERO; IN])).as_slice());
    for y in together.infer_batch(&layer, &Tensor([[T::ZERO; IN]; 5])).rows() {
        assert_eq!(bits(y.as_slice()), alone, "{IN} x {OUT}");
    }
}

#[test]
fn zeros_alone_and_in_a_batch() {
    zeros_of_both_signs::<9, 3, f32>();
    zeros_of_both_signs::<16, 5, f32>();
    zeros_of_both_signs::<7, 3, f64>();
    zeros_of_both_signs::<33, 3, f32>();
    zeros_of_both_signs::<5, 17, f32>();
}
