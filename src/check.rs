//! A gradient checker: backward against finite differences, for any layer, network or loss, yours included.
//!
//! The derivative by each number is compared with (f(x + h) - f(x - h)) / 2h. The function f is Σ r·y, the outputs
//! weighted by random numbers r, which then are dy, plus the layer's penalties. By default h is 10⁻⁶ in `f64` and 10⁻²
//! in `f32`, and a derivative is right within 10⁻⁷ and 10⁻². So check in `f64` where you can: in `f32` the differences
//! themselves are no better than that.
//!
//! ```
//! use stackprop::check::{GradientCheck, check_layer};
//! use stackprop::prelude::*;
//!
//! type Net = (Dense<3, 5, f64>, Tanh<5, f64>, Dense<5, 2, f64>);
//! let report = check_layer::<Net, 4>(&GradientCheck::default());
//! assert!(report.is_right(), "{report:?}"); // or `report.worst < 1e-9`
//! ```
//!
//! Where the two differ by more than that, f may have a kink within h (ReLU, |x|), or a strong curvature. The
//! derivative may then be that of either side, (4 f(x ± h) - 3 f(x) - f(x ± 2h)) / ±2h, with h, h/4 or h/16: the
//! closest counts.

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
    /// The step h of the differences; 0 takes that of the number type, 10⁻⁶ for `f64` and 10⁻² for `f32`.
    pub step: f64,
    /// Inputs, weights and biases are uniform in -range..range.
    pub range: f64,
}

impl Default for GradientCheck {
    fn default() -> Self {
        Self { seed: 1, step: 0.0, range: 1.0 }
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
    /// What `worst` should be below: 10⁻⁷ for `f64`, 10⁻² for `f32`.
    pub tolerance: f64,
}

impl GradientReport {
    fn new<T: Scalar>() -> Self {
        let tolerance = by_type::<T>(1e-2, 1e-7);
        Self { worst: 0.0, name: "x", index: 0, backward: 0.0, difference: 0.0, compared: 0, tolerance }
    }

    /// Whether every derivative was within the tolerance.
    pub fn is_right(&self) -> bool {
        self.worst < self.tolerance
    }

    /// Compares the derivative by a number with differences of f, which is `at(number)`; the last call is `at(x)`.
    fn add<T: Scalar>(
        &mut self,
        (name, index): (&'static str, usize),
        (x, backward): (T, T),
        step: f64,
        at: &mut dyn FnMut(T) -> f64,
    ) {
        self.compared += 1;
        let backward = backward.to_f64();
        let error = |difference: f64| (backward - difference).abs() / backward.abs().max(difference.abs()).max(1.0);
        let step = if step > 0.0 { step } else { by_type::<T>(1e-2, 1e-6) };
        let mut closest = f64::NAN;
        let mut consider = |difference: f64| {
            if error(closest).is_nan() || error(difference) < error(closest) {
                closest = difference;
            }
            error(closest) < self.tolerance
        };
        for h in [step, step / 4.0, step / 16.0].map(T::from_f64) {
            let (high, low) = (at(x + h), at(x - h));
            let mut found = consider((high - low) / ((x + h).to_f64() - (x - h).to_f64()));
            if !found {
                let y = at(x);
                for (h, near) in [(h, high), (-h, low)] {
                    found |= consider((4.0 * near - 3.0 * y - at(x + h + h)) / (2.0 * h.to_f64()));
                }
            }
            if found {
                break;
            }
        }
        at(x);
        // NaN is worst of all.
        if error(closest) > self.worst || error(closest).is_nan() {
            *self = Self { worst: error(closest), name, index, backward, difference: closest, ..*self };
        }
    }
}

/// A number for `f32`, and one for `f64`.
fn by_type<T: Scalar>(single: f64, double: f64) -> f64 {
    if T::BYTES == 4 { single } else { double }
}

/// Σ r·y, in `f64`.
fn weighted<A: Array>(y: &Tensor<A>, r: &Tensor<A>) -> f64 {
    y.as_slice().iter().zip(r.as_slice()).map(|(y, r)| y.to_f64() * r.to_f64()).sum()
}

/// What a check of a layer on a batch of `B` needs beside the layer: for a `static`, or to be boxed.
///
/// ```
/// use stackprop::check::{CheckMemory, GradientCheck, check_in};
/// use stackprop::prelude::*;
///
/// let mut layer = Dense::<3, 5, f64>::ZERO;
/// let mut memory = CheckMemory::<_, 4>::ZERO;
/// assert!(check_in(&mut memory, &mut layer, &GradientCheck::default()).worst < 1e-7);
/// ```
#[expect(missing_debug_implementations)]
pub struct CheckMemory<L: Layer, const B: usize> {
    x: Tensor<[L::In; B]>,
    r: Tensor<[L::Out; B]>,
    dx: Tensor<[L::In; B]>,
    tape: Tape<L, B>,
    again: Tape<L, B>,
}
crate::storage::zeroed!([L: Layer, const B: usize] CheckMemory<L, B> { x, r, dx, tape, again });

impl<L: Layer, const B: usize> CheckMemory<L, B> {
    /// Empty, for a `static`.
    pub const ZERO: Self = <Self as Zeroed>::ZERO;
}

/// Zeros in a box, so that they don't pass through the stack; without an allocator they have to.
#[cfg(feature = "std")]
fn room<Z: Zeroed>() -> std::boxed::Box<Z> {
    Z::boxed()
}
#[cfg(not(feature = "std"))]
fn room<Z: Zeroed>() -> Z {
    Z::ZERO
}

/// Checks dx and the gradient of every parameter of a layer or network, on a batch of `B`, with random parameters and inputs.
///
/// Layer and memory are boxed. Without `std` they are on the stack: there, [`check_in`] takes them from a `static`.
pub fn check_layer<L: Layer, const B: usize>(check: &GradientCheck) -> GradientReport {
    let mut layer = room::<L>();
    check_with::<L, B>(&mut layer, check)
}

/// Like [`check_layer`], for a layer with settings. Its parameters are replaced by random ones.
pub fn check_with<L: Layer, const B: usize>(layer: &mut L, check: &GradientCheck) -> GradientReport {
    let mut memory = room::<CheckMemory<L, B>>();
    check_in(&mut memory, layer, check)
}

/// Like [`check_with`], with memory that is the caller's.
pub fn check_in<L: Layer, const B: usize>(
    memory: &mut CheckMemory<L, B>,
    layer: &mut L,
    check: &GradientCheck,
) -> GradientReport {
    memory.set_zero();
    let CheckMemory { x, r, dx, tape, again } = memory;
    let mut rng = generator(check.seed);
    let range = L::T::from_f64(check.range);
    initialise(layer, Init::Uniform(check.range), &mut rng);
    visit_values(layer, &mut Randomise { rng: &mut rng, range: check.range });
    x.fill_uniform(&mut rng, -range, range);
    r.fill_uniform(&mut rng, -L::T::ONE, L::T::ONE);

    tape.set_seed(check.seed);
    tape.forward(layer, x);
    dx.copy_from(tape.backward(layer, x, r));

    let mut report = GradientReport::new::<L::T>();
    for i in 0..<[L::In; B]>::LEN {
        let value = x.as_slice()[i];
        let mut at = |value: L::T| {
            x.as_mut_slice()[i] = value;
            again.set_zero();
            again.set_seed(check.seed);
            weighted(again.forward(layer, x), r)
        };
        report.add(("x", i), (value, dx.as_slice()[i]), check.step, &mut at);
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
            again.set_zero();
            again.set_seed(check.seed);
            weighted(again.forward(layer, x), r) + layer.penalty().to_f64()
        };
        report.add((info.name, index), (value, gradient), check.step, &mut at);
        position += 1;
    }
    report
}

/// Checks the gradient of a loss of outputs `y` and a target, with differences of step h; 0 takes that of the number
/// type.
pub fn check_loss<Out: Array, Y, L: Compares<Out, Y>>(
    loss: &L,
    y: &Tensor<Out>,
    target: &Y,
    step: f64,
) -> GradientReport {
    let (mut copy, mut dy) = (room::<Tensor<Out>>(), room::<Tensor<Out>>());
    copy.copy_from(y);
    let y: &mut Tensor<Out> = &mut copy;
    loss.gradient(&y.0, target, Out::T::ONE, &mut dy.0);
    let mut report = GradientReport::new::<Out::T>();
    for i in 0..Out::LEN {
        let value = y.as_slice()[i];
        let mut at = |value: Out::T| {
            y.as_mut_slice()[i] = value;
            loss.loss(&y.0, target).to_f64()
        };
        report.add(("y", i), (value, dy.as_slice()[i]), step, &mut at);
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
