// A layer without what it needs.
use stackprop::prelude::*;

type Net = stackprop::network!([6] => Dense, ReLU);

fn main() {
    let _ = Net::ZERO;
}
