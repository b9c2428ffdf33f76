// A network whose weights are read.
use stackprop::prelude::*;

type Net = (Conv1d<8, 0, 6, 4, 3>, GlobalMaxPool1d<6, 4>);

fn main() {
    let mut net = Net::ZERO;
    stackprop::weights::read(&mut net, &[]).unwrap();
}
