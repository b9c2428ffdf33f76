//! The passes of a network: those of its first layer, and those of the layers behind it.

use core::fmt::{Result, Write};
use core::marker::PhantomData;

use super::fusion::{Before, Function, Fused, Nothing, done, fused, fuses};
use super::infer::{Given, Infer, Leaves, Plan, Reads, Taken, Then};
use super::network::{Fits, Joint};
use super::{Apart, Context, Cost, Export, InPlace, Layer, Need, No, Place, Sliceable, Slices, Yes};
use crate::kernel::{self, Kernels, Slopes};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::scalar::Scalar;
use crate::storage::{Activations, Buffer, Max, Pod, Sample, Zeroed};
use crate::tensor::Array;

/// Layer `A` and the chain `B` of those behind it, as a type.
#[derive(Debug)]
pub struct Link<A, B>(PhantomData<(A, B)>);

/// The last layer, as a type.
#[derive(Debug)]
pub struct End<A>(PhantomData<A>);

/// One sample that a layer takes.
pub type In<L> = <L as Infer>::In;
/// The first layer of a chain.
pub type First<N> = <N as Uses>::First;

/// Where the first layer of chain `N` writes its output when the chain comes after layer `A`.
type Behind<A, N> = Joint<A, First<N>>;

/// Hands a layer's output on to the one behind it.
#[inline(always)]
fn joint<A: Layer, N: Chain<Scalar = A::T>>(y: &mut [A::Out]) -> <Behind<A, N> as Place>::Input<'_, In<First<N>>>
where
    A::Out: Fits<In<First<N>>, A, First<N>>,
{
    <Behind<A, N>>::input(A::Out::pass_mut(y))
}

/// What a chain of layers is and does in use, as an [`Infer`] is and does it: its methods are given references to the layers.
pub trait Uses: 'static {
    /// The first layer.
    type First: Infer;
    /// References to the layers.
    type Refs<'l>: Copy;
    /// References to the layers, to be changed.
    type Muts<'l>;

    type Out: Sample;
    type Plan<P: Place, const B: usize>: Plan;
    const COST: Cost;
    /// Multiply-adds of all layers but the last.
    const AGAIN: u64;
    /// Those of them in front of which nothing learns, nor in them.
    const IDLE: u64;

    /// The first of the layers.
    fn first<'l>(layers: Self::Refs<'l>) -> &'l Self::First;

    /// The layers, not to be changed for a while.
    fn refs<'l>(layers: &'l Self::Muts<'_>) -> Self::Refs<'l>;

    fn is_ready(layers: Self::Refs<'_>) -> bool;

    /// The first layer's part is `Done` if the layer before did it: its output is then where that layer's was.
    fn infer<'m, K: Kernels, P: Place, const B: usize, Done: Need>(
        layers: Self::Refs<'_>,
        x: Activations<'m, In<Self::First>, P, Needed<Self, P, B>, B>,
    ) -> Activations<'m, Self::Out, Left<Self, P, B>, Needed<Self, P, B>, B>;
}

/// The plan of layer `A` in front of layer `N`, which may read the last step alone.
type Gives<A, N, P, const B: usize> = <<A as Infer>::Plan<P, B> as Plan>::Giving<ReadBy<N, B>>;
/// What a layer reads of its input.
type ReadBy<N, const B: usize> = <<N as Infer>::Plan<InPlace, B> as Plan>::Reads;
/// One sample that a layer gives.
type Out<L> = <L as Infer>::Out;

/// Whether layer `A` gives its last step alone, because layer `N` behind it, whose part is then done, reads no more.
const fn lasts<A: Infer, N: Infer, P: Place, const B: usize>() -> bool {
    <A::Plan<P, B> as Plan>::STEPWISE && <ReadBy<N, B> as Reads>::LAST
}

/// The memory of a chain's use.
type Needed<C, P, const B: usize> = <<C as Uses>::Plan<P, B> as Plan>::Memory;
/// Where a chain's output is.
type Left<C, P, const B: usize> = <<C as Uses>::Plan<P, B> as Plan>::Leaves;

impl<A: Infer> Uses for End<A> {
    type First = A;
    type Refs<'l> = &'l A;
    type Muts<'l> = &'l mut A;

    type Out = A::Out;
    type Plan<P: Place, const B: usize> = A::Plan<P, B>;
    const COST: Cost = A::COST;
    const AGAIN: u64 = 0;
    const IDLE: u64 = 0;

    #[inline(always)]
    fn first<'l>(layer: Self::Refs<'l>) -> &'l A {
        layer
    }

    #[inline(always)]
    fn refs<'l>(layer: &'l Self::Muts<'_>) -> Self::Refs<'l> {
        layer
    }

    #[inline(always)]
    fn is_ready(layer: &A) -> bool {
        layer.is_ready()
    }

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize, Done: Need>(
        layer: &A,
        x: Taken<'m, A, P, B>,
    ) -> Given<'m, A, P, B> {
        if const { Done::WANTED } { x.done() } else { layer.infer::<K, P, B>(x) }
    }
}

impl<A: Infer, N: Uses> Uses for Link<A, N>
where
    A::Out: Fits<In<First<N>>, A, First<N>>,
{
    type First = A;
    type Refs<'l> = (&'l A, N::Refs<'l>);
    type Muts<'l> = (&'l mut A, N::Muts<'l>);

    type Out = N::Out;
    type Plan<P: Place, const B: usize> = Then<Gives<A, First<N>, P, B>, N::Plan<Leaves<A, P, B>, B>>;
    const COST: Cost = A::COST.then(N::COST);
    const AGAIN: u64 = A::COST.forward + N::AGAIN;
    const IDLE: u64 = if A::COST.learns { 0 } else { A::COST.forward + N::IDLE };

    #[inline(always)]
    fn first<'l>((layer, _): Self::Refs<'l>) -> &'l A {
        layer
    }

    #[inline(always)]
    fn refs<'l>((layer, others): &'l Self::Muts<'_>) -> Self::Refs<'l> {
        (layer, N::refs(others))
    }

    #[inline(always)]
    fn is_ready((layer, others): Self::Refs<'_>) -> bool {
        layer.is_ready() && N::is_ready(others)
    }

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize, Done: Need>(
        (layer, others): Self::Refs<'_>,
        x: Activations<'m, In<A>, P, Needed<Self, P, B>, B>,
    ) -> Activations<'m, N::Out, Left<Self, P, B>, Needed<Self, P, B>, B> {
        let (x, whole) = x.enter::<<Gives<A, First<N>, P, B> as Plan>::Memory>();
        let y = if const { Done::WANTED } {
            x.done()
        } else if const { lasts::<A, First<N>, P, B>() } {
            layer.infer_last::<K, P, Out<First<N>>, B>(x.assume()).assume().handed()
        } else if const { fused::<K, A, First<N>, Leaves<A, P, B>>() } {
            layer.infer_then::<K, P, B>(x.assume(), Function(N::first(others))).assume()
        } else {
            layer.infer::<K, P, B>(x.assume()).assume()
        };
        let (y, whole) = whole.leave::<A::Out, Leaves<A, P, B>, _, B>(y).cast().enter();
        whole.leave(if const { fused::<K, A, First<N>, Leaves<A, P, B>>() || lasts::<A, First<N>, P, B>() } {
            N::infer::<K, Leaves<A, P, B>, B, Yes>(others, y)
        } else {
            N::infer::<K, Leaves<A, P, B>, B, No>(others, y)
        })
    }
}

/// What a chain of layers is and does, as a [`Layer`] is and does it: its methods are given references to the layers, and the place `at` of the first of
/// them in the network.
#[expect(clippy::too_many_arguments, reason = "those of `Layer`")]
pub trait Chain: Uses<First: Layer<T = Self::Scalar>, Out: Array<T = Self::Scalar>> {
    type Scalar: Scalar;
    type Leaves: Place;
    type Learns: Need;
    type Saved<P: Place, const B: usize>: Pod;
    type Wide<const B: usize>: Buffer<Self::Scalar>;
    type Slots<K: Copies>: Zeroed;

    fn needs_two(layers: Self::Refs<'_>) -> Option<&'static str>;

    /// The first layer's part is `Done` if the layer before did it: its output is then where that layer's was.
    fn forward<'a, K: Kernels, P: Place, const B: usize, Done: Need>(
        layers: Self::Refs<'_>,
        x: P::Input<'a, In<Self::First>>,
        saved: &'a mut Self::Saved<P, B>,
        context: Context,
        at: u64,
    ) -> &'a mut [Self::Out];

    fn output<'a, P: Place, const B: usize>(x: &'a [In<Self::First>], saved: &'a Self::Saved<P, B>) -> &'a [Self::Out];

    /// From the last layer to the first. Inputs are found again on the way in; a layer's dx is wanted if the network's is, or if a layer before it
    /// learns. A layer's part may be done by the layer behind it.
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<Self::Scalar>, F: Before<Self::Scalar>>(
        layers: &mut Self::Muts<'_>,
        x: &[In<Self::First>],
        saved: &mut Self::Saved<P, B>,
        grad: &mut [Self::Scalar],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
        at: u64,
        before: F,
    );

    fn turn<'a, K: Kernels, R: Rule<Self::Scalar>>(
        layers: &mut Self::Muts<'_>,
        x: [&'a [In<Self::First>]; 2],
        saved: &'a mut Self::Saved<Apart, 1>,
        grad: &mut [Self::Scalar],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        contexts: [Context; 2],
        at: u64,
    ) -> &'a mut [Self::Out];

    fn observe<P: Place, const B: usize>(layers: &mut Self::Muts<'_>, saved: &Self::Saved<P, B>, samples: usize);

    fn visit(layers: Self::Refs<'_>, path: Path, at: u64, visitor: &mut impl FnMut(Parameter<'_, Self::Scalar>));

    fn visit_mut<K: Copies, G: Copies, V: Visitor<Self::Scalar, K, G>>(
        layers: &mut Self::Muts<'_>,
        path: Path,
        at: u64,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    );

    /// Added to a sum.
    fn penalty(layers: Self::Refs<'_>, sum: Self::Scalar) -> Self::Scalar;
}

/// Backward of a layer, and of the function of the one before it.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "those of `Layer`")]
fn backward<A: Layer, K: Kernels, P: Place, const B: usize, D: Need, R: Rule<A::T>, F: Before<A::T>>(
    layer: &mut A,
    x: &[A::In],
    saved: &mut A::Saved<P, B>,
    grad: &mut [A::T],
    slots: &mut A::Slots<R::Slots>,
    rule: &R,
    context: Context,
    before: F,
) {
    if const { K::FUSES && F::FUSES } {
        layer.backward_then::<K, P, B, D, R>(x, saved, grad, slots, rule, context, before);
    } else {
        layer.backward::<K, P, B, D, R>(x, saved, grad, slots, rule, context);
    }
}

impl<A: Layer> Chain for End<A> {
    type Scalar = A::T;
    type Leaves = A::Leaves;
    type Learns = A::Learns;
    type Saved<P: Place, const B: usize> = A::Saved<P, B>;
    type Wide<const B: usize> = A::Wide<B>;
    type Slots<K: Copies> = A::Slots<K>;

    #[inline(always)]
    fn needs_two(layer: &A) -> Option<&'static str> {
        layer.needs_two()
    }

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize, Done: Need>(
        layer: &A,
        x: P::Input<'a, A::In>,
        saved: &'a mut A::Saved<P, B>,
        context: Context,
        at: u64,
    ) -> &'a mut [A::Out] {
        if const { Done::WANTED } { done::<A, P>(x) } else { layer.forward::<K, P, B>(x, saved, context.part(at)) }
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [A::In], saved: &'a A::Saved<P, B>) -> &'a [A::Out] {
        A::output::<P, B>(x, saved)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<A::T>, F: Before<A::T>>(
        layer: &mut &mut A,
        x: &[A::In],
        saved: &mut A::Saved<P, B>,
        grad: &mut [A::T],
        slots: &mut A::Slots<R::Slots>,
        rule: &R,
        context: Context,
        at: u64,
        before: F,
    ) {
        backward::<A, K, P, B, D, R, F>(layer, x, saved, grad, slots, rule, context.part(at), before);
    }

    #[inline(always)]
    fn turn<'a, K: Kernels, R: Rule<A::T>>(
        layer: &mut &mut A,
        x: [&'a [A::In]; 2],
        saved: &'a mut A::Saved<Apart, 1>,
        grad: &mut [A::T],
        slots: &mut A::Slots<R::Slots>,
        rule: &R,
        [context, then]: [Context; 2],
        at: u64,
    ) -> &'a mut [A::Out] {
        layer.turn::<K, R>(x, saved, grad, slots, rule, [context.part(at), then.part(at)])
    }

    #[inline(always)]
    fn observe<P: Place, const B: usize>(layer: &mut &mut A, saved: &A::Saved<P, B>, samples: usize) {
        layer.observe::<P, B>(saved, samples);
    }

    fn visit(layer: &A, path: Path, at: u64, visitor: &mut impl FnMut(Parameter<'_, A::T>)) {
        layer.visit(path.part(at as usize), visitor);
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<A::T, K, G>>(
        layer: &mut &mut A,
        path: Path,
        at: u64,
        slots: &mut A::Slots<K>,
        gradient: &mut A::Slots<G>,
        visitor: &mut V,
    ) {
        layer.visit_mut(path.part(at as usize), slots, gradient, visitor);
    }

    fn penalty(layer: &A, sum: A::T) -> A::T {
        sum + layer.penalty()
    }
}

impl<A: Layer, N: Chain<Scalar = A::T>> Chain for Link<A, N>
where
    A::Out: Fits<In<First<N>>, A, First<N>>,
{
    type Scalar = A::T;
    type Leaves = N::Leaves;
    type Learns = <A::Learns as Need>::Or<N::Learns>;
    type Saved<P: Place, const B: usize> = (A::Saved<P, B>, N::Saved<Behind<A, N>, B>);
    type Wide<const B: usize> = Max<A::Wide<B>, N::Wide<B>>;
    type Slots<K: Copies> = (A::Slots<K>, N::Slots<K>);

    #[inline(always)]
    fn needs_two((layer, others): Self::Refs<'_>) -> Option<&'static str> {
        layer.needs_two().or_else(|| N::needs_two(others))
    }

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize, Done: Need>(
        (layer, others): Self::Refs<'_>,
        x: P::Input<'a, A::In>,
        (saved, behind): &'a mut Self::Saved<P, B>,
        context: Context,
        at: u64,
    ) -> &'a mut [N::Out] {
        let x = if const { Done::WANTED } {
            done::<A, P>(x)
        } else if const { fuses::<K, A, First<N>>() } {
            layer.forward_then::<K, P, B>(x, saved, context.part(at), Fused(N::first(others)))
        } else {
            layer.forward::<K, P, B>(x, saved, context.part(at))
        };
        let x = joint::<A, N>(x);
        if const { fuses::<K, A, First<N>>() } {
            N::forward::<K, Behind<A, N>, B, Yes>(others, x, behind, context, at + 1)
        } else {
            N::forward::<K, Behind<A, N>, B, No>(others, x, behind, context, at + 1)
        }
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [A::In], (saved, behind): &'a Self::Saved<P, B>) -> &'a [N::Out] {
        N::output::<Behind<A, N>, B>(A::Out::pass(A::output::<P, B>(x, saved)), behind)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<A::T>, F: Before<A::T>>(
        (layer, others): &mut Self::Muts<'_>,
        x: &[A::In],
        (saved, behind): &mut Self::Saved<P, B>,
        grad: &mut [A::T],
        (slots, others_slots): &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
        at: u64,
        before: F,
    ) {
        let y = A::Out::pass(A::output::<P, B>(x, saved));
        let this = Fused(&**layer);
        N::backward::<K, Behind<A, N>, B, D::Or<A::Learns>, R, _>(
            others,
            y,
            behind,
            grad,
            others_slots,
            rule,
            context,
            at + 1,
            this,
        );
        if const { K::FUSES && A::FUSES } {
            // The layer behind did its part; that of the layer before it is left.
            if const { D::WANTED && F::FUSES } {
                kernel::finish::<K, _, _>(grad, Slopes { f: before, y: A::In::flatten(x) });
            }
        } else {
            backward::<A, K, P, B, D, R, F>(layer, x, saved, grad, slots, rule, context.part(at), before);
        }
    }

    /// All but the first layer go backward, the first turns round, and the others go forward again.
    #[inline(always)]
    fn turn<'a, K: Kernels, R: Rule<A::T>>(
        (layer, others): &mut Self::Muts<'_>,
        [x, next]: [&'a [A::In]; 2],
        (saved, behind): &'a mut Self::Saved<Apart, 1>,
        grad: &mut [A::T],
        (slots, others_slots): &mut Self::Slots<R::Slots>,
        rule: &R,
        [context, then]: [Context; 2],
        at: u64,
    ) -> &'a mut [N::Out] {
        let y = A::Out::pass(A::output::<Apart, 1>(x, saved));
        N::backward::<K, Behind<A, N>, 1, A::Learns, R, _>(
            others,
            y,
            behind,
            grad,
            others_slots,
            rule,
            context,
            at + 1,
            Nothing,
        );
        N::observe::<Behind<A, N>, 1>(others, behind, x.len());
        let x = layer.turn::<K, R>([x, next], saved, grad, slots, rule, [context.part(at), then.part(at)]);
        N::forward::<K, Behind<A, N>, 1, No>(N::refs(others), joint::<A, N>(x), behind, then, at + 1)
    }

    #[inline(always)]
    fn observe<P: Place, const B: usize>(
        (layer, others): &mut Self::Muts<'_>,
        (saved, behind): &Self::Saved<P, B>,
        samples: usize,
    ) {
        layer.observe::<P, B>(saved, samples);
        N::observe::<Behind<A, N>, B>(others, behind, samples);
    }

    fn visit((layer, others): Self::Refs<'_>, path: Path, at: u64, visitor: &mut impl FnMut(Parameter<'_, A::T>)) {
        layer.visit(path.part(at as usize), visitor);
        N::visit(others, path, at + 1, visitor);
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<A::T, K, G>>(
        (layer, others): &mut Self::Muts<'_>,
        path: Path,
        at: u64,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        layer.visit_mut(path.part(at as usize), &mut slots.0, &mut gradient.0, visitor);
        N::visit_mut(others, path, at + 1, &mut slots.1, &mut gradient.1, visitor);
    }

    fn penalty((layer, others): Self::Refs<'_>, sum: A::T) -> A::T {
        N::penalty(others, sum + layer.penalty())
    }
}

/// The slices of a chain of layers, as those of a [`Sliceable`].
#[expect(clippy::too_many_arguments, reason = "those of `Layer`")]
pub trait SliceChain: Chain {
    const SLICES: Slices;

    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, In<Self::First>>,
        saved: &'a mut Self::Saved<P, B>,
    ) -> &'a mut [Self::Out];

    fn forward_slice<'a, K: Kernels, P: Place, const B: usize>(
        layers: Self::Refs<'_>,
        x: P::Input<'a, In<Self::First>>,
        saved: &'a mut Self::Saved<P, B>,
        context: Context,
        at: u64,
        slice: usize,
    );

    fn backward_slice<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<Self::Scalar>>(
        layers: &mut Self::Muts<'_>,
        x: &[In<Self::First>],
        saved: &mut Self::Saved<P, B>,
        grad: &mut [Self::Scalar],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
        at: u64,
        slice: usize,
    );
}

impl<A: Sliceable> SliceChain for End<A> {
    const SLICES: Slices = A::SLICES;

    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, A::In>,
        saved: &'a mut A::Saved<P, B>,
    ) -> &'a mut [A::Out] {
        A::output_mut::<P, B>(x, saved)
    }

    #[inline(always)]
    fn forward_slice<'a, K: Kernels, P: Place, const B: usize>(
        layer: &A,
        x: P::Input<'a, A::In>,
        saved: &'a mut A::Saved<P, B>,
        context: Context,
        at: u64,
        slice: usize,
    ) {
        layer.forward_slice::<K, P, B>(x, saved, context.part(at), slice);
    }

    #[inline(always)]
    fn backward_slice<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<A::T>>(
        layer: &mut &mut A,
        x: &[A::In],
        saved: &mut A::Saved<P, B>,
        grad: &mut [A::T],
        slots: &mut A::Slots<R::Slots>,
        rule: &R,
        context: Context,
        at: u64,
        slice: usize,
    ) {
        layer.backward_slice::<K, P, B, D, R>(x, saved, grad, slots, rule, context.part(at), slice);
    }
}

impl<A: Sliceable, N: SliceChain<Scalar = A::T>> SliceChain for Link<A, N>
where
    A::Out: Fits<In<First<N>>, A, First<N>>,
{
    const SLICES: Slices = A::SLICES.then(N::SLICES, <A::Learns as Need>::WANTED);

    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, A::In>,
        (saved, behind): &'a mut Self::Saved<P, B>,
    ) -> &'a mut [N::Out] {
        N::output_mut::<Behind<A, N>, B>(joint::<A, N>(A::output_mut::<P, B>(x, saved)), behind)
    }

    #[inline(always)]
    fn forward_slice<'a, K: Kernels, P: Place, const B: usize>(
        (layer, others): Self::Refs<'_>,
        x: P::Input<'a, A::In>,
        (saved, behind): &'a mut Self::Saved<P, B>,
        context: Context,
        at: u64,
        slice: usize,
    ) {
        if slice < A::SLICES.forward {
            layer.forward_slice::<K, P, B>(x, saved, context.part(at), slice);
        } else {
            let x = joint::<A, N>(A::output_mut::<P, B>(x, saved));
            let slice = slice - A::SLICES.forward;
            N::forward_slice::<K, Behind<A, N>, B>(others, x, behind, context, at + 1, slice);
        }
    }

    #[inline(always)]
    fn backward_slice<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<A::T>>(
        (layer, others): &mut Self::Muts<'_>,
        x: &[A::In],
        (saved, behind): &mut Self::Saved<P, B>,
        grad: &mut [A::T],
        (slots, others_slots): &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
        at: u64,
        slice: usize,
    ) {
        let slices = N::SLICES.backward(<D::Or<A::Learns> as Need>::WANTED);
        if slice < slices {
            let y = A::Out::pass(A::output::<P, B>(x, saved));
            N::backward_slice::<K, Behind<A, N>, B, D::Or<A::Learns>, R>(
                others,
                y,
                behind,
                grad,
                others_slots,
                rule,
                context,
                at + 1,
                slice,
            );
        } else {
            layer.backward_slice::<K, P, B, D, R>(x, saved, grad, slots, rule, context.part(at), slice - slices);
        }
    }
}

/// The layers of a chain as Rust source.
pub trait ExportChain: Uses {
    /// Each layer, with a comma behind it.
    fn source(layers: Self::Refs<'_>, out: &mut impl Write) -> Result;
}

impl<A: Export> ExportChain for End<A> {
    fn source(layer: &A, out: &mut impl Write) -> Result {
        layer.source(out)?;
        out.write_str(",")
    }
}

impl<A: Export, N: ExportChain> ExportChain for Link<A, N>
where
    A::Out: Fits<In<First<N>>, A, First<N>>,
{
    fn source((layer, others): Self::Refs<'_>, out: &mut impl Write) -> Result {
        layer.source(out)?;
        out.write_str(", ")?;
        N::source(others, out)
    }
}
