//! Sums of many numbers: in blocks, and then over the blocks; and the update of a parameter that is added to each
//! sample, whose gradient is such a sum.
//!
//! ```text
//! block      sᵢ = x + x + ..                     [`BLOCK`] rows at a time, one after the other, from +0.0
//! blocks     t₀ = s₀, r₀ = 0;  tᵢ = tᵢ₋₁ + (sᵢ + rᵢ₋₁),  rᵢ = what rounding took from tᵢ, by the two-sum, or
//!            0 where that isn't finite
//! the sum    t
//! ```
//! So the error doesn't grow with the number of blocks (Kahan 1965), and the order is fixed by the number of rows
//! alone. Of 32 equal numbers a block is wrong by 5 · 10⁻⁷ at most in `f32` (it rounds 31 times in the same direction),
//! by 2 · 10⁻⁷ on average.

use core::ops::{Add, Sub};

use super::product::update;
use super::tile::{V, some};
use super::{Copies, Kernels, Lanes};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

/// Rows of a block, or numbers that are added one by one (`total.rs`): more round more often, fewer take more time.
pub const BLOCK: usize = 32;

/// a + b, and what rounding took from it. Knuth, The Art of Computer Programming, volume 2.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn two_sum<V: Copy + Add<Output = V> + Sub<Output = V>>(a: V, b: V) -> (V, V) {
    let sum = a + b;
    let b_in_sum = sum - a;
    (sum, (a - (sum - b_in_sum)) + (b - b_in_sum))
}

/// Sums over blocks of `N` vectors, and what rounding took from them.
#[derive(Clone, Copy)]
pub(super) struct Totals<X, const N: usize> {
    pub sums: [X; N],
    pub rests: [X; N],
}

impl<X: Zeroed + Copy, const N: usize> Totals<X, N> {
    /// Before the first block.
    pub const ZERO: Self = Self { sums: [X::ZERO; N], rests: [X::ZERO; N] };

    /// Adds block number `number`.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn add<T: Scalar>(&mut self, number: usize, blocks: [X; N])
    where
        X: Lanes<T>,
    {
        if number == 0 {
            self.sums = blocks;
            return;
        }
        for i in 0..N {
            let (sum, rest) = two_sum(self.sums[i], blocks[i] + self.rests[i]);
            (self.sums[i], self.rests[i]) = (sum, rest.below(X::splat(-T::MIN), rest, X::ZERO));
        }
    }
}

/// Updates a parameter as large as a sample, each number from its gradient `Σ_b q[b]`, in blocks.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_sums<K: Kernels, T: Scalar, U: Rule<T>, A: Array<T = T>>(
    role: Role,
    q: &[A],
    m: &mut A,
    slots: &mut <U::Slots as Copies>::Of<A>,
    rule: &U,
) {
    let m = m.flat_mut().as_mut_ptr();
    for at in (0..A::LEN).step_by(<V<T, K>>::LANES) {
        let count = <V<T, K>>::LANES.min(A::LEN - at);
        let mut total = Totals::<V<T, K>, 1>::ZERO;
        for (number, q) in q.chunks(BLOCK).enumerate() {
            let mut sum = <V<T, K>>::ZERO;
            for q in q {
                // SAFETY: `at..at + count` are positions of an `A`.
                sum = sum + unsafe { some::<T, V<T, K>>(q.flat().as_ptr().add(at), count) };
            }
            total.add(number, [sum]);
        }
        let [sum] = total.sums;
        // SAFETY: `at..at + count` are positions of the parameter and of its slots.
        unsafe { update::<T, V<T, K>, U, A>(m, slots, at, count, sum, role, rule) };
    }
}
