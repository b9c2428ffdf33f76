//! Last: the last step of a sequence, y = x_STEPS.
//!
//! Backward: dx is dy at the last step and 0 at the others.

use core::marker::PhantomData;

use super::plan::{Given, OfLast, Taken};
use super::{Apart, Context, Cost, InPlace, Infer, Layer, Need, No, Place, Sliceable, Structure, size};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::scalar::Scalar;
use crate::tensor::{Array, take, take_mut};

/// The `N` numbers of the last of `STEPS` steps: behind a recurrent layer, when the whole sequence has one answer.
///
/// ```
/// # use stackprop::prelude::*;
/// let mut tape = Tape::<Last<2, 3>, 1>::ZERO;
/// assert_eq!(tape.forward(&Last::new(), &Tensor::new([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])).0, [[4.0, 5.0, 6.0]]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Last<const STEPS: usize, const N: usize, T = f32> {
    scalar: PhantomData<T>,
}
crate::storage::zeroed!([const STEPS: usize, const N: usize, T: Scalar] Last<STEPS, N, T> { scalar });

impl<const STEPS: usize, const N: usize, T: Scalar> Last<STEPS, N, T> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: PhantomData }
    }

    /// The last step of each sample.
    #[inline(always)]
    fn last(x: &[[[T; N]; STEPS]], y: &mut [[T; N]]) {
        for (y, x) in y.iter_mut().zip(x) {
            kernel::copy(x.last().map_or(&[][..], core::slice::from_ref), core::slice::from_mut(y));
        }
    }
}

impl<const STEPS: usize, const N: usize, T: Scalar> Default for Last<STEPS, N, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const STEPS: usize, const N: usize, T: Scalar> Infer for Last<STEPS, N, T> {
    type In = [[T; N]; STEPS];
    type Out = [T; N];
    type Plan<P: Place, const B: usize> = OfLast<[[T; N]; B]>;
    const STRUCTURE: Structure = Structure::layer("Last", &[]);
    const COST: Cost = {
        size::positive("Last", &["STEPS", "N"], &[STEPS, N]);
        Cost::NONE
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        const { _ = Self::COST }
        x.part((STEPS - 1) * size_of::<[T; N]>())
    }
}

impl<const STEPS: usize, const N: usize, T: Scalar> Layer for Last<STEPS, N, T> {
    type T = T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = No;
    type Saved<P: Place, const B: usize> = [[T; N]; B];
    type Wide<const B: usize> = [[T; N]; B];
    type Slots<K: Copies> = ();

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, Self::In>,
        saved: &'a mut [[T; N]; B],
        _: Context,
    ) -> &'a mut [[T; N]] {
        const { _ = Self::COST }
        let x = P::read(x);
        let y = take_mut(saved, x.len());
        Self::last(x, y);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [Self::In], saved: &'a [[T; N]; B]) -> &'a [[T; N]] {
        take(saved, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[Self::In],
        saved: &mut [[T; N]; B],
        grad: &mut [T],
        _: &mut (),
        _: &R,
        _: Context,
    ) {
        if D::WANTED {
            // The output isn't read any more: dy moves there, and `grad` is free for dx.
            let dy = take_mut(saved, x.len());
            kernel::copy(<[T; N]>::group(grad), dy);
            for (dx, dy) in <Self::In>::group_mut(grad).iter_mut().zip(&*dy) {
                dx.as_flattened_mut().fill(T::ZERO);
                if let Some(last) = dx.last_mut() {
                    kernel::copy(core::slice::from_ref(dy), core::slice::from_mut(last));
                }
            }
        }
    }

    crate::no_parameters!();
}

impl<const STEPS: usize, const N: usize, T: Scalar> Sliceable for Last<STEPS, N, T> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, Self::In>,
        saved: &'a mut [[T; N]; B],
    ) -> &'a mut [[T; N]] {
        take_mut(saved, P::read(x).len())
    }
}

super::export::export_type!([const STEPS: usize, const N: usize, T: Scalar] Last<STEPS, N, T>);
