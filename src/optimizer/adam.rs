//! Adam and AdamW.

use super::bounds::{both_held, due, is_fast};
use super::decay::Decay;
use super::{CopiesOf, Optimizer, Rule, checked_epsilon, checked_rate, is_finite_from_0, tried};
use crate::kernel::{Formula, Lanes};
use crate::layer::SettingError;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::nearest;

/// Adam: m ← β₁ m + (1 - β₁) g; v ← β₂ v + (1 - β₂) g²; w ← w - η m̂ / (√v̂ + ε), with m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ).
///
/// Keeps m and v. Defaults: β₁ = 0.9, β₂ = 0.999, ε = 10⁻⁷, outside the root. Kingma and Ba 2015.
///
/// A gradient whose square overflows leaves the weight where it is, as one does in `f64` that is so much larger than
/// those that follow. v is then infinite; after every 128th step (after each, if β₂ < 0.945) it becomes the largest
/// number, and m at most the (1 - β₁) / √(1 - β₂) times its root that a single gradient makes of it. From there both
/// sink as ever, and the weight moves again. In `f32` with β₂ = 0.999 that takes about 89,000 steps; as many as in
/// `f64` where |g| is up to 6·10²⁰, at most a tenth fewer up to 10²², and fewer than in `f64` beyond. To have such a
/// gradient refused or made smaller, clip it.
///
/// After the same steps an m below 2²⁶ times the smallest normal number and a v below 2¹¹ times it become 0 (8·10⁻³¹
/// and 2·10⁻³⁵ in `f32`), because arithmetic with smaller ones is slow on many processors: where a gradient stays 0,
/// the weight comes to rest.
///
/// β₁ and β₂ are `f64` in every precision: 1 - β and ln β are rounded to `T` once, when the optimizer is made, and 1 -
/// βᵗ is -expm1(t ln β) in `T`. Made in a `const`, it leaves no arithmetic of `f64` to the program:
///
/// ```
/// # use stackprop::prelude::*;
/// const ADAM: Adam = match Adam::new(0.002) {
///     Ok(adam) => adam,
///     Err(_) => panic!("not a learning rate"),
/// };
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam<T = f32> {
    learning_rate: T,
    epsilon: T,
    first: Decay<T>,
    second: Decay<T>,
}
crate::storage::zeroed!([T: Scalar] Adam<T> { learning_rate, epsilon, first, second });

impl<T: Scalar> Adam<T> {
    const FIRST: Decay<T> = Decay::of(0.9);
    const SECOND: Decay<T> = Decay::of(0.999);

    /// With a learning rate η.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] if it isn't finite or is negative.
    pub const fn new(learning_rate: T) -> Result<Self, SettingError> {
        let learning_rate = tried!(checked_rate(learning_rate));
        Ok(Self { learning_rate, epsilon: nearest(1e-7), first: Self::FIRST, second: Self::SECOND })
    }

    /// With another β₁ and β₂.
    ///
    /// # Errors
    /// [`SettingError::Momentum`] if one isn't in [0, 1).
    pub const fn betas(self, beta1: f64, beta2: f64) -> Result<Self, SettingError> {
        Ok(Self { first: tried!(Decay::checked(beta1)), second: tried!(Decay::checked(beta2)), ..self })
    }

    /// With another ε.
    ///
    /// # Errors
    /// [`SettingError::Epsilon`] if it isn't finite and positive.
    pub const fn epsilon(self, epsilon: T) -> Result<Self, SettingError> {
        Ok(Self { epsilon: tried!(checked_epsilon(epsilon)), ..self })
    }
}

impl<T: Scalar> Optimizer for Adam<T> {
    type T = T;
    type Rule = AdamRule<T>;
    fn rule(&self, step: u64, factor: T) -> AdamRule<T> {
        // To 2³², where 1 - βᵗ is 1 for all but a β that is 1 to nine digits.
        let t = T::from_u32(u32::try_from(step).unwrap_or(u32::MAX)) + T::ONE;
        AdamRule {
            rate: self.learning_rate * factor / self.first.weight(t),
            correction: T::ONE / self.second.weight(t),
            betas: [self.first, self.second].map(|decay| [decay.beta(), decay.rest()]),
            epsilon: self.epsilon,
            keep: T::ONE,
            due: due(step) || is_fast(self.second.beta()),
        }
    }
    fn learning_rate(&self) -> T {
        self.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.learning_rate = checked_rate(learning_rate)?;
        Ok(())
    }
}

/// Adam with decoupled weight decay: w ← (1 - η λ) w, then Adam's update. Every parameter decays. Loshchilov and Hutter 2019.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW<T = f32> {
    adam: Adam<T>,
    weight_decay: T,
}
crate::storage::zeroed!([T: Scalar] AdamW<T> { adam, weight_decay });

impl<T: Scalar> AdamW<T> {
    /// With a learning rate η and a weight decay λ.
    ///
    /// # Errors
    /// [`SettingError::LearningRate`] and [`SettingError::WeightDecay`] if one isn't finite or is negative.
    pub const fn new(learning_rate: T, weight_decay: T) -> Result<Self, SettingError> {
        Self::with(tried!(Adam::new(learning_rate)), weight_decay)
    }

    /// With the numbers of an [`Adam`] and a weight decay λ.
    ///
    /// # Errors
    /// [`SettingError::WeightDecay`] if λ isn't finite or is negative.
    pub const fn with(adam: Adam<T>, weight_decay: T) -> Result<Self, SettingError> {
        if is_finite_from_0(weight_decay) { Ok(Self { adam, weight_decay }) } else { Err(SettingError::WeightDecay) }
    }
}

impl<T: Scalar> Optimizer for AdamW<T> {
    type T = T;
    type Rule = AdamRule<T>;
    fn rule(&self, step: u64, factor: T) -> AdamRule<T> {
        let keep = T::ONE - self.adam.learning_rate * factor * self.weight_decay;
        AdamRule { keep, ..self.adam.rule(step, factor) }
    }
    fn learning_rate(&self) -> T {
        self.adam.learning_rate
    }
    fn set_learning_rate(&mut self, learning_rate: T) -> Result<(), SettingError> {
        self.adam.set_learning_rate(learning_rate)
    }
}

/// [`Adam`] or [`AdamW`] in one step.
#[derive(Clone, Copy, Debug)]
pub struct AdamRule<T> {
    /// η / (1 - β₁ᵗ).
    rate: T,
    /// 1 / (1 - β₂ᵗ).
    correction: T,
    /// β and 1 - β of both means.
    betas: [[T; 2]; 2],
    epsilon: T,
    /// What is left of a weight before its update: 1, or 1 - ηλ.
    keep: T,
    /// Whether it is time for `hold`.
    due: bool,
}

impl<T: Scalar> Rule<T> for AdamRule<T> {
    type Slots = CopiesOf<2>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, _: Role, w: V, [m, v]: &mut [V; 2], g: V) -> V {
        let [[beta1, rest1], [beta2, rest2]] = self.betas;
        *m = V::splat(beta1).mul_add(*m, V::splat(rest1) * g);
        *v = V::splat(beta2).mul_add(*v, V::splat(rest2) * g * g);
        let root = (*v * V::splat(self.correction)).sqrt() + V::splat(self.epsilon);
        w * V::splat(self.keep) - V::splat(self.rate) * *m / root
    }
    #[inline(always)]
    fn due(&self) -> bool {
        self.due
    }
    #[inline(always)]
    fn hold<V: Lanes<T>>(&self, kept: [V; 2]) -> [V; 2] {
        let [[_, rest1], [_, rest2]] = self.betas;
        both_held(kept, || rest1 / rest2.sqrt())
    }
    #[inline(always)]
    fn formula(&self) -> Formula<T> {
        let Self { rate, correction, betas: [[beta1, rest1], [beta2, rest2]], epsilon, keep, .. } = *self;
        Formula::Adam([beta1, rest1, beta2, rest2, correction, epsilon, rate, keep])
    }
}
