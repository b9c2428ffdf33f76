//! Sums down the columns of a matrix and along its rows, and the update of one row: what normalisation and embeddings are made of.
//!
//! ```text
//! column_sums          out[c] = Σᵣ p[r][c]                       r in blocks of 32, see `sums`
//! column_products      out[c] = Σᵣ p[r][c] · q[r][c]             r in blocks of 32
//! column_moments       m = p[0][c] + (Σᵣ p[r][c] - p[0][c]) / n, l = (Σᵣ d) / n with d = p[r][c] - m; then mean[c] and
//!                      rest[c] are m + l (two-sum), and variance[c] = (Σᵣ d²) / n - l²; r in blocks of 32
//! add_column_products  to sum[c] and its rest, Σᵣ p[r][c] · q[r][c]  r = 0, 1, ..: a block, added as in `sums`;
//!                      add_column_sums likewise
//! row_sum              Σ꜀ p[c]                                   c in 16 interleaved sums, added as a tree, each in
//!                                                                blocks of 64
//! row_product          Σ꜀ p[c] · q[c]                            likewise
//! center               m = p[0] + (Σ꜀ p[c] - p[0]) / C, out[c] = p[c] - m, and it returns (Σ꜀ out[c]) / C, likewise
//! ```
//! A mean is found in two steps: near the first number, whatever the numbers are far from 0; and from there what is
//! left of it. So a column or row of equal numbers has their value as its mean, to the bit, and what is left is 0; and
//! the distances of others from their mean are right even where their mean lies between two numbers of the type. The
//! variance is the corrected two-pass algorithm of Chan, Golub and LeVeque 1983.

use super::product::update;
use super::sums::{BLOCK, Totals, two_sum};
use super::tile::{V, V16, narrow, some};
use super::{Copies, Kernels, Lanes, dots};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

/// Sums of `$n` rows in blocks; `$body` adds row `$row` to `$sums`, which are `$N` vectors. A whole block has a
/// constant number of rows.
macro_rules! in_blocks {
    ($V:ty, $N:expr, $n:expr, |$row:ident, $sums:ident| $body:expr) => {{
        let mut total = Totals::<$V, { $N }>::ZERO;
        // One number at a time: loops that aren't unrolled.
        let one = <$V>::LANES == 1;
        let (n, block) = if one { core::hint::black_box(($n, BLOCK)) } else { ($n, BLOCK) };
        for number in 0..n / BLOCK {
            let mut $sums = [<$V>::ZERO; $N];
            for i in 0..block {
                let $row = number * BLOCK + i;
                $body
            }
            total.add(number, $sums);
        }
        if !n.is_multiple_of(BLOCK) {
            let mut $sums = [<$V>::ZERO; $N];
            for $row in n / BLOCK * BLOCK..n {
                $body
            }
            total.add(n / BLOCK, $sums);
        }
        total.sums
    }};
}

/// Calls `$body` for all of `$C` columns: of `$NV` vectors from `$at` on, or of a last one of `$count` numbers.
macro_rules! columns {
    ($V:ty, $C:expr, |$at:ident, $count:ident, $NV:ident| $body:expr) => {{
        let lanes = <$V>::LANES;
        let (fours, twos) =
            const { ($C / (4 * <$V>::LANES) * 4 * <$V>::LANES, $C / (2 * <$V>::LANES) * 2 * <$V>::LANES) };
        for $at in (0..fours).step_by(4 * lanes) {
            const $NV: usize = 4;
            let $count = lanes;
            $body
        }
        if const { $C / (2 * <$V>::LANES) % 2 == 1 } {
            const $NV: usize = 2;
            let ($at, $count) = (fours, lanes);
            $body
        }
        for $at in (twos..$C).step_by(lanes) {
            const $NV: usize = 1;
            let $count = lanes.min($C - $at);
            $body
        }
    }};
}

/// Some vectors of a row; one may be a part.
///
/// # Safety
/// They are there: `count` numbers of each.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn vectors<T: Scalar, X: Lanes<T>, const NV: usize>(from: *const T, count: usize) -> [X; NV] {
    let mut vectors = [X::ZERO; NV];
    for v in 0..NV {
        // SAFETY: the caller's promise.
        vectors[v] = unsafe { if NV > 1 { X::load(from.add(v * X::LANES)) } else { some(from, count) } };
    }
    vectors
}

/// Writes some vectors.
///
/// # Safety
/// There is room for them, as for [`vectors`].
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn put<T: Scalar, X: Lanes<T>, const NV: usize>(vectors: [X; NV], to: *mut T, count: usize) {
    for v in 0..NV {
        // SAFETY: the caller's promise.
        unsafe { if NV > 1 { vectors[v].store(to.add(v * X::LANES)) } else { vectors[v].store_some(to, count) } }
    }
}

/// The sum of each column.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn column_sums<K: Kernels, T: Scalar, const C: usize>(p: &[[T; C]], out: &mut [T; C]) {
    if const { narrow::<K, T>(C) } {
        return column_sums::<K::Narrow, T, C>(p, out);
    }
    let (n, p, out) = (p.len(), p.as_ptr().cast::<T>(), out.as_mut_ptr());
    columns!(V<T, K>, C, |at, count, NV| {
        // SAFETY: `n` rows, and those columns.
        unsafe { put(sums_of::<T, V<T, K>, C, NV>(n, p.add(at), count), out.add(at), count) }
    });
}

/// The sums of some columns.
///
/// # Safety
/// They are there, of `n` rows.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn sums_of<T: Scalar, X: Lanes<T>, const C: usize, const NV: usize>(
    n: usize,
    p: *const T,
    count: usize,
) -> [X; NV] {
    in_blocks!(X, NV, n, |row, sums| {
        // SAFETY: the caller's promise.
        let p: [X; NV] = unsafe { vectors(p.add(row * C), count) };
        for v in 0..NV {
            sums[v] = sums[v] + p[v];
        }
    })
}

/// The sum of the products of each column, over as many rows as both have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn column_products<K: Kernels, T: Scalar, const C: usize>(p: &[[T; C]], q: &[[T; C]], out: &mut [T; C]) {
    if const { narrow::<K, T>(C) } {
        return column_products::<K::Narrow, T, C>(p, q, out);
    }
    let (n, p, q, out) = (p.len().min(q.len()), p.as_ptr().cast::<T>(), q.as_ptr().cast::<T>(), out.as_mut_ptr());
    columns!(V<T, K>, C, |at, count, NV| {
        // SAFETY: `n` rows, and those columns.
        unsafe { put(products_of::<T, V<T, K>, C, NV>(n, p.add(at), q.add(at), count), out.add(at), count) }
    });
}

/// The sums of the products of some columns.
///
/// # Safety
/// They are there, of `n` rows.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn products_of<T: Scalar, X: Lanes<T>, const C: usize, const NV: usize>(
    n: usize,
    p: *const T,
    q: *const T,
    count: usize,
) -> [X; NV] {
    in_blocks!(X, NV, n, |row, sums| {
        // SAFETY: the caller's promise.
        let [p, q]: [[X; NV]; 2] = unsafe { [vectors(p.add(row * C), count), vectors(q.add(row * C), count)] };
        for v in 0..NV {
            sums[v] = p[v].mul_add(q[v], sums[v]);
        }
    })
}

/// The mean of each column, what is left of it below its last digit, and the variance; nothing where there are no rows.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn column_moments<K: Kernels, T: Scalar, const C: usize>(
    p: &[[T; C]],
    mean: &mut [T; C],
    rest: &mut [T; C],
    variance: &mut [T; C],
) {
    if const { narrow::<K, T>(C) } {
        return column_moments::<K::Narrow, T, C>(p, mean, rest, variance);
    }
    if p.is_empty() {
        return;
    }
    let (n, p, part) = (p.len(), p.as_ptr().cast::<T>(), T::ONE / T::from_usize(p.len()));
    let (mean, rest, variance) = (mean.as_mut_ptr(), rest.as_mut_ptr(), variance.as_mut_ptr());
    columns!(V<T, K>, C, |at, count, NV| {
        // SAFETY: `n` rows, and those columns.
        unsafe {
            let moments = moments_of::<T, V<T, K>, C, NV, { 2 * NV }>(n, p.add(at), count, <V<T, K>>::splat(part));
            put(moments[0], mean.add(at), count);
            put(moments[1], rest.add(at), count);
            put(moments[2], variance.add(at), count);
        }
    });
}

/// The mean, its rest and the variance of some columns. `NV2` is twice `NV`.
///
/// # Safety
/// They are there, of `n` rows, at least one.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn moments_of<T: Scalar, X: Lanes<T>, const C: usize, const NV: usize, const NV2: usize>(
    n: usize,
    p: *const T,
    count: usize,
    part: X,
) -> [[X; NV]; 3] {
    const { assert!(NV2 == 2 * NV) }
    // SAFETY: the caller's promise.
    let (row_of, first) = (|row: usize| p.wrapping_add(row * C), unsafe { vectors::<T, X, NV>(p, count) });
    let sums = in_blocks!(X, NV, n, |row, sums| {
        // SAFETY: the caller's promise.
        let p: [X; NV] = unsafe { vectors(row_of(row), count) };
        for v in 0..NV {
            sums[v] = sums[v] + (p[v] - first[v]);
        }
    });
    let mut center = first;
    for v in 0..NV {
        center[v] = first[v] + sums[v] * part;
    }
    let sums = in_blocks!(X, NV2, n, |row, sums| {
        // SAFETY: the caller's promise.
        let p: [X; NV] = unsafe { vectors(row_of(row), count) };
        for v in 0..NV {
            let distance = p[v] - center[v];
            sums[v] = sums[v] + distance;
            sums[NV + v] = distance.mul_add(distance, sums[NV + v]);
        }
    });
    let mut moments = [center; 3];
    for v in 0..NV {
        let left = sums[v] * part;
        (moments[0][v], moments[1][v]) = two_sum(center[v], left);
        moments[2][v] = sums[NV + v] * part - left * left;
    }
    moments
}

/// Adds a block to the sums of some columns and to what rounding took from them.
///
/// # Safety
/// They are there: `count` numbers of each.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn add_block<T: Scalar, X: Lanes<T>>(sum: *mut T, rest: *mut T, count: usize, block: X) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut total = Totals { sums: [some::<T, X>(sum, count)], rests: [some(rest, count)] };
        // To a first block, whose sum and rest are 0, too.
        total.add(1, [block]);
        let Totals { sums: [new], rests: [new_rest] } = total;
        new.store_some(sum, count);
        new_rest.store_some(rest, count);
    }
}

/// Adds the sum of each of the first `M` columns, a block, to the sums so far and to what rounding took from them.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn add_column_sums<K: Kernels, T: Scalar, const C: usize, const M: usize>(p: &[[T; C]], total: &mut [[T; M]; 2]) {
    const { assert!(M <= C, "there are so many columns") }
    if const { narrow::<K, T>(C) } {
        return add_column_sums::<K::Narrow, T, C, M>(p, total);
    }
    let [sum, rest] = total;
    for at in (0..M).step_by(<V<T, K>>::LANES) {
        let count = <V<T, K>>::LANES.min(M - at);
        let mut block = <V<T, K>>::ZERO;
        // SAFETY: `at..at + count` are columns.
        unsafe {
            for p in p {
                block = block + some::<T, V<T, K>>(p.as_ptr().add(at), count);
            }
            add_block::<T, V<T, K>>(sum.as_mut_ptr().add(at), rest.as_mut_ptr().add(at), count, block);
        }
    }
}

/// Adds the sum of the products of each column, over as many rows as both have, as [`add_column_sums`] does.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn add_column_products<K: Kernels, T: Scalar, const C: usize>(p: &[[T; C]], q: &[[T; C]], total: &mut [[T; C]; 2]) {
    if const { narrow::<K, T>(C) } {
        return add_column_products::<K::Narrow, T, C>(p, q, total);
    }
    let [sum, rest] = total;
    for at in (0..C).step_by(<V<T, K>>::LANES) {
        let count = <V<T, K>>::LANES.min(C - at);
        let mut block = <V<T, K>>::ZERO;
        // SAFETY: `at..at + count` are columns.
        unsafe {
            for (p, q) in p.iter().zip(q) {
                let [p, q]: [V<T, K>; 2] = [some(p.as_ptr().add(at), count), some(q.as_ptr().add(at), count)];
                block = p.mul_add(q, block);
            }
            add_block::<T, V<T, K>>(sum.as_mut_ptr().add(at), rest.as_mut_ptr().add(at), count, block);
        }
    }
}

/// Numbers of a row of which each of the sixteen sums takes a block.
const SIXTEEN_BLOCKS: usize = 16 * 64;

/// The sum of a row.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn row_sum<K: Kernels, T: Scalar, const C: usize>(p: &[T; C]) -> T {
    let mut total = Totals::<V16<T, K>, 1>::ZERO;
    for (number, p) in p.chunks(SIXTEEN_BLOCKS).enumerate() {
        let mut sum = <V16<T, K>>::ZERO;
        for p in p.chunks(16) {
            // SAFETY: so many numbers.
            sum = sum + unsafe { some(p.as_ptr(), p.len()) };
        }
        total.add(number, [sum]);
    }
    let [sum] = total.sums;
    sum.total()
}

/// The sum of the products of two rows.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn row_product<K: Kernels, T: Scalar, const C: usize>(p: &[T; C], q: &[T; C]) -> T {
    if const { C <= SIXTEEN_BLOCKS } {
        let mut sum = [[T::ZERO]];
        dots::<K, T, 1, C>(core::array::from_ref(p), core::array::from_ref(q), 0..1, None, &mut sum);
        return sum[0][0];
    }
    let mut total = Totals::<V16<T, K>, 1>::ZERO;
    for (number, (p, q)) in p.chunks(SIXTEEN_BLOCKS).zip(q.chunks(SIXTEEN_BLOCKS)).enumerate() {
        let mut sum = <V16<T, K>>::ZERO;
        for (p, q) in p.chunks(16).zip(q.chunks(16)) {
            // SAFETY: so many numbers of both.
            let [p, q]: [V16<T, K>; 2] = unsafe { [some(p.as_ptr(), p.len()), some(q.as_ptr(), q.len())] };
            sum = p.mul_add(q, sum);
        }
        total.add(number, [sum]);
    }
    let [sum] = total.sums;
    sum.total()
}

/// Writes the distances of a row's numbers from their mean, as near as a number comes to it; returns what is left of
/// the mean.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn center<K: Kernels, T: Scalar, const C: usize>(p: &[T; C], out: &mut [T; C]) -> T {
    let n = T::from_usize(C);
    let [first, ..] = *p.as_slice() else { return T::ZERO };
    for (out, &p) in out.iter_mut().zip(p) {
        *out = p - first;
    }
    let mean = first + row_sum::<K, T, C>(out) / n;
    for (out, &p) in out.iter_mut().zip(p) {
        *out = p - mean;
    }
    row_sum::<K, T, C>(out) / n
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
