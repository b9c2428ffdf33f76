//! Fusion: an activation that costs less than a pass over memory is applied by the products beside it, while their sums are in registers.

use super::{Infer, Joint, Layer, Place};
use crate::kernel::{Applied, Kernels, Lanes, Pointwise};
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Whether `A` applies the function of `B`, which would overwrite its output, and `B` has nothing to do.
pub(super) const fn fuses<K: Kernels, A: Layer, B: Layer>() -> bool {
    K::FUSES && B::FUSES && <Joint<A, B> as Place>::IN_PLACE
}

/// Whether `A` applies the function of `B` in use, whose output is where `P` says, and `B` has nothing to do.
pub(super) const fn fused<K: Kernels, A: Infer, B: Infer, P: Place>() -> bool {
    K::FUSES && A::TAKES && B::FUSES && P::IN_PLACE
}

/// The function of a layer that [`FUSES`](Infer::FUSES), in use.
pub(super) struct Function<'l, L>(pub &'l L);

impl<L> Clone for Function<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<L> Copy for Function<'_, L> {}

impl<L: Infer> Applied for Function<'_, L> {
    #[inline(always)]
    fn of<T: Scalar, V: Lanes<T>>(self, x: V) -> V {
        self.0.fused_value(x)
    }
}

/// The output of a layer whose part is done: its input.
#[inline(always)]
pub(super) fn done<'a, L: Layer, P: Place>(x: P::Input<'a, L::In>) -> &'a mut [L::Out] {
    L::Out::group_mut(L::In::flatten_mut(P::written(x)))
}

/// The function of a layer that [`FUSES`](Infer::FUSES).
pub(super) struct Fused<'l, L>(pub &'l L);

impl<L> Clone for Fused<'_, L> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<L> Copy for Fused<'_, L> {}

impl<L: Layer> Pointwise<L::T> for Fused<'_, L> {
    #[inline(always)]
    fn value<V: Lanes<L::T>>(self, x: V) -> V {
        self.0.fused_value(x)
    }
    #[inline(always)]
    fn slope<V: Lanes<L::T>>(self, y: V) -> V {
        self.0.fused_slope(y)
    }
}

/// What stands before a layer: another, whose function this one's backward pass may differentiate, or [`Nothing`].
pub trait Before<T>: Pointwise<T> {
    /// Whether there is such a function.
    const FUSES: bool;
}

impl<L: Layer> Before<L::T> for Fused<'_, L> {
    const FUSES: bool = L::FUSES;
}

/// The layer is the first, or nothing is to be done for the one before it: its function is never asked for.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl<T: Scalar> Before<T> for Nothing {
    const FUSES: bool = false;
}

impl<T: Scalar> Pointwise<T> for Nothing {
    #[inline(always)]
    fn value<V: Lanes<T>>(self, x: V) -> V {
        x
    }
    #[inline(always)]
    fn slope<V: Lanes<T>>(self, _y: V) -> V {
        V::splat(T::ONE)
    }
}
