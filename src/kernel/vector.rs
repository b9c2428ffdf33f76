//! A vector type over one of a processor's: its operators and what `Lanes` asks, from the names of intrinsics.

/// A vector type: its operators and what [`Lanes`] asks.
macro_rules! vector {
    ($name:ident, $raw:ident, $t:ident, $lanes:literal, $add:ident $sub:ident $mul:ident $div:ident $neg:ident $zero:ident,
     $splat:ident $fma:ident $sqrt:ident $max:ident $min:ident $load:ident $store:ident, $sign:ident $total:ident $load_some:ident $store_some:ident, $below:ident $larger:ident,
     $bits:ident $integer:ident $to_bits:ident $from_bits:ident $iset:ident $iadd:ident $isub:ident $left:ident $right:ident $and:ident $or:ident
     $(, $totals:ident $four_totals:ident)?) => {
        #[derive(Clone, Copy, Debug)]
        #[repr(transparent)]
        pub struct $name($raw);
        // SAFETY: zero bytes are zeros.
        unsafe impl Zeroed for $name {}

        vector!(@operators $name, Add add $add, Sub sub $sub, Mul mul $mul, Div div $div);
        impl Neg for $name {
            type Output = Self;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn neg(self) -> Self {
                // SAFETY: see the module that has the vector.
                unsafe { Self($neg($zero(-0.0), self.0)) }
            }
        }

        impl Sealed for $name {}

        impl Lanes<$t> for $name {
            const LANES: usize = $lanes;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn splat(value: $t) -> Self {
                // SAFETY: see the module that has the vector.
                unsafe { Self($splat(value)) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn mul_add(self, a: Self, b: Self) -> Self {
                if cfg!(feature = "reproducible") {
                    self * a + b
                } else {
                    // SAFETY: see the module that has the vector.
                    unsafe { Self($fma(self.0, a.0, b.0)) }
                }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn sqrt(self) -> Self {
                // SAFETY: see the module that has the vector.
                unsafe { Self($sqrt(self.0)) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn at_least(self, other: Self) -> Self {
                // SAFETY: see the module that has the vector.
                unsafe { Self($max(self.0, other.0)) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn larger(self, other: Self) -> Self {
                // SAFETY: see the module that has the vector.
                unsafe { Self($larger(self.0, other.0)) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn at_most(self, other: Self) -> Self {
                // SAFETY: see the module that has the vector.
                unsafe { Self($min(self.0, other.0)) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn sign(self) -> Self {
                // SAFETY: see the module that has the vector.
                unsafe { Self($sign(self.0)) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn below(self, bound: Self, then: Self, or: Self) -> Self {
                // SAFETY: see the module that has the vector.
                unsafe { Self($below(self.0, bound.0, then.0, or.0)) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn scale(self, shifted: Self) -> Self {
                use $bits::*;
                // SAFETY: see the module that has the vector.
                unsafe {
                    let (bias, even) = ($iset(BIAS as $integer), $iset(EVEN as $integer));
                    let n = $isub($to_bits(shifted.0), $iset(WHOLE as $integer));
                    let half = $isub($right::<1>($iadd(n, even)), $right::<1>(even));
                    let rest = $isub(n, half);
                    let half = $from_bits($left::<{ MANTISSA as _ }>($iadd(half, bias)));
                    self * Self(half) * Self($from_bits($left::<{ MANTISSA as _ }>($iadd(rest, bias))))
                }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn split(self) -> (Self, Self) {
                use $bits::*;
                // SAFETY: see the module that has the vector.
                unsafe {
                    let shifted = $iadd($to_bits(self.0), $iset((ONE - ROOT_HALF) as $integer));
                    let m = $and(shifted, $iset((1 << MANTISSA) - 1));
                    let m = $iadd(m, $iset(ROOT_HALF as $integer));
                    let e = $or($right::<{ MANTISSA as _ }>(shifted), $iset(WHOLE_PLACES as $integer));
                    (Self($from_bits(m)), Self($from_bits(e)) - Self::splat(UNBIAS))
                }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn total(self) -> $t {
                // SAFETY: see the module that has the vector.
                unsafe { $total(self.0) }
            }
            $(
                const TOTALS: bool = true;
                #[cfg_attr(not(debug_assertions), inline(always))]
                fn totals(vectors: [Self; 8]) -> [$t; 8] {
                    // SAFETY: see the module that has the vector; a vector is its lanes.
                    unsafe { core::mem::transmute($totals(core::mem::transmute::<[Self; 8], [$raw; 8]>(vectors))) }
                }
                #[cfg_attr(not(debug_assertions), inline(always))]
                fn four_totals([a, b, c, d]: [Self; 4]) -> Self {
                    // SAFETY: see the module that has the vector.
                    unsafe { Self($four_totals([a.0, b.0, c.0, d.0])) }
                }
            )?
            #[cfg_attr(not(debug_assertions), inline(always))]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the caller's promise.
                unsafe { Self($load(from)) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: the caller's promise.
                unsafe { $store(to, self.0) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            unsafe fn load_some(from: *const $t, count: usize) -> Self {
                // SAFETY: the caller's promise.
                unsafe { Self($load_some(from, count)) }
            }
            #[cfg_attr(not(debug_assertions), inline(always))]
            unsafe fn store_some(self, to: *mut $t, count: usize) {
                // SAFETY: the caller's promise.
                unsafe { $store_some(to, self.0, count) }
            }
        }
    };
    (@operators $name:ident, $($op:ident $f:ident $intrinsic:ident),*) => { $(
        impl $op for $name {
            type Output = Self;
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn $f(self, other: Self) -> Self {
                // SAFETY: see the module that has the vector.
                unsafe { Self($intrinsic(self.0, other.0)) }
            }
        }
    )* };
}
pub(super) use vector;
