//! Sums down columns and along rows against their definitions, in guarded memory: of one block of rows and of several.

use super::Guarded;
use super::definition::{Record, Sum, bias_gradient, check, check_record, in_blocks, of_blocks, sixteen};
use crate::kernel::{
    Kernels, add_column_products, add_column_sums, center, column_moments, column_products, column_sums,
    learn_gate_bias, learn_sums, row_product, row_sum, two_sum,
};
use crate::parameter::Role;
use crate::random::mix;
use crate::scalar::Scalar;

/// Around the lanes of vectors and the ends of blocks.
pub fn all<K: Kernels, T: Scalar>() {
    columns::<K, T, 1>(&[1, 2, 32, 33, 64, 65, 300]);
    columns::<K, T, 3>(&[1, 31, 32, 33, 200]);
    columns::<K, T, 7>(&[5, 130]);
    columns::<K, T, 16>(&[17, 33]);
    columns::<K, T, 33>(&[1, 64, 95]);
    row::<K, T, 1>();
    row::<K, T, 5>();
    row::<K, T, 16>();
    row::<K, T, 33>();
    row::<K, T, 1024>();
    row::<K, T, 1025>();
    row::<K, T, 2101>();
}

/// Numbers in -1..1; or, if `special`, with infinities, NaN and both zeros among them.
fn numbers<T: Scalar>(n: usize, seed: usize, special: bool) -> Guarded<T> {
    let mut state = mix(seed as u64);
    let mut number = || {
        state = mix(state);
        if special && state.is_multiple_of(99) {
            let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0];
            return T::from_f64(special[state as usize / 99 % 5]);
        }
        T::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
    };
    Guarded::new(&(0..n).map(|_| number()).collect::<Vec<T>>(), usize::from(special))
}

fn columns<K: Kernels, T: Scalar, const C: usize>(sizes: &[usize]) {
    for (&rows, special) in sizes.iter().flat_map(|rows| [(rows, false), (rows, true)]) {
        let [p, q] = [1, 2].map(|seed| numbers::<T>(rows * C, seed * 1000 + rows, special));
        let (a, b) = (p.get(), q.get());
        let column = |c: usize| (0..rows).map(move |r| r * C + c);
        let product = |i: usize| Sum::of(a[i] * b[i]);
        let mut out = [numbers::<T>(C, 3, false), numbers::<T>(C, 4, false), numbers::<T>(C, 5, false)];

        column_sums::<K, T, C>(p.arrays(), out[0].array_mut());
        check(("column_sums", rows, C), out[0].get(), bias_gradient(a, C));
        column_products::<K, T, C>(p.arrays(), q.arrays(), out[0].array_mut());
        let expected = (0..C).map(|c| in_blocks(column(c).map(product), 32));
        check(("column_products", rows, C), out[0].get(), expected);

        // Block by block, it is the same sum.
        let mut pair = numbers::<T>(2 * C, 8, false);
        let total: &mut [[T; C]; 2] = pair.array_mut();
        total.fill([T::ZERO; C]);
        let (left, right): (&[[T; C]], &[[T; C]]) = (p.arrays(), q.arrays());
        left.chunks(32).zip(right.chunks(32)).for_each(|(p, q)| add_column_products::<K, T, C>(p, q, total));
        check(("add_column_products", rows, C), &total[0], (0..C).map(|c| in_blocks(column(c).map(product), 32)));
        total.fill([T::ZERO; C]);
        left.chunks(32).for_each(|p| add_column_sums::<K, T, C, C>(p, total));
        check(("add_column_sums", rows, C), &total[0], bias_gradient(a, C));

        let [mean, rest, variance] = &mut out;
        column_moments::<K, T, C>(p.arrays(), mean.array_mut(), rest.array_mut(), variance.array_mut());
        let part = T::ONE / T::from_usize(rows);
        for c in 0..C {
            let center = a[c] + in_blocks(column(c).map(|i| Sum::of(a[i] - a[c])), 32).value() * part;
            let distance = |i: usize| a[i] - center;
            let left = in_blocks(column(c).map(|i| Sum::of(distance(i))), 32).value() * part;
            let squares = in_blocks(column(c).map(|i| Sum::of(distance(i) * distance(i))), 32).times(part);
            let both = two_sum(center, left);
            check(("mean", rows, C), &mean.get()[c..][..1], [Sum::of(both.0)]);
            check(("rest", rows, C), &rest.get()[c..][..1], [Sum::of(both.1)]);
            check(("variance", rows, C), &variance.get()[c..][..1], [squares + Sum::of(-(left * left))]);
        }

        let (mut m, mut slots) = (numbers::<T>(C, 6, false), numbers::<T>(2 * C, 7, false));
        let old = (m.get().to_vec(), slots.get().to_vec());
        let (sums, role) = (bias_gradient(a, C), Role::Weight);
        learn_sums::<K, T, Record, [T; C]>(role, p.arrays(), m.array_mut(), slots.array_mut(), &Record);
        check_record(role, &sums, (&old.0, &old.1), (m.get(), slots.get()), |_| true);
        let (mut m, mut slots) = (numbers::<T>(2 * C, 6, false), numbers::<T>(4 * C, 7, false));
        let old = (m.get().to_vec(), slots.get().to_vec());
        let gates: &mut [[T; C]; 2] = m.array_mut();
        learn_gate_bias::<K, T, Record, C, 2>(p.arrays(), 1, gates, slots.array_mut(), &Record);
        let sums: Vec<_> = (0..2 * C).map(|i| sums[i % C]).collect();
        check_record(Role::Bias, &sums, (&old.0, &old.1), (m.get(), slots.get()), |i| i >= C);
    }
}

fn row<K: Kernels, T: Scalar, const C: usize>() {
    for special in [false, true] {
        let ([p, q], mut out) = ([1, 2].map(|seed| numbers::<T>(C, seed, special)), numbers::<T>(C, 3, false));
        let (a, b) = (p.get(), q.get());
        let sum = |terms: &dyn Fn(usize) -> Sum<T>| sixteen(&(0..C).map(terms).collect::<Vec<_>>());
        check(("row_sum", C), &[row_sum::<K, T, C>(p.array())], [sum(&|c| Sum::of(a[c]))]);
        let product = row_product::<K, T, C>(p.array(), q.array());
        check(("row_product", C), &[product], [sum(&|c| Sum::of(a[c] * b[c]))]);
        let n = T::from_usize(C);
        let mean = a[0] + sum(&|c| Sum::of(a[c] - a[0])).value() / n;
        let left = center::<K, T, C>(p.array(), out.array_mut());
        check(("center", C), out.get(), (0..C).map(|c| Sum::of(a[c] - mean)));
        check(("rest", C), &[left], [Sum::of(sum(&|c| Sum::of(a[c] - mean)).value() / n)]);
    }
    assert!(of_blocks::<T>(&[]).value() == T::ZERO);
}
