//! Expected values are channels-first, `[N, C, ..]`; layers are channels-last.

use super::common::{Case, compare};
use stackprop::scalar::Scalar;
use stackprop::tensor::{Array, Tensor};

/// The numbers of a tensor, each sample's channels moved behind its positions.
fn channels_last(case: &Case, name: &str, values: &[f64]) -> Vec<f64> {
    let dims = case.shape(name);
    let (channels, positions) = (dims[1], dims[2..].iter().product::<usize>());
    let place = |i: usize| {
        let (sample, position, channel) = (i / (channels * positions), i / channels % positions, i % channels);
        (sample * channels + channel) * positions + position
    };
    (0..values.len()).map(|i| values[place(i)]).collect()
}

/// A tensor of a case.
pub fn tensor<A: Array>(case: &Case, name: &str) -> Tensor<A> {
    let values = channels_last(case, name, case.values(name));
    assert_eq!(values.len(), A::LEN, "{}: {name}", case.name);
    Tensor::from_fn(|i| A::T::from_f64(values[i]))
}

/// Compares with a tensor of a case: 1e-12 in f64, 1e-5 in f32.
pub fn check<T: Scalar>(case: &Case, name: &str, actual: &[T]) {
    let expected = channels_last(case, name, case.values(name));
    compare(&format!("{}: {name}", case.name), &expected, actual, if T::BYTES == 8 { 1e-12 } else { 1e-5 });
}
