//! Files of weights: of another network, damaged, with numbers that cannot be, in PyTorch's order; loaded into a
//! trainer; names of parameters.

use crate::common::run::{bits, parameter_bits, uniform};
use crate::common::{Case, case, suite};
use stackprop::init::initialise;
use stackprop::kernel::{Copies, Kernels};
use stackprop::layer::plan::{Given, Taken, Viewed};
use stackprop::layer::{Apart, Context, Cost, Elementwise, InPlace, Need, No, Place, SettingError, Structure};
use stackprop::optimizer::{CopiesOf, Optimizer, Rule};
use stackprop::parameter::{Domain, Info, Parameter, Path, Role, Visitor, visit_values};
use stackprop::prelude::*;
use stackprop::random::generator;
use stackprop::scalar::Scalar;
use stackprop::tape::parameter;
use stackprop::tensor::{Array, take, take_mut};
use stackprop::weights::{Difference, WeightsError, export, file_size, fingerprint, read, write};

fn file<L: Layer>(net: &L) -> Vec<u8> {
    let mut file = vec![0; file_size::<L>()];
    assert_eq!(write(net, &mut file), Ok(file.len()));
    file
}

/// CRC-32 as in zip and PNG, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

/// A file of a network with these numbers, whatever they are.
fn forged<L: Layer>(numbers: impl IntoIterator<Item = f64>) -> Vec<u8> {
    let mut file = file(&L::ZERO);
    let start = 16 + 4 * L::STRUCTURE.layers();
    let end = file.len() - 4;
    let mut places = file[start..end].chunks_exact_mut(L::T::BYTES);
    for number in numbers {
        places.next().unwrap().copy_from_slice(L::T::from_f64(number).to_bytes().as_ref());
    }
    assert!(places.next().is_none());
    let checksum = crc32(&file[..end]);
    file[end..].copy_from_slice(&checksum.to_le_bytes());
    file
}

// 07: a file of another network.

/// What the network `B` says of a file of `A`; it stays as it is if it says anything.
fn copy<A: Layer, B: Layer>() -> Result<(), WeightsError> {
    let (mut from, mut to) = (A::ZERO, B::ZERO);
    initialise(&mut from, Init::HeNormal, &mut generator(1));
    initialise(&mut to, Init::HeNormal, &mut generator(2));
    let before = parameter_bits(&to);
    let result = read(&mut to, &file(&from));
    assert_eq!(fingerprint(&from) == fingerprint(&to), result.is_ok());
    match result {
        Ok(()) => assert_eq!(parameter_bits(&from), parameter_bits(&to)),
        Err(_) => assert_eq!(parameter_bits(&to), before),
    }
    result
}

#[track_caller]
fn differs<A: Layer, B: Layer>(path: &str, name: &str) {
    match copy::<A, B>() {
        Err(WeightsError::OtherNetwork(Difference::LayerAt { path: at, name: layer })) => {
            assert_eq!((at.to_string().as_str(), layer), (path, name));
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn counts<A: Layer, B: Layer>(file: u32, network: u32) {
    assert_eq!(copy::<A, B>(), Err(WeightsError::OtherNetwork(Difference::Layers { file, network })));
}

#[track_caller]
fn same<A: Layer, B: Layer>() {
    assert_eq!(copy::<A, B>(), Ok(()));
    assert_eq!(copy::<B, A>(), Ok(()));
}

type Attention<const HEADS: usize, const HEAD: usize, M = stackprop::layer::All> =
    MultiHeadAttention<3, 4, HEADS, HEAD, f32, M>;

#[test]
fn a_file_of_another_network_is_refused_by_the_layer_that_differs() {
    differs::<(Dense<3, 4>, ReLU<4>, Dense<4, 2>), (Dense<3, 4>, Tanh<4>, Dense<4, 2>)>("1", "Tanh");
    differs::<Attention<2, 2>, Attention<4, 1>>("", "MultiHeadAttention");
    differs::<Attention<2, 2>, Attention<2, 2, Causal>>("", "MultiHeadAttention");
    differs::<Residual<Dense<4, 4>>, Dense<4, 4>>("", "Dense");
    differs::<Dense<4, 4>, Residual<Dense<4, 4>>>("", "Residual");
    differs::<Conv1d<9, 2, 7, 2, 3>, Conv1d<9, 2, 4, 2, 3, Padded<0, 2>>>("", "Conv1d");

    // In f64, among others, deeper, and in wrappers.
    type F<L> = (Dense<3, 4, f64>, (L, Frozen<Dense<4, 2, f64>>));
    differs::<F<ReLU<4, f64>>, F<Sigmoid<4, f64>>>("1.0", "Sigmoid");
    differs::<F<GELU<4, f64>>, F<TanhGELU<4, f64>>>("1.0", "TanhGELU");
    type R<L> = (Dense<2, 4>, Residual<(L, Dense<4, 4>)>, Recompute<(Dense<4, 4>, Regularized<Dense<4, 1>>)>);
    differs::<R<SiLU<4>>, R<Softplus<4>>>("1.0", "Softplus");
    differs::<R<ELU<4>>, R<Softmax<4>>>("1.0", "Softmax");

    // Windows, strides, paddings, dilations, and how padding counts.
    differs::<Conv1d<9, 2, 9, 2, 3, Same>, Conv1d<9, 2, 7, 2, 3>>("", "Conv1d");
    differs::<Conv1d<9, 2, 9, 2, 3, Same>, Conv1d<9, 2, 9, 2, 3, Padded<2, 1, 2>>>("", "Conv1d");
    differs::<Conv2d<6, 6, 1, 4, 4, 2, 3, 3>, Conv2d<6, 6, 1, 4, 2, 2, 3, 3, (Valid, Valid<2>)>>("", "Conv2d");
    differs::<Conv1d<4, 4, 4, 4, 1>, ConvTranspose1d<4, 4, 4, 4, 1>>("", "ConvTranspose1d");
    differs::<MaxPool1d<8, 2, 4, 2>, AvgPool1d<8, 2, 4, 2>>("", "AvgPool");
    differs::<MaxPool1d<8, 2, 4, 2>, MaxPool1d<8, 2, 2, 4>>("", "MaxPool");
    differs::<MaxPool1d<8, 2, 4, 2>, MaxPool1d<8, 2, 7, 2, Valid>>("", "MaxPool");
    differs::<AvgPool1d<3, 1, 2, 2, Same<2>>, AvgPool1d<3, 1, 2, 2, Same<2>, f32, false>>(
        "",
        "AvgPool without padding",
    );
    differs::<GlobalAvgPool1d<8, 2>, GlobalMaxPool1d<8, 2>>("", "MaxPool");
    differs::<Pad1d<3, 2, 6, 1>, Pad1d<3, 2, 6, 2>>("", "Pad");
    differs::<Pad1d<3, 2, 6, 1>, Pad1d<3, 2, 5, 1>>("", "Pad");
    differs::<Reshape<[f32; 6], [[f32; 2]; 3]>, Reshape<[f32; 6], [[f32; 3]; 2]>>("", "Reshape");

    // Norms, layers side by side, and which is in which.
    differs::<RMSNorm<4>, LayerNorm<4>>("", "LayerNorm");
    differs::<BatchNorm<4>, Standardize<4>>("", "Standardize");
    differs::<Sum<Dense<2, 3>, Dense<2, 3>>, Concat<Dense<2, 3>, Dense<2, 3>, [f32; 6]>>("", "Concat");
    type Two<A, B> = Sum<A, B>;
    differs::<Two<(Tanh<2>, ReLU<2>), ELU<2>>, Two<Tanh<2>, (ReLU<2>, ELU<2>)>>("1.0", "ReLU");
    differs::<(Residual<Dense<2, 2>>, Dense<2, 2>), Residual<(Dense<2, 2>, Dense<2, 2>)>>("1", "Dense");
    differs::<(Residual<Dense<2, 2>>, Residual<Dense<2, 2>>), Residual<(Dense<2, 2>, Residual<Dense<2, 2>>)>>(
        "1", "Residual",
    );
    differs::<Rnn<5, 3, 4>, Rnn<5, 4, 3>>("", "Rnn");
    differs::<Embedding<4, 6, 2>, Embedding<4, 3, 4>>("", "Embedding");
    differs::<PositionEmbedding<4, 3>, PositionEmbedding<3, 4>>("", "PositionEmbedding");

    // One more, one less.
    counts::<(Dense<3, 4>, ReLU<4>), (Dense<3, 4>,)>(2, 1);
    counts::<(Dense<3, 4>,), (Dense<3, 4>, ReLU<4>)>(1, 2);
    assert_eq!(
        copy::<(Dense<3, 4, f64>,), (Dense<3, 4>,)>(),
        Err(WeightsError::OtherNetwork(Difference::NumberType(8)))
    );
    assert_eq!(
        copy::<(Dense<3, 4>,), (Dense<3, 4, f64>,)>(),
        Err(WeightsError::OtherNetwork(Difference::NumberType(4)))
    );
}

#[test]
fn what_does_not_change_the_function_is_the_same_network() {
    same::<Gru<5, 3, 4>, Gru<9, 3, 4>>();
    same::<Lstm<5, 3, 4>, Lstm<9, 3, 4>>();
    same::<Rnn<5, 3, 4>, Rnn<1, 3, 4>>();
    same::<Attention<2, 2>, MultiHeadAttention<7, 4, 2, 2>>();
    same::<(Conv1d<9, 2, 9, 3, 3, Same>, GlobalAvgPool1d<9, 3>), (Conv1d<8, 2, 8, 3, 3, Same>, GlobalAvgPool1d<8, 3>)>(
    );
    same::<BatchNorm1d<9, 3>, BatchNorm2d<2, 2, 3>>();
    same::<Embedding<4, 6, 2>, Embedding<1, 6, 2>>();
    same::<ReLU<4>, ReLU<2, [f32; 3]>>();
    // Groups, and layers that do nothing in use.
    type A = Dense<3, 4>;
    type B = Dense<4, 2>;
    same::<(A, Tanh<4>, B), ((A, Tanh<4>), B)>();
    same::<(A, Tanh<4>, B), (A, (Tanh<4>, (B,)))>();
    same::<(A, Tanh<4>, B), (A, Tanh<4>, Dropout<4>, B)>();
    same::<(A, Tanh<4>, B), (Frozen<(A, Tanh<4>)>, B)>();
    same::<(A, Tanh<4>, B), Recompute<(A, Tanh<4>, Regularized<B>)>>();
    same::<(A, Residual<(Tanh<4>,)>, B), (A, (Residual<(Tanh<4>, Dropout<4>)>, B))>();
    same::<B, (FrozenRef<A>, B)>();
}

/// y = x³ / (1 + x²): a function of one's own, of this name.
struct Soft<const N: usize, T = f32> {
    scalar: std::marker::PhantomData<T>,
}
stackprop::zeroed!([const N: usize, T: Scalar] Soft<N, T> { scalar });
stackprop::elementwise!(Soft, apart);

impl<const N: usize, T: Scalar> Elementwise<T> for Soft<N, T> {
    fn value(&self, x: T) -> T {
        x * x * x / (T::ONE + x * x)
    }
    fn derivative(&self, x: T) -> T {
        let square = x * x;
        square * (T::from_f64(3.0) + square) / ((T::ONE + square) * (T::ONE + square))
    }
}

/// A layer of one's own: `N` numbers, of which `COUNTED` are in its cost, and which cannot be negative.
struct Own<const N: usize, const COUNTED: usize> {
    level: [f32; N],
}
stackprop::zeroed!([const N: usize, const COUNTED: usize] Own<N, COUNTED> { level });

impl<const N: usize, const COUNTED: usize> Own<N, COUNTED> {
    fn info(path: Path) -> Info {
        Info { domain: Domain::NonNegative, ..Info::new(path, "level", Role::State, <[f32; N]>::SHAPE) }
    }
}

impl<const N: usize, const COUNTED: usize> Infer for Own<N, COUNTED> {
    type In = [f32; 2];
    type Out = [f32; 2];
    type Plan<P: Place, const B: usize> = Viewed<P>;
    const STRUCTURE: Structure = Structure::layer("Own", &[]);
    const COST: Cost = Cost { parameters: COUNTED, ..Cost::NONE };

    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        x.cast()
    }
}

impl<const N: usize, const COUNTED: usize> Layer for Own<N, COUNTED> {
    type T = f32;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = No;
    type Saved<P: Place, const B: usize> = [[f32; 2]; B];
    type Wide<const B: usize> = [[f32; 2]; B];
    type Slots<K: Copies> = ();

    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [f32; 2]>,
        y: &'a mut [[f32; 2]; B],
        _: Context,
    ) -> &'a mut [[f32; 2]] {
        let x = P::read(x);
        let y = take_mut(y, x.len());
        y.copy_from_slice(x);
        y
    }

    fn output<'a, P: Place, const B: usize>(x: &'a [[f32; 2]], y: &'a [[f32; 2]; B]) -> &'a [[f32; 2]] {
        take(y, x.len())
    }

    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<f32>>(
        &mut self,
        _: &[[f32; 2]],
        _: &mut [[f32; 2]; B],
        _: &mut [f32],
        _: &mut (),
        _: &R,
        _: Context,
    ) {
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, f32>)) {
        visitor(Parameter::new(Self::info(path), &self.level));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<f32, K, G>>(
        &mut self,
        path: Path,
        _: &mut (),
        _: &mut (),
        visitor: &mut V,
    ) {
        visitor.visit_frozen(Self::info(path), &mut self.level);
    }
}

#[test]
fn layers_of_ones_own_differ_by_their_names_and_by_shapes() {
    differs::<(Dense<3, 4>, Soft<4>), (Dense<3, 4>, Tanh<4>)>("1", "Tanh");
    differs::<(Dense<3, 4>, Tanh<4>), (Dense<3, 4>, Soft<4>)>("1", "Soft");
    same::<Soft<4>, Soft<7>>();
    // Its author gave no number: the shape is enough.
    differs::<(Own<2, 2>, Own<3, 3>), (Own<3, 3>, Own<2, 2>)>("0", "Own");
    same::<Own<3, 3>, (Own<3, 3>,)>();
}

#[test]
fn a_layer_that_shows_other_parameters_than_it_counts_is_an_error() {
    fn refused<const N: usize, const COUNTED: usize>() {
        let error = WeightsError::Parameters { shown: N, counted: COUNTED };
        let mut buffer = vec![0xaa; file_size::<Own<N, COUNTED>>()];
        assert_eq!(write(&Own::<N, COUNTED>::ZERO, &mut buffer), Err(error));
        assert!(buffer.iter().all(|&byte| byte == 0xaa));
    }
    refused::<3, 2>();
    refused::<3, 4>();
}

#[test]
fn a_setting_that_differs_is_named_by_its_layer() {
    type Net = (Dense<2, 3>, Residual<(LeakyReLU<3>, ELU<3>)>, BatchNorm<3>);
    let mut net = Net::ZERO;
    net.1.layer_mut().1.set_alpha(0.5).unwrap();
    let one = file(&net);
    net.2.set_epsilon(1e-3).unwrap();
    let two = file(&net);
    let differs = |path, name| Err(WeightsError::OtherNetwork(Difference::LayerAt { path, name }));
    let root = Path::default();
    assert_eq!(read(&mut *Net::boxed(), &one), differs(root.part(1).part(1), "ELU"));
    let mut reader = Net::ZERO;
    reader.1.layer_mut().1.set_alpha(0.5).unwrap();
    assert_eq!(read(&mut reader, &one), Ok(()));
    assert_eq!(read(&mut reader, &two), differs(root.part(2), "BatchNorm"));
}

/// What a layer is called in a file, and which numbers belong to it, is a promise: files of a version must be read by
/// all later ones.
#[test]
fn fingerprints_stay() {
    #[track_caller]
    fn stays<L: Layer>(expected: u32) {
        let found = fingerprint(&*L::boxed());
        assert_eq!(found, expected, "{found:#010x}: {}", std::any::type_name::<L>());
    }
    stays::<Dense<2, 3>>(0xd608_7e6c);
    stays::<ReLU<2>>(0xc03b_8fcb);
    stays::<LeakyReLU<2>>(0x7a8e_e01e);
    stays::<Sigmoid<2>>(0x4258_6cac);
    stays::<Tanh<2>>(0xd7ad_c47d);
    stays::<GELU<2>>(0xdf1a_eaa3);
    stays::<TanhGELU<2>>(0xa3d7_d9a6);
    stays::<SiLU<2>>(0x80ef_8ec7);
    stays::<ELU<2>>(0xda51_ebfd);
    stays::<Softplus<2>>(0xf0a3_5e0f);
    stays::<Softmax<2>>(0xa2b4_ddc8);
    stays::<Standardize<2>>(0xb463_0862);
    stays::<BatchNorm<2>>(0x84b5_1807);
    stays::<LayerNorm<2>>(0xcfb0_496c);
    stays::<RMSNorm<2>>(0xf241_18ee);
    stays::<Conv1d<7, 4, 4, 6, 3, Padded<1, 2>, f32, 2>>(0x547d_f17e);
    stays::<Conv1d<7, 4, 4, 6, 3, Same<2>>>(0xbea2_57c9);
    stays::<Conv2d<6, 7, 1, 4, 3, 2, 3, 3, (Valid, Valid<2>)>>(0x7dce_659c);
    stays::<ConvTranspose1d<4, 3, 9, 2, 3, Valid<2>>>(0x775a_badd);
    stays::<ConvTranspose2d<3, 2, 2, 4, 4, 3, 2, 3>>(0x5f4a_e471);
    stays::<MaxPool1d<8, 2, 4, 2>>(0x2582_27da);
    stays::<MaxPool2d<8, 8, 2, 4, 4, 3, 3, Same<2>>>(0xd891_1a4d);
    stays::<AvgPool1d<8, 2, 4, 2>>(0x68e2_7044);
    stays::<AvgPool1d<3, 1, 2, 2, Same<2>, f32, false>>(0xb5e8_8eb5);
    stays::<GlobalAvgPool2d<4, 4, 2>>(0x79ef_c9a3);
    stays::<GlobalMaxPool1d<4, 2>>(0x348f_9e3d);
    stays::<Flatten<[[f32; 2]; 3], 6>>(0xed23_ba00);
    stays::<Reshape<[f32; 6], [[f32; 2]; 3]>>(0x490a_1d4b);
    stays::<Transpose<2, 3>>(0x87e6_4c74);
    stays::<Pad1d<3, 2, 6, 1>>(0x63ae_31da);
    stays::<Pad2d<3, 3, 2, 6, 5, 1, 2>>(0x811f_278c);
    stays::<Embedding<3, 5, 2>>(0xf45a_0677);
    stays::<PositionEmbedding<3, 2>>(0x7638_c6cf);
    stays::<Rnn<4, 2, 3>>(0x8e0a_9fa0);
    stays::<Gru<4, 2, 3>>(0xe836_992f);
    stays::<Lstm<4, 2, 3>>(0xddb3_95a1);
    stays::<Last<4, 2>>(0xb2a8_1bfa);
    stays::<MultiHeadAttention<3, 4, 2, 2>>(0x5add_c35d);
    stays::<SelfAttention<3, 4, f32, Causal>>(0x7aae_46ae);
    stays::<Residual<Tanh<2>>>(0xeec2_f7fa);
    stays::<Sum<Tanh<2>, (ReLU<2>, ELU<2>)>>(0x8c20_ce0f);
    stays::<Concat<Tanh<2>, ReLU<2>, [f32; 4]>>(0xef58_d832);
    stays::<Recompute<(Frozen<Dense<2, 2>>, Dropout<2>, Regularized<Dense<2, 2>>)>>(0xd9d8_42e2);
}

#[test]
fn the_error_is_small() {
    assert!(size_of::<WeightsError>() <= 48, "{}", size_of::<WeightsError>());
}

// 08: weights that are loaded into a trainer.

fn two() -> Vec<u8> {
    file(&Dense::<1, 1>::new([[2.0]], [0.0]))
}

#[test]
fn loaded_weights_are_kept_by_resume_as_the_error_says() {
    let mut training = Trainer::<Dense<1, 1>, MeanSquaredError<1>, Momentum, 1>::boxed();
    read(training.net_mut(), &two()).unwrap();
    let error = training.infer(&Vector::new([1.0])).unwrap_err();
    assert!(error.to_string().contains("`resume` to keep those that were loaded"), "{error}");
    let error = training.step(&Matrix::new([[1.0]]), &[Vector::new([1.0])]).unwrap_err();
    assert!(error.to_string().contains("`resume` to keep those that were loaded"), "{error}");
    training.resume(1, Momentum::new(0.1, 0.9).unwrap()).unwrap();
    assert_eq!(training.infer(&Vector::new([1.0])).unwrap()[0], 2.0);
}

/// The weight after a load in the middle of training and one step whose gradient is 0.
fn loaded<O: Optimizer<T = f32>>(optimizer: O, resumes: bool) -> f32 {
    let mut training = Trainer::<Dense<1, 1>, MeanSquaredError<1>, O, 1>::boxed();
    training.reset(1, optimizer).unwrap();
    for _ in 0..3 {
        training.step(&Matrix::new([[1.0]]), &[Vector::new([30.0])]).unwrap();
    }
    read(training.net_mut(), &two()).unwrap();
    if resumes {
        training.resume(1, optimizer).unwrap();
        assert_eq!(training.steps(), 0);
    } else {
        assert_eq!(training.steps(), 3);
    }
    training.step(&Matrix::new([[1.0]]), &[Vector::new([2.0])]).unwrap();
    training.net().weight(0, 0).unwrap()
}

#[test]
fn a_load_in_the_middle_keeps_momentum_unless_resumed() -> Result<(), SettingError> {
    for (resumes, stays) in [(true, true), (false, false)] {
        assert_eq!(loaded(Momentum::new(0.1, 0.9)?, resumes) == 2.0, stays);
        assert_eq!(loaded(Nesterov::new(0.1, 0.9)?, resumes) == 2.0, stays);
        assert_eq!(loaded(Adam::new(0.1)?, resumes) == 2.0, stays);
    }
    assert_eq!(loaded(Sgd::new(0.1)?, false), 2.0);
    Ok(())
}

// 09: what cannot be read isn't written.

/// Nothing is written, and the network is no other.
#[track_caller]
fn not_written<L: Layer + Export>(net: &L, error: WeightsError) {
    let mut buffer = vec![0xaa; file_size::<L>() + 3];
    assert_eq!(write(net, &mut buffer), Err(error));
    assert!(buffer.iter().all(|&byte| byte == 0xaa), "nothing is written");
    let mut text = String::new();
    assert!(export(net, "NET", "Net", &mut text).is_err() && text.is_empty());
}

#[test]
fn a_number_that_is_not_finite_is_not_written() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for at in 0..6 {
            let mut numbers = [1.0; 6];
            numbers[at] = bad;
            let [a, b, c, d, e, f] = numbers;
            let net = (Dense::new([[a, b], [c, d]], [e, f]), ReLU::<2>::new());
            not_written(&net, WeightsError::NonFinite);
            not_written(&Frozen::new(net), WeightsError::NonFinite);
        }
        not_written(&Dense::<1, 1, f64>::new([[f64::from(bad)]], [0.0]), WeightsError::NonFinite);
        // Settings and statistics.
        not_written(&LeakyReLU::<2>::with_slope(bad), WeightsError::NonFinite);
        let norm = |mean, epsilon| BatchNorm::<1>::with_statistics([1.0], [0.0], 1.0, [mean], [1.0], epsilon);
        not_written(&norm(bad, 1e-5), WeightsError::NonFinite);
        not_written(&norm(0.0, bad), WeightsError::NonFinite);
        not_written(&Standardize::with_statistics(2.0, [bad], [0.0], [1.0]), WeightsError::NonFinite);
    }
}

// 10: the order of numbers in a file.

#[test]
fn dense_weights_are_by_output_in_a_file_and_by_input_elsewhere() {
    let net = Dense::<2, 3>::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [7.0, 8.0, 9.0]);
    let numbers: Vec<f32> =
        file(&net)[20..56].chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    assert_eq!(numbers, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0, 7.0, 8.0, 9.0]);
    let mut logical = Matrix::<2, 3>::ZERO;
    assert!(parameter(&net, "weight", &mut logical));
    assert_eq!(logical.0, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let mut text = String::new();
    export(&net, "NET", "Dense<2, 3>", &mut text).unwrap();
    assert!(text.contains("[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]"), "{text}");
}

/// A layer that reads PyTorch's numbers gives PyTorch's output.
#[track_caller]
fn in_order<L: Layer<T = f64>>(case: &Case, numbers: &[&[f64]]) {
    let mut layer = L::boxed();
    read(&mut *layer, &forged::<L>(numbers.iter().flat_map(|numbers| numbers.iter().copied()))).unwrap();
    let mut workspace = Workspace::<L>::boxed();
    case.check("y", workspace.infer(&*layer, &case.tensor("x")).as_slice());
}

#[test]
fn a_file_has_the_order_of_pytorch() {
    let cases = suite(include_str!("../fixtures/weights_order.txt"));
    let find = |name| case(&cases, name);
    fn plain<L: Layer<T = f64>>(case: &Case) {
        in_order::<L>(case, &[case.values("weight"), case.values("bias")]);
    }
    plain::<Dense<3, 5, f64>>(find("dense_3_5"));
    plain::<Dense<5, 3, f64>>(find("dense_5_3"));
    plain::<Dense<7, 18, f64>>(find("dense_7_18"));
    plain::<Conv1d<5, 3, 4, 4, 2, Valid, f64>>(find("conv1d"));
    plain::<Conv1d<7, 4, 4, 6, 3, Padded<1, 2>, f64, 2>>(find("conv1d_groups"));
    plain::<DepthwiseConv1d<5, 3, 4, 2, Valid, f64>>(find("conv1d_depthwise"));
    plain::<Conv2d<4, 5, 2, 3, 3, 3, 2, 3, Valid, f64>>(find("conv2d"));
    plain::<DepthwiseConv2d<4, 3, 3, 2, 2, 3, 2, Valid, f64>>(find("conv2d_depthwise"));
    plain::<ConvTranspose1d<4, 3, 9, 2, 3, Valid<2>, f64>>(find("conv_transpose1d"));
    plain::<ConvTranspose1d<3, 4, 4, 6, 2, Valid, f64, 3>>(find("conv_transpose1d_groups"));
    plain::<ConvTranspose2d<3, 2, 2, 4, 4, 3, 2, 3, Valid, f64>>(find("conv_transpose2d"));
    plain::<LayerNorm<4, [f64; 4]>>(find("layer_norm"));
    let c = find("rms_norm");
    in_order::<RMSNorm<4, [f64; 4]>>(c, &[c.values("weight")]);
    let c = find("embedding");
    in_order::<Embedding<4, 5, 3, f64>>(c, &[c.values("weight")]);
    let c = find("position_embedding");
    in_order::<PositionEmbedding<4, 3, f64>>(c, &[c.values("weight")]);
    let c = find("batch_norm");
    let [mean, variance] = ["running_mean", "running_var"].map(|name| c.values(name));
    let updates = c.values("num_batches_tracked");
    in_order::<BatchNorm<3, [f64; 3]>>(c, &[c.values("weight"), c.values("bias"), updates, mean, variance]);

    // Two biases are one, but for the third gate of a GRU.
    let recurrent = |c: &Case| -> [Vec<f64>; 4] {
        ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"].map(|name| c.values(name).to_vec())
    };
    let sum = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a + b).collect() };
    let [w, u, b, c] = recurrent(find("rnn"));
    in_order::<Rnn<4, 2, 3, f64>>(find("rnn"), &[&w, &u, &sum(&b, &c)]);
    let [w, u, b, c] = recurrent(find("lstm"));
    in_order::<Lstm<4, 2, 3, f64>>(find("lstm"), &[&w, &u, &sum(&b, &c)]);
    let [w, u, b, c] = recurrent(find("gru"));
    in_order::<Gru<4, 2, 3, f64>>(find("gru"), &[&w, &u, &sum(&b[..6], &c[..6]), &b[6..], &c[6..]]);

    // Query, key and value are one tensor, each with its bias.
    let c = find("attention");
    let (w, b) = (c.values("in_proj_weight"), c.values("in_proj_bias"));
    let out = ["out_proj.weight", "out_proj.bias"].map(|name| c.values(name));
    let parts = [&w[..16], &b[..4], &w[16..32], &b[4..8], &w[32..], &b[8..], out[0], out[1]];
    in_order::<MultiHeadAttention<3, 4, 2, 2, f64>>(c, &parts);
}

/// Numbers every parameter in its logical order, from a first number on.
struct Count(usize);

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<0>> for Count {
    fn visit<A: Array<T = T>>(&mut self, info: Info, values: &mut A, _: &mut [A; 0], _: &mut [A; 0]) {
        self.visit_frozen(info, values);
    }
    fn visit_frozen<A: Array<T = T>>(&mut self, info: Info, values: &mut A) {
        for i in 0..A::LEN {
            values.flat_mut()[info.place(i)] = T::from_usize(self.0);
            self.0 += 1;
        }
    }
}

fn counted<L: Layer>() -> Box<L> {
    let mut net = L::boxed();
    visit_values(&mut *net, &mut Count(1));
    net
}

/// The network of `weights_v1_f32.bin`, which version 1 of the format was written of, with the numbers 1, 2 .. and a
/// slope of 0.02.
type First<A = LeakyReLU<3>> = (
    Dense<2, 3>,
    A,
    (Dense<3, 8>, BatchNorm<8>),
    Dropout<8>,
    Reshape<[f32; 8], [[f32; 2]; 4]>,
    Conv1d<4, 2, 3, 3, 2>,
    Gru<3, 3, 2>,
    Residual<MultiHeadAttention<3, 2, 1, 2>>,
    Flatten<[[f32; 2]; 3], 6>,
    Frozen<Dense<6, 2>>,
);
const FIRST: &[u8] = include_bytes!("../fixtures/weights_v1_f32.bin");

/// That of `weights_v1_f64.bin`, of nine levels, with the numbers 1, 2 ..
type Deep = (((((((((Dense<1, 2, f64>, Dense<2, 1, f64>),),),),),),),),);
const DEEP: &[u8] = include_bytes!("../fixtures/weights_v1_f64.bin");

#[test]
fn files_of_version_1_are_read() {
    let mut net = First::<LeakyReLU<3>>::boxed();
    net.1.set_slope(0.02).unwrap();
    read(&mut *net, FIRST).unwrap();
    let expected = counted::<First>();
    assert_eq!(net.0.weight(0, 2), Some(3.0), "by input");
    assert_eq!(net.9.layer().weight(1, 0), expected.9.layer().weight(1, 0));
    let values = |net: &First| {
        let mut all = Vec::new();
        net.visit(Path::default(), &mut |parameter| {
            if parameter.info.role != Role::Setting {
                all.extend(parameter.values());
            }
        });
        all
    };
    assert_eq!(bits(&values(&net)), bits(&values(&expected)));
    let mut deep = Deep::ZERO;
    read(&mut deep, DEEP).unwrap();
    assert_eq!(parameter_bits(&deep), parameter_bits(&*counted::<Deep>()));

    // Written anew, it is of version 2, and the same.
    let mut again = First::<LeakyReLU<3>>::boxed();
    again.1.set_slope(0.02).unwrap();
    let new = file(&*net);
    assert_eq!(new[4..6], [2, 0]);
    read(&mut *again, &new).unwrap();
    assert_eq!(parameter_bits(&*again), parameter_bits(&*net));
}

#[test]
fn damaged_files_of_version_1_and_those_of_another_network_are_not_read() {
    #[track_caller]
    fn refused<L: Layer>(net: &mut L, file: &[u8]) -> WeightsError {
        let before = parameter_bits(net);
        let error = read(net, file).unwrap_err();
        assert_eq!(parameter_bits(net), before);
        error
    }
    let mut net = First::<LeakyReLU<3>>::boxed();
    let unknown = WeightsError::OtherNetwork(Difference::Unknown);
    assert_eq!(refused(&mut *net, FIRST), unknown, "another slope");
    net.1.set_slope(0.02).unwrap();
    assert_eq!(refused(&mut *First::<ELU<3>>::boxed(), FIRST), unknown);
    assert_eq!(refused(&mut *Deep::boxed(), FIRST), WeightsError::OtherNetwork(Difference::NumberType(4)));
    assert_eq!(refused(&mut *net, DEEP), WeightsError::OtherNetwork(Difference::NumberType(8)));
    for at in 0..FIRST.len() {
        let error = refused(&mut *net, &FIRST[..at]);
        assert!(matches!(error, WeightsError::Truncated { .. }), "{error}");
        let mut file = FIRST.to_vec();
        file[at] ^= 0x20;
        refused(&mut *net, &file);
    }
}

// 31: numbers that cannot be.

#[track_caller]
fn not_read<L: Layer>(numbers: &[f64], error: WeightsError) {
    let mut net = L::ZERO;
    initialise(&mut net, Init::HeNormal, &mut generator(2));
    let before = parameter_bits(&net);
    assert_eq!(read(&mut net, &forged::<L>(numbers.iter().copied())), Err(error));
    assert_eq!(parameter_bits(&net), before);
}

#[test]
fn a_negative_variance_is_neither_read_nor_written() {
    fn outside(path: Path, name: &'static str, domain: Domain) -> WeightsError {
        WeightsError::OutOfDomain { path, name, domain }
    }
    let root = Path::default();
    // Gain, bias, updates, mean, variance.
    not_read::<BatchNorm<1>>(&[1.0, 0.0, 1.0, 0.0, -1.0], outside(root, "variance", Domain::NonNegative));
    not_read::<BatchNorm<1, [f64; 1]>>(&[1.0, 0.0, 1.0, 0.0, -1e-300], outside(root, "variance", Domain::NonNegative));
    let second = [[1.0; 2], [0.0; 2], [5.0, 0.5], [-0.5, 2.0]].concat();
    not_read::<BatchNorm<2>>(
        &[&second[..5], &[0.5, -0.5, 2.0, -2.0]].concat(),
        outside(root, "variance", Domain::NonNegative),
    );
    for updates in [-1.0, 0.5, -0.5, 1e-6] {
        not_read::<BatchNorm<1>>(&[1.0, 0.0, updates, 0.0, 1.0], outside(root, "updates", Domain::Count));
    }
    for bad in [f64::NAN, f64::INFINITY] {
        not_read::<BatchNorm<1>>(&[1.0, 0.0, 1.0, 0.0, bad], WeightsError::NonFinite);
        not_read::<BatchNorm<1>>(&[1.0, 0.0, bad, 0.0, 1.0], WeightsError::NonFinite);
    }
    // Count, mean, residual, variance; in a network, frozen.
    type Net = (ReLU<1>, Frozen<(Standardize<1>,)>);
    not_read::<Net>(&[1.5, 0.0, 0.0, 1.0], outside(root.part(1).part(0), "count", Domain::Count));
    not_read::<Net>(&[1.0, 0.0, 0.0, -1.0], outside(root.part(1).part(0), "variance", Domain::NonNegative));
    not_read::<Own<3, 3>>(&[1.0, 0.0, -2.0], outside(root, "level", Domain::NonNegative));
    // The first thing that is wrong.
    not_read::<(Own<1, 1>, Own<1, 1>)>(&[-1.0, f64::NAN], outside(root.part(0), "level", Domain::NonNegative));
    not_read::<(Own<1, 1>, Own<1, 1>)>(&[f64::NAN, -1.0], WeightsError::NonFinite);

    let norm = |updates, variance| BatchNorm::<1>::with_statistics([1.0], [0.0], updates, [0.0], [variance], 1e-5);
    not_written(&norm(1.0, -1.0), outside(root, "variance", Domain::NonNegative));
    not_written(&(ReLU::<1>::new(), norm(-1.0, 1.0)), outside(root.part(1), "updates", Domain::Count));
    let standardize = Standardize::with_statistics(2.0, [0.0], [0.0], [-1.0]);
    not_written(&standardize, outside(root, "variance", Domain::NonNegative));
}

#[test]
fn what_can_be_is_read() {
    fn good<L: Layer>(numbers: &[f64]) {
        read(&mut *L::boxed(), &forged::<L>(numbers.iter().copied())).unwrap();
    }
    good::<BatchNorm<1>>(&[-1.0, -2.0, 16_777_216.0, -3.0, 0.0]);
    good::<BatchNorm<1>>(&[-1.0, -2.0, 0.0, -3.0, -0.0]);
    good::<BatchNorm<1, [f64; 1]>>(&[1.0, 0.0, 9e15, 0.0, f64::MAX]);
    good::<Standardize<1>>(&[4e9, -1.0, -1e-9, f64::from(f32::MIN_POSITIVE)]);
}

// 33: names of parameters.

type Five<L> = (((((L,),),),),);
type Pair = (Dense<2, 2>, Dense<2, 2>);
/// Fifteen levels.
type Deepest = Five<Five<((((Pair,),),),)>>;

#[test]
fn names_of_many_levels_differ() {
    type Net = (((((((Dense<2, 2>, Dense<2, 2>),),),),),),);
    type Case = ((Net,),);
    fn names<L: Layer>() -> Vec<String> {
        let mut names = Vec::new();
        L::ZERO.visit(Path::default(), &mut |parameter| names.push(parameter.info.to_string()));
        names
    }
    let nine = "0.0.0.0.0.0.0.0.";
    assert_eq!(names::<Case>(), ["0.weight", "0.bias", "1.weight", "1.bias"].map(|name| format!("{nine}{name}")));
    let fifteen = "0.".repeat(14);
    assert_eq!(names::<Deepest>(), ["0.weight", "0.bias", "1.weight", "1.bias"].map(|name| format!("{fifteen}{name}")));
    same::<Deepest, (Dense<2, 2>, Dense<2, 2>)>();
    assert_eq!(<Deepest as Infer>::STRUCTURE.layers(), 2);
}

#[test]
fn gradients_are_found_by_deep_names() {
    type Flat = (Dense<2, 2>, Dense<2, 2>);
    fn gradient<L: Layer<T = f32, In = [f32; 2], Out = [f32; 2]>>(name: &str) -> Option<Matrix<2, 2>> {
        let mut net = L::ZERO;
        initialise(&mut net, Init::HeNormal, &mut generator(3));
        let mut tape = Tape::<L, 1>::ZERO;
        tape.forward(&net, &uniform(4));
        tape.backward(&mut net, &uniform(4), &uniform(5));
        let mut gradient = Matrix::ZERO;
        let found = tape.gradient(&mut net, name, &mut gradient);
        let mut values = Matrix::<2, 2>::ZERO;
        assert_eq!(parameter(&net, name, &mut values), found);
        found.then_some(gradient)
    }
    let [first, second] = ["0.weight", "1.weight"].map(|name| gradient::<Flat>(name).unwrap());
    assert_ne!(first, second);
    let fifteen = "0.".repeat(14);
    assert_eq!(gradient::<Deepest>(&format!("{fifteen}0.weight")), Some(first));
    assert_eq!(gradient::<Deepest>(&format!("{fifteen}1.weight")), Some(second));
    // Those that were cut once.
    assert_eq!(gradient::<Deepest>("0.0.0.0.0.0.0.weight"), None);
    assert_eq!(gradient::<Deepest>(&format!("{fifteen}weight")), None);
}

#[test]
fn a_path_of_too_many_levels_or_parts_fits_no_name() {
    let part = |path: Path, i| path.part(i);
    let fifteen = (0..15).fold(Path::default(), part);
    assert_eq!(fifteen.to_string(), "0.1.2.3.4.5.6.7.8.9.10.11.12.13.14");
    let info = |path| Info::new(path, "weight", Role::Weight, <[f32; 1]>::SHAPE);
    for lost in [fifteen.part(15), Path::default().part(256), Path::default().part(256).part(1)] {
        assert_eq!(lost.to_string(), "?");
        for name in ["?.weight", "weight", "0.weight", "0.1.2.3.4.5.6.7.8.9.10.11.12.13.14.weight"] {
            assert!(!Parameter::new(info(lost), &[0.0f32]).is_named(name), "{name}");
        }
    }
    assert!(Parameter::new(info(Path::default().part(255)), &[0.0f32]).is_named("255.weight"));
}
