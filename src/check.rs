//! A gradient checker: backward against finite differences, for any layer, network or loss, yours included.
//!
//! The derivative by each number is compared with (f(x + h) - f(x - h)) / 2h, in `f64` with h = 10⁻⁶ by default. The function f is Σ r·y,
//! the outputs weighted by random numbers r, which then are dy, plus the layer's penalties.
//!
//! ```
//! use stackprop::check::{GradientCheck, check_layer};
//! use stackprop::prelude::*;
//!
//! type Net = (Dense<3, 5, f64>, Tanh<5, f64>, Dense<5, 2, f64>);
//! let report = check_layer::<Net, 4>(&GradientCheck::default());
//! assert!(report.worst < 1e-7, "{report:?}");
//! ```
//!
//! A function with a kink (ReLU, |x|) has no derivative there: random inputs rarely come so close that it shows.

use crate::init::{Init, initialise};
use crate::layer::Layer;
use crate::loss::Compares;
use crate::optimizer::CopiesOf;
use crate::parameter::{Info, Role, Visitor, visit_values};
use crate::random::generator;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tape::Tape;
use crate::tensor::{Array, Tensor};

/// How a check is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientCheck {
    /// Seed of weights, inputs, r and dropout masks.
    pub seed: u64,
    /// The step h of the differences.
    pub step: f64,
    /// Inputs, weights and biases are uniform in -range..range.
    pub range: f64,
}

impl Default for GradientCheck {
    fn default() -> Self {
        Self { seed: 1, step: 1e-6, range: 1.0 }
    }
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientReport {
    /// The largest |backward - difference| / max(1, |backward|, |difference|).
    pub worst: f64,
    /// The name of the parameter where that is, without its path, or `x` for an input.
    pub name: &'static str,
    /// The position in it.
    pub index: usize,
    /// What backward gave there.
    pub backward: f64,
    /// What the difference gave there.
    pub difference: f64,
    /// How many derivatives were compared.
    pub compared: usize,
}

impl GradientReport {
    const NONE: Self = Self { worst: 0.0, name: "x", index: 0, backward: 0.0, difference: 0.0, compared: 0 };

    fn add(&mut self, name: &'static str, index: usize, backward: f64, difference: f64) {
        self.compared += 1;
        let error = (backward - difference).abs() / backward.abs().max(difference.abs()).max(1.0);
        // NaN is worst of all.
        if error > self.worst || error.is_nan() {
            *self = Self { worst: error, name, index, backward, difference, ..*self };
        }
    }
}

/// Checks dx and the gradient of every parameter of a layer or network, on a batch of `B`, with random parameters and inputs.
pub fn check_layer<L: Layer, const B: usize>(check: &GradientCheck) -> GradientReport {
    let mut layer = L::ZERO;
    check_with::<L, B>(&mut layer, check)
}

/// Like [`check_layer`], for a layer with settings. Its parameters are replaced by random ones.
pub fn check_with<L: Layer, const B: usize>(layer: &mut L, check: &GradientCheck) -> GradientReport {
    let mut rng = generator(check.seed);
    let range = L::T::from_f64(check.range);
    initialise(layer, Init::Uniform(check.range), &mut rng);
    visit_values(layer, &mut Randomise { rng: &mut rng, range: check.range });
    let mut x = Tensor::<[L::In; B]>::ZERO;
    x.fill_uniform(&mut rng, -range, range);
    let mut r = Tensor::<[L::Out; B]>::ZERO;
    r.fill_uniform(&mut rng, -L::T::ONE, L::T::ONE);

    let mut tape = Tape::<L, B>::ZERO;
    tape.set_seed(check.seed);
    tape.forward(layer, &x);
    let dx = *tape.backward(layer, &x, &r);

    let mut report = GradientReport::NONE;
    let h = L::T::from_f64(check.step);
    for i in 0..<[L::In; B]>::LEN {
        let value = x.as_slice()[i];
        let mut at = |value: L::T| {
            x.as_mut_slice()[i] = value;
            let mut tape = Tape::<L, B>::ZERO;
            tape.set_seed(check.seed);
            tape.forward(layer, &x).dot(&r).to_f64()
        };
        let difference = (at(value + h) - at(value - h)) / ((value + h).to_f64() - (value - h).to_f64());
        at(value);
        report.add("x", i, dx.as_slice()[i].to_f64(), difference);
    }

    let mut position = 0;
    while let Some((info, index, value)) = Poke::<L::T>::at(layer, position, None) {
        let mut gradient = L::T::ZERO;
        let mut seen = 0;
        tape.gradients(layer, |parameter| {
            if position >= seen && position < seen + parameter.len() {
                gradient = parameter.get(position - seen).unwrap_or(gradient);
            }
            seen += parameter.len();
        });
        let mut at = |value: L::T| {
            Poke::at(layer, position, Some(value));
            let mut tape = Tape::<L, B>::ZERO;
            tape.set_seed(check.seed);
            tape.forward(layer, &x).dot(&r).to_f64() + layer.penalty().to_f64()
        };
        let difference = (at(value + h) - at(value - h)) / ((value + h).to_f64() - (value - h).to_f64());
        at(value);
        report.add(info.name, index, gradient.to_f64(), difference);
        position += 1;
    }
    report
}

/// Checks the gradient of a loss of outputs `y` and a target.
pub fn check_loss<Out: Array, Y, L: Compares<Out, Y>>(
    loss: &L,
    y: &Tensor<Out>,
    target: &Y,
    step: f64,
) -> GradientReport {
    let (mut y, mut dy) = (*y, Tensor::<Out>::ZERO);
    loss.gradient(&y.0, target, Out::T::ONE, &mut dy.0);
    let mut report = GradientReport::NONE;
    let h = Out::T::from_f64(step);
    for i in 0..Out::LEN {
        let value = y.as_slice()[i];
        let mut at = |value: Out::T| {
            y.as_mut_slice()[i] = value;
            loss.loss(&y.0, target).to_f64()
        };
        let difference = (at(value + h) - at(value - h)) / ((value + h).to_f64() - (value - h).to_f64());
        at(value);
        report.add("y", i, dy.as_slice()[i].to_f64(), difference);
    }
    report
}

/// Makes biases and gains random, too, and states, which are not negative.
struct Randomise<'r, R> {
    rng: &'r mut R,
    range: f64,
}

impl<T: Scalar, R: rand::Rng> Visitor<T, CopiesOf<0>, CopiesOf<0>> for Randomise<'_, R> {
    fn visit<A: Array<T = T>>(&mut self, _: Info, values: &mut A, _: &mut [A; 0], _: &mut [A; 0]) {
        let range = T::from_f64(self.range);
        Tensor::from_mut(values).fill_uniform(self.rng, -range, range);
    }
    fn visit_frozen<A: Array<T = T>>(&mut self, info: Info, values: &mut A) {
        if info.role == Role::State {
            Tensor::from_mut(values).fill_uniform(self.rng, T::ZERO, T::from_f64(self.range));
        }
    }
}

/// Finds, and perhaps sets, the number at a position in all trained parameters.
struct Poke<T> {
    left: usize,
    new: Option<T>,
    found: Option<(Info, usize, T)>,
}

impl<T: Scalar> Poke<T> {
    fn at<L: Layer<T = T>>(layer: &mut L, position: usize, new: Option<T>) -> Option<(Info, usize, T)> {
        let mut poke = Self { left: position, new, found: None };
        visit_values(layer, &mut poke);
        poke.found
    }
}

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<0>> for Poke<T> {
    fn visit<A: Array<T = T>>(&mut self, info: Info, values: &mut A, _: &mut [A; 0], _: &mut [A; 0]) {
        if self.found.is_none() {
            if let Some(value) = values.flat_mut().get_mut(info.place(self.left)).filter(|_| self.left < A::LEN) {
                self.found = Some((info, self.left, *value));
                *value = self.new.unwrap_or(*value);
            } else {
                self.left -= A::LEN;
            }
        }
    }
}
