// A sequence without steps, in a network that is trained.
use stackprop::prelude::*;

type Net = (Gru<0, 3, 4>, Last<0, 4>, Dense<4, 1>);

fn main() {
    let mut training = Trainer::<Net, MeanSquaredError<1>, Adam, 2>::boxed();
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    let _ = training.step(&Tensor::ZERO, &[Vector::new([1.0]); 2]);
}
