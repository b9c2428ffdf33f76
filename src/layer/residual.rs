//! Residual: y = x + L(x). He et al. 2016.
//!
//! Backward: dx = dy + L's dx.

use super::beside::{add, split};
use super::plan::{Given, Memory, Taken, Within};
use super::{Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Sliceable, Slices, Structure};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::storage::{Both, Max};
use crate::tensor::{Array, take, take_mut};

/// What a layer gives, if it is what it takes. It exists for the sentence that the compiler says otherwise.
#[diagnostic::on_unimplemented(
    message = "layer `{L}` takes `{In}` and gives `{Self}`: a residual needs the same",
    label = "no residual can be made of `{L}`",
    note = "a residual adds what its layer takes to what that gives"
)]
pub trait Returns<In, L> {}

impl<X, L> Returns<X, L> for X {}

/// A layer, or a network, with a way around it: y = x + L(x).
///
/// The sum is written over L's output where L allows it; then all residuals of a network share one more buffer, in which dy waits for L's backward.
/// Else the sum has a buffer of its own, and dy waits there.
///
/// He et al., Deep residual learning for image recognition, 2016.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Block = Residual<(Dense<16, 16>, ReLU<16>, Dense<16, 16>)>;
/// type Net = (Dense<8, 16>, Block, ReLU<16>, Block, Dense<16, 3>);
/// let mut training = Trainer::<Net, SoftmaxCrossEntropy<3>, Adam, 32>::boxed();
/// training.reset(1, Adam::new(0.005)?)?;
/// # Ok::<(), SettingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Residual<L> {
    layer: L,
}
crate::storage::zeroed!([L: crate::storage::Zeroed] Residual<L> { layer });

impl<L> Residual<L> {
    /// Around a layer, in const.
    pub const fn new(layer: L) -> Self {
        Self { layer }
    }

    /// The layer.
    pub const fn layer(&self) -> &L {
        &self.layer
    }

    /// The layer, to be changed.
    pub const fn layer_mut(&mut self) -> &mut L {
        &mut self.layer
    }
}

impl<L: Layer> Residual<L> {
    /// Writes x + L(x), from L(x).
    #[inline(always)]
    fn sum<'a, const B: usize>(
        x: &[L::In],
        y: &'a mut [L::Out],
        sum: &'a mut <L::Leaves as Place>::Buffer<[L::Out; B]>,
    ) -> &'a mut [L::Out] {
        let y = L::Leaves::own::<L::Out, B>(L::Leaves::input(y), sum);
        add(L::Out::flatten_mut(y), L::In::flatten(x));
        y
    }
}

impl<L: Infer<Out: Array>> Infer for Residual<L>
where
    L::Out: Returns<L::In, L>,
{
    type In = L::In;
    type Out = L::Out;
    type Plan<P: Place, const B: usize> = Within<Both<P::Held<[L::In; B]>, Max<[L::Out; B], Memory<L, Apart, B>>>>;
    const STRUCTURE: Structure = Structure::around("Residual", &[], &[&L::STRUCTURE]);
    const COST: Cost = L::COST;

    #[inline(always)]
    fn is_ready(&self) -> bool {
        self.layer.is_ready()
    }

    #[inline(always)]
    fn accepts(x: &Self::In) -> bool {
        L::accepts(x)
    }

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        let (inside, x) = x.hold::<Max<[L::Out; B], Memory<L, Apart, B>>>();
        let (inside, whole) = inside.enter();
        let (mut sum, from) = x.sum(whole.leave(self.layer.infer::<K, Apart, B>(inside)));
        add(L::Out::flatten_mut(sum.rows_mut()), L::Out::flatten(from));
        sum
    }
}

impl<L: Layer> Layer for Residual<L>
where
    L::Out: Returns<L::In, L>,
{
    type T = L::T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = L::Learns;
    /// L's, and the sum.
    type Saved<P: Place, const B: usize> = (L::Saved<Apart, B>, <L::Leaves as Place>::Buffer<[L::Out; B]>);
    type Wide<const B: usize> = <L::Leaves as Place>::Choose<L::T, L::Wide<B>, Both<L::Wide<B>, [L::Out; B]>>;
    type Slots<K: Copies> = L::Slots<K>;

    #[inline(always)]
    fn needs_two(&self) -> Option<&'static str> {
        self.layer.needs_two()
    }

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, L::In>,
        saved: &'a mut Self::Saved<P, B>,
        context: Context,
    ) -> &'a mut [L::Out] {
        let x = P::read(x);
        let y = self.layer.forward::<K, Apart, B>(x, &mut saved.0, context);
        Self::sum::<B>(x, y, &mut saved.1)
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [L::In], saved: &'a Self::Saved<P, B>) -> &'a [L::Out] {
        L::Leaves::output::<L::Out, B>(L::output::<Apart, B>(x, &saved.0), &saved.1)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<L::T>>(
        &mut self,
        x: &[L::In],
        saved: &mut Self::Saved<P, B>,
        grad: &mut [L::T],
        slots: &mut L::Slots<R::Slots>,
        rule: &R,
        context: Context,
    ) {
        let (inner, sum) = saved;
        if !D::WANTED {
            self.layer.backward::<K, Apart, B, D, R>(x, inner, grad, slots, rule, context);
        } else if L::Leaves::IN_PLACE {
            let (grad, dy) = split(grad, x.len() * L::Out::LEN);
            kernel::copy(take(grad, dy.len()), dy);
            self.layer.backward::<K, Apart, B, D, R>(x, inner, grad, slots, rule, context);
            add(grad, dy);
        } else {
            // The sum isn't read any more: dy waits there.
            let dy = take_mut(L::Out::group_mut(grad), x.len());
            L::Leaves::own::<L::Out, B>(L::Leaves::input(dy), sum);
            self.layer.backward::<K, Apart, B, D, R>(x, inner, grad, slots, rule, context);
            let dy = L::Leaves::output::<L::Out, B>(L::Out::group(L::In::flatten(x)), sum);
            add(grad, L::Out::flatten(dy));
        }
    }

    #[inline(always)]
    fn observe<P: Place, const B: usize>(&mut self, saved: &Self::Saved<P, B>, samples: usize) {
        self.layer.observe::<Apart, B>(&saved.0, samples);
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, L::T>)) {
        self.layer.visit(path, visitor);
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<L::T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut L::Slots<K>,
        gradient: &mut L::Slots<G>,
        visitor: &mut V,
    ) {
        self.layer.visit_mut(path, slots, gradient, visitor);
    }

    fn penalty(&self) -> L::T {
        self.layer.penalty()
    }
}

impl<L: Sliceable> Sliceable for Residual<L>
where
    L::Out: Returns<L::In, L>,
{
    const SLICES: Slices = Slices::of_parts::<Self>(L::SLICES.backward(false) == 0);

    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, L::In>,
        saved: &'a mut Self::Saved<P, B>,
    ) -> &'a mut [L::Out] {
        let y = L::output_mut::<Apart, B>(P::read(x), &mut saved.0);
        L::Leaves::output_mut::<L::Out, B>(L::Leaves::input(y), &mut saved.1)
    }
}

impl<L: Export + Layer> Export for Residual<L>
where
    L::Out: Returns<L::In, L>,
{
    fn source(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        out.write_str("Residual::new(")?;
        self.layer.source(out)?;
        out.write_str(")")
    }
}
