//! Pooling: y and dx against expected values, ties and NaN, and gradients against finite differences, alone and among neighbours.

use stackprop::check::{GradientCheck, check_layer};
use stackprop::layer::Layer;
use stackprop::layer::size::{Padded, Same, Valid};
use stackprop::prelude::*;
use stackprop::tensor::Array;

#[path = "common/channels.rs"]
mod channels;
mod common;
use common::run::{bits, uniform};
use common::{Case, case, suite};

/// y and dx of a case, in training, and y in use.
fn expect<L: Layer, const B: usize>(case: &Case) {
    let (mut layer, mut tape, mut workspace) = (L::ZERO, Tape::<L, B>::boxed(), Workspace::<L, B>::boxed());
    let (x, dy) = (channels::tensor(case, "x"), channels::tensor(case, "dy"));
    channels::check(case, "y", tape.forward(&layer, &x).as_slice());
    channels::check(case, "dx", tape.backward(&mut layer, &x, &dy).as_slice());
    channels::check(case, "y", workspace.infer_batch(&layer, &x).as_slice());
}

/// A layer by its sizes and how it slides, in f32 and in f64.
macro_rules! expect {
    ($cases:ident: $($name:literal $B:literal $Layer:ident<$($n:literal),*; $S:ty $(; $padding:literal)?>)*) => {
        $(
            expect::<$Layer<$($n,)* $S, f32 $(, $padding)?>, $B>(case(&$cases, $name));
            expect::<$Layer<$($n,)* $S, f64 $(, $padding)?>, $B>(case(&$cases, $name));
        )*
    };
}

#[test]
fn values_and_gradients() {
    let cases = suite(include_str!("fixtures/pool.txt"));
    expect! { cases:
        "maxpool2d_k2s2" 2 MaxPool2d<6, 4, 3, 3, 2, 2, 2; Valid<2>>
        "maxpool2d_k2s2_odd_input" 1 MaxPool2d<5, 7, 2, 2, 3, 2, 2; (Valid<2>, Valid<2>)>
        "maxpool2d_k3s2_overlap" 1 MaxPool2d<7, 7, 2, 3, 3, 3, 3; Valid<2>>
        "maxpool2d_k2s1" 1 MaxPool2d<4, 5, 1, 3, 4, 2, 2; Valid>
        "maxpool2d_ties" 1 MaxPool2d<4, 4, 1, 2, 2, 2, 2; Valid<2>>
        "maxpool2d_all_equal_k3s1" 1 MaxPool2d<4, 4, 1, 2, 2, 3, 3; Valid>
        "maxpool2d_same_k3s2" 1 MaxPool2d<5, 6, 2, 3, 3, 3, 3; Same<2>>
        "avgpool2d_k2s2" 2 AvgPool2d<6, 4, 3, 3, 2, 2, 2; Valid<2>>
        "avgpool2d_k3s2_overlap" 1 AvgPool2d<7, 5, 2, 3, 2, 3, 3; Valid<2>>
        "avgpool2d_same_k3s2_incl" 1 AvgPool2d<5, 6, 2, 3, 3, 3, 3; Same<2>>
        "avgpool2d_same_k3s2_excl" 1 AvgPool2d<5, 6, 2, 3, 3, 3, 3; Same<2>; false>
        "maxpool1d_k2s2" 2 MaxPool1d<9, 3, 4, 2; Valid<2>>
        "maxpool1d_ties" 1 MaxPool1d<8, 1, 4, 2; Valid<2>>
        "avgpool1d_k3s2" 1 AvgPool1d<9, 2, 4, 3; Valid<2>>
    }
    let global = case(&cases, "avgpool2d_global");
    expect::<GlobalAvgPool2d<5, 7, 3>, 2>(global);
    expect::<GlobalAvgPool2d<5, 7, 3, f64>, 2>(global);
    assert_eq!(cases.len(), 15);

    // Dilation, padding, ties, and more channels than a block.
    let case = &suite(include_str!("fixtures/shapes.txt"));
    let case = common::case(case, "max_pool_dilated_17_channels");
    type Dilated = MaxPool1d<11, 17, 6, 3, Padded<2, 2, 2>, f64>;
    let (mut layer, mut tape) = (Dilated::new(), Tape::<_, 2>::ZERO);
    let (x, dy) = (case.tensor("x"), case.tensor("dy"));
    case.check_within("y", tape.forward(&layer, &x).as_slice(), 0.0);
    case.check_within("dx", tape.backward(&mut layer, &x, &dy).as_slice(), 0.0);
}

fn check<L: Layer<T = f64>, const B: usize>() {
    let report = check_layer::<L, B>(&GradientCheck::default());
    assert!(report.worst < 1e-8, "{report:?}");
    assert_eq!(report.compared, B * L::In::LEN + L::COST.parameters);
}

#[test]
fn gradients() {
    check::<MaxPool1d<7, 3, 3, 3, Valid<2>, f64>, 3>();
    check::<MaxPool1d<7, 1, 7, 5, Same, f64>, 1>();
    check::<MaxPool2d<5, 3, 17, 3, 3, 3, 2, (Padded<1, 2>, Same), f64>, 1>();
    check::<AvgPool1d<33, 1, 17, 5, Same<2>, f64>, 1>();
    check::<AvgPool1d<7, 5, 3, 3, Valid<2>, f64, false>, 3>();
    check::<AvgPool2d<5, 3, 3, 5, 2, 3, 3, (Padded<1>, Same<2>), f64, false>, 3>();
    check::<GlobalAvgPool1d<7, 17, f64>, 3>();
    check::<GlobalMaxPool1d<7, 17, f64>, 3>();
    check::<GlobalMaxPool2d<3, 5, 1, f64>, 1>();
}

type Row<const N: usize> = [[f64; 3]; N];

#[test]
fn gradients_among_neighbours() {
    // dx is wider than dy and overlaps it; activations before it keep their output, and behind it work in place.
    type Image = [[[f64; 3]; 3]; 3];
    check::<
        (
            Dense<5, 27, f64>,
            Reshape<[f64; 27], Image>,
            MaxPool2d<3, 3, 3, 2, 2, 2, 2, Valid, f64>,
            Tanh<2, [[f64; 3]; 2]>,
            AvgPool2d<2, 2, 3, 2, 2, 2, 2, Same, f64>,
            Flatten<[[[f64; 3]; 2]; 2], 12>,
            Dense<12, 2, f64>,
        ),
        3,
    >();
    check::<
        (
            Tanh<7, [f64; 3]>,
            MaxPool1d<7, 3, 3, 3, Valid<2>, f64>,
            ReLU<3, [f64; 3]>,
            GlobalAvgPool1d<3, 3, f64>,
            Dense<3, 2, f64>,
        ),
        5,
    >();
    check::<(Dense<3, 6, f64>, Tanh<6, f64>, Reshape<[f64; 6], Row<2>>, GlobalMaxPool1d<2, 3, f64>), 1>();
}

#[test]
fn a_nan_is_larger_than_all_numbers() {
    let mut workspace = Workspace::<MaxPool1d<4, 1, 1, 4>>::ZERO;
    let y = |x: [f32; 4], workspace: &mut Workspace<MaxPool1d<4, 1, 1, 4>>| {
        workspace.infer(&MaxPool1d::new(), &Tensor::new(x.map(|x| [x]))).0[0][0]
    };
    for at in 0..4 {
        let mut x = [1.0, f32::INFINITY, -1.0, f32::NEG_INFINITY];
        x[at] = f32::NAN;
        assert!(y(x, &mut workspace).is_nan());
    }
    assert_eq!(y([f32::NEG_INFINITY; 4], &mut workspace), f32::NEG_INFINITY);
    assert_eq!(y([1.0, f32::INFINITY, 2.0, 3.0], &mut workspace), f32::INFINITY);
}

#[test]
fn a_batch_is_its_samples() {
    type Net = (MaxPool2d<7, 5, 17, 4, 3, 3, 3, Same<2>>, AvgPool2d<4, 3, 17, 2, 2, 3, 2, Padded<1, 2>>);
    let (x, net) = (uniform::<[<Net as Infer>::In; 5]>(3), Net::ZERO);
    let (mut batch, mut single) = (Workspace::<Net, 5>::boxed(), Workspace::<Net>::boxed());
    let y = batch.infer_batch(&net, &x);
    for (x, y) in x.rows().zip(y.rows()) {
        assert_eq!(bits(single.infer(&net, x).as_slice()), bits(y.as_slice()));
    }
}

#[test]
fn sizes() {
    type Net = (Dense<4, 12>, Reshape<[f32; 12], [[f32; 3]; 4]>, MaxPool1d<4, 3, 2, 2>, ReLU<2, [f32; 3]>);
    assert_eq!(Workspace::<Net>::BYTES, 4 * (12 + 6), "a view, and an activation in place");
    assert_eq!(size_of::<MaxPool2d<28, 28, 3, 14, 14, 2, 2>>(), 0);
}
