// A sequence has no columns.
use stackprop::prelude::*;

type Net = stackprop::network!([20, 6] => Conv1d(7, 3), Conv2d(8, 3, 3), Flatten);

fn main() {
    let _ = Net::ZERO;
}
