//! The share of the past in a running mean, in the precision of a number type.

use core::hint::black_box;

use crate::layer::SettingError;
use crate::scalar::Scalar;
use crate::storage::nearest;

/// β as an optimizer computes with it. What is left of 1 and the logarithm come from the `f64` that was given and are
/// rounded once: of 0.999 in `f32`, 1 - β would be 1.3·10⁻⁵ off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decay<T> {
    /// 1 - β.
    rest: T,
    /// ln β; -∞ for 0.
    ln: T,
}
crate::storage::zeroed!([T: Scalar] Decay<T> { rest, ln });

impl<T: Scalar> Decay<T> {
    /// From a β that is in [0, 1).
    pub const fn of(beta: f64) -> Self {
        Self { rest: nearest(1.0 - beta), ln: nearest(ln(beta)) }
    }

    /// From a β, or a momentum, or a ρ.
    pub const fn checked(beta: f64) -> Result<Self, SettingError> {
        if beta >= 0.0 && beta < 1.0 { Ok(Self::of(beta)) } else { Err(SettingError::Momentum) }
    }

    /// 1 - β, the share of what is new.
    #[inline(always)]
    pub fn rest(&self) -> T {
        self.rest
    }

    /// β: with 1 - β it is 1 as exactly as can be.
    #[inline(always)]
    pub fn beta(&self) -> T {
        T::ONE - self.rest
    }

    /// 1 - βᵗ = -expm1(t ln β): the sum of the weights of a running mean that began at 0.
    #[inline(never)]
    pub fn weight(&self, t: T) -> T {
        let (mut x, two) = (-(t * self.ln), T::from_f64(2.0));
        if x > T::from_f64(40.0) {
            return T::ONE;
        }
        // A series where x is at most 1/8, to which it is brought; then back by 1 - e⁻²ˣ = (1 - e⁻ˣ) (2 - (1 - e⁻ˣ)).
        // Less than half of libm's code, if the compiler doesn't write out several turns of the loops, which are at
        // most three: hence the black boxes.
        let mut eighths = 0;
        while x > T::from_f64(0.125) {
            x *= T::from_f64(0.125);
            eighths += 1;
            black_box(());
        }
        let [more @ .., c5, c4, c3, c2, c1, c0] = Self::SERIES;
        // `f32` needs no more.
        let mut sum = T::ZERO;
        if T::BYTES > 4 {
            for c in more {
                sum = sum * x + c;
            }
        }
        sum = ((((sum * x + c5) * x + c4) * x + c3) * x + c2) * x + c1;
        let mut weight = (sum * x + c0) * x;
        for _ in 0..eighths {
            black_box(());
            weight *= two - weight;
            weight *= two - weight;
            weight *= two - weight;
        }
        weight
    }

    /// Of (1 - e⁻ˣ) / x, from the highest power, x¹¹: (-1)ᵏ / (k + 1)!.
    const SERIES: [T; 12] = {
        let mut series = [nearest(0.0); 12];
        let (mut k, mut c) = (0, 1.0);
        while k < 12 {
            series[11 - k] = nearest(c);
            k += 1;
            c /= -(k as f64 + 1.0);
        }
        series
    };
}

/// ln x for 0 <= x < 1, in const. x = m 2ᵉ with m from √½ to √2, and ln m = 2 artanh s with s = (m - 1) / (m + 1), as a
/// series: the next term is below 10⁻¹⁸ of the first. Near 1, e is 0 and m - 1 exact.
const fn ln(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    let (mut m, mut e) = (x, 0.0);
    while m < core::f64::consts::FRAC_1_SQRT_2 {
        m *= 2.0;
        e -= 1.0;
    }
    let s = (m - 1.0) / (m + 1.0);
    let (mut sum, mut k) = (0.0, 23.0);
    while k > 0.0 {
        sum = sum * (s * s) + 1.0 / k;
        k -= 2.0;
    }
    2.0 * s * sum + e * core::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_in_const() {
        const LN: f64 = ln(0.999);
        assert!((LN / libm::log(0.999) - 1.0).abs() < 3e-16);
        for i in 1..1000 {
            for x in
                [f64::from(i) / 1000.0, 1.0 - 10.0_f64.powf(-f64::from(i) / 70.0), 10.0_f64.powf(-f64::from(i) / 3.2)]
            {
                let (y, exact) = (ln(x), libm::log(x));
                assert!((y - exact).abs() <= 4e-16 * exact.abs(), "ln {x} is {y}, not {exact}");
            }
        }
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
    }

    /// Beside f64, whose own error is that of a power.
    #[test]
    fn weights_in_f32() {
        for beta in [0.0, 1e-3, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0 - 1e-6] {
            let decay = Decay::<f32>::of(beta);
            assert!((f64::from(decay.rest()) - (1.0 - beta)).abs() <= 6e-8 * (1.0 - beta));
            assert!((f64::from(decay.beta()) - beta).abs() <= 6e-8);
            for t in [1_u32, 2, 3, 7, 10, 100, 1000, 12_345, 1_000_000, u32::MAX] {
                let exact = -libm::expm1(f64::from(t) * libm::log(beta));
                let weight = f64::from(decay.weight(t as f32));
                assert!((weight - exact).abs() <= 3e-7 * exact, "1 - {beta}^{t} is {weight}, not {exact}");
                let weight = Decay::<f64>::of(beta).weight(t.into());
                assert!((weight - exact).abs() <= 1e-15 * exact, "1 - {beta}^{t} is {weight}, not {exact}");
            }
        }
    }
}
