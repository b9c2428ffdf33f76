//! FrozenRef: a frozen layer, or network, that stays where it is: in flash.

use super::plan::{Activations, Given, Sample, Short, Taken};
use super::{Context, Cost, Export, InPlace, Infer, Layer, Need, No, Place, Sliceable, Slices, Structure};
use crate::kernel::Kernels;
use crate::optimizer::{Copies, Rule};
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// A layer, or a network, in front of others, that isn't trained and isn't copied: a trunk in flash under a head in RAM. It is one word.
///
/// It starts without a layer: [`set`](Self::set) gives it one, before or after a trainer's `reset`. Until then a trainer's
/// methods return [`NotReady`](crate::training::NotReady). A [`Workspace`](crate::tape::Workspace) or a [`Tape`](crate::tape::Tape), which
/// have no error, don't take a network with a `FrozenRef`: there, trunk and head are two networks, one after the other.
///
/// It has no backward pass, so it cannot stand behind a layer that learns; the compiler says so.
///
/// The trunk's weights belong to nobody's training: they are not in files, not initialised, not counted as parameters. An
/// [export](crate::weights::export) refers to a `TRUNK` that the file which includes it defines.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Trunk = (Dense<2, 3>, ReLU<3>);
/// static TRUNK: Trunk = (Dense::new([[1.0, -1.0, 0.5], [0.0, 2.0, -0.5]], [0.0; 3]), Zeroed::ZERO);
///
/// let mut training = Trainer::<(FrozenRef<Trunk>, Dense<3, 2>), SoftmaxCrossEntropy<2>, Sgd, 1>::ZERO;
/// training.net_mut().0.set(&TRUNK);
/// training.reset(1, Sgd::new(0.1)?)?;
/// training.step(&Matrix::new([[1.0, 0.0]]), &[1u8])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FrozenRef<L: 'static> {
    layer: Option<&'static L>,
}
crate::storage::zeroed!([L: 'static] FrozenRef<L> { layer });

impl<L> FrozenRef<L> {
    /// With its layer, in const.
    pub const fn new(layer: &'static L) -> Self {
        Self { layer: Some(layer) }
    }

    /// Gives it its layer, or another one.
    pub const fn set(&mut self, layer: &'static L) {
        self.layer = Some(layer);
    }

    /// The layer, if it was given.
    pub const fn layer(&self) -> Option<&'static L> {
        self.layer
    }
}

impl<L: Infer> Infer for FrozenRef<L> {
    type In = L::In;
    type Out = L::Out;
    type Plan<P: Place, const B: usize> = L::Plan<P, B>;
    const STRUCTURE: Structure = Structure::NONE;
    const COST: Cost = Cost { forward: L::COST.forward, references: 1, ..Cost::NONE };

    fn is_ready(&self) -> bool {
        self.layer.is_some_and(Infer::is_ready)
    }

    #[inline(always)]
    fn accepts(x: &L::In) -> bool {
        L::accepts(x)
    }

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        match self.layer {
            Some(layer) => layer.infer::<K, P, B>(x),
            None => x.none(),
        }
    }

    #[inline(always)]
    fn infer_last<'m, K: Kernels, P: Place, Y: Sample, const B: usize>(
        &self,
        x: Activations<'m, Self::In, P, Short<L, P, B>, B>,
    ) -> Activations<'m, Y, InPlace, Short<L, P, B>, B> {
        match self.layer {
            Some(layer) => layer.infer_last::<K, P, Y, B>(x),
            None => x.none(),
        }
    }
}

impl<L: Layer> Layer for FrozenRef<L> {
    type T = L::T;
    type Wants = L::Wants;
    type Leaves = L::Leaves;
    type Learns = No;
    type Saved<P: Place, const B: usize> = L::Saved<P, B>;
    type Wide<const B: usize> = [L::Out; B];
    type Slots<K: Copies> = ();

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, L::In>,
        saved: &'a mut L::Saved<P, B>,
        context: Context,
    ) -> &'a mut [L::Out] {
        match self.layer {
            Some(layer) => layer.forward::<K, P, B>(x, saved, context.freeze()),
            None => &mut [],
        }
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [L::In], saved: &'a L::Saved<P, B>) -> &'a [L::Out] {
        L::output::<P, B>(x, saved)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<L::T>>(
        &mut self,
        _: &[L::In],
        _: &mut L::Saved<P, B>,
        grad: &mut [L::T],
        _: &mut (),
        _: &R,
        _: Context,
    ) {
        // In a network the compiler refuses this, see `Cost::then`.
        if D::WANTED {
            grad.fill(L::T::from_f64(f64::NAN));
        }
    }

    fn penalty(&self) -> L::T {
        self.layer.map_or(L::T::ZERO, Layer::penalty)
    }

    crate::no_parameters!();
}

impl<L: Sliceable> Sliceable for FrozenRef<L> {
    const SLICES: Slices = Slices { backward: 1, skipped: 1, ..L::SLICES };

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
        if let Some(layer) = self.layer {
            layer.forward_slice::<K, P, B>(x, saved, context.freeze(), slice);
        }
    }
}

impl<L: Export> Export for FrozenRef<L> {
    fn source(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        out.write_str("FrozenRef::new(&TRUNK)")
    }
}
