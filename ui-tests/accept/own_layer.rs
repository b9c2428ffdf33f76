//! A layer from outside the crate, between the crate's own.

use stackprop::layer::Elementwise;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

struct Square<const N: usize, T = f32> {
    numbers: core::marker::PhantomData<T>,
}
stackprop::zeroed!([const N: usize, T: Scalar] Square<N, T> { numbers });
stackprop::elementwise!(Square, apart);

impl<const N: usize, T: Scalar> Elementwise<T> for Square<N, T> {
    fn value(&self, x: T) -> T {
        x * x
    }
    fn derivative(&self, x: T) -> T {
        x + x
    }
}

fn main() {
    let mut training = Trainer::<(Dense<2, 4>, Square<4>, Dense<4, 1>), MeanSquaredError<1>, Adam, 1, Buffered>::ZERO;
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    training.step(&Matrix::new([[0.5, -0.5]]), &[[1.0]]).unwrap();
}
