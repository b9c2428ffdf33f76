//! Dropout: y = x · mask / (1 - rate) in training, y = x in use.
//!
//! The mask is a function of seed, step, layer, sample and unit, so nothing is stored: backward computes it again.

use core::fmt::{Result as Written, Write};
use core::marker::PhantomData;

use super::plan::{Given, Taken, Viewed};
use super::{
    Context, Cost, Export, InPlace, Infer, Layer, Need, No, Place, Setting, SettingError, Sliceable, Structure, size,
};
use crate::kernel::Kernels;
use crate::optimizer::{Copies, Rule};
use crate::scalar::Scalar;
use crate::storage::{Concrete, concrete};
use crate::tensor::{Array, take_mut};

/// Inverted dropout: in training a unit is 0 with probability `rate`, and the others are divided by 1 - `rate`. Srivastava et al. 2014.
#[derive(Clone, Copy, Debug)]
pub struct Dropout<const N: usize, A: Array = f32> {
    rate: Setting<A::T>,
    scalar: PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, A: Array] Dropout<N, A> { rate, scalar });

impl<const N: usize, T: Scalar, A: Array<T = T>> Dropout<N, A> {
    /// With the default rate, 0.5.
    pub const fn new() -> Self {
        Self { rate: Setting::DEFAULT, scalar: PhantomData }
    }

    /// With a rate.
    ///
    /// # Errors
    /// [`SettingError::Rate`] if it isn't in [0, 1).
    pub fn with_rate(rate: T) -> Result<Self, SettingError> {
        let mut dropout = Self::new();
        dropout.set_rate(rate)?;
        Ok(dropout)
    }

    /// With a rate, in const, as an export writes it; one that isn't in [0, 1) is the default.
    pub const fn of_rate(rate: T) -> Self {
        let valid = match concrete(rate) {
            Concrete::F32(rate) => rate >= 0.0 && rate < 1.0,
            Concrete::F64(rate) => rate >= 0.0 && rate < 1.0,
        };
        Self { rate: if valid { Setting::new(rate) } else { Setting::DEFAULT }, scalar: PhantomData }
    }

    /// The fraction that is dropped; 0.5 unless set.
    pub fn rate(&self) -> T {
        self.rate.get(T::from_f64(0.5))
    }

    /// Sets the fraction that is dropped.
    ///
    /// # Errors
    /// [`SettingError::Rate`] if it isn't in [0, 1); then nothing changes.
    pub fn set_rate(&mut self, rate: T) -> Result<(), SettingError> {
        self.rate = SettingError::Rate.unless(rate >= T::ZERO && rate < T::ONE, Setting::new(rate))?;
        Ok(())
    }

    /// Applies the mask: a unit is kept where the top 24 bits of its word, as a fraction, are at least the rate.
    #[inline(always)]
    fn mask(&self, rows: &mut [[A; N]], context: Context) {
        let rate = self.rate();
        let threshold = rate * T::from_u32(1 << 24);
        let scale = T::ONE / (T::ONE - rate);
        for (sample, row) in rows.iter_mut().enumerate() {
            for (unit, value) in A::flatten_mut(row).iter_mut().enumerate() {
                let kept = T::from_u32(context.word(sample, unit) >> 8) >= threshold;
                *value = if kept { *value * scale } else { T::ZERO };
            }
        }
    }
}

impl<const N: usize, A: Array> Default for Dropout<N, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Infer for Dropout<N, A> {
    type In = [A; N];
    type Out = [A; N];
    type Plan<P: Place, const B: usize> = Viewed<P>;
    const STRUCTURE: Structure = Structure::NONE;
    const COST: Cost = {
        size::positive_each::<A>("Dropout", N);
        Cost::NONE
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        const { _ = Self::COST }
        x.cast()
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Layer for Dropout<N, A> {
    type T = T;
    type Wants = InPlace;
    type Leaves = InPlace;
    type Learns = No;
    type Saved<P: Place, const B: usize> = P::Buffer<[[A; N]; B]>;
    type Wide<const B: usize> = [[A; N]; B];
    type Slots<K: Copies> = ();

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [A; N]>,
        saved: &'a mut P::Buffer<[[A; N]; B]>,
        context: Context,
    ) -> &'a mut [[A; N]] {
        const { _ = Self::COST }
        let y = P::own(x, saved);
        self.mask(y, context);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [[A; N]], saved: &'a P::Buffer<[[A; N]; B]>) -> &'a [[A; N]] {
        P::output(x, saved)
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[A; N]],
        _: &mut P::Buffer<[[A; N]; B]>,
        grad: &mut [T],
        _: &mut (),
        _: &R,
        context: Context,
    ) {
        if D::WANTED {
            let rows = take_mut(Array::group_mut(grad), x.len());
            self.mask(rows, context);
        }
    }

    crate::no_parameters!();
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Sliceable for Dropout<N, A> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, [A; N]>,
        saved: &'a mut P::Buffer<[[A; N]; B]>,
    ) -> &'a mut [[A; N]] {
        P::output_mut(x, saved)
    }
}

impl<const N: usize, T: Scalar, A: Array<T = T>> Export for Dropout<N, A> {
    fn source(&self, out: &mut impl Write) -> Written {
        write!(out, "Dropout::of_rate({:?})", self.rate())
    }
}
