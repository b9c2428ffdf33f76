//! gemm: the product behind candle and dfdx.

use super::Real;
use super::product::{Product, View};

pub struct Gemm;

impl<T: Real> Product<T> for Gemm {
    const LIBRARY: &'static str = "gemm";

    fn product(scale: T, a: View<'_, T>, b: View<'_, T>, add: bool, c: &mut [T]) {
        let ([down_a, right_a], [down_b, right_b]) = (a.strides, b.strides);
        assert!(a.cols == b.rows && c.len() == a.rows * b.cols);
        // SAFETY: a view holds all its rows and columns, and `c` as many numbers as the product.
        unsafe {
            ::gemm::gemm(
                a.rows,
                b.cols,
                a.cols,
                c.as_mut_ptr(),
                1,
                b.cols as isize,
                add,
                a.values.as_ptr(),
                right_a,
                down_a,
                b.values.as_ptr(),
                right_b,
                down_b,
                T::one(),
                scale,
                false,
                false,
                false,
                ::gemm::Parallelism::None,
            );
        }
    }
}
