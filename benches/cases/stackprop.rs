//! stackprop: the trainer as a user has it.

use std::hint::black_box;

use ::stackprop::parameter::{Info, Role, Visitor, visit_values};
use ::stackprop::prelude::*;
use ::stackprop::scalar::Scalar;
use ::stackprop::tensor::Array;

use super::{Data, Training};

/// One hidden layer.
pub type Shallow<T, const IN: usize, const HIDDEN: usize, const OUT: usize> =
    (Dense<IN, HIDDEN, T>, ReLU<HIDDEN, T>, Dense<HIDDEN, OUT, T>);

/// Two hidden layers.
pub type Deep<T, const IN: usize, const FIRST: usize, const SECOND: usize, const OUT: usize> =
    (Dense<IN, FIRST, T>, ReLU<FIRST, T>, Dense<FIRST, SECOND, T>, ReLU<SECOND, T>, Dense<SECOND, OUT, T>);

/// A network in training on one batch.
pub struct Stackprop<T: Scalar, N, O, const OUT: usize, const BATCH: usize>
where
    N: Layer<T = T, Out = [T; OUT]>,
    O: Optimizer<T = T>,
{
    trainer: Box<Trainer<N, SoftmaxCrossEntropy<OUT>, O, BATCH>>,
    x: Box<Tensor<[N::In; BATCH]>>,
    labels: [u8; BATCH],
}

impl<T: Scalar, N, O, const OUT: usize, const BATCH: usize> Stackprop<T, N, O, OUT, BATCH>
where
    N: Layer<T = T, Out = [T; OUT]>,
    O: Optimizer<T = T>,
{
    pub fn new(data: &Data<T>, optimizer: O) -> Self {
        let mut trainer = Trainer::<N, SoftmaxCrossEntropy<OUT>, O, BATCH>::boxed();
        visit_values(trainer.net_mut(), &mut Weights(data.weights.iter()));
        trainer.resume(1, optimizer).expect("a learning rate");
        let mut x = <Tensor<[N::In; BATCH]> as Zeroed>::boxed();
        x.as_mut_slice().copy_from_slice(&data.x);
        Self { trainer, x, labels: data.labels.as_slice().try_into().expect("a full batch") }
    }
}

impl<T: Scalar, N, O, const OUT: usize, const BATCH: usize> Training for Stackprop<T, N, O, OUT, BATCH>
where
    N: Layer<T = T, Out = [T; OUT]>,
    O: Optimizer<T = T>,
{
    type T = T;
    const LIBRARY: &'static str = "stackprop";

    fn forward(&mut self) -> &[T] {
        self.trainer.infer_batch(black_box(&self.x)).expect("ready").as_slice()
    }

    fn step(&mut self) -> T {
        self.trainer.step(black_box(&self.x), black_box(&self.labels)).expect("finite numbers")
    }
}

/// Sets the weights of one layer after the other.
struct Weights<'d, T>(std::slice::Iter<'d, Vec<T>>);

impl<T: Scalar, K: ::stackprop::optimizer::Copies, G: ::stackprop::optimizer::Copies> Visitor<T, K, G>
    for Weights<'_, T>
{
    fn visit<A: Array<T = T>>(&mut self, info: Info, values: &mut A, _: &mut K::Of<A>, _: &mut G::Of<A>) {
        if info.role == Role::Weight {
            for (i, &weight) in self.0.next().expect("a layer's weights").iter().enumerate() {
                values.flat_mut()[info.place(i)] = weight;
            }
        }
    }
}
