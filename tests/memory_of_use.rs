//! What a [`Workspace`] takes: what must be alive at once, and no more.

use stackprop::init::initialise;
use stackprop::kernel::Kernels;
use stackprop::layer::plan::{Beside, Given, Over, Taken};
use stackprop::layer::{Infer, Place, Structure};
use stackprop::prelude::*;
use stackprop::random::generator;
use stackprop::scalar::Scalar;

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

/// The outputs of a network in use, and those of a tape, which keeps all outputs: the same bits.
fn same_as_in_training<N: Layer, const B: usize>(name: &str) {
    let mut net = N::boxed();
    initialise(&mut *net, Init::HeNormal, &mut generator(7));
    let mut x = <Tensor<[N::In; B]>>::boxed();
    for (i, x) in x.as_mut_slice().iter_mut().enumerate() {
        *x = N::T::from_f64((i * 37 % 101) as f64 / 50.0 - 1.0);
    }
    let (mut tape, mut workspace) = (Tape::<N, B>::boxed(), Workspace::<N, B>::boxed());
    for _ in 0..2 {
        let used = workspace.infer_batch(&net, &x);
        assert!(used.as_slice() == tape.forward(&net, &x).as_slice(), "{name}, {B} samples");
    }
    // Fewer samples than there is room for, and none that another one could have changed.
    let mut one = Workspace::<N, 1>::boxed();
    for (x, y) in x.rows().zip(tape.forward(&net, &x).rows()) {
        assert!(one.infer(&net, x).as_slice() == y.as_slice(), "{name}, alone");
    }
}

macro_rules! same_as_in_training {
    ($($net:ty),* $(,)?) => { $(
        same_as_in_training::<$net, 1>(stringify!($net));
        same_as_in_training::<$net, 5>(stringify!($net));
    )* };
}

#[test]
fn outputs_are_those_of_training() {
    same_as_in_training!(
        // Layers that write over their input, in front and behind.
        (ReLU<7>, Dense<7, 3>, Tanh<3>, Softmax<3>),
        (Tanh<5>,),
        (Softmax<3>, Dense<3, 17>, GELU<17>, ELU<17>, Dense<17, 1>),
        (PositionEmbedding<3, 5>, LayerNorm<5, [[f32; 5]; 3]>, Flatten<[[f32; 5]; 3], 15>, Dense<15, 2>),
        (Dense<4, 33>, RMSNorm<33>, ReLU<33>, LayerNorm<33>, Dense<33, 3>),
        // Views, in front, behind, and alone.
        (Flatten<[[f32; 3]; 5], 15>, Dense<15, 4>, Reshape<[f32; 4], [[f32; 2]; 2]>),
        (Flatten<[[f32; 3]; 5], 15>, Tanh<15>),
        (Flatten<[[f32; 3]; 5], 15>,),
        // Both ends, and both ends of what is inside.
        Residual<Dense<7, 7>>,
        Residual<(Dense<7, 3>, Dense<3, 7>)>,
        Residual<Tanh<7>>,
        Residual<Reshape<[f32; 6], [f32; 6]>>,
        (Dense<3, 7>, Residual<Dense<7, 7>>, Tanh<7>, Residual<(Dense<7, 3>, ReLU<3>, Dense<3, 7>)>, Dense<7, 2>),
        (Dense<3, 7>, Tanh<7>, Residual<Reshape<[f32; 7], [f32; 7]>>, Residual<Sigmoid<7>>, Dense<7, 2>),
        Residual<(Dense<3, 5>, Residual<(Dense<5, 9>, Residual<Dense<9, 9>>, Dense<9, 5>)>, Dense<5, 3>)>,
        Sum<Dense<7, 3>, Dense<7, 3>>,
        Sum<(Dense<7, 9>, Tanh<9>, Dense<9, 3>), Dense<7, 3>>,
        (Dense<2, 7>, Sum<(Dense<7, 9>, Tanh<9>, Dense<9, 3>), Dense<7, 3>>, Dense<3, 1>),
        (Dense<2, 7>, Sum<Dense<7, 9>, (Dense<7, 11>, ReLU<11>, Dense<11, 9>)>, Dense<9, 1>),
        (Dense<2, 7>, Sum<Tanh<7>, Sigmoid<7>>, Sum<Reshape<[f32; 7], [f32; 7]>, Dense<7, 7>>, Dense<7, 1>),
        (Dense<2, 7>, Sum<Dense<7, 3>, Sum<(Dense<7, 2>, Dense<2, 3>), Dense<7, 3>>>, Dense<3, 1>),
        Concat<Dense<7, 3>, Dense<7, 5>, [f32; 8]>,
        (Dense<2, 7>, Concat<Dense<7, 3>, (Dense<7, 9>, ReLU<9>, Dense<9, 5>), [f32; 8]>, Dense<8, 1>),
        (Dense<2, 7>, Concat<Tanh<7>, Reshape<[f32; 7], [f32; 7]>, [f32; 14]>, Dense<14, 3>),
        // Sequences, of which all steps are kept, or the last.
        Lstm<11, 3, 5>,
        (Lstm<11, 3, 5>, Last<11, 5>, Dense<5, 2>),
        (Lstm<1, 3, 5>, Last<1, 5>),
        (Lstm<8, 3, 17>, Tanh<8, [f32; 17]>, Last<8, 17>),
        (Gru<9, 3, 5>, Gru<9, 5, 7>, Last<9, 7>, Dense<7, 2>),
        (Rnn<17, 2, 3>, Rnn<17, 3, 33>, Last<17, 33>),
        (Rnn<17, 2, 3>, Flatten<[[f32; 3]; 17], 51>, Dense<51, 2>),
        ((Gru<9, 3, 5>, Lstm<9, 5, 4>), Last<9, 4>, Dense<4, 2>),
        ((Dense<3, 6>, Reshape<[f32; 6], [[f32; 2]; 3]>, Gru<3, 2, 4>), (Last<3, 4>, Dense<4, 2>)),
        ((Gru<9, 3, 5>, Tanh<9, [f32; 5]>), Last<9, 5>),
        (Frozen<Gru<9, 3, 5>>, Frozen<Last<9, 5>>, Regularized<Dense<5, 2>>, ReLU<2>),
        Residual<(Gru<9, 3, 3>, Lstm<9, 3, 3>)>,
        Concat<(Gru<5, 6, 8>, Last<5, 8>), (Rnn<5, 6, 4>, Last<5, 4>), [f32; 12]>,
        Recompute<((Dense<3, 5>, Tanh<5>), (Dense<5, 7>, ReLU<7>), (Dense<7, 2>,))>,
        (MultiHeadAttention<7, 6, 2, 3>, Residual<MultiHeadAttention<7, 6, 3, 2, f32, Causal>>),
        (Embedding<3, 5, 4>, Residual<(LayerNorm<4, [[f32; 4]; 3]>, SelfAttention<3, 4>)>, Transpose<3, 4>),
        (
            Conv2d<5, 7, 3, 5, 7, 4, 3, 3, Same>,
            ReLU<5, [[f32; 4]; 7]>,
            Pad2d<5, 7, 4, 7, 9, 1, 1>,
            MaxPool2d<7, 9, 4, 3, 4, 2, 2>,
            DepthwiseConv2d<3, 4, 4, 3, 4, 3, 3, Same>,
            LeakyReLU<3, [[f32; 4]; 4]>,
            ConvTranspose2d<3, 4, 4, 4, 5, 2, 2, 2>,
            GlobalAvgPool2d<4, 5, 2>,
        ),
        (Conv1d<9, 2, 7, 3, 3>, SiLU<7, [f32; 3]>, AvgPool1d<7, 3, 3, 2>, Flatten<[[f32; 3]; 3], 9>, Dense<9, 2>),
        (Dense<3, 5, f64>, Softplus<5, f64>, Residual<(Dense<5, 5, f64>, Tanh<5, f64>)>, Dense<5, 2, f64>),
    );
}

/// Training is the same with inferences between its steps, which leave other numbers where a pass keeps its own.
fn the_same_with_inferences<N: Layer<T = f32, Out = [f32; 2]>>(name: &str) {
    let mut x = <Tensor<[N::In; 5]>>::boxed();
    for (i, x) in x.as_mut_slice().iter_mut().enumerate() {
        *x = (i * 37 % 101) as f32 / 50.0 - 1.0;
    }
    let targets = [[1.0, -1.0], [0.5, 0.0], [0.0, 0.25], [-1.0, 1.0], [2.0, 0.0]].map(Tensor);
    let steps = |inferences: bool| {
        let mut training = Trainer::<N, MeanSquaredError<2>, Adam, 5>::boxed();
        training.reset(3, Adam::new(0.01).unwrap()).unwrap();
        let mut losses = Vec::new();
        for _ in 0..6 {
            if inferences {
                training.infer_batch(&x).unwrap();
            }
            losses.push(training.step(&x, &targets).unwrap().to_bits());
        }
        losses
    };
    assert_eq!(steps(true), steps(false), "{name}");
}

#[test]
fn inferences_between_steps_change_nothing() {
    macro_rules! the_same {
        ($($net:ty),* $(,)?) => { $(the_same_with_inferences::<$net>(stringify!($net));)* };
    }
    the_same!(
        (Dense<4, 17>, BatchNorm<17>, ReLU<17>, Dropout<17>, Dense<17, 2>),
        (Standardize<4>, Dense<4, 7>, LayerNorm<7>, Tanh<7>, RMSNorm<7>, Dense<7, 2>),
        Recompute<((Dense<3, 5>, Tanh<5>), (Dense<5, 7>, ReLU<7>), (Dense<7, 2>,))>,
        (
            Residual<(Dense<3, 9>, GELU<9>, Dense<9, 3>)>,
            Sum<Dense<3, 5>, (Dense<3, 7>, SiLU<7>, Dense<7, 5>)>,
            Dense<5, 2>
        ),
        (Concat<(Gru<5, 6, 8>, Last<5, 8>), (Rnn<5, 6, 4>, Last<5, 4>), [f32; 12]>, Dense<12, 2>),
        (Lstm<11, 3, 5>, Last<11, 5>, Dense<5, 2>),
        (MultiHeadAttention<7, 6, 2, 3>, Transpose<7, 6>, Flatten<[[f32; 7]; 6], 42>, Dense<42, 2>),
        (
            Conv2d<5, 7, 3, 5, 7, 4, 3, 3, Same>,
            BatchNorm2d<5, 7, 4>,
            Pad2d<5, 7, 4, 7, 9, 1, 1>,
            MaxPool2d<7, 9, 4, 3, 4, 2, 2>,
            GlobalAvgPool2d<3, 4, 4>,
            Dense<4, 2>,
        ),
    );
}
