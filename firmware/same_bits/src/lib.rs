//! Training runs, each as a hash of every bit that came out of it: losses, weights, optimizer state.
#![no_std]

use stackprop::layer::Layer;
use stackprop::loss::Compares;
use stackprop::network;
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
/// The convolutions of `examples/motion.rs`.
pub type Motion = Trainer<
    network!([20, 6] => Conv1d(16, 3, Same), ReLU, MaxPool1d(2), Conv1d(24, 3, Same), ReLU, GlobalAvgPool, Dense(7)),
    SoftmaxCrossEntropy<7>,
    Adam,
    1,
>;
/// A recurrent network on the same windows.
pub type Recurrent = Trainer<network!([20, 6] => Gru(8), Last, Dense(7)), SoftmaxCrossEntropy<7>, Adam, 1>;
/// A convolution of images, with batch normalisation.
pub type Images = Trainer<
    network!([8, 8, 1] => Conv2d(5, 3, 3), BatchNorm, ReLU, MaxPool2d(2, 2), Flatten, Dense(10)),
    SoftmaxCrossEntropy<10>,
    Adam,
    4,
>;

/// A digit of 8 x 8 pixels.
type Image = [[[f32; 1]; 8]; 8];

/// Everything that the runs need.
pub struct Memory {
    one: (Small<1>, Batch<[f32; 2], u8, 1>),
    eight: (Small<8>, Batch<[f32; 2], u8, 8>),
    digits: (Digits, Batch<[f32; 64], u8, 1>),
    sgd: (Odd<Sgd>, Batch<[f32; 5], u8, 1>),
    momentum: (Odd<Momentum>, Batch<[f32; 5], u8, 1>),
    motion: (Motion, Batch<[[f32; 6]; 20], u8, 1>),
    gru: (Recurrent, Batch<[[f32; 6]; 20], u8, 1>),
    images: (Images, Batch<Image, u8, 4>),
}
stackprop::zeroed!([] Memory { one, eight, digits, sgd, momentum, motion, gru, images });

static IMAGES: &[[u8; 64]] = include_bytes!("../../../examples/data/digits_x_1797x64_u8.bin").as_chunks().0;
static LABELS: &[u8; 1797] = include_bytes!("../../../examples/data/digits_y_1797_u8.bin");
const ALL_WINDOWS: &[[[[u8; 2]; 20]; 6]] =
    include_bytes!("../../../examples/data/imu_watch_x_1149x6x20_i16le.bin").as_chunks().0.as_chunks().0.as_chunks().0;
const ALL_EXERCISES: &[u8; 1149] = include_bytes!("../../../examples/data/imu_watch_y_1149_u8.bin");

/// Every eleventh window of the motion sensor, and its exercise.
static WINDOWS: [([[[u8; 2]; 20]; 6], u8); 100] = {
    let (mut windows, mut i) = ([([[[0; 2]; 20]; 6], 0); 100], 0);
    while i < windows.len() {
        windows[i] = (ALL_WINDOWS[11 * i], ALL_EXERCISES[11 * i]);
        i += 1;
    }
    windows
};

/// Whether convolutions and the recurrent network are left out.
const SHORT: bool = cfg!(feature = "short");

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
    /// Convolutions on windows of a motion sensor, batch 1, 20 steps.
    Motion,
    /// A recurrent network on the same, batch 1, 20 steps.
    Gru,
    /// Convolution, batch normalisation and pooling on digits, batch 4, 20 steps.
    Images,
}

impl Run {
    /// All of them, or those of dense layers.
    pub const ALL: &[Self] = if SHORT {
        &[Self::One, Self::Eight, Self::Digits, Self::Sgd, Self::Momentum]
    } else {
        &[Self::One, Self::Eight, Self::Digits, Self::Sgd, Self::Momentum, Self::Motion, Self::Gru, Self::Images]
    };

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "2-16-3x1",
            Self::Eight => "2-16-3x8",
            Self::Digits => "64-32-10x1",
            Self::Sgd => "5-7-27-3-sgd",
            Self::Momentum => "5-7-27-3-momentum",
            Self::Motion => "conv1d-motion",
            Self::Gru => "gru-motion",
            Self::Images => "conv2d-digits",
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
            Self::Motion if !SHORT => run(&mut memory.motion, adam, 20, window),
            Self::Gru if !SHORT => run(&mut memory.gru, adam, 20, window),
            Self::Images if !SHORT => run(&mut memory.images, adam, 20, picture),
            _ => None,
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

/// The same as rows of pixels of one channel.
fn picture(i: usize, x: &mut Tensor<Image>) -> u8 {
    let mut flat = Vector::ZERO;
    let label = digit(i, &mut flat);
    for (x, &pixel) in x.0.as_flattened_mut().as_flattened_mut().iter_mut().zip(&flat.0) {
        *x = pixel;
    }
    label
}

/// Window `i`, and the exercise.
fn window(i: usize, x: &mut Tensor<[[f32; 6]; 20]>) -> u8 {
    let Some((window, exercise)) = WINDOWS.get(i * 37 % WINDOWS.len()) else { return 0 };
    for (channel, numbers) in window.iter().enumerate() {
        for (x, &bytes) in x.0.iter_mut().zip(numbers) {
            if let Some(x) = x.get_mut(channel) {
                *x = f32::from(i16::from_le_bytes(bytes)) / 16384.0;
            }
        }
    }
    *exercise
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
