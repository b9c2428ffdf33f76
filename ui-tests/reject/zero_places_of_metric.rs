// Nothing is among the first none.
use stackprop::prelude::*;

fn main() {
    let mut metric = TopK::<0>::default();
    metric.add(&Vector::new([0.25f32, 0.75]), &1u8);
}
