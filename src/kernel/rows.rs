//! Sums down the columns of a matrix and along its rows, and the update of one row: what normalisation and embeddings are made of.
//!
//! ```text
//! column_sums      out[c] = Σᵣ p[r][c]              r = 0, 1, ..
//! column_products  out[c] = Σᵣ p[r][c] · q[r][c]    r = 0, 1, ..
//! row_sum          Σ꜀ p[c]                          c in 16 interleaved sums, added as a tree
//! row_product      Σ꜀ p[c] · q[c]                   c in 16 interleaved sums, added as a tree
//! ```

use super::product::update;
use super::tile::{V, narrow, some};
use super::{Copies, Kernels, Lanes, dots};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

/// The sum of each column.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn column_sums<K: Kernels, T: Scalar, const C: usize>(p: &[[T; C]], out: &mut [T; C]) {
    if const { narrow::<K, T>(C) } {
        return column_sums::<K::Narrow, T, C>(p, out);
    }
    for at in (0..C).step_by(<V<T, K>>::LANES) {
        let count = <V<T, K>>::LANES.min(C - at);
        let mut sum = <V<T, K>>::ZERO;
        for p in p {
            // SAFETY: `at..at + count` are columns.
            sum = sum + unsafe { some::<T, V<T, K>>(p.as_ptr().add(at), count) };
        }
        // SAFETY: as above.
        unsafe { sum.store_some(out.as_mut_ptr().add(at), count) };
    }
}

/// The sum of the products of each column, over as many rows as both have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn column_products<K: Kernels, T: Scalar, const C: usize>(p: &[[T; C]], q: &[[T; C]], out: &mut [T; C]) {
    if const { narrow::<K, T>(C) } {
        return column_products::<K::Narrow, T, C>(p, q, out);
    }
    for at in (0..C).step_by(<V<T, K>>::LANES) {
        let count = <V<T, K>>::LANES.min(C - at);
        let mut sum = <V<T, K>>::ZERO;
        for (p, q) in p.iter().zip(q) {
            // SAFETY: `at..at + count` are columns.
            let [p, q]: [V<T, K>; 2] = unsafe { [some(p.as_ptr().add(at), count), some(q.as_ptr().add(at), count)] };
            sum = p.mul_add(q, sum);
        }
        // SAFETY: as above.
        unsafe { sum.store_some(out.as_mut_ptr().add(at), count) };
    }
}

/// The sum of a row.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn row_sum<K: Kernels, T: Scalar, const C: usize>(p: &[T; C]) -> T {
    let lanes = <T::Sixteen<K>>::LANES;
    let mut sum = <T::Sixteen<K>>::ZERO;
    for at in (0..C).step_by(lanes) {
        // SAFETY: `at..` has that many columns.
        sum = sum + unsafe { some(p.as_ptr().add(at), lanes.min(C - at)) };
    }
    sum.total()
}

/// The sum of the products of two rows.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn row_product<K: Kernels, T: Scalar, const C: usize>(p: &[T; C], q: &[T; C]) -> T {
    let mut sum = [[T::ZERO]];
    dots::<K, T, 1, C>(core::array::from_ref(p), core::array::from_ref(q), 0..1, None, &mut sum);
    sum[0][0]
}

/// Updates row `row` of `m`, if there is one, from its gradient.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_row<K: Kernels, T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize>(
    row: usize,
    gradient: &[T; C],
    m: &mut [[T; C]; R],
    slots: &mut <U::Slots as Copies>::Of<A>,
    rule: &U,
) {
    const { assert!(A::LEN == R * C, "a slot has as many numbers as the parameter") }
    let (m, gradient) = (m.as_mut_ptr().cast::<T>(), gradient.as_ptr());
    for at in (0..if row < R { C } else { 0 }).step_by(<V<T, K>>::LANES) {
        let count = <V<T, K>>::LANES.min(C - at);
        // SAFETY: `at..at + count` are columns, and `row` is a row, of the matrix and of its slots, which are borrowed alone.
        unsafe {
            let gradient: V<T, K> = some(gradient.add(at), count);
            update::<T, V<T, K>, U, A>(m, slots, row * C + at, count, gradient, Role::Weight, rule);
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use super::*;
    use crate::kernel::{Portable, Task, run};
    use crate::random::{generator, unit};

    struct Sums<const C: usize>([[f32; C]; 5], [[f32; C]; 5]);

    impl<const C: usize> Task for Sums<C> {
        type Output = ([[f32; C]; 2], [f32; 2]);
        fn run<K: Kernels>(self) -> Self::Output {
            let mut columns = [[0.0; C]; 2];
            column_sums::<K, f32, C>(&self.0, &mut columns[0]);
            column_products::<K, f32, C>(&self.0, &self.1, &mut columns[1]);
            (columns, [row_sum::<K, f32, C>(&self.0[0]), row_product::<K, f32, C>(&self.0[0], &self.1[0])])
        }
    }

    fn compare<const C: usize>() {
        let mut rng = generator(C as u64);
        let mut numbers = || [[0.0f32; C]; 5].map(|row| row.map(|_| (unit::<f32>(&mut rng) * 64.0).round() - 32.0));
        let (p, q) = (numbers(), numbers());
        // Whole numbers, so that every order of a sum is exact.
        let mut expected = ([[0.0; C]; 2], [0.0; 2]);
        for (r, (p, q)) in p.iter().zip(&q).enumerate() {
            for c in 0..C {
                expected.0[0][c] += p[c];
                expected.0[1][c] += p[c] * q[c];
                if r == 0 {
                    expected.1[0] += p[c];
                    expected.1[1] += p[c] * q[c];
                }
            }
        }
        assert_eq!(run(Sums(p, q)), expected, "{C}");
        assert_eq!(Sums(p, q).run::<Portable>(), expected, "{C}");
    }

    #[test]
    fn sums_are_those_of_plain_loops() {
        compare::<1>();
        compare::<3>();
        compare::<7>();
        compare::<16>();
        compare::<17>();
        compare::<33>();
    }
}
