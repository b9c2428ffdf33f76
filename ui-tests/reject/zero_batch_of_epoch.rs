// Room for no sample.
use stackprop::prelude::*;

fn main() {
    let batch: Batch<[f32; 2], u8, 0> = Batch::ZERO;
    println!("{}", batch.targets.len());
}
