//! Convolutions: the networks of the examples `motion` and `mnist`, and single ones. stackprop is beside burn and candle.
//!
//! stackprop has channels last, the others first: each gets weights and data in its own order.

use stackprop::layer::size::Same;
use stackprop::layer::{Conv1d, Conv2d, Layer, ReLU};
use stackprop::network;
use stackprop::parameter::{Path, Role};
use stackprop::random::{generator, normal, unit};
use stackprop::storage::Zeroed;
use stackprop::tensor::Array;

use crate::Bench;
use crate::cases::Data;
use crate::libraries::filters::Filters;
use crate::libraries::{Pass, burn, candle, stackprop as own};
use crate::limit::Work;

type Motion =
    network!([20, 6] => Conv1d(16, 3, Same), ReLU, MaxPool1d(2), Conv1d(24, 3, Same), ReLU, GlobalAvgPool, Dense(7));
type Mnist = network!([28, 28, 1] =>
    Conv2d(8, 3, 3), ReLU, MaxPool2d(2, 2), Conv2d(16, 3, 3), ReLU, MaxPool2d(2, 2), Flatten, Dense(10));

const PASSES: &[(&str, Pass)] = &[("forward", Pass::Forward), ("dw", Pass::Dw), ("dx", Pass::Dx)];

pub fn run(bench: &mut Bench) {
    let motion = data::<Motion>(7, 8);
    bench.network("conv1d", works::<Motion>(8), |optimizer| {
        vec![
            own::network::<f32, Motion, 7, 8>(&motion, optimizer),
            burn::motion(&motion, optimizer),
            candle::motion(&motion, optimizer),
        ]
    });
    let mnist = data::<Mnist>(10, 32);
    bench.network("conv2d", works::<Mnist>(32), |optimizer| {
        vec![
            own::network::<f32, Mnist, 10, 32>(&mnist, optimizer),
            burn::mnist(&mnist, optimizer),
            candle::mnist(&mnist, optimizer),
        ]
    });

    single_1d::<64, 16>(bench, "conv1d_16");
    single_1d::<64, 32>(bench, "conv1d_32");
    single_2d::<28, 16>(bench, "conv2d_16");
    single_2d::<28, 32>(bench, "conv2d_32");
}

/// Samples of a single convolution.
const BATCH: usize = 8;

/// Sequences of `LEN` steps, as many channels as before, windows of 3.
fn single_1d<const LEN: usize, const C: usize>(bench: &mut Bench, group: &str) {
    type Layer<const LEN: usize, const C: usize> = Conv1d<LEN, C, LEN, C, 3, Same>;
    let single = Single { batch: BATCH, height: 1, width: LEN, channels: C, taps: 3 };
    bench.passes(group, PASSES, operations::<Layer<LEN, C>>(BATCH), || {
        let start = single.start();
        vec![
            Box::new(Filters::<Layer<LEN, C>, [[[f32; C]; C]; 3], BATCH>::new(&start)),
            Box::new(burn::Filters::new(&start)),
            Box::new(candle::Filters::new(&start)),
        ]
    });
}

/// Images of `SIDE` rows and columns, as many channels as before, windows of 3 x 3.
fn single_2d<const SIDE: usize, const C: usize>(bench: &mut Bench, group: &str) {
    type Layer<const SIDE: usize, const C: usize> = Conv2d<SIDE, SIDE, C, SIDE, SIDE, C, 3, 3, Same>;
    let single = Single { batch: BATCH, height: SIDE, width: SIDE, channels: C, taps: 9 };
    bench.passes(group, PASSES, operations::<Layer<SIDE, C>>(BATCH), || {
        let start = single.start();
        vec![
            Box::new(Filters::<Layer<SIDE, C>, [[[[f32; C]; C]; 3]; 3], BATCH>::new(&start)),
            Box::new(burn::Filters::new(&start)),
            Box::new(candle::Filters::new(&start)),
        ]
    });
}

/// Of a forward pass. As everywhere here, what falls on padding counts: 5 of 100 of a window of 3 x 3 on 28 x 28.
fn operations<L: Layer>(batch: usize) -> f64 {
    (2 * L::COST.forward * batch as u64) as f64
}

/// Of forward, of a step with SGD, and of one with Adam, which keeps two numbers beside each weight.
fn works<L: Layer>(batch: usize) -> [Work; 3] {
    let weights = (L::COST.parameters * size_of::<f32>()) as f64;
    let forward =
        Work { operations: operations::<L>(batch), scalar: size_of::<f32>(), read: weights, ..Work::default() };
    let step = Work { operations: (2 * L::COST.step() * batch as u64) as f64, updated: weights, ..forward };
    [forward, step, Work { updated: 3.0 * weights, ..step }]
}

/// A network's weights, of He's size and in the order that files have, and one batch.
fn data<L: Layer<T = f32>>(classes: usize, batch: usize) -> Data<f32> {
    let rng = &mut generator(3);
    let mut weights = Vec::new();
    <L as Zeroed>::boxed().visit(Path::default(), &mut |parameter| {
        if parameter.info.role == Role::Weight {
            let deviation = (2.0 / parameter.info.fan.0 as f32).sqrt();
            weights.push((0..parameter.len()).map(|_| deviation * normal::<f32>(rng)).collect());
        }
    });
    let inputs = <L::In as Array>::LEN;
    let x = (0..batch * inputs).map(|_| 2.0 * unit::<f32>(rng) - 1.0).collect();
    let labels = (0..batch).map(|sample| (sample * 7 % classes) as u8).collect();
    Data { sizes: vec![inputs, classes], weights, batch, x, labels }
}

/// The sizes of a convolution that keeps them all.
#[derive(Clone, Copy)]
pub struct Single {
    pub batch: usize,
    /// 1: a sequence.
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    /// Places of a window.
    pub taps: usize,
}

/// What a single convolution's buffers hold at first, channels last; w is `[ROW][COLUMN][IN][OUT]`.
pub struct Start {
    pub single: Single,
    pub x: Vec<f32>,
    pub w: Vec<f32>,
    pub y: Vec<f32>,
}

impl Single {
    fn start(self) -> Start {
        let rng = &mut generator(4);
        let mut values = |len| (0..len).map(|_| unit::<f32>(rng) - 0.5).collect();
        let numbers = self.batch * self.positions() * self.channels;
        let (x, w) = (values(numbers), values(self.taps * self.channels * self.channels));
        Start { single: self, x, w, y: values(numbers) }
    }

    pub fn positions(self) -> usize {
        self.height * self.width
    }
}

/// Turns each `[ROWS][COLS]` of many around.
pub fn turned(values: &[f32], rows: usize, cols: usize) -> Vec<f32> {
    let matrix = |matrix: &[f32]| (0..rows * cols).map(|i| matrix[i % rows * cols + i / rows]).collect::<Vec<_>>();
    values.chunks_exact(rows * cols).flat_map(matrix).collect()
}

/// `[TAP][IN][OUT]` as `[OUT][IN][TAP]`, or back: there are as many inputs as outputs.
pub fn reversed(values: &[f32], taps: usize, channels: usize, back: bool) -> Vec<f32> {
    let square = channels * channels;
    if back {
        // [OUT][IN][TAP] -> [TAP][OUT][IN] -> [TAP][IN][OUT]
        turned(&turned(values, square, taps), channels, channels)
    } else {
        turned(&turned(values, channels, channels), taps, square)
    }
}

/// The weights of a dense layer behind an image, `[POSITION][CHANNEL][OUT]`, as `[CHANNEL][POSITION][OUT]`.
pub fn rows_by_channel(weight: &[f32], channels: usize, outputs: usize) -> Vec<f32> {
    let positions = weight.len() / channels / outputs;
    let row = |i: usize| &weight[(i % positions * channels + i / positions) * outputs..][..outputs];
    (0..positions * channels).flat_map(row).copied().collect()
}
