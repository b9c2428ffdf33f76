// No such layer.
use stackprop::prelude::*;

type Net = stackprop::network!([20, 6] => Linear(3));

fn main() {
    let _ = Net::ZERO;
}
