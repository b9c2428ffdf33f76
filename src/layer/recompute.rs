//! Recompute: blocks whose activations aren't kept, but computed again for backward. Griewank 1992; Chen et al. 2016.
//!
//! Forward: each block's output is kept, and is the next one's input; whatever else a block keeps is in memory that all of them use in turn.
//! Backward: that of the last block is still there. Each block before it goes forward again from its input, and then backward.

use super::chain::{Chain, End, ExportChain, First, In, Link, Uses};
use super::network::Layers;
use super::plan::{Given, Taken};
use super::{Apart, Context, Cost, Export, Fits, Infer, Layer, Need, Network, No, Place, Sliceable, Slices, Structure};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::storage::{Either, Pod, Zeroed};
use crate::tensor::{take, take_mut};

/// A network of 1 to 16 blocks, `Recompute<(A, B, ...)>`, that trades time for memory: it keeps each block's output, and the other activations of one
/// block, those of the block that needs most.
///
/// All but the last block go forward twice in a step: that is in [`STEP_MULTIPLY_ADDS`](crate::training::Trainer::STEP_MULTIPLY_ADDS), as the
/// memory is in [`BYTES`](crate::training::Trainer::BYTES). The result has the same bits as that of `(A, B, ...)`; blocks with dropout use the same
/// masks again. With √n blocks of √n layers each, memory grows with √n.
///
/// Layers that learn from their inputs beside gradients, such as [`Standardize`](super::Standardize), find nothing there afterwards: the
/// compiler refuses them, unless they are frozen.
///
/// Chen et al., Training deep nets with sublinear memory cost, 2016.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Block = (Dense<16, 64>, GELU<64>, Dense<64, 16>);
/// type Plain = (Block, Block, Block, Block);
/// type Kept<N> = Trainer<N, MeanSquaredError<16>, Sgd, 32>;
/// const { assert!(Kept::<Recompute<Plain>>::BYTES < Kept::<Plain>::BYTES) }
/// ```
#[derive(Clone, Debug)]
pub struct Recompute<L> {
    blocks: L,
}
crate::storage::zeroed!([L: Zeroed] Recompute<L> { blocks });

impl<L> Recompute<L> {
    /// Of a tuple of blocks, in const.
    pub const fn new(blocks: L) -> Self {
        Self { blocks }
    }

    /// The blocks.
    pub const fn blocks(&self) -> &L {
        &self.blocks
    }

    /// The blocks, to be changed.
    pub const fn blocks_mut(&mut self) -> &mut L {
        &mut self.blocks
    }
}

impl<N: Network> Infer for Recompute<N> {
    type In = In<First<Layers<N>>>;
    type Out = <Layers<N> as Uses>::Out;
    type Plan<P: Place, const B: usize> = <Layers<N> as Uses>::Plan<P, B>;
    const STRUCTURE: Structure = Structure::group(N::PARTS);
    const COST: Cost = {
        let cost = without_statistics(<Layers<N> as Uses>::COST);
        let [again, idle] = [<Layers<N> as Uses>::AGAIN, <Layers<N> as Uses>::IDLE];
        Cost { dx: cost.dx + again, skipped: cost.skipped + idle, ..cost }
    };

    #[inline(always)]
    fn is_ready(&self) -> bool {
        Layers::<N>::is_ready(self.blocks.layers())
    }

    #[inline(always)]
    fn accepts(x: &Self::In) -> bool {
        <First<Layers<N>>>::accepts(x)
    }

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        <Layers<N> as Uses>::infer::<K, P, B, No>(self.blocks.layers(), x)
    }
}

impl<N: Network<Layers: Blocks>> Layer for Recompute<N> {
    type T = <Layers<N> as Chain>::Scalar;
    type Wants = Apart;
    type Leaves = <Layers<N> as Chain>::Leaves;
    type Learns = <Layers<N> as Chain>::Learns;
    /// The outputs of all blocks but the last; and the blocks' own in turn.
    type Saved<P: Place, const B: usize> = (<Layers<N> as Blocks>::Kept<B>, <Layers<N> as Blocks>::InTurn<B>);
    type Wide<const B: usize> = <Layers<N> as Chain>::Wide<B>;
    type Slots<K: Copies> = <Layers<N> as Chain>::Slots<K>;

    #[inline(always)]
    fn needs_two(&self) -> Option<&'static str> {
        Layers::<N>::needs_two(self.blocks.layers())
    }

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, Self::In>,
        (kept, saved): &'a mut Self::Saved<P, B>,
        context: Context,
    ) -> &'a mut [Self::Out] {
        let _ = const { Self::COST };
        Layers::<N>::ahead::<K, B>(self.blocks.layers(), P::read(x), kept, saved, context, 0)
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(
        x: &'a [Self::In],
        (kept, saved): &'a Self::Saved<P, B>,
    ) -> &'a [Self::Out] {
        Layers::<N>::found::<B>(x, kept, saved)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<Self::T>>(
        &mut self,
        x: &[Self::In],
        (kept, saved): &mut Self::Saved<P, B>,
        grad: &mut [Self::T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
    ) {
        let blocks = &mut self.blocks.layers_mut();
        Layers::<N>::back::<K, B, D, R>(blocks, x, kept, saved, grad, slots, rule, context, 0);
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, Self::T>)) {
        Layers::<N>::visit(self.blocks.layers(), path, 0, visitor);
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<Self::T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        Layers::<N>::visit_mut(&mut self.blocks.layers_mut(), path, 0, slots, gradient, visitor);
    }

    fn penalty(&self) -> Self::T {
        Layers::<N>::penalty(self.blocks.layers(), Self::T::ZERO)
    }
}

impl<N: Network<Layers: SliceBlocks>> Sliceable for Recompute<N> {
    const SLICES: Slices = Slices::of_parts::<Self>(!<<Layers<N> as Chain>::Learns as Need>::WANTED);

    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, Self::In>,
        (kept, saved): &'a mut Self::Saved<P, B>,
    ) -> &'a mut [Self::Out] {
        Layers::<N>::found_mut::<B>(P::read(x), kept, saved)
    }
}

impl<N: Network<Layers: ExportChain>> Export for Recompute<N> {
    fn source(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        out.write_str("Recompute::new((")?;
        Layers::<N>::source(self.blocks.layers(), out)?;
        out.write_str("))")
    }
}

/// Refuses layers that learn in [`observe`](Layer::observe): what they would learn from is gone by then.
const fn without_statistics(cost: Cost) -> Cost {
    const KEPT: &str = "a layer with running statistics, such as `Standardize`, learns from activations that `Recompute` doesn't keep: put it before, \
        or in a `Frozen`";
    assert!(cost.statistics == 0, "{}", KEPT);
    cost
}

/// The passes of a chain of blocks.
#[expect(clippy::too_many_arguments, reason = "those of `Layer`")]
pub trait Blocks: Chain {
    /// The outputs of all blocks but the last.
    type Kept<const B: usize>: Pod;
    /// Memory for what each of the blocks keeps, in turn.
    type InTurn<const B: usize>: Pod;

    fn ahead<'a, K: Kernels, const B: usize>(
        blocks: Self::Refs<'_>,
        x: &'a [In<Self::First>],
        kept: &'a mut Self::Kept<B>,
        saved: &'a mut Self::InTurn<B>,
        context: Context,
        at: u64,
    ) -> &'a mut [Self::Out];

    /// The last block's output.
    fn found<'a, const B: usize>(
        x: &'a [In<Self::First>],
        kept: &'a Self::Kept<B>,
        saved: &'a Self::InTurn<B>,
    ) -> &'a [Self::Out];

    /// From the last block to the first; all but the last go forward again before.
    fn back<K: Kernels, const B: usize, D: Need, R: Rule<Self::Scalar>>(
        blocks: &mut Self::Muts<'_>,
        x: &[In<Self::First>],
        kept: &Self::Kept<B>,
        saved: &mut Self::InTurn<B>,
        grad: &mut [Self::Scalar],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
        at: u64,
    );
}

impl<A: Layer> Blocks for End<A> {
    type Kept<const B: usize> = ();
    type InTurn<const B: usize> = A::Saved<Apart, B>;

    #[inline(always)]
    fn ahead<'a, K: Kernels, const B: usize>(
        block: &A,
        x: &'a [A::In],
        _kept: &'a mut (),
        saved: &'a mut A::Saved<Apart, B>,
        context: Context,
        at: u64,
    ) -> &'a mut [A::Out] {
        block.forward::<K, Apart, B>(x, saved, context.part(at))
    }

    #[inline(always)]
    fn found<'a, const B: usize>(x: &'a [A::In], _kept: &'a (), saved: &'a A::Saved<Apart, B>) -> &'a [A::Out] {
        A::output::<Apart, B>(x, saved)
    }

    #[inline(always)]
    fn back<K: Kernels, const B: usize, D: Need, R: Rule<A::T>>(
        block: &mut &mut A,
        x: &[A::In],
        _kept: &(),
        saved: &mut A::Saved<Apart, B>,
        grad: &mut [A::T],
        slots: &mut A::Slots<R::Slots>,
        rule: &R,
        context: Context,
        at: u64,
    ) {
        block.backward::<K, Apart, B, D, R>(x, saved, grad, slots, rule, context.part(at));
    }
}

impl<A: Layer, N: Blocks<Scalar = A::T>> Blocks for Link<A, N>
where
    A::Out: Fits<In<First<N>>, A, First<N>>,
{
    type Kept<const B: usize> = ([A::Out; B], N::Kept<B>);
    type InTurn<const B: usize> = Either<A::Saved<Apart, B>, N::InTurn<B>>;

    #[inline(always)]
    fn ahead<'a, K: Kernels, const B: usize>(
        (block, others): Self::Refs<'_>,
        x: &'a [A::In],
        (kept, behind): &'a mut Self::Kept<B>,
        saved: &'a mut Self::InTurn<B>,
        context: Context,
        at: u64,
    ) -> &'a mut [N::Out] {
        let y = block.forward::<K, Apart, B>(x, saved.first(), context.part(at));
        let out = take_mut(kept, y.len());
        kernel::copy(y, out);
        N::ahead::<K, B>(others, A::Out::pass(out), behind, saved.second(), context, at + 1)
    }

    #[inline(always)]
    fn found<'a, const B: usize>(
        x: &'a [A::In],
        (kept, behind): &'a Self::Kept<B>,
        saved: &'a Self::InTurn<B>,
    ) -> &'a [N::Out] {
        match saved.held_second() {
            Some(saved) => N::found::<B>(A::Out::pass(take(kept, x.len())), behind, saved),
            None => &[],
        }
    }

    #[inline(always)]
    fn back<K: Kernels, const B: usize, D: Need, R: Rule<A::T>>(
        (block, others): &mut Self::Muts<'_>,
        x: &[A::In],
        (kept, behind): &Self::Kept<B>,
        saved: &mut Self::InTurn<B>,
        grad: &mut [A::T],
        (slots, others_slots): &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
        at: u64,
    ) {
        let y = A::Out::pass(take(kept, x.len()));
        N::back::<K, B, D::Or<A::Learns>, R>(
            others,
            y,
            behind,
            saved.second(),
            grad,
            others_slots,
            rule,
            context,
            at + 1,
        );
        if const { D::WANTED || <A::Learns as Need>::WANTED } {
            let (saved, context) = (saved.first(), context.part(at));
            block.forward::<K, Apart, B>(x, saved, context);
            block.backward::<K, Apart, B, D, R>(x, saved, grad, slots, rule, context);
        }
    }
}

/// The last block's output, of a step in slices.
pub trait SliceBlocks: Blocks {
    /// The last block's output, to be changed.
    fn found_mut<'a, const B: usize>(
        x: &'a [In<Self::First>],
        kept: &'a mut Self::Kept<B>,
        saved: &'a mut Self::InTurn<B>,
    ) -> &'a mut [Self::Out];
}

impl<A: Sliceable> SliceBlocks for End<A> {
    #[inline(always)]
    fn found_mut<'a, const B: usize>(
        x: &'a [A::In],
        _kept: &'a mut (),
        saved: &'a mut A::Saved<Apart, B>,
    ) -> &'a mut [A::Out] {
        A::output_mut::<Apart, B>(x, saved)
    }
}

impl<A: Layer, N: SliceBlocks + Chain<Scalar = A::T>> SliceBlocks for Link<A, N>
where
    A::Out: Fits<In<First<N>>, A, First<N>>,
{
    #[inline(always)]
    fn found_mut<'a, const B: usize>(
        x: &'a [A::In],
        (kept, behind): &'a mut Self::Kept<B>,
        saved: &'a mut Self::InTurn<B>,
    ) -> &'a mut [N::Out] {
        N::found_mut::<B>(A::Out::pass(take(kept, x.len())), behind, saved.second())
    }
}
