//! Sum: y = A(x) + B(x).
//!
//! Backward: both get dy, and dx is the sum of theirs.

use super::beside::{Gives, Takes, add, split};
use super::plan::{Given, Memory, Taken, Within};
use super::{Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Sliceable, Slices, Structure, most};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::storage::{Both, Max};
use crate::tensor::{Array, take, take_mut};

/// Two layers, or networks, side by side: y = A(x) + B(x). A shortcut with weights of its own is `Sum<Block, Dense<..>>`.
///
/// The sum is written over A's output where A allows it; else it has a buffer of its own. So of two layers, let the one that a dense layer ends be
/// the first, rather than one that a tanh or a softmax ends.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Block = Sum<(Dense<8, 16>, ReLU<16>, Dense<16, 4>), Dense<8, 4>>;
/// let mut training = Trainer::<(Block, ReLU<4>, Dense<4, 3>), SoftmaxCrossEntropy<3>, Adam, 32>::boxed();
/// training.reset(1, Adam::new(0.005)?)?;
/// # Ok::<(), SettingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sum<A, B> {
    layers: (A, B),
}
crate::storage::zeroed!([A: crate::storage::Zeroed, B: crate::storage::Zeroed] Sum<A, B> { layers });

impl<A, B> Sum<A, B> {
    /// Of two layers, in const.
    pub const fn new(first: A, second: B) -> Self {
        Self { layers: (first, second) }
    }

    /// The layers.
    pub const fn layers(&self) -> &(A, B) {
        &self.layers
    }

    /// The layers, to be changed.
    pub const fn layers_mut(&mut self) -> &mut (A, B) {
        &mut self.layers
    }
}

impl<A: Layer, B: Layer<T = A::T>> Sum<A, B> {
    /// Numbers of a sample that wait while one of the layers goes backward: dy, or the first one's dx.
    const WAITING: usize = most(<A::In as Array>::LEN, <A::Out as Array>::LEN);

    /// Writes A(x) + B(x).
    #[inline(always)]
    fn sum<'a, const BATCH: usize>(
        y: &'a mut [A::Out],
        other: &[B::Out],
        sum: &'a mut <A::Leaves as Place>::Buffer<[A::Out; BATCH]>,
    ) -> &'a mut [A::Out] {
        let y = A::Leaves::own::<A::Out, BATCH>(A::Leaves::input(y), sum);
        add(A::Out::flatten_mut(y), B::Out::flatten(other));
        y
    }
}

impl<A: Infer<Out: Array>, B: Infer<Out: Array<T = <A::Out as Array>::T>>> Infer for Sum<A, B>
where
    A::In: Takes<B::In, A, B>,
    A::Out: Gives<B::Out, A, B>,
{
    type In = A::In;
    type Out = A::Out;
    type Plan<P: Place, const BATCH: usize> = Within<
        Both<
            P::Held<[A::In; BATCH]>,
            Max<
                Max<Memory<A, Apart, BATCH>, [A::Out; BATCH]>,
                Both<[A::Out; BATCH], Max<[B::Out; BATCH], Memory<B, Apart, BATCH>>>,
            >,
        >,
    >;
    const STRUCTURE: Structure = Structure::around("Sum", &[], &[&A::STRUCTURE, &B::STRUCTURE]);
    const COST: Cost = A::COST.beside(B::COST);

    #[inline(always)]
    fn is_ready(&self) -> bool {
        self.layers.0.is_ready() && self.layers.1.is_ready()
    }

    #[inline(always)]
    fn accepts(x: &A::In) -> bool {
        A::accepts(x) && A::In::pass(core::slice::from_ref(x)).iter().all(B::accepts)
    }

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: Taken<'m, Self, P, BATCH>,
    ) -> Given<'m, Self, P, BATCH> {
        let (first, whole) = x.first::<Max<Memory<A, Apart, BATCH>, [A::Out; BATCH]>>().enter();
        let mut a = whole.leave(self.layers.0.infer::<K, Apart, BATCH>(first)).own();
        let b = self.layers.1.infer::<K, Apart, BATCH>(x.second(&a).cast());
        add(A::Out::flatten_mut(a.rows_mut()), B::Out::flatten(b.rows()));
        let rows = b.rows().len();
        x.end(a, rows)
    }
}

impl<A: Layer, B: Layer<T = A::T>> Layer for Sum<A, B>
where
    A::In: Takes<B::In, A, B>,
    A::Out: Gives<B::Out, A, B>,
{
    type T = A::T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = <A::Learns as Need>::Or<B::Learns>;
    /// A's, B's, and the sum.
    type Saved<P: Place, const BATCH: usize> =
        (A::Saved<Apart, BATCH>, B::Saved<Apart, BATCH>, <A::Leaves as Place>::Buffer<[A::Out; BATCH]>);
    type Wide<const BATCH: usize> =
        Both<Max<Max<A::Wide<BATCH>, B::Wide<BATCH>>, [A::In; BATCH]>, Max<[A::In; BATCH], [A::Out; BATCH]>>;
    type Slots<K: Copies> = (A::Slots<K>, B::Slots<K>);

    #[inline(always)]
    fn needs_two(&self) -> Option<&'static str> {
        self.layers.0.needs_two().or_else(|| self.layers.1.needs_two())
    }

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: P::Input<'a, A::In>,
        saved: &'a mut Self::Saved<P, BATCH>,
        context: Context,
    ) -> &'a mut [A::Out] {
        let x = P::read(x);
        let y = self.layers.0.forward::<K, Apart, BATCH>(x, &mut saved.0, context.part(0));
        let other = self.layers.1.forward::<K, Apart, BATCH>(A::In::pass(x), &mut saved.1, context.part(1));
        Self::sum::<BATCH>(y, other, &mut saved.2)
    }

    #[inline(always)]
    fn output<'a, P: Place, const BATCH: usize>(x: &'a [A::In], saved: &'a Self::Saved<P, BATCH>) -> &'a [A::Out] {
        A::Leaves::output::<A::Out, BATCH>(A::output::<Apart, BATCH>(x, &saved.0), &saved.2)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<A::T>>(
        &mut self,
        x: &[A::In],
        saved: &mut Self::Saved<P, BATCH>,
        grad: &mut [A::T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
    ) {
        let (grad, waiting) = split(grad, x.len() * Self::WAITING);
        let dy = x.len() * A::Out::LEN;
        kernel::copy(take(grad, dy), take_mut(waiting, dy));
        self.layers.0.backward::<K, Apart, BATCH, D, R>(x, &mut saved.0, grad, &mut slots.0, rule, context.part(0));
        if D::WANTED {
            // The first one's dx waits where dy did.
            for (grad, waiting) in grad.iter_mut().zip(&mut *waiting) {
                core::mem::swap(grad, waiting);
            }
        } else {
            kernel::copy(take(waiting, dy), take_mut(grad, dy));
        }
        let (x, context) = (A::In::pass(x), context.part(1));
        self.layers.1.backward::<K, Apart, BATCH, D, R>(x, &mut saved.1, grad, &mut slots.1, rule, context);
        if D::WANTED {
            add(grad, take(waiting, x.len() * A::In::LEN));
        }
    }

    #[inline(always)]
    fn observe<P: Place, const BATCH: usize>(&mut self, saved: &Self::Saved<P, BATCH>, samples: usize) {
        self.layers.0.observe::<Apart, BATCH>(&saved.0, samples);
        self.layers.1.observe::<Apart, BATCH>(&saved.1, samples);
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, A::T>)) {
        self.layers.0.visit(path.part(0), visitor);
        self.layers.1.visit(path.part(1), visitor);
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<A::T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        self.layers.0.visit_mut(path.part(0), &mut slots.0, &mut gradient.0, visitor);
        self.layers.1.visit_mut(path.part(1), &mut slots.1, &mut gradient.1, visitor);
    }

    fn penalty(&self) -> A::T {
        self.layers.0.penalty() + self.layers.1.penalty()
    }
}

impl<A: Sliceable, B: Sliceable<T = A::T>> Sliceable for Sum<A, B>
where
    A::In: Takes<B::In, A, B>,
    A::Out: Gives<B::Out, A, B>,
{
    const SLICES: Slices = Slices::of_parts::<Self>(A::SLICES.backward(false) + B::SLICES.backward(false) == 0);

    #[inline(always)]
    fn output_mut<'a, P: Place, const BATCH: usize>(
        x: P::Input<'a, A::In>,
        saved: &'a mut Self::Saved<P, BATCH>,
    ) -> &'a mut [A::Out] {
        let y = A::output_mut::<Apart, BATCH>(P::read(x), &mut saved.0);
        A::Leaves::output_mut::<A::Out, BATCH>(A::Leaves::input(y), &mut saved.2)
    }
}

impl<A: Export + Layer, B: Export + Layer<T = A::T>> Export for Sum<A, B>
where
    A::In: Takes<B::In, A, B>,
    A::Out: Gives<B::Out, A, B>,
{
    fn source(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        out.write_str("Sum::new(")?;
        self.layers.0.source(out)?;
        out.write_str(", ")?;
        self.layers.1.source(out)?;
        out.write_str(")")
    }
}
