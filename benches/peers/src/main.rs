//! stackprop beside other libraries, in one run, and beside the limits of one core.
//!
//! `cargo bench --manifest-path benches/peers/Cargo.toml`, or a part of it: add `-- S3_b1/step gemm_64`, or `-- --quick`. It ends with a
//! table, which it also writes to `peers.md` in the target directory. Convolutions are there with `--features frameworks`, beside burn and candle.

#[path = "../../cases/mod.rs"]
mod cases;
#[cfg(feature = "frameworks")]
mod convolutions;
mod libraries;
mod limit;
mod table;
mod timing;

use cases::{Data, Optimizer, Visitor, assert_same};
use libraries::{Multiplication, Network, Pass, Real};
use limit::{Limits, Work};
use table::Table;
use timing::Plan;

fn main() {
    // candle asks how many threads its products may have.
    // SAFETY: there is no other thread yet.
    #[cfg(feature = "frameworks")]
    unsafe {
        std::env::set_var("RAYON_NUM_THREADS", "1");
    }
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("the first thread pool");
    // nalgebra's large matrices pass through the stack when they are made.
    let run = std::thread::Builder::new().stack_size(256 << 20).spawn(run);
    run.expect("a thread").join().expect("a run to the end");
}

fn run() {
    let mut bench = Bench { plan: Plan::from_arguments(), limits: Limits::new(), table: Table::default() };
    bench.limits.measure(&bench.plan);
    cases::visit(&mut Cases::<f32> { bench: &mut bench, suffix: "", number: std::marker::PhantomData });
    cases::visit(&mut Cases::<f64> { bench: &mut bench, suffix: "_f64", number: std::marker::PhantomData });

    bench.multiply::<4, 4, 4>("gemm_4", SQUARE);
    bench.multiply::<8, 8, 8>("gemm_8", SQUARE);
    bench.multiply::<16, 16, 16>("gemm_16", SQUARE);
    bench.multiply::<32, 32, 32>("gemm_32", SQUARE);
    bench.multiply::<64, 64, 64>("gemm_64", SQUARE);
    bench.multiply::<128, 128, 128>("gemm_128", SQUARE);
    bench.multiply::<256, 256, 256>("gemm_256", SQUARE);
    bench.multiply::<512, 512, 512>("gemm_512", SQUARE);
    bench.multiply::<1024, 1024, 1024>("gemm_1024", SQUARE);
    bench.multiply::<64, 784, 128>("dense_64x784x128", DENSE);

    #[cfg(feature = "frameworks")]
    convolutions::run(&mut bench);

    bench.table.finish(&bench.limits);
}

const SQUARE: &[(&str, Pass)] = &[("product", Pass::Forward)];
const DENSE: &[(&str, Pass)] = &[("forward", Pass::Forward), ("dw", Pass::Dw), ("dx", Pass::Dx)];

struct Bench {
    plan: Plan,
    limits: Limits,
    table: Table,
}

impl Bench {
    /// Times one function of all libraries and enters it into the table.
    fn compare(&mut self, name: &str, work: Work, libraries: &[&'static str], functions: &mut [impl FnMut(u32)]) {
        let times = self.plan.time(functions);
        self.limits.measure(&self.plan);
        self.table.enter(name, work, libraries.iter().copied().zip(times).collect());
    }

    /// A group of products: x `[BATCH][IN]`, w `[IN][OUT]`, y `[BATCH][OUT]`.
    fn multiply<const BATCH: usize, const IN: usize, const OUT: usize>(
        &mut self,
        group: &str,
        passes: &[(&str, Pass)],
    ) {
        let operations = (2 * BATCH * IN * OUT) as f64;
        self.passes(group, passes, operations, libraries::multiplications::<BATCH, IN, OUT>);
    }

    /// A group of products, each of so many operations.
    fn passes(
        &mut self,
        group: &str,
        passes: &[(&str, Pass)],
        operations: f64,
        libraries: impl Fn() -> Vec<Box<dyn Multiplication>>,
    ) {
        for (function, pass) in passes {
            let name = format!("{group}/{function}");
            if !self.plan.includes(&name) {
                continue;
            }
            let mut libraries = libraries();
            libraries.iter_mut().for_each(|library| library.run(*pass, 1));
            let (expected, names) = (libraries[0].matrices().concat(), names(&libraries, |library| library.library()));
            for library in &libraries {
                assert_same(&name, library.library(), &library.matrices().concat(), &expected);
            }
            let functions = libraries.iter_mut().map(|library| |n| library.run(*pass, n));
            let work = Work { operations, scalar: size_of::<f32>(), ..Work::default() };
            self.compare(&name, work, &names, &mut functions.collect::<Vec<_>>());
        }
    }

    /// A group of a network's functions, with the work of each.
    fn network(&mut self, group: &str, works: [Work; 3], libraries: impl Fn(Optimizer) -> Vec<Box<dyn Network>>) {
        type Function = (&'static str, fn(f64) -> Optimizer, fn(&mut dyn Network, u32));
        let functions: [Function; 3] = [
            ("forward", Optimizer::Sgd, |network, n| network.forward(n)),
            ("step", Optimizer::Sgd, |network, n| network.step(n)),
            ("step_adam", Optimizer::Adam, |network, n| network.step(n)),
        ];
        for ((function, optimizer, repeat), work) in functions.into_iter().zip(works) {
            let name = format!("{group}/{function}");
            if !self.plan.includes(&name) {
                continue;
            }
            let mut networks = libraries(optimizer(Optimizer::BRISK));
            let expected = networks[0].trace();
            for network in &mut networks[1..] {
                assert_same(&name, network.library(), &network.trace(), &expected);
            }
            let mut networks = libraries(optimizer(Optimizer::STILL));
            let names = names(&networks, |network| network.library());
            let functions = networks.iter_mut().map(|network| move |n| repeat(&mut **network, n));
            self.compare(&name, work, &names, &mut functions.collect::<Vec<_>>());
        }
    }
}

fn names<L: ?Sized>(libraries: &[Box<L>], name: impl Fn(&L) -> &'static str) -> Vec<&'static str> {
    libraries.iter().map(|library| name(library)).collect()
}

/// The cases of networks, in one number type.
struct Cases<'b, T> {
    bench: &'b mut Bench,
    suffix: &'static str,
    number: std::marker::PhantomData<T>,
}

impl<T: Real> Visitor for Cases<'_, T> {
    fn shallow<const IN: usize, const HIDDEN: usize, const OUT: usize, const BATCH: usize>(&mut self, case: &str) {
        let data = Data::new(&[IN, HIDDEN, OUT], BATCH);
        self.case(case, &data, |optimizer| libraries::shallow::<T, IN, HIDDEN, OUT, BATCH>(&data, optimizer));
    }

    fn deep<const IN: usize, const FIRST: usize, const SECOND: usize, const OUT: usize, const BATCH: usize>(
        &mut self,
        case: &str,
    ) {
        let data = Data::new(&[IN, FIRST, SECOND, OUT], BATCH);
        self.case(case, &data, |optimizer| libraries::deep::<T, IN, FIRST, SECOND, OUT, BATCH>(&data, optimizer));
    }
}

impl<T: Real> Cases<'_, T> {
    fn case(&mut self, case: &str, data: &Data<T>, libraries: impl Fn(Optimizer) -> Vec<Box<dyn Network>>) {
        let works = [forward(data), step(data, 1), step(data, 3)];
        self.bench.network(&format!("{case}{}", self.suffix), works, libraries);
    }
}

/// Multiply-adds of one sample's forward pass, which is also how many weights there are.
fn weights<T: Real>(data: &Data<T>) -> usize {
    data.layers().map(|(inputs, outputs)| inputs * outputs).sum()
}

/// Every weight is read once.
fn forward<T: Real>(data: &Data<T>) -> Work {
    let weights = weights(data);
    let scalar = size_of::<T>();
    Work { operations: (2 * weights * data.batch) as f64, scalar, read: (weights * scalar) as f64, updated: 0.0 }
}

/// Every weight is read once in forward; in backward it, and what the optimizer keeps of it, is read and written once. The first layer has
/// no dx.
fn step<T: Real>(data: &Data<T>, copies: usize) -> Work {
    let (weights, first) = (weights(data), data.sizes[0] * data.sizes[1]);
    let operations = (2 * (3 * weights - first) * data.batch) as f64;
    Work { operations, updated: (copies * weights * size_of::<T>()) as f64, ..forward(data) }
}
