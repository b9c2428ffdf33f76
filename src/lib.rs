#![cfg_attr(not(feature = "std"), no_std)]
//! Neural networks whose shapes are const generics, trained and used without `std`, without a heap and without a panic.
//!
//! ```
//! use stackprop::prelude::*;
//!
//! type Net = (Dense<2, 8>, Tanh<8>, Dense<8, 1>);
//! type Training = Trainer<Net, SigmoidCrossEntropy<1>, Adam, 4>; // batches of 4
//! stackprop::budget!(Training, 1024); // bytes, checked by the compiler
//!
//! let mut training = Training::boxed(); // or a `static`: `Training::ZERO`
//! training.reset(1, Adam::new(0.05)?)?;
//! let x = Matrix::new([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
//! let y = [[0.0], [1.0], [1.0], [0.0]].map(Vector::new);
//! for _ in 0..300 {
//!     training.step(&x, &y)?;
//! }
//! assert!(training.infer(x.row(1).unwrap())?[0] > 0.0); // a logit
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The path of the data, and the modules along it
//! 1. [`tensor`]: [`Vector`](tensor::Vector), [`Matrix`](tensor::Matrix) and so on wrap nested arrays. A batch is one more dimension outside.
//! 2. [`layer`]: a type a layer. A tuple of layers is a network, and a layer. The compiler checks every joint.
//! 3. [`loss`]: how far an output is from its target, and the gradient.
//! 4. [`optimizer`]: from a gradient to new weights; schedules and clipping.
//! 5. [`training`]: the [`Trainer`](training::Trainer) owns it all: one object of constant size, all zeros at first.
//! 6. [`tape`]: one layer alone, forward and backward; inference from a network in flash.
//! 7. [`weights`], [`check`], [`metric`], [`init`]: files, gradient checks, measures, beginnings.
//!
//! To write a layer, see [`own_layer`]. Below all this are two rooms with `unsafe` in them: [`storage`] and [`kernel`].
//!
//! # What holds everywhere
//! - Nothing large is moved, returned or built on the stack. `clone()` returns by value, as everywhere in Rust: for
//!   what is large there are [`boxed_copy`](storage::Zeroed::boxed_copy) and [`copy_from`](storage::Zeroed::copy_from).
//!   So do operators of tensors, beside which methods work in place.
//! - Training and use are two methods, `forward` and `infer`: there is no mode flag.
//! - A wrong shape is a compile error; wrong data is an error value, found before anything changes.
//! - The order of every sum is fixed by the types, not by the number of threads. A sample's output has the same bits alone and in any batch; with the feature `reproducible`
//!   a training run gives the same bits on every target.
//!
//! # Features
//! `std` (default): `boxed()`, and the choice of vector instructions at run time. `reproducible`: products and sums are never fused. `rayon`:
//! the work of large dense layers is shared by the threads of the current rayon pool, with the same bits for any number of them.

#[cfg(feature = "std")]
extern crate std;

// In the order in which data flows.
mod sealed;

pub mod storage;

pub mod scalar;

pub mod tensor;
mod total;

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

#[doc = include_str!("own_layer.md")]
pub mod own_layer {}

/// What a program names.
pub mod prelude {
    pub use crate::init::Init;
    pub use crate::layer::size::{Padded, Same, Valid};
    pub use crate::layer::{
        AvgPool1d, AvgPool2d, BatchNorm, BatchNorm1d, BatchNorm2d, Causal, Concat, Conv1d, Conv2d, ConvTranspose1d,
        ConvTranspose2d, Dense, DepthwiseConv1d, DepthwiseConv2d, Dropout, ELU, Embedding, Export, Flatten, Frozen,
        FrozenRef, GELU, GlobalAvgPool1d, GlobalAvgPool2d, GlobalMaxPool1d, GlobalMaxPool2d, Gru, GruState, Infer,
        Last, Layer, LayerNorm, LeakyReLU, Lstm, LstmState, MaxPool1d, MaxPool2d, MultiHeadAttention, Pad1d, Pad2d,
        Penalty, PositionEmbedding, RMSNorm, ReLU, Recompute, Regularized, Reshape, Residual, Rnn, RnnState, RowNorm,
        SelfAttention, SettingError, SiLU, Sigmoid, Sliceable, Softmax, Softplus, Standardize, Sum, Tanh, TanhGELU,
        Transpose,
    };
    pub use crate::loss::{
        BinaryCrossEntropy, CategoricalCrossEntropy, Huber, MeanAbsoluteError, MeanSquaredError, SigmoidCrossEntropy,
        SoftmaxCrossEntropy,
    };
    pub use crate::metric::{Accuracy, BinaryAccuracy, ConfusionMatrix, MeanAbsolute, Metric, RSquared, TopK};
    pub use crate::optimizer::{
        Adagrad, Adam, AdamW, ClipValue, Constant, Cosine, Exponential, InverseTime, Momentum, Nesterov, NnfsMomentum,
        Optimizer, RmsProp, Scheduled, Sgd, StepDecay,
    };
    pub use crate::storage::Zeroed;
    pub use crate::tape::{Tape, Workspace};
    pub use crate::tensor::{Matrix, Tensor, Tensor3, Tensor4, Vector};
    pub use crate::training::{
        Batch, Buffered, EpochError, Fused, Guard, GuardError, NotReady, Sliced, StepError, Trainer,
    };
}

/// The README's code compiles.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
