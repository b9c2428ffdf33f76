// A loss of no classes.
use stackprop::prelude::*;

use stackprop::loss::Compares;

fn main() {
    println!("{}", SoftmaxCrossEntropy::<0>::default().loss(&[0.0f32; 0], &3u8));
}
