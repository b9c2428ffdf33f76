//! Conversions from and to arrays, indexing, and the traits of `approx`.

use core::ops::{Index, IndexMut};

use approx::{AbsDiffEq, RelativeEq, UlpsEq};

use super::{Array, Matrix, Tensor};
use crate::storage::Zeroed;

impl<A: Array> Default for Tensor<A> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<A> From<A> for Tensor<A> {
    fn from(array: A) -> Self {
        Self(array)
    }
}

impl<'a, A> From<&'a A> for &'a Tensor<A> {
    fn from(array: &'a A) -> Self {
        Tensor::from_ref(array)
    }
}

impl<A: Zeroed, const N: usize> From<Tensor<[A; N]>> for [A; N] {
    fn from(tensor: Tensor<[A; N]>) -> Self {
        tensor.0
    }
}

impl<A> AsRef<A> for Tensor<A> {
    fn as_ref(&self) -> &A {
        &self.0
    }
}

impl<A> AsMut<A> for Tensor<A> {
    fn as_mut(&mut self) -> &mut A {
        &mut self.0
    }
}

/// `vector[i]` is a number, `matrix[i]` a row as a plain array; panics out of range, as an array does.
impl<A, const N: usize> Index<usize> for Tensor<[A; N]> {
    type Output = A;
    fn index(&self, i: usize) -> &A {
        &self.0[i]
    }
}

impl<A, const N: usize> IndexMut<usize> for Tensor<[A; N]> {
    fn index_mut(&mut self, i: usize) -> &mut A {
        &mut self.0[i]
    }
}

/// `matrix[(row, column)]`; panics out of range, as an array does.
impl<T, const ROWS: usize, const COLS: usize> Index<(usize, usize)> for Matrix<ROWS, COLS, T> {
    type Output = T;
    fn index(&self, (i, j): (usize, usize)) -> &T {
        &self.0[i][j]
    }
}

impl<T, const ROWS: usize, const COLS: usize> IndexMut<(usize, usize)> for Matrix<ROWS, COLS, T> {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut T {
        &mut self.0[i][j]
    }
}

impl<A: Array<T: AbsDiffEq<Epsilon: Copy>> + PartialEq> AbsDiffEq for Tensor<A> {
    type Epsilon = <A::T as AbsDiffEq>::Epsilon;
    fn default_epsilon() -> Self::Epsilon {
        A::T::default_epsilon()
    }
    fn abs_diff_eq(&self, other: &Self, epsilon: Self::Epsilon) -> bool {
        self.as_slice().iter().zip(other.as_slice()).all(|(a, b)| a.abs_diff_eq(b, epsilon))
    }
}

impl<A: Array<T: RelativeEq<Epsilon: Copy>> + PartialEq> RelativeEq for Tensor<A> {
    fn default_max_relative() -> Self::Epsilon {
        A::T::default_max_relative()
    }
    fn relative_eq(&self, other: &Self, epsilon: Self::Epsilon, max_relative: Self::Epsilon) -> bool {
        self.as_slice().iter().zip(other.as_slice()).all(|(a, b)| a.relative_eq(b, epsilon, max_relative))
    }
}

impl<A: Array<T: UlpsEq<Epsilon: Copy>> + PartialEq> UlpsEq for Tensor<A> {
    fn default_max_ulps() -> u32 {
        A::T::default_max_ulps()
    }
    fn ulps_eq(&self, other: &Self, epsilon: Self::Epsilon, max_ulps: u32) -> bool {
        self.as_slice().iter().zip(other.as_slice()).all(|(a, b)| a.ulps_eq(b, epsilon, max_ulps))
    }
}
