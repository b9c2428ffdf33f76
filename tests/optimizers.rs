//! Optimizers: ten steps on seven weights, the learning rate and the state; clipping by global norm.

#[macro_use]
mod common;

use common::{Case, suite};
use stackprop::kernel::Portable;
use stackprop::kernel::learn_all;
use stackprop::layer::{Apart, Context, No};
use stackprop::optimizer::{Copies, Rule, Schedule};
use stackprop::parameter::Role;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::storage::Aligned;

/// What an optimizer of type `O` keeps for parameters of type `A`.
type Slots<O, A> = <<<O as Optimizer>::Rule as Rule<<O as Optimizer>::T>>::Slots as Copies>::Of<A>;

/// The fixture's ten steps; `update` makes one.
fn ten_steps<T: Scalar, O: Optimizer<T = T>>(
    case: &Case,
    optimizer: O,
    mut update: impl FnMut(&O::Rule, &mut Vector<7, T>, &mut Slots<O, [T; 7]>, &Vector<7, T>),
) {
    let schedule = InverseTime::new(T::from_f64(case.attr("decay"))).unwrap();
    let rates: Vec<T> = (0..10).map(|step| optimizer.learning_rate() * schedule.factor(step)).collect();
    case.check("lr", &rates);

    let optimizer = Scheduled::new(optimizer, schedule);
    let (mut w, gradients) = (case.tensor("w0"), case.tensor::<[[T; 7]; 10]>("g"));
    let mut slots = <Slots<O, [T; 7]> as Zeroed>::ZERO;
    let mut weights = Vec::new();
    for (step, gradient) in (0..).zip(gradients.rows()) {
        update(&optimizer.rule(step, T::ONE), &mut w, &mut slots, gradient);
        weights.extend(w.0);
    }
    case.check("w", &weights);

    let mut states = ["state1", "state2"].into_iter();
    <O::Rule as Rule<T>>::Slots::each(&mut slots, |slot| case.check(states.next().unwrap(), slot));
    assert!(states.all(|name| !case.has(name)), "{}: the optimizer keeps too little", case.name);
}

/// Weights and gradient as they are.
fn plain<T: Scalar, O: Optimizer<T = T>>(case: &Case, optimizer: O) {
    ten_steps(case, optimizer, |rule, w, slots, gradient| {
        learn_all::<Portable, _, _, _>(Role::Weight, &mut w.0, slots, &gradient.0, rule);
    });
}

/// Weight decay inside the gradient, g + λ w, is what an L2 penalty of λ/2 gives: the weights are those of a dense layer whose one input
/// is 1.
fn with_l2<T: Scalar>(case: &Case, optimizer: Adam<T>) {
    let mut layer = Regularized::new(Dense::<1, 7, T>::ZERO);
    let weight_l2 = T::from_f64(case.attr("weight_decay") / 2.0);
    layer.set_penalty(Penalty { weight_l2, ..Penalty::default() }).unwrap();
    ten_steps(case, optimizer, |rule, w, slots, gradient| {
        layer.layer_mut().set(&[w.0], &[T::ZERO; 7]);
        let mut layer_slots = (Aligned(slots.map(|slot| [slot])), Zeroed::ZERO);
        let (mut dy, x, mut saved) = (gradient.0, [[T::ONE]], [[T::ZERO; 7]]);
        let context = Context::new(0, 0);
        layer.backward::<Portable, Apart, 1, No, _>(&x, &mut saved, &mut dy, &mut layer_slots, rule, context);
        *slots = layer_slots.0.0.map(|[slot]| slot);
        *w = Vector::from_fn(|i| layer.layer().weight(0, i).unwrap());
    });
}

fn optimizer<const N: usize, T: Scalar>(case: &Case) {
    let attr = |name| T::from_f64(case.attr(name));
    let adam = || Adam::new(attr("lr")).unwrap().betas(case.attr("beta1"), case.attr("beta2")).unwrap();
    let adam = || adam().epsilon(attr("eps")).unwrap();
    match case.op.as_str() {
        "sgd" => plain(case, Sgd::new(attr("lr")).unwrap()),
        "sgd_momentum_nnfs" => plain(case, NnfsMomentum::new(attr("lr"), attr("momentum")).unwrap()),
        "sgd_momentum_torch" => plain(case, Momentum::new(attr("lr"), attr("momentum")).unwrap()),
        "sgd_nesterov_torch" => plain(case, Nesterov::new(attr("lr"), attr("momentum")).unwrap()),
        "adagrad" => plain(case, Adagrad::new(attr("lr")).unwrap().epsilon(attr("eps")).unwrap()),
        "rmsprop" => {
            let rmsprop = RmsProp::new(attr("lr")).unwrap().rho(case.attr("rho")).unwrap();
            plain(case, rmsprop.epsilon(attr("eps")).unwrap());
        }
        "adam" => plain(case, adam()),
        "adamw" => plain(case, AdamW::with(adam(), attr("weight_decay")).unwrap()),
        "adam_l2" => with_l2(case, adam()),
        other => panic!("{}: operation {other} is not covered", case.name),
    }
}

/// The gradient g of a dense layer's weights, and 0 of its biases: input i is 1 with dy = gᵢ/2 in one sample, -1 with dy = -gᵢ/2 in another.
/// With all weights 0, dy = -2 t / (5 · 6) says which targets t give that. A step at learning rate 1 leaves minus the clipped gradient.
fn clipped<const IN: usize, const OUT: usize, T: Scalar>(case: &Case) {
    const BATCH: usize = 6;
    assert_eq!(BATCH, 2 * IN);
    let g: Matrix<IN, OUT, T> = case.tensor("g");
    let sign = |sample: usize| T::from_f64(if sample.is_multiple_of(2) { 1.0 } else { -1.0 });
    let x: [[T; IN]; BATCH] = std::array::from_fn(|i| Vector::one_hot(i / 2).map(|x| x * sign(i)).0);
    let factor = T::from_f64(-0.25) * T::from_usize(OUT * BATCH);
    let targets: [Vector<OUT, T>; BATCH] = std::array::from_fn(|i| Tensor(g.0[i / 2]).map(|g| g * factor * sign(i)));

    let mut training = Trainer::<Dense<IN, OUT, T>, MeanSquaredError<OUT>, Sgd<T>, BATCH, Buffered>::ZERO;
    training.resume(0, Sgd::new(T::ONE).unwrap()).unwrap();
    training.set_clip_norm(T::from_f64(case.attr("max_norm"))).unwrap();
    training.accumulate(&x, &targets).unwrap();
    let mut gradient = Vec::new();
    training.gradient(|parameter| gradient.extend(parameter.values()));
    let (weights, biases) = gradient.split_at(IN * OUT);
    common::compare("the gradient that the samples make", case.values("g"), weights, 1e-6);
    assert_eq!(biases, [T::ZERO; OUT]);
    case.check("norm", &[weights.iter().map(|&g| g * g).sum::<T>().sqrt()]);

    training.apply().unwrap();
    let mut step = Vec::new();
    training.net().visit(Default::default(), &mut |parameter| step.extend(parameter.values().map(|w| -w)));
    case.check("g_out", &step[..IN * OUT]);
}

#[test]
fn ten_steps_and_clipping() {
    let cases = suite(include_str!("fixtures/optimizers.txt"));
    for case in &cases {
        if case.op == "clip_global_norm" {
            sized!(clipped(case), case.shape("g"); [3, 5]);
        } else {
            sized!(optimizer(case), case.shape("w0"); [7]);
        }
    }
    assert_eq!(cases.len(), 18);
}
