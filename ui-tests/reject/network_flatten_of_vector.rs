// A vector is flat.
use stackprop::prelude::*;

type Net = stackprop::network!([6] => Dense(8), Flatten, Dense(2));

fn main() {
    let _ = Net::ZERO;
}
