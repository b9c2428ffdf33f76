//! Reshape: the same numbers in the same order, in other arrays. Nothing moves, forward or backward.

use core::marker::PhantomData;

use super::plan::{Given, Taken, Viewed};
use super::{Apart, Context, Cost, Infer, Layer, Need, No, Place, Sliceable, Structure, View, size};
use crate::budget::Text;
use crate::kernel::Kernels;
use crate::optimizer::{Copies, Rule};
use crate::tensor::Array;

/// The numbers of nested arrays `A` as a vector of `N`, which must be as many: what stands between an image and a dense layer.
///
/// ```
/// # use stackprop::prelude::*;
/// type Net = (MaxPool2d<8, 8, 1, 4, 4, 2, 2>, Flatten<[[[f32; 1]; 4]; 4], 16>, Dense<16, 10>);
/// // The view has no memory: 16 numbers of the pool and 10 of the dense layer.
/// assert_eq!(Workspace::<Net>::BYTES, 4 * (16 + 10));
/// ```
pub type Flatten<A, const N: usize> = Reshape<A, [<A as Array>::T; N]>;

/// The numbers of nested arrays `A` as nested arrays `B`, which must have as many: the same numbers in the same order. To exchange dimensions,
/// see [`Transpose`](super::Transpose).
///
/// It is a view: it has no memory and no code. Only in front of a network, where the input is the user's, does it copy; there,
/// [`Tensor::reshape_ref`](crate::tensor::Tensor::reshape_ref) of the input costs nothing. An activation works in place before it rather than
/// behind it.
#[derive(Clone, Copy, Debug)]
pub struct Reshape<A, B> {
    types: PhantomData<(A, B)>,
}
crate::storage::zeroed!([A: 'static, B: 'static] Reshape<A, B> { types });

impl<A, B> Reshape<A, B> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { types: PhantomData }
    }
}

impl<A, B> Default for Reshape<A, B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Array, B: Array<T = A::T>> Reshape<A, B> {
    /// The dimensions of the output.
    const DIMS: &'static [usize] = B::SHAPE.padded();
    /// Whether both have as many numbers, and there are some.
    const CHECK: () = if B::SHAPE.rank() == 1 {
        let layer = Text::new("Flatten<_, ").number(B::LEN).text(">");
        size::check(layer, "N", "the numbers of its input", A::LEN, B::LEN);
        size::positive_of(layer, &["N"], &[B::LEN]);
    } else {
        size::holds::<A>(Text::new("Reshape<A, B>"), "A");
        size::check(Text::new("Reshape<A, B>"), "the numbers of B", "those of A", A::LEN, B::LEN);
    };
}

impl<A: Array, B: Array<T = A::T>> Infer for Reshape<A, B> {
    type In = A;
    type Out = B;
    type Plan<P: Place, const BATCH: usize> = Viewed<P>;
    const STRUCTURE: Structure = match B::SHAPE.rank() {
        1 => Structure::layer("Flatten", &[]),
        _ => Structure::layer("Reshape", Self::DIMS),
    };
    const COST: Cost = {
        let () = Self::CHECK;
        Cost::NONE
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: Taken<'m, Self, P, BATCH>,
    ) -> Given<'m, Self, P, BATCH> {
        const { Self::CHECK }
        x.cast()
    }
}

impl<A: Array, B: Array<T = A::T>> Layer for Reshape<A, B> {
    type T = A::T;
    type Wants = View;
    type Leaves = Apart;
    type Learns = No;
    type Saved<P: Place, const BATCH: usize> = P::Buffer<[A; BATCH]>;
    type Wide<const BATCH: usize> = [B; BATCH];
    type Slots<K: Copies> = ();

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: P::Input<'a, A>,
        saved: &'a mut P::Buffer<[A; BATCH]>,
        _: Context,
    ) -> &'a mut [B] {
        const { Self::CHECK }
        B::group_mut(A::flatten_mut(P::own(x, saved)))
    }

    #[inline(always)]
    fn output<'a, P: Place, const BATCH: usize>(x: &'a [A], saved: &'a P::Buffer<[A; BATCH]>) -> &'a [B] {
        B::group(A::flatten(P::output(x, saved)))
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<A::T>>(
        &mut self,
        _: &[A],
        _: &mut P::Buffer<[A; BATCH]>,
        _: &mut [A::T],
        _: &mut (),
        _: &R,
        _: Context,
    ) {
        // dx is dy.
    }

    crate::no_parameters!();
}

impl<A: Array, B: Array<T = A::T>> Sliceable for Reshape<A, B> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const BATCH: usize>(
        x: P::Input<'a, A>,
        saved: &'a mut P::Buffer<[A; BATCH]>,
    ) -> &'a mut [B] {
        B::group_mut(A::flatten_mut(P::output_mut(x, saved)))
    }
}

super::export::export_type!([A: Array, B: Array<T = A::T>] Reshape<A, B>);
