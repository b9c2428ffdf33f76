// Of a sequence there is the last step, too.
use stackprop::prelude::*;

type Net = stackprop::network!([20, 6] => Gru(16), Dense(7));

fn main() {
    let _ = Net::ZERO;
}
