//! Each operation of each vector, lane by lane, against that of a number.

use core::fmt::Debug;

use super::guarded::Guarded;
use crate::kernel::{Kernels, Lanes, Pair, scale_less};
use crate::scalar::Scalar;

/// The vectors of an instruction set, whose `mul_add` rounds once if `fused`.
pub fn all<K: Kernels>(fused: bool) {
    let mul_add = if fused { f32::mul_add } else { |a, b, c| a * b + c };
    vector::<f32, K::F32>(mul_add);
    vector::<f32, K::F32x16>(mul_add);
    vector::<f32, Pair<K::F32>>(mul_add);
    let mul_add = if fused { f64::mul_add } else { |a, b, c| a * b + c };
    vector::<f64, K::F64>(mul_add);
    vector::<f64, K::F64x16>(mul_add);
    vector::<f64, Pair<K::F64>>(mul_add);

    scaled::<K, f32, 1>();
    scaled::<K, f32, 3>();
    scaled::<K, f32, 4>();
    scaled::<K, f64, 3>();
    scaled::<K, f32, 21>();
}

/// Each number of a row by a factor, less another at each place.
fn scaled<K: Kernels, T: Scalar, const N: usize>() {
    let (factor, less) = (T::from_f64(1.0 / 3.0), T::from_f64(0.7));
    let numbers = numbers::<T>();
    for place in 0..N {
        for start in 0..numbers.len() {
            let row: [T; N] = core::array::from_fn(|i| numbers[(start + i) % numbers.len()]);
            let mut to = Guarded::new(&row, 0);
            scale_less::<K, T, N>(to.array_mut(), factor, place, less);
            for (i, &found) in to.get().iter().enumerate() {
                let expected = row[i] * factor - if i == place { less } else { T::ZERO };
                same(("scale_less", N, place, i, row[i]), found, expected);
            }
        }
    }
}

/// What no formula may forget, and some usual numbers.
fn numbers<T: Scalar>() -> Vec<T> {
    let epsilon = T::EPSILON.to_f64();
    let (smallest, largest) = if T::BYTES == 4 {
        ([f32::from_bits(1), f32::from_bits(0x7f_ffff), f32::MIN_POSITIVE].map(f64::from), f64::from(f32::MAX))
    } else {
        ([f64::from_bits(1), f64::from_bits(0xf_ffff_ffff_ffff), f64::MIN_POSITIVE], f64::MAX)
    };
    let usual = [0.0, 1.0, 1.0 + epsilon, 1.0 - epsilon / 2.0, 0.1, 1.0 / 3.0, 3.7, 1e10, largest, f64::INFINITY];
    let positive = usual.into_iter().chain(smallest);
    positive.flat_map(|v| [v, -v]).chain([f64::NAN]).map(T::from_f64).collect()
}

/// The same bits, or both NaN.
#[track_caller]
fn same<T: Scalar>(what: impl Debug, found: T, expected: T) {
    let both_nan = found.to_f64().is_nan() && expected.to_f64().is_nan();
    assert!(both_nan || found.to_f64().to_bits() == expected.to_f64().to_bits(), "{what:?}: {found}, not {expected}");
}

fn vector<T: Scalar + Lanes<T>, V: Lanes<T>>(mul_add: impl Fn(T, T, T) -> T) {
    let numbers = numbers::<T>();
    let lanes = |from: usize| (0..V::LANES).map(|lane| numbers[(from + lane) % numbers.len()]).collect::<Vec<T>>();
    for i in 0..numbers.len() {
        for j in 0..numbers.len() {
            operations::<T, V>(&lanes(i), &lanes(j), &lanes(i + 7 * j), &mul_add);
        }
        total::<T, V>(&lanes(i));
        some::<T, V>(&lanes(i));
        each("splat", V::splat(numbers[i]), numbers[i]);
    }
    exponents::<T, V>();
    total::<T, V>(&(0..V::LANES).map(|lane| T::from_f64(0.1 + (lane * lane) as f64)).collect::<Vec<T>>());
}

fn operations<T: Scalar + Lanes<T>, V: Lanes<T>>(a: &[T], b: &[T], c: &[T], mul_add: impl Fn(T, T, T) -> T) {
    // SAFETY: each has as many numbers as the vector.
    let [x, y, z] = unsafe { [V::load(a.as_ptr()), V::load(b.as_ptr()), V::load(c.as_ptr())] };
    let lanewise = |name: &str, found: V, expected: &dyn Fn(usize) -> T| {
        let mut out = vec![T::ZERO; V::LANES];
        // SAFETY: room for them.
        unsafe { found.store(out.as_mut_ptr()) };
        for (i, &found) in out.iter().enumerate() {
            same((name, V::LANES, a[i], b[i], c[i]), found, expected(i));
        }
    };
    lanewise("load and store", x, &|i| a[i]);
    lanewise("zero", V::ZERO, &|_| T::ZERO);
    lanewise("add", x + y, &|i| a[i] + b[i]);
    lanewise("sub", x - y, &|i| a[i] - b[i]);
    lanewise("mul", x * y, &|i| a[i] * b[i]);
    lanewise("div", x / y, &|i| a[i] / b[i]);
    lanewise("neg", -x, &|i| -a[i]);
    lanewise("mul_add", x.mul_add(y, z), &|i| mul_add(a[i], b[i], c[i]));
    lanewise("sqrt", Lanes::sqrt(x), &|i| Lanes::sqrt(a[i]));
    lanewise("at_least", x.at_least(y), &|i| if a[i] > b[i] { a[i] } else { b[i] });
    lanewise("larger", x.larger(y), &|i| if a[i] > b[i] || a[i].to_f64().is_nan() { a[i] } else { b[i] });
    lanewise("at_most", x.at_most(y), &|i| if a[i] < b[i] { a[i] } else { b[i] });
    lanewise("sign", x.sign(), &|i| Lanes::sign(a[i]));
    lanewise("below", x.below(y, z, x), &|i| if a[i] < b[i] { c[i] } else { a[i] });
}

/// Scaling to every power of two, and splitting of every exponent.
fn exponents<T: Scalar + Lanes<T>, V: Lanes<T>>() {
    let (whole, digits, most) =
        if T::BYTES == 4 { (12_582_912.0, 24, 128) } else { (6_755_399_441_055_744.0, 53, 1024) };
    let normal: i32 = 2 - most;
    let two = T::from_u32(2);
    for n in normal - digits..=most {
        for factor in [1.0, 1.4, -1.9] {
            let number = T::from_f64(factor);
            let scaled = V::splat(number).scale(V::splat(T::from_f64(whole + f64::from(n))));
            each(("scale", n), scaled, number.scale(T::from_f64(whole + f64::from(n))));
            let power =
                if n < 0 { (T::ONE / two).power(n.unsigned_abs().into()) } else { two.power(n.unsigned_abs().into()) };
            let positive = number.abs() * power;
            if n >= normal && positive.is_finite() {
                let ((m, e), (m1, e1)) = (V::splat(positive).split(), positive.split());
                each(("mantissa", n), m, m1);
                each(("exponent", n), e, e1);
                assert!(m1 * m1 > T::from_f64(0.499) && m1 * m1 < T::from_f64(2.001), "{m1}");
                same(("split", n), m1.scale(T::from_f64(whole) + e1), positive);
            }
        }
    }
}

/// Every lane is the same number.
#[track_caller]
fn each<T: Scalar, V: Lanes<T>>(what: impl Debug, found: V, expected: T) {
    let mut out = vec![T::ZERO; V::LANES];
    // SAFETY: room for them.
    unsafe { found.store(out.as_mut_ptr()) };
    out.iter().for_each(|&found| same(&what, found, expected));
}

/// Lane l and lane l + half, and so on.
fn total<T: Scalar, V: Lanes<T>>(a: &[T]) {
    let mut sums = a.to_vec();
    while sums.len() > 1 {
        let half = sums.len() / 2;
        sums = (0..half).map(|l| sums[l] + sums[l + half]).collect();
    }
    // SAFETY: `a` has as many numbers as the vector.
    let v = unsafe { V::load(a.as_ptr()) };
    same(("total", a), v.total(), sums[0]);
    let eight = [1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0, -8.0].map(|factor| v * V::splat(T::from_f64(factor)));
    for (i, (found, v)) in V::totals(eight).into_iter().zip(eight).enumerate() {
        same(("totals", i, a), found, v.total());
    }
    if V::LANES >= 4 {
        let mut out = vec![T::ZERO; V::LANES];
        // SAFETY: room for all lanes.
        unsafe { V::four_totals([eight[0], eight[1], eight[2], eight[3]]).store(out.as_mut_ptr()) };
        for (i, (found, v)) in out.into_iter().take(4).zip(eight).enumerate() {
            same(("four totals", i, a), found, v.total());
        }
    }
}

/// The first numbers of a vector, where others must not even be read.
fn some<T: Scalar, V: Lanes<T>>(a: &[T]) {
    for count in 0..=V::LANES {
        let from = Guarded::new(&a[..count], 0);
        // SAFETY: so many are there.
        let v = unsafe { V::load_some(from.get().as_ptr(), count) };
        let mut out = vec![T::ONE; V::LANES];
        // SAFETY: room for all.
        unsafe { v.store(out.as_mut_ptr()) };
        for (i, &found) in out.iter().enumerate() {
            same(("load_some", count), found, if i < count { a[i] } else { T::ZERO });
        }
        let mut to = Guarded::new(&out[..count], 0);
        to.get_mut().fill(T::ONE);
        // SAFETY: so many are there, and room for them.
        unsafe { V::load_some(from.get().as_ptr(), count).store_some(to.get_mut().as_mut_ptr(), count) };
        to.get().iter().zip(a).for_each(|(&found, &expected)| same(("store_some", count), found, expected));
    }
}
