//! The dense layer alone: y, dx, dw and db. The numbers lie on a grid of 1/256, so that every sum is exact in f32, too.

#[macro_use]
mod common;

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
