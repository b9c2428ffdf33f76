//! `+`, `-`, elementwise; `*` and `/` by a number; negation; and the assigning forms, which copy nothing.

use core::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::{Array, Tensor};

impl<A: Array> Add<&Tensor<A>> for Tensor<A> {
    type Output = Self;
    fn add(mut self, other: &Self) -> Self {
        self += other;
        self
    }
}

impl<A: Array> Add for Tensor<A> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.zip(&other, |a, b| a + b)
    }
}

impl<A: Array> Sub<&Tensor<A>> for Tensor<A> {
    type Output = Self;
    fn sub(mut self, other: &Self) -> Self {
        self -= other;
        self
    }
}

impl<A: Array> Sub for Tensor<A> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.zip(&other, |a, b| a - b)
    }
}

impl<A: Array> Mul<A::T> for Tensor<A> {
    type Output = Self;
    fn mul(mut self, factor: A::T) -> Self {
        self *= factor;
        self
    }
}

impl<A: Array> Div<A::T> for Tensor<A> {
    type Output = Self;
    fn div(mut self, divisor: A::T) -> Self {
        self /= divisor;
        self
    }
}

impl<A: Array> Neg for Tensor<A> {
    type Output = Self;
    fn neg(mut self) -> Self {
        self.apply(|v| -v);
        self
    }
}

impl<A: Array> AddAssign<&Tensor<A>> for Tensor<A> {
    fn add_assign(&mut self, other: &Self) {
        self.zip_apply(other, |a, b| a + b);
    }
}

impl<A: Array> SubAssign<&Tensor<A>> for Tensor<A> {
    fn sub_assign(&mut self, other: &Self) {
        self.zip_apply(other, |a, b| a - b);
    }
}

impl<A: Array> MulAssign<A::T> for Tensor<A> {
    fn mul_assign(&mut self, factor: A::T) {
        self.apply(|v| v * factor);
    }
}

impl<A: Array> DivAssign<A::T> for Tensor<A> {
    fn div_assign(&mut self, divisor: A::T) {
        self.apply(|v| v / divisor);
    }
}
