//! Initialisers: how weights start. Biases start at 0, gains at 1.

use rand::Rng;

use crate::layer::Layer;
use crate::optimizer::CopiesOf;
use crate::parameter::{Info, Role, Visitor, visit_values};
use crate::random;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::{Array, Tensor};

/// How weights start. `fan_in` and `fan_out` are the numbers of inputs to an output and of outputs of an input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All 0. Units of one layer then stay alike: for single layers and tests.
    Zeros,
    /// Uniform in -a..a.
    Uniform(f64),
    /// Normal with a standard deviation.
    Normal(f64),
    /// Uniform in -a..a with a = √(6 / (fan_in + fan_out)), for tanh and sigmoid. Glorot and Bengio 2010.
    XavierUniform,
    /// Normal with variance 2 / (fan_in + fan_out).
    XavierNormal,
    /// Uniform in -a..a with a = √(6 / fan_in), for ReLU. He et al. 2015.
    HeUniform,
    /// Normal with variance 2 / fan_in. What [`reset`](crate::training::Trainer::reset) uses.
    HeNormal,
    /// 0.01 times a standard normal number, as in "Neural Networks from Scratch".
    Nnfs,
}

struct Fill<'r, R> {
    init: Init,
    rng: &'r mut R,
}

impl<R: Rng> Fill<'_, R> {
    fn fill<A: Array>(&mut self, info: Info, values: &mut A) {
        let values = Tensor::from_mut(values);
        let (fan_in, fan_out) = (A::T::from_usize(info.fan.0), A::T::from_usize(info.fan.1));
        let root = |above: f64, below: A::T| (A::T::from_f64(above) / below).sqrt();
        let uniform = |rng: &mut R, a: A::T, values: &mut Tensor<A>| values.fill_uniform(rng, -a, a);
        let normal =
            |rng: &mut R, deviation: A::T, values: &mut Tensor<A>| values.fill_normal(rng, A::T::ZERO, deviation);
        match (info.role, self.init) {
            (Role::Bias, _) | (Role::Weight, Init::Zeros) => values.fill(A::T::ZERO),
            (Role::Scale, _) => values.fill(A::T::from_usize(1)),
            (Role::Setting, _) => {}
            (Role::Weight, Init::Uniform(a)) => uniform(self.rng, A::T::from_f64(a), values),
            (Role::Weight, Init::Normal(deviation)) => normal(self.rng, A::T::from_f64(deviation), values),
            (Role::Weight, Init::XavierUniform) => uniform(self.rng, root(6.0, fan_in + fan_out), values),
            (Role::Weight, Init::XavierNormal) => normal(self.rng, root(2.0, fan_in + fan_out), values),
            (Role::Weight, Init::HeUniform) => uniform(self.rng, root(6.0, fan_in), values),
            (Role::Weight, Init::HeNormal) => normal(self.rng, root(2.0, fan_in), values),
            (Role::Weight, Init::Nnfs) => values.apply(|_| A::T::from_f64(0.01) * random::normal(self.rng)),
        }
    }
}

impl<T: Scalar, R: Rng> Visitor<T, CopiesOf<0>, CopiesOf<0>> for Fill<'_, R> {
    fn visit<A: Array<T = T>>(&mut self, info: Info, values: &mut A, _: &mut [A; 0], _: &mut [A; 0]) {
        self.fill(info, values);
    }
    fn visit_frozen<A: Array<T = T>>(&mut self, info: Info, values: &mut A) {
        self.fill(info, values);
    }
}

/// Initialises every parameter of a layer or network, in the documented order, from one generator.
pub fn initialise<L: Layer>(layer: &mut L, init: Init, rng: &mut impl Rng) {
    visit_values(layer, &mut Fill { init, rng });
}
