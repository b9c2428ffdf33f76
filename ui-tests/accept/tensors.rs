//! Shapes that fit: reshapes that keep every number, products and sums.

use stackprop::prelude::*;

fn main() {
    let image = Matrix::<8, 8>::from_fn(|i| i as f32);
    let flat: Vector<64> = image.reshape();
    let blocks: &Tensor3<4, 4, 4> = flat.reshape_ref();
    assert_eq!(blocks.as_slice(), image.as_slice());

    let (a, b) = (Matrix::<2, 3>::filled(1.0), Matrix::<3, 5>::filled(2.0));
    let product: Matrix<2, 5> = &a * &b;
    assert_eq!(product + Matrix::filled(1.0), Matrix::filled(7.0));
    assert_eq!(&a * &Vector::<3>::filled(2.0), Vector::<2>::filled(6.0));
}
