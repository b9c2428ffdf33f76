//! Training: one object that owns network, optimizer state and activations, and does steps, epochs and evaluations.

mod batch;
mod error;
mod pipeline;
mod sink;
mod sizes;
mod sliced;
mod trainer;

pub use self::batch::Batch;
pub use self::error::{EpochError, NotReady, StepError};
pub use self::sink::{Buffered, Fused, Sink};
pub use self::sliced::Sliced;
pub(crate) use self::trainer::ShowGradient;
pub use self::trainer::{Divergence, Guard, GuardError, Trainer};
