//! Whole networks, dense-activation-dense: logits, loss, penalty, gradients, and the weights after one step.

#[macro_use]
mod common;

use common::{Case, suite};
use stackprop::loss::Compares;
use stackprop::parameter::{Parameter, Path};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::training::Sink;

/// A network's parameters, and what the fixture calls them.
const NAMES: [(&str, &str); 4] = [("0.weight", "w1"), ("0.bias", "b1"), ("2.weight", "w2"), ("2.bias", "b2")];

/// Compares a parameter, or its gradient, with the tensor whose name is the fixture's between two affixes.
fn check_parameter<T: Scalar>(case: &Case, prefix: &str, parameter: Parameter<'_, T>, suffix: &str) {
    let (_, name) = NAMES.into_iter().find(|(name, _)| parameter.is_named(name)).unwrap();
    case.check(&format!("{prefix}{name}{suffix}"), &parameter.values().collect::<Vec<T>>());
}

/// Everything about a network with a loss; `set` gives it the case's weights and penalties.
fn network<N: Layer, L: Compares<N::Out, Y>, Y, const BATCH: usize>(
    case: &Case,
    targets: &[Y; BATCH],
    set: impl Fn(&mut N),
) {
    by_hand::<N, L, Y, BATCH>(case, targets, &set);
    trained::<N, L, Y, Fused, BATCH>(case, targets, &set);
    trained::<N, L, Y, Buffered, BATCH>(case, targets, &set);
}

/// Forward, loss and backward, each called alone.
fn by_hand<N: Layer, L: Compares<N::Out, Y>, Y, const BATCH: usize>(
    case: &Case,
    targets: &[Y; BATCH],
    set: impl Fn(&mut N),
) {
    let mut net = N::ZERO;
    set(&mut net);
    let (x, mut dy) = (case.tensor("x"), Tensor::<[N::Out; BATCH]>::ZERO);
    let mut tape = Tape::<N, BATCH>::ZERO;
    let logits = *tape.forward(&net, &x);
    case.check("logits", logits.as_slice());

    let scale = N::T::ONE / N::T::from_usize(BATCH);
    let losses = Vector::<BATCH, N::T>::from_fn(|i| L::ZERO.gradient(&logits.0[i], &targets[i], scale, &mut dy.0[i]));
    case.check("data_loss", &[losses.mean()]);
    case.check("reg_loss", &[net.penalty()]);
    case.check("loss", &[losses.mean() + net.penalty()]);

    tape.backward(&mut net, &x, &dy);
    tape.gradients(&mut net, |gradient| check_parameter(case, "d", gradient, ""));
}

/// One step of a trainer.
fn trained<N: Layer, L: Compares<N::Out, Y>, Y, G: Sink, const BATCH: usize>(
    case: &Case,
    targets: &[Y; BATCH],
    set: impl Fn(&mut N),
) {
    let mut training = Trainer::<N, L, Sgd<N::T>, BATCH, G>::boxed();
    set(training.net_mut());
    training.resume(0, Sgd::new(N::T::from_f64(case.attr("sgd_lr"))).unwrap()).unwrap();
    case.check("reg_loss", &[training.penalty()]);
    case.check("data_loss", &[training.step(&case.tensor("x"), targets).unwrap()]);
    training.net().visit(Path::default(), &mut |parameter| check_parameter(case, "", parameter, "_sgd"));
}

/// A dense layer with penalised weights, an activation, and another one.
type Net<const IN: usize, const HIDDEN: usize, const OUT: usize, T, A> =
    (Regularized<Dense<IN, HIDDEN, T>>, A, Regularized<Dense<HIDDEN, OUT, T>>);

/// Gives a network the case's weights, biases and penalties.
fn set<const IN: usize, const HIDDEN: usize, const OUT: usize, T: Scalar, A>(
    case: &Case,
    (first, _, second): &mut Net<IN, HIDDEN, OUT, T, A>,
) {
    first.layer_mut().set(&case.tensor("w1").0, &case.tensor("b1").0);
    second.layer_mut().set(&case.tensor("w2").0, &case.tensor("b2").0);
    let [weight_l1, weight_l2] = ["l1", "l2"].map(|name| T::from_f64(case.attr(name)));
    let penalty = Penalty { weight_l1, weight_l2, ..Penalty::default() };
    first.set_penalty(penalty).unwrap();
    second.set_penalty(penalty).unwrap();
}

fn mlp<const BATCH: usize, const IN: usize, const HIDDEN: usize, const OUT: usize, T: Scalar>(case: &Case) {
    type Entropy<const OUT: usize> = SoftmaxCrossEntropy<OUT>;
    type Squared<const OUT: usize> = MeanSquaredError<OUT>;
    let labels = || <[usize; BATCH]>::try_from(case.indices("target")).unwrap();
    let values = || case.tensor::<[[T; OUT]; BATCH]>("target").0.map(Tensor);
    match (case.attrs["hidden_act"][0].as_str(), case.attrs["loss"][0].as_str()) {
        ("relu", "softmax_cce") => {
            network::<Net<IN, HIDDEN, OUT, T, ReLU<HIDDEN, T>>, Entropy<OUT>, _, _>(case, &labels(), |n| set(case, n));
        }
        ("tanh", "softmax_cce") => {
            network::<Net<IN, HIDDEN, OUT, T, Tanh<HIDDEN, T>>, Entropy<OUT>, _, _>(case, &labels(), |n| set(case, n));
        }
        ("tanh", "mse") => {
            network::<Net<IN, HIDDEN, OUT, T, Tanh<HIDDEN, T>>, Squared<OUT>, _, _>(case, &values(), |n| set(case, n));
        }
        ("sigmoid", "mse") => {
            network::<Net<IN, HIDDEN, OUT, T, Sigmoid<HIDDEN, T>>, Squared<OUT>, _, _>(case, &values(), |n| {
                set(case, n)
            });
        }
        other => panic!("{}: {other:?} is not covered", case.name),
    }
}

/// The convolutional network of the fixture needs layers that aren't there yet.
#[test]
fn one_step_of_networks() {
    let mut cases = suite(include_str!("fixtures/network_step.txt"));
    cases.retain(|case| case.op != "cnn_step");
    for case in &cases {
        assert_eq!(case.op, "mlp_step");
        let &[batch, inputs] = case.shape("x") else { panic!("{}: x is a matrix", case.name) };
        let &[hidden, outputs] = case.shape("w2") else { panic!("{}: w2 is a matrix", case.name) };
        sized!(mlp(case), [batch, inputs, hidden, outputs];
            [4, 5, 7, 3] [1, 5, 7, 3] [6, 2, 9, 1] [1, 1, 1, 1] [3, 16, 8, 4]);
    }
    assert_eq!(cases.len(), 7);
}
