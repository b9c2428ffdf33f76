//! Rnn, Gru and Lstm: expected values (`recurrent.txt`: cells and sequences from given states, through `step`; `recurrence.txt`: sequences from 0
//! with every gradient), finite differences, and bits: alone, in a batch and as a stream; fused and buffered; files and source.

use stackprop::check::{GradientCheck, check_layer};
use stackprop::init::{Init, initialise};
use stackprop::layer::Layer;
use stackprop::prelude::*;
use stackprop::random::generator;
use stackprop::scalar::Scalar;
use stackprop::tensor::Array;
use stackprop::weights::{export, file_size, read, write};

mod common;
use common::run::{bits, parameter_bits, uniform};
use common::{Case, compare, suite};

/// What the three have in common.
trait Recurrent<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar>:
    Layer<T = T, In = [[T; IN]; STEPS], Out = [[T; HIDDEN]; STEPS]>
{
    type State: Zeroed;
    fn of(case: &Case) -> Self;
    fn state(h: [T; HIDDEN], c: [T; HIDDEN]) -> Self::State;
    fn next(&self, x: &Vector<IN, T>, state: &mut Self::State) -> Vector<HIDDEN, T>;
    /// The cell state, if it has one.
    fn cell(_: &Self::State) -> Option<Vector<HIDDEN, T>> {
        None
    }
}

/// The sum of PyTorch's two biases.
fn biases<A: Array>(case: &Case) -> A {
    (case.tensor::<A>("b_ih") + case.tensor::<A>("b_hh")).0
}

impl<const S: usize, const I: usize, const H: usize, T: Scalar> Recurrent<S, I, H, T> for Rnn<S, I, H, T> {
    type State = RnnState<H, T>;
    fn of(case: &Case) -> Self {
        Self::new(case.tensor("w_ih").0, case.tensor("w_hh").0, biases(case))
    }
    fn state(h: [T; H], _: [T; H]) -> Self::State {
        RnnState::new(h)
    }
    fn next(&self, x: &Vector<I, T>, state: &mut Self::State) -> Vector<H, T> {
        *self.step(x, state)
    }
}

impl<const S: usize, const I: usize, const H: usize, T: Scalar> Recurrent<S, I, H, T> for Gru<S, I, H, T> {
    type State = GruState<H, T>;
    fn of(case: &Case) -> Self {
        let [r, z, _] = biases(case);
        let [.., n] = case.tensor::<[[T; H]; 3]>("b_ih").0;
        let [.., c] = case.tensor::<[[T; H]; 3]>("b_hh").0;
        Self::new(case.tensor("w_ih").0, case.tensor("w_hh").0, [r, z, n], c)
    }
    fn state(h: [T; H], _: [T; H]) -> Self::State {
        GruState::new(h)
    }
    fn next(&self, x: &Vector<I, T>, state: &mut Self::State) -> Vector<H, T> {
        *self.step(x, state)
    }
}

impl<const S: usize, const I: usize, const H: usize, T: Scalar> Recurrent<S, I, H, T> for Lstm<S, I, H, T> {
    type State = LstmState<H, T>;
    fn of(case: &Case) -> Self {
        Self::new(case.tensor("w_ih").0, case.tensor("w_hh").0, biases(case))
    }
    fn state(h: [T; H], c: [T; H]) -> Self::State {
        LstmState::new(h, c)
    }
    fn next(&self, x: &Vector<I, T>, state: &mut Self::State) -> Vector<H, T> {
        *self.step(x, state)
    }
    fn cell(state: &Self::State) -> Option<Vector<H, T>> {
        Some(*state.cell())
    }
}

/// Steps from a given state: `x` is `[STEPS, B, IN]`, and the outputs too.
fn stream<L: Recurrent<1, I, H, T>, const STEPS: usize, const B: usize, const I: usize, const H: usize, T: Scalar>(
    case: &Case,
) {
    let layer = L::of(case);
    let cell = case.op.ends_with("cell");
    let names = if cell { ["h", "c", "h2", "c2"] } else { ["h0", "c0", "hs", "c_T"] };
    let h = case.tensor::<[[T; H]; B]>(names[0]);
    let c = if case.has(names[1]) { case.tensor(names[1]) } else { Tensor::<[[T; H]; B]>::ZERO };
    let x = case.tensor::<[[[T; I]; B]; STEPS]>("x");
    let (mut outputs, mut cells) = (vec![T::ZERO; STEPS * B * H], Vec::new());
    for b in 0..B {
        let mut state = L::state(h.0[b], c.0[b]);
        for t in 0..STEPS {
            let y = layer.next(Tensor::from_ref(&x.0[t][b]), &mut state);
            outputs[(t * B + b) * H..][..H].copy_from_slice(y.as_slice());
        }
        cells.extend(L::cell(&state).iter().flat_map(|c| c.as_slice().to_vec()));
    }
    case.check(names[2], &outputs);
    if case.has(names[3]) {
        case.check(names[3], &cells);
    }
}

#[test]
fn steps_from_given_states() {
    /// Cells and sequences of a kind: `[STEPS, B, IN, HIDDEN]`.
    macro_rules! steps {
        ($layer:ident $case:ident; $([$t:literal, $b:literal, $i:literal, $h:literal])*) => {{
            let (x, w) = ($case.shape("x"), $case.shape("w_hh"));
            let t = if x.len() == 3 { x[0] } else { 1 };
            let mut seen = false;
            $(
                if [t, x[x.len() - 2], x[x.len() - 1], w[1]] == [$t, $b, $i, $h] {
                    stream::<$layer<1, $i, $h, f64>, $t, $b, $i, $h, f64>($case);
                    stream::<$layer<1, $i, $h>, $t, $b, $i, $h, f32>($case);
                    seen = true;
                }
            )*
            assert!(seen, "{}", $case.name);
        }};
    }
    let cases = suite(include_str!("fixtures/recurrent.txt"));
    assert_eq!(cases.len(), 11);
    for case in &cases {
        match case.op.as_str() {
            "lstm_cell" | "lstm_seq" => {
                steps!(Lstm case; [1, 3, 5, 7] [1, 1, 3, 5] [1, 2, 1, 1] [1, 2, 4, 3] [4, 2, 3, 5])
            }
            "gru_cell" | "gru_seq" => {
                steps!(Gru case; [1, 3, 5, 7] [1, 1, 3, 5] [1, 2, 1, 1] [1, 2, 4, 3] [4, 2, 3, 5])
            }
            _ => steps!(Rnn case; [4, 2, 3, 5]),
        }
    }
}

/// y, dx and the gradient of every parameter.
fn sequence<L: Recurrent<S, I, H, T>, const S: usize, const B: usize, const I: usize, const H: usize, T: Scalar>(
    case: &Case,
) {
    let (mut layer, mut tape) = (L::of(case), Tape::<L, B>::ZERO);
    let x = case.tensor("x");
    case.check("y", tape.forward(&layer, &x).as_slice());
    case.check("dx", tape.backward(&mut layer, &x, &case.tensor("dy")).as_slice());
    let mut workspace = Workspace::<L, B>::ZERO;
    case.check("y", workspace.infer_batch(&layer, &x).as_slice());
    let tolerance = if T::BYTES == 8 { 1e-12 } else { 1e-5 };
    tape.gradients(&mut layer, |gradient| {
        let (name, last) = match gradient.info.name {
            "weight" => ("dw_ih", None),
            "recurrent" => ("dw_hh", None),
            "recurrent_bias" => ("db_hh", Some(H)),
            _ => ("db_ih", None),
        };
        let expected = case.values(name);
        let expected = &expected[last.map_or(0, |last| expected.len() - last)..];
        assert_eq!(gradient.info.shape.dims().iter().product::<usize>(), expected.len());
        compare(&format!("{}: {name}", case.name), expected, &gradient.values().collect::<Vec<_>>(), tolerance);
    });
}

#[test]
fn sequences_from_zero() {
    macro_rules! sequences {
        ($layer:ident $case:ident; $([$t:literal, $b:literal, $i:literal, $h:literal])*) => {{
            let mut seen = false;
            $(
                if [$case.shape("x"), &$case.shape("w_hh")[1..]].concat() == [$b, $t, $i, $h] {
                    sequence::<$layer<$t, $i, $h, f64>, $t, $b, $i, $h, f64>($case);
                    sequence::<$layer<$t, $i, $h>, $t, $b, $i, $h, f32>($case);
                    seen = true;
                }
            )*
            assert!(seen, "{}", $case.name);
        }};
    }
    let cases = suite(include_str!("fixtures/recurrence.txt"));
    assert_eq!(cases.len(), 13);
    for case in &cases {
        match case.op.as_str() {
            "lstm" => sequences!(Lstm case; [1, 1, 1, 1] [4, 2, 3, 5] [3, 1, 7, 3] [5, 3, 1, 17]),
            "gru" => sequences!(Gru case; [1, 1, 1, 1] [4, 2, 3, 5] [3, 1, 7, 3] [5, 3, 1, 17]),
            _ => sequences!(Rnn case; [1, 1, 1, 1] [4, 2, 3, 5] [3, 1, 7, 3] [5, 3, 1, 17] [2, 2, 5, 33]),
        }
    }
}

fn check<L: Layer<T = f64>, const B: usize>() {
    let report = check_layer::<L, B>(&GradientCheck::default());
    assert!(report.worst < 1e-8, "{report:?}");
    assert_eq!(report.compared, B * <L::In as Array>::LEN + L::COST.parameters);
}

#[test]
fn finite_differences() {
    check::<Rnn<1, 1, 1, f64>, 1>();
    check::<Rnn<5, 3, 7, f64>, 3>();
    check::<Gru<3, 1, 17, f64>, 1>();
    check::<Gru<5, 7, 3, f64>, 3>();
    check::<Lstm<3, 5, 7, f64>, 3>();
    check::<Lstm<4, 1, 1, f64>, 5>();
    check::<Last<3, 5, f64>, 3>();
    check::<Last<1, 1, f64>, 1>();
}

#[test]
fn finite_differences_among_neighbours() {
    type R<const N: usize> = [f64; N];
    check::<(Rnn<4, 3, 5, f64>, Tanh<4, R<5>>, Gru<4, 5, 3, f64>, Last<4, 3, f64>, Dense<3, 2, f64>), 3>();
    check::<(Tanh<3, R<5>>, Lstm<3, 5, 2, f64>, ReLU<3, R<2>>, Rnn<3, 2, 7, f64>), 3>();
    check::<(Gru<3, 2, 3, f64>, Lstm<3, 3, 5, f64>, Last<3, 5, f64>, Tanh<5, f64>, Dense<5, 1, f64>), 1>();
    check::<(Dropout<3, R<2>>, Gru<3, 2, 5, f64>, Dropout<3, R<5>>, Last<3, 5, f64>, ReLU<5, f64>), 3>();
    // A Gru in front of which nothing learns, behind a frozen one: no dx, and dx through weights that stay.
    let report = check_layer::<(Gru<3, 2, 3, f64>, Frozen<Gru<3, 3, 2, f64>>), 3>(&GradientCheck::default());
    assert!(report.worst < 1e-8, "{report:?}");
}

fn random<L: Layer>(seed: u64) -> L {
    let mut layer = L::ZERO;
    initialise(&mut layer, Init::HeNormal, &mut generator(seed));
    layer
}

/// The same bits in a batch, alone and as a stream; a batch that isn't full is the front of one that is.
fn same_bits<L: Recurrent<6, I, H, T>, const I: usize, const H: usize, T: Scalar>() {
    let layer = random::<L>(3);
    let x = uniform::<[[[T; I]; 6]; 5]>(4);
    let (mut batch, mut alone) = (Workspace::<L, 5>::ZERO, Workspace::<L, 1>::ZERO);
    let all = *batch.infer_batch(&layer, &x);
    for (x, y) in x.rows().zip(all.rows()) {
        assert_eq!(bits(alone.infer(&layer, x).as_slice()), bits(y.as_slice()));
        let mut state = L::State::ZERO;
        for (x, y) in x.rows().zip(y.rows()) {
            assert_eq!(bits(layer.next(x, &mut state).as_slice()), bits(y.as_slice()));
        }
    }
    assert_eq!(bits(batch.infer(&layer, x.row(0).unwrap()).as_slice()), bits(all.row(0).unwrap().as_slice()));
}

#[test]
fn alone_in_a_batch_and_as_a_stream() {
    same_bits::<Rnn<6, 3, 17>, 3, 17, f32>();
    same_bits::<Gru<6, 5, 16>, 5, 16, f32>();
    same_bits::<Gru<6, 17, 33, f64>, 17, 33, f64>();
    same_bits::<Lstm<6, 7, 5>, 7, 5, f32>();
    same_bits::<Lstm<6, 1, 33>, 1, 33, f32>();
}

type Net = (Gru<5, 3, 7>, Lstm<5, 7, 5>, Rnn<5, 5, 4>, Last<5, 4>, Dense<4, 3>);

/// Parameters after some steps.
fn trained<O: Optimizer<T = f32>, G: stackprop::training::Sink>(optimizer: O) -> Vec<u64> {
    let mut training = Trainer::<Net, SoftmaxCrossEntropy<3>, O, 4, G>::boxed();
    training.reset(2, optimizer).unwrap();
    for step in 0..5 {
        let x = uniform::<[[[f32; 3]; 5]; 4]>(step);
        training.step(&x, &[0u8, 1, 2, 1]).unwrap();
        training.partial_step(&x.0[..3], &[2u8, 1, 0]).unwrap();
    }
    parameter_bits(training.net())
}

#[test]
fn fused_and_buffered() {
    assert_eq!(trained::<_, Fused>(Adam::new(0.01).unwrap()), trained::<_, Buffered>(Adam::new(0.01).unwrap()));
    assert_eq!(trained::<_, Fused>(Sgd::new(0.1).unwrap()), trained::<_, Buffered>(Sgd::new(0.1).unwrap()));
}

#[test]
fn files_and_source() {
    let (net, mut other) = (random::<Net>(1), random::<Net>(2));
    let mut file = vec![0; file_size::<Net>()];
    write(&net, &mut file).unwrap();
    read(&mut other, &file).unwrap();
    assert_eq!(parameter_bits(&net), parameter_bits(&other));
    // Weights are written by unit, whatever their order in memory.
    let small: Gru<2, 1, 2> = Gru::new(
        [[[1.0], [2.0]], [[3.0], [4.0]], [[5.0], [6.0]]],
        [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]], [[9.0, 10.0], [11.0, 12.0]]],
        [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        [7.0, 8.0],
    );
    let mut source = String::new();
    export(&small, "GRU", "Gru<2, 1, 2>", &mut source).unwrap();
    let expected = "Gru::new([[[1.0], [2.0]], [[3.0], [4.0]], [[5.0], [6.0]]], \
        [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]], [[9.0, 10.0], [11.0, 12.0]]], \
        [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [7.0, 8.0])";
    assert!(source.contains(expected), "{source}");
    let mut names = Vec::new();
    small.visit(Default::default(), &mut |p| {
        names.push((p.info.name, p.info.shape.dims().to_vec(), p.values().collect::<Vec<_>>()));
    });
    let twelve: Vec<f32> = (1..=12).map(|v| v as f32).collect();
    assert_eq!(names[0], ("weight", vec![6, 1], twelve[..6].to_vec()));
    assert_eq!(names[1], ("recurrent", vec![6, 2], twelve.clone()));
    assert_eq!(names[2], ("bias", vec![6], twelve[..6].to_vec()));
    assert_eq!(names[3], ("recurrent_bias", vec![2], vec![7.0, 8.0]));
}

#[test]
fn sizes() {
    type Training = Trainer<(Gru<20, 6, 16>, Last<20, 16>, Dense<16, 7>), SoftmaxCrossEntropy<7>, Sgd, 32>;
    const PARAMETERS: usize = 3 * 16 * (6 + 16) + 4 * 16 + 16 * 7 + 7;
    assert_eq!(Training::PARAMETERS, PARAMETERS);
    // Outputs, gates, the last output, logits; and dy as wide as a sequence.
    assert_eq!(Training::ACTIVATION_BYTES, 4 * 32 * (5 * 20 * 16 + 16 + 7 + 20 * 16));
    let forward = 3 * 16 * (20 * 6 + 19 * 16) + 16 * 7;
    assert_eq!(Training::FORWARD_MULTIPLY_ADDS, forward);
    assert_eq!(Training::STEP_MULTIPLY_ADDS, 32 * (3 * forward - 3 * 16 * 20 * 6));
    type Memory = Trainer<(Lstm<20, 6, 16>, Last<20, 16>), MeanSquaredError<16>, Sgd, 1>;
    assert_eq!(Memory::PARAMETERS, 4 * 16 * (6 + 16) + 4 * 16);
    assert_eq!(Memory::ACTIVATION_BYTES, 4 * (6 * 20 * 16 + 16 + 20 * 16));
    type Simple = Trainer<(Rnn<20, 6, 16>, Last<20, 16>), MeanSquaredError<16>, Sgd, 1>;
    assert_eq!(Simple::PARAMETERS, 16 * (6 + 16) + 16);
    assert_eq!(Simple::ACTIVATION_BYTES, 4 * (20 * 16 + 16 + 20 * 16));
}

#[test]
fn nan_and_infinity_come_out() {
    let layer = random::<Gru<3, 2, 5>>(1);
    let mut workspace = Workspace::<Gru<3, 2, 5>>::ZERO;
    let x = Tensor::new([[0.1, 0.2], [f32::NAN, 0.0], [0.1, 0.2]]);
    let y = workspace.infer(&layer, &x);
    assert!(y.row(0).unwrap().is_finite());
    assert!(y.0[1..].iter().flatten().all(|y| y.is_nan()));
    let x = Tensor::new([[f32::MAX, 0.0], [0.0, f32::MIN], [0.1, 0.2]]);
    let y = workspace.infer(&layer, &x);
    assert!(y.as_slice().iter().all(|y| y.abs() <= 1.0), "{y:?}");
}
