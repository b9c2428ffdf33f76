//! NEON, which the target always has.
//!
//! `vmaxq` and `vminq` would return NaN where one number is; a comparison and a selection do as defined.

use core::arch::aarch64::*;
use core::ops::{Add, Div, Mul, Neg, Sub};

use super::lanes::{bits32, bits64};
use super::vector::vector;
use super::{Kernels, Lanes, Pair, Portable};
use crate::sealed::Sealed;
use crate::storage::Zeroed;

/// NEON: 4 `f32` or 2 `f64` to a vector, 32 vectors.
#[derive(Clone, Copy, Debug)]
pub struct Neon;

impl Sealed for Neon {}

impl Kernels for Neon {
    type F32 = F32x4;
    type F64 = F64x2;
    type F32x16 = Pair<Pair<F32x4>>;
    type F64x16 = Pair<Pair<Pair<F64x2>>>;
    const REGISTERS: usize = 32;
    type Narrow = Portable;
}

vector!(F32x4, float32x4_t, f32, 4, vaddq_f32 vsubq_f32 vmulq_f32 vdivq_f32 vsubq_f32 vdupq_n_f32,
    vdupq_n_f32 fma_f32 vsqrtq_f32 max_f32 min_f32 vld1q_f32 vst1q_f32,
    sign_f32 total_f32 load_f32 store_f32, below_f32 larger_f32,
    bits32 u32 vreinterpretq_u32_f32 vreinterpretq_f32_u32 vdupq_n_u32 vaddq_u32 vsubq_u32 vshlq_n_u32 vshrq_n_u32 vandq_u32 vorrq_u32, totals_f32 four_totals_f32);
vector!(F64x2, float64x2_t, f64, 2, vaddq_f64 vsubq_f64 vmulq_f64 vdivq_f64 vsubq_f64 vdupq_n_f64,
    vdupq_n_f64 fma_f64 vsqrtq_f64 max_f64 min_f64 vld1q_f64 vst1q_f64,
    sign_f64 total_f64 load_f64 store_f64, below_f64 larger_f64,
    bits64 u64 vreinterpretq_u64_f64 vreinterpretq_f64_u64 vdupq_n_u64 vaddq_u64 vsubq_u64 vshlq_n_u64 vshrq_n_u64 vandq_u64 vorrq_u64);

/// What the intrinsics name otherwise than those of x86-64, or don't have.
macro_rules! lanewise {
    ($v:ident, $fma:ident $vfmaq:ident, $max:ident $min:ident $sign:ident $below:ident $larger:ident, $vbslq:ident $vcgtq:ident $vcltq:ident $vceqq:ident $vdupq:ident) => {
        /// a · b + c.
        #[inline]
        #[target_feature(enable = "neon")]
        fn $fma(a: $v, b: $v, c: $v) -> $v {
            $vfmaq(c, a, b)
        }

        #[inline]
        #[target_feature(enable = "neon")]
        fn $max(a: $v, b: $v) -> $v {
            $vbslq($vcgtq(a, b), a, b)
        }

        #[inline]
        #[target_feature(enable = "neon")]
        fn $min(a: $v, b: $v) -> $v {
            $vbslq($vcltq(a, b), a, b)
        }

        /// The larger, or `v` where that is NaN, which isn't equal to itself.
        #[inline]
        #[target_feature(enable = "neon")]
        fn $larger(v: $v, other: $v) -> $v {
            $vbslq($vceqq(v, v), $vbslq($vcgtq(v, other), v, other), v)
        }

        /// `then` where smaller than `bound`.
        #[inline]
        #[target_feature(enable = "neon")]
        fn $below(v: $v, bound: $v, then: $v, or: $v) -> $v {
            $vbslq($vcltq(v, bound), then, or)
        }

        /// 1 where positive, -1 where negative, else the number.
        #[inline]
        #[target_feature(enable = "neon")]
        fn $sign(v: $v) -> $v {
            let zero = $vdupq(0.0);
            $vbslq($vcgtq(v, zero), $vdupq(1.0), $vbslq($vcltq(v, zero), $vdupq(-1.0), v))
        }
    };
}
lanewise!(float32x4_t, fma_f32 vfmaq_f32, max_f32 min_f32 sign_f32 below_f32 larger_f32, vbslq_f32 vcgtq_f32 vcltq_f32 vceqq_f32 vdupq_n_f32);
lanewise!(float64x2_t, fma_f64 vfmaq_f64, max_f64 min_f64 sign_f64 below_f64 larger_f64, vbslq_f64 vcgtq_f64 vcltq_f64 vceqq_f64 vdupq_n_f64);

/// 2 + 2, 1 + 1.
#[inline]
#[target_feature(enable = "neon")]
fn total_f32(v: float32x4_t) -> f32 {
    vaddv_f32(vadd_f32(vget_low_f32(v), vget_high_f32(v)))
}

/// Lanes l and l + 2 of two vectors, then l and l + 1 of four.
#[inline]
#[target_feature(enable = "neon")]
fn four_totals_f32([a, b, c, d]: [float32x4_t; 4]) -> float32x4_t {
    let ab = vaddq_f32(vzip1q_f32(a, b), vzip2q_f32(a, b));
    let cd = vaddq_f32(vzip1q_f32(c, d), vzip2q_f32(c, d));
    let low = vcombine_f32(vget_low_f32(ab), vget_low_f32(cd));
    vaddq_f32(low, vcombine_f32(vget_high_f32(ab), vget_high_f32(cd)))
}

#[inline]
#[target_feature(enable = "neon")]
fn totals_f32([a, b, c, d, e, f, g, h]: [float32x4_t; 8]) -> [float32x4_t; 2] {
    [four_totals_f32([a, b, c, d]), four_totals_f32([e, f, g, h])]
}

#[inline]
#[target_feature(enable = "neon")]
fn total_f64(v: float64x2_t) -> f64 {
    vaddvq_f64(v)
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn load_f32(from: *const f32, count: usize) -> float32x4_t {
    let zero = vdup_n_f32(0.0);
    // SAFETY: the caller's promise.
    unsafe {
        match count {
            0 => vdupq_n_f32(0.0),
            1 => vcombine_f32(vld1_lane_f32::<0>(from, zero), zero),
            2 => vcombine_f32(vld1_f32(from), zero),
            3 => vcombine_f32(vld1_f32(from), vld1_lane_f32::<0>(from.add(2), zero)),
            _ => vld1q_f32(from),
        }
    }
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn store_f32(to: *mut f32, v: float32x4_t, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match count {
            0 => {}
            1 => vst1q_lane_f32::<0>(to, v),
            2 => vst1_f32(to, vget_low_f32(v)),
            3 => {
                vst1_f32(to, vget_low_f32(v));
                vst1q_lane_f32::<2>(to.add(2), v);
            }
            _ => vst1q_f32(to, v),
        }
    }
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn load_f64(from: *const f64, count: usize) -> float64x2_t {
    // SAFETY: the caller's promise.
    unsafe {
        match count {
            0 => vdupq_n_f64(0.0),
            1 => vld1q_lane_f64::<0>(from, vdupq_n_f64(0.0)),
            _ => vld1q_f64(from),
        }
    }
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn store_f64(to: *mut f64, v: float64x2_t, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match count {
            0 => {}
            1 => vst1q_lane_f64::<0>(to, v),
            _ => vst1q_f64(to, v),
        }
    }
}
