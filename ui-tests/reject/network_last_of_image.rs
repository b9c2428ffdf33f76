// An image has no last step.
use stackprop::prelude::*;

type Net = stackprop::network!([8, 8, 1] => Conv2d(4, 3, 3), Last);

fn main() {
    let _ = Net::ZERO;
}
