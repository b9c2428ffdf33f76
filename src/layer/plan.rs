//! The memory of use, by types: what an [`Infer::Plan`](super::Infer::Plan) can be.
//!
//! - [`Over`]: the output is written over the input; with scratch, [`Within`] memory for both.
//! - [`Beside`]: the output has memory of its own, beside the input.
//! - [`Viewed`]: the input is the output.
//! - [`Within`]: memory of any type, for whatever is alive at once.

pub use super::infer::{Beside, Given, Leaves, Memory, Over, Plan, Taken, Then, Viewed, Within};
pub use crate::storage::{Activations, Sample, Scratch};
