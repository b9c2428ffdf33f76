//! Batch normalisation of one position, within other layers, in micro-batches of one sample.

use stackprop::prelude::*;

type Norm = BatchNorm1d<1, 4>;
type Net = (Dense<2, 4>, Reshape<[f32; 4], [[f32; 4]; 1]>, Residual<(Regularized<Norm>,)>, Flatten<[[f32; 4]; 1], 4>);

fn main() {
    let mut training = Trainer::<Net, MeanSquaredError<4>, Sgd, 1, Buffered>::boxed();
    training.accumulate(&[[0.0, 1.0]], &[[1.0; 4]]).unwrap();
}
