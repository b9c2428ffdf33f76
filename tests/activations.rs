//! Elementwise activations: the fixture's rows, its edges (±0, ±1e-30, ±700), and inputs that aren't finite.

#[macro_use]
mod common;

use common::{Case, compare, suite};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::tensor::Array;

/// A layer that gives as many numbers as it takes.
trait Activation<A: Array>: Layer<In = A, Out = A> {}
impl<A: Array, L: Layer<In = A, Out = A>> Activation<A> for L {}

/// y and dx of a layer.
fn passes<const BATCH: usize, A: Array>(case: &Case, mut layer: impl Activation<A>) {
    let (x, dy): (Tensor<[A; BATCH]>, _) = (case.tensor("x"), case.tensor("dy"));
    let (mut tape, mut workspace) = (Tape::ZERO, Workspace::ZERO);
    case.check("y", tape.forward(&layer, &x).as_slice());
    case.check("dx", tape.backward(&mut layer, &x, &dy).as_slice());
    case.check("y", workspace.infer_batch(&layer, &x).as_slice());
}

/// The activation alone, and behind a dense layer that changes nothing and whose output it may overwrite.
fn alone_and_in_place<const BATCH: usize, const N: usize, T: Scalar>(
    case: &Case,
    layer: impl Layer<T = T, In = [T; N], Out = [T; N]> + Clone,
) {
    passes::<BATCH, _>(case, layer.clone());
    let identity = Dense::new(std::array::from_fn(|i| Vector::one_hot(i).0), Vector::ZERO.0);
    passes::<BATCH, _>(case, (identity, layer));
}

fn activation<const BATCH: usize, const N: usize, T: Scalar>(case: &Case) {
    let alpha = || T::from_f64(case.attr("alpha"));
    match case.op.as_str() {
        "relu" => alone_and_in_place::<BATCH, N, T>(case, ReLU::new()),
        "leaky_relu" => alone_and_in_place::<BATCH, N, T>(case, LeakyReLU::with_slope(alpha())),
        "sigmoid" => alone_and_in_place::<BATCH, N, T>(case, Sigmoid::new()),
        "tanh" => alone_and_in_place::<BATCH, N, T>(case, Tanh::new()),
        "gelu" => alone_and_in_place::<BATCH, N, T>(case, GELU::new()),
        "gelu_tanh" => alone_and_in_place::<BATCH, N, T>(case, TanhGELU::new()),
        "silu" => alone_and_in_place::<BATCH, N, T>(case, SiLU::new()),
        "elu" => alone_and_in_place::<BATCH, N, T>(case, ELU::with_alpha(alpha())),
        "softplus" => alone_and_in_place::<BATCH, N, T>(case, Softplus::new()),
        other => panic!("{}: operation {other} is not covered", case.name),
    }
}

#[test]
fn values_and_gradients() {
    let cases = suite(include_str!("fixtures/activations.txt"));
    for case in &cases {
        sized!(activation(case), case.shape("x"); [3, 7] [1, 5] [1, 18]);
    }
    assert_eq!(cases.len(), 30);
}

/// Inputs far out on both sides; the last is the largest finite number.
fn far<T: Scalar>() -> [T; 6] {
    let largest = if T::BYTES == 8 { f64::MAX } else { f64::from(f32::MAX) };
    [f64::NEG_INFINITY, -largest, -1e20, 1e20, largest, f64::INFINITY].map(T::from_f64)
}

/// y goes to `low` or `low_slope · x` on the left and to `high` or x on the right; y' to the slopes. NaN stays NaN.
fn limits<T: Scalar>(name: &str, mut layer: impl Activation<[T; 6]>, low: f64, low_slope: f64, high: Option<f64>) {
    let (x, dy) = (Tensor([far::<T>()]), Tensor([[T::ONE; 6]]));
    let at = |i: usize| x.0[0][i].to_f64();
    let left = |i| if low_slope > 0.0 { low_slope * at(i) } else { low };
    let right = |i| high.unwrap_or(at(i));
    let slope = if high.is_some() { 0.0 } else { 1.0 };

    let tolerance = if T::BYTES == 8 { 1e-12 } else { 1e-5 };
    let mut tape = Tape::<_, 1>::ZERO;
    let y = tape.forward(&layer, &x);
    compare(name, &[left(0), left(1), left(2), right(3), right(4), right(5)], y.as_slice(), tolerance);
    let dx = tape.backward(&mut layer, &x, &dy);
    let slopes = [low_slope, low_slope, low_slope, slope, slope, slope];
    compare(&format!("{name}'"), &slopes, dx.as_slice(), tolerance);

    let nan = Tensor([[T::from_f64(f64::NAN); 6]]);
    let y = tape.forward(&layer, &nan);
    assert!(y.as_slice().iter().all(|y| y.to_f64().is_nan()), "{name}(NaN)");
}

fn all_limits<T: Scalar>() {
    limits::<T>("relu", ReLU::new(), 0.0, 0.0, None);
    limits::<T>("leaky relu", LeakyReLU::with_slope(T::from_f64(0.25)), 0.0, 0.25, None);
    limits::<T>("sigmoid", Sigmoid::new(), 0.0, 0.0, Some(1.0));
    limits::<T>("tanh", Tanh::new(), -1.0, 0.0, Some(1.0));
    limits::<T>("gelu", GELU::new(), 0.0, 0.0, None);
    limits::<T>("gelu by tanh", TanhGELU::new(), 0.0, 0.0, None);
    limits::<T>("silu", SiLU::new(), 0.0, 0.0, None);
    limits::<T>("elu", ELU::with_alpha(T::from_f64(1.5)), -1.5, 0.0, None);
    limits::<T>("softplus", Softplus::new(), 0.0, 0.0, None);
}

#[test]
fn limits_at_infinity() {
    all_limits::<f64>();
    all_limits::<f32>();
}
