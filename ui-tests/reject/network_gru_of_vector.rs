// A vector has no steps.
use stackprop::prelude::*;

type Net = stackprop::network!([6] => Dense(8), Gru(16), Last);

fn main() {
    let _ = Net::ZERO;
}
