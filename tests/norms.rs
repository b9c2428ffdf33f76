//! Batch, layer and RMS normalisation: values, every gradient and running statistics against expected values; gradients against finite
//! differences, alone and among neighbours; what is promised about batches, micro-batches, frozen layers, files and exports.

use stackprop::check::{GradientCheck, GradientReport, check_layer, check_with};
use stackprop::kernel::Portable;
use stackprop::layer::{Apart, Context, Layer};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::tensor::Array;

#[path = "common/channels.rs"]
mod channels;
mod common;
use common::run::{bits, parameter_bits, parameters, uniform};
use common::{Case, case, suite};

/// y, dx and the gradients of gain and bias, of which the case has the names.
fn expect<L: Layer, const B: usize, const N: usize>(
    case: &Case,
    layer: &mut L,
    [gain, bias]: [&str; 2],
    check: impl Fn(&str, &[L::T]),
    tensor: impl Fn(&str) -> Tensor<[L::In; B]>,
    dy: &Tensor<[L::Out; B]>,
) {
    let (mut tape, x) = (Tape::<L, B>::boxed(), tensor("x"));
    check("y", tape.forward(layer, &x).as_slice());
    check("dx", tape.backward(layer, &x, dy).as_slice());
    for (name, expected) in [("gain", gain), ("bias", bias)] {
        let mut gradient = Vector::<N, L::T>::ZERO;
        assert_eq!(tape.gradient(layer, name, &mut gradient), case.has(expected));
        if case.has(expected) {
            case.check(expected, gradient.as_slice());
        }
    }
}

/// What a batch gives in training, and what it leaves of the running statistics.
fn batch_training<const B: usize, const N: usize, A: Array>(case: &Case) {
    let mut layer = BatchNorm::<N, A>::new(case.tensor("gamma").0, case.tensor("beta").0);
    let check = |name: &str, actual: &[A::T]| channels::check(case, name, actual);
    let find = |name: &str| channels::tensor(case, name);
    let dy = channels::tensor(case, "dy");
    expect::<_, B, N>(case, &mut layer, ["dgamma", "dbeta"], check, find, &dy);

    // The end of a step on this batch.
    let (x, mut saved) = (channels::tensor::<[A; B]>(case, "x"), Zeroed::ZERO);
    layer.forward::<Portable, Apart, B>(&x.0, &mut saved, Context::new(0, 0));
    layer.observe::<Apart, B>(&saved, B);
    let statistics = |of: &dyn Fn(usize) -> Option<A::T>| (0..N).map(|c| of(c).unwrap()).collect::<Vec<_>>();
    if case.has("running_mean") {
        case.check("running_mean", &statistics(&|c| layer.mean(c)));
        case.check("running_var", &statistics(&|c| layer.variance(c)));
    } else {
        assert_eq!(statistics(&|c| layer.variance(c)), vec![A::T::ONE; N], "of one number there is no variance");
    }
    assert!(layer.updates() == A::T::ONE);
}

fn batch_norm<T: Scalar>() {
    let cases = suite(include_str!("fixtures/norm.txt"));
    let case = |name| case(&cases, name);
    batch_training::<5, 7, [T; 7]>(case("batchnorm_train_b5x7"));
    batch_training::<2, 3, [T; 3]>(case("batchnorm_train_b2x3"));
    batch_training::<2, 3, [[T; 3]; 5]>(case("batchnorm_train_n2c3l5"));
    batch_training::<2, 3, [[[T; 3]; 4]; 3]>(case("batchnorm_train_n2c3h3w4"));
    batch_training::<1, 4, [T; 4]>(case("batchnorm_train_b1x4"));
    if T::BYTES == 8 {
        // dx of some 500 at a variance of 0: in f32 a matter of the last digits of the mean.
        batch_training::<4, 3, [T; 3]>(case("batchnorm_train_b4x3_const_feature"));
    }

    let case = case("batchnorm_eval_b3x5");
    let [gain, bias, mean, variance] =
        ["gamma", "beta", "running_mean", "running_var"].map(|name| case.tensor::<[T; 5]>(name).0);
    let mut layer = BatchNorm::<5, [T; 5]>::with_statistics(gain, bias, T::ONE, mean, variance, T::from_f64(1e-5));
    let (x, mut workspace) = (case.tensor("x"), Workspace::<_, 3>::ZERO);
    case.check("y", workspace.infer_batch(&layer, &x).as_slice());
    let check = |name: &str, actual: &[T]| case.check(name, actual);
    let mut frozen = Frozen::new(layer.clone());
    let mut tape = Tape::<_, 3>::ZERO;
    case.check("y", tape.forward(&frozen, &x).as_slice());
    case.check("dx", tape.backward(&mut frozen, &x, &case.tensor("dy")).as_slice());
    layer.set_fixed(true);
    let names = ["dgamma", "dbeta"];
    expect::<_, 3, 5>(case, &mut layer, names, check, |name: &str| case.tensor(name), &case.tensor("dy"));
}

fn row_norm<T: Scalar>() {
    fn expect_row<const B: usize, const N: usize, const M: usize, A: Array>(
        case: &Case,
        mut layer: stackprop::layer::RowNorm<N, M, A>,
    ) {
        let names = if M > 0 { ["dgamma", "dbeta"] } else { ["dgain", "none"] };
        let check = |name: &str, actual: &[A::T]| case.check(name, actual);
        expect::<_, B, N>(case, &mut layer, names, check, |name: &str| case.tensor(name), &case.tensor("dy"));
    }
    fn layer<const B: usize, const N: usize, A: Array>(case: &Case) {
        expect_row::<B, N, N, A>(case, LayerNorm::new(case.tensor("gamma").0, case.tensor("beta").0));
    }
    fn rms<const B: usize, const N: usize, A: Array>(case: &Case) {
        expect_row::<B, N, 0, A>(case, RMSNorm::new(case.tensor("gain").0, []));
    }
    let cases = suite(include_str!("fixtures/norm.txt"));
    let of = |name| case(&cases, name);
    layer::<3, 7, [T; 7]>(of("layernorm_b3x7"));
    layer::<1, 5, [T; 5]>(of("layernorm_b1x5"));
    layer::<3, 6, [T; 6]>(of("layernorm_constant_row"));
    layer::<2, 1, [T; 1]>(of("layernorm_b2x1"));
    layer::<2, 5, [[T; 5]; 3]>(of("layernorm_b2x3x5"));
    assert_eq!(cases.len(), 12);
    let cases = suite(include_str!("fixtures/shapes.txt"));
    let of = |name| case(&cases, name);
    rms::<3, 7, [T; 7]>(of("rms_norm_3x7"));
    rms::<1, 1, [T; 1]>(of("rms_norm_1x1"));
    rms::<2, 17, [[T; 17]; 3]>(of("rms_norm_2x3x17"));
}

#[test]
fn values_and_gradients() {
    batch_norm::<f32>();
    batch_norm::<f64>();
    row_norm::<f32>();
    row_norm::<f64>();
}

#[track_caller]
fn assert_right(report: &GradientReport, compared: usize) {
    assert!(report.worst < 1e-8, "{report:?}");
    assert_eq!(report.compared, compared);
}

#[test]
fn gradients() {
    let check = GradientCheck::default();
    assert_right(&check_layer::<BatchNorm<3, [f64; 3]>, 5>(&check), 15 + 6);
    assert_right(&check_layer::<BatchNorm1d<7, 17, f64>, 1>(&check), 119 + 34);
    assert_right(&check_layer::<BatchNorm2d<3, 5, 1, f64>, 3>(&check), 45 + 2);
    assert_right(&check_layer::<Frozen<BatchNorm1d<3, 5, f64>>, 3>(&check), 45);
    let mut fixed = BatchNorm1d::<3, 5, f64>::ZERO;
    fixed.set_fixed(true);
    assert_right(&check_with::<_, 3>(&mut fixed, &check), 45 + 10);
    assert_right(&check_layer::<LayerNorm<33, [f64; 33]>, 3>(&check), 99 + 66);
    assert_right(&check_layer::<LayerNorm<3, [[f64; 3]; 5]>, 1>(&check), 15 + 6);
    assert_right(&check_layer::<RMSNorm<17, [[f64; 17]; 3]>, 1>(&check), 51 + 17);
}

#[test]
fn gradients_among_neighbours() {
    let check = GradientCheck::default();
    type D<const IN: usize, const OUT: usize> = Dense<IN, OUT, f64>;
    type Net = (
        Tanh<5, f64>,
        BatchNorm<5, [f64; 5]>,
        ReLU<5, f64>,
        D<5, 6>,
        Reshape<[f64; 6], [[f64; 3]; 2]>,
        LayerNorm<3, [[f64; 3]; 2]>,
        Tanh<2, [f64; 3]>,
        RMSNorm<3, [[f64; 3]; 2]>,
        Flatten<[[f64; 3]; 2], 6>,
        D<6, 2>,
    );
    assert_right(&check_layer::<Net, 5>(&check), 25 + 10 + 36 + 6 + 3 + 14);
    type Ends = (D<3, 7>, BatchNorm<7, [f64; 7]>, GELU<7, f64>, D<7, 1>, BatchNorm<1, [f64; 1]>);
    assert_right(&check_layer::<Ends, 7>(&check), 21 + 28 + 14 + 8 + 2);
}

#[test]
fn a_batch_is_its_samples() {
    // In use always; in training all but batch normalisation.
    type Use = (BatchNorm1d<3, 17>, LayerNorm<17, [[f32; 17]; 3]>, RMSNorm<17, [[f32; 17]; 3]>);
    type Training = (LayerNorm<17, [[f32; 17]; 3]>, RMSNorm<17, [[f32; 17]; 3]>);
    fn random<L: Layer>() -> L {
        let mut net = L::ZERO;
        stackprop::init::initialise(&mut net, Init::HeNormal, &mut stackprop::random::generator(1));
        net
    }
    let x = uniform::<[[[f32; 17]; 3]; 5]>(3);
    let (mut batch, mut single) = (Workspace::<Use, 5>::boxed(), Workspace::<Use>::boxed());
    let (mut batch_tape, mut single_tape) = (Tape::<Training, 5>::boxed(), Tape::<Training, 1>::boxed());
    let y = [batch.infer_batch(&random(), &x), batch_tape.forward(&random(), &x)].map(|y| y.0);
    for (i, x) in x.rows().enumerate() {
        assert_eq!(bits(single.infer(&random(), x).as_slice()), bits(Tensor::from_ref(&y[0][i]).as_slice()));
        let x = Tensor::new([x.0]);
        assert_eq!(bits(single_tape.forward(&random(), &x).as_slice()), bits(Tensor::from_ref(&y[1][i]).as_slice()));
    }
}

type Net = (Dense<3, 8, f64>, BatchNorm<8, [f64; 8]>, Tanh<8, f64>, LayerNorm<8, [f64; 8]>, Dense<8, 2, f64>);
type Training<G> = Trainer<Net, SoftmaxCrossEntropy<2>, Adam<f64>, 4, G>;

fn trained<G: stackprop::training::Sink>(steps: u64) -> Box<Training<G>> {
    let mut training = Training::<G>::boxed();
    training.reset(4, Adam::new(0.01).unwrap()).unwrap();
    for step in 0..steps {
        training.step(&uniform(step), &[0u8, 1, 1, 0]).unwrap();
    }
    training
}

#[test]
fn fused_and_buffered_steps_are_the_same() {
    let (fused, buffered) = (trained::<Fused>(3), trained::<Buffered>(3));
    assert_eq!(parameter_bits(fused.net()), parameter_bits(buffered.net()));
    assert_eq!(fused.net().1.updates(), 3.0);
}

#[test]
fn statistics_change_with_a_step_that_is_made_and_with_each_micro_batch() {
    let mut training = trained::<Buffered>(0);
    assert_eq!((training.net().1.mean(0), training.net().1.variance(0)), (Some(0.0), Some(1.0)));
    let before = parameters(training.net());
    assert!(training.step(&Tensor::filled(f64::NAN), &[0u8, 1, 1, 0]).is_err());
    assert_eq!(parameters(training.net()), before);
    training.accumulate(&uniform::<[[f64; 3]; 2]>(1).0, &[0u8, 1]).unwrap();
    training.accumulate(&uniform::<[[f64; 3]; 2]>(2).0, &[1u8, 0]).unwrap();
    assert_eq!(training.net().1.updates(), 2.0);
    training.apply().unwrap();
    assert_eq!(training.net().1.updates(), 2.0);

    let mut fixed = trained::<Fused>(2);
    fixed.net_mut().1.set_fixed(true);
    let statistics = |net: &Net| (net.1.updates(), net.1.mean(3), net.1.variance(3));
    let before = (statistics(fixed.net()), fixed.net().1.gain(3));
    fixed.step(&uniform(9), &[0u8, 1, 1, 0]).unwrap();
    assert_eq!(statistics(fixed.net()), before.0);
    assert_ne!(fixed.net().1.gain(3), before.1);
}

#[test]
fn files_and_exports() {
    let training = trained::<Fused>(3);
    let mut file = vec![0; stackprop::weights::file_size::<Net>()];
    stackprop::weights::write(training.net(), &mut file).unwrap();
    let mut other = trained::<Fused>(1);
    stackprop::weights::read(other.net_mut(), &file).unwrap();
    assert_eq!(parameter_bits(training.net()), parameter_bits(other.net()));

    let layer = BatchNorm::<1>::with_statistics([1.5], [-0.5], 2.0, [0.25], [4.0], 0.001);
    let mut text = String::new();
    (layer.clone(), LayerNorm::<1>::new([2.0], [1.0]), RMSNorm::<1>::new([3.0], [])).source(&mut text).unwrap();
    assert_eq!(
        text,
        "(BatchNorm::with_statistics([1.5], [-0.5], 2.0, [0.25], [4.0], 0.001), \
         RowNorm::with_epsilon([2.0], [1.0], 1e-5), RowNorm::with_epsilon([3.0], [], 1e-5),)"
    );
    static EXPORTED: (BatchNorm<1>, LayerNorm<1>, RMSNorm<1>) = (
        BatchNorm::with_statistics([1.5], [-0.5], 2.0, [0.25], [4.0], 0.001),
        RowNorm::with_epsilon([2.0], [1.0], 1e-5),
        RowNorm::with_epsilon([3.0], [], 1e-5),
    );
    assert_eq!(EXPORTED.0, layer);
}

#[test]
fn settings() {
    let mut layer = BatchNorm::<3>::ZERO;
    assert_eq!((layer.epsilon(), layer.momentum()), (1e-5, 0.1));
    assert_eq!(layer.set_epsilon(0.0), Err(SettingError::Epsilon));
    assert_eq!(layer.set_momentum(1.0), Err(SettingError::Momentum));
    assert_eq!((layer.epsilon(), layer.momentum()), (1e-5, 0.1));
    layer.set_epsilon(0.1).unwrap();
    layer.set_momentum(0.5).unwrap();
    assert_eq!((layer.epsilon(), layer.momentum()), (0.1, 0.5));
    let mut layer = LayerNorm::<3>::ZERO;
    assert_eq!(layer.set_epsilon(f32::NAN), Err(SettingError::Epsilon));
}

#[test]
fn sizes() {
    // The output, and of batch normalisation five numbers a channel, of layer normalisation four, of RMS normalisation
    // two.
    assert_eq!(Workspace::<BatchNorm1d<20, 6>, 3>::BYTES, 4 * (3 * 120 + 5 * 6));
    assert_eq!(Workspace::<LayerNorm<6, [[f32; 6]; 20]>, 3>::BYTES, 4 * (3 * 120 + 4 * 6));
    assert_eq!(Workspace::<RMSNorm<6, [[f32; 6]; 20]>, 3>::BYTES, 4 * (3 * 120 + 2 * 6));
    assert_eq!(BatchNorm1d::<20, 6>::COST.parameters, 4 * 6 + 1);
    assert_eq!(<(BatchNorm<3>, Frozen<BatchNorm<3>>, Standardize<3>)>::COST.statistics, 2);
}
