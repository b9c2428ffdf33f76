#![cfg_attr(not(feature = "std"), no_std)]
#![doc = "stackprop"]

#[cfg(feature = "std")]
extern crate std;

// In the order in which data flows.
pub mod storage;

pub mod scalar;

pub mod tensor;

pub mod kernel;

pub mod layer;

pub mod parameter;

pub mod init;

pub mod loss;

pub mod optimizer;

pub mod training;

pub mod tape;

pub mod metric;

pub mod weights;

pub mod check;

pub mod random;

pub mod budget;

/// What a program names.
pub mod prelude {
    pub use crate::init::Init;
    pub use crate::layer::{
        Dense, Dropout, ELU, Frozen, GELU, Layer, LeakyReLU, Penalty, ReLU, Regularized, SettingError, SiLU, Sigmoid,
        Softmax, Softplus, Tanh, TanhGELU,
    };
    pub use crate::loss::{
        BinaryCrossEntropy, CategoricalCrossEntropy, Huber, MeanAbsoluteError, MeanSquaredError, SigmoidCrossEntropy,
        SoftmaxCrossEntropy,
    };
    pub use crate::metric::{Accuracy, ConfusionMatrix, MeanAbsolute, Metric, RSquared, TopK};
    pub use crate::optimizer::{
        Adagrad, Adam, AdamW, ClipValue, Constant, Cosine, Exponential, InverseTime, Momentum, Nesterov, NnfsMomentum,
        Optimizer, RmsProp, Scheduled, Sgd, StepDecay,
    };
    pub use crate::storage::Zeroed;
    pub use crate::tape::{Tape, Workspace};
    pub use crate::tensor::{Matrix, Tensor, Tensor3, Tensor4, Vector};
    pub use crate::training::{Batch, Buffered, EpochError, Fused, NotReady, StepError, Trainer};
}
