//! Sizes of 0, and sizes beyond 32 bits. What the compiler refuses is in `ui-tests`.

use stackprop::layer::size::{Axis, Padded, Same, Slide, Valid, same, span, transposed, valid};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

/// All three products of an `A` x `B` with a `B` x `C` matrix beside plain sums; a sum of nothing is 0.
fn products<T: Scalar, const A: usize, const B: usize, const C: usize>() {
    let number = |i: usize| T::from_f64((i % 7) as f64 - 2.5);
    let (left, right) = (Matrix::<A, B, T>::from_fn(number), Matrix::<B, C, T>::from_fn(number));
    let mut expected = Matrix::<A, C, T>::ZERO;
    for a in 0..A {
        for c in 0..C {
            for b in 0..B {
                expected[a][c] += left[a][b] * right[b][c];
            }
        }
    }
    let mut out = Matrix::filled(T::ONE);
    left.mul_to(&right, &mut out);
    assert_eq!(out, expected, "{A} x {B} x {C}");
    let mut out = Matrix::filled(T::ONE);
    left.transpose().tr_mul_to(&right, &mut out);
    assert_eq!(out, expected, "{A} x {B} x {C}, transposed");
    let mut out = Matrix::filled(T::ONE);
    left.mul_tr_to(&right.transpose(), &mut out);
    assert_eq!(out, expected, "{A} x {B} x {C}, by the transpose");
}

#[test]
fn products_of_empty_matrices() {
    fn all<T: Scalar>() {
        products::<T, 0, 3, 5>();
        products::<T, 3, 0, 5>();
        products::<T, 3, 5, 0>();
        products::<T, 40, 0, 70>();
        products::<T, 70, 17, 0>();
        products::<T, 0, 70, 40>();
        products::<T, 1, 0, 1>();
        products::<T, 0, 0, 0>();
        products::<T, 5, 17, 33>();
    }
    all::<f32>();
    all::<f64>();
}

/// Empty tensors have no sum, no largest number and no place of one, and none of that is a panic.
#[test]
fn empty_tensors() {
    let empty = Matrix::<3, 0>::ZERO;
    assert_eq!((empty.sum(), empty.norm(), empty.argmax(), empty.as_slice().len()), (0.0, 0.0, 0, 0));
    assert_eq!((empty.max(), empty.min()), (f32::NEG_INFINITY, f32::INFINITY));
    assert!(empty.is_finite());
    assert_eq!(empty.transpose().rows().count(), 0);
    assert_eq!(Matrix::<0, 3>::ZERO.sum_rows(), Vector::ZERO);
}

/// The formulas of sizes give 0 where there is no window, whatever is 0.
#[test]
fn windows_of_nothing() {
    assert_eq!((span(0, 3), span(1, 0), valid(5, 0, 1, 1), valid(5, 3, 0, 1), same(5, 0)), (0, 1, 0, 0, 0));
    assert_eq!((transposed(0, 3, 2, 1), transposed(4, 3, 2, 1)), (0, 9));
    fn positions<S: Slide>(size: usize, kernel: usize) -> [usize; 2] {
        let axis = Axis::new::<S>(size, kernel);
        [axis.positions(), axis.before()]
    }
    for size in [0, 1, 5] {
        assert_eq!(positions::<Valid>(size, 0), [0, 0]);
        assert_eq!(positions::<Valid<0>>(size, 3), [0, 0]);
        assert_eq!(positions::<Same<1, 0>>(size, 3)[0], 0);
        assert_eq!(positions::<Same<0>>(size, 3)[0], 0);
        assert_eq!(positions::<Padded<2, 0>>(size, 3)[0], 0);
    }
    assert_eq!(positions::<Padded<2>>(0, 3)[0], 0);
    assert_eq!(positions::<Same>(0, 3)[0], 0);
    assert_eq!(positions::<Same<2>>(7, 4), [4, 1]);
}

/// Multiply-adds are counted in 64 bits, on a target of 32 bits, too: there it is `firmware` that builds such a
/// network.
#[test]
fn counts_beyond_32_bits() {
    type Image = Conv2d<56, 56, 512, 56, 56, 512, 3, 3, Same>;
    assert_eq!(Image::COST.forward, 7_398_752_256);
    assert_eq!(Image::COST.step(), 2 * 7_398_752_256);
    type Training = Trainer<(Image, GlobalAvgPool2d<56, 56, 512>), MeanSquaredError<512>, Sgd, 2>;
    assert_eq!(Training::FORWARD_MULTIPLY_ADDS, 7_398_752_256);
    assert_eq!(Training::STEP_MULTIPLY_ADDS, 4 * 7_398_752_256);
    type Sequence = (MultiHeadAttention<2048, 512, 8, 64>, Lstm<2048, 512, 512>);
    let (projection, pairs, gates) = (2048u64 * 512 * 512, 2048u64 * 2048, 4 * 512u64 * 512 * (2048 + 2047));
    assert_eq!(Sequence::COST.forward, 4 * projection + 2 * pairs * 512 + gates);
    type Long = Sliced<Dense<4096, 4096>, MeanSquaredError<4096>, Sgd, 1024>;
    assert_eq!(Long::SLICE_MULTIPLY_ADDS, 1024 * 2 * 8 * 4096);
    assert_eq!(<Dense<4096, 4096> as Infer>::COST.step(), 2 * 4096 * 4096);
}
