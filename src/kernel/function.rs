//! exp, ln, tanh and the logistic function, in plain arithmetic without a branch, so that they run in vectors, and that give the same bits in
//! every vector: each product and sum is rounded by itself.
//!
//! At most 2 units in the last place off: over all inputs in `f32`, see the tests.

// As published; a shorter decimal is the same number.
#![allow(clippy::excessive_precision)]

use super::tile::{V, some};
use super::{Kernels, Lanes};
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::total::Total;

/// Σ cᵢ xⁱ, the highest coefficient first.
#[cfg_attr(not(debug_assertions), inline(always))]
fn polynomial<T: Copy, V: Lanes<T>, const N: usize>(x: V, coefficients: [T; N]) -> V {
    let mut sum = V::splat(coefficients[0]);
    for i in 1..N {
        sum = sum * x + V::splat(coefficients[i]);
    }
    sum
}

/// The numbers of eˣ.
pub struct Exponential<T, const PAIRS: usize> {
    /// Below it the result is 0, above `most` infinite.
    pub least: T,
    most: T,
    /// 1.5 · 2ᵐ: adding it leaves the whole number in the lowest bits.
    pub whole: T,
    /// ln 2 in two parts.
    pub ln2: [T; 2],
    /// Of (eʳ - 1 - r) / r², from the highest, two at a time.
    pub coefficients: [[T; 2]; PAIRS],
}

/// Minimax (Moshier, Cephes).
pub const EXP_F32: Exponential<f32, 3> = Exponential {
    least: -104.0,
    most: 89.0,
    whole: 12_582_912.0,
    ln2: [0.693_359_375, -2.121_944_4e-4],
    coefficients: [[1.987_569_1e-4, 1.398_199_9e-3], [8.333_452e-3, 4.166_579_6e-2], [1.666_666_5e-1, 5.000_000_1e-1]],
};

/// Taylor.
const EXP_F64: Exponential<f64, 6> = Exponential {
    least: -746.0,
    most: 710.0,
    whole: 6_755_399_441_055_744.0,
    ln2: [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10],
    coefficients: [
        [1.605_904_383_682_161_5e-10, 2.087_675_698_786_81e-9],
        [2.505_210_838_544_172e-8, 2.755_731_922_398_589e-7],
        [2.755_731_922_398_589_3e-6, 2.480_158_730_158_73e-5],
        [1.984_126_984_126_984e-4, 1.388_888_888_888_889e-3],
        [8.333_333_333_333_333e-3, 4.166_666_666_666_666_4e-2],
        [1.666_666_666_666_666_6e-1, 5e-1],
    ],
};

/// The functions of a number type, from its constants.
macro_rules! functions {
    ($t:ident, $exp:ident $c:ident,
     $ln:ident $ln_normal:ident $ln_of:ident [$up:literal, $up_bits:literal] [$ln_high:literal, $ln_low:literal] $ln_c:expr, $tanh:ident |$z:ident| $series:expr, $sigmoid:ident) => {
        /// eˣ: x = n ln 2 + r with n whole and |r| <= ln 2 / 2; eʳ is a polynomial, and 2ⁿ is made of bits.
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $exp<V: Lanes<$t>>(x: V) -> V {
            // Beyond these the result is 0 or infinite; NaN stays.
            let x = V::splat($c.most).at_most(V::splat($c.least).at_least(x));
            let shifted = x * V::splat(core::$t::consts::LOG2_E) + V::splat($c.whole);
            let n = shifted - V::splat($c.whole);
            let (high, low) = (x - n * V::splat($c.ln2[0]), n * V::splat($c.ln2[1]));
            let r = high - low;
            // 1 + r, and what rounding it and r has cost.
            let one = V::splat(1.0);
            let sum = one + r;
            let rest = (r - (sum - one)) + ((high - r) - low);
            let square = r * r;
            let [first, others @ ..] = $c.coefficients;
            let mut p = V::splat(first[0]) * r + V::splat(first[1]);
            for [odd, even] in others {
                p = p * square + (V::splat(odd) * r + V::splat(even));
            }
            (sum + (p * square + rest)).scale(shifted)
        }

        /// ln x: x = m 2ᵉ with m from √½ to √2; ln m is a polynomial of s² with s = (m - 1) / (m + 1).
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $ln<V: Lanes<$t>>(x: V) -> V {
            let least = V::splat($t::MIN_POSITIVE);
            let (m, e) = x.below(least, x * V::splat($up), x).split();
            let y = $ln_of(m, e - x.below(least, V::splat($up_bits), V::splat(0.0)));
            // NaN stays, +∞ too; 0 gives -∞, and what is below it NaN.
            let y = V::splat($t::MAX).below(x, x, y + (x - x));
            x.below(
                V::splat($t::from_bits(1)),
                x.below(V::splat(0.0), V::splat($t::NAN), V::splat($t::NEG_INFINITY)),
                y,
            )
        }

        /// ln x of a positive number that is neither subnormal nor infinite; NaN stays.
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $ln_normal<V: Lanes<$t>>(x: V) -> V {
            let (m, e) = x.split();
            $ln_of(m, e) + (x - x)
        }

        #[cfg_attr(not(debug_assertions), inline(always))]
        fn $ln_of<V: Lanes<$t>>(m: V, e: V) -> V {
            let f = m - V::splat(1.0);
            let s = f / (V::splat(2.0) + f);
            let z = s * s;
            let half = V::splat(0.5) * f * f;
            let series = z * polynomial(z, $ln_c);
            (s * (half + series) + e * V::splat($ln_low)) - half + f + e * V::splat($ln_high)
        }

        /// tanh x: near 0 a polynomial, else from e^(2|x|).
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $tanh<V: Lanes<$t>>(x: V) -> V {
            let size = x.at_least(-x);
            let $z = x * x;
            let near = x + x * $z * $series;
            let far = x.sign() * (V::splat(1.0) - V::splat(2.0) / ($exp(size + size) + V::splat(1.0)));
            size.below(V::splat(0.625), near, far)
        }

        /// 1 / (1 + e^-x), from e^-|x|, which doesn't overflow.
        #[cfg_attr(not(debug_assertions), inline(always))]
        pub fn $sigmoid<V: Lanes<$t>>(x: V) -> V {
            let e = $exp(-x.at_least(-x));
            let one = V::splat(1.0);
            let sum = one + e;
            let y = x.below(V::splat(0.0), e, one) / sum;
            // What rounding the sum has cost, divided by the sum.
            y - y * (e - (sum - one)) * y.at_least(one - y)
        }
    };
}

// ln: FreeBSD's msun. tanh: Cephes.
functions!(f32,
    exp_f32 EXP_F32,
    ln_f32 ln_normal_f32 ln_of_f32 [33_554_432.0, 25.0] [6.931_381_225_6e-1, 9.058_000_614_5e-6]
        [0.242_790_788_41, 0.284_987_866_88, 0.400_009_721_52, 0.666_666_626_93],
    tanh_f32 |z| polynomial(z, [-5.704_988_727_45e-3, 2.063_908_879_54e-2, -5.373_971_555_31e-2, 1.333_144_220_36e-1, -3.333_328_194_22e-1]),
    sigmoid_f32);
functions!(f64,
    exp_f64 EXP_F64,
    ln_f64 ln_normal_f64 ln_of_f64 [18_014_398_509_481_984.0, 54.0] [6.931_471_803_691_238_164_90e-1, 1.908_214_929_270_587_700_02e-10]
        [1.479_819_860_511_658_591e-1, 1.531_383_769_920_937_332e-1, 1.818_357_216_161_805_012e-1, 2.222_219_843_214_978_396e-1,
         2.857_142_874_366_239_149e-1, 3.999_999_999_940_941_908e-1, 6.666_666_666_666_735_130e-1],
    tanh_f64 |z| {
        polynomial(z, [-9.643_991_794_250_522_386_28e-1, -9.928_772_310_019_185_865_64e1, -1.614_687_684_417_084_479_52e3])
            / polynomial(z, [1.0, 1.128_116_784_916_329_314_02e2, 2.235_488_390_601_004_485_83e3, 4.844_063_053_251_254_860_48e3])
    },
    sigmoid_f64);

/// A function of one number; a type rather than a closure, which wouldn't be compiled for the instructions that were chosen.
pub trait Function<T: Scalar> {
    /// Its value.
    fn of(x: T) -> T;
    /// Its values.
    fn of_lanes<V: Lanes<T>>(x: V) -> V;
}

/// eˣ.
#[derive(Debug)]
pub struct Exp;
/// Natural logarithm of a positive number that is neither subnormal nor infinite, such as a sum of exponentials; NaN stays.
#[derive(Debug)]
pub struct LnNormal;

impl<T: Scalar> Function<T> for Exp {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of(x: T) -> T {
        x.exp()
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of_lanes<V: Lanes<T>>(x: V) -> V {
        T::exp_lanes(x)
    }
}

impl<T: Scalar> Function<T> for LnNormal {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of(x: T) -> T {
        x.ln_normal()
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of_lanes<V: Lanes<T>>(x: V) -> V {
        T::ln_normal_lanes(x)
    }
}

/// Replaces each number by a function of it, in vectors. A short row goes one by one: what was just written in parts can't be read as
/// a whole without a wait.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn each<K: Kernels, T: Scalar, F: Function<T>>(values: &mut [T]) {
    if values.len() <= 16 {
        for x in values {
            *x = F::of(*x);
        }
        return;
    }
    let lanes = <T::Lanes<K>>::LANES;
    let (vectors, rest) = values.split_at_mut(values.len() / lanes * lanes);
    // SAFETY: chunks of `lanes` numbers, and one of fewer.
    unsafe {
        for at in (0..vectors.len()).step_by(lanes) {
            let at = vectors.as_mut_ptr().add(at);
            F::of_lanes(<T::Lanes<K>>::load(at)).store(at);
        }
        if !rest.is_empty() {
            F::of_lanes(<T::Lanes<K>>::load_some(rest.as_ptr(), rest.len())).store_some(rest.as_mut_ptr(), rest.len());
        }
    }
}

/// The largest number of a row. NaN is never the largest.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn largest<T: Scalar, const N: usize>(row: &[T; N]) -> T {
    let mut max = [T::MIN; 4];
    for i in 0..N {
        max[i % 4] = row[i].at_least(max[i % 4]);
    }
    max[0].at_least(max[2]).at_least(max[1].at_least(max[3]))
}

/// Rows that are longer are summed in blocks of so many numbers, 64 of each of the four sums.
pub const LONG: usize = 4 * 64;

/// The sum of a row, in four interleaved sums; of a row of more than [`LONG`] numbers, each in the blocks of `sums`.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn sum<T: Scalar, const N: usize>(row: &[T; N]) -> T {
    let mut sums = [T::ZERO; 4];
    if const { N > LONG } {
        let mut totals = [Total::ZERO; 4];
        for block in row.chunks(LONG) {
            sums.fill(T::ZERO);
            for (i, &x) in block.iter().enumerate() {
                sums[i % 4] += x;
            }
            for (total, &sum) in totals.iter_mut().zip(&sums) {
                total.add(sum);
            }
        }
        sums = totals.map(Total::value);
    } else {
        for i in 0..N {
            sums[i % 4] += row[i];
        }
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3])
}

/// Replaces each x by eˣ, and writes the sum of each row; for as many rows as both have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn exponentials<K: Kernels, T: Scalar, const N: usize>(rows: &mut [[T; N]], sums: &mut [T]) {
    each::<K, T, Exp>(rows.as_flattened_mut());
    for (row, to) in rows.iter().zip(sums) {
        *to = sum(row);
    }
}

/// Writes e^(x - max x), and of each row max x and the sum of these; for as many rows as all have.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn below_largest<K: Kernels, T: Scalar, const N: usize>(
    x: &[[T; N]],
    rows: &mut [[T; N]],
    max: &mut [T],
    sums: &mut [T],
) {
    let mut all = x.iter().zip(&mut *rows).zip(&mut *max).zip(&mut *sums);
    if all.all(|(((x, to), max), sum)| K::exponentials(x, to, max, sum)) {
        return;
    }
    for ((x, to), max) in x.iter().zip(&mut *rows).zip(max) {
        *max = largest(x);
        for i in 0..N {
            to[i] = x[i] - *max;
        }
    }
    exponentials::<K, T, N>(rows, sums);
}

/// max x and the sum of e^(x - max x), with the bits of [`below_largest`], for which there needn't be room for the
/// exponentials.
#[inline]
pub fn sum_below_largest<T: Scalar, const N: usize>(x: &[T; N]) -> [T; 2] {
    let (max, mut sums, mut totals) = (largest(x), [T::ZERO; 4], [Total::ZERO; 4]);
    for block in x.chunks(LONG) {
        sums.fill(T::ZERO);
        for x in block.chunks(16) {
            let mut exponentials = [T::ZERO; 16];
            for (to, &x) in exponentials.iter_mut().zip(x) {
                *to = Exp::of(x - max);
            }
            for (i, &exponential) in exponentials.iter().take(x.len()).enumerate() {
                sums[i % 4] += exponential;
            }
        }
        if const { N > LONG } {
            for (total, &sum) in totals.iter_mut().zip(&sums) {
                total.add(sum);
            }
        }
    }
    if const { N > LONG } {
        sums = totals.map(Total::value);
    }
    [max, (sums[0] + sums[2]) + (sums[1] + sums[3])]
}

/// Each number of a row by a factor, less `scale` at one place, in whole vectors: what was written in parts can't be read as a whole before all
/// that comes first is done.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn scale_less<K: Kernels, T: Scalar, const N: usize>(row: &mut [T; N], factor: T, place: usize, scale: T) {
    if const { N < <V<T, K>>::LANES && <V<T, K::Narrow>>::LANES > 1 } {
        return scale_less::<K::Narrow, T, N>(row, factor, place, scale);
    }
    let lanes = <V<T, K>>::LANES;
    let (factor, scale, zero) = (<V<T, K>>::splat(factor), <V<T, K>>::splat(scale), <V<T, K>>::ZERO);
    for at in (0..N).step_by(lanes) {
        let (count, place) = (lanes.min(N - at), place as f64 - at as f64);
        let (before, behind) = (<V<T, K>>::splat(T::from_f64(place - 0.5)), <V<T, K>>::splat(T::from_f64(place + 0.5)));
        // SAFETY: `count` numbers from `at` on are there, and no vector has more than sixteen.
        unsafe {
            let index = <V<T, K>>::load(T::INDICES.as_ptr());
            let less = index.below(before, zero, index.below(behind, scale, zero));
            let at = row.as_mut_ptr().add(at);
            let new = some::<T, V<T, K>>(at, count) * factor - less;
            if count == lanes { new.store(at) } else { new.store_some(at, count) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance from the exact result, in units in its last place.
    fn units_f32(y: f32, exact: f64) -> f64 {
        let nearest = exact as f32;
        if y == nearest || (y.is_nan() && nearest.is_nan()) {
            return 0.0;
        }
        let size = nearest.abs().min(f32::MAX);
        let unit =
            f64::from(f32::from_bits(size.to_bits().max(1))) - f64::from(f32::from_bits(size.to_bits().max(1) - 1));
        (f64::from(y) - exact).abs() / unit
    }

    /// How many numbers are left out between two, more on an emulated processor; `cargo test --release --lib -- --ignored` takes all.
    const STEP: usize = match (cfg!(debug_assertions), cfg!(target_arch = "x86_64")) {
        (false, _) => 97,
        (true, true) => 4_999,
        (true, false) => 99_991,
    };

    fn sweep(step: usize, name: &str, limit: f64, f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64) {
        let mut worst = (0.0, 0.0);
        for bits in (0..=u32::MAX).step_by(step) {
            let x = f32::from_bits(bits);
            let units = units_f32(f(x), exact(f64::from(x)));
            assert!(units <= limit, "{name}({x:e}) is {:e}: off by {units} units", f(x));
            worst = if units > worst.0 { (units, x) } else { worst };
        }
        println!("{name}: at most {:.3} units off, at {:e}", worst.0, worst.1);
    }

    fn logistic(x: f64) -> f64 {
        if x < 0.0 { libm::exp(x) / (1.0 + libm::exp(x)) } else { 1.0 / (1.0 + libm::exp(-x)) }
    }

    fn all_in_f32(step: usize) {
        sweep(step, "exp", 1.0, exp_f32, libm::exp);
        sweep(step, "ln", 1.0, ln_f32, libm::log);
        let normal = |x: f32| if x.is_normal() && x > 0.0 || x.is_nan() { ln_normal_f32(x) } else { ln_f32(x) };
        sweep(step, "ln of normal numbers", 1.0, normal, libm::log);
        sweep(step, "tanh", 1.5, tanh_f32, libm::tanh);
        sweep(step, "sigmoid", 2.0, sigmoid_f32, logistic);
    }

    #[test]
    fn some_in_f32() {
        all_in_f32(STEP);
    }

    #[test]
    #[ignore = "takes minutes"]
    fn every_f32() {
        all_in_f32(1);
    }

    /// Numbers of every size, and of both signs.
    fn some_f64(name: &str, limit: i64, f: impl Fn(f64) -> f64, exact: impl Fn(f64) -> f64) {
        let mut x = 1e-320;
        let mut worst = 0;
        let special = [0.0, 1.0, 709.7, 745.1, 710.0, 1e9, f64::MAX, f64::INFINITY, f64::NAN];
        let sizes = core::iter::from_fn(|| {
            x *= 1.000_731;
            Some(x)
        });
        for x in sizes.take_while(|x| *x < 1e308).chain(special).flat_map(|x| [x, -x]) {
            let (exact, y) = (exact(x), f(x));
            let same = exact == y || (exact.is_nan() && y.is_nan());
            let units =
                if same { 0 } else { (exact.to_bits() as i64).wrapping_sub(y.to_bits() as i64).saturating_abs() };
            assert!(units <= limit, "{name}({x:e}): {y:e} instead of {exact:e}");
            worst = worst.max(units);
        }
        println!("{name}: at most {worst} units from libm");
    }

    #[test]
    fn all_in_f64() {
        some_f64("exp", 2, exp_f64, libm::exp);
        some_f64("ln", 2, ln_f64, libm::log);
        some_f64("tanh", 2, tanh_f64, libm::tanh);
        some_f64("sigmoid", 3, sigmoid_f64, logistic);
    }
}
