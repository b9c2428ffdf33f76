// A tensor of no numbers has no other shape.
use stackprop::prelude::*;

fn main() {
    println!("{:?}", Matrix::<3, 0>::ZERO.reshape::<[f32; 0]>());
}
