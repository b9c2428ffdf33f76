//! Sums of many numbers one by one: means of losses, of tensors, of penalties.
//!
//! Numbers go in blocks of [`BLOCK`], each summed in order, and to each next block is added what rounding took from the
//! sum before (Kahan 1965): the order is fixed by how many there are, and the error doesn't grow with it. Up to a block
//! it is the plain sum. At worst, of equal numbers, a mean in `f32` is wrong by 6 · 10⁻⁷.

pub use crate::kernel::BLOCK;
use crate::kernel::two_sum;
use crate::scalar::Scalar;

/// A sum that grows, and what rounding took from it last.
#[derive(Clone, Copy, Debug)]
pub struct Total<T> {
    sum: T,
    rest: T,
}
crate::storage::zeroed!([T: Scalar] Total<T> { sum, rest });

impl<T: Scalar> Total<T> {
    /// Of no numbers.
    pub const ZERO: Self = <Self as crate::storage::Zeroed>::ZERO;

    /// Adds a number.
    #[inline(always)]
    pub fn add(&mut self, value: T) {
        let (sum, rest) = two_sum(self.sum, value + self.rest);
        // What an infinite sum lost isn't a number.
        *self = Self { sum, rest: if rest.is_finite() { rest } else { T::ZERO } };
    }

    /// The sum.
    #[inline(always)]
    pub fn value(self) -> T {
        self.sum
    }
}

/// Σ, in blocks.
#[inline(always)]
pub fn sum<T: Scalar>(terms: impl ExactSizeIterator<Item = T>) -> T {
    if terms.len() <= BLOCK { terms.fold(T::ZERO, |sum, term| sum + term) } else { long_sum(terms) }
}

/// [`sum`] of more than a block.
#[inline(always)]
fn long_sum<T: Scalar>(mut terms: impl ExactSizeIterator<Item = T>) -> T {
    let mut total = Total::ZERO;
    while terms.len() > 0 {
        total.add(terms.by_ref().take(BLOCK).fold(T::ZERO, |sum, term| sum + term));
    }
    total.value()
}

/// Σ of products, in blocks: of as many pairs as there are.
#[inline(always)]
pub fn dot<T: Scalar>(a: &[T], b: &[T]) -> T {
    let mut total = Total::ZERO;
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        total.add(a.iter().zip(b).fold(T::ZERO, |sum, (&a, &b)| a.mul_add(b, sum)));
    }
    total.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_and_nan_are_those_of_a_plain_sum() {
        for special in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
            for n in [1, 32, 33, 100] {
                for at in [0, n / 2, n - 1] {
                    let terms = (0..n).map(|i| if i == at { special } else { 1.0 });
                    let expected: f32 = terms.clone().sum();
                    let found = sum(terms);
                    assert!(found == expected || found.is_nan() && expected.is_nan(), "{special} {n} {at}");
                }
            }
        }
        assert!(sum([f32::INFINITY, f32::NEG_INFINITY].into_iter()).is_nan());
        assert_eq!(sum([f32::MAX; 40].into_iter()), f32::INFINITY);
        assert_eq!(sum([0.0f32; 0].into_iter()), 0.0);
    }

    #[test]
    fn a_block_is_a_plain_sum() {
        let terms = |n: u32| (0..n).map(|i| 1.0 / (i as f32 + 1.0));
        for n in [1, 2, 31, 32] {
            assert_eq!(sum(terms(n).collect::<Vec<_>>().into_iter()), terms(n).sum::<f32>());
        }
        let exact: f64 = (0..100_000).map(|i| f64::from(1.0 / (i as f32 + 1.0))).sum();
        let found = sum(terms(100_000).collect::<Vec<_>>().into_iter());
        assert!((f64::from(found) - exact).abs() < 1e-6 * exact, "{found} {exact}");
    }
}
