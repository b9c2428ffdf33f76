//! Matrix products, plain and transposed. The `_to` forms write in place; `*` and `transpose` return, for small matrices.

use core::ops::Mul;

use super::{Matrix, Vector};
use crate::kernel::{self, Kernels, Lanes, Portable, Task};
use crate::optimizer::{CopiesOf, Rule};
use crate::parameter::Role;
use crate::scalar::Scalar;

impl<T: Scalar, const ROWS: usize, const COLS: usize> Matrix<ROWS, COLS, T> {
    /// `out = self · right`.
    pub fn mul_to<const N: usize>(&self, right: &Matrix<COLS, N, T>, out: &mut Matrix<ROWS, N, T>) {
        kernel::run(Product { a: &self.0, m: &right.0, out: &mut out.0 });
    }

    /// `out = selfᵀ · right`.
    pub fn tr_mul_to<const N: usize>(&self, right: &Matrix<ROWS, N, T>, out: &mut Matrix<COLS, N, T>) {
        kernel::run(TransposedProduct { p: &self.0, q: &right.0, out: &mut out.0 });
    }

    /// `out = self · rightᵀ`.
    pub fn mul_tr_to<const N: usize>(&self, right: &Matrix<N, COLS, T>, out: &mut Matrix<ROWS, N, T>) {
        kernel::run(ProductTransposed { a: &self.0, m: &right.0, out: &mut out.0 });
    }

    /// `out = self · right`.
    pub fn mul_vector_to(&self, right: &Vector<COLS, T>, out: &mut Vector<ROWS, T>) {
        for (out, row) in out.0.iter_mut().zip(&self.0) {
            *out = kernel::dot(row, &right.0);
        }
    }

    /// Rows and columns exchanged, written in place.
    pub fn transpose_to(&self, out: &mut Matrix<COLS, ROWS, T>) {
        for (i, row) in self.0.iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                out.0[j][i] = value;
            }
        }
    }

    /// Rows and columns exchanged.
    #[must_use]
    pub fn transpose(&self) -> Matrix<COLS, ROWS, T> {
        let mut out = Matrix::ZERO;
        self.transpose_to(&mut out);
        out
    }

    /// Sum of each column, its numbers in the order of [`Tensor::sum`](super::Tensor::sum).
    pub fn sum_rows(&self) -> Vector<COLS, T> {
        let mut sum = Vector::ZERO;
        kernel::column_sums::<Portable, T, COLS>(&self.0, &mut sum.0);
        sum
    }
}

impl<T: Scalar, const ROWS: usize, const COLS: usize, const N: usize> Mul<&Matrix<COLS, N, T>>
    for &Matrix<ROWS, COLS, T>
{
    type Output = Matrix<ROWS, N, T>;
    fn mul(self, right: &Matrix<COLS, N, T>) -> Self::Output {
        let mut out = Matrix::ZERO;
        self.mul_to(right, &mut out);
        out
    }
}

impl<T: Scalar, const ROWS: usize, const COLS: usize> Mul<&Vector<COLS, T>> for &Matrix<ROWS, COLS, T> {
    type Output = Vector<ROWS, T>;
    fn mul(self, right: &Vector<COLS, T>) -> Self::Output {
        let mut out = Vector::ZERO;
        self.mul_vector_to(right, &mut out);
        out
    }
}

/// `out = a · m`.
struct Product<'t, T, const ROWS: usize, const R: usize, const C: usize> {
    a: &'t [[T; R]; ROWS],
    m: &'t [[T; C]; R],
    out: &'t mut [[T; C]; ROWS],
}

impl<T: Scalar, const ROWS: usize, const R: usize, const C: usize> Task for Product<'_, T, ROWS, R, C> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self) {
        kernel::mul_rows::<K, T, R, C>(self.a, self.m, None, self.out);
    }
}

/// `out = pᵀ · q`.
struct TransposedProduct<'t, T, const ROWS: usize, const R: usize, const C: usize> {
    p: &'t [[T; R]; ROWS],
    q: &'t [[T; C]; ROWS],
    out: &'t mut [[T; C]; R],
}

impl<T: Scalar, const ROWS: usize, const R: usize, const C: usize> Task for TransposedProduct<'_, T, ROWS, R, C> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self) {
        kernel::learn_rows::<K, T, Become, [[T; C]; R], R, C>(self.p, self.q, 0..R, self.out, &mut [], &Become);
    }
}

/// `out = a · mᵀ`.
struct ProductTransposed<'t, T, const ROWS: usize, const R: usize, const C: usize> {
    a: &'t [[T; C]; ROWS],
    m: &'t [[T; C]; R],
    out: &'t mut [[T; R]; ROWS],
}

impl<T: Scalar, const ROWS: usize, const R: usize, const C: usize> Task for ProductTransposed<'_, T, ROWS, R, C> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self) {
        kernel::dots::<K, T, R, C>(self.a, self.m, 0..R, None, self.out);
    }
}

/// The rule by which a number becomes its gradient.
#[derive(Clone, Copy)]
struct Become;

impl<T: Scalar> Rule<T> for Become {
    type Slots = CopiesOf<0>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, _: V, _: &mut [V; 0], gradient: V) -> V {
        gradient
    }
}
