//! Three training runs, each as a hash of every bit that came out of it: losses, weights, optimizer state.
#![no_std]

use stackprop::layer::Layer;
use stackprop::loss::Compares;
use stackprop::prelude::*;
use stackprop::random::{generator, mix, unit};

/// 2-16-3 with dropout.
pub type Small<const BATCH: usize> =
    Trainer<(Dense<2, 16>, Tanh<16>, Dropout<16>, Dense<16, 3>), SoftmaxCrossEntropy<3>, Adam, BATCH>;
/// 64-32-10.
pub type Digits = Trainer<(Dense<64, 32>, ReLU<32>, Dense<32, 10>), SoftmaxCrossEntropy<10>, Adam, 1>;

/// Everything that the runs need.
pub struct Memory {
    one: (Small<1>, Batch<[f32; 2], u8, 1>),
    eight: (Small<8>, Batch<[f32; 2], u8, 8>),
    digits: (Digits, Batch<[f32; 64], u8, 1>),
}
stackprop::zeroed!([] Memory { one, eight, digits });

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
}

impl Run {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::One, Self::Eight, Self::Digits];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "2-16-3x1",
            Self::Eight => "2-16-3x8",
            Self::Digits => "64-32-10x1",
        }
    }

    /// Trains, and hashes.
    pub fn hash(self, memory: &mut Memory) -> Option<u64> {
        match self {
            Self::One => run(&mut memory.one, 200, point),
            Self::Eight => run(&mut memory.eight, 200, point),
            Self::Digits => run(&mut memory.digits, 300, digit),
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

/// Trains with Adam from one seed, step after step; no error can happen.
fn run<N, L, const BATCH: usize>(
    (training, batch): &mut (Trainer<N, L, Adam, BATCH>, Batch<N::In, u8, BATCH>),
    steps: usize,
    sample: impl Fn(usize, &mut Tensor<N::In>) -> u8,
) -> Option<u64>
where
    N: Layer<T = f32>,
    L: Compares<N::Out, u8>,
{
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    training.reset(1, Adam::new(0.01).ok()?).ok()?;
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

/// In a browser, or in node: the hash of run 0, 1 or 2.
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
