//! Networks that others have measured, too, in the sizes of their papers and of MLPerf Tiny. They have nothing but the prelude and `network!`,
//! so that the same file compiles with older revisions, and any program or test can have it as a module.

use stackprop::network;
use stackprop::prelude::*;

/// S1 to S4 are 4-8-3, 2-64-3, 64-32-10 and 784-128-10, as in `benches/cases`.
pub type Shallow<const IN: usize, const HIDDEN: usize, const OUT: usize> =
    (Dense<IN, HIDDEN>, ReLU<HIDDEN>, Dense<HIDDEN, OUT>);

/// S5 is 784-512-256-10.
pub type Deep<const IN: usize, const FIRST: usize, const SECOND: usize, const OUT: usize> =
    (Dense<IN, FIRST>, ReLU<FIRST>, Dense<FIRST, SECOND>, ReLU<SECOND>, Dense<SECOND, OUT>);

type DenseTanh = network!([256] => Dense(256), Tanh);

/// Eight dense layers of 256 with tanh.
pub type EightDense = (DenseTanh, DenseTanh, DenseTanh, DenseTanh, DenseTanh, DenseTanh, DenseTanh, DenseTanh);

type Bottleneck<const IN: usize, const OUT: usize> = (Dense<IN, OUT>, BatchNorm<OUT>, ReLU<OUT>);

/// Finds anomalies in the sound of machines: 640-128x4-8-128x4-640.
pub type Autoencoder = (
    Bottleneck<640, 128>,
    Bottleneck<128, 128>,
    Bottleneck<128, 128>,
    Bottleneck<128, 128>,
    Bottleneck<128, 8>,
    Bottleneck<8, 128>,
    Bottleneck<128, 128>,
    Bottleneck<128, 128>,
    Bottleneck<128, 128>,
    Dense<128, 640>,
);

type Separable = network!([25, 5, 64] =>
    DepthwiseConv2d(3, 3, Same), BatchNorm, ReLU, Conv2d(64, 1, 1), BatchNorm, ReLU);

/// One of twelve words, from 49 windows of ten coefficients. Nothing is dropped: the rates are 0 until they are set.
pub type KeywordSpotting = (
    network!([49, 10, 1] => Conv2d(64, 10, 4, Same<2>), BatchNorm, ReLU, Dropout),
    Separable,
    Separable,
    Separable,
    Separable,
    network!([25, 5, 64] => Dropout, GlobalAvgPool, Dense(12)),
);

type Kept = network!([32, 32, 16] => Conv2d(16, 3, 3, Same), BatchNorm, ReLU, Conv2d(16, 3, 3, Same), BatchNorm);
type Halved32 = network!([32, 32, 16] => Conv2d(32, 3, 3, Same<2>), BatchNorm, ReLU, Conv2d(32, 3, 3, Same), BatchNorm);
type Halved64 = network!([16, 16, 32] => Conv2d(64, 3, 3, Same<2>), BatchNorm, ReLU, Conv2d(64, 3, 3, Same), BatchNorm);

/// One of ten classes of images of 32 x 32.
pub type ResNet8 = (
    network!([32, 32, 3] => Conv2d(16, 3, 3, Same), BatchNorm, ReLU),
    Residual<Kept>,
    network!([32, 32, 16] => ReLU),
    Sum<Halved32, network!([32, 32, 16] => Conv2d(32, 1, 1, Same<2>))>,
    network!([16, 16, 32] => ReLU),
    Sum<Halved64, network!([16, 16, 32] => Conv2d(64, 1, 1, Same<2>))>,
    network!([8, 8, 64] => ReLU, GlobalAvgPool, Dense(10)),
);

macro_rules! separable {
    ($side:literal, $in:literal -> $out:literal, $slide:ty) => {
        network!([$side, $side, $in] =>
            DepthwiseConv2d(3, 3, $slide), BatchNorm, ReLU, Conv2d($out, 1, 1), BatchNorm, ReLU)
    };
}

/// A person or none, in images of 96 x 96; MobileNet with a quarter of the channels.
pub type MobileNet = (
    network!([96, 96, 3] => Conv2d(8, 3, 3, Same<2>), BatchNorm, ReLU),
    separable!(48, 8 -> 16, Same),
    separable!(48, 16 -> 32, Same<2>),
    separable!(24, 32 -> 32, Same),
    separable!(24, 32 -> 64, Same<2>),
    separable!(12, 64 -> 64, Same),
    separable!(12, 64 -> 128, Same<2>),
    separable!(6, 128 -> 128, Same),
    separable!(6, 128 -> 128, Same),
    separable!(6, 128 -> 128, Same),
    separable!(6, 128 -> 128, Same),
    separable!(6, 128 -> 128, Same),
    separable!(6, 128 -> 256, Same<2>),
    (separable!(3, 256 -> 256, Same), network!([3, 3, 256] => GlobalAvgPool, Dense(2))),
);

/// Sequences of 32 steps of 16 numbers.
pub type LstmNet = network!([32, 16] => Lstm(64), Last, Dense(7));
pub type GruNet = network!([32, 16] => Gru(64), Last, Dense(7));

/// Sequences of 32 steps of 64 numbers.
pub type Attention = network!([32, 64] => MultiHeadAttention(4), GlobalAvgPool);

/// Dense layers for each step are convolutions of one step.
type TransformerBlock = (
    Residual<network!([32, 64] => LayerNorm, MultiHeadAttention(4))>,
    Residual<network!([32, 64] => LayerNorm, Conv1d(256, 1), GELU, Conv1d(64, 1))>,
);
pub type Transformer = (TransformerBlock, TransformerBlock, network!([32, 64] => GlobalAvgPool, Dense(7)));
