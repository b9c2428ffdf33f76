//! L1 and L2 penalties on a layer's weights and biases: λ₁ Σ|w| + λ₂ Σw².
//!
//! Backward: λ₁ sign(w) + 2 λ₂ w is added to the gradient, with sign(0) = 0.

use super::plan::{Activations, Given, Sample, Short, Taken};
use super::{
    Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, SettingError, Sliceable, Slices, Structure,
};
use crate::kernel::{Applied, Kernels, Lanes, Pointwise};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::total::Total;

/// The four λ of a [`Regularized`] layer; none is set at first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Penalty<T = f32> {
    /// λ₁ of the weights.
    pub weight_l1: T,
    /// λ₂ of the weights.
    pub weight_l2: T,
    /// λ₁ of the biases.
    pub bias_l1: T,
    /// λ₂ of the biases.
    pub bias_l2: T,
}
crate::storage::zeroed!([T: Scalar] Penalty<T> { weight_l1, weight_l2, bias_l1, bias_l2 });

/// A layer whose weights and biases are penalised: the loss grows by λ₁ Σ|w| + λ₂ Σw² for each. No λ is set at first.
#[derive(Clone, Debug)]
pub struct Regularized<L: Layer> {
    layer: L,
    penalty: Penalty<L::T>,
}
crate::storage::zeroed!([L: Layer] Regularized<L> { layer, penalty });

impl<L: Layer> Regularized<L> {
    /// A layer without a penalty yet, in const.
    pub const fn new(layer: L) -> Self {
        Self { layer, penalty: Zeroed::ZERO }
    }

    /// The layer.
    pub const fn layer(&self) -> &L {
        &self.layer
    }

    /// The layer, to be changed.
    pub const fn layer_mut(&mut self) -> &mut L {
        &mut self.layer
    }

    /// Sets the four λ.
    ///
    /// # Errors
    /// [`SettingError::Penalty`] if one isn't finite or is negative; then nothing changes.
    pub fn set_penalty(&mut self, penalty: Penalty<L::T>) -> Result<(), SettingError> {
        let Penalty { weight_l1, weight_l2, bias_l1, bias_l2 } = penalty;
        let valid = [weight_l1, weight_l2, bias_l1, bias_l2].iter().all(|l| l.is_finite() && *l >= L::T::ZERO);
        self.penalty = SettingError::Penalty.unless(valid, penalty)?;
        Ok(())
    }
}

impl<T: Scalar> Penalty<T> {
    #[inline(always)]
    fn of(&self, role: Role) -> (T, T) {
        match role {
            Role::Weight => (self.weight_l1, self.weight_l2),
            Role::Bias => (self.bias_l1, self.bias_l2),
            Role::Scale | Role::Setting | Role::State => (T::ZERO, T::ZERO),
        }
    }
}

/// A rule that adds the gradient of a [`Penalty`].
#[derive(Clone, Copy, Debug)]
pub struct PenaltyRule<R, T> {
    rule: R,
    penalty: Penalty<T>,
}

impl<T: Scalar, R: Rule<T>> Rule<T> for PenaltyRule<R, T> {
    type Slots = R::Slots;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, role: Role, w: V, slots: &mut <R::Slots as Copies>::Of<V>, g: V) -> V {
        let ((l1, l2), share) = (self.penalty.of(role), self.rule.share());
        let (l1, l2) = (l1 * share, (l2 + l2) * share);
        self.rule.update(role, w, slots, g + V::splat(l2) * w + V::splat(l1) * w.sign())
    }
    #[inline(always)]
    fn due(&self) -> bool {
        self.rule.due()
    }
    #[inline(always)]
    fn hold<V: Lanes<T>>(&self, kept: [V; 2]) -> [V; 2] {
        self.rule.hold(kept)
    }
    #[inline(always)]
    fn share(&self) -> T {
        self.rule.share()
    }
}

impl<L: Layer> Infer for Regularized<L> {
    type In = L::In;
    type Out = L::Out;
    type Plan<P: Place, const B: usize> = L::Plan<P, B>;
    const STRUCTURE: Structure = L::STRUCTURE;
    const COST: Cost = L::COST;
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

impl<L: Layer> Layer for Regularized<L> {
    type T = L::T;
    type Wants = L::Wants;
    type Leaves = L::Leaves;
    type Learns = L::Learns;
    type Saved<P: Place, const B: usize> = L::Saved<P, B>;
    type Wide<const B: usize> = L::Wide<B>;
    type Slots<K: Copies> = L::Slots<K>;

    #[inline(always)]
    fn needs_two(&self) -> Option<&'static str> {
        self.layer.needs_two()
    }

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, L::In>,
        saved: &'a mut L::Saved<P, B>,
        context: Context,
    ) -> &'a mut [L::Out] {
        self.layer.forward::<K, P, B>(x, saved, context)
    }

    #[inline(always)]
    fn forward_then<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, L::In>,
        saved: &'a mut L::Saved<P, B>,
        context: Context,
        f: impl Pointwise<L::T>,
    ) -> &'a mut [L::Out] {
        self.layer.forward_then::<K, P, B>(x, saved, context, f)
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
        slots: &mut L::Slots<R::Slots>,
        rule: &R,
        context: Context,
    ) {
        let rule = PenaltyRule { rule: *rule, penalty: self.penalty };
        self.layer.backward::<K, P, B, D, PenaltyRule<R, L::T>>(x, saved, grad, slots, &rule, context);
    }

    #[inline(always)]
    fn backward_then<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<L::T>>(
        &mut self,
        x: &[L::In],
        saved: &mut L::Saved<P, B>,
        grad: &mut [L::T],
        slots: &mut L::Slots<R::Slots>,
        rule: &R,
        context: Context,
        f: impl Pointwise<L::T>,
    ) {
        let rule = PenaltyRule { rule: *rule, penalty: self.penalty };
        self.layer.backward_then::<K, P, B, D, PenaltyRule<R, L::T>>(x, saved, grad, slots, &rule, context, f);
    }

    #[inline(always)]
    fn turn<'a, K: Kernels, R: Rule<L::T>>(
        &mut self,
        x: [&'a [L::In]; 2],
        saved: &'a mut L::Saved<Apart, 1>,
        grad: &mut [L::T],
        slots: &mut L::Slots<R::Slots>,
        rule: &R,
        contexts: [Context; 2],
    ) -> &'a mut [L::Out] {
        let rule = PenaltyRule { rule: *rule, penalty: self.penalty };
        self.layer.turn::<K, PenaltyRule<R, L::T>>(x, saved, grad, slots, &rule, contexts)
    }

    #[inline(always)]
    fn observe<P: Place, const B: usize>(&mut self, saved: &L::Saved<P, B>, samples: usize) {
        self.layer.observe::<P, B>(saved, samples);
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
        let mut total = Total::ZERO;
        total.add(self.layer.penalty());
        self.layer.visit(Path::default(), &mut |parameter| {
            let (l1, l2) = self.penalty.of(parameter.info.role);
            for w in parameter.values() {
                total.add(l1 * w.abs() + l2 * w * w);
            }
        });
        total.value()
    }
}

impl<L: Sliceable> Sliceable for Regularized<L> {
    const SLICES: Slices = L::SLICES;

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
        self.layer.forward_slice::<K, P, B>(x, saved, context, slice);
    }

    #[inline(always)]
    fn backward_slice<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<L::T>>(
        &mut self,
        x: &[L::In],
        saved: &mut L::Saved<P, B>,
        grad: &mut [L::T],
        slots: &mut L::Slots<R::Slots>,
        rule: &R,
        context: Context,
        slice: usize,
    ) {
        let rule = PenaltyRule { rule: *rule, penalty: self.penalty };
        self.layer.backward_slice::<K, P, B, D, PenaltyRule<R, L::T>>(x, saved, grad, slots, &rule, context, slice);
    }
}

impl<L: Export + Layer> Export for Regularized<L> {
    fn source(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
        out.write_str("Regularized::new(")?;
        self.layer.source(out)?;
        out.write_str(")")
    }
}
