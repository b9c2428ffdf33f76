//! Layers: what they take, give, keep and learn.
//!
//! [`Infer`] is what a layer does in use, and [`Layer`] what learning adds: single layers and networks, which are tuples of
//! layers, have both. A layer's file holds its formula, its struct, its use, its forward pass and, beside it, its backward
//! pass. To *use* a layer alone, put it in a [`Workspace`](crate::tape::Workspace), or in a [`Tape`](crate::tape::Tape) for its
//! gradients; to write one, see [`crate::own_layer`].
//!
//! Sizes are 1 at least, and follow from each other; a program that uses a layer with others doesn't compile, and the message names the layer and
//! the parameter: "Gru<0, 3, 4>: STEPS must be at least 1". It comes with a build, not with `cargo check`.

#[macro_use]
mod each_sample;
#[macro_use]
mod elementwise;
mod sized;

mod dense;
mod frozen;
mod frozen_ref;
mod regularized;

mod elu;
mod gelu;
mod leaky_relu;
mod relu;
mod sigmoid;
mod silu;
mod softplus;
mod tanh;

mod conv;
mod conv_transpose;
mod convolution;

mod dropout;
mod softmax;
mod standardize;

mod batch_norm;
mod row_norm;

mod embedding;

mod grid;
mod pad;
mod pool;
mod reshape;
mod transpose;

mod gates;
mod gru;
mod last;
mod lstm;
mod rnn;

mod attention;
mod position_embedding;

mod beside;
mod chain;
mod concat;
mod recompute;
mod residual;
mod sum;

mod export;
mod fusion;
mod infer;
mod network;
mod place;
pub mod plan;
mod setting;
pub mod size;
mod sliceable;
mod structure;

pub use self::attention::{All, Causal, Mask, MultiHeadAttention, SelfAttention};
pub use self::batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d};
pub use self::beside::{Gives, Takes};
pub use self::concat::Concat;
pub use self::conv::{Conv1d, Conv2d, DepthwiseConv1d, DepthwiseConv2d};
pub use self::conv_transpose::{ConvTranspose1d, ConvTranspose2d};
pub use self::dense::Dense;
pub use self::dropout::Dropout;
pub use self::each_sample::EachSample;
pub use self::elementwise::Elementwise;
pub use self::elu::ELU;
pub use self::embedding::Embedding;
pub use self::export::Export;
pub use self::frozen::Frozen;
pub(crate) use self::frozen::Keep;
pub use self::frozen_ref::FrozenRef;
pub use self::gelu::{GELU, TanhGELU};
pub use self::grid::Grid;
pub use self::gru::{Gru, GruState};
pub use self::infer::Infer;
pub use self::last::Last;
pub use self::leaky_relu::LeakyReLU;
pub use self::lstm::{Lstm, LstmState};
pub use self::network::{Fits, Joint, Network};
pub use self::pad::{Pad, Pad1d, Pad2d};
pub use self::place::{Apart, InPlace, Need, No, Place, View, Want, Yes};
pub use self::pool::{
    Average, AvgPool1d, AvgPool2d, GlobalAvgPool1d, GlobalAvgPool2d, GlobalMaxPool1d, GlobalMaxPool2d, Max, MaxPool1d,
    MaxPool2d, Named, Pool, Pooling,
};
pub use self::position_embedding::PositionEmbedding;
pub use self::recompute::Recompute;
pub use self::regularized::{Penalty, Regularized};
pub use self::relu::ReLU;
pub use self::reshape::{Flatten, Reshape};
pub use self::residual::{Residual, Returns};
pub use self::rnn::{Rnn, RnnState};
pub use self::row_norm::{LayerNorm, RMSNorm, RowNorm};
pub use self::setting::{Setting, SettingError};
pub use self::sigmoid::Sigmoid;
pub use self::silu::SiLU;
#[doc(hidden)]
pub use self::sized::{Refused, refuse};
pub use self::sliceable::{Sliceable, Slices};
pub(crate) use self::softmax::BLOCK;
pub use self::softmax::Softmax;
pub use self::softplus::Softplus;
pub use self::standardize::Standardize;
pub use self::structure::Structure;
pub use self::sum::Sum;
pub use self::tanh::Tanh;
pub use self::transpose::Transpose;

use crate::budget::Text;
use crate::kernel::{self, Kernels, Lanes, Pointwise, Slopes, Values};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::random::mix;
use crate::scalar::Scalar;
use crate::storage::{Buffer, Pod, Zeroed};
use crate::tensor::Array;

/// A differentiable function with parameters: a single layer, or a network of them. What it does in use is its [`Infer`].
///
/// The caller owns all memory. A batch is a slice of samples, at most `B` of them; what forward leaves for backward is in `saved`;
/// the gradient passes through one flat buffer, `grad`, in which backward finds dy and leaves dx.
#[diagnostic::on_unimplemented(
    message = "not a layer that can be trained, nor a tuple of 1 to 16 such layers: `{Self}`",
    label = "it has no backward pass",
    note = "what is used alone is `Infer`, and runs in a `Workspace`; what learns is `Layer`, too",
    note = "more than 16 layers are a tuple of tuples: `((A, B, ...), (C, D, ...))`"
)]
pub trait Layer: Infer<In: Array<T = <Self as Layer>::T>, Out: Array<T = <Self as Layer>::T>> {
    /// The number type.
    type T: Scalar;
    /// [`InPlace`] if forward can overwrite its input with its output and backward reads its output at most; [`View`] if the output is the input;
    /// else [`Apart`].
    type Wants: Want;
    /// [`InPlace`] if the next layer may overwrite this one's output, because backward doesn't read it; else [`Apart`].
    type Leaves: Place;
    /// Whether there is something to train.
    type Learns: Need;
    /// What forward leaves for backward: the output, if it is not written over the input, and whatever else.
    type Saved<P: Place, const B: usize>: Pod;
    /// The widest dy that enters any layer in here.
    type Wide<const B: usize>: Buffer<Self::T>;
    /// `K` copies of the parameters: optimizer state, or a gradient.
    type Slots<K: Copies>: Zeroed;

    /// The name of a layer in it that cannot learn from a single sample: [`BatchNorm`] of one value a channel, unless
    /// its statistics are fixed. A trainer then returns an error for one; see also [`Cost::needs_two`].
    #[inline(always)]
    fn needs_two(&self) -> Option<&'static str> {
        None
    }

    /// Output of a batch in training. Returns the place where it is: in `saved`, or over `x`. As many rows as samples; none from a network that
    /// isn't ready, see [`FrozenRef`].
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, Self::In>,
        saved: &'a mut Self::Saved<P, B>,
        context: Context,
    ) -> &'a mut [Self::Out];

    /// Finds the output of the last forward pass again.
    fn output<'a, P: Place, const B: usize>(x: &'a [Self::In], saved: &'a Self::Saved<P, B>) -> &'a [Self::Out];

    /// The gradient. On entry the front of `grad` holds dy, one `Out` a sample; on return, if `D` is [`Yes`], it holds dx, one `In` a
    /// sample. Parameter gradients, summed over the batch, go to `rule`, which may change the parameters at once: dx is computed with the
    /// parameters as they were before.
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<Self::T>>(
        &mut self,
        x: &[Self::In],
        saved: &mut Self::Saved<P, B>,
        grad: &mut [Self::T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
    );

    /// f' of each number, from y = f(x), where [`FUSES`](Infer::FUSES).
    #[inline(always)]
    fn fused_slope<V: Lanes<Self::T>>(&self, _y: V) -> V {
        V::splat(Self::T::ONE)
    }

    /// [`forward`](Self::forward), and then `f` of each number of the output. The same bits as one
    /// after the other.
    #[inline(always)]
    fn forward_then<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, Self::In>,
        saved: &'a mut Self::Saved<P, B>,
        context: Context,
        f: impl Pointwise<Self::T>,
    ) -> &'a mut [Self::Out] {
        let y = self.forward::<K, P, B>(x, saved, context);
        kernel::finish::<K, _, _>(Self::Out::flatten_mut(y), Values(f));
        y
    }

    /// [`backward`](Self::backward), and then dx times f' at x, which is `f`'s output. The same bits as one after the other.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "those of `backward`")]
    fn backward_then<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<Self::T>>(
        &mut self,
        x: &[Self::In],
        saved: &mut Self::Saved<P, B>,
        grad: &mut [Self::T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
        f: impl Pointwise<Self::T>,
    ) {
        self.backward::<K, P, B, D, R>(x, saved, grad, slots, rule, context);
        if D::WANTED {
            kernel::finish::<K, _, _>(grad, Slopes { f, y: Self::In::flatten(x) });
        }
    }

    /// Backward of one sample, without dx, then forward of the next, for an epoch of single samples: the same as one after the other, which a
    /// layer with many weights does in one visit of each.
    #[inline(always)]
    fn turn<'a, K: Kernels, R: Rule<Self::T>>(
        &mut self,
        [x, next]: [&'a [Self::In]; 2],
        saved: &'a mut Self::Saved<Apart, 1>,
        grad: &mut [Self::T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        [context, then]: [Context; 2],
    ) -> &'a mut [Self::Out] {
        self.backward::<K, Apart, 1, No, R>(x, saved, grad, slots, rule, context);
        self.observe::<Apart, 1>(saved, x.len());
        self.forward::<K, Apart, 1>(next, saved, then)
    }

    /// Called at the end of a step on so many samples, if it was made: for what a layer learns from its inputs beside gradients, such as running
    /// statistics. `saved` is as backward left it.
    #[inline(always)]
    fn observe<P: Place, const B: usize>(&mut self, _saved: &Self::Saved<P, B>, _samples: usize) {}

    /// Shows every parameter, in the documented order.
    ///
    /// A layer without any says so in one line: `stackprop::no_parameters!();`.
    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, Self::T>));

    /// Hands every parameter, with its slots and its gradient, to a visitor, in the same order.
    fn visit_mut<K: Copies, G: Copies, V: Visitor<Self::T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    );

    /// What regularization adds to the loss.
    #[inline]
    fn penalty(&self) -> Self::T {
        Self::T::ZERO
    }
}

/// The two visits of a [`Layer`](crate::layer::Layer) without parameters, in its `impl`.
#[macro_export]
macro_rules! no_parameters {
    () => {
        fn visit(
            &self,
            _: $crate::parameter::Path,
            _: &mut impl FnMut($crate::parameter::Parameter<'_, <Self as $crate::layer::Layer>::T>),
        ) {
        }
        $crate::no_parameters!(mut);
    };
    (mut) => {
        #[inline]
        fn visit_mut<
            K: $crate::optimizer::Copies,
            G: $crate::optimizer::Copies,
            V: $crate::parameter::Visitor<<Self as $crate::layer::Layer>::T, K, G>,
        >(
            &mut self,
            _: $crate::parameter::Path,
            _: &mut <Self as $crate::layer::Layer>::Slots<K>,
            _: &mut <Self as $crate::layer::Layer>::Slots<G>,
            _: &mut V,
        ) {
        }
    };
}

/// What a layer costs, as constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Numbers that are learned or loaded.
    pub parameters: usize,
    /// Whether there is something to train, as [`Layer::Learns`] says.
    pub learns: bool,
    /// Multiply-adds of one sample's forward pass. They are 64 bits on every target: a layer of 9 MB can have seven thousand million.
    pub forward: u64,
    /// Multiply-adds of one sample's parameter gradient.
    pub gradient: u64,
    /// Multiply-adds of one sample's dx, and of a forward pass that is made again for backward.
    pub dx: u64,
    /// The part of `dx` that is never computed when the layer comes first.
    pub skipped: u64,
    /// How many [`FrozenRef`]s are in it.
    pub references: usize,
    /// How many layers in it learn in [`observe`](Layer::observe): [`Standardize`], for example.
    pub statistics: usize,
    /// The name of a layer in it that cannot learn from a single sample, whatever its settings: a trainer with batches
    /// of one doesn't compile.
    pub needs_two: Option<&'static str>,
}

impl Cost {
    /// Nothing to learn, and no products worth counting.
    pub const NONE: Self = Self {
        parameters: 0,
        learns: false,
        forward: 0,
        gradient: 0,
        dx: 0,
        skipped: 0,
        references: 0,
        statistics: 0,
        needs_two: None,
    };

    /// The cost of one layer after another.
    pub const fn then(self, next: Self) -> Self {
        const BEHIND: &str =
            "a `FrozenRef` has no backward pass: it cannot stand behind a layer that learns; `Frozen` can";
        assert!(!self.learns || next.references == 0, "{}", BEHIND);
        Self {
            parameters: self.parameters + next.parameters,
            learns: self.learns || next.learns,
            forward: self.forward + next.forward,
            gradient: self.gradient + next.gradient,
            dx: self.dx + next.dx,
            skipped: self.skipped + if self.learns { 0 } else { next.skipped },
            references: self.references + next.references,
            statistics: self.statistics + next.statistics,
            needs_two: match self.needs_two {
                None => next.needs_two,
                first => first,
            },
        }
    }

    /// The cost of two layers side by side.
    pub const fn beside(self, other: Self) -> Self {
        let both = Self { learns: false, ..self }.then(other);
        Self { learns: self.learns || other.learns, skipped: self.skipped + other.skipped, ..both }
    }

    /// Refuses a trainer whose batches are too small for a layer.
    #[track_caller]
    pub(crate) const fn learns_from(self, batch: usize) {
        if let (1, Some(layer)) = (batch, self.needs_two) {
            Text::new(layer)
                .text(": a batch of one sample has one value a channel, and no variance: BATCH must be at least 2, ")
                .text("or the layer in a `Frozen`")
                .panic();
        }
    }

    /// Multiply-adds of one sample's training step in which dx of the first layer isn't computed.
    pub const fn step(self) -> u64 {
        self.forward + self.gradient + self.dx - self.skipped
    }
}

/// Fails, in const, where a layer or network cannot be used: one whose sizes don't follow from each other, or are 0. Returns its cost.
#[track_caller]
pub(crate) const fn checked<L: Infer>() -> Cost {
    let cost = L::COST;
    size::holds::<L::In>(Text::new("a network"), "its input");
    size::holds::<L::Out>(Text::new("a network"), "its output");
    cost
}

/// The larger of two sizes.
pub(crate) const fn most(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// The larger of two counts of multiply-adds.
pub(crate) const fn longest(a: u64, b: u64) -> u64 {
    if a > b { a } else { b }
}

/// The product of sizes, as a count of multiply-adds.
pub(crate) const fn products(sizes: &[usize]) -> u64 {
    let (mut product, mut i) = (1, 0);
    while i < sizes.len() {
        product *= sizes[i] as u64;
        i += 1;
    }
    product
}

/// What randomness of a forward pass depends on: the seed, the step, the place in the network and the sample; and whether running statistics are to
/// stay. It is the same in backward.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    key: u64,
    frozen: bool,
}

impl Context {
    /// The context of a whole network at a step.
    #[inline]
    pub const fn new(seed: u64, step: u64) -> Self {
        Self { key: mix(seed ^ mix(step)), frozen: false }
    }

    /// The context of part `i` of a network.
    #[inline]
    pub const fn part(self, i: u64) -> Self {
        Self { key: mix(self.key ^ i), ..self }
    }

    /// The same within a frozen layer.
    #[inline]
    pub const fn freeze(self) -> Self {
        Self { frozen: true, ..self }
    }

    /// Whether it is that of a frozen layer, whose running statistics stay, and are what it uses.
    #[inline]
    pub const fn is_frozen(self) -> bool {
        self.frozen
    }

    /// A word for a unit of a sample.
    #[inline(always)]
    pub const fn word(self, sample: usize, unit: usize) -> u32 {
        let row = crate::random::mix32((self.key as u32) ^ (sample as u32));
        crate::random::mix32(row ^ ((self.key >> 32) as u32) ^ (unit as u32).wrapping_mul(0x9e37_79b9))
    }
}
