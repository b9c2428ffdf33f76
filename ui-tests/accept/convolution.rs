//! Convolutions whose sizes follow from each other: valid, same, padded, dilated, in groups, transposed.

use stackprop::prelude::*;

type Sequence = (
    Conv1d<20, 6, 18, 16, 3>,
    ReLU<18, [f32; 16]>,
    Conv1d<18, 16, 9, 8, 4, Same<2>>,
    Conv1d<9, 8, 7, 6, 5, Padded<1, 1, 1>, f32, 4>,
    DepthwiseConv1d<7, 6, 3, 3, Valid<1, 2>>,
    ConvTranspose1d<3, 6, 7, 2, 3, Valid<2>>,
    ConvTranspose1d<7, 2, 13, 2, 3, Same<2>>,
);
type Image = (
    Conv2d<28, 27, 1, 26, 25, 8, 3, 3>,
    DepthwiseConv2d<26, 25, 8, 13, 23, 3, 3, (Same<2>, Valid)>,
    ConvTranspose2d<13, 23, 8, 27, 47, 2, 3, 3, Valid<2>>,
);

const _: () = assert!(Workspace::<Sequence>::BYTES > 0 && Image::COST.parameters == 80 + 80 + 146);

fn main() {
    let net = Sequence::boxed();
    let mut workspace = Workspace::<Sequence>::ZERO;
    assert_eq!(workspace.infer(&*net, &Tensor([[1.0; 6]; 20])), &Tensor::ZERO);
}
