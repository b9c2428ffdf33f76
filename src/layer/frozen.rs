//! Frozen: a layer, or a network, that isn't trained: no gradient, no optimizer state.

use core::marker::PhantomData;

use super::plan::{Activations, Given, Sample, Short, Taken};
use super::{Context, Cost, Export, InPlace, Infer, Layer, Need, No, Place, Sliceable, Slices, Structure};
use crate::kernel::{Applied, Kernels, Lanes, Pointwise};
use crate::optimizer::{Copies, CopiesOf, Rule};
use crate::parameter::{Info, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

/// A layer, or a network, whose parameters and running statistics stay as they are; batch normalisation uses its
/// running statistics. It has no optimizer state; in front of a network it has no backward pass either.
///
/// - [`reset`](crate::training::Trainer::reset) and [`initialise`](crate::init::initialise) leave it to the bit if any
///   of its parameters isn't 0: it was loaded, set or fitted, or drawn by an earlier `reset`. If all are 0 they draw it
///   like any other layer, for random features (a [`Standardize`](super::Standardize) has nothing to draw and stays at
///   0). So it may be loaded before `reset` or after it, and what is drawn for the other layers is the same. A `Frozen`
///   within another one goes with that one. Settings are nobody's here: they always stay.
/// - [`resume`](crate::training::Trainer::resume), which draws nothing, returns an error if all its parameters are 0.
/// - To draw it anew, use [`initialise`](crate::init::initialise) on [`layer_mut`](Self::layer_mut): the layer itself
///   isn't frozen.
#[derive(Clone, Debug)]
pub struct Frozen<L> {
    layer: L,
}
crate::storage::zeroed!([L: Zeroed] Frozen<L> { layer });

impl<L> Frozen<L> {
    /// Freezes a layer, in const.
    pub const fn new(layer: L) -> Self {
        Self { layer }
    }

    /// The layer.
    pub const fn layer(&self) -> &L {
        &self.layer
    }

    /// The layer, to load its parameters.
    pub const fn layer_mut(&mut self) -> &mut L {
        &mut self.layer
    }
}

/// The rule that changes nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep;

impl<T: Scalar> Rule<T> for Keep {
    type Slots = CopiesOf<0>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, weight: V, _: &mut [V; 0], _: V) -> V {
        weight
    }
}

/// Hands the parameters of a frozen layer on as such.
struct AsFrozen<'v, V, K, G>(&'v mut V, PhantomData<(K, G)>);

impl<T: Scalar, K: Copies, G: Copies, V: Visitor<T, K, G>> Visitor<T, CopiesOf<0>, CopiesOf<0>>
    for AsFrozen<'_, V, K, G>
{
    fn visit<A: Array<T = T>>(&mut self, info: Info, values: &mut A, _: &mut [A; 0], _: &mut [A; 0]) {
        self.0.visit_frozen(info, values);
    }
    fn visit_frozen<A: Array<T = T>>(&mut self, info: Info, values: &mut A) {
        self.0.visit_frozen(info, values);
    }
    fn enter_frozen<L: Layer<T = T>>(&mut self, path: Path, layer: &L) -> bool {
        self.0.enter_frozen(path, layer)
    }
    fn leave_frozen(&mut self, entered: bool) {
        self.0.leave_frozen(entered);
    }
}

impl<L: Infer> Infer for Frozen<L> {
    type In = L::In;
    type Out = L::Out;
    type Plan<P: Place, const B: usize> = L::Plan<P, B>;
    const STRUCTURE: Structure = L::STRUCTURE;
    const COST: Cost =
        Cost { learns: false, gradient: 0, skipped: L::COST.dx, statistics: 0, needs_two: None, ..L::COST };
    const TAKES: bool = L::TAKES;

    #[inline(always)]
    fn is_ready(&self) -> bool {
        self.layer.is_ready()
    }

    #[inline(always)]
    fn accepts(x: &L::In) -> bool {
        L::accepts(x)
    }

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        self.layer.infer::<K, P, B>(x)
    }

    #[inline(always)]
    fn infer_last<'m, K: Kernels, P: Place, Y: Sample, const B: usize>(
        &self,
        x: Activations<'m, Self::In, P, Short<L, P, B>, B>,
    ) -> Activations<'m, Y, InPlace, Short<L, P, B>, B> {
        self.layer.infer_last::<K, P, Y, B>(x)
    }

    #[inline(always)]
    fn infer_then<'m, K: Kernels, P: Place, const B: usize>(
        &self,
        x: Taken<'m, Self, P, B>,
        f: impl Applied,
    ) -> Given<'m, Self, P, B> {
        self.layer.infer_then::<K, P, B>(x, f)
    }
}

impl<L: Layer> Layer for Frozen<L> {
    type T = L::T;
    type Wants = L::Wants;
    type Leaves = L::Leaves;
    type Learns = No;
    type Saved<P: Place, const B: usize> = L::Saved<P, B>;
    type Wide<const B: usize> = L::Wide<B>;
    type Slots<K: Copies> = ();

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, L::In>,
        saved: &'a mut L::Saved<P, B>,
        context: Context,
    ) -> &'a mut [L::Out] {
        self.layer.forward::<K, P, B>(x, saved, context.freeze())
    }

    #[inline(always)]
    fn forward_then<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, L::In>,
        saved: &'a mut L::Saved<P, B>,
        context: Context,
        f: impl Pointwise<L::T>,
    ) -> &'a mut [L::Out] {
        self.layer.forward_then::<K, P, B>(x, saved, context.freeze(), f)
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [L::In], saved: &'a L::Saved<P, B>) -> &'a [L::Out] {
        L::output::<P, B>(x, saved)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<L::T>>(
        &mut self,
        x: &[L::In],
        saved: &mut L::Saved<P, B>,
        grad: &mut [L::T],
        _: &mut (),
        _: &R,
        context: Context,
    ) {
        if D::WANTED {
            let mut none = Zeroed::ZERO;
            self.layer.backward::<K, P, B, D, Keep>(x, saved, grad, &mut none, &Keep, context.freeze());
        }
    }

    #[inline(always)]
    fn backward_then<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<L::T>>(
        &mut self,
        x: &[L::In],
        saved: &mut L::Saved<P, B>,
        grad: &mut [L::T],
        _: &mut (),
        _: &R,
        context: Context,
        f: impl Pointwise<L::T>,
    ) {
        if D::WANTED {
            let mut none = Zeroed::ZERO;
            self.layer.backward_then::<K, P, B, D, Keep>(x, saved, grad, &mut none, &Keep, context.freeze(), f);
        }
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, L::T>)) {
        self.layer.visit(path, visitor);
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<L::T, K, G>>(
        &mut self,
        path: Path,
        _: &mut (),
        _: &mut (),
        visitor: &mut V,
    ) {
        let entered = visitor.enter_frozen(path, &self.layer);
        let (mut slots, mut gradient) = (Zeroed::ZERO, Zeroed::ZERO);
        self.layer.visit_mut(path, &mut slots, &mut gradient, &mut AsFrozen::<V, K, G>(visitor, PhantomData));
        visitor.leave_frozen(entered);
    }

    fn penalty(&self) -> L::T {
        self.layer.penalty()
    }
}

impl<L: Sliceable> Sliceable for Frozen<L> {
    const SLICES: Slices = Slices { skipped: L::SLICES.backward, ..L::SLICES };

    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, L::In>,
        saved: &'a mut L::Saved<P, B>,
    ) -> &'a mut [L::Out] {
        L::output_mut::<P, B>(x, saved)
    }

    #[inline(always)]
    fn forward_slice<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, L::In>,
        saved: &'a mut L::Saved<P, B>,
        context: Context,
        slice: usize,
    ) {
        self.layer.forward_slice::<K, P, B>(x, saved, context.freeze(), slice);
    }

    #[inline(always)]
    fn backward_slice<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<L::T>>(
        &mut self,
        x: &[L::In],
        saved: &mut L::Saved<P, B>,
        grad: &mut [L::T],
        _: &mut (),
        _: &R,
        context: Context,
        slice: usize,
    ) {
        if D::WANTED {
            let mut none = Zeroed::ZERO;
            self.layer.backward_slice::<K, P, B, D, Keep>(x, saved, grad, &mut none, &Keep, context.freeze(), slice);
        }
    }
}

impl<L: Export> Export for Frozen<L> {
    fn source(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        out.write_str("Frozen::new(")?;
        self.layer.source(out)?;
        out.write_str(")")
    }
}
