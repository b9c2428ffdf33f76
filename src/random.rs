//! Random numbers by documented formulas, so that they never change: raw words come from a named generator of `rand`.

use core::hint::select_unpredictable;

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
/// "Swap or not" (Hoang, Morris and Rogaway, "An Enciphering Scheme Based on a Card Shuffle", 2012), with
/// [`ROUNDS`](Self::ROUNDS) rounds. A round has a sum k < len and pairs each position x with k - x modulo `len`; a bit
/// that both share says whether they change places. That bit is the top one of a · max(x, k - x) + b modulo 2³²: for
/// two pairs it is independent (Dietzfelbinger, "Universal hashing and k-wise independent random variables via integer
/// arithmetic without primes", 1996). The numbers of the rounds come from two linear congruential generators, one of
/// which gives a; the product of the other's and `len` is 2³² k + b.
///
/// All orders of up to seven are equally likely as far as a χ² test can tell, and in long orders neighbours part as
/// they should. It is no cipher: everything follows from 64 bits of seed. The same seed gives the same order on every
/// target.
///
/// ```
/// use stackprop::random::Shuffle;
///
/// const ORDER: Shuffle = Shuffle::new(1797, 1);
/// let mut seen = [false; 1797];
/// (0..1797).for_each(|i| seen[ORDER.at(i)] = true);
/// assert!(seen.iter().all(|&seen| seen));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Shuffle {
    len: u32,
    /// Where the generators of the rounds begin.
    keys: [u32; 2],
}

impl Shuffle {
    /// How many rounds there are. Two neighbours stay together through all of them, beyond what chance gives, once in
    /// 2²⁴.
    pub const ROUNDS: usize = 24;

    /// A permutation of `0..len`; at most 2³² - 1 positions (a larger `len` is cut to that).
    pub const fn new(len: usize, seed: u64) -> Self {
        let (len, key) = (if len as u64 > u32::MAX as u64 { u32::MAX } else { len as u32 }, mix(seed));
        Self { len, keys: [key as u32, (key >> 32) as u32] }
    }

    /// Where position `i` goes; `i` itself where it is out of range.
    #[inline(never)]
    pub fn at(&self, i: usize) -> usize {
        let Some(mut x) = u32::try_from(i).ok().filter(|&i| i < self.len) else { return i };
        let [mut key, mut a] = self.keys;
        for _ in 0..Self::ROUNDS {
            key = key.wrapping_mul(1_664_525).wrapping_add(1_013_904_223); // Numerical Recipes
            a = a.wrapping_mul(747_796_405).wrapping_add(2_891_336_453); // O'Neill's PCG
            let product = u64::from(key) * u64::from(self.len);
            let (k, b) = ((product >> 32) as u32, product as u32);
            let (difference, negative) = k.overflowing_sub(x);
            let partner = select_unpredictable(negative, difference.wrapping_add(self.len), difference);
            let bit = a.wrapping_mul(x.max(partner)).wrapping_add(b) >> 31;
            x = select_unpredictable(bit == 1, partner, x);
        }
        x as usize
    }
}
