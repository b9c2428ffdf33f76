//! faer.

use ::faer::linalg::matmul::matmul;
use ::faer::{Accum, MatMut, MatRef, Par};

use super::Real;
use super::product::{Product, View};

pub struct Faer;

impl<T: Real> Product<T> for Faer {
    const LIBRARY: &'static str = "faer";

    fn product(scale: T, a: View<'_, T>, b: View<'_, T>, add: bool, c: &mut [T]) {
        let c = MatMut::from_row_major_slice_mut(c, a.rows, b.cols);
        matmul(c, if add { Accum::Add } else { Accum::Replace }, matrix(a), matrix(b), scale, Par::Seq);
    }
}

fn matrix<T>(view: View<'_, T>) -> MatRef<'_, T> {
    match view.strides {
        [_, 1] => MatRef::from_row_major_slice(view.values, view.rows, view.cols),
        _ => MatRef::from_column_major_slice(view.values, view.rows, view.cols),
    }
}
