//! The update of a parameter that is added to each sample: its gradient is the sum of the samples' dy.

use super::product::update;
use super::tile::{V, some};
use super::{Copies, Kernels, Lanes};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

/// Updates a parameter as large as a sample, each number from its gradient `Σ_b q[b]`, b = 0, 1, ..
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
        let mut sum = <V<T, K>>::ZERO;
        for q in q {
            // SAFETY: `at..at + count` are positions of an `A`.
            sum = sum + unsafe { some::<T, V<T, K>>(q.flat().as_ptr().add(at), count) };
        }
        // SAFETY: `at..at + count` are positions of the parameter and of its slots.
        unsafe { update::<T, V<T, K>, U, A>(m, slots, at, count, sum, role, rule) };
    }
}
