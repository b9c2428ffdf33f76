// Batches of no samples, in a trainer whose memory came from elsewhere.
use stackprop::prelude::*;

struct Memory {
    training: Trainer<Dense<2, 1>, MeanSquaredError<1>, Sgd, 0, Buffered>,
}
stackprop::zeroed!([] Memory { training });

fn main() {
    Memory::boxed().training.accumulate::<[f32; 1]>(&[], &[]).unwrap();
}
