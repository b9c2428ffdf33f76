//! ndarray's product alone; its network is in `cases`.

use ::ndarray::linalg::general_mat_mul;
use ::ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};

use super::Real;
use super::product::{Product, View};

pub struct NdarrayProduct;

impl<T: Real> Product<T> for NdarrayProduct {
    const LIBRARY: &'static str = "ndarray";

    fn product(scale: T, a: View<'_, T>, b: View<'_, T>, add: bool, c: &mut [T]) {
        let mut c = ArrayViewMut2::from_shape((a.rows, b.cols), c).expect("as many numbers as the product");
        general_mat_mul(scale, &matrix(a), &matrix(b), if add { T::one() } else { T::zero() }, &mut c);
    }
}

fn matrix<T>(view: View<'_, T>) -> ArrayView2<'_, T> {
    let strides = view.strides.map(|stride| stride as usize);
    ArrayView2::from_shape((view.rows, view.cols).strides(strides.into()), view.values).expect("a whole matrix")
}
