//! Layers whose sizes follow from others: pooling, padding, other shapes.

use stackprop::layer::size::{Padded, Same, Valid};
use stackprop::prelude::*;

type Sequence = (
    MaxPool1d<20, 6, 10, 2>,
    AvgPool1d<10, 6, 4, 3, Valid<2>>,
    Pad1d<4, 6, 7, 2>,
    Transpose<7, 6>,
    Flatten<[[f32; 7]; 6], 42>,
    Dense<42, 2>,
);
type Image = (
    Reshape<[f32; 784], [[[f32; 1]; 28]; 28]>,
    Pad2d<28, 28, 1, 30, 28, 1, 0>,
    MaxPool2d<30, 28, 1, 15, 14, 2, 2>,
    AvgPool2d<15, 14, 1, 8, 7, 3, 3, (Padded<1, 2>, Same<2>), f32, false>,
    GlobalMaxPool2d<8, 7, 1>,
);

fn main() {
    let (mut sequence, mut image) = (Workspace::<Sequence>::ZERO, Workspace::<Image>::ZERO);
    assert_eq!(sequence.infer(&Sequence::ZERO, &Tensor::ZERO), &Vector::ZERO);
    assert_eq!(image.infer(&Image::ZERO, &Tensor::ZERO), &Vector::ZERO);
}
