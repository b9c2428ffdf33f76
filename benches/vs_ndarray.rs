//! stackprop beside ndarray, in the same run: forward and training step (softmax with cross-entropy, SGD) of the cases in `cases`.
//!
//! `cargo bench --bench vs_ndarray`, or a part of it: `cargo bench --bench vs_ndarray -- S3_b1/step`. One thread, f32.

#[allow(dead_code, reason = "Adam is for the bench of the peers")]
mod cases;

use std::time::Duration;

use ::stackprop::prelude::{Layer, Sgd};
use criterion::{BenchmarkId, Criterion};

use cases::ndarray::Ndarray;
use cases::stackprop::{Deep, Shallow, Stackprop};
use cases::{Data, Optimizer, Training, Visitor, assert_same, trace};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    cases::visit(&mut VsNdarray(&mut criterion));
    criterion.final_summary();
}

struct VsNdarray<'c>(&'c mut Criterion);

impl Visitor for VsNdarray<'_> {
    fn shallow<const IN: usize, const HIDDEN: usize, const OUT: usize, const BATCH: usize>(&mut self, case: &str) {
        self.compare::<Shallow<f32, IN, HIDDEN, OUT>, OUT, BATCH>(case, &Data::new(&[IN, HIDDEN, OUT], BATCH));
    }

    fn deep<const IN: usize, const FIRST: usize, const SECOND: usize, const OUT: usize, const BATCH: usize>(
        &mut self,
        case: &str,
    ) {
        let data = Data::new(&[IN, FIRST, SECOND, OUT], BATCH);
        self.compare::<Deep<f32, IN, FIRST, SECOND, OUT>, OUT, BATCH>(case, &data);
    }
}

impl VsNdarray<'_> {
    fn compare<N: Layer<T = f32, Out = [f32; OUT]>, const OUT: usize, const BATCH: usize>(
        &mut self,
        case: &str,
        data: &Data<f32>,
    ) {
        let libraries = |rate: f64| {
            let sgd = Sgd::new(rate as f32).expect("a learning rate");
            (Stackprop::<_, N, _, OUT, BATCH>::new(data, sgd), Ndarray::new(data, Optimizer::Sgd(rate)))
        };
        let (mut stackprop, mut ndarray) = libraries(Optimizer::BRISK);
        assert_same(case, "ndarray", &trace(&mut ndarray), &trace(&mut stackprop));

        let (mut stackprop, mut ndarray) = libraries(Optimizer::STILL);
        let mut group = self.0.benchmark_group(case);
        forward(&mut group, &mut stackprop);
        forward(&mut group, &mut ndarray);
        step(&mut group, &mut stackprop);
        step(&mut group, &mut ndarray);
        group.finish();
    }
}

type Group<'g> = criterion::BenchmarkGroup<'g, criterion::measurement::WallTime>;

fn forward<L: Training>(group: &mut Group<'_>, library: &mut L) {
    group.bench_function(BenchmarkId::new("forward", L::LIBRARY), |bencher| {
        bencher.iter(|| {
            std::hint::black_box(library.forward());
        });
    });
}

fn step<L: Training>(group: &mut Group<'_>, library: &mut L) {
    group.bench_function(BenchmarkId::new("step", L::LIBRARY), |bencher| bencher.iter(|| library.step()));
}
