//! Dense: y = x W + b, with W `[IN, OUT]`.
//!
//! Backward: dW = xᵀ dy and db = Σ dy, summed over the batch; dx = dy Wᵀ.

use core::fmt::{Result, Write};

use super::{Apart, Context, Cost, InPlace, Layer, Need, Place, Yes};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Info, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::tensor::{Array, take, take_mut};

/// A fully connected layer: y = x W + b, from `IN` numbers to `OUT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense<const IN: usize, const OUT: usize, T = f32> {
    weight: [[T; OUT]; IN],
    bias: [T; OUT],
}
crate::zeroed!([const IN: usize, const OUT: usize, T: Scalar] Dense<IN, OUT, T> { weight, bias });

/// Columns of a gradient that exist at a time; the rest of a row comes after.
const TILE: usize = 64;

impl<const IN: usize, const OUT: usize, T: Scalar> Dense<IN, OUT, T> {
    /// A layer with given weights, `weight[input][output]`, and biases, in const.
    pub const fn new(weight: [[T; OUT]; IN], bias: [T; OUT]) -> Self {
        Self { weight, bias }
    }

    /// The weight from an input to an output, if both exist.
    pub fn weight(&self, input: usize, output: usize) -> Option<T> {
        self.weight.get(input)?.get(output).copied()
    }

    /// The bias of an output, if it exists.
    pub fn bias(&self, output: usize) -> Option<T> {
        self.bias.get(output).copied()
    }

    /// Copies weights and biases into the layer.
    pub fn set(&mut self, weight: &[[T; OUT]; IN], bias: &[T; OUT]) {
        kernel::copy(weight, &mut self.weight);
        kernel::copy(bias, &mut self.bias);
    }

    fn info(path: Path) -> [Info; 2] {
        let weight = Info { path, name: "weight", role: Role::Weight, shape: <[[T; OUT]; IN]>::SHAPE, fan: (IN, OUT) };
        [weight, Info { name: "bias", role: Role::Bias, shape: <[T; OUT]>::SHAPE, ..weight }]
    }
}

impl<const IN: usize, const OUT: usize, T: Scalar> Layer for Dense<IN, OUT, T> {
    type T = T;
    type In = [T; IN];
    type Out = [T; OUT];
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = Yes;
    type Saved<P: Place, const B: usize> = [[T; OUT]; B];
    type Wide<const B: usize> = [[T; OUT]; B];
    type Slots<K: Copies> = (K::Of<[[T; OUT]; IN]>, K::Of<[T; OUT]>);
    const COST: Cost =
        Cost { parameters: IN * OUT + OUT, forward: IN * OUT, gradient: IN * OUT, dx: IN * OUT, skipped: IN * OUT };

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [T; IN]>,
        saved: &'a mut [[T; OUT]; B],
        _: Context,
    ) -> &'a mut [[T; OUT]] {
        let x = P::read(x);
        let y = take_mut(saved, x.len());
        kernel::gemm(x, &self.weight, y);
        kernel::add_bias(&self.bias, y);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [[T; IN]], saved: &'a [[T; OUT]; B]) -> &'a [[T; OUT]] {
        take(saved, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[T; IN]],
        saved: &mut [[T; OUT]; B],
        grad: &mut [T],
        (weight_slots, bias_slots): &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
    ) {
        // The output isn't read any more: dy moves there, and `grad` is free for dx.
        let dy = take_mut(saved, x.len());
        kernel::copy(<[T; OUT]>::group(grad).get(..dy.len()).unwrap_or(&[]), dy);
        let dx = take_mut(<[T; IN]>::group_mut(if D::WANTED { grad } else { &mut [] }), x.len());

        let mut gradient = [T::ZERO; TILE];
        for i in 0..IN {
            for (dx, dy) in dx.iter_mut().zip(&*dy) {
                dx[i] = kernel::dot(dy, &self.weight[i]);
            }
            for from in (0..OUT).step_by(TILE) {
                let gradient = take_mut(&mut gradient, OUT - from);
                kernel::gradient_row(x, i, dy, from, gradient);
                let weights = tail(&mut self.weight[i], from);
                rule.update(Role::Weight, weights, weight_slots, |slot| tail(&mut slot[i], from), gradient);
            }
        }
        for from in (0..OUT).step_by(TILE) {
            let gradient = take_mut(&mut gradient, OUT - from);
            kernel::sum_rows(dy, from, gradient);
            rule.update(Role::Bias, tail(&mut self.bias, from), bias_slots, |slot| tail(slot, from), gradient);
        }
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        let [weight, bias] = Self::info(path);
        visitor(Parameter::new(weight, &self.weight));
        visitor(Parameter::new(bias, &self.bias));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        let [weight, bias] = Self::info(path);
        visitor.visit(weight, &mut self.weight, &mut slots.0, &mut gradient.0);
        visitor.visit(bias, &mut self.bias, &mut slots.1, &mut gradient.1);
    }

    fn source(&self, out: &mut impl Write) -> Result {
        write!(out, "Dense::new({:?}, {:?})", self.weight, self.bias)
    }
}

/// What comes from position `from`.
#[inline(always)]
fn tail<T>(values: &mut [T], from: usize) -> &mut [T] {
    values.get_mut(from..).unwrap_or_default()
}
