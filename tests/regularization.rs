//! L1 and L2 penalties, and dropout under the fixture's masks.

#[macro_use]
mod common;

use common::{Case, suite};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

/// The penalty of a layer and the gradient of its parameter of a name, where no gradient comes from above.
fn penalised<const IN: usize, const OUT: usize, T: Scalar>(
    case: &Case,
    dense: Dense<IN, OUT, T>,
    penalty: Penalty<T>,
    name: &str,
) {
    let mut layer = Regularized::new(dense);
    layer.set_penalty(penalty).unwrap();
    case.check("loss", &[layer.penalty()]);

    let mut tape = Tape::<Regularized<Dense<IN, OUT, T>>, 1>::ZERO;
    tape.forward(&layer, &Matrix::ZERO);
    tape.backward(&mut layer, &Matrix::ZERO, &Matrix::ZERO);
    let mut gradient = Vec::new();
    tape.gradients(&mut layer, |p| {
        if p.is_named(name) {
            gradient.extend(p.values())
        }
    });
    // sign(0) = 0; the NNFS book's code gives 1, which `dw_nnfs` has.
    case.check("dw_sign0", &gradient);
}

/// The same numbers as weights, and as biases.
fn l1l2<const IN: usize, const OUT: usize, const LEN: usize, T: Scalar>(case: &Case) {
    let (l1, l2) = (T::from_f64(case.attr("l1")), T::from_f64(case.attr("l2")));
    let weights = Dense::<IN, OUT, T>::new(case.tensor("w").0, [T::ONE; OUT]);
    penalised(case, weights, Penalty { weight_l1: l1, weight_l2: l2, ..Penalty::default() }, "weight");
    let biases = Dense::<1, LEN, T>::new([[T::ONE; LEN]], case.tensor("w").0);
    penalised(case, biases, Penalty { bias_l1: l1, bias_l2: l2, ..Penalty::default() }, "bias");
}

/// y and dx under the fixture's mask. A mask is a function of the seed, so one of the first seeds gives it.
fn dropout<const BATCH: usize, const N: usize, T: Scalar>(case: &Case) {
    let mut layer = Dropout::<N, T>::with_rate(T::from_f64(case.attr("rate"))).unwrap();
    let (mut tape, mut workspace) = (Tape::<Dropout<N, T>, BATCH>::ZERO, Workspace::ZERO);
    let (mask, ones): (Matrix<BATCH, N, T>, _) = (case.tensor("mask"), Matrix::filled(T::ONE));
    let seed = (0..20_000).find(|&seed| {
        tape.set_seed(seed);
        tape.forward(&layer, &ones).map(|y| if y > T::ZERO { T::ONE } else { y }) == mask
    });
    tape.set_seed(seed.unwrap_or_else(|| panic!("{}: no seed gives the mask", case.name)));

    let (x, dy) = (case.tensor("x"), case.tensor("dy"));
    case.check("y", tape.forward(&layer, &x).as_slice());
    case.check("dx", tape.backward(&mut layer, &x, &dy).as_slice());
    assert!(*workspace.infer_batch(&layer, &x) == x, "in use nothing is dropped");
}

#[test]
fn penalties_and_dropout() {
    let cases = suite(include_str!("fixtures/regularization.txt"));
    for case in &cases {
        match case.op.as_str() {
            "l1l2" => {
                let &[rows, columns] = case.shape("w") else { panic!("{}: w is a matrix", case.name) };
                sized!(l1l2(case), [rows, columns, rows * columns]; [5, 7, 35] [3, 4, 12] [1, 3, 3] [2, 2, 4]);
            }
            "dropout" => sized!(dropout(case), case.shape("x"); [3, 5] [1, 7] [2, 4] [2, 3]),
            other => panic!("{}: operation {other} is not covered", case.name),
        }
    }
    assert_eq!(cases.len(), 8);
}

type Hidden = Regularized<Dense<17, 33>>;
type Output = Regularized<Dense<33, 3>>;

const PENALTY: Penalty = Penalty { weight_l1: 1e-3, weight_l2: 3e-3, bias_l1: 2e-3, bias_l2: 1e-3 };

fn sample(i: usize, x: &mut Tensor<[f32; 17]>) -> u8 {
    *x = Tensor::from_fn(|j| ((i * 37 + j * 11) % 19) as f32 / 19.0 - 0.4);
    (i % 3) as u8
}

/// A penalised layer, and a frozen one, fuse with the ReLU before and behind them: the same bits as in tuples of their own, which don't.
#[test]
fn wrapped_layers_fuse_with_the_same_bits() {
    fn weights<N: Layer<T = f32, In = [f32; 17], Out = [f32; 3]>>(penalise: impl Fn(&mut N)) -> Vec<u64> {
        let mut training = Trainer::<N, SoftmaxCrossEntropy<3>, Momentum, 5>::boxed();
        training.reset(4, Momentum::new(0.1, 0.9).unwrap()).unwrap();
        penalise(training.net_mut());
        let mut batch = Batch::<[f32; 17], u8, 5>::boxed();
        for _ in 0..4 {
            training.epoch(&mut batch, 27, sample).unwrap();
        }
        common::run::parameter_bits(training.net())
    }
    let fused = weights::<(Hidden, ReLU<33>, Frozen<Dense<33, 33>>, ReLU<33>, Output)>(|net| {
        net.0.set_penalty(PENALTY).unwrap();
        net.4.set_penalty(PENALTY).unwrap();
    });
    let apart = weights::<((Hidden,), (ReLU<33>,), (Frozen<Dense<33, 33>>,), (ReLU<33>,), (Output,))>(|net| {
        net.0.0.set_penalty(PENALTY).unwrap();
        net.4.0.set_penalty(PENALTY).unwrap();
    });
    assert_eq!(fused, apart);
}

/// A pipelined epoch treats a penalised first layer in one visit of each weight, with the same bits.
#[test]
fn a_penalised_layer_is_pipelined_with_the_same_bits() {
    type Net = (Hidden, ReLU<33>, Output);
    let trainer = || {
        let mut training = Trainer::<Net, SoftmaxCrossEntropy<3>, Sgd, 1>::boxed();
        training.reset(4, Sgd::new(0.1).unwrap()).unwrap();
        training.net_mut().0.set_penalty(PENALTY).unwrap();
        training.net_mut().2.set_penalty(PENALTY).unwrap();
        training
    };
    let (mut plain, mut piped) = (trainer(), trainer());
    let (mut batch, mut pair) = (Batch::<[f32; 17], u8, 1>::boxed(), Batch::<[f32; 17], u8, 2>::boxed());
    for samples in [0, 1, 2, 30] {
        let expected = plain.epoch(&mut batch, samples, sample).unwrap();
        assert_eq!(piped.pipelined_epoch(&mut pair, samples, sample).unwrap(), expected);
        assert_eq!(common::run::parameter_bits(piped.net()), common::run::parameter_bits(plain.net()));
    }
}
