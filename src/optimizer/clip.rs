//! Clipping each number of the gradient. Clipping by global norm needs the whole gradient: see [`Buffered`](crate::training::Buffered).

use super::{Copies, Optimizer, Rule};
use crate::kernel::Lanes;
use crate::layer::SettingError;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// An optimizer that sees every number of the gradient held between `-bound` and `bound`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipValue<O: Optimizer> {
    inner: O,
    bound: O::T,
}
crate::storage::zeroed!([O: Optimizer] ClipValue<O> { inner, bound });

impl<O: Optimizer> ClipValue<O> {
    /// An optimizer behind a bound.
    ///
    /// # Errors
    /// [`SettingError::Clip`] if the bound isn't positive.
    pub fn new(inner: O, bound: O::T) -> Result<Self, SettingError> {
        Ok(Self { inner, bound: SettingError::Clip.unless(bound > O::T::ZERO, bound)? })
    }
}

impl<O: Optimizer> Optimizer for ClipValue<O> {
    type T = O::T;
    type Rule = ClipValueRule<O::Rule, O::T>;
    fn rule(&self, step: u64, factor: O::T) -> Self::Rule {
        ClipValueRule { inner: self.inner.rule(step, factor), bound: self.bound }
    }
    fn learning_rate(&self) -> O::T {
        self.inner.learning_rate()
    }
    fn set_learning_rate(&mut self, learning_rate: O::T) -> Result<(), SettingError> {
        self.inner.set_learning_rate(learning_rate)
    }
}

/// [`ClipValue`] in one step.
#[derive(Clone, Copy, Debug)]
pub struct ClipValueRule<R, T> {
    inner: R,
    bound: T,
}

impl<T: Scalar, R: Rule<T>> Rule<T> for ClipValueRule<R, T> {
    type Slots = R::Slots;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, role: Role, w: V, slots: &mut <R::Slots as Copies>::Of<V>, g: V) -> V {
        // NaN is the second operand, so it stays.
        let g = V::splat(-self.bound).at_least(V::splat(self.bound).at_most(g));
        self.inner.update(role, w, slots, g)
    }
    #[inline(always)]
    fn due(&self) -> bool {
        self.inner.due()
    }
    #[inline(always)]
    fn hold<V: Lanes<T>>(&self, kept: [V; 2]) -> [V; 2] {
        self.inner.hold(kept)
    }
}
