// A network that is used, with weights from flash.
use stackprop::prelude::*;

type Net = (Dense<0, 3>, ReLU<3>);

static NET: Net = (Dense::new([], [1.0, 2.0, 3.0]), ReLU::new());

fn main() {
    let mut workspace: Workspace<Net> = Zeroed::ZERO;
    println!("{:?}", workspace.infer(&NET, &Vector::new([])));
}
