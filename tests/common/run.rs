//! Data that follow from a seed, and bits: what the behaviour tests share.

use stackprop::layer::Layer;
use stackprop::parameter::Path;
use stackprop::random::generator;
use stackprop::scalar::Scalar;
use stackprop::tensor::{Array, Tensor, Vector};

/// Numbers in -1..1 that follow from a seed.
pub fn uniform<A: Array>(seed: u64) -> Tensor<A> {
    let mut tensor = Tensor::ZERO;
    tensor.fill_uniform(&mut generator(seed), -A::T::ONE, A::T::ONE);
    tensor
}

/// The bits of numbers; 0 and -0 differ.
pub fn bits<T: Scalar>(values: &[T]) -> Vec<u64> {
    values.iter().map(|v| v.to_f64().to_bits()).collect()
}

/// Every parameter of a network, in the documented order.
pub fn parameters<L: Layer>(net: &L) -> Vec<L::T> {
    let mut all = Vec::new();
    net.visit(Path::default(), &mut |parameter| all.extend(parameter.values()));
    all
}

/// The bits of every parameter of a network.
pub fn parameter_bits<L: Layer>(net: &L) -> Vec<u64> {
    bits(&parameters(net))
}

/// Sample `i` of a data set: its class is the side of a plane on which it lies.
pub fn sample(i: usize, x: &mut Vector<3, f64>) -> u8 {
    *x = uniform(i as u64);
    u8::from(x[0] + x[1] > x[2])
}

/// `N` samples in a row.
pub fn samples<const N: usize>(from: usize) -> (Tensor<[[f64; 3]; N]>, [u8; N]) {
    let mut x = Tensor::ZERO;
    let labels = std::array::from_fn(|i| sample(from + i, x.row_mut(i).unwrap()));
    (x, labels)
}
