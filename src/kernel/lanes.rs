//! What a vector of numbers can do. A single number is the vector of one lane; a [`Pair`] of vectors is one of twice the lanes.
//!
//! An operation gives each lane what it gives a single number, so kernels that are written over [`Lanes`] give the same bits whatever the
//! width: only [`mul_add`](Lanes::mul_add) may round once or twice, by instruction set, and always twice with `reproducible`.

use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::scalar::Scalar;
use crate::sealed::Sealed;
use crate::storage::Zeroed;

/// Some numbers that are treated alike.
///
/// It is sealed: kernels make pointers from [`LANES`](Self::LANES), and have room for sixteen at most.
pub trait Lanes<T>:
    Sealed
    + Copy
    + Zeroed
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// How many: 1, 2, 4, 8 or 16.
    const LANES: usize;

    /// The same number in all lanes.
    fn splat(value: T) -> Self;
    /// `self · a + b`, rounded once where the instruction set has that and `reproducible` is off, else twice.
    #[must_use]
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Square root, correctly rounded.
    #[must_use]
    fn sqrt(self) -> Self;
    /// `if self > other { self } else { other }`: the larger; `other` where one is NaN.
    #[must_use]
    fn at_least(self, other: Self) -> Self;
    /// `if self > other || self.is_nan() { self } else { other }`: the larger; NaN where one is.
    #[must_use]
    fn larger(self, other: Self) -> Self;
    /// `if self < other { self } else { other }`: the smaller; `other` where one is NaN.
    #[must_use]
    fn at_most(self, other: Self) -> Self;
    /// 1, -1, or the number itself where it is 0 or NaN.
    #[must_use]
    fn sign(self) -> Self;
    /// `if self < bound { then } else { or }`.
    #[must_use]
    fn below(self, bound: Self, then: Self, or: Self) -> Self;
    /// `self · 2ⁿ`, rounded once, where `shifted` is n + 1.5 · 2ᵐ and m the number of bits of a mantissa.
    #[must_use]
    fn scale(self, shifted: Self) -> Self;
    /// m and e with `self = m · 2ᵉ` and m from √½ to √2, for a positive number that isn't subnormal.
    #[must_use]
    fn split(self) -> (Self, Self);
    /// The sum of all lanes, as a tree: lane l and lane l + half, and so on.
    fn total(self) -> T;
    /// Whether [`totals`](Self::totals) takes fewer instructions than eight times [`total`](Self::total), and
    /// [`four_totals`](Self::four_totals) than four times.
    const TOTALS: bool = false;
    /// [`total`](Self::total) of each of eight.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn totals(vectors: [Self; 8]) -> [T; 8] {
        let [a, b, c, d, e, f, g, h] = vectors;
        [a.total(), b.total(), c.total(), d.total(), e.total(), f.total(), g.total(), h.total()]
    }
    /// [`total`](Self::total) of each of four, in the lowest lanes, of which there must be so many.
    #[must_use]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn four_totals(vectors: [Self; 4]) -> Self {
        one_by_one(vectors)
    }

    /// Reads [`LANES`](Self::LANES) numbers.
    ///
    /// # Safety
    /// They must be there.
    unsafe fn load(from: *const T) -> Self;
    /// Writes [`LANES`](Self::LANES) numbers.
    ///
    /// # Safety
    /// There must be room for them.
    unsafe fn store(self, to: *mut T);
    /// Reads `count` numbers, at most [`LANES`](Self::LANES), and zeros for the others.
    ///
    /// # Safety
    /// They must be there.
    unsafe fn load_some(from: *const T, count: usize) -> Self;
    /// Writes the first `count` numbers, at most [`LANES`](Self::LANES).
    ///
    /// # Safety
    /// There must be room for them.
    unsafe fn store_some(self, to: *mut T, count: usize);
}

/// [`Lanes::four_totals`] from each [`total`](Lanes::total).
#[cfg_attr(not(debug_assertions), inline(always))]
fn one_by_one<T, V: Lanes<T>>([a, b, c, d]: [V; 4]) -> V {
    let totals = [a.total(), b.total(), c.total(), d.total()];
    // SAFETY: four numbers.
    unsafe { V::load_some(totals.as_ptr(), V::LANES.min(4)) }
}

macro_rules! one_lane { ($($t:ident $bits:ident $shift:ident),*) => { $(
    impl Lanes<$t> for $t {
        const LANES: usize = 1;
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn splat(value: $t) -> $t {
            value
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn mul_add(self, a: $t, b: $t) -> $t {
            Scalar::mul_add(self, a, b)
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn sqrt(self) -> $t {
            Scalar::sqrt(self)
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn at_least(self, other: $t) -> $t {
            if self > other { self } else { other }
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn larger(self, other: $t) -> $t {
            if self > other || self.is_nan() { self } else { other }
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn at_most(self, other: $t) -> $t {
            if self < other { self } else { other }
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn sign(self) -> $t {
            if self > 0.0 {
                1.0
            } else if self < 0.0 {
                -1.0
            } else {
                self
            }
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn below(self, bound: $t, then: $t, or: $t) -> $t {
            if self < bound { then } else { or }
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn scale(self, shifted: $t) -> $t {
            use $shift::*;
            let n = shifted.to_bits().wrapping_sub(WHOLE);
            // In two steps, because 2ⁿ alone can be out of range where the result isn't.
            let half = (n.wrapping_add(EVEN) >> 1).wrapping_sub(EVEN / 2);
            let power = |n: $bits| $t::from_bits(n.wrapping_add(BIAS) << MANTISSA);
            self * power(half) * power(n.wrapping_sub(half))
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn split(self) -> ($t, $t) {
            use $shift::*;
            let shifted = self.to_bits().wrapping_add(ONE - ROOT_HALF);
            let m = (shifted & ((1 << MANTISSA) - 1)) + ROOT_HALF;
            let e = $t::from_bits(shifted >> MANTISSA | WHOLE_PLACES);
            ($t::from_bits(m), e - UNBIAS)
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn total(self) -> $t {
            self
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        unsafe fn load(from: *const $t) -> $t {
            // SAFETY: the caller's promise.
            unsafe { *from }
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        unsafe fn store(self, to: *mut $t) {
            // SAFETY: the caller's promise.
            unsafe { *to = self }
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        unsafe fn load_some(from: *const $t, count: usize) -> $t {
            // SAFETY: the caller's promise.
            if count == 0 { 0.0 } else { unsafe { *from } }
        }
        #[cfg_attr(not(debug_assertions), inline(always))]
        unsafe fn store_some(self, to: *mut $t, count: usize) {
            if count > 0 {
                // SAFETY: the caller's promise.
                unsafe { *to = self }
            }
        }
    }
)* } }
one_lane!(f32 u32 bits32, f64 u64 bits64);

/// What the bits of a number type mean.
macro_rules! bits {
    ($name:ident $t:ident $bits:ident $mantissa:literal $root_half:literal) => {
        pub mod $name {
            /// Bits of the mantissa, without the leading one.
            pub const MANTISSA: u32 = $mantissa;
            /// The exponent of 1.
            pub const BIAS: $bits = ($t::MAX_EXP - 1) as $bits;
            /// 1.
            pub const ONE: $bits = BIAS << MANTISSA;
            /// √½.
            pub const ROOT_HALF: $bits = $root_half;
            /// 1.5 · 2ᵐ: a whole number that is added to it stands in the lowest bits.
            pub const WHOLE: $bits = ((BIAS + $mantissa) << MANTISSA) | (1 << (MANTISSA - 1));
            /// 2ᵐ, likewise.
            pub const WHOLE_PLACES: $bits = (BIAS + $mantissa) << MANTISSA;
            /// 2ᵐ + the exponent of 1: takes both off again.
            pub const UNBIAS: $t = ((1 << MANTISSA) + BIAS) as $t;
            /// Larger than any exponent, and even: added before a shift without sign.
            pub const EVEN: $bits = 1 << 12;
        }
    };
}
bits!(bits32 f32 u32 23 0x3f35_04f3);
bits!(bits64 f64 u64 52 0x3fe6_a09e_667f_3bcd);

/// Two vectors as one: the low lanes, then the high ones.
#[derive(Clone, Copy, Debug)]
pub struct Pair<V>(V, V);
// SAFETY: nothing but two `V`s.
unsafe impl<V: Zeroed> Zeroed for Pair<V> {}

macro_rules! lanewise { ($($op:ident $f:ident),*) => { $(
    impl<V: $op<Output = V>> $op for Pair<V> {
        type Output = Self;
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn $f(self, other: Self) -> Self {
            Self(self.0.$f(other.0), self.1.$f(other.1))
        }
    }
)* } }
lanewise!(Add add, Sub sub, Mul mul, Div div);

impl<V: Neg<Output = V>> Neg for Pair<V> {
    type Output = Self;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl<V: Sealed> Sealed for Pair<V> {}

impl<T: Copy, V: Lanes<T>> Lanes<T> for Pair<V> {
    const LANES: usize = 2 * V::LANES;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn splat(value: T) -> Self {
        Self(V::splat(value), V::splat(value))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Self(self.0.mul_add(a.0, b.0), self.1.mul_add(a.1, b.1))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt(), self.1.sqrt())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn at_least(self, other: Self) -> Self {
        Self(self.0.at_least(other.0), self.1.at_least(other.1))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn larger(self, other: Self) -> Self {
        Self(self.0.larger(other.0), self.1.larger(other.1))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn at_most(self, other: Self) -> Self {
        Self(self.0.at_most(other.0), self.1.at_most(other.1))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn sign(self) -> Self {
        Self(self.0.sign(), self.1.sign())
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn below(self, bound: Self, then: Self, or: Self) -> Self {
        Self(self.0.below(bound.0, then.0, or.0), self.1.below(bound.1, then.1, or.1))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scale(self, shifted: Self) -> Self {
        Self(self.0.scale(shifted.0), self.1.scale(shifted.1))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn split(self) -> (Self, Self) {
        let ((m, e), (m1, e1)) = (self.0.split(), self.1.split());
        (Self(m, m1), Self(e, e1))
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn total(self) -> T {
        (self.0 + self.1).total()
    }
    const TOTALS: bool = V::TOTALS;
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn totals(vectors: [Self; 8]) -> [T; 8] {
        let [a, b, c, d, e, f, g, h] = vectors;
        V::totals([a.0 + a.1, b.0 + b.1, c.0 + c.1, d.0 + d.1, e.0 + e.1, f.0 + f.1, g.0 + g.1, h.0 + h.1])
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn four_totals(vectors: [Self; 4]) -> Self {
        if V::LANES < 4 {
            return one_by_one(vectors);
        }
        let [a, b, c, d] = vectors;
        Self(V::four_totals([a.0 + a.1, b.0 + b.1, c.0 + c.1, d.0 + d.1]), V::ZERO)
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self(V::load(from), V::load(from.add(V::LANES))) }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller's promise.
        unsafe {
            self.0.store(to);
            self.1.store(to.add(V::LANES));
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load_some(from: *const T, count: usize) -> Self {
        // SAFETY: the caller's promise; the high lanes are read only where `count` reaches them.
        unsafe {
            if count == V::LANES {
                Self(V::load(from), V::ZERO)
            } else if count < V::LANES {
                Self(V::load_some(from, count), V::ZERO)
            } else {
                Self(V::load(from), V::load_some(from.add(V::LANES), count - V::LANES))
            }
        }
    }
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store_some(self, to: *mut T, count: usize) {
        // SAFETY: the caller's promise; the high lanes are written only where `count` reaches them.
        unsafe {
            if count < V::LANES {
                self.0.store_some(to, count);
            } else {
                self.0.store(to);
                self.1.store_some(to.add(V::LANES), count - V::LANES);
            }
        }
    }
}
