//! Transpose: y[b][a] = x[a][b].

use core::marker::PhantomData;

use super::plan::{Beside, Given, Taken};
use super::{Apart, Context, Cost, InPlace, Infer, Layer, Need, No, Place, Sliceable, Structure, size};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::scalar::Scalar;
use crate::tensor::{Array, take, take_mut};

/// Exchanges two dimensions: `[[T; B]; A]` to `[[T; A]; B]`, such as channels-first data to channels-last.
///
/// An image needs a [`Reshape`](super::Reshape) beside it: `[[[T; W]; H]; C]` to `[[T; W * H]; C]`, and behind it `[[T; C]; W * H]` to
/// `[[[T; C]; W]; H]`.
///
/// ```
/// # use stackprop::prelude::*;
/// let x = Matrix::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// let mut workspace = Workspace::<Transpose<2, 3>>::ZERO;
/// assert_eq!(workspace.infer(&Transpose::new(), &x).0, [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Transpose<const A: usize, const B: usize, T = f32> {
    scalar: PhantomData<T>,
}
crate::storage::zeroed!([const A: usize, const B: usize, T: Scalar] Transpose<A, B, T> { scalar });

impl<const A: usize, const B: usize, T> Transpose<A, B, T> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: PhantomData }
    }
}

impl<const A: usize, const B: usize, T> Default for Transpose<A, B, T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Of each sample.
#[inline(always)]
fn transpose<T: Scalar, const A: usize, const B: usize>(from: &[[[T; B]; A]], to: &mut [[[T; A]; B]]) {
    for (from, to) in from.iter().zip(to) {
        for b in 0..B {
            for a in 0..A {
                to[b][a] = from[a][b];
            }
        }
    }
}

impl<const A: usize, const B: usize, T: Scalar> Infer for Transpose<A, B, T> {
    type In = [[T; B]; A];
    type Out = [[T; A]; B];
    type Plan<P: Place, const BATCH: usize> = Beside<P, [[T; B]; A], [[T; A]; B], BATCH>;
    const STRUCTURE: Structure = Structure::layer("Transpose", &[]);
    const COST: Cost = {
        size::positive("Transpose", &["A", "B"], &[A, B]);
        Cost::NONE
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: Taken<'m, Self, P, BATCH>,
    ) -> Given<'m, Self, P, BATCH> {
        const { _ = Self::COST }
        let mut both = x.beside::<_, ()>();
        let (x, y, ()) = both.parts();
        transpose(x, y);
        both.finish()
    }
}

impl<const A: usize, const B: usize, T: Scalar> Layer for Transpose<A, B, T> {
    type T = T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = No;
    type Saved<P: Place, const BATCH: usize> = [[[T; A]; B]; BATCH];
    type Wide<const BATCH: usize> = [[[T; A]; B]; BATCH];
    type Slots<K: Copies> = ();

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: P::Input<'a, [[T; B]; A]>,
        saved: &'a mut [[[T; A]; B]; BATCH],
        _: Context,
    ) -> &'a mut [[[T; A]; B]] {
        const { _ = Self::COST }
        let x = P::read(x);
        let y = take_mut(saved, x.len());
        transpose(x, y);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const BATCH: usize>(
        x: &'a [[[T; B]; A]],
        saved: &'a [[[T; A]; B]; BATCH],
    ) -> &'a [[[T; A]; B]] {
        take(saved, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[[T; B]; A]],
        saved: &mut [[[T; A]; B]; BATCH],
        grad: &mut [T],
        _: &mut (),
        _: &R,
        _: Context,
    ) {
        if D::WANTED {
            // The output isn't read any more: dy moves there, and `grad` is free for dx.
            let dy = take_mut(saved, x.len());
            kernel::copy(<[[T; A]; B]>::group(grad), dy);
            transpose(dy, take_mut(<[[T; B]; A]>::group_mut(grad), x.len()));
        }
    }

    crate::no_parameters!();
}

impl<const A: usize, const B: usize, T: Scalar> Sliceable for Transpose<A, B, T> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const BATCH: usize>(
        x: P::Input<'a, [[T; B]; A]>,
        saved: &'a mut [[[T; A]; B]; BATCH],
    ) -> &'a mut [[[T; A]; B]] {
        take_mut(saved, P::read(x).len())
    }
}

super::export::export_type!([const A: usize, const B: usize, T: Scalar] Transpose<A, B, T>);
