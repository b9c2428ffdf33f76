// A window of no rows.
use stackprop::prelude::*;

type Net = stackprop::network!([8, 8, 1] => Conv2d(4, 0, 3), Flatten, Dense(3));

fn main() {
    let _ = Workspace::<Net>::ZERO;
}
