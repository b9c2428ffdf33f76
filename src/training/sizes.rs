//! Every figure of a trainer, as a constant.

use super::{Sink, Trainer};
use crate::layer::plan::Memory;
use crate::layer::{Apart, Layer};
use crate::loss::Loss;
use crate::optimizer::{Optimizer, Rule};

impl<N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, const BATCH: usize, G: Sink> Trainer<N, L, O, BATCH, G> {
    /// How many numbers the network learns or loads.
    pub const PARAMETERS: usize = N::COST.parameters;
    /// Bytes of the network: its parameters and settings.
    pub const NETWORK_BYTES: usize = size_of::<N>();
    /// Bytes of optimizer state.
    pub const OPTIMIZER_BYTES: usize = size_of::<N::Slots<<O::Rule as Rule<N::T>>::Slots>>();
    /// Bytes of the gradient buffer: 0 with the fused sink.
    pub const GRADIENT_BYTES: usize = size_of::<N::Slots<G::Copies>>();
    /// Bytes of activations: the outputs that are kept for backward, and the buffer through which dy and dx pass.
    pub const ACTIVATION_BYTES: usize = size_of::<N::Saved<Apart, BATCH>>() + size_of::<N::Wide<BATCH>>();
    /// Bytes of the whole trainer, with what begins at a cache line on processors with wide vectors. An input buffer, where an epoch needs one, is a [`Batch`](super::Batch) of its own.
    pub const BYTES: usize = {
        let () = Self::CHECK;
        size_of::<Self>()
    };
    /// Bytes that inference of single samples needs: the network and its activations.
    pub const INFERENCE_BYTES: usize = size_of::<N>() + size_of::<Memory<N, Apart, 1>>();
    /// Multiply-adds of one sample's forward pass.
    pub const FORWARD_MULTIPLY_ADDS: u64 = N::COST.forward;
    /// Multiply-adds of a step on a full batch.
    pub const STEP_MULTIPLY_ADDS: u64 = BATCH as u64 * N::COST.step();
}
