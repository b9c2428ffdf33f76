// An image has to be flattened before a dense layer.
use stackprop::prelude::*;

type Net = stackprop::network!([28, 28, 1] => Conv2d(8, 3, 3), ReLU, Dense(10));

fn main() {
    let _ = Net::ZERO;
}
