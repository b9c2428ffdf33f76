//! Categorical cross-entropy: L = -Σᵢ tᵢ ln pᵢ.
//!
//! On probabilities: ∂L/∂pᵢ = -tᵢ / pᵢ. Fused with softmax, on logits x: L = Σᵢ tᵢ (ln Σⱼ eˣʲ - xᵢ), ∂L/∂xᵢ = pᵢ Σt - tᵢ.
//! A target is a label, or a probability for each class (one-hot or soft).

use core::slice::{from_mut, from_ref};

use super::{Compares, Loss, TargetError, check_finite};
use crate::kernel::{self, Function, Kernels, Lanes, Portable};
use crate::layer::BLOCK;
use crate::layer::size::positive;
use crate::scalar::Scalar;
use crate::tensor::{Vector, take_mut};
use crate::total::{self, Total};

/// Categorical cross-entropy of probabilities: what [`Softmax`](crate::layer::Softmax) gives. They are held in [10⁻⁷, 1 - 10⁻⁷], in the
/// logarithm and in the gradient.
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalCrossEntropy<const CLASSES: usize> {
    nothing: (),
}
crate::storage::zeroed!([const CLASSES: usize] CategoricalCrossEntropy<CLASSES> { nothing });

/// Softmax and categorical cross-entropy in one: takes logits, never meets ln 0, and its gradient is p - t.
#[derive(Clone, Copy, Debug, Default)]
pub struct SoftmaxCrossEntropy<const CLASSES: usize> {
    nothing: (),
}
crate::storage::zeroed!([const CLASSES: usize] SoftmaxCrossEntropy<CLASSES> { nothing });

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
        const { positive("CategoricalCrossEntropy", &["CLASSES"], &[CLASSES]) }
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
        const { positive("CategoricalCrossEntropy", &["CLASSES"], &[CLASSES]) }
        total::sum(y.iter().zip(&target.0).map(|(&y, &t)| t * surprise(y)))
    }
}

/// dy = e^(y - max y) of at most [`BLOCK`] samples. Returns the sum of each of these, its logarithm, and max y.
#[inline(always)]
fn softmax<K: Kernels, T: Scalar, const CLASSES: usize>(
    y: &[[T; CLASSES]],
    dy: &mut [[T; CLASSES]],
) -> [[T; BLOCK]; 3] {
    const { positive("SoftmaxCrossEntropy", &["CLASSES"], &[CLASSES]) }
    let (mut max, mut sum, n) = ([T::ZERO; BLOCK], [T::ZERO; BLOCK], y.len().min(dy.len()));
    kernel::below_largest::<K, T, CLASSES>(y, dy, &mut max, &mut sum);
    let mut ln_sum = sum;
    kernel::each::<K, T, kernel::LnNormal>(take_mut(&mut ln_sum, n));
    [sum, ln_sum, max]
}

/// ln Σⱼ e^(yʲ - max y), and max y: without room for the exponentials, and with the bits that [`softmax`] has.
#[inline(always)]
fn log_sum<T: Scalar, const CLASSES: usize>(y: &[T; CLASSES]) -> (T, T) {
    const { positive("SoftmaxCrossEntropy", &["CLASSES"], &[CLASSES]) }
    let [max, sum] = kernel::sum_below_largest(y);
    (kernel::LnNormal::of(sum), max)
}

/// Gradients and the sum of the losses, with labels; of a `SINGLE` sample in vectors.
#[inline(always)]
fn by_label<K: Kernels, T: Scalar, L: Label, const CLASSES: usize, const SINGLE: bool>(
    y: &[[T; CLASSES]],
    labels: &[L],
    scale: T,
    dy: &mut [[T; CLASSES]],
) -> T {
    let mut total = Total::ZERO;
    for ((y, dy), labels) in y.chunks(BLOCK).zip(dy.chunks_mut(BLOCK)).zip(labels.chunks(BLOCK)) {
        let [sum, ln_sum, max] = softmax::<K, T, CLASSES>(y, dy);
        let mut loss = T::ZERO;
        for (((y, dy), label), ((sum, ln_sum), max)) in
            y.iter().zip(dy).zip(labels).zip(sum.into_iter().zip(ln_sum).zip(max))
        {
            let (factor, label) = (scale / sum, label.index());
            if SINGLE {
                kernel::scale_less::<K, T, CLASSES>(dy, factor, label, scale);
            } else if <T::Lanes<K> as Lanes<T>>::LANES > 1 {
                for (class, dy) in dy.iter_mut().enumerate() {
                    *dy = *dy * factor - if class == label { scale } else { T::ZERO };
                }
            } else {
                scale_all(dy, factor);
                if let Some(dy) = dy.get_mut(label) {
                    *dy -= scale;
                }
            }
            loss += ln_sum + (max - probability(y, label));
        }
        total.add(loss);
    }
    total.value()
}

/// Each number by a factor, one at a time: in a loop where there are many, which the compiler would write out otherwise.
#[inline(always)]
fn scale_all<T: Scalar, const N: usize>(values: &mut [T; N], factor: T) {
    #[inline(never)]
    fn many<T: Scalar>(values: &mut [T], factor: T) {
        values.iter_mut().for_each(|value| *value *= factor);
    }
    if const { N <= 4 } {
        values.iter_mut().for_each(|value| *value *= factor);
    } else if !kernel::scale(values, &factor) {
        many(values, factor);
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
        self.gradients::<Portable>(from_ref(y), from_ref(label), scale, from_mut(dy))
    }
    #[inline(always)]
    fn gradients<K: Kernels>(&self, y: &[[T; CLASSES]], labels: &[L], scale: T, dy: &mut [[T; CLASSES]]) -> T {
        if <T::Lanes<K> as Lanes<T>>::LANES > 1 && CLASSES <= 4 && labels.len() == 1 {
            by_label::<K, T, L, CLASSES, true>(y, labels, scale, dy)
        } else {
            by_label::<K, T, L, CLASSES, false>(y, labels, scale, dy)
        }
    }
    #[inline(always)]
    fn loss(&self, y: &[T; CLASSES], label: &L) -> T {
        let (ln_sum, max) = log_sum(y);
        // From +0, as the sum of a batch.
        T::ZERO + (ln_sum + (max - probability(y, *label)))
    }
}

impl<T: Scalar, const CLASSES: usize> Compares<[T; CLASSES], Vector<CLASSES, T>> for SoftmaxCrossEntropy<CLASSES> {
    #[inline(always)]
    fn check(&self, target: &Vector<CLASSES, T>) -> Result<(), TargetError> {
        check_finite(&target.0)
    }
    #[inline(always)]
    fn gradient(&self, y: &[T; CLASSES], target: &Vector<CLASSES, T>, scale: T, dy: &mut [T; CLASSES]) -> T {
        self.gradients::<Portable>(from_ref(y), from_ref(target), scale, from_mut(dy))
    }
    #[inline(always)]
    fn gradients<K: Kernels>(
        &self,
        y: &[[T; CLASSES]],
        targets: &[Vector<CLASSES, T>],
        scale: T,
        dy: &mut [[T; CLASSES]],
    ) -> T {
        let mut total = Total::ZERO;
        for ((y, dy), targets) in y.chunks(BLOCK).zip(dy.chunks_mut(BLOCK)).zip(targets.chunks(BLOCK)) {
            let [sum, ln_sum, max] = softmax::<K, T, CLASSES>(y, dy);
            let mut loss = T::ZERO;
            for (((y, dy), target), ((sum, ln_sum), max)) in
                y.iter().zip(dy).zip(targets).zip(sum.into_iter().zip(ln_sum).zip(max))
            {
                let factor = scale * target.sum() / sum;
                for (dy, &t) in dy.iter_mut().zip(&target.0) {
                    *dy = *dy * factor - t * scale;
                }
                // Σᵢ tᵢ (ln Σⱼ eˣʲ - xᵢ)
                loss += total::sum(y.iter().zip(&target.0).map(|(&y, &t)| t * (ln_sum + (max - y))));
            }
            total.add(loss);
        }
        total.value()
    }
    #[inline(always)]
    fn loss(&self, y: &[T; CLASSES], target: &Vector<CLASSES, T>) -> T {
        let (ln_sum, max) = log_sum(y);
        // From +0, as the sum of a batch.
        T::ZERO + total::sum(y.iter().zip(&target.0).map(|(&y, &t)| t * (ln_sum + (max - y))))
    }
}
