//! The notebook that the project started from, cell by cell: its numbers, computed by the library's types.
//!
//! Each function below is a cell: the formula, the values that the notebook prints, and the calls that give them. Where the notebook slips,
//! the comment says so and the test asserts the correct value. The fixture has the same values with all their digits.

mod common;

use common::{Case, compare, suite};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

/// A neuron with ReLU: z = Σᵢ xᵢ wᵢ + b and y = max(z, 0).
///
/// x = [1, -2, 3], w = [-3, -1, 2] and b = 1 give z = -3 + 2 + 6 + 1 = 6 and y = 6. The gradient from above is 1. By the chain rule
/// ∂y/∂xᵢ = y' wᵢ, ∂y/∂wᵢ = y' xᵢ and ∂y/∂b = y', with y' = 1 where z > 0 and else 0. Printed: dx = [-3, -1, 2], dw = [1, -2, 3], db = 1.
///
/// The notebook has a derivative by each product xᵢ wᵢ, and takes `d_relu_dxw2` for `x1`, where that by x1 w1 belongs. The derivative of a sum
/// by each of its terms is 1, so both are y' and the printed value is right all the same.
fn neuron<T: Scalar>(case: &Case) {
    let weight: Vector<3, T> = case.tensor("w");
    let dense = Dense::<3, 1, T>::new(weight.reshape().0, case.tensor("b").0);
    let (x, dy) = (case.tensor("x"), case.tensor("d_val"));
    let mut sum = Tape::<_, 1>::ZERO;
    case.check("z", sum.forward(&dense, &x).as_slice());

    let mut neuron = (dense, ReLU::<1, T>::new());
    let mut tape = Tape::<_, 1>::ZERO;
    case.check("y", tape.forward(&neuron, &x).as_slice());
    case.check("dx", tape.backward(&mut neuron, &x, &dy).as_slice());
    let (mut dw, mut db) = (Matrix::<3, 1, T>::ZERO, Vector::<1, T>::ZERO);
    assert!(tape.gradient(&mut neuron, "0.weight", &mut dw) && tape.gradient(&mut neuron, "0.bias", &mut db));
    case.check("dw", dw.as_slice());
    case.check("db", db.as_slice());
}

/// A dense layer of 3 neurons with 4 inputs, on a batch of 3: y = x W + b, so dx = dy Wᵀ, dW = xᵀ dy and db = Σ dy over the batch.
///
/// The rows of dy are 1, 2 and 3. Printed:
/// dx = [[0.44, -0.38, -0.07, 1.37], [0.88, -0.76, -0.14, 2.74], [1.32, -1.14, -0.21, 4.11]],
/// dW = [[0.5, 0.5, 0.5], [20.1, 20.1, 20.1], [10.9, 10.9, 10.9], [4.1, 4.1, 4.1]],
/// db = [6, 6, 6].
fn dense_layer<T: Scalar>(case: &Case) {
    let mut layer = Dense::<4, 3, T>::new(case.tensor("w").0, [T::ZERO; 3]);
    let (x, dy) = (case.tensor("x"), case.tensor("dy"));
    let mut tape = Tape::<_, 3>::ZERO;
    tape.forward(&layer, &x);
    case.check("dx", tape.backward(&mut layer, &x, &dy).as_slice());
    let (mut dw, mut db) = (Matrix::<4, 3, T>::ZERO, Vector::<3, T>::ZERO);
    assert!(tape.gradient(&mut layer, "weight", &mut dw) && tape.gradient(&mut layer, "bias", &mut db));
    case.check("dw", dw.as_slice());
    case.check("db", db.as_slice());
}

/// ReLU backward: dx = dy where x > 0, else 0.
///
/// dy counts from 1 to 12. Printed: [[1, 2, 0, 0], [5, 0, 0, 8], [0, 10, 11, 0]].
fn relu_backward<T: Scalar>(case: &Case) {
    let (mut relu, mut tape) = (ReLU::<4, T>::new(), Tape::<_, 3>::ZERO);
    let (x, dy) = (case.tensor("x"), case.tensor("dy"));
    tape.forward(&relu, &x);
    case.check("dx", tape.backward(&mut relu, &x, &dy).as_slice());
}

/// The Jacobian of softmax from its output s: J = diag(s) - s sᵀ.
///
/// s = [0.7, 0.1, 0.2]. Printed: [[0.21, -0.07, -0.14], [-0.07, 0.09, -0.02], [-0.14, -0.02, 0.16]].
///
/// The layer's backward pass gives J dy without the matrix: with dy = 1 at one class and 0 elsewhere, that column. The logits that lead
/// to s are ln s.
fn softmax_jacobian<T: Scalar>(case: &Case) {
    let s: Vector<3, T> = case.tensor("s");
    let mut jacobian = Matrix::ZERO;
    Softmax::jacobian(&s, &mut jacobian);
    case.check("jac", jacobian.as_slice());

    let (mut softmax, mut tape) = (Softmax::<3, T>::new(), Tape::<_, 3>::ZERO);
    let logits = Tensor([s.map(T::ln).0; 3]);
    tape.forward(&softmax, &logits);
    let each_class = Tensor([0, 1, 2].map(|class| Vector::one_hot(class).0));
    case.check("jac", tape.backward(&mut softmax, &logits, &each_class).as_slice());
}

/// The gradient of the L1 penalty: L = λ Σ|w|, so ∂L/∂w = λ sign(w), and 0 at w = 0.
///
/// Printed for λ = 1: [[1, 1, -1, 1], [1, -1, 1, -1], [-1, -1, 1, 1]].
///
/// The notebook writes ±1 without multiplying by λ, which is right for λ = 1 alone. Here λ = 1/4 gives a quarter of it.
fn l1_gradient<T: Scalar>(case: &Case) {
    for factor in [1.0, 0.25] {
        let mut layer = Regularized::new(Dense::<3, 4, T>::new(case.tensor("w").0, [T::ZERO; 4]));
        let weight_l1 = T::from_f64(factor * case.attr("lambda"));
        layer.set_penalty(Penalty { weight_l1, ..Penalty::default() }).unwrap();

        let mut tape = Tape::<_, 1>::ZERO;
        tape.forward(&layer, &Matrix::ZERO);
        tape.backward(&mut layer, &Matrix::ZERO, &Matrix::ZERO);
        let mut gradient = Matrix::<3, 4, T>::ZERO;
        assert!(tape.gradient(&mut layer, "weight", &mut gradient));
        let expected: Vec<f64> = case.values("dl1").iter().map(|sign| factor * sign).collect();
        compare("l1 gradient", &expected, gradient.as_slice(), 0.0);
    }
}

#[test]
fn every_cell() {
    let cases = suite(include_str!("fixtures/seed_notebook.txt"));
    for case in &cases {
        let in_f64_and_f32: [fn(&Case); 2] = match case.name.as_str() {
            "single_neuron_relu" => [neuron::<f64>, neuron::<f32>],
            "dense_layer" => [dense_layer::<f64>, dense_layer::<f32>],
            "relu_backward" => [relu_backward::<f64>, relu_backward::<f32>],
            "softmax_jacobian" => [softmax_jacobian::<f64>, softmax_jacobian::<f32>],
            "l1_gradient" => [l1_gradient::<f64>, l1_gradient::<f32>],
            other => panic!("cell {other} is not covered"),
        };
        in_f64_and_f32.iter().for_each(|cell| cell(case));
    }
    assert_eq!(cases.len(), 5);
}
