// A step in slices.
use stackprop::prelude::*;

type Net = (Dense<4, 3>, Tanh<3>, Dense<3, 0>);

fn main() {
    let mut training: Box<Sliced<Net, MeanSquaredError<0>, Sgd, 1>> = Zeroed::boxed();
    let _ = training.begin(&[[0.0; 4]], &[Vector::ZERO]);
    let _ = training.poll(&[[0.0; 4]], &[Vector::ZERO]);
}
