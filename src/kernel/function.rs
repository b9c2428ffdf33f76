//! The exponential function, in plain arithmetic without a branch, so that loops over it run in vectors, and that gives the same bits in
//! every vector: each product and sum is rounded by itself.
//!
//! x = n ln 2 + r with n whole and |r| <= ln 2 / 2; eʳ is a polynomial, and 2ⁿ is made of bits. At most 1 unit in the last place off in `f32`
//! (over all inputs) and 2 in `f64`.

// As published; a shorter decimal is the same number.
#![allow(clippy::excessive_precision)]

macro_rules! exponential {
    ($name:ident, $t:ident, $bits:ident, $mantissa:literal, $bias:literal, [$low:literal, $high:literal], $whole:literal,
     [$ln2_high:literal, $ln2_low:literal], [$($c:literal)*]) => {
        /// eˣ.
        #[inline(always)]
        pub fn $name(x: $t) -> $t {
            // Beyond these the result is 0 or infinite; NaN stays.
            let x = if x < $low { $low } else { x };
            let x = if x > $high { $high } else { x };
            // Adding 1.5 · 2ᵐ leaves the whole number in the lowest bits.
            let shifted = x * core::$t::consts::LOG2_E + $whole;
            let n = shifted - $whole;
            let r = (x - n * $ln2_high) - n * $ln2_low;
            let mut p = 0.0;
            $(p = p * r + $c;)*
            let y = (p * r) * r + r + 1.0;
            // In two steps, because 2ⁿ alone can be out of range where the result isn't.
            let n = (shifted.to_bits() as $bits).wrapping_sub(($whole as $t).to_bits() as $bits);
            let (half, rest) = (n >> 1, n.wrapping_sub(n >> 1));
            let power = |n: $bits| $t::from_bits((n.wrapping_add($bias) << $mantissa) as _);
            y * power(half) * power(rest)
        }
    };
}

// Coefficients of (eʳ - 1 - r) / r², highest first: minimax for `f32` (Moshier, Cephes), Taylor for `f64`.
exponential!(exp_f32, f32, i32, 23, 127, [-104.0, 89.0], 12_582_912.0, [0.693_359_375, -2.121_944_4e-4],
    [1.987_569_1e-4 1.398_199_9e-3 8.333_452e-3 4.166_579_6e-2 1.666_666_5e-1 5.000_000_1e-1]);
exponential!(exp_f64, f64, i64, 52, 1023, [-746.0, 710.0], 6_755_399_441_055_744.0, [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10],
    [1.605_904_383_682_161_5e-10 2.087_675_698_786_81e-9 2.505_210_838_544_172e-8 2.755_731_922_398_589e-7
     2.755_731_922_398_589_3e-6 2.480_158_730_158_73e-5 1.984_126_984_126_984e-4 1.388_888_888_888_889e-3
     8.333_333_333_333_333e-3 4.166_666_666_666_666_4e-2 1.666_666_666_666_666_6e-1 5e-1]);

#[cfg(test)]
mod tests {
    use super::{exp_f32, exp_f64};

    /// Distance in units in the last place of the exact result.
    fn error_f32(x: f32) -> f64 {
        let (exact, y) = (libm::exp(f64::from(x)), exp_f32(x));
        if y.is_infinite() || exact > f64::from(f32::MAX) {
            return if f64::from(y) == f64::from(exact as f32) { 0.0 } else { f64::INFINITY };
        }
        let above = f32::from_bits((exact as f32).to_bits() + 1);
        (f64::from(y) - exact).abs() / f64::from(above - exact as f32)
    }

    #[test]
    fn exp_f32_is_within_one_unit() {
        let step = if cfg!(debug_assertions) { 997 } else { 7 };
        let mut worst = (0.0, 0.0);
        for bits in (0..=u32::MAX).step_by(step) {
            let x = f32::from_bits(bits);
            if x.is_nan() {
                assert!(exp_f32(x).is_nan());
            } else if x > -103.0 {
                let error = error_f32(x);
                assert!(error <= 1.0, "exp({x}) is off by {error}");
                worst = if error > worst.0 { (error, x) } else { worst };
            } else {
                assert_eq!(exp_f32(x), libm::expf(x));
            }
        }
        println!("worst: {} units at {}", worst.0, worst.1);
    }

    #[test]
    fn exp_f64_is_close() {
        for i in -745_000..710_000 {
            let x = f64::from(i) * 1e-3 + 1e-7;
            let (exact, y) = (libm::exp(x), exp_f64(x));
            let units = (exact.to_bits() as i64 - y.to_bits() as i64).abs();
            assert!(units <= 2, "exp({x}): {y} instead of {exact}");
        }
        for x in [0.0, -0.0, 1.0, 709.7, -745.1, 710.0, 1e9, -1e9, f64::INFINITY, f64::NEG_INFINITY] {
            let (exact, y) = (libm::exp(x), exp_f64(x));
            assert!(exact == y || (exact - y).abs() <= 2.0 * f64::EPSILON * exact, "exp({x}): {y} instead of {exact}");
        }
        assert!(exp_f64(f64::NAN).is_nan());
    }
}
