//! Softmax: yᵢ = eˣⁱ / Σⱼ eˣʲ, over the numbers of a sample.
//!
//! Backward: the product with the Jacobian J = diag(y) - y yᵀ, without the matrix: dxᵢ = yᵢ (dyᵢ - Σⱼ yⱼ dyⱼ).

use core::marker::PhantomData;

use super::plan::{Given, Over, Taken};
use super::{Apart, Context, Cost, InPlace, Infer, Layer, Need, No, Place, Sliceable, Structure, size};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::scalar::Scalar;
use crate::tensor::{Array, Matrix, Vector};

/// Samples that are treated at a time.
pub(crate) const BLOCK: usize = 16;

/// Probabilities from logits: yᵢ = eˣⁱ / Σⱼ eˣʲ, computed from x - max x, so that no logit overflows.
///
/// For training, [`SoftmaxCrossEntropy`](crate::loss::SoftmaxCrossEntropy) on the logits is cheaper and exact where a probability is 0.
#[derive(Clone, Copy, Debug)]
pub struct Softmax<const N: usize, T = f32> {
    scalar: PhantomData<T>,
}
crate::storage::zeroed!([const N: usize, T: Scalar] Softmax<N, T> { scalar });

impl<const N: usize, T: Scalar> Softmax<N, T> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { scalar: PhantomData }
    }

    /// Writes the Jacobian ∂yᵢ/∂xⱼ = yᵢ (δᵢⱼ - yⱼ) of a sample from its output.
    pub fn jacobian(y: &Vector<N, T>, jacobian: &mut Matrix<N, N, T>) {
        for i in 0..N {
            for j in 0..N {
                let delta = if i == j { T::ONE } else { T::ZERO };
                jacobian.0[i][j] = y.0[i] * (delta - y.0[j]);
            }
        }
    }
}

/// Logits in place into probabilities, each row for itself.
#[inline(always)]
pub(super) fn normalise<K: Kernels, T: Scalar, const N: usize>(logits: &mut [[T; N]]) {
    for rows in logits.chunks_mut(BLOCK) {
        for row in &mut *rows {
            let max = kernel::largest(row);
            for x in row {
                *x -= max;
            }
        }
        let mut sum = [T::ZERO; BLOCK];
        kernel::exponentials::<K, T, N>(rows, &mut sum);
        for (row, sum) in rows.iter_mut().zip(sum) {
            for y in row {
                *y /= sum;
            }
        }
    }
}

impl<const N: usize, T: Scalar> Default for Softmax<N, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar> Infer for Softmax<N, T> {
    type In = [T; N];
    type Out = [T; N];
    type Plan<P: Place, const B: usize> = Over<[T; N], B>;
    const STRUCTURE: Structure = Structure::layer("Softmax", &[N]);
    const COST: Cost = {
        size::positive("Softmax", &["N"], &[N]);
        Cost::NONE
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        const { _ = Self::COST }
        let mut y = x.own();
        normalise::<K, T, N>(y.rows_mut());
        y
    }
}

impl<const N: usize, T: Scalar> Layer for Softmax<N, T> {
    type T = T;
    type Wants = InPlace;
    type Leaves = Apart;
    type Learns = No;
    type Saved<P: Place, const B: usize> = P::Buffer<[[T; N]; B]>;
    type Wide<const B: usize> = [[T; N]; B];
    type Slots<K: Copies> = ();

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [T; N]>,
        saved: &'a mut P::Buffer<[[T; N]; B]>,
        _: Context,
    ) -> &'a mut [[T; N]] {
        const { _ = Self::COST }
        let y = P::own(x, saved);
        normalise::<K, T, N>(y);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [[T; N]], saved: &'a P::Buffer<[[T; N]; B]>) -> &'a [[T; N]] {
        P::output(x, saved)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[T; N]],
        saved: &mut P::Buffer<[[T; N]; B]>,
        grad: &mut [T],
        _: &mut (),
        _: &R,
        _: Context,
    ) {
        if D::WANTED {
            let y = P::output::<[T; N], B>(x, saved);
            for (grad, y) in <[T; N]>::group_mut(grad).iter_mut().zip(y) {
                let mean = kernel::dot(y, grad);
                for (grad, &y) in grad.iter_mut().zip(y) {
                    *grad = y * (*grad - mean);
                }
            }
        }
    }

    crate::no_parameters!();
}

impl<const N: usize, T: Scalar> Sliceable for Softmax<N, T> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, [T; N]>,
        saved: &'a mut P::Buffer<[[T; N]; B]>,
    ) -> &'a mut [[T; N]] {
        P::output_mut(x, saved)
    }
}

super::export::export_type!([const N: usize, T: Scalar] Softmax<N, T>);
