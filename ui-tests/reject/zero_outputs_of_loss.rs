// A mean over no outputs.
use stackprop::prelude::*;

use stackprop::loss::Compares;

fn main() {
    println!("{}", MeanSquaredError::<0>::default().loss(&[0.0f32; 0], &Vector::ZERO));
}
