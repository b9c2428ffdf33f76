//! The targets that losses and metrics take: labels of four types, tensors and plain arrays; in a full batch, a part of
//! one, an epoch and an evaluation.

use stackprop::prelude::*;

type Classes = Trainer<(Dense<2, 4>, Tanh<4>, Dense<4, 3>), SoftmaxCrossEntropy<3>, Sgd, 2>;
type Numbers = Trainer<(Dense<2, 4>, Tanh<4>, Dense<4, 1>), MeanSquaredError<1>, Momentum, 2>;

fn main() {
    let x = Matrix::new([[0.0, 1.0], [1.0, 0.0]]);

    let mut classes = Classes::ZERO;
    classes.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    classes.step(&x, &[0u8, 2]).unwrap();
    classes.step(&x, &[0u16, 2]).unwrap();
    classes.step(&x, &[0u32, 2]).unwrap();
    classes.step(&x, &[0usize, 2]).unwrap();
    classes.step(&x, &[Vector::one_hot(0), Vector::one_hot(2)]).unwrap();
    classes.step(&x, &[[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]).unwrap();
    classes.partial_step(&x.0[..1], &[2usize]).unwrap();

    let mut numbers = Numbers::ZERO;
    numbers.reset(1, Momentum::new(0.1, 0.9).unwrap()).unwrap();
    numbers.step(&x, &[Vector::new([0.5]), Vector::new([-0.5])]).unwrap();
    numbers.step(&x, &[[0.5], [-0.5]]).unwrap();
    let mut batch = Batch::ZERO;
    numbers.epoch(&mut batch, 3, |i, x| Vector::new([x[0] + i as f32])).unwrap();

    let mut metrics = (MeanAbsolute::default(), (RSquared::default(), BinaryAccuracy::of_probabilities()));
    numbers.evaluate(&mut batch, 3, |i, _| Vector::new([i as f32]), &mut metrics).unwrap();
    numbers.evaluate(&mut Batch::ZERO, 3, |i, _| [i as f32], &mut metrics).unwrap();

    let mut metrics = (Accuracy::default(), (TopK::<2>::default(), (ConfusionMatrix::<3>::default(), ())));
    classes.evaluate(&mut Batch::ZERO, 3, |i, _| i as u8, &mut metrics).unwrap();
    classes.evaluate(&mut Batch::ZERO, 3, |i, _| i as u16, &mut metrics).unwrap();
    classes.evaluate(&mut Batch::ZERO, 3, |i, _| i as u32, &mut metrics).unwrap();
    classes.evaluate(&mut Batch::ZERO, 3, |i, _| i, &mut metrics).unwrap();
    classes.evaluate(&mut Batch::ZERO, 3, |i, _| Vector::one_hot(i), &mut metrics).unwrap();
    classes.evaluate(&mut Batch::ZERO, 3, |i, _| Vector::<3>::one_hot(i).0, &mut metrics).unwrap();
}
