//! matrixmultiply: the product behind ndarray.

use super::product::{Product, View};

pub struct MatrixMultiply;

/// A number for which matrixmultiply has a function.
pub trait Number: Copy {
    /// c = scale a b + beta c.
    fn multiply(scale: Self, a: View<'_, Self>, b: View<'_, Self>, beta: Self, c: &mut [Self]);
}

macro_rules! numbers { ($($T:ident $gemm:ident)*) => { $(
    impl Number for $T {
        fn multiply(scale: $T, a: View<'_, $T>, b: View<'_, $T>, beta: $T, c: &mut [$T]) {
            let ([down_a, right_a], [down_b, right_b]) = (a.strides, b.strides);
            assert!(a.cols == b.rows && c.len() == a.rows * b.cols);
            // SAFETY: a view holds all its rows and columns, and `c` as many numbers as the product.
            unsafe {
                ::matrixmultiply::$gemm(
                    a.rows, a.cols, b.cols, scale, a.values.as_ptr(), down_a, right_a, b.values.as_ptr(), down_b, right_b,
                    beta, c.as_mut_ptr(), b.cols as isize, 1,
                );
            }
        }
    }
)* } }
numbers!(f32 sgemm f64 dgemm);

impl<T: super::Real> Product<T> for MatrixMultiply {
    const LIBRARY: &'static str = "matrixmultiply";

    fn product(scale: T, a: View<'_, T>, b: View<'_, T>, add: bool, c: &mut [T]) {
        T::multiply(scale, a, b, if add { T::one() } else { T::zero() }, c);
    }
}
