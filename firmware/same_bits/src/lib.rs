//! Training runs, each as a hash of every bit that came out of it: losses, weights, optimizer state.
#![no_std]

use stackprop::layer::Layer;
use stackprop::loss::Compares;
use stackprop::optimizer::Optimizer;
use stackprop::prelude::*;
use stackprop::random::{generator, mix, unit};

/// 2-16-3 with dropout.
pub type Small<const BATCH: usize> =
    Trainer<(Dense<2, 16>, Tanh<16>, Dropout<16>, Dense<16, 3>), SoftmaxCrossEntropy<3>, Adam, BATCH>;
/// 64-32-10.
pub type Digits = Trainer<(Dense<64, 32>, ReLU<32>, Dense<32, 10>), SoftmaxCrossEntropy<10>, Adam, 1>;
/// 5-7-27-3: sizes that leave a rest wherever loops take several numbers at a time.
pub type Odd<O> = Trainer<(Dense<5, 7>, ReLU<7>, Dense<7, 27>, ReLU<27>, Dense<27, 3>), SoftmaxCrossEntropy<3>, O, 1>;

/// Everything that the runs need.
pub struct Memory {
    one: (Small<1>, Batch<[f32; 2], u8, 1>),
    eight: (Small<8>, Batch<[f32; 2], u8, 8>),
    digits: (Digits, Batch<[f32; 64], u8, 1>),
    sgd: (Odd<Sgd>, Batch<[f32; 5], u8, 1>),
    momentum: (Odd<Momentum>, Batch<[f32; 5], u8, 1>),
}
stackprop::zeroed!([] Memory { one, eight, digits, sgd, momentum });

static IMAGES: &[[u8; 64]] = include_bytes!("../../../examples/data/digits_x_1797x64_u8.bin").as_chunks().0;
static LABELS: &[u8; 1797] = include_bytes!("../../../examples/data/digits_y_1797_u8.bin");

/// What is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// 2-16-3, batch 1, 200 steps.
    One,
    /// 2-16-3, batch 8, 200 steps.
    Eight,
    /// 64-32-10 on digits, batch 1, 300 steps.
    Digits,
    /// 5-7-27-3, batch 1, 200 steps, gradient descent.
    Sgd,
    /// The same with momentum.
    Momentum,
}

impl Run {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::One, Self::Eight, Self::Digits, Self::Sgd, Self::Momentum];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "2-16-3x1",
            Self::Eight => "2-16-3x8",
            Self::Digits => "64-32-10x1",
            Self::Sgd => "5-7-27-3-sgd",
            Self::Momentum => "5-7-27-3-momentum",
        }
    }

    /// Trains, and hashes.
    pub fn hash(self, memory: &mut Memory) -> Option<u64> {
        let adam = Adam::new(0.01).ok()?;
        match self {
            Self::One => run(&mut memory.one, adam, 200, point),
            Self::Eight => run(&mut memory.eight, adam, 200, point),
            Self::Digits => run(&mut memory.digits, adam, 300, digit),
            Self::Sgd => run(&mut memory.sgd, Sgd::new(0.1).ok()?, 200, noise),
            Self::Momentum => run(&mut memory.momentum, Momentum::new(0.02, 0.9).ok()?, 200, noise),
        }
    }
}

/// A point in the unit square, and in which of three regions it is.
fn point(i: usize, x: &mut Vector<2>) -> u8 {
    let mut rng = generator(mix(i as u64));
    *x = Vector::new([unit(&mut rng), unit(&mut rng)]);
    let [a, b] = x.0;
    if a * a + b * b < 0.5 { 0 } else { 1 + u8::from(a > b) }
}

/// Image `i` and the digit that it shows.
fn digit(i: usize, x: &mut Vector<64>) -> u8 {
    match (IMAGES.get(i), LABELS.get(i)) {
        (Some(image), Some(&label)) => {
            for (x, &pixel) in x.0.iter_mut().zip(image) {
                *x = f32::from(pixel) / 16.0;
            }
            label
        }
        _ => 0,
    }
}

/// Noise around one of three places.
fn noise(i: usize, x: &mut Vector<5>) -> u8 {
    let mut rng = generator(mix(i as u64));
    *x = Vector::from_fn(|j| unit::<f32>(&mut rng) - if j % 3 == i % 3 { 1.0 } else { 0.0 });
    (i % 3) as u8
}

/// Trains from one seed, step after step; no error can happen.
fn run<N, L, O, const BATCH: usize>(
    (training, batch): &mut (Trainer<N, L, O, BATCH>, Batch<N::In, u8, BATCH>),
    optimizer: O,
    steps: usize,
    sample: impl Fn(usize, &mut Tensor<N::In>) -> u8,
) -> Option<u64>
where
    N: Layer<T = f32>,
    L: Compares<N::Out, u8>,
    O: Optimizer<T = f32>,
{
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    training.reset(1, optimizer).ok()?;
    let mut i = 0;
    for _ in 0..steps {
        for (x, label) in batch.inputs.0.iter_mut().zip(&mut batch.targets) {
            *label = sample(i, Tensor::from_mut(x));
            i += 1;
        }
        hash.add(training.step(&batch.inputs, &batch.targets).ok()?);
    }
    training.net().visit(Default::default(), &mut |weights| weights.values().for_each(|w| hash.add(w)));
    training.optimizer_state(|slot| slot.values().for_each(|s| hash.add(s)));
    Some(hash.0)
}

/// FNV-1a of 64 bits, over little-endian bytes.
struct Hash(u64);

impl Hash {
    fn add(&mut self, value: f32) {
        for byte in value.to_bits().to_le_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

/// In a browser, or in node: the hash of a run, by its number.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
extern "C" fn hash(run: usize) -> u64 {
    static mut MEMORY: Memory = <Memory as Zeroed>::ZERO;
    // SAFETY: there is one thread, and this function doesn't call itself.
    let memory = unsafe { &mut *(&raw mut MEMORY) };
    Run::ALL.get(run).and_then(|run| run.hash(memory)).unwrap_or(0)
}

/// A panic that can be reached would be an import; the module has none.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    unsafe extern "C" {
        fn a_panic_is_reachable() -> !;
    }
    // SAFETY: no module that can call this is made.
    unsafe { a_panic_is_reachable() }
}
