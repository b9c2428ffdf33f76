// An input of four dimensions.
use stackprop::prelude::*;

type Net = stackprop::network!([2, 3, 4, 5] => Flatten);

fn main() {
    let _ = Net::ZERO;
}
