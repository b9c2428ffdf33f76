//! What keeps the numbers that an optimizer remembers in range.
//!
//! Where a gradient stays 0, running means and velocities sink; arithmetic with numbers below the smallest normal one
//! takes many times as long on some processors, and stays so: 0.9 times a few of the smallest steps is rounded to as
//! many. And a running mean of squares that overflowed would never come back. Both are looked for after every 128th
//! step, when it takes a few instructions for each number, or after each if β is small.

use crate::kernel::Lanes;
use crate::scalar::Scalar;

/// How often, in steps.
const PERIOD: u64 = 128;

/// Whether it is time, after step number `step`.
#[inline(always)]
pub(super) fn due(step: u64) -> bool {
    step % PERIOD == PERIOD - 1
}

/// Whether a mean of squares has to be looked at after each step: at β = 0.95 it comes back from an overflow to 1 after
/// 1,730 steps, of which 127 more are a small part. The limit is below 0.95, so that 0.95 in `f32` isn't under it.
#[inline(always)]
pub(super) fn is_fast<T: Scalar>(beta: T) -> bool {
    beta < T::from_f64(0.945)
}

/// Numbers, those below 2²⁶ times the smallest normal number replaced by 0: at β = 0.9, what is left stays normal for
/// 171 steps. What sinks faster is 0 by itself before long.
#[inline(always)]
pub(super) fn flushed<T: Scalar, V: Lanes<T>>(x: V) -> V {
    let least = normal::<T>() * T::from_f64(67_108_864.0);
    if V::LANES == 1 {
        return if x.total().abs() < least { V::ZERO } else { x };
    }
    x.at_least(-x).below(V::splat(least), V::ZERO, x)
}

/// Means of squares, those below 2¹¹ times the smallest normal number replaced by 0: at β = 0.95, what is left stays
/// normal for 148 steps. And an infinite one by the largest number.
#[inline(always)]
pub(super) fn squares_held<T: Scalar, V: Lanes<T>>(x: V) -> V {
    let least = V::splat(normal::<T>() * T::from_f64(2048.0));
    V::splat(largest()).at_most(x.below(least, V::ZERO, x))
}

/// Means of gradients and of their squares: [`flushed`] and [`squares_held`]; beside one that was infinite, the first
/// is at most `ratio` times its root.
#[inline(always)]
pub(super) fn both_held<T: Scalar, V: Lanes<T>>([m, v]: [V; 2], ratio: impl FnOnce() -> T) -> [V; 2] {
    let infinity = -T::MIN;
    if V::LANES == 1 && v.total() < infinity {
        return [flushed(m), squares_held(v)];
    }
    let most = V::splat(ratio() * largest::<T>().sqrt());
    [flushed(v.below(V::splat(infinity), m, (-most).at_least(most.at_most(m)))), squares_held(v)]
}

/// The largest number.
#[inline(always)]
fn largest<T: Scalar>() -> T {
    (T::from_f64(2.0) - T::EPSILON) * (T::from_f64(2.0) / normal())
}

/// The smallest normal number.
#[inline(always)]
fn normal<T: Scalar>() -> T {
    T::SMALLEST / T::EPSILON
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_types() {
        assert_eq!((normal::<f32>(), largest::<f32>()), (f32::MIN_POSITIVE, f32::MAX));
        assert_eq!((normal::<f64>(), largest::<f64>()), (f64::MIN_POSITIVE, f64::MAX));
    }

    /// What is left is still normal when it is looked at again.
    #[test]
    fn nothing_sinks_in_between() {
        for (least, beta) in [(2048.0_f32, 0.95_f32), (2048.0, 0.999), (67_108_864.0, 0.9), (67_108_864.0, 0.99)] {
            let mut x = least * f32::MIN_POSITIVE;
            assert_eq!(if least < 1e4 { squares_held(x) } else { flushed(x) }, x);
            for _ in 0..PERIOD {
                x *= beta;
            }
            assert!(x >= f32::MIN_POSITIVE, "{beta}");
        }
    }

    fn both<V: Lanes<f32>>(from: [f32; 2]) -> [V; 2] {
        both_held(from.map(V::splat), || 3.0)
    }

    #[test]
    fn both_means_in_range() {
        let (most, inf) = (3.0 * f32::MAX.sqrt(), f32::INFINITY);
        for (from, to) in [
            ([1.0, 2.0], [1.0, 2.0]),
            ([-8e-31, 3e-35], [-8e-31, 3e-35]),
            ([-7e-31, 2e-35], [0.0, 0.0]),
            ([1e38, 1e38], [1e38, 1e38]),
            ([1e38, inf], [most, f32::MAX]),
            ([-1e30, inf], [-most, f32::MAX]),
            ([2.0, inf], [2.0, f32::MAX]),
            ([f32::NAN, f32::NAN], [f32::NAN, f32::NAN]),
        ] {
            let pairs = both::<crate::kernel::Pair<f32>>(from).map(|pair| 0.5 * pair.total());
            for (to, (one, pair)) in to.iter().zip(both::<f32>(from).into_iter().zip(pairs)) {
                assert!(one == *to || one.is_nan() && to.is_nan(), "{one} instead of {to}");
                assert!(pair == *to || pair.is_nan() && to.is_nan() || *to == f32::MAX, "{pair} instead of {to}");
            }
        }
    }
}
