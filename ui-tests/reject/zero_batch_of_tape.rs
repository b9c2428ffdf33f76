// A batch of no samples.
use stackprop::prelude::*;

fn main() {
    let mut tape = Tape::<Dense<2, 1>, 0>::boxed();
    println!("{:?}", tape.forward(&Dense::ZERO, &Tensor::ZERO));
}
