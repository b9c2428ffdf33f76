//! Matrix products, plain and transposed. The `_to` forms write in place; `*` and `transpose` return, for small matrices.

use core::ops::Mul;

use super::{Matrix, Vector};
use crate::kernel;
use crate::scalar::Scalar;

impl<T: Scalar, const ROWS: usize, const COLS: usize> Matrix<ROWS, COLS, T> {
    /// `out = self · right`.
    pub fn mul_to<const N: usize>(&self, right: &Matrix<COLS, N, T>, out: &mut Matrix<ROWS, N, T>) {
        kernel::gemm(&self.0, &right.0, &mut out.0);
    }

    /// `out = selfᵀ · right`.
    pub fn tr_mul_to<const N: usize>(&self, right: &Matrix<ROWS, N, T>, out: &mut Matrix<COLS, N, T>) {
        for i in 0..COLS {
            kernel::gradient_row(&self.0, i, &right.0, 0, &mut out.0[i]);
        }
    }

    /// `out = self · rightᵀ`.
    pub fn mul_tr_to<const N: usize>(&self, right: &Matrix<N, COLS, T>, out: &mut Matrix<ROWS, N, T>) {
        for (out, row) in out.0.iter_mut().zip(&self.0) {
            for (out, right) in out.iter_mut().zip(&right.0) {
                *out = kernel::dot(row, right);
            }
        }
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

    /// Sum of each column.
    pub fn sum_rows(&self) -> Vector<COLS, T> {
        let mut sum = Vector::ZERO;
        for row in self.rows() {
            sum += row;
        }
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
