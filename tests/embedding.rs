//! Embedding: values and gradients against expected values; what an index that isn't one does; that each vector is updated once a step.

use stackprop::layer::Layer;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

mod common;
use common::run::{bits, parameter_bits, parameters};
use common::{Case, case, suite};

fn expect<const B: usize, const S: usize, const V: usize, const N: usize, T: Scalar>(case: &Case) {
    let mut layer = Embedding::<S, V, N, T>::new(case.tensor("weight").0);
    let (mut tape, mut workspace) = (Tape::<_, B>::boxed(), Workspace::<_, B>::boxed());
    let (x, dy) = (case.tensor("x"), case.tensor("dy"));
    case.check_within("y", tape.forward(&layer, &x).as_slice(), 0.0);
    case.check_within("y", workspace.infer_batch(&layer, &x).as_slice(), 0.0);
    assert_eq!(tape.backward(&mut layer, &x, &dy).as_slice(), [[T::ZERO; S]; B].as_flattened());
    let mut dweight = Matrix::<V, N, T>::ZERO;
    assert!(tape.gradient(&mut layer, "weight", &mut dweight));
    // Sums of numbers on a grid are exact.
    case.check_within("dweight", dweight.as_slice(), 0.0);
}

fn expect_all<T: Scalar>() {
    let cases = suite(include_str!("fixtures/shapes.txt"));
    expect::<2, 5, 7, 3, T>(case(&cases, "embedding_2x5_of_7x3"));
    expect::<3, 33, 5, 17, T>(case(&cases, "embedding_3x33_of_5x17"));
}

#[test]
fn values_and_gradients() {
    expect_all::<f32>();
    expect_all::<f64>();
}

#[test]
fn what_is_no_index_gives_zeros() {
    let layer = Embedding::<7, 3, 1>::new([[1.0], [2.0], [3.0]]);
    let x = Vector::new([2.0, 3.0, -1.0, 0.5, f32::NAN, f32::INFINITY, -0.0]);
    let mut workspace = Workspace::<Embedding<7, 3, 1>>::ZERO;
    assert_eq!(workspace.infer(&layer, &x).as_slice(), [3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
}

type Net = (Embedding<3, 5, 4>, Flatten<[[f32; 4]; 3], 12>, Dense<12, 2>);
type Training<G> = Trainer<Net, SoftmaxCrossEntropy<2>, Adam, 2, G>;

const X: [[f32; 3]; 2] = [[0.0, 3.0, 3.0], [1.0, 3.0, 0.0]];

#[test]
fn an_index_out_of_range_is_an_error_that_changes_nothing() {
    let mut training = Training::<Fused>::boxed();
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    let before = parameter_bits(training.net());
    for bad in [5.0, -1.0, 0.5, 1e30] {
        let x = Tensor::new([X[0], [0.0, bad, 1.0]]);
        assert_eq!(training.step(&x, &[0u8, 1]), Err(StepError::Index { sample: 1 }));
    }
    let mut batch = Batch::ZERO;
    let epoch = training.epoch(&mut batch, 3, |i, x: &mut Vector<3>| {
        x.0 = if i == 2 { [9.0; 3] } else { [0.0; 3] };
        0u8
    });
    assert!(matches!(epoch, Err(EpochError { index: Some(2), error: StepError::Index { .. }, .. })), "{epoch:?}");
    let mut sliced = Sliced::<Net, SoftmaxCrossEntropy<2>, Adam, 2>::boxed();
    sliced.trainer_mut().unwrap().reset(1, Adam::new(0.01).unwrap()).unwrap();
    assert_eq!(sliced.begin(&[[9.0; 3]], &[0u8]), Err(StepError::Index { sample: 0 }));
    assert_eq!(parameter_bits(sliced.trainer().net()), before);

    // Through wrappers, and in a network in a network.
    fn refused<N: Layer<T = f32, In = [f32; 3]>>() -> bool {
        !N::accepts(&[9.0; 3]) && N::accepts(&[4.0; 3])
    }
    assert!(refused::<(Regularized<Embedding<3, 5, 4>>,)>() && refused::<FrozenRef<Net>>());
    assert!(refused::<(Frozen<(Embedding<3, 5, 4>,)>, Flatten<[[f32; 4]; 3], 12>)>());
    assert!(refused::<Recompute<(Embedding<3, 5, 4>, Flatten<[[f32; 4]; 3], 12>)>>());
    assert!(refused::<Sum<Dense<3, 2>, Net>>() && refused::<Concat<Net, Dense<3, 2>, [f32; 4]>>());
}

/// With Adam a vector whose index doesn't occur goes on moving, as its moments say: once a step, from the gradient 0.
#[test]
fn every_vector_is_updated_once_a_step() {
    fn vector<G: stackprop::training::Sink>(training: &Training<G>, i: usize) -> [f32; 4] {
        *training.net().0.vector(i).unwrap()
    }
    let adam = Adam::new(0.01).unwrap();
    let (mut fused, mut buffered) = (Training::<Fused>::boxed(), Training::<Buffered>::boxed());
    fused.reset(1, adam).unwrap();
    buffered.reset(1, adam).unwrap();
    let start: [[f32; 4]; 5] = std::array::from_fn(|i| vector(&fused, i));
    for (step, x) in [X, [[4.0; 3]; 2], X].into_iter().enumerate() {
        let before = vector(&fused, 3);
        fused.step(&Tensor::new(x), &[0u8, 1]).unwrap();
        buffered.step(&Tensor::new(x), &[0u8, 1]).unwrap();
        assert_ne!(vector(&fused, 3), before, "step {step}: by its gradient, or by its moments");
        assert_eq!(vector(&fused, 2), start[2], "step {step}: it never occurred");
    }
    assert_eq!(parameter_bits(fused.net()), parameter_bits(buffered.net()));

    // The first update of Adam is the rate, whatever the gradient: an index that occurs twice has one.
    let mut once = Training::<Fused>::boxed();
    once.reset(1, adam).unwrap();
    once.step(&Tensor::new(X), &[0u8, 1]).unwrap();
    for (new, old) in vector(&once, 3).iter().zip(start[3]) {
        assert!((new - old).abs() < 0.0101, "{new} {old}");
    }
}

#[test]
fn it_starts_with_variance_one_and_survives_a_file() {
    for init in [Init::HeNormal, Init::HeUniform, Init::XavierNormal, Init::XavierUniform] {
        let mut layer = Embedding::<1, 100, 50>::ZERO;
        stackprop::init::initialise(&mut layer, init, &mut stackprop::random::generator(1));
        let variance = parameters(&layer).iter().map(|w| w * w).sum::<f32>() / 5000.0;
        assert!((variance - 1.0).abs() < 0.05, "{init:?}: {variance}");
    }
    let layer = Embedding::<1, 2, 2>::new([[0.5, -1.0], [1e-30, 3.0]]);
    let mut file = vec![0; stackprop::weights::file_size::<Embedding<1, 2, 2>>()];
    stackprop::weights::write(&layer, &mut file).unwrap();
    let mut other = Embedding::<1, 2, 2>::ZERO;
    stackprop::weights::read(&mut other, &file).unwrap();
    assert_eq!(bits(&parameters(&layer)), bits(&parameters(&other)));
    let mut text = String::new();
    layer.source(&mut text).unwrap();
    assert_eq!(text, "Embedding::new([[0.5, -1.0], [1e-30, 3.0]])");
}

#[test]
fn sizes() {
    // In use the output alone; Adam keeps two numbers for each weight.
    assert_eq!(Workspace::<Embedding<20, 1000, 8>, 3>::BYTES, 4 * (3 * 160));
    type Slots = <Embedding<3, 5, 4> as Layer>::Slots<stackprop::optimizer::CopiesOf<2>>;
    assert_eq!(size_of::<Slots>(), 4 * 2 * 5 * 4);
}
