//! Self-attention and the position embedding: values, gradients, bits, sizes and files; and a network of both learns to look.

use stackprop::check::{GradientCheck, check_layer};
use stackprop::init::initialise;
use stackprop::layer::{All, Layer, Mask};
use stackprop::loss::{Compares, Loss, TargetError};
use stackprop::prelude::*;
use stackprop::random::generator;
use stackprop::scalar::Scalar;
use stackprop::tensor::Array;
use stackprop::training::Sink;
use stackprop::weights;

mod common;
use common::run::{bits, parameter_bits, parameters, uniform};
use common::{Case, case, suite};

const PROJECTIONS: [&str; 4] = ["query", "key", "value", "output"];

fn values<
    const B: usize,
    const STEPS: usize,
    const N: usize,
    const HEADS: usize,
    const HEAD: usize,
    M: Mask,
    T: Scalar,
>(
    case: &Case,
) {
    let mut layer = Box::new(MultiHeadAttention::<STEPS, N, HEADS, HEAD, T, M>::new(
        PROJECTIONS.map(|name| case.tensor(&format!("{name}_weight")).0),
        PROJECTIONS.map(|name| case.tensor(&format!("{name}_bias")).0),
    ));
    let mut tape = Tape::<_, B>::boxed();
    let (x, dy) = (case.tensor("x"), case.tensor("dy"));
    case.check("y", tape.forward(&*layer, &x).as_slice());
    case.check("dx", tape.backward(&mut *layer, &x, &dy).as_slice());
    for name in PROJECTIONS {
        let (mut weight, mut bias) = (Matrix::<N, N, T>::ZERO, Vector::<N, T>::ZERO);
        assert!(tape.gradient(&mut *layer, &format!("{name}_weight"), &mut weight));
        assert!(tape.gradient(&mut *layer, &format!("{name}_bias"), &mut bias));
        case.check(&format!("d{name}_weight"), weight.as_slice());
        case.check(&format!("d{name}_bias"), bias.as_slice());
    }
    // The order of the parameters, and of the numbers in them.
    let expected = PROJECTIONS.map(|name| ["weight", "bias"].map(|of| case.scalars::<T>(&format!("{name}_{of}"))));
    assert_eq!(parameters(&*layer), expected.into_iter().flatten().flatten().collect::<Vec<_>>());
}

#[test]
fn values_and_gradients() {
    let cases = suite(include_str!("fixtures/attention.txt"));
    macro_rules! check {
        ($($name:literal $b:literal $steps:literal $n:literal $heads:literal $head:literal $M:ty;)*) => { $(
            let found = case(&cases, $name);
            assert_eq!(["batch", "steps", "n", "heads"].map(|key| found.attr(key)), [$b, $steps, $n, $heads].map(f64::from));
            assert_eq!(found.attr("causal") == 1.0, <$M>::CAUSAL);
            values::<$b, $steps, $n, $heads, $head, $M, f64>(found);
            values::<$b, $steps, $n, $heads, $head, $M, f32>(found);
        )* };
    }
    check! {
        "one_head" 1 3 5 1 5 All;
        "one_head_causal" 3 3 5 1 5 Causal;
        "two_heads" 3 5 6 2 3 All;
        "two_heads_causal" 1 5 6 2 3 Causal;
        "one_step" 3 1 3 3 1 All;
        "saturated" 1 5 6 2 3 All;
    }
    assert_eq!(cases.len(), 6);
}

/// Backward against differences, in every derivative.
fn gradients<L: Layer<T = f64>, const B: usize>() {
    let report = check_layer::<L, B>(&GradientCheck::default());
    assert!(report.worst < 1e-8, "{report:?}");
    assert_eq!(report.compared, B * L::In::LEN + L::COST.parameters);
}

#[test]
fn gradients_alone() {
    gradients::<SelfAttention<1, 1, f64>, 1>();
    gradients::<SelfAttention<7, 3, f64>, 3>();
    gradients::<SelfAttention<5, 7, f64, Causal>, 1>();
    // More numbers than the 16 lanes of a score, and more steps than a tile.
    gradients::<SelfAttention<3, 17, f64, Causal>, 1>();
    gradients::<SelfAttention<17, 1, f64>, 3>();
    gradients::<MultiHeadAttention<33, 3, 3, 1, f64, Causal>, 1>();
    gradients::<MultiHeadAttention<5, 10, 2, 5, f64>, 3>();
    gradients::<PositionEmbedding<1, 1, f64>, 1>();
    gradients::<PositionEmbedding<5, 7, f64>, 3>();
}

#[test]
fn gradients_in_networks() {
    gradients::<(MultiHeadAttention<3, 4, 2, 2, f64>, ReLU<3, [f64; 4]>, SelfAttention<3, 4, f64, Causal>), 3>();
    gradients::<(ReLU<5, [f64; 3]>, PositionEmbedding<5, 3, f64>, SelfAttention<5, 3, f64>, Tanh<5, [f64; 3]>), 1>();
    gradients::<(SelfAttention<3, 5, f64>, Dropout<3, [f64; 5]>, PositionEmbedding<3, 5, f64>, Tanh<3, [f64; 5]>), 3>();
}

fn random<L: Layer>(seed: u64) -> Box<L> {
    let mut net = L::boxed();
    initialise(&mut *net, Init::HeNormal, &mut generator(seed));
    net
}

type Block<T, M> = (PositionEmbedding<7, 20, T>, MultiHeadAttention<7, 20, 2, 10, T, M>, Tanh<7, [T; 20]>);

#[test]
fn a_batch_gives_the_bits_of_its_samples() {
    fn check<L: Layer>() {
        let (net, x) = (random::<L>(3), uniform::<[L::In; 3]>(1));
        let (mut alone, mut together) = (Workspace::<L>::boxed(), Workspace::<L, 3>::boxed());
        let expected: Vec<u64> = x.rows().flat_map(|x| bits(alone.infer(&net, x).as_slice())).collect();
        assert_eq!(bits(together.infer_batch(&net, &x).as_slice()), expected);
        assert_eq!(bits(Tape::<L, 3>::boxed().forward(&net, &x).as_slice()), expected);
    }
    check::<Block<f32, All>>();
    check::<Block<f64, Causal>>();
}

#[test]
fn a_causal_step_does_not_depend_on_later_ones() {
    type Net = MultiHeadAttention<7, 20, 2, 10, f32, Causal>;
    let (net, mut workspace) = (random::<Net>(3), Workspace::<Net>::boxed());
    let mut x = uniform::<[[f32; 20]; 7]>(1);
    let before = bits(workspace.infer(&net, &x).as_slice());
    for later in [1.0, f32::INFINITY, f32::NAN] {
        x[5].fill(later);
        x[6].fill(later);
        assert_eq!(bits(&workspace.infer(&net, &x).as_slice()[..100]), before[..100]);
    }
    x[0][0] = f32::NAN;
    assert!(workspace.infer(&net, &x).as_slice().iter().all(|y| y.is_nan()));
}

#[test]
fn huge_scores_pick_one_step() {
    type Net = MultiHeadAttention<3, 2, 1, 2>;
    let (one, zero) = ([[1.0, 0.0], [0.0, 1.0]], [0.0; 2]);
    let huge = one.map(|row| row.map(|w| w * 1e15));
    let mut net = Net::new([huge, huge, one, one], [zero; 4]);
    let mut tape = Tape::<_, 1>::ZERO;
    let x = Tensor::new([[[3.0, 0.0], [0.0, 2.0], [4.0, 1.0]]]);
    // Scores of 10³¹: each step takes that to which it is nearest, and nothing else.
    assert_eq!(tape.forward(&net, &x).0, [[[4.0, 1.0], [0.0, 2.0], [4.0, 1.0]]]);
    let dx = tape.backward(&mut net, &x, &Tensor::filled(1.0));
    assert_eq!(dx.0, [[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]]);
}

/// Half the sum of squares of what steps differ from their targets.
struct Squares;
stackprop::zeroed!([] Squares {});

impl<A: Array> Loss<A> for Squares {}

impl<A: Array> Compares<A, Tensor<A>> for Squares {
    fn check(&self, _: &Tensor<A>) -> Result<(), TargetError> {
        Ok(())
    }
    fn gradient(&self, y: &A, target: &Tensor<A>, scale: A::T, dy: &mut A) -> A::T {
        for ((dy, &y), &t) in dy.flat_mut().iter_mut().zip(y.flat()).zip(target.as_slice()) {
            *dy = (y - t) * scale;
        }
        self.loss(y, target)
    }
    fn loss(&self, y: &A, target: &Tensor<A>) -> A::T {
        let squares = y.flat().iter().zip(target.as_slice()).map(|(&y, &t)| (y - t) * (y - t));
        squares.sum::<A::T>() * A::T::from_f64(0.5)
    }
}

/// Every loss and the last parameters of five steps on batches of 1 to 3.
fn record<L: Layer, G: Sink>() -> Vec<u64> {
    let mut training = Trainer::<L, Squares, Sgd<L::T>, 3, G>::boxed();
    training.reset(7, Sgd::new(L::T::from_f64(0.01)).unwrap()).unwrap();
    let mut record = Vec::new();
    for step in 0..5 {
        let (x, y) = (uniform::<[L::In; 3]>(step), uniform::<[L::Out; 3]>(step + 9).0.map(Tensor));
        let count = 1 + step as usize % 3;
        record.extend(bits(&[training.partial_step(&x.0[..count], &y[..count]).unwrap()]));
    }
    record.extend(parameter_bits(training.net()));
    record
}

#[test]
fn fused_buffered_and_sliced_give_the_same_bits() {
    type Net = Block<f32, Causal>;
    let fused = record::<Net, Fused>();
    assert_eq!(record::<Net, Buffered>(), fused);

    let mut sliced = Sliced::<Net, Squares, Sgd, 3>::boxed();
    sliced.trainer_mut().unwrap().reset(7, Sgd::new(0.01).unwrap()).unwrap();
    for step in 0..5 {
        let (x, y) = (uniform::<[_; 3]>(step), uniform::<[[[f32; 20]; 7]; 3]>(step + 9).0.map(Tensor));
        let count = 1 + step as usize % 3;
        sliced.begin(&x.0[..count], &y[..count]).unwrap();
        while sliced.poll(&x.0[..count], &y[..count]).is_pending() {}
    }
    assert_eq!(parameter_bits(sliced.trainer().net()), fused[5..]);
}

/// Of a batch, 5 · STEPS · N + HEADS · STEPS² numbers a sample, and the gradient; the position embedding works in place.
const _: () = {
    type Net = (MultiHeadAttention<7, 12, 3, 4>, PositionEmbedding<7, 12>, Tanh<7, [f32; 12]>);
    type Training = Trainer<Net, Squares, Sgd, 5>;
    assert!(Training::PARAMETERS == 4 * (12 * 12 + 12) + 7 * 12);
    assert!(Training::ACTIVATION_BYTES == 4 * 5 * (5 * 7 * 12 + 3 * 7 * 7 + 7 * 12));
    assert!(SelfAttention::<7, 12>::COST.forward == 7 * 4 * 12 * 12 + 2 * 7 * 7 * 12);
    assert!(SelfAttention::<7, 12, f64, Causal>::COST.forward == 7 * 4 * 12 * 12 + 2 * 28 * 12);
    assert!(size_of::<PositionEmbedding<7, 12>>() == 4 * 7 * 12);
};

/// What [`weights::export`] wrote, compiled.
mod exported {
    use stackprop::prelude::*;
    pub type Looker = (PositionEmbedding<3, 2>, MultiHeadAttention<3, 2, 2, 1, f32, Causal>);
    include!("exported/attention.rs");
}

#[test]
fn weights_come_back() {
    let (net, mut other) = (random::<exported::Looker>(1), random::<exported::Looker>(2));
    let mut file = vec![0; weights::file_size::<exported::Looker>()];
    weights::write(&*net, &mut file).unwrap();
    weights::read(&mut *other, &file).unwrap();
    assert_eq!(net, other);

    let mut text = String::new();
    weights::export(&*net, "LOOKER", "Looker", &mut text).unwrap();
    assert_eq!(text, include_str!("exported/attention.rs"));
    assert_eq!(exported::LOOKER, *net);
}

#[test]
fn weights_are_set_by_output() {
    let weight = [1.0, 2.0, 3.0, 4.0].map(|w| [[w, 10.0 * w], [100.0 * w, 1000.0 * w]]);
    let bias = [[0.5, 0.0], [1.5, 0.0], [2.5, 0.0], [3.5, 0.0]];
    let mut layer = SelfAttention::<3, 2>::default();
    layer.set(&weight, &bias);
    assert_eq!(layer, SelfAttention::new(weight, bias));
    let mut key = Matrix::<2, 2>::ZERO;
    assert!(stackprop::tape::parameter(&layer, "key_weight", &mut key));
    assert_eq!(key.0, weight[1]);
    let mut embedding = PositionEmbedding::<3, 2>::default();
    embedding.weight_mut()[1] = [1.0, 2.0];
    assert_eq!(embedding.weight(), &[[0.0; 2], [1.0, 2.0], [0.0; 2]]);
}

/// Every step must say what the first said: nothing but looking back finds it.
#[test]
fn a_network_learns_where_to_look() {
    type Net = (PositionEmbedding<5, 8>, SelfAttention<5, 8, f32, Causal>);
    let mut training = Trainer::<Net, Squares, Adam, 16>::boxed();
    training.reset(1, Adam::new(0.02).unwrap()).unwrap();
    let mut losses = Vec::new();
    for step in 0..300 {
        let x = uniform::<[[[f32; 8]; 5]; 16]>(step);
        let y = x.0.map(|steps| Tensor([steps[0]; 5]));
        losses.push(training.step(&x, &y).unwrap());
    }
    let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
    let (first, last) = (mean(&losses[..10]), mean(&losses[290..]));
    println!("loss: {first} at first, {last} at last");
    assert!(last < first / 10.0, "{first} {last}");
}
