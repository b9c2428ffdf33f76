//! What a [`Workspace`] takes: what must be alive at once, and no more.

use stackprop::kernel::Kernels;
use stackprop::layer::plan::{Beside, Given, Over, Taken};
use stackprop::layer::{Infer, Place, Structure};
use stackprop::prelude::*;

type Separable = (
    DepthwiseConv2d<25, 5, 64, 25, 5, 3, 3, Same>,
    BatchNorm2d<25, 5, 64>,
    ReLU<25, [[f32; 64]; 5]>,
    Conv2d<25, 5, 64, 25, 5, 64, 1, 1>,
    BatchNorm2d<25, 5, 64>,
    ReLU<25, [[f32; 64]; 5]>,
);
/// Keyword spotting, of MLPerf Tiny.
type KeywordSpotting = (
    (Conv2d<49, 10, 1, 25, 5, 64, 10, 4, Same<2>>, BatchNorm2d<25, 5, 64>, ReLU<25, [[f32; 64]; 5]>),
    (Separable, Separable, Separable, Separable),
    (GlobalAvgPool2d<25, 5, 64>, Dense<64, 12>),
);

type Block<const S: usize, const C: usize> = (
    Conv2d<S, S, C, S, S, C, 3, 3, Same>,
    BatchNorm2d<S, S, C>,
    ReLU<S, [[f32; C]; S]>,
    Conv2d<S, S, C, S, S, C, 3, 3, Same>,
    BatchNorm2d<S, S, C>,
);
type Down<const S: usize, const C: usize, const H: usize, const D: usize> = Sum<
    (
        Conv2d<S, S, C, H, H, D, 3, 3, Same<2>>,
        BatchNorm2d<H, H, D>,
        ReLU<H, [[f32; D]; H]>,
        Conv2d<H, H, D, H, H, D, 3, 3, Same>,
        BatchNorm2d<H, H, D>,
    ),
    Conv2d<S, S, C, H, H, D, 1, 1, Same<2>>,
>;
/// ResNet-8, of MLPerf Tiny.
type ResNet8 = (
    (Conv2d<32, 32, 3, 32, 32, 16, 3, 3, Same>, BatchNorm2d<32, 32, 16>, ReLU<32, [[f32; 16]; 32]>),
    (Residual<Block<32, 16>>, ReLU<32, [[f32; 16]; 32]>),
    (Down<32, 16, 16, 32>, ReLU<16, [[f32; 32]; 16]>),
    (Down<16, 32, 8, 64>, ReLU<8, [[f32; 64]; 8]>),
    (GlobalAvgPool2d<8, 8, 64>, Dense<64, 10>),
);

type Mobile<const S: usize, const C: usize, const H: usize, const D: usize, W> = (
    DepthwiseConv2d<S, S, C, H, H, 3, 3, W>,
    BatchNorm2d<H, H, C>,
    ReLU<H, [[f32; C]; H]>,
    Conv2d<H, H, C, H, H, D, 1, 1>,
    BatchNorm2d<H, H, D>,
    ReLU<H, [[f32; D]; H]>,
);
/// MobileNet 0.25 on 96x96, of MLPerf Tiny.
type MobileNet = (
    (Conv2d<96, 96, 3, 48, 48, 8, 3, 3, Same<2>>, BatchNorm2d<48, 48, 8>, ReLU<48, [[f32; 8]; 48]>),
    (
        Mobile<48, 8, 48, 16, Same>,
        Mobile<48, 16, 24, 32, Same<2>>,
        Mobile<24, 32, 24, 32, Same>,
        Mobile<24, 32, 12, 64, Same<2>>,
        Mobile<12, 64, 12, 64, Same>,
        Mobile<12, 64, 6, 128, Same<2>>,
    ),
    (
        Mobile<6, 128, 6, 128, Same>,
        Mobile<6, 128, 6, 128, Same>,
        Mobile<6, 128, 6, 128, Same>,
        Mobile<6, 128, 6, 128, Same>,
        Mobile<6, 128, 6, 128, Same>,
        Mobile<6, 128, 3, 256, Same<2>>,
        Mobile<3, 256, 3, 256, Same>,
    ),
    (GlobalAvgPool2d<3, 3, 256>, Dense<256, 2>),
);

type Coded<const I: usize, const O: usize> = (Dense<I, O>, ReLU<O>);
type Autoencoder = (
    (Coded<640, 128>, Coded<128, 128>, Coded<128, 128>, Coded<128, 128>, Coded<128, 8>),
    (Coded<8, 128>, Coded<128, 128>, Coded<128, 128>, Coded<128, 128>, Dense<128, 640>),
);

type Recurrent = (Lstm<32, 16, 64>, Last<32, 64>, Dense<64, 7>);

type Rows = [[f32; 64]; 32];
type Feed = (LayerNorm<64, Rows>, Conv1d<32, 64, 32, 256, 1>, GELU<32, [f32; 256]>, Conv1d<32, 256, 32, 64, 1>);
type Transformer = (Residual<(LayerNorm<64, Rows>, MultiHeadAttention<32, 64, 4, 16>)>, Residual<Feed>);

type Wide = (Dense<256, 256>, Tanh<256>);

const fn bytes<N: Infer>() -> usize {
    Workspace::<N>::BYTES
}

/// The table of ARCHITECTURE.md.
const _: () = {
    assert!(bytes::<KeywordSpotting>() == 64_000);
    assert!(bytes::<ResNet8>() == 196_608);
    assert!(bytes::<MobileNet>() == 221_184);
    assert!(bytes::<Autoencoder>() == 3_072);
    assert!(bytes::<Recurrent>() <= 12_000);
    assert!(bytes::<(Transformer, Transformer)>() <= 66_000);
    assert!(bytes::<(Wide, Wide, Wide, Wide, Wide, Wide, Wide, Wide)>() == 2_048);
};

#[test]
fn a_workspace_takes_what_is_alive_at_once() {
    let table = [
        ("keyword spotting", bytes::<KeywordSpotting>()),
        ("ResNet-8", bytes::<ResNet8>()),
        ("MobileNet", bytes::<MobileNet>()),
        ("autoencoder", bytes::<Autoencoder>()),
        ("LSTM", bytes::<Recurrent>()),
        ("two transformer blocks", bytes::<(Transformer, Transformer)>()),
        ("8 dense with tanh", bytes::<(Wide, Wide, Wide, Wide, Wide, Wide, Wide, Wide)>()),
    ];
    for (network, bytes) in table {
        println!("{network}: {bytes}");
    }
    // A batch takes as much for each sample.
    assert_eq!(Workspace::<Autoencoder, 8>::BYTES, 8 * 3_072);
}

/// Halves whole numbers of 8 bits: from `i8` to `i8`, and there is nothing to learn.
struct Halve<const N: usize>;
stackprop::zeroed!([const N: usize] Halve<N> {});

impl<const N: usize> Infer for Halve<N> {
    type In = [i8; N];
    type Out = [i8; N];
    type Plan<P: Place, const B: usize> = Over<[i8; N], B>;
    const STRUCTURE: Structure = Structure::layer("Halve", &[]);

    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        let mut y = x.own();
        for y in y.rows_mut().as_flattened_mut() {
            *y /= 2;
        }
        y
    }
}

/// Whole numbers as numbers of another type.
struct Widen<const N: usize>;
stackprop::zeroed!([const N: usize] Widen<N> {});

impl<const N: usize> Infer for Widen<N> {
    type In = [i8; N];
    type Out = [f32; N];
    type Plan<P: Place, const B: usize> = Beside<P, [i8; N], [f32; N], B>;
    const STRUCTURE: Structure = Structure::layer("Widen", &[]);

    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        x.map(|x, y| {
            for (y, &x) in y.as_flattened_mut().iter_mut().zip(x.as_flattened()) {
                *y = f32::from(x);
            }
        })
    }
}

#[test]
fn whole_numbers_and_layers_that_are_only_used_run_in_a_workspace() {
    type Net = (Halve<3>, Halve<3>, Widen<3>, Dense<3, 2>, ReLU<2>);
    let mut net = Net::ZERO;
    net.3 = Dense::new([[1.0, -1.0], [0.5, 0.25], [2.0, -8.0]], [0.0, 1.0]);
    let mut workspace = Workspace::<Net>::ZERO;
    assert_eq!(workspace.infer(&net, Tensor::from_ref(&[100, -8, 5])).0, [26.0, 0.0]);
    // Three bytes and what the next number is aligned to, beside three numbers of four bytes; then these beside two.
    assert_eq!(Workspace::<Net>::BYTES, 20);
    let mut workspace = Workspace::<(Halve<3>, Halve<3>), 2>::ZERO;
    let y = workspace.infer_batch(&(Halve, Halve), Tensor::from_ref(&[[4, -4, 127], [1, 2, -128]]));
    assert_eq!(y.0, [[1, -1, 31], [0, 0, -32]]);
    assert_eq!(Workspace::<(Halve<3>, Halve<3>), 2>::BYTES, 6);
}
