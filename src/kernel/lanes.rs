//! What a vector of numbers can do. A single number is the vector of one lane; a [`Pair`] of vectors is one of twice the lanes.
//!
//! An operation gives each lane what it gives a single number, so kernels that are written over [`Lanes`] give the same bits whatever the
//! width: only [`mul_add`](Lanes::mul_add) may round once or twice, by instruction set, and always twice with `reproducible`.

use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// Some numbers that are treated alike.
pub trait Lanes<T>:
    Copy + Zeroed + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// How many.
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
    /// `if self < other { self } else { other }`: the smaller; `other` where one is NaN.
    #[must_use]
    fn at_most(self, other: Self) -> Self;
    /// 1, -1, or the number itself where it is 0 or NaN.
    #[must_use]
    fn sign(self) -> Self;
    /// The sum of all lanes, as a tree: lane l and lane l + half, and so on.
    fn total(self) -> T;

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

macro_rules! one_lane { ($($t:ident)*) => { $(
    impl Lanes<$t> for $t {
        const LANES: usize = 1;
        #[inline(always)]
        fn splat(value: $t) -> $t {
            value
        }
        #[inline(always)]
        fn mul_add(self, a: $t, b: $t) -> $t {
            Scalar::mul_add(self, a, b)
        }
        #[inline(always)]
        fn sqrt(self) -> $t {
            Scalar::sqrt(self)
        }
        #[inline(always)]
        fn at_least(self, other: $t) -> $t {
            if self > other { self } else { other }
        }
        #[inline(always)]
        fn at_most(self, other: $t) -> $t {
            if self < other { self } else { other }
        }
        #[inline(always)]
        fn sign(self) -> $t {
            if self > 0.0 {
                1.0
            } else if self < 0.0 {
                -1.0
            } else {
                self
            }
        }
        #[inline(always)]
        fn total(self) -> $t {
            self
        }
        #[inline(always)]
        unsafe fn load(from: *const $t) -> $t {
            // SAFETY: the caller's promise.
            unsafe { *from }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut $t) {
            // SAFETY: the caller's promise.
            unsafe { *to = self }
        }
        #[inline(always)]
        unsafe fn load_some(from: *const $t, count: usize) -> $t {
            // SAFETY: the caller's promise.
            if count == 0 { 0.0 } else { unsafe { *from } }
        }
        #[inline(always)]
        unsafe fn store_some(self, to: *mut $t, count: usize) {
            if count > 0 {
                // SAFETY: the caller's promise.
                unsafe { *to = self }
            }
        }
    }
)* } }
one_lane!(f32 f64);

/// Two vectors as one: the low lanes, then the high ones.
#[derive(Clone, Copy, Debug)]
pub struct Pair<V>(V, V);
// SAFETY: nothing but two `V`s.
unsafe impl<V: Zeroed> Zeroed for Pair<V> {}

macro_rules! lanewise { ($($op:ident $f:ident),*) => { $(
    impl<V: $op<Output = V>> $op for Pair<V> {
        type Output = Self;
        #[inline(always)]
        fn $f(self, other: Self) -> Self {
            Self(self.0.$f(other.0), self.1.$f(other.1))
        }
    }
)* } }
lanewise!(Add add, Sub sub, Mul mul, Div div);

impl<V: Neg<Output = V>> Neg for Pair<V> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(-self.0, -self.1)
    }
}

impl<T: Copy, V: Lanes<T>> Lanes<T> for Pair<V> {
    const LANES: usize = 2 * V::LANES;
    #[inline(always)]
    fn splat(value: T) -> Self {
        Self(V::splat(value), V::splat(value))
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Self(self.0.mul_add(a.0, b.0), self.1.mul_add(a.1, b.1))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt(), self.1.sqrt())
    }
    #[inline(always)]
    fn at_least(self, other: Self) -> Self {
        Self(self.0.at_least(other.0), self.1.at_least(other.1))
    }
    #[inline(always)]
    fn at_most(self, other: Self) -> Self {
        Self(self.0.at_most(other.0), self.1.at_most(other.1))
    }
    #[inline(always)]
    fn sign(self) -> Self {
        Self(self.0.sign(), self.1.sign())
    }
    #[inline(always)]
    fn total(self) -> T {
        (self.0 + self.1).total()
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Self(V::load(from), V::load(from.add(V::LANES))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller's promise.
        unsafe {
            self.0.store(to);
            self.1.store(to.add(V::LANES));
        }
    }
    #[inline(always)]
    unsafe fn load_some(from: *const T, count: usize) -> Self {
        // SAFETY: the caller's promise; the high lanes are read only where `count` reaches them.
        unsafe {
            if count <= V::LANES {
                Self(V::load_some(from, count), V::ZERO)
            } else {
                Self(V::load(from), V::load_some(from.add(V::LANES), count - V::LANES))
            }
        }
    }
    #[inline(always)]
    unsafe fn store_some(self, to: *mut T, count: usize) {
        // SAFETY: the caller's promise; the high lanes are written only where `count` reaches them.
        unsafe {
            if count <= V::LANES {
                self.0.store_some(to, count);
            } else {
                self.0.store(to);
                self.1.store_some(to.add(V::LANES), count - V::LANES);
            }
        }
    }
}
