//! A position embedding: y = x + W, with a row of W for each step.
//!
//! Backward: dx = dy; dW = Σ dy, summed over the batch.

use core::fmt::{Result, Write};

use super::plan::{Given, Over, Taken};
use super::{Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Sliceable, Structure, Yes, size};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Info, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::tensor::{Array, take};

/// Adds to each of `STEPS` steps of `N` numbers what is learned for its position, so that attention can tell steps apart:
/// `y[i] = x[i] + weight[i]`. Gehring et al. 2017; Devlin et al. 2019.
///
/// The one parameter is `weight`, `[STEPS][N]`. It starts as a weight of `N` inputs does. The layer works in place.
///
/// ```
/// # use stackprop::prelude::*;
/// let layer = PositionEmbedding::<2, 3>::new([[0.5, 0.0, -0.5], [1.0, 2.0, 3.0]]);
/// let mut workspace = Workspace::<_, 1>::ZERO;
/// assert_eq!(workspace.infer(&layer, &Matrix::filled(1.0)).0, [[1.5, 1.0, 0.5], [2.0, 3.0, 4.0]]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PositionEmbedding<const STEPS: usize, const N: usize, T = f32> {
    weight: [[T; N]; STEPS],
}
crate::storage::zeroed!([const STEPS: usize, const N: usize, T: Scalar] PositionEmbedding<STEPS, N, T> { weight });

impl<const STEPS: usize, const N: usize, T: Scalar> PositionEmbedding<STEPS, N, T> {
    /// A layer that adds `weight[step]`, in const.
    pub const fn new(weight: [[T; N]; STEPS]) -> Self {
        Self { weight }
    }

    /// What is added to the steps.
    pub fn weight(&self) -> &[[T; N]; STEPS] {
        &self.weight
    }

    /// What is added to the steps, to be changed.
    pub fn weight_mut(&mut self) -> &mut [[T; N]; STEPS] {
        &mut self.weight
    }

    /// Adds the weights to each sample.
    #[inline(always)]
    fn add(&self, rows: &mut [[[T; N]; STEPS]]) {
        for y in rows {
            for (y, weight) in y.flat_mut().iter_mut().zip(self.weight.flat()) {
                *y += *weight;
            }
        }
    }

    fn info(path: Path) -> Info {
        let shape = <[[T; N]; STEPS]>::SHAPE;
        Info { fan: (N, N), ..Info::new(path, "weight", Role::Weight, shape) }
    }
}

impl<const STEPS: usize, const N: usize, T: Scalar> Default for PositionEmbedding<STEPS, N, T> {
    fn default() -> Self {
        <Self as crate::storage::Zeroed>::ZERO
    }
}

impl<const STEPS: usize, const N: usize, T: Scalar> Infer for PositionEmbedding<STEPS, N, T> {
    type In = [[T; N]; STEPS];
    type Out = [[T; N]; STEPS];
    type Plan<P: Place, const B: usize> = Over<[[T; N]; STEPS], B>;
    const STRUCTURE: Structure = Structure::layer("PositionEmbedding", &[STEPS, N]);
    const COST: Cost = {
        size::positive("PositionEmbedding", &["STEPS", "N"], &[STEPS, N]);
        Cost { parameters: STEPS * N, learns: true, ..Cost::NONE }
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        const { _ = Self::COST }
        let mut y = x.own();
        self.add(y.rows_mut());
        y
    }
}

impl<const STEPS: usize, const N: usize, T: Scalar> Layer for PositionEmbedding<STEPS, N, T> {
    type T = T;
    type Wants = InPlace;
    type Leaves = InPlace;
    type Learns = Yes;
    type Saved<P: Place, const B: usize> = P::Buffer<[[[T; N]; STEPS]; B]>;
    type Wide<const B: usize> = [[[T; N]; STEPS]; B];
    type Slots<K: Copies> = K::Of<[[T; N]; STEPS]>;

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [[T; N]; STEPS]>,
        saved: &'a mut P::Buffer<[[[T; N]; STEPS]; B]>,
        _: Context,
    ) -> &'a mut [[[T; N]; STEPS]] {
        const { _ = Self::COST }
        let y = P::own(x, saved);
        self.add(y);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(
        x: &'a [[[T; N]; STEPS]],
        saved: &'a P::Buffer<[[[T; N]; STEPS]; B]>,
    ) -> &'a [[[T; N]; STEPS]] {
        P::output(x, saved)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[[T; N]; STEPS]],
        _: &mut P::Buffer<[[[T; N]; STEPS]; B]>,
        grad: &mut [T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
    ) {
        // dy is dx.
        let dy = take(<[[T; N]; STEPS]>::group(grad), x.len());
        kernel::learn_sums::<K, T, R, _>(Role::Weight, dy, &mut self.weight, slots, rule);
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        visitor(Parameter::new(Self::info(path), &self.weight));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        visitor.visit(Self::info(path), &mut self.weight, slots, gradient);
    }
}

impl<const STEPS: usize, const N: usize, T: Scalar> Sliceable for PositionEmbedding<STEPS, N, T> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, [[T; N]; STEPS]>,
        saved: &'a mut P::Buffer<[[[T; N]; STEPS]; B]>,
    ) -> &'a mut [[[T; N]; STEPS]] {
        P::output_mut(x, saved)
    }
}

impl<const STEPS: usize, const N: usize, T: Scalar> Export for PositionEmbedding<STEPS, N, T> {
    fn source(&self, out: &mut impl Write) -> Result {
        write!(out, "PositionEmbedding::new({:?})", self.weight)
    }
}
