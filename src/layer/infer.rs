//! Use: what a layer takes and gives, and the memory for that.

use core::marker::PhantomData;

use super::{Cost, InPlace, Place, Structure};
use crate::kernel::{Applied, Kernels, Lanes};
use crate::scalar::Scalar;
use crate::storage::{Activations, Both, Pod, Sample, Zeroed};

/// A function that can be used: a single layer, or a network of them. What can be trained, too, is a [`Layer`](super::Layer).
///
/// The caller owns all memory: an arena of the size that [`Plan`](Self::Plan) says, in which outputs alternate between two ends. Samples are of any
/// numbers, not of `f32` and `f64` alone.
#[diagnostic::on_unimplemented(
    message = "not a layer, nor a tuple of 1 to 16 layers: `{Self}`",
    label = "not a layer",
    note = "more than 16 layers are a tuple of tuples: `((A, B, ...), (C, D, ...))`"
)]
pub trait Infer: Zeroed + Sync {
    /// One sample of the input.
    type In: Sample;
    /// One sample of the output.
    type Out: Sample;
    /// The memory that use of up to `B` samples takes, the input included if it is in there: one of those in [`plan`](super::plan).
    type Plan<P: Place, const B: usize>: Plan;
    /// Its name, and the numbers that make it the function it is: what a file of weights checks beside the weights. Of
    /// a layer of your own, `Structure::layer("Name", &[N])`.
    const STRUCTURE: Structure;
    /// Parameters and multiply-adds.
    const COST: Cost = Cost::NONE;
    /// Whether it is a function of each number alone, and so cheap that the product before it applies it before sums are written:
    /// [`fused_value`](Self::fused_value).
    const FUSES: bool = false;
    /// Whether it applies such a function before it writes its output: [`infer_then`](Self::infer_then).
    const TAKES: bool = false;

    /// Whether it can be used: not where a [`FrozenRef`](super::FrozenRef) has no layer yet.
    #[inline(always)]
    fn is_ready(&self) -> bool {
        true
    }

    /// Whether a sample is one that it can take, beyond finite numbers: an [`Embedding`](super::Embedding) takes whole numbers in a range. A trainer
    /// returns an error for others; a layer behind the first isn't asked.
    #[inline(always)]
    fn accepts(_x: &Self::In) -> bool {
        true
    }

    /// Output of a batch in use; without dropout, for example. As many samples as it takes; none from a network that isn't ready, see
    /// [`FrozenRef`](super::FrozenRef).
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B>;

    /// [`infer`](Self::infer), and then `f` of each number of the output, if it [`TAKES`](Self::TAKES) that. The same bits as one after the other.
    #[inline(always)]
    fn infer_then<'m, K: Kernels, P: Place, const B: usize>(
        &self,
        x: Taken<'m, Self, P, B>,
        _f: impl Applied,
    ) -> Given<'m, Self, P, B> {
        self.infer::<K, P, B>(x)
    }

    /// The last step of the output, as a `Y`, where the plan is [`Stepwise`].
    #[inline(always)]
    fn infer_last<'m, K: Kernels, P: Place, Y: Sample, const B: usize>(
        &self,
        x: Activations<'m, Self::In, P, Short<Self, P, B>, B>,
    ) -> Activations<'m, Y, InPlace, Short<Self, P, B>, B> {
        x.none()
    }

    /// f of each number, where [`FUSES`](Self::FUSES).
    #[inline(always)]
    fn fused_value<T: Scalar, V: Lanes<T>>(&self, x: V) -> V {
        x
    }
}

/// The memory of a layer's use.
pub type Memory<L, P, const B: usize> = <<L as Infer>::Plan<P, B> as Plan>::Memory;
/// The memory of a layer's use if the last step of its output is wanted alone.
pub type Short<L, P, const B: usize> = <<<L as Infer>::Plan<P, B> as Plan>::Giving<LastStep> as Plan>::Memory;
/// Where a layer's output is.
pub type Leaves<L, P, const B: usize> = <<L as Infer>::Plan<P, B> as Plan>::Leaves;
/// What a layer takes in use.
pub type Taken<'m, L, P, const B: usize> = Activations<'m, <L as Infer>::In, P, Memory<L, P, B>, B>;
/// What a layer gives in use.
pub type Given<'m, L, P, const B: usize> = Activations<'m, <L as Infer>::Out, Leaves<L, P, B>, Memory<L, P, B>, B>;

/// How much memory use takes, and where the output is in the end.
pub trait Plan {
    /// What must be alive at once.
    type Memory: Pod;
    /// In this memory, or outside, where the input is.
    type Leaves: Place;
    /// What the layer reads of its input.
    type Reads: Reads;
    /// The plan where the next layer reads so much of the output.
    type Giving<R: Reads>: Plan<Leaves = Self::Leaves>;
    /// Whether the layer can give the last step of its output alone: [`Infer::infer_last`].
    const STEPWISE: bool = false;
}

/// How much of its input a layer reads: [`All`], or the [`LastStep`] of a sequence.
pub trait Reads: 'static {
    /// Whether it is the last step.
    const LAST: bool;
    /// The one plan for all, or the other for the last step.
    type Choose<A: Plan, L: Plan<Leaves = A::Leaves>>: Plan<Leaves = A::Leaves>;
}

/// All of it.
#[derive(Debug)]
pub struct All;

impl Reads for All {
    const LAST: bool = false;
    type Choose<A: Plan, L: Plan<Leaves = A::Leaves>> = A;
}

/// The last step of a sequence.
#[derive(Debug)]
pub struct LastStep;

impl Reads for LastStep {
    const LAST: bool = true;
    type Choose<A: Plan, L: Plan<Leaves = A::Leaves>> = L;
}

/// An output in memory of so much, an `M`.
#[derive(Debug)]
pub struct Within<M>(PhantomData<M>);

impl<M: Pod> Plan for Within<M> {
    type Memory = M;
    type Leaves = InPlace;
    type Reads = All;
    type Giving<R: Reads> = Self;
}

/// [`Within`] memory of so much, of a layer that reads the last step of its input.
#[derive(Debug)]
pub struct OfLast<M>(PhantomData<M>);

impl<M: Pod> Plan for OfLast<M> {
    type Memory = M;
    type Leaves = InPlace;
    type Reads = LastStep;
    type Giving<R: Reads> = Self;
}

/// [`Within`] memory of an `M`, or of an `L` where the next layer reads the last step alone.
#[derive(Debug)]
pub struct Stepwise<M, L>(PhantomData<(M, L)>);

impl<M: Pod, L: Pod> Plan for Stepwise<M, L> {
    type Memory = M;
    type Leaves = InPlace;
    type Reads = All;
    type Giving<R: Reads> = R::Choose<Within<M>, Within<L>>;
    const STEPWISE: bool = true;
}

/// The output is the input.
#[derive(Debug)]
pub struct Viewed<P>(PhantomData<P>);

impl<P: Place> Plan for Viewed<P> {
    type Memory = ();
    type Leaves = P;
    type Reads = All;
    type Giving<R: Reads> = Self;
}

/// One plan after another, in the same memory.
#[derive(Debug)]
pub struct Then<A, N>(PhantomData<(A, N)>);

impl<A: Plan, N: Plan> Plan for Then<A, N> {
    type Memory = crate::storage::Max<A::Memory, N::Memory>;
    type Leaves = N::Leaves;
    type Reads = A::Reads;
    type Giving<R: Reads> = Self;
}

/// Samples that are changed where they are: from `X` to `X`.
pub type Over<X, const B: usize> = Within<[X; B]>;
/// An output, `Y`, beside the input, `X`, with scratch `S`.
pub type Beside<P, X, Y, const B: usize, S = ()> = Within<Both<Both<<P as Place>::Held<[X; B]>, S>, [Y; B]>>;
