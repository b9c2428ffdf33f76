//! Every kernel with every instruction set against its definition in plain loops, with `reproducible` at every size from 1 to 70; every operation
//! of every vector against that of a number.
//!
//! Bit for bit with `reproducible`; else a sum may differ by `terms · ε · Σ |term|`, because the definition rounds products by themselves.

mod attention;
mod convolution;
mod definition;
mod guarded;
mod pool;
mod rows;
mod slices;
mod vectors;

use self::definition::{Record, check, check_record};
use self::guarded::Guarded;
use super::{
    Kernels, Lanes, Pointwise, Slopes, Values, dots, dots_then, learn_all, learn_bias, learn_rows, mul_rows,
    mul_rows_then,
};
use crate::parameter::Role;
use crate::random::mix;
use crate::scalar::Scalar;

/// The matrix of `rows` and `columns`, and all that the kernels take beside it.
struct Data<T> {
    size: (usize, usize),
    matrix: Guarded<T>,
    gradient: Guarded<T>,
    slots: Guarded<T>,
    row: Guarded<T>,
    row_slots: Guarded<T>,
    column: Guarded<T>,
    /// A batch of columns, and one of rows.
    p: Guarded<T>,
    q: Guarded<T>,
    /// Results, one sample more than there are.
    rows_out: Guarded<T>,
    columns_out: Guarded<T>,
}

impl<T: Scalar> Data<T> {
    /// Numbers in -1..1 that end at a page's end; or, if `special`, with infinities, NaN and zeros among them, and between guard numbers.
    fn new(size @ (rows, columns): (usize, usize), batch: usize, special: bool) -> Self {
        let mut state = mix((rows * 71 + columns) as u64);
        let mut numbers = |n: usize| {
            let mut number = || {
                state = mix(state);
                if special && state.is_multiple_of(499) {
                    let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0];
                    return T::from_f64(special[state as usize / 499 % 5]);
                }
                T::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
            };
            let numbers: Vec<T> = (0..n).map(|_| number()).collect();
            Guarded::new(&numbers, if special { 1 + (rows + columns) % 8 } else { 0 })
        };
        Self {
            size,
            matrix: numbers(rows * columns),
            gradient: numbers(rows * columns),
            slots: numbers(2 * rows * columns),
            row: numbers(columns),
            row_slots: numbers(2 * columns),
            column: numbers(rows),
            p: numbers(batch * rows),
            q: numbers(batch * columns),
            rows_out: numbers((batch + 1) * columns),
            columns_out: numbers((batch + 1) * rows),
        }
    }
}

/// The kernels at one size.
fn kernels<K: Kernels, T: Scalar, const R: usize, const C: usize>(batch: usize, special: bool) {
    let mut data = Data::<T>::new((R, C), batch, special);
    let rows = rows_of(R, special);
    products::<K, T, R, C>(&mut data, rows.clone(), !special);
    updates::<K, T, R, C>(&mut data, rows);
}

/// Products with epilogues at one size.
fn epilogues<K: Kernels, T: Scalar, const R: usize, const C: usize>(batch: usize, special: bool) {
    let mut data = Data::<T>::new((R, C), batch, special);
    let rows = rows_of(R, special);
    products::<K, T, R, C>(&mut data, rows.clone(), !special);
    ended_products::<K, T, R, C>(&mut data, rows, !special);
}

/// The rows that are treated: all, or some.
fn rows_of(rows: usize, special: bool) -> core::ops::Range<usize> {
    if special { rows / 3..rows - rows / 4 } else { 0..rows + 1 }
}

fn products<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    data: &mut Data<T>,
    rows: core::ops::Range<usize>,
    biased: bool,
) {
    let Data { size, matrix, row, column, p, q, rows_out, columns_out, .. } = data;
    let untouched = rows_out.get().to_vec();
    mul_rows::<K, T, R, C>(p.arrays(), matrix.array(), biased.then(|| row.array()), rows_out.arrays_mut());
    let mut expected = definition::mul_rows(p.get(), matrix.get(), *size, biased.then(|| row.get()));
    expected.extend(untouched[expected.len()..].iter().map(|&old| definition::Sum::of(old)));
    check(("mul_rows", *size), rows_out.get(), expected);

    let untouched = columns_out.get().to_vec();
    dots::<K, T, R, C>(
        q.arrays(),
        matrix.array(),
        rows.clone(),
        biased.then(|| column.array()),
        columns_out.arrays_mut(),
    );
    let mut expected = definition::dots(q.get(), matrix.get(), *size, biased.then(|| column.get()));
    let wanted = expected.len();
    expected.extend(untouched[wanted..].iter().map(|&old| definition::Sum::of(old)));
    for (i, expected) in expected.iter_mut().enumerate() {
        if !rows.contains(&(i % R)) {
            *expected = definition::Sum::of(untouched[i]);
        }
    }
    check(("dots", *size), columns_out.get(), expected);
}

/// With an epilogue, after [`products`]: the same bits as with a pass after it, and nothing else is written.
fn ended_products<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    data: &mut Data<T>,
    rows: core::ops::Range<usize>,
    biased: bool,
) {
    let Data { size, matrix, row, column, p, q, rows_out, columns_out, .. } = data;
    let (plain, n) = (rows_out.get().to_vec(), p.get().len() / R * C);
    let ended = |name, actual: &[T], at: usize, expected: T| {
        let (actual, expected) = (actual[at].to_f64(), expected.to_f64());
        assert!(
            actual == expected || actual.is_nan() && expected.is_nan(),
            "{name} {size:?} {at}: {actual} {expected}"
        );
    };
    let bias = biased.then(|| row.array());
    mul_rows_then::<K, T, _, R, C>(p.arrays(), matrix.array(), bias, rows_out.arrays_mut(), Values(Bent));
    for (at, &x) in plain.iter().enumerate() {
        ended("mul_rows_then, values", rows_out.get(), at, if at < n { Bent::value_of(x) } else { x });
    }
    let end = Slopes { f: Bent, y: q.get() };
    mul_rows_then::<K, T, _, R, C>(p.arrays(), matrix.array(), bias, rows_out.arrays_mut(), end);
    for (at, &x) in plain.iter().enumerate() {
        ended("mul_rows_then, slopes", rows_out.get(), at, if at < n { x * Bent::slope_of(q.get()[at]) } else { x });
    }

    let (plain, bias) = (columns_out.get().to_vec(), biased.then(|| column.array()));
    let is_ended = |at: usize| at < q.get().len() / C * R && rows.contains(&(at % R));
    let out = columns_out.arrays_mut();
    dots_then::<K, T, _, R, C>(q.arrays(), matrix.array(), rows.clone(), bias, out, Values(Bent));
    for (at, &x) in plain.iter().enumerate() {
        ended("dots_then, values", columns_out.get(), at, if is_ended(at) { Bent::value_of(x) } else { x });
    }
    let (out, end) = (columns_out.arrays_mut(), Slopes { f: Bent, y: p.get() });
    dots_then::<K, T, _, R, C>(q.arrays(), matrix.array(), rows.clone(), bias, out, end);
    for (at, &x) in plain.iter().enumerate() {
        let expected = if is_ended(at) { x * Bent::slope_of(p.get()[at]) } else { x };
        ended("dots_then, slopes", columns_out.get(), at, expected);
    }
}

/// x where it is more than ¼, else 2x.
#[derive(Clone, Copy)]
struct Bent;

impl Bent {
    fn value_of<T: Scalar>(x: T) -> T {
        if x > T::from_f64(0.25) { x } else { x + x }
    }
    fn slope_of<T: Scalar>(y: T) -> T {
        T::from_f64(if y > T::from_f64(0.25) { 1.0 } else { 2.0 })
    }
}

impl<T: Scalar> Pointwise<T> for Bent {
    #[inline(always)]
    fn value<V: Lanes<T>>(self, x: V) -> V {
        V::splat(T::from_f64(0.25)).below(x, x, x + x)
    }
    #[inline(always)]
    fn slope<V: Lanes<T>>(self, y: V) -> V {
        V::splat(T::from_f64(0.25)).below(y, V::splat(T::ONE), V::splat(T::from_f64(2.0)))
    }
}

fn updates<K: Kernels, T: Scalar, const R: usize, const C: usize>(data: &mut Data<T>, rows: core::ops::Range<usize>) {
    let Data { size, matrix, gradient, slots, row, row_slots, p, q, .. } = data;
    let old = |weights: &Guarded<T>, slots: &Guarded<T>| (weights.get().to_vec(), slots.get().to_vec());

    let (w, s) = old(matrix, slots);
    learn_rows::<K, T, Record, [[T; C]; R], R, C>(
        p.arrays(),
        q.arrays(),
        rows.clone(),
        matrix.array_mut(),
        slots.array_mut(),
        &Record,
    );
    let expected = definition::gradient(p.get(), q.get(), *size);
    check_record(Role::Weight, &expected, (&w, &s), (matrix.get(), slots.get()), |i| rows.contains(&(i / C)));

    let (w, s) = old(row, row_slots);
    learn_bias::<K, T, Record, C>(q.arrays(), row.array_mut(), row_slots.array_mut(), &Record);
    let expected = definition::bias_gradient(q.get(), C);
    check_record(Role::Bias, &expected, (&w, &s), (row.get(), row_slots.get()), |_| true);

    let (w, s) = old(matrix, slots);
    learn_all::<K, T, Record, [[T; C]; R]>(
        Role::Weight,
        matrix.array_mut(),
        slots.array_mut(),
        gradient.array(),
        &Record,
    );
    let expected: Vec<_> = gradient.get().iter().map(|&g| definition::Sum::of(g)).collect();
    check_record(Role::Weight, &expected, (&w, &s), (matrix.get(), slots.get()), |_| true);
}

/// The kernels at every size: rows, columns (26 n mod 71) and batch (44 n mod 71) are each of 1 to 70 once, in different orders. That takes long to
/// compile, and proves most bit for bit: else, and on emulated processors, there are only some.
macro_rules! every_size {
    ($kernels:ident, $K:ty, $T:ty, [$($n:literal)*]) => { $(
        $kernels::<$K, $T, $n, { 26 * $n % 71 }>(44 * $n % 71, false);
        $kernels::<$K, $T, $n, { 26 * $n % 71 }>($n % 10, true);
    )* };
    ($K:ty, $T:ty) => {
        // Products and gradients that copy panels of the right side, once or twice, and again for more rows; a gradient that copies the left one, too; rows that are treated
        // in blocks.
        kernels::<$K, $T, 450, 37>(460, false);
        kernels::<$K, $T, 512, 37>(65, false);
        kernels::<$K, $T, 512, 37>(130, false);
        kernels::<$K, $T, 66, 512>(5, false);
        epilogues::<$K, $T, 1, 70>(3, false);
        every_size!(epilogues, $K, $T, [3 9 16 34 44]);
        #[cfg(not(all(debug_assertions, feature = "reproducible", not(target_arch = "aarch64"))))]
        every_size!(kernels, $K, $T, [1 2 3 8 9 11 16 17 22 32 33 34 41 44 52 55 64 70]);
        #[cfg(all(debug_assertions, feature = "reproducible", not(target_arch = "aarch64")))]
        every_size!(kernels, $K, $T, [
             1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35
            36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 69 70
        ])
    };
}

/// The tests of an instruction set, where it is available.
macro_rules! battery {
    ($name:ident, $K:ty, $available:expr, fused: $fused:expr $(, $instructions:literal)?) => {
        #[allow(unused_unsafe, reason = "without instructions to turn on there is nothing to promise")]
        mod $name {
            use super::*;

            $(#[target_feature(enable = $instructions)])?
            fn kernels_f32() {
                every_size!($K, f32);
            }

            $(#[target_feature(enable = $instructions)])?
            fn kernels_f64() {
                every_size!($K, f64);
            }

            $(#[target_feature(enable = $instructions)])?
            fn vectors() {
                vectors::all::<$K>($fused);
            }

            $(#[target_feature(enable = $instructions)])?
            fn products_of_attention() {
                attention::all::<$K, f32>();
                attention::all::<$K, f64>();
            }

            $(#[target_feature(enable = $instructions)])?
            fn products_of_convolutions() {
                convolution::all::<$K, f32>();
                convolution::all::<$K, f64>();
            }

            $(#[target_feature(enable = $instructions)])?
            fn windows() {
                pool::all::<$K, f32>();
                pool::all::<$K, f64>();
            }

            $(#[target_feature(enable = $instructions)])?
            fn rows_and_columns() {
                rows::all::<$K, f32>();
                rows::all::<$K, f64>();
            }

            battery!(@tests $available, sums_f32 kernels_f32, sums_f64 kernels_f64, lanes vectors, attention products_of_attention,
                convolution products_of_convolutions, pooling windows, rows rows_and_columns);
        }
    };
    (@tests $available:expr, $($name:ident $test:ident),*) => { $(
        #[test]
        fn $name() {
            if $available {
                // SAFETY: they are available.
                unsafe { $test() }
            } else {
                println!("this machine has no such instructions");
            }
        }
    )* };
}

/// Whether vectors round a product and a sum together.
#[allow(dead_code, reason = "where there are no vectors")]
const FUSED: bool = !cfg!(feature = "reproducible");

battery!(portable, crate::kernel::Portable, true, fused: FUSED && cfg!(any(target_feature = "fma", target_arch = "aarch64")));

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::*;

    fn avx2() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }

    fn avx512() -> bool {
        avx2()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
    }

    battery!(sse, crate::kernel::x86::Sse, super::avx2(), fused: FUSED, "avx2,fma");
    battery!(avx2, crate::kernel::x86::Avx2, super::avx2(), fused: FUSED, "avx2,fma");
    battery!(avx512, crate::kernel::x86::Avx512, super::avx512(), fused: FUSED, "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma");
}

#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
battery!(neon, crate::kernel::neon::Neon, true, fused: FUSED);
