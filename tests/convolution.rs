//! Convolutions: expected values, finite differences, one sample or a batch, and what does not change the bits.

use stackprop::check::{GradientCheck, check_layer};
use stackprop::layer::Layer;
use stackprop::optimizer::CopiesOf;
use stackprop::parameter::{Info, Parameter, Visitor, visit_values};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::tensor::Array;

mod common;
use common::run::{bits, uniform};
use common::{Case, case, compare, suite};

/// Sets parameters in the documented order.
struct Set<'a, T> {
    values: &'a [(&'static str, Vec<T>)],
}

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<0>> for Set<'_, T> {
    fn visit<A: Array<T = T>>(&mut self, info: Info, values: &mut A, _: &mut [A; 0], _: &mut [A; 0]) {
        let (_, new) = self.values.iter().find(|(name, _)| *name == info.name).unwrap();
        assert_eq!(new.len(), A::LEN, "{info}");
        for (i, &value) in new.iter().enumerate() {
            values.flat_mut()[info.place(i)] = value;
        }
    }
}

/// From `[n][channels][..]` to `[n][..][channels]`.
fn channels_last<T: Copy>(shape: &[usize], values: &[T]) -> Vec<T> {
    let (n, channels, size) = (shape[0], shape[1], shape[2..].iter().product::<usize>());
    let mut last = Vec::new();
    for sample in 0..n {
        for at in 0..size {
            for channel in 0..channels {
                last.push(values[(sample * channels + channel) * size + at]);
            }
        }
    }
    last
}

fn check_case<L: Layer, const B: usize>(cases: &[Case], name: &str) {
    let case = case(cases, name);
    let batch = |name: &str| {
        let values = channels_last(case.shape(name), &case.scalars::<L::T>(name));
        assert_eq!(
            values.len(),
            <[L::In; B]>::LEN * usize::from(name == "x") + <[L::Out; B]>::LEN * usize::from(name == "dy")
        );
        values
    };
    let tolerance = if L::T::BYTES == 8 { 1e-12 } else { 1e-5 };
    let check = |name: &str, actual: &[L::T]| {
        let expected = channels_last(case.shape(name), case.values(name));
        compare(&format!("{}: {name}", case.name), &expected, actual, tolerance);
    };

    let mut layer = L::boxed();
    visit_values(&mut *layer, &mut Set { values: &[("weight", case.scalars("w")), ("bias", case.scalars("b"))] });
    let (x, dy) = (batch("x"), batch("dy"));
    let (x, dy) = (Tensor::<[L::In; B]>::from_fn(|i| x[i]), Tensor::<[L::Out; B]>::from_fn(|i| dy[i]));
    let mut tape = Tape::<L, B>::boxed();
    check("y", tape.forward(&layer, &x).as_slice());
    check("dx", tape.backward(&mut layer, &x, &dy).as_slice());
    let mut seen = 0;
    tape.gradients(&mut layer, |parameter: Parameter<'_, L::T>| {
        let values: Vec<_> = parameter.values().collect();
        case.check_within(if parameter.info.name == "weight" { "dw" } else { "db" }, &values, tolerance);
        seen += 1;
    });
    assert_eq!(seen, 2);
}

fn expected_values<T: Scalar>() {
    let cases = suite(include_str!("fixtures/conv_pool.txt"));
    assert_eq!(cases.iter().filter(|case| case.op.starts_with("conv")).count(), 20);
    check_case::<Conv1d<11, 3, 9, 4, 3, Valid, T>, 2>(&cases, "conv1d_valid_s1");
    check_case::<Conv1d<11, 3, 11, 4, 3, Same, T>, 2>(&cases, "conv1d_same_s1");
    check_case::<Conv1d<11, 3, 5, 4, 3, Valid<2>, T>, 2>(&cases, "conv1d_valid_s2");
    check_case::<Conv1d<10, 3, 5, 4, 3, Same<2>, T>, 2>(&cases, "conv1d_same_s2");
    check_case::<Conv1d<7, 2, 7, 3, 4, Same, T>, 1>(&cases, "conv1d_same_s1_evenk");
    check_case::<Conv1d<7, 5, 7, 3, 1, Valid, T>, 2>(&cases, "conv1d_k1");
    check_case::<Conv1d<5, 2, 1, 2, 5, Valid, T>, 3>(&cases, "conv1d_kfull");
    check_case::<Conv1d<9, 1, 4, 1, 3, Valid<2>, T>, 1>(&cases, "conv1d_b1c1");
    check_case::<DepthwiseConv1d<8, 3, 8, 3, Same, T>, 2>(&cases, "conv1d_depthwise");
    check_case::<Conv2d<7, 5, 3, 5, 3, 4, 3, 3, Valid, T>, 2>(&cases, "conv2d_valid_s1");
    check_case::<Conv2d<7, 5, 3, 7, 5, 4, 3, 3, Same, T>, 2>(&cases, "conv2d_same_s1");
    check_case::<Conv2d<7, 6, 2, 3, 2, 3, 3, 3, Valid<2>, T>, 2>(&cases, "conv2d_valid_s2");
    check_case::<Conv2d<6, 6, 2, 3, 3, 3, 3, 3, Same<2>, T>, 2>(&cases, "conv2d_same_s2");
    check_case::<Conv2d<7, 5, 2, 4, 3, 3, 3, 3, Same<2>, T>, 1>(&cases, "conv2d_same_s2_odd");
    check_case::<Conv2d<3, 4, 5, 3, 4, 3, 1, 1, Valid, T>, 2>(&cases, "conv2d_k1x1");
    check_case::<Conv2d<7, 6, 2, 3, 5, 2, 3, 2, (Valid<2>, Valid), T>, 1>(&cases, "conv2d_k3x2_s2x1");
    check_case::<Conv2d<5, 6, 2, 5, 6, 2, 2, 4, Same, T>, 1>(&cases, "conv2d_same_evenk");
    check_case::<Conv2d<8, 8, 1, 4, 4, 2, 5, 5, Valid, T>, 1>(&cases, "conv2d_b1c1_5x5");
    check_case::<DepthwiseConv2d<5, 5, 3, 5, 5, 3, 3, Same, T>, 1>(&cases, "conv2d_depthwise_same");
    check_case::<Conv2d<5, 4, 4, 3, 2, 6, 3, 3, Valid, T, 2>, 2>(&cases, "conv2d_groups2");

    let cases = suite(include_str!("fixtures/convolution.txt"));
    check_case::<Conv1d<11, 3, 7, 4, 3, Valid<1, 2>, T>, 2>(&cases, "conv1d_d2");
    check_case::<Conv1d<9, 4, 4, 6, 3, Padded<2, 2, 3>, T, 2>, 1>(&cases, "conv1d_p2_s2_d3");
    check_case::<Conv1d<7, 3, 5, 6, 3, Valid, T, 1>, 2>(&cases, "conv1d_groups_of_one");
    check_case::<Conv2d<6, 5, 2, 4, 6, 3, 3, 2, (Padded<1, 1, 2>, Padded<1>), T>, 2>(&cases, "conv2d_d2x1_p1");
    check_case::<DepthwiseConv2d<7, 9, 5, 3, 3, 2, 3, Valid<2, 2>, T>, 1>(&cases, "conv2d_depthwise_s2_d2");
    check_case::<ConvTranspose1d<5, 3, 7, 4, 3, Valid, T>, 2>(&cases, "conv_transpose1d");
    check_case::<ConvTranspose1d<4, 2, 11, 3, 3, Valid<2, 2>, T>, 1>(&cases, "conv_transpose1d_s2_d2");
    check_case::<ConvTranspose1d<4, 4, 12, 6, 4, Padded<1, 3>, T, 3>, 2>(&cases, "conv_transpose1d_s3_p1_groups");
    check_case::<ConvTranspose2d<3, 4, 3, 5, 5, 2, 3, 2, Valid, T>, 2>(&cases, "conv_transpose2d");
    check_case::<ConvTranspose2d<3, 3, 5, 6, 6, 3, 4, 4, Padded<1, 2>, T>, 1>(&cases, "conv_transpose2d_s2_p1");
    let name = "conv_transpose2d_depthwise_s2";
    check_case::<ConvTranspose2d<3, 2, 3, 7, 6, 3, 3, 3, Valid<2>, T, 1>, 1>(&cases, name);
}

#[test]
fn values_and_gradients_in_f64() {
    expected_values::<f64>();
}

#[test]
fn values_and_gradients_in_f32() {
    expected_values::<f32>();
}

/// Checks a layer or network against finite differences.
fn check<L: Layer<T = f64>, const B: usize>() {
    // Linear layers allow a wide step, and many outputs ask for one.
    let report = check_layer::<L, B>(&GradientCheck { step: 1e-5, ..Default::default() });
    assert!(report.worst < 1e-8, "{report:?}");
    assert_eq!(report.compared, B * L::In::LEN + L::COST.parameters, "{report:?}");
}

#[test]
fn finite_differences() {
    check::<Conv1d<1, 1, 1, 1, 1, Valid, f64>, 1>();
    check::<Conv1d<7, 1, 7, 33, 3, Same, f64>, 3>();
    check::<Conv1d<5, 33, 3, 1, 3, Valid, f64>, 2>();
    // A window wider than the sequence; positions that see only padding.
    check::<Conv1d<3, 2, 3, 3, 7, Same, f64>, 2>();
    check::<Conv1d<3, 2, 13, 3, 1, Padded<5>, f64>, 2>();
    check::<Conv1d<7, 12, 3, 6, 3, Valid<2>, f64, 4>, 2>();
    check::<DepthwiseConv1d<7, 17, 5, 3, Padded<1, 1, 2>, f64>, 2>();
    check::<Conv2d<5, 7, 3, 5, 7, 17, 3, 3, Same, f64>, 1>();
    check::<Conv2d<7, 5, 17, 3, 2, 3, 3, 2, Valid<2>, f64>, 2>();
    check::<Conv2d<5, 5, 1, 4, 4, 33, 2, 2, Valid, f64>, 1>();
    check::<ConvTranspose2d<3, 3, 5, 6, 5, 17, 3, 3, Same<2>, f64>, 2>();
}

#[test]
fn in_networks() {
    check::<
        (Conv1d<7, 3, 5, 5, 3, Valid, f64>, ReLU<5, [f64; 5]>, Conv1d<5, 5, 5, 3, 3, Same, f64>, Tanh<5, [f64; 3]>),
        3,
    >();
    check::<
        (
            Tanh<5, [f64; 3]>,
            Conv1d<5, 3, 3, 17, 3, Valid, f64>,
            GELU<3, [f64; 17]>,
            ConvTranspose1d<3, 17, 5, 2, 3, Valid, f64>,
        ),
        1,
    >();
    type Image = (
        Conv2d<5, 5, 1, 3, 3, 4, 3, 3, Valid, f64>,
        ReLU<3, [[f64; 4]; 3]>,
        DepthwiseConv2d<3, 3, 4, 3, 3, 3, 3, Same, f64>,
        Tanh<3, [[f64; 4]; 3]>,
        (Conv2d<3, 3, 4, 3, 3, 2, 1, 1, Valid, f64>, ConvTranspose2d<3, 3, 2, 5, 5, 1, 3, 3, Valid, f64>),
    );
    check::<Image, 2>();
}

/// Each row of a batch has the bits that the sample has alone; training and use are the same function.
fn rows_are_samples<L: Layer, const B: usize>() {
    let mut net = L::boxed();
    stackprop::init::initialise(&mut *net, Init::HeNormal, &mut stackprop::random::generator(5));
    let x = uniform::<[L::In; B]>(B as u64);
    let (mut alone, mut together) = (Workspace::<L, 1>::boxed(), Workspace::<L, B>::boxed());
    let expected: Vec<u64> = x.rows().flat_map(|x| bits(alone.infer(&*net, x).as_slice())).collect();
    assert_eq!(bits(together.infer_batch(&*net, &x).as_slice()), expected);
    let mut tape = Tape::<L, B>::boxed();
    assert_eq!(bits(tape.forward(&net, &x).as_slice()), expected);
    // dx, too.
    let dy = uniform::<[L::Out; B]>(7);
    let dx = bits(tape.backward(&mut net, &x, &dy).as_slice());
    let mut tape = Tape::<L, 1>::boxed();
    let one_by_one: Vec<u64> = (0..B)
        .flat_map(|i| {
            let (x, dy) = (Tensor([x.0[i]]), Tensor([dy.0[i]]));
            tape.forward(&net, &x);
            bits(tape.backward(&mut net, &x, &dy).as_slice())
        })
        .collect();
    assert_eq!(dx, one_by_one);
}

#[test]
fn a_sample_has_the_same_bits_in_a_batch() {
    rows_are_samples::<Conv1d<20, 6, 20, 16, 3, Same>, 5>();
    rows_are_samples::<Conv1d<9, 5, 9, 7, 1>, 3>();
    rows_are_samples::<Conv2d<9, 9, 3, 5, 5, 33, 3, 3, Same<2>>, 2>();
    rows_are_samples::<DepthwiseConv2d<9, 9, 20, 9, 9, 3, 3, Same>, 3>();
    rows_are_samples::<ConvTranspose2d<5, 5, 20, 10, 10, 3, 4, 4, Padded<1, 2>>, 3>();
}
