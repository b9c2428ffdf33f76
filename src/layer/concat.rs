//! Concat: y = [A(x), B(x)], along the last dimension.
//!
//! Backward: each gets its part of dy, and dx is the sum of theirs.

use core::marker::PhantomData;

use super::beside::{Takes, add, split};
use super::plan::{Given, Memory, Taken, Within};
use super::{Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Sliceable, Slices, Structure, size};
use crate::budget::Text;
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::storage::{Both, Max};
use crate::tensor::{Array, take, take_mut};

/// Two layers, or networks, side by side, whose outputs stand side by side along the last dimension: `[f32; 3]` and `[f32; 5]` are an
/// `Out` of `[f32; 8]`, `[[f32; 3]; 20]` and `[[f32; 5]; 20]` one of `[[f32; 8]; 20]`.
///
/// The compiler checks `Out`. It is copied together in a buffer of its own, where dy waits in backward.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Two = Concat<(Gru<20, 6, 8>, Last<20, 8>), (Rnn<20, 6, 4>, Last<20, 4>), [f32; 12]>;
/// let mut training = Trainer::<(Two, Dense<12, 3>), SoftmaxCrossEntropy<3>, Adam, 32>::boxed();
/// training.reset(1, Adam::new(0.005)?)?;
/// # Ok::<(), SettingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Concat<A, B, Out> {
    layers: (A, B),
    output: PhantomData<Out>,
}
crate::storage::zeroed!([A: crate::storage::Zeroed, B: crate::storage::Zeroed, Out: Array] Concat<A, B, Out> { layers, output });

impl<A, B, Out> Concat<A, B, Out> {
    /// Of two layers, in const.
    pub const fn new(first: A, second: B) -> Self {
        Self { layers: (first, second), output: PhantomData }
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

impl<A: Infer<Out: Array<T = Out::T>>, B: Infer<Out: Array<T = Out::T>>, Out: Array> Concat<A, B, Out> {
    /// Whether the output is as long as both, and else alike.
    const CHECK: () = {
        let (a, b, out) = (&A::Out::SHAPE, &B::Out::SHAPE, &Out::SHAPE);
        if !(a.is_alike(b) && a.is_alike(out)) {
            let text = Text::new("Concat<A, B, Out>: A gives ").text("[");
            let text = b.append(a.append(text).text("], B gives [")).text("] and Out is [");
            out.append(text).text("]: they must differ in the last dimension alone").panic();
        }
        let layer = Text::new("Concat<A, B, Out>");
        size::check(layer, "the last dimension of Out", "those of A and B together", a.last() + b.last(), out.last());
    };

    /// Writes [A(x), B(x)].
    #[inline(always)]
    fn join(a: &[A::Out], b: &[B::Out], y: &mut [Out]) {
        const { Self::CHECK }
        let (in_a, in_b) = const { (A::Out::SHAPE.last(), B::Out::SHAPE.last()) };
        let parts = A::Out::flatten(a).chunks(in_a).zip(B::Out::flatten(b).chunks(in_b));
        for (y, (a, b)) in Out::flatten_mut(y).chunks_mut(in_a + in_b).zip(parts) {
            for (y, from) in y.iter_mut().zip(a.iter().chain(b)) {
                *y = *from;
            }
        }
    }

    /// The part of dy that begins at `first` of the last dimension, in rows of `part`.
    #[inline(always)]
    fn part(dy: &[Out], (first, part): (usize, usize), to: &mut [Out::T]) {
        for (dy, to) in Out::flatten(dy).chunks(const { Out::SHAPE.last() }).zip(to.chunks_mut(part)) {
            for (to, dy) in to.iter_mut().zip(dy.iter().skip(first)) {
                *to = *dy;
            }
        }
    }
}

impl<A: Infer<Out: Array<T = Out::T>>, B: Infer<Out: Array<T = Out::T>>, Out: Array> Infer for Concat<A, B, Out>
where
    A::In: Takes<B::In, A, B>,
{
    type In = A::In;
    type Out = Out;
    type Plan<P: Place, const BATCH: usize> = Within<
        Both<
            P::Held<[A::In; BATCH]>,
            Max<
                Max<Memory<A, Apart, BATCH>, [A::Out; BATCH]>,
                Both<[A::Out; BATCH], Max<Memory<B, Apart, BATCH>, Both<[B::Out; BATCH], [Out; BATCH]>>>,
            >,
        >,
    >;
    const STRUCTURE: Structure = Structure::around("Concat", &[], &[&A::STRUCTURE, &B::STRUCTURE]);
    const COST: Cost = {
        let () = Self::CHECK;
        A::COST.beside(B::COST)
    };

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
        let a = whole.leave(self.layers.0.infer::<K, Apart, BATCH>(first)).own();
        let (second, whole) = x.second::<Max<Memory<B, Apart, BATCH>, [B::Out; BATCH]>, _, _>(&a).cast().enter();
        let b = whole.leave(self.layers.1.infer::<K, Apart, BATCH>(second)).own();
        let mut y = x.third(&a, &b);
        Self::join(a.rows(), b.rows(), y.rows_mut());
        let rows = a.rows().len();
        x.end(y, rows)
    }
}

impl<A: Layer, B: Layer<T = A::T>, Out: Array<T = A::T>> Layer for Concat<A, B, Out>
where
    A::In: Takes<B::In, A, B>,
{
    type T = A::T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = <A::Learns as Need>::Or<B::Learns>;
    /// A's, B's, and both outputs together.
    type Saved<P: Place, const BATCH: usize> = (A::Saved<Apart, BATCH>, B::Saved<Apart, BATCH>, [Out; BATCH]);
    type Wide<const BATCH: usize> =
        Both<Max<Max<Max<A::Wide<BATCH>, B::Wide<BATCH>>, [Out; BATCH]>, [A::In; BATCH]>, [A::In; BATCH]>;
    type Slots<K: Copies> = (A::Slots<K>, B::Slots<K>);

    #[inline(always)]
    fn needs_two(&self) -> Option<&'static str> {
        self.layers.0.needs_two().or_else(|| self.layers.1.needs_two())
    }

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: P::Input<'a, A::In>,
        (saved_a, saved_b, y): &'a mut Self::Saved<P, BATCH>,
        context: Context,
    ) -> &'a mut [Out] {
        let x = P::read(x);
        let a = self.layers.0.forward::<K, Apart, BATCH>(x, saved_a, context.part(0));
        let b = self.layers.1.forward::<K, Apart, BATCH>(A::In::pass(x), saved_b, context.part(1));
        let y = take_mut(y, a.len().min(b.len()));
        Self::join(a, b, y);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const BATCH: usize>(x: &'a [A::In], saved: &'a Self::Saved<P, BATCH>) -> &'a [Out] {
        take(&saved.2, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<A::T>>(
        &mut self,
        x: &[A::In],
        (saved_a, saved_b, y): &mut Self::Saved<P, BATCH>,
        grad: &mut [A::T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        context: Context,
    ) {
        let (in_a, in_b) = const { (A::Out::SHAPE.last(), B::Out::SHAPE.last()) };
        let (grad, dx) = split(grad, if D::WANTED { x.len() * A::In::LEN } else { 0 });
        // The output isn't read any more: dy waits there.
        let dy = take_mut(y, x.len());
        kernel::copy(Out::group(grad), dy);
        Self::part(dy, (0, in_a), grad);
        self.layers.0.backward::<K, Apart, BATCH, D, R>(x, saved_a, grad, &mut slots.0, rule, context.part(0));
        kernel::copy(take(grad, dx.len()), dx);
        Self::part(dy, (in_a, in_b), grad);
        let context = context.part(1);
        self.layers.1.backward::<K, Apart, BATCH, D, R>(A::In::pass(x), saved_b, grad, &mut slots.1, rule, context);
        add(grad, dx);
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

impl<A: Sliceable, B: Sliceable<T = A::T>, Out: Array<T = A::T>> Sliceable for Concat<A, B, Out>
where
    A::In: Takes<B::In, A, B>,
{
    const SLICES: Slices = Slices::of_parts::<Self>(A::SLICES.backward(false) + B::SLICES.backward(false) == 0);

    #[inline(always)]
    fn output_mut<'a, P: Place, const BATCH: usize>(
        x: P::Input<'a, A::In>,
        saved: &'a mut Self::Saved<P, BATCH>,
    ) -> &'a mut [Out] {
        take_mut(&mut saved.2, P::read(x).len())
    }
}

impl<A: Export + Layer, B: Export + Layer<T = A::T>, Out: Array<T = A::T>> Export for Concat<A, B, Out>
where
    A::In: Takes<B::In, A, B>,
{
    fn source(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        out.write_str("Concat::new(")?;
        self.layers.0.source(out)?;
        out.write_str(", ")?;
        self.layers.1.source(out)?;
        out.write_str(")")
    }
}
