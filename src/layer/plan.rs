//! The memory of use, by types: what an [`Infer::Plan`](super::Infer::Plan) can be.
//!
//! - [`Over`]: the output is written over the input; with scratch, [`Within`] memory for both.
//! - [`Beside`]: the output has memory of its own, beside the input.
//! - [`Viewed`]: the input is the output.
//! - [`Stepwise`]: memory of its own kind where the next layer reads the last step of the output alone, which is then [`OfLast`].
//! - [`Within`]: memory of any type, for whatever is alive at once.

pub use super::infer::{
    All, Beside, Given, LastStep, Leaves, Memory, OfLast, Over, Plan, Reads, Short, Stepwise, Taken, Then, Viewed,
    Within,
};
pub use crate::storage::{Activations, Sample, Scratch};
