//! Random numbers by documented formulas, so that they never change: raw words come from a named generator of `rand`.

use rand::rngs::Xoshiro128PlusPlus;
use rand::{Rng, SeedableRng};

use crate::scalar::Scalar;

/// The generator behind every seed of this crate: `Xoshiro128PlusPlus::seed_from_u64`.
pub fn generator(seed: u64) -> Xoshiro128PlusPlus {
    Xoshiro128PlusPlus::seed_from_u64(seed)
}

/// Uniform in 0..1: the top 24 bits of a word, divided by 2²⁴.
pub fn unit<T: Scalar>(rng: &mut impl Rng) -> T {
    T::from_u32(rng.next_u32() >> 8) * T::from_f64(1.0 / 16_777_216.0)
}

/// Standard normal by Box and Muller: √(-2 ln(1 - u)) · cos(2πv), u and v uniform.
pub fn normal<T: Scalar>(rng: &mut impl Rng) -> T {
    let (u, v) = (unit::<T>(rng), unit::<T>(rng));
    (T::from_f64(-2.0) * (T::ONE - u).ln_normal()).sqrt() * v.cos_of_turns()
}

/// A 64-bit mixing function (the finalizer of SplitMix64): every bit of the input reaches every bit of the result.
pub const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A 32-bit mixing function (the finalizer of MurmurHash3), cheap on a microcontroller.
pub const fn mix32(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
    x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
    x ^ (x >> 16)
}

/// A permutation of `0..len`, computed position by position from a seed: no index array.
///
/// A four-round Feistel network over the next even power of two, walked until the result is in range
/// (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
#[derive(Clone, Copy, Debug)]
pub struct Shuffle {
    len: u32,
    half_bits: u32,
    key: u64,
}

impl Shuffle {
    /// A permutation of `0..len`; at most 2³² - 1 positions (a larger `len` is cut to that).
    pub fn new(len: usize, seed: u64) -> Self {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        let bits = u32::BITS - len.saturating_sub(1).leading_zeros();
        Self { len, half_bits: bits.div_ceil(2).max(1), key: mix(seed) }
    }

    /// Where position `i` goes; `i` itself where it is out of range.
    pub fn at(&self, i: usize) -> usize {
        let Some(mut x) = u32::try_from(i).ok().filter(|&i| i < self.len) else { return i };
        loop {
            x = self.round_trip(x);
            if x < self.len {
                return x as usize;
            }
        }
    }

    fn round_trip(&self, x: u32) -> u32 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (x >> self.half_bits, x & mask);
        for round in 0..4 {
            let key = (self.key >> (16 * round)) as u32;
            (left, right) = (right, left ^ (mix32(right ^ key.wrapping_add(round)) & mask));
        }
        (left << self.half_bits) | right
    }
}
