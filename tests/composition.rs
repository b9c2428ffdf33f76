//! Layers made of others: Residual, Sum, Concat and Recompute: values, finite differences alone and among neighbours, bits and sizes.

use stackprop::check::{GradientCheck, check_layer, check_with};
use stackprop::init::{Init, initialise};
use stackprop::layer::Layer;
use stackprop::parameter::Parameter;
use stackprop::prelude::*;
use stackprop::random::generator;
use stackprop::tensor::Array;
use stackprop::training::Sink;
use stackprop::weights::{export, file_size, read, write};

mod common;
use common::run::{bits, parameter_bits, uniform};

type D<const IN: usize, const OUT: usize> = Dense<IN, OUT, f64>;
/// From `N` numbers to `N`, its output not needed in backward.
type Block<const N: usize> = (D<N, 7>, ReLU<7, f64>, D<7, N>);
/// The same with an output that is needed.
type Ended<const N: usize> = (D<N, 3>, SiLU<3, f64>, D<3, N>, Tanh<N, f64>);

fn check<L: Layer<T = f64>, const B: usize>() {
    let report = check_layer::<L, B>(&GradientCheck::default());
    assert!(report.worst < 1e-8, "{report:?}");
    assert_eq!(report.compared, B * <L::In as Array>::LEN + L::COST.parameters);
}

#[test]
fn residual() {
    let layer = Residual::new(Dense::<2, 2>::new([[1.0, 2.0], [3.0, 4.0]], [0.5, 0.25]));
    let mut tape = Tape::<_, 1>::ZERO;
    assert_eq!(tape.forward(&layer, &Matrix::new([[1.0, -1.0]])).0, [[-0.5, -2.75]]);

    check::<Residual<D<1, 1>>, 1>();
    check::<Residual<Block<5>>, 3>();
    check::<Residual<Ended<17>>, 1>();
    check::<Residual<Tanh<7, f64>>, 5>();
    check::<Residual<Residual<(Softmax<3, f64>, D<3, 3>)>>, 3>();
    check::<Residual<(Residual<Ended<3>>, ReLU<3, f64>, Residual<Block<3>>)>, 3>();
    check::<(D<3, 5>, Residual<Block<5>>, ReLU<5, f64>, Residual<Ended<5>>, Tanh<5, f64>, D<5, 2>), 3>();
    check::<(Residual<Block<3>>, Tanh<3, f64>, Residual<Dropout<3, f64>>, D<3, 33>, Residual<D<33, 33>>), 1>();
    check::<(Tanh<4, [f64; 3]>, Residual<Gru<4, 3, 3, f64>>, Last<4, 3, f64>), 3>();
}

#[test]
fn sum() {
    let layer = Sum::new(Dense::<1, 2>::new([[1.0, 2.0]], [0.5, 0.0]), Dense::<1, 2>::new([[10.0, 20.0]], [0.0, 0.25]));
    let mut tape = Tape::<_, 1>::ZERO;
    assert_eq!(tape.forward(&layer, &Matrix::new([[2.0]])).0, [[22.5, 44.25]]);

    check::<Sum<D<1, 1>, D<1, 1>>, 1>();
    check::<Sum<(D<17, 3>, Tanh<3, f64>), D<17, 3>>, 3>();
    check::<Sum<D<3, 17>, (D<3, 5>, SiLU<5, f64>, D<5, 17>, Softmax<17, f64>)>, 3>();
    check::<Sum<Sum<Tanh<5, f64>, D<5, 5>>, Residual<Block<5>>>, 5>();
    check::<(D<3, 5>, ReLU<5, f64>, Sum<(D<5, 33>, Dropout<33, f64>, D<33, 2>), D<5, 2>>, Tanh<2, f64>, D<2, 3>), 3>();
    check::<Sum<Rnn<3, 2, 5, f64>, Lstm<3, 2, 5, f64>>, 3>();
}

#[test]
fn concat() {
    let layer = Concat::<_, _, [f32; 3]>::new(
        Dense::<1, 2>::new([[1.0, 2.0]], [0.5, 0.0]),
        Dense::<1, 1>::new([[10.0]], [0.25]),
    );
    let mut tape = Tape::<_, 2>::ZERO;
    assert_eq!(tape.forward(&layer, &Matrix::new([[2.0], [0.0]])).0, [[2.5, 4.0, 20.25], [0.5, 0.0, 0.25]]);

    check::<Concat<D<1, 1>, D<1, 1>, [f64; 2]>, 1>();
    check::<Concat<(D<17, 3>, Tanh<3, f64>), D<17, 5>, [f64; 8]>, 3>();
    check::<Concat<Tanh<3, f64>, (D<3, 5>, SiLU<5, f64>, D<5, 17>), [f64; 20]>, 5>();
    check::<Concat<Concat<D<3, 1>, D<3, 5>, [f64; 6]>, Residual<Block<3>>, [f64; 9]>, 3>();
    check::<Concat<Gru<4, 2, 3, f64>, (Rnn<4, 2, 5, f64>, Dropout<4, [f64; 5]>), [[f64; 8]; 4]>, 3>();
    type Two = Concat<Block<5>, Frozen<D<5, 3>>, [f64; 8]>;
    let report = check_layer::<(D<3, 5>, ReLU<5, f64>, Two, Tanh<8, f64>, D<8, 2>), 3>(&GradientCheck::default());
    assert!(report.worst < 1e-8, "{report:?}");
}

#[test]
fn recompute() {
    type Drop<const N: usize> = (D<N, 7>, Tanh<7, f64>, Dropout<7, f64>, D<7, N>);
    check::<Recompute<(D<3, 5>,)>, 3>();
    check::<Recompute<(Block<3>, Drop<3>)>, 1>();
    check::<Recompute<(Drop<3>, D<3, 17>, Ended<17>, (SiLU<17, f64>, D<17, 2>))>, 3>();
    check::<(D<2, 3>, Tanh<3, f64>, Recompute<(Drop<3>, Residual<Drop<3>>, Tanh<3, f64>)>, ReLU<3, f64>, D<3, 1>), 5>();
    check::<Residual<Recompute<(Recompute<(D<3, 5>, D<5, 3>)>, Dropout<3, f64>, D<3, 3>)>>, 3>();
    check::<Recompute<(Gru<3, 2, 5, f64>, Lstm<3, 5, 3, f64>, Last<3, 3, f64>)>, 3>();
    // Eight blocks.
    type T = Tanh<3, f64>;
    check::<Recompute<(D<3, 3>, T, D<3, 3>, T, D<3, 3>, Dropout<3, f64>, T, D<3, 3>)>, 3>();
    // As many as there can be.
    check::<Recompute<(T, T, T, D<3, 3>, T, T, D<3, 3>, T, T, D<3, 3>, T, T, T, T, T, D<3, 1>)>, 2>();
    let mut standardized = <(D<3, 5>, Recompute<(Frozen<Standardize<5, f64>>, D<5, 2>)>) as Zeroed>::ZERO;
    let report = check_with::<_, 3>(&mut standardized, &GradientCheck::default());
    assert!(report.worst < 1e-8, "{report:?}");
}

/// What a net learns in steps on batches of 4 and of 3, and what it then infers.
fn trained<N: Layer<T = f32, Out = [f32; 3]>, G: Sink>() -> (Vec<u64>, Vec<u64>) {
    let mut training = Trainer::<N, SoftmaxCrossEntropy<3>, Adam, 4, G>::boxed();
    training.reset(2, Adam::new(0.01).unwrap()).unwrap();
    for step in 0..5 {
        let x = uniform::<[N::In; 4]>(step);
        training.step(&x, &[0u8, 1, 2, 1]).unwrap();
        training.partial_step(&x.0[..3], &[2u8, 1, 0]).unwrap();
    }
    let parameters = parameter_bits(training.net());
    (parameters, bits(training.infer(&uniform(9)).unwrap().as_slice()))
}

type Mixed = (
    Concat<Dense<5, 4>, (Dense<5, 3>, Tanh<3>), [f32; 7]>,
    Residual<(Dense<7, 9>, ReLU<9>, Dropout<9>, Dense<9, 7>)>,
    Recompute<(Residual<Tanh<7>>, Dense<7, 5>, Dropout<5>)>,
    Sum<(SiLU<5>, Dense<5, 3>), Dense<5, 3>>,
);

#[test]
fn fused_and_buffered() {
    assert_eq!(trained::<Mixed, Fused>(), trained::<Mixed, Buffered>());
}

#[test]
fn recomputed_activations_have_the_same_bits() {
    type A = (Dense<6, 17>, GELU<17>, Dropout<17>, Dense<17, 6>);
    type B = (Residual<A>, Dropout<6>);
    type C = (Dense<6, 33>, Tanh<33>, Dense<33, 3>);
    assert_eq!(trained::<((A, B, A, C),), Fused>(), trained::<(Recompute<(A, B, A, C)>,), Fused>());
    assert_eq!(trained::<((A, B, A, C),), Buffered>(), trained::<(Recompute<(A, B, A, C)>,), Buffered>());
}

#[test]
fn a_batch_and_single_samples() {
    let mut net = <Mixed as Zeroed>::ZERO;
    initialise(&mut net, Init::HeNormal, &mut generator(3));
    let x = uniform::<[[f32; 5]; 5]>(4);
    let (mut batch, mut alone) = (Workspace::<Mixed, 5>::ZERO, Workspace::<Mixed, 1>::ZERO);
    let all = *batch.infer_batch(&net, &x);
    for (x, y) in x.rows().zip(all.rows()) {
        assert_eq!(bits(alone.infer(&net, x).as_slice()), bits(y.as_slice()));
    }
}

#[test]
fn a_step_in_slices() {
    let mut whole = Trainer::<Mixed, SoftmaxCrossEntropy<3>, Adam, 4>::boxed();
    let mut sliced = Sliced::<Mixed, SoftmaxCrossEntropy<3>, Adam, 4>::boxed();
    for training in [&mut whole, sliced.trainer_mut().unwrap()] {
        training.reset(7, Adam::new(0.01).unwrap()).unwrap();
    }
    for step in 0..4 {
        let (x, labels) = (uniform::<[[f32; 5]; 4]>(step), [0u8, 1, 2, 1]);
        let loss = whole.step(&x, &labels).unwrap();
        sliced.begin(&x.0, &labels).unwrap();
        let result = loop {
            if let std::task::Poll::Ready(result) = sliced.poll(&x.0, &labels) {
                break result;
            }
        };
        assert_eq!(bits(&[result.unwrap()]), bits(&[loss]));
        assert_eq!(parameter_bits(whole.net()), parameter_bits(sliced.trainer().net()));
    }
}

/// The gradients in front of which nothing learns, and those behind a layer that learns and hands x on: with and without dx.
fn with_and_without_dx<N: Layer<T = f64, In = [f64; 3], Out = [f64; 2]>>() {
    let mut net = N::ZERO;
    initialise(&mut net, Init::HeNormal, &mut generator(5));
    let mut file = vec![0; file_size::<N>()];
    write(&net, &mut file).unwrap();
    let (x, y) = (uniform::<[[f64; 3]; 4]>(1), uniform::<[[f64; 2]; 4]>(2));
    let targets = y.0.map(Tensor);

    let mut first = Trainer::<N, MeanSquaredError<2>, Sgd<f64>, 4, Buffered>::boxed();
    read(first.net_mut(), &file).unwrap();
    first.resume(1, Sgd::new(0.1).unwrap()).unwrap();
    first.accumulate(&x.0, &targets).unwrap();
    let mut alone = Vec::new();
    first.gradient(|gradient: Parameter<'_, f64>| alone.extend(gradient.values()));

    let mut behind = Trainer::<(D<3, 3>, N), MeanSquaredError<2>, Sgd<f64>, 4, Buffered>::boxed();
    behind.net_mut().0.set(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], &[0.0; 3]);
    read(&mut behind.net_mut().1, &file).unwrap();
    behind.resume(1, Sgd::new(0.1).unwrap()).unwrap();
    behind.accumulate(&x.0, &targets).unwrap();
    let mut second = Vec::new();
    behind.gradient(|gradient: Parameter<'_, f64>| second.extend(gradient.values()));
    assert_eq!(bits(&alone), bits(&second[12..]));
}

#[test]
fn gradients_with_and_without_dx() {
    with_and_without_dx::<(Residual<Block<3>>, D<3, 2>)>();
    with_and_without_dx::<(Residual<(Tanh<3, f64>, Softmax<3, f64>)>, D<3, 2>)>();
    with_and_without_dx::<Sum<(D<3, 5>, Tanh<5, f64>, D<5, 2>), D<3, 2>>>();
    with_and_without_dx::<Sum<(D<3, 2>, Tanh<2, f64>), Frozen<D<3, 2>>>>();
    with_and_without_dx::<(Concat<Tanh<3, f64>, D<3, 5>, [f64; 8]>, D<8, 2>)>();
    with_and_without_dx::<Recompute<(Tanh<3, f64>, Block<3>, (D<3, 5>, Tanh<5, f64>), D<5, 2>)>>();
}

#[test]
fn statistics_in_a_residual() {
    type Net = (Residual<Standardize<3>>, Sum<Standardize<3>, Dense<3, 3>>, Dense<3, 2>);
    let mut training = Trainer::<Net, SoftmaxCrossEntropy<2>, Sgd, 4>::boxed();
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    training.step(&uniform(1), &[0u8, 1, 1, 0]).unwrap();
    assert_eq!(training.net().0.layer().count(), 4.0);
    assert_eq!(training.net().1.layers().0.count(), 4.0);
}

#[test]
fn files_and_source() {
    let mut net = <Mixed as Zeroed>::ZERO;
    initialise(&mut net, Init::HeNormal, &mut generator(3));
    let mut file = vec![0; file_size::<Mixed>()];
    write(&net, &mut file).unwrap();
    let mut other = <Mixed as Zeroed>::ZERO;
    read(&mut other, &file).unwrap();
    assert_eq!(parameter_bits(&net), parameter_bits(&other));

    let mut source = String::new();
    let small = Recompute::new((Residual::new(Dense::<1, 1>::new([[2.0]], [1.0])), Tanh::<1>::new()));
    export(&small, "NET", "Net", &mut source).unwrap();
    let expected = "Recompute::new((Residual::new(Dense::new([[2.0]], [1.0])), Zeroed::ZERO,))";
    assert!(source.contains(expected), "{source}");
    let mut names = Vec::new();
    net.visit(Default::default(), &mut |p| names.push(p.info.to_string()));
    assert_eq!(names[..4], ["0.0.weight", "0.0.bias", "0.1.0.weight", "0.1.0.bias"]);
    assert_eq!(names[4], "1.0.weight");
}

#[test]
fn sizes() {
    type Training<N> = Trainer<N, MeanSquaredError<16>, Sgd, 4>;
    type Dense16 = (Dense<16, 64>, ReLU<64>, Dense<64, 16>);
    // The sum is written over the last output; dy waits behind a gradient as wide as the hidden layer.
    assert_eq!(Training::<Residual<Dense16>>::ACTIVATION_BYTES, 4 * 4 * (64 + 16 + 64 + 16));
    assert_eq!(Training::<(Residual<Dense16>, Residual<Dense16>)>::ACTIVATION_BYTES, 4 * 4 * (2 * (64 + 16) + 64 + 16));
    assert_eq!(Workspace::<Residual<Dense16>>::BYTES, 4 * (64 + 16));
    // Where the output is needed, the sum has a buffer, and dy waits there.
    assert_eq!(Training::<Residual<(Dense<16, 16>, Tanh<16>)>>::ACTIVATION_BYTES, 4 * 4 * (16 + 16 + 16));
    // Side by side, the first one's dx waits for the second one's.
    assert_eq!(Training::<Sum<Dense16, Dense<16, 16>>>::ACTIVATION_BYTES, 4 * 4 * (64 + 16 + 16 + 64 + 16));
    type Both = Concat<Dense<8, 12>, Dense<8, 4>, [f32; 16]>;
    assert_eq!(Training::<Both>::ACTIVATION_BYTES, 4 * 4 * (12 + 4 + 16 + 16 + 8));
    assert_eq!(Training::<Both>::STEP_MULTIPLY_ADDS, 4 * 2 * 8 * 16);

    // Three outputs of blocks, and what one block keeps, with a word for each two.
    type Deep = (Dense16, Dense16, Dense16, Dense16);
    let (plain, again) = (Training::<Deep>::ACTIVATION_BYTES, Training::<Recompute<Deep>>::ACTIVATION_BYTES);
    assert_eq!(plain, 4 * 4 * (4 * (64 + 16) + 64));
    assert_eq!(again, 4 * 4 * (3 * 16 + 64 + 16 + 64) + 3 * 4);
    const { assert!(Training::<Recompute<Deep>>::BYTES < Training::<Deep>::BYTES) }
    let block = 2 * 16 * 64;
    assert_eq!(Training::<Deep>::STEP_MULTIPLY_ADDS, 4 * (4 * 3 * block - 16 * 64));
    assert_eq!(Training::<Recompute<Deep>>::FORWARD_MULTIPLY_ADDS, 4 * block);
    assert_eq!(Training::<Recompute<Deep>>::STEP_MULTIPLY_ADDS, 4 * (4 * 3 * block - 16 * 64 + 3 * block));
    // Where nothing learns before and in a block, it isn't made again.
    type Trunk = Recompute<(Frozen<Dense16>, Dense16)>;
    assert_eq!(Training::<Trunk>::STEP_MULTIPLY_ADDS, 4 * (block + 3 * block - 16 * 64));
}
