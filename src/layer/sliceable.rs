//! Slices: passes of bounded cost, between which a program can do something else.

use super::{Context, Cost, Layer, Need, Place, longest, most};
use crate::kernel::Kernels;
use crate::optimizer::Rule;
use crate::tensor::Array;

/// A [`Layer`] that can be trained in slices, by a [`Sliced`](crate::training::Sliced) trainer. Without more than
/// [`output_mut`](Self::output_mut) each of its passes is one slice.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be trained in slices",
    label = "a layer that isn't `Sliceable`",
    note = "a layer of your own needs `impl Sliceable for .. {{}}` with one method, `output_mut`, which finds its output again: \
            each of its passes is one slice then"
)]
pub trait Sliceable: Layer {
    /// Into how many slices a step of a [`Sliced`](crate::training::Sliced) trainer cuts its passes.
    const SLICES: Slices = Slices::whole::<Self>();

    /// Finds the output of the last forward pass again, to be changed.
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, Self::In>,
        saved: &'a mut Self::Saved<P, B>,
    ) -> &'a mut [Self::Out];

    /// Slice `slice` of [`forward`](Layer::forward), from 0 to `SLICES.forward`, in order.
    #[inline(always)]
    fn forward_slice<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, Self::In>,
        saved: &'a mut Self::Saved<P, B>,
        context: Context,
        _slice: usize,
    ) {
        self.forward::<K, P, B>(x, saved, context);
    }

    /// Slice `slice` of [`backward`](Layer::backward), from 0 to [`SLICES.backward(D::WANTED)`](Slices::backward), in order; the same bits.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "those of `backward`")]
    fn backward_slice<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<Self::T>>(
        &mut self,
        x: &[Self::In],
        saved: &mut Self::Saved<P, B>,
        grad: &mut [Self::T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
        _slice: usize,
    ) {
        self.backward::<K, P, B, D, R>(x, saved, grad, slots, rule, context);
    }
}

/// Into how many slices a layer's passes can be cut, and what the longest of them costs, as constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slices {
    /// Slices of the forward pass.
    pub forward: usize,
    /// Slices of the backward pass.
    pub backward: usize,
    /// The part of `backward` that isn't there when no dx is wanted.
    pub skipped: usize,
    /// Multiply-adds of one sample in one slice, at most.
    pub multiply_adds: u64,
    /// Numbers of one sample that pass through a function (ReLU, eˣ, a mask) in one slice, at most.
    pub functions: usize,
}

impl Slices {
    /// One slice a pass, and no backward pass where there is nothing to train and no dx wanted.
    pub const fn whole<L: Layer>() -> Self {
        let Cost { forward, gradient, dx, .. } = L::COST;
        Self {
            forward: 1,
            backward: 1,
            skipped: if L::Learns::WANTED { 0 } else { 1 },
            multiply_adds: longest(forward, gradient + dx),
            functions: most(<L::In as Array>::LEN, <L::Out as Array>::LEN),
        }
    }

    /// [`whole`](Self::whole) for a layer that is made of others; `idle`: whether they have no backward pass where no dx is wanted.
    pub(crate) const fn of_parts<L: Layer>(idle: bool) -> Self {
        Self { skipped: if idle { 1 } else { 0 }, ..Self::whole::<L>() }
    }

    /// The slices of one layer after another; `learns`: whether the first has something to train.
    pub const fn then(self, next: Self, learns: bool) -> Self {
        Self {
            forward: self.forward + next.forward,
            backward: self.backward + next.backward,
            skipped: self.skipped + if learns { 0 } else { next.skipped },
            multiply_adds: longest(self.multiply_adds, next.multiply_adds),
            functions: most(self.functions, next.functions),
        }
    }

    /// Slices of the backward pass; `dx`: whether it is wanted.
    pub const fn backward(self, dx: bool) -> usize {
        self.backward - if dx { 0 } else { self.skipped }
    }
}
