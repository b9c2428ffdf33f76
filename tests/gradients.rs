//! Backward against finite differences, in f64: every layer, every pair of layers without weights, networks and losses.

use stackprop::check::{GradientCheck, GradientReport, check_layer, check_loss, check_with};
use stackprop::layer::{Elementwise, Layer};
use stackprop::loss::Compares;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

mod common;
use common::run::uniform;

type D<const IN: usize, const OUT: usize> = Dense<IN, OUT, f64>;

/// The differences themselves are right to about 1e-9.
const TOLERANCE: f64 = 1e-8;

fn assert_right(report: &GradientReport, compared: usize) {
    assert!(report.worst < TOLERANCE, "{report:?}");
    assert_eq!(report.compared, compared, "{report:?}");
}

/// Checks a layer whose parameters are all trained.
fn check<L: Layer<T = f64>, const B: usize>() {
    let numbers = B * <L::In as stackprop::tensor::Array>::LEN + L::COST.parameters;
    assert_right(&check_layer::<L, B>(&GradientCheck::default()), numbers);
}

/// Checks `layer` with settings, none of them trained.
fn check_settings<const N: usize, L: Layer<T = f64, In = [f64; N]>>(mut layer: L) {
    assert_right(&check_with::<L, 3>(&mut layer, &GradientCheck { seed: 7, range: 2.0, ..Default::default() }), 3 * N);
}

#[test]
fn dense() {
    // Around the 16 lanes of a dot product and the 64 columns of a gradient tile.
    check::<D<1, 1>, 1>();
    check::<D<3, 5>, 3>();
    check::<D<17, 7>, 5>();
    check::<D<7, 33>, 1>();
    check::<D<5, 15>, 3>();
    check::<D<5, 16>, 4>();
    check::<D<3, 64>, 2>();
    check::<D<3, 70>, 3>();
    check::<D<1, 129>, 5>();
}

/// Calls `$then!` with each layer without weights, as an alias name and a type name.
macro_rules! layers {
    ($then:ident) => {
        $then!(relu ReLU, leaky_relu LeakyReLU, sigmoid Sigmoid, tanh Tanh, gelu GELU, tanh_gelu TanhGELU, silu SiLU,
            elu ELU, softplus Softplus, softmax Softmax, dropout Dropout);
    };
}

macro_rules! alone {
    ($($name:ident $layer:ident),*) => { $(
        #[test]
        fn $name() {
            check::<$layer<1, f64>, 1>();
            check::<$layer<1, f64>, 5>();
            check::<$layer<3, f64>, 3>();
            check::<$layer<5, f64>, 5>();
            check::<$layer<7, f64>, 1>();
            check::<$layer<17, f64>, 3>();
            check::<$layer<33, f64>, 5>();
        }
    )* };
}
layers!(alone);

/// `$first` before each layer, at every size; batches take turns.
macro_rules! before_each {
    ($first:ident; $($second:ident)*) => { $(
        before_each!(@pair $first $second (1 5) (3 1) (5 3) (7 5) (17 1) (33 3));
    )* };
    (@pair $first:ident $second:ident $(($n:literal $b:literal))*) => {
        $(check::<($first<$n, f64>, $second<$n, f64>), $b>();)*
    };
}

/// The same between dense layers; here sizes take turns, too, because each dense layer is compiled anew.
macro_rules! between_dense {
    ($first:ident; [$($sizes:tt)*]) => {};
    ($first:ident; [($n:literal $b:literal) $($sizes:tt)*] $second:ident $($rest:ident)*) => {
        check::<(D<3, $n>, $first<$n, f64>, $second<$n, f64>, D<$n, 2>), $b>();
        between_dense!($first; [$($sizes)* ($n $b)] $($rest)*);
    };
}

macro_rules! pairs {
    ($($name:ident $first:ident),*) => {
        mod before_each {
            use super::*;
            $(
                #[test]
                fn $name() {
                    before_each!($first; ReLU LeakyReLU Sigmoid Tanh GELU TanhGELU SiLU ELU Softplus Softmax Dropout);
                    between_dense!($first; [(1 3) (7 1) (3 5) (33 3) (5 1) (17 5)]
                        ReLU LeakyReLU Sigmoid Tanh GELU TanhGELU SiLU ELU Softplus Softmax Dropout);
                }
            )*
        }
    };
}
layers!(pairs);

#[test]
fn settings() {
    check_settings::<7, _>(LeakyReLU::<7, f64>::with_slope(0.3));
    check_settings::<7, _>(LeakyReLU::<7, f64>::with_slope(0.0));
    check_settings::<7, _>(LeakyReLU::<7, f64>::with_slope(2.0));
    check_settings::<7, _>(ELU::<7, f64>::with_alpha(1.7));
    check_settings::<7, _>(ELU::<7, f64>::with_alpha(0.2));
    for rate in [0.0, 0.1, 0.9] {
        check_settings::<33, _>(Dropout::<33, f64>::with_rate(rate).unwrap());
    }
}

#[test]
fn networks() {
    check::<(D<3, 2>,), 3>();
    check::<((D<5, 7>, Tanh<7, f64>), (D<7, 3>, (Sigmoid<3, f64>, D<3, 2>))), 3>();
    check::<(D<3, 5>, (ReLU<5, f64>, (Dropout<5, f64>, (GELU<5, f64>, (D<5, 4>, Softmax<4, f64>))))), 5>();
    check::<(((Softplus<3, f64>, D<3, 17>), Dropout<17, f64>), (Dropout<17, f64>, SiLU<17, f64>), D<17, 1>), 3>();
    // An input wider than all outputs, and a hidden layer wider than both ends.
    check::<(D<33, 3>, ELU<3, f64>, D<3, 1>), 5>();
    check::<(D<1, 33>, TanhGELU<33, f64>, D<33, 1>), 5>();
}

#[test]
fn sixteen_layers() {
    type Block = (D<3, 3>, Tanh<3, f64>, D<3, 3>, Softplus<3, f64>);
    check::<(Block, Block, Block, Block), 1>();
    check::<
        (
            D<2, 3>,
            Tanh<3, f64>,
            D<3, 3>,
            SiLU<3, f64>,
            D<3, 3>,
            ELU<3, f64>,
            D<3, 3>,
            Dropout<3, f64>,
            D<3, 3>,
            Sigmoid<3, f64>,
            D<3, 3>,
            GELU<3, f64>,
            D<3, 3>,
            Softplus<3, f64>,
            D<3, 2>,
            Softmax<2, f64>,
        ),
        3,
    >();
}

#[test]
fn regularized() {
    let mut layer = Regularized::new(D::<5, 7>::new([[0.0; 7]; 5], [0.0; 7]));
    let penalty = Penalty { weight_l1: 0.3, weight_l2: 0.7, bias_l1: 0.11, bias_l2: 0.13 };
    let alone = |penalty| Penalty { ..penalty };
    for penalty in [
        alone(Penalty { weight_l1: 0.3, ..Penalty::default() }),
        alone(Penalty { weight_l2: 0.7, ..Penalty::default() }),
        alone(Penalty { bias_l1: 0.11, ..Penalty::default() }),
        alone(Penalty { bias_l2: 0.13, ..Penalty::default() }),
        penalty,
    ] {
        layer.set_penalty(penalty).unwrap();
        let report = check_with::<_, 3>(&mut layer, &GradientCheck::default());
        assert_right(&report, 3 * 5 + 42);
        assert!(layer.penalty() > 0.0);
    }

    type Net = (Regularized<D<3, 5>>, ReLU<5, f64>, Regularized<Regularized<D<5, 2>>>);
    let mut net = <Net as Zeroed>::ZERO;
    net.0.set_penalty(penalty).unwrap();
    net.2.set_penalty(Penalty { weight_l1: 0.2, ..penalty }).unwrap();
    net.2.layer_mut().set_penalty(penalty).unwrap();
    assert_right(&check_with::<_, 5>(&mut net, &GradientCheck::default()), 5 * 3 + 32);
}

#[test]
fn frozen() {
    // dx passes through; nothing inside is compared, because nothing inside is trained.
    let report = check_layer::<Frozen<(D<3, 5>, Tanh<5, f64>)>, 3>(&GradientCheck::default());
    assert_right(&report, 9);
    let report =
        check_layer::<(D<3, 5>, Frozen<(Tanh<5, f64>, D<5, 7>)>, GELU<7, f64>, D<7, 2>), 3>(&GradientCheck::default());
    assert_right(&report, 9 + 20 + 16);
    let report = check_layer::<(Frozen<D<3, 5>>, ReLU<5, f64>, Regularized<D<5, 2>>), 3>(&GradientCheck::default());
    assert_right(&report, 9 + 12);
}

fn check_target<const N: usize, Y, L: Compares<[f64; N], Y>>(loss: &L, y: &Vector<N, f64>, target: &Y) {
    assert!(loss.check(target).is_ok());
    assert_right(&check_loss(loss, y, target, 1e-6), N);
}

/// Probabilities, all of them away from 0 and 1, where losses clip.
fn probabilities<const N: usize>(seed: u64) -> Vector<N, f64> {
    let p = uniform::<[f64; N]>(seed).map(|v| v + 1.5);
    p * (0.9 / p.sum())
}

fn losses_of<const N: usize>() {
    for seed in 1..6 {
        let (logits, p, soft) =
            (uniform::<[f64; N]>(seed) * 3.0, probabilities::<N>(seed), probabilities::<N>(seed + 10));
        for label in 0..N {
            let one_hot = Vector::<N, f64>::one_hot(label);
            check_target(&CategoricalCrossEntropy::<N>::default(), &p, &label);
            check_target(&CategoricalCrossEntropy::<N>::default(), &p, &(label as u8));
            check_target(&CategoricalCrossEntropy::<N>::default(), &p, &one_hot);
            check_target(&SoftmaxCrossEntropy::<N>::default(), &logits, &(label as u32));
            check_target(&SoftmaxCrossEntropy::<N>::default(), &logits, &(label as u16));
            check_target(&SoftmaxCrossEntropy::<N>::default(), &logits, &one_hot);
            check_target(&SigmoidCrossEntropy::<N>::default(), &logits, &one_hot);
        }
        check_target(&CategoricalCrossEntropy::<N>::default(), &p, &soft);
        check_target(&SoftmaxCrossEntropy::<N>::default(), &logits, &soft);
        // A target that doesn't add up to 1 has a gradient, too.
        check_target(&SoftmaxCrossEntropy::<N>::default(), &logits, &(soft * 0.7));
        check_target(&BinaryCrossEntropy::<N>::default(), &p, &soft);
        check_target(&SigmoidCrossEntropy::<N>::default(), &logits, &soft);
        check_target(&MeanSquaredError::<N>::default(), &logits, &soft);
        check_target(&MeanAbsoluteError::<N>::default(), &logits, &soft);
        for delta in [0.1, 1.0, 10.0] {
            check_target(&Huber::<N, f64>::with_delta(delta).unwrap(), &logits, &soft);
        }
    }
}

#[test]
fn losses() {
    losses_of::<1>();
    losses_of::<3>();
    losses_of::<5>();
    losses_of::<7>();
    losses_of::<17>();
    losses_of::<33>();
}

#[test]
fn scale_multiplies_the_gradient_alone() {
    let (y, target) = (uniform::<[f64; 5]>(1), probabilities::<5>(2));
    let (mut one, mut quarter) = (Vector::<5, f64>::ZERO, Vector::<5, f64>::ZERO);
    let loss = SoftmaxCrossEntropy::<5>::default();
    assert_eq!(loss.gradient(&y.0, &target, 1.0, &mut one.0), loss.gradient(&y.0, &target, 0.25, &mut quarter.0));
    assert_eq!(one * 0.25, quarter);
}

/// f(x) = x³, with a derivative that is 1 % off.
#[derive(Clone, Copy, Debug)]
struct AlmostCube<const N: usize, T> {
    scalar: std::marker::PhantomData<T>,
}
stackprop::zeroed!([const N: usize, T: Scalar] AlmostCube<N, T> { scalar });
stackprop::elementwise!(AlmostCube, apart);

impl<const N: usize, T: Scalar> Elementwise<T> for AlmostCube<N, T> {
    fn value(&self, x: T) -> T {
        x * x * x
    }
    fn derivative(&self, x: T) -> T {
        T::from_f64(3.03) * x * x
    }
}

#[test]
fn a_wrong_derivative_is_found() {
    let report = check_layer::<AlmostCube<5, f64>, 3>(&GradientCheck { range: 2.0, ..Default::default() });
    assert!(report.worst > 5e-3 && report.worst < 2e-2 && report.name == "x", "{report:?}");
    let report = check_layer::<(D<3, 5>, AlmostCube<5, f64>), 3>(&GradientCheck::default());
    assert!(report.worst > 1e-3, "{report:?}");
}
