//! Layers of more multiply-adds than 32 bits can count, where sizes are 32 bits: their weights and activations fit into
//! the memory that such a target can address. It is compiled, so that every constant of every kernel is worked out;
//! nobody runs it.
#![no_std]

use stackprop::prelude::*;
use stackprop::training::StepError;

/// 9.4 MB of weights, 7.4 · 10⁹ multiply-adds.
pub type Image = Conv2d<56, 56, 512, 56, 56, 512, 3, 3, Same>;
const _: () = assert!(Image::COST.forward == 7_398_752_256);

/// Weights times samples, of a dense layer, are 2³².
pub type Wide = Trainer<Dense<2048, 2048>, MeanSquaredError<2048>, Sgd, 1024>;
const _: () = assert!(Wide::STEP_MULTIPLY_ADDS == 2 << 32);

/// Each of its layers counts more than 2³² in a step.
pub type Sequence =
    Trainer<(SelfAttention<4096, 512>, Lstm<4096, 512, 512>, Last<4096, 512>), MeanSquaredError<512>, Sgd, 1>;
const _: () = assert!(Sequence::FORWARD_MULTIPLY_ADDS == 30_063_722_496);

/// The program of case 25.
pub fn infer(workspace: &mut Workspace<Image>, layer: &Image, x: &Tensor<[[[f32; 512]; 56]; 56]>) -> f32 {
    workspace.infer(layer, x).max()
}

/// A step of each kind.
pub fn wide(training: &mut Wide, x: &Matrix<1024, 2048>, y: &[[f32; 2048]; 1024]) -> Result<f32, StepError> {
    training.step(x, y)
}

/// A step of each kind.
pub fn sequence(training: &mut Sequence, x: &[[[f32; 512]; 4096]], y: &[[f32; 512]]) -> Result<f32, StepError> {
    training.partial_step(x, y)
}
