//! Categorical cross-entropy: L = -Σᵢ tᵢ ln pᵢ.
//!
//! On probabilities: ∂L/∂pᵢ = -tᵢ / pᵢ. Fused with softmax, on logits x: L = Σᵢ tᵢ (ln Σⱼ eˣʲ - xᵢ), ∂L/∂xᵢ = pᵢ Σt - tᵢ.
//! A target is a label, or a probability for each class (one-hot or soft).

use super::{Compares, Loss, TargetError, check_finite};
use crate::scalar::Scalar;
use crate::tensor::Vector;

/// Categorical cross-entropy of probabilities: what [`Softmax`](crate::layer::Softmax) gives. They are held in [10⁻⁷, 1 - 10⁻⁷], in the
/// logarithm and in the gradient.
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalCrossEntropy<const CLASSES: usize> {
    nothing: (),
}
crate::zeroed!([const CLASSES: usize] CategoricalCrossEntropy<CLASSES> { nothing });

/// Softmax and categorical cross-entropy in one: takes logits, never meets ln 0, and its gradient is p - t.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftmaxCrossEntropy<const CLASSES: usize> {
    nothing: (),
}
crate::zeroed!([const CLASSES: usize] SoftmaxCrossEntropy<CLASSES> { nothing });

/// The number of a class: `u8`, `u16`, `u32` or `usize`.
pub trait Label: Copy {
    /// As an index.
    fn index(self) -> usize;
}

macro_rules! labels { ($($t:ty)*) => { $(
    impl Label for $t {
        #[inline(always)]
        fn index(self) -> usize {
            self as usize
        }
    }
)* } }
labels!(u8 u16 u32 usize);

#[inline(always)]
fn check_label(label: impl Label, classes: usize) -> Result<(), TargetError> {
    let label = label.index();
    if label < classes { Ok(()) } else { Err(TargetError::Label { label, classes }) }
}

impl<T: Scalar, const CLASSES: usize> Loss<[T; CLASSES]> for CategoricalCrossEntropy<CLASSES> {}
impl<T: Scalar, const CLASSES: usize> Loss<[T; CLASSES]> for SoftmaxCrossEntropy<CLASSES> {}

/// p, held between the bounds; NaN stays.
#[inline(always)]
fn clipped<T: Scalar>(p: T) -> T {
    let clip = T::from_f64(1e-7);
    p.clamp(clip, T::ONE - clip)
}

/// -ln p.
#[inline(always)]
fn surprise<T: Scalar>(p: T) -> T {
    -clipped(p).ln()
}

#[inline(always)]
fn probability<T: Scalar, const CLASSES: usize>(y: &[T; CLASSES], label: impl Label) -> T {
    y.get(label.index()).copied().unwrap_or(T::ZERO)
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, L: Label, const CLASSES: usize> Compares<[T; CLASSES], L> for CategoricalCrossEntropy<CLASSES> {
    #[inline(always)]
    fn check(&self, label: &L) -> Result<(), TargetError> {
        check_label(*label, CLASSES)
    }
    #[inline(always)]
    fn gradient(&self, y: &[T; CLASSES], label: &L, scale: T, dy: &mut [T; CLASSES]) -> T {
        dy.fill(T::ZERO);
        let p = probability(y, *label);
        if let Some(dy) = dy.get_mut(label.index()) {
            *dy = -scale / clipped(p);
        }
        surprise(p)
    }
    #[inline(always)]
    fn loss(&self, y: &[T; CLASSES], label: &L) -> T {
        surprise(probability(y, *label))
    }
}

impl<T: Scalar, const CLASSES: usize> Compares<[T; CLASSES], Vector<CLASSES, T>> for CategoricalCrossEntropy<CLASSES> {
    #[inline(always)]
    fn check(&self, target: &Vector<CLASSES, T>) -> Result<(), TargetError> {
        check_finite(&target.0)
    }
    #[inline(always)]
    fn gradient(&self, y: &[T; CLASSES], target: &Vector<CLASSES, T>, scale: T, dy: &mut [T; CLASSES]) -> T {
        for i in 0..CLASSES {
            dy[i] = -target.0[i] * scale / clipped(y[i]);
        }
        self.loss(y, target)
    }
    #[inline(always)]
    fn loss(&self, y: &[T; CLASSES], target: &Vector<CLASSES, T>) -> T {
        y.iter().zip(&target.0).fold(T::ZERO, |sum, (&y, &t)| sum + t * surprise(y))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, L: Label, const CLASSES: usize> Compares<[T; CLASSES], L> for SoftmaxCrossEntropy<CLASSES> {
    #[inline(always)]
    fn check(&self, label: &L) -> Result<(), TargetError> {
        check_label(*label, CLASSES)
    }
    #[inline(always)]
    fn gradient(&self, y: &[T; CLASSES], label: &L, scale: T, dy: &mut [T; CLASSES]) -> T {
        *dy = *y;
        let (max, sum) = crate::layer::exponentials(dy);
        let factor = scale / sum;
        for dy in &mut *dy {
            *dy *= factor;
        }
        if let Some(dy) = dy.get_mut(label.index()) {
            *dy -= scale;
        }
        sum.ln() + (max - probability(y, *label))
    }
    #[inline(always)]
    fn loss(&self, y: &[T; CLASSES], label: &L) -> T {
        let (max, sum) = crate::layer::exponentials(&mut { *y });
        sum.ln() + (max - probability(y, *label))
    }
}

impl<T: Scalar, const CLASSES: usize> Compares<[T; CLASSES], Vector<CLASSES, T>> for SoftmaxCrossEntropy<CLASSES> {
    #[inline(always)]
    fn check(&self, target: &Vector<CLASSES, T>) -> Result<(), TargetError> {
        check_finite(&target.0)
    }
    #[inline(always)]
    fn gradient(&self, y: &[T; CLASSES], target: &Vector<CLASSES, T>, scale: T, dy: &mut [T; CLASSES]) -> T {
        *dy = *y;
        let (max, sum) = crate::layer::exponentials(dy);
        let factor = scale * target.sum() / sum;
        for (dy, &t) in dy.iter_mut().zip(&target.0) {
            *dy = *dy * factor - t * scale;
        }
        soft_loss(y, target, max, sum)
    }
    #[inline(always)]
    fn loss(&self, y: &[T; CLASSES], target: &Vector<CLASSES, T>) -> T {
        let (max, sum) = crate::layer::exponentials(&mut { *y });
        soft_loss(y, target, max, sum)
    }
}

/// Σᵢ tᵢ (ln Σⱼ eˣʲ - xᵢ).
#[inline(always)]
fn soft_loss<T: Scalar, const CLASSES: usize>(x: &[T; CLASSES], target: &Vector<CLASSES, T>, max: T, sum: T) -> T {
    let ln_sum = sum.ln();
    x.iter().zip(&target.0).fold(T::ZERO, |loss, (&x, &t)| loss + t * (ln_sum + (max - x)))
}
