// Probabilities are those of a vector.
use stackprop::prelude::*;

type Net = stackprop::network!([20, 6] => Conv1d(7, 3, Same<2>), Softmax);

fn main() {
    let _ = Net::ZERO;
}
