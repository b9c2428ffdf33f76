//! What the programs share: the digits in flash, and the weights of a network that was trained on them.
#![no_std]

pub mod motion;

use stackprop::prelude::*;
use stackprop::random::Shuffle;

/// A network with a recurrent layer needs in use the state and the gates of one step.
const _: () =
    assert!(Workspace::<(Lstm<32, 16, 64>, Last<32, 64>, Dense<64, 7>)>::BYTES < 2000 || !cfg!(target_os = "none"));

/// 1797 images of 8 x 8 pixels, from 0 (paper) to 16 (ink).
pub static IMAGES: &[[u8; 64]] = include_bytes!("../../examples/data/digits_x_1797x64_u8.bin").as_chunks().0;
/// The digits that they show.
pub static LABELS: &[u8; 1797] = include_bytes!("../../examples/data/digits_y_1797_u8.bin");
/// A fifth is held out.
pub const TEST: usize = 360;
/// The others are for training.
pub const TRAIN: usize = LABELS.len() - TEST;

/// The network of `examples/digits.rs`.
pub type Net = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
// Written by `cargo run --release --example digits`, with `stackprop::weights::export`.
include!("digits_weights.rs");

/// Writes image `i` into the input; returns the digit.
#[inline(never)]
pub fn image(i: usize, x: &mut Vector<64>) -> u8 {
    let (Some(image), Some(&label)) = (IMAGES.get(i), LABELS.get(i)) else { return 0 };
    for (x, &pixel) in x.0.iter_mut().zip(image) {
        *x = f32::from(pixel) * (1.0 / 16.0);
    }
    label
}

static ORDER: Shuffle = Shuffle::new(LABELS.len(), 1);

/// Sample `i` in the shuffled order of `examples/digits.rs`: the first `TRAIN` are for training.
pub fn sample(i: usize, x: &mut Vector<64>) -> u8 {
    image(ORDER.at(i), x)
}

/// Sample `i` of those that were held out.
pub fn test_sample(i: usize, x: &mut Vector<64>) -> u8 {
    sample(TRAIN + i, x)
}
