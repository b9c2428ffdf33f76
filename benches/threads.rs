//! A training step (softmax with cross-entropy, SGD, f32) on 1 and on more threads, taken in turns: the minimum, in microseconds.
//!
//! `cargo bench --features rayon --bench threads`, for other numbers of threads `-- 1 2 4 8`. The first is what the others are compared with.

#[allow(dead_code, reason = "the rest is for the benches of the peers")]
mod cases;

use std::time::{Duration, Instant};

use ::stackprop::prelude::{Layer, Sgd};
use rayon::{ThreadPool, ThreadPoolBuilder};

use cases::stackprop::{Deep, Shallow, Stackprop};
use cases::{Data, Optimizer, Training};

fn main() {
    let mut counts: Vec<usize> = std::env::args().filter_map(|count| count.parse().ok()).collect();
    if counts.is_empty() {
        counts = vec![1, std::thread::available_parallelism().map_or(2, usize::from)];
    }
    let pools: Vec<_> =
        counts.iter().map(|&count| ThreadPoolBuilder::new().num_threads(count).build().expect("threads")).collect();
    compare::<Shallow<f32, 64, 32, 10>, 10, 32>("64-32-10, 32", &[64, 32, 10], &pools);
    compare::<Shallow<f32, 784, 128, 10>, 10, 64>("784-128-10, 64", &[784, 128, 10], &pools);
    compare::<Deep<f32, 784, 512, 256, 10>, 10, 128>("784-512-256-10, 128", &[784, 512, 256, 10], &pools);
}

fn compare<N, const OUT: usize, const BATCH: usize>(case: &str, sizes: &[usize], pools: &[ThreadPool])
where
    N: Layer<T = f32, Out = [f32; OUT]> + Send,
    Stackprop<f32, N, Sgd, OUT, BATCH>: Send,
{
    let sgd = Sgd::new(Optimizer::STILL as f32).expect("a learning rate");
    let mut training = Stackprop::<_, N, _, OUT, BATCH>::new(&Data::new(sizes, BATCH), sgd);
    let mut least = vec![Duration::MAX; pools.len()];
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        for (pool, least) in pools.iter().zip(&mut least) {
            pool.install(|| time(least, || training.step()));
        }
    }
    print!("{case}:");
    for (pool, time) in pools.iter().zip(&least) {
        let time = time.as_secs_f64();
        print!("  {} threads {:.1} ({:.2}x)", pool.current_num_threads(), time * 1e6, least[0].as_secs_f64() / time);
    }
    println!();
}

/// The least time of a step, of some in a row.
fn time(least: &mut Duration, mut step: impl FnMut() -> f32) {
    for _ in 0..20 {
        let start = Instant::now();
        std::hint::black_box(step());
        *least = (*least).min(start.elapsed());
    }
}
