// A window that is longer than the sequence.
use stackprop::prelude::*;

type Net = stackprop::network!([20, 6] => Conv1d(16, 30), Flatten);

fn main() {
    let _ = Workspace::<Net>::ZERO;
}
