//! Prints the times of a network's inference and training step, and the bytes of its workspace: see `benches/against.sh`.

#[allow(dead_code)]
mod types;

use std::hint::black_box;
use std::time::{Duration, Instant};

use stackprop::prelude::*;
use stackprop::tensor::Array;
use types::*;

/// A turn is as many repetitions as fill this time, and at least one; the fastest of a few turns counts.
const TURN: Duration = Duration::from_millis(2);
const TURNS: usize = 15;

/// Inputs without a pattern that a branch predictor could learn.
fn numbers<A: Array<T = f32>>() -> Box<Tensor<A>> {
    let mut all = <Tensor<A> as Zeroed>::boxed();
    for (i, number) in all.as_mut_slice().iter_mut().enumerate() {
        *number = (i * 7919 % 1009) as f32 / 504.5 - 1.0;
    }
    all
}

/// Nanoseconds for so many repetitions.
fn nanoseconds(repetitions: u32, f: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..repetitions).for_each(|_| f());
    start.elapsed().as_nanos() as f64
}

/// Prints a function's time.
fn time(function: &str, batch: usize, mut f: impl FnMut()) {
    let mut repetitions = 1;
    let turn = TURN.as_nanos() as f64;
    while nanoseconds(repetitions, &mut f) < turn / 2.0 {
        repetitions *= 2;
    }
    let times = (0..TURNS).map(|_| nanoseconds(repetitions, &mut f));
    println!("{function} {batch} {}", times.fold(f64::INFINITY, f64::min) / f64::from(repetitions));
}

/// A network with its loss, the type of a target, and batches: of use, and of learning where that is another one.
macro_rules! measure {
    ($feature:literal: $network:ty, $loss:ty, $target:ty, [$($batch:literal)*]) => {
        measure!($feature: $network, $loss, $target, [$($batch => $batch)*]);
    };
    ($feature:literal: $network:ty, $loss:ty, $target:ty, [$($batch:literal => $learning:literal)*]) => {
        #[cfg(feature = $feature)]
        {$(
            let mut training = Trainer::<$network, $loss, Sgd, $learning>::boxed();
            // So small that the weights stay where they are, and every step costs the same.
            training.reset(1, Sgd::new(1e-9).expect("a rate")).expect("a rate");
            let mut workspace = Workspace::<$network, $batch>::boxed();
            let x: &Tensor<_> = &numbers();
            let (samples, targets): (&Tensor<_>, _) = (&numbers(), <[$target; $learning] as Zeroed>::boxed());
            println!("bytes {} {}", $batch, Workspace::<$network, $batch>::BYTES);
            time("inference", $batch, || {
                black_box(workspace.infer_batch(black_box(training.net()), black_box(x)));
            });
            time("step", $learning, || {
                black_box(training.step(black_box(samples), black_box(&targets)).expect("finite numbers"));
            });
        )*}
    };
}

fn main() {
    measure!("attention": Attention, MeanSquaredError<64>, Vector<64>, [1 32]);
    // Batch norms of vectors don't learn from one sample.
    measure!("autoencoder": Autoencoder, MeanSquaredError<640>, Vector<640>, [1 => 2 32 => 32]);
    measure!("dense_tanh": EightDense, MeanSquaredError<256>, Vector<256>, [1 32]);
    measure!("gru": GruNet, SoftmaxCrossEntropy<7>, u8, [1 32]);
    measure!("keyword_spotting": KeywordSpotting, SoftmaxCrossEntropy<12>, u8, [1 32]);
    measure!("lstm": LstmNet, SoftmaxCrossEntropy<7>, u8, [1 32]);
    measure!("mobilenet": MobileNet, SoftmaxCrossEntropy<2>, u8, [1]);
    measure!("mobilenet_32": MobileNet, SoftmaxCrossEntropy<2>, u8, [32]);
    measure!("resnet8": ResNet8, SoftmaxCrossEntropy<10>, u8, [1 32]);
    measure!("s1": Shallow<4, 8, 3>, SoftmaxCrossEntropy<3>, u8, [1]);
    measure!("s2": Shallow<2, 64, 3>, SoftmaxCrossEntropy<3>, u8, [300]);
    measure!("s3": Shallow<64, 32, 10>, SoftmaxCrossEntropy<10>, u8, [1 32]);
    measure!("s4": Shallow<784, 128, 10>, SoftmaxCrossEntropy<10>, u8, [1 64]);
    measure!("s5": Deep<784, 512, 256, 10>, SoftmaxCrossEntropy<10>, u8, [128]);
    measure!("transformer": Transformer, SoftmaxCrossEntropy<7>, u8, [1 32]);
}
