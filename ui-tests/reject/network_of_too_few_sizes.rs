// A layer with half of what it needs.
use stackprop::prelude::*;

type Net = stackprop::network!([20, 6] => Conv1d(16), ReLU);

fn main() {
    let _ = Net::ZERO;
}
