//! Layers that change shapes alone: reshape, flatten, transpose and pad.

use stackprop::check::{GradientCheck, check_layer};
use stackprop::layer::Layer;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::tensor::Array;

mod common;
use common::run::{bits, parameter_bits, uniform};
use common::{Case, case, suite};

/// y and dx, exactly.
fn expect<L: Layer, const B: usize>(case: &Case) {
    let (mut layer, mut tape, mut workspace) = (L::ZERO, Tape::<L, B>::boxed(), Workspace::<L, B>::boxed());
    let (x, dy) = (case.tensor("x"), case.tensor("dy"));
    case.check_within("y", tape.forward(&layer, &x).as_slice(), 0.0);
    case.check_within("dx", tape.backward(&mut layer, &x, &dy).as_slice(), 0.0);
    case.check_within("y", workspace.infer_batch(&layer, &x).as_slice(), 0.0);
}

fn expect_all<T: Scalar>() {
    let cases = suite(include_str!("fixtures/shapes.txt"));
    expect::<Pad1d<5, 2, 9, 1, T>, 2>(case(&cases, "pad1d_5_in_9"));
    expect::<Pad2d<3, 2, 2, 4, 7, 1, 3, T>, 2>(case(&cases, "pad2d_3x2_in_4x7"));
    expect::<Transpose<3, 5, T>, 2>(case(&cases, "transpose_3x5"));
}

#[test]
fn values_and_gradients() {
    expect_all::<f32>();
    expect_all::<f64>();
}

fn check<L: Layer<T = f64>, const B: usize>() {
    let report = check_layer::<L, B>(&GradientCheck::default());
    assert!(report.worst < 1e-8, "{report:?}");
    assert_eq!(report.compared, B * L::In::LEN + L::COST.parameters);
}

#[test]
fn gradients() {
    type Rows = [[f64; 5]; 3];
    check::<Pad1d<7, 3, 17, 5, f64>, 3>();
    check::<Reshape<Rows, [[f64; 3]; 5]>, 3>();
    // Behind each kind of layer, and before each: one that keeps its output, and one that may be written over.
    check::<(Reshape<[f64; 15], Rows>, Tanh<3, [f64; 5]>, Flatten<Rows, 15>, Tanh<15, f64>, Dense<15, 2, f64>), 3>();
    check::<(Dense<3, 15, f64>, Reshape<[f64; 15], Rows>, Tanh<3, [f64; 5]>, Transpose<3, 5, f64>), 5>();
    check::<(Dense<3, 15, f64>, ReLU<15, f64>, Reshape<[f64; 15], Rows>, Flatten<Rows, 15>, Sigmoid<15, f64>), 1>();
    check::<
        (
            Dense<2, 15, f64>,
            (Tanh<15, f64>, Reshape<[f64; 15], Rows>),
            (Transpose<3, 5, f64>, Tanh<5, [f64; 3]>),
            Pad1d<5, 3, 7, 1, f64>,
            SiLU<7, [f64; 3]>,
            (Flatten<[[f64; 3]; 7], 21>, Dropout<21, f64>),
            Dense<21, 2, f64>,
        ),
        3,
    >();
}

/// A view has no memory, whatever stands before and behind it, and a step with it has the bits of one without.
#[test]
fn views() {
    type Without = (Dense<3, 8>, ReLU<8>, Dense<8, 2>);
    type Viewed =
        (Dense<3, 8>, ReLU<8>, Reshape<[f32; 8], [[f32; 4]; 2]>, Frozen<Flatten<[[f32; 4]; 2], 8>>, Dense<8, 2>);
    type Training<N> = Trainer<N, SoftmaxCrossEntropy<2>, Adam, 4>;
    assert_eq!(Training::<Viewed>::BYTES, Training::<Without>::BYTES);
    assert_eq!(Workspace::<Viewed, 4>::BYTES, Workspace::<Without, 4>::BYTES);

    let (mut with, mut without) = (Training::<Viewed>::boxed(), Training::<Without>::boxed());
    with.reset(3, Adam::new(0.01).unwrap()).unwrap();
    without.reset(3, Adam::new(0.01).unwrap()).unwrap();
    for step in 0..3 {
        let x = uniform(step);
        let losses = (with.step(&x, &[0u8, 1, 1, 0]).unwrap(), without.step(&x, &[0u8, 1, 1, 0]).unwrap());
        assert_eq!(losses.0.to_bits(), losses.1.to_bits());
    }
    assert_eq!(parameter_bits(with.net()), parameter_bits(without.net()));
}

/// In slices, too, where outputs are found again to be changed.
#[test]
fn slices() {
    type Net = (Dense<3, 8>, Tanh<8>, Reshape<[f32; 8], [[f32; 4]; 2]>, Transpose<2, 4>, Flatten<[[f32; 2]; 4], 8>);
    type Whole = (Net, Dense<8, 2>);
    let mut whole = Trainer::<Whole, SoftmaxCrossEntropy<2>, Sgd, 4>::boxed();
    let mut sliced = Sliced::<Whole, SoftmaxCrossEntropy<2>, Sgd, 4>::boxed();
    whole.reset(3, Sgd::new(0.1).unwrap()).unwrap();
    sliced.trainer_mut().unwrap().reset(3, Sgd::new(0.1).unwrap()).unwrap();
    let (x, labels) = (uniform::<[[f32; 3]; 4]>(1), [0u8, 1, 1, 0]);
    sliced.begin(&x.0, &labels).unwrap();
    let losses = [whole.step(&x, &labels).unwrap(), sliced.finish(&x.0, &labels).unwrap()];
    assert_eq!(losses[0].to_bits(), losses[1].to_bits());
    assert_eq!(bits(&common::run::parameters(whole.net())), bits(&common::run::parameters(sliced.trainer().net())));
}
