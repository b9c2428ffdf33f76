//! AVX2 with FMA, and AVX-512, on x86-64.
//!
//! These vectors exist only below the functions of `dispatch` that turn the instructions on, after asking the processor.

use core::arch::x86_64::*;
use core::ops::{Add, Div, Mul, Neg, Sub};

use super::dispatch::{avx2, avx512};
use super::lanes::{bits32, bits64};
use super::vector::vector;
use super::{Kernels, Lanes, Pair, Portable, Task};
use crate::sealed::Sealed;
use crate::storage::Zeroed;

/// AVX-512 F: 16 `f32` or 8 `f64` to a vector, 32 vectors.
#[derive(Clone, Copy, Debug)]
pub struct Avx512;

/// AVX2 and FMA: 8 `f32` or 4 `f64` to a vector, 16 vectors.
#[derive(Clone, Copy, Debug)]
pub struct Avx2;

impl Sealed for Avx512 {}

impl Kernels for Avx512 {
    type F32 = F32x16;
    type F64 = F64x8;
    type F32x16 = F32x16;
    type F64x16 = Pair<F64x8>;
    const REGISTERS: usize = 32;
    type Narrow = Avx2;

    #[inline]
    unsafe fn begin<T: Task>(task: T) -> T::Output {
        // SAFETY: the caller's promise.
        unsafe { avx512(task) }
    }
}

impl Sealed for Avx2 {}

impl Kernels for Avx2 {
    type F32 = F32x8;
    type F64 = F64x4;
    type F32x16 = Pair<F32x8>;
    type F64x16 = Pair<Pair<F64x4>>;
    const REGISTERS: usize = 16;
    type Narrow = Sse;

    #[inline(always)]
    fn prefetch<T>(at: *const T) {
        // SAFETY: a hint, which reads nothing.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline]
    unsafe fn begin<T: Task>(task: T) -> T::Output {
        // SAFETY: the caller's promise.
        unsafe { avx2::<Self, T>(task) }
    }
}

impl Sealed for Sse {}

impl Kernels for Sse {
    type F32 = F32x4;
    type F64 = F64x2;
    type F32x16 = Pair<Pair<F32x4>>;
    type F64x16 = Pair<Pair<Pair<F64x2>>>;
    const REGISTERS: usize = 16;
    type Narrow = Portable;

    #[inline]
    unsafe fn begin<T: Task>(task: T) -> T::Output {
        // SAFETY: the caller's promise.
        unsafe { avx2::<Self, T>(task) }
    }
}

/// The lower halves of AVX2's vectors.
#[derive(Clone, Copy, Debug)]
pub struct Sse;

vector!(F32x16, __m512, f32, 16, _mm512_add_ps _mm512_sub_ps _mm512_mul_ps _mm512_div_ps _mm512_sub_ps _mm512_set1_ps,
    _mm512_set1_ps _mm512_fmadd_ps _mm512_sqrt_ps _mm512_max_ps _mm512_min_ps _mm512_loadu_ps _mm512_storeu_ps,
    sign_ps512 total_ps512 load_ps512 store_ps512, below_ps512 larger_ps512,
    bits32 i32 _mm512_castps_si512 _mm512_castsi512_ps _mm512_set1_epi32 _mm512_add_epi32 _mm512_sub_epi32 _mm512_slli_epi32 _mm512_srli_epi32 _mm512_and_si512 _mm512_or_si512, totals_ps512 four_totals_ps512);
vector!(F64x8, __m512d, f64, 8, _mm512_add_pd _mm512_sub_pd _mm512_mul_pd _mm512_div_pd _mm512_sub_pd _mm512_set1_pd,
    _mm512_set1_pd _mm512_fmadd_pd _mm512_sqrt_pd _mm512_max_pd _mm512_min_pd _mm512_loadu_pd _mm512_storeu_pd,
    sign_pd512 total_pd512 load_pd512 store_pd512, below_pd512 larger_pd512,
    bits64 i64 _mm512_castpd_si512 _mm512_castsi512_pd _mm512_set1_epi64 _mm512_add_epi64 _mm512_sub_epi64 _mm512_slli_epi64 _mm512_srli_epi64 _mm512_and_si512 _mm512_or_si512, totals_pd512 four_totals_pd512);
vector!(F32x8, __m256, f32, 8, _mm256_add_ps _mm256_sub_ps _mm256_mul_ps _mm256_div_ps _mm256_sub_ps _mm256_set1_ps,
    _mm256_set1_ps _mm256_fmadd_ps _mm256_sqrt_ps _mm256_max_ps _mm256_min_ps _mm256_loadu_ps _mm256_storeu_ps,
    sign_ps256 total_ps256 load_ps256 store_ps256, below_ps256 larger_ps256,
    bits32 i32 _mm256_castps_si256 _mm256_castsi256_ps _mm256_set1_epi32 _mm256_add_epi32 _mm256_sub_epi32 _mm256_slli_epi32 _mm256_srli_epi32 _mm256_and_si256 _mm256_or_si256, totals_ps256 four_totals_ps256);
vector!(F64x4, __m256d, f64, 4, _mm256_add_pd _mm256_sub_pd _mm256_mul_pd _mm256_div_pd _mm256_sub_pd _mm256_set1_pd,
    _mm256_set1_pd _mm256_fmadd_pd _mm256_sqrt_pd _mm256_max_pd _mm256_min_pd _mm256_loadu_pd _mm256_storeu_pd,
    sign_pd256 total_pd256 load_pd256 store_pd256, below_pd256 larger_pd256,
    bits64 i64 _mm256_castpd_si256 _mm256_castsi256_pd _mm256_set1_epi64x _mm256_add_epi64 _mm256_sub_epi64 _mm256_slli_epi64 _mm256_srli_epi64 _mm256_and_si256 _mm256_or_si256, totals_pd256 four_totals_pd256);

vector!(F32x4, __m128, f32, 4, _mm_add_ps _mm_sub_ps _mm_mul_ps _mm_div_ps _mm_sub_ps _mm_set1_ps,
    _mm_set1_ps _mm_fmadd_ps _mm_sqrt_ps _mm_max_ps _mm_min_ps _mm_loadu_ps _mm_storeu_ps,
    sign_ps128 total_ps128 load_ps128 store_ps128, below_ps128 larger_ps128,
    bits32 i32 _mm_castps_si128 _mm_castsi128_ps _mm_set1_epi32 _mm_add_epi32 _mm_sub_epi32 _mm_slli_epi32 _mm_srli_epi32 _mm_and_si128 _mm_or_si128);
vector!(F64x2, __m128d, f64, 2, _mm_add_pd _mm_sub_pd _mm_mul_pd _mm_div_pd _mm_sub_pd _mm_set1_pd,
    _mm_set1_pd _mm_fmadd_pd _mm_sqrt_pd _mm_max_pd _mm_min_pd _mm_loadu_pd _mm_storeu_pd,
    sign_pd128 total_pd128 load_pd128 store_pd128, below_pd128 larger_pd128,
    bits64 i64 _mm_castpd_si128 _mm_castsi128_pd _mm_set1_epi64x _mm_add_epi64 _mm_sub_epi64 _mm_slli_epi64 _mm_srli_epi64 _mm_and_si128 _mm_or_si128);

/// 1 where positive, -1 where negative, else the number.
#[inline]
#[target_feature(enable = "avx512f")]
fn sign_ps512(v: __m512) -> __m512 {
    let zero = _mm512_setzero_ps();
    let v1 = _mm512_mask_mov_ps(v, _mm512_cmp_ps_mask::<_CMP_GT_OQ>(v, zero), _mm512_set1_ps(1.0));
    _mm512_mask_mov_ps(v1, _mm512_cmp_ps_mask::<_CMP_LT_OQ>(v, zero), _mm512_set1_ps(-1.0))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn sign_pd512(v: __m512d) -> __m512d {
    let zero = _mm512_setzero_pd();
    let v1 = _mm512_mask_mov_pd(v, _mm512_cmp_pd_mask::<_CMP_GT_OQ>(v, zero), _mm512_set1_pd(1.0));
    _mm512_mask_mov_pd(v1, _mm512_cmp_pd_mask::<_CMP_LT_OQ>(v, zero), _mm512_set1_pd(-1.0))
}

#[inline]
#[target_feature(enable = "avx")]
fn sign_ps256(v: __m256) -> __m256 {
    let zero = _mm256_setzero_ps();
    let v1 = _mm256_blendv_ps(v, _mm256_set1_ps(1.0), _mm256_cmp_ps::<_CMP_GT_OQ>(v, zero));
    _mm256_blendv_ps(v1, _mm256_set1_ps(-1.0), _mm256_cmp_ps::<_CMP_LT_OQ>(v, zero))
}

#[inline]
#[target_feature(enable = "avx")]
fn sign_pd256(v: __m256d) -> __m256d {
    let zero = _mm256_setzero_pd();
    let v1 = _mm256_blendv_pd(v, _mm256_set1_pd(1.0), _mm256_cmp_pd::<_CMP_GT_OQ>(v, zero));
    _mm256_blendv_pd(v1, _mm256_set1_pd(-1.0), _mm256_cmp_pd::<_CMP_LT_OQ>(v, zero))
}

#[inline]
#[target_feature(enable = "avx")]
fn sign_ps128(v: __m128) -> __m128 {
    let zero = _mm_setzero_ps();
    let v1 = _mm_blendv_ps(v, _mm_set1_ps(1.0), _mm_cmp_ps::<_CMP_GT_OQ>(v, zero));
    _mm_blendv_ps(v1, _mm_set1_ps(-1.0), _mm_cmp_ps::<_CMP_LT_OQ>(v, zero))
}

#[inline]
#[target_feature(enable = "avx")]
fn sign_pd128(v: __m128d) -> __m128d {
    let zero = _mm_setzero_pd();
    let v1 = _mm_blendv_pd(v, _mm_set1_pd(1.0), _mm_cmp_pd::<_CMP_GT_OQ>(v, zero));
    _mm_blendv_pd(v1, _mm_set1_pd(-1.0), _mm_cmp_pd::<_CMP_LT_OQ>(v, zero))
}

/// `then` where smaller than `bound`.
#[inline]
#[target_feature(enable = "avx512f")]
fn below_ps512(v: __m512, bound: __m512, then: __m512, or: __m512) -> __m512 {
    _mm512_mask_mov_ps(or, _mm512_cmp_ps_mask::<_CMP_LT_OQ>(v, bound), then)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn below_pd512(v: __m512d, bound: __m512d, then: __m512d, or: __m512d) -> __m512d {
    _mm512_mask_mov_pd(or, _mm512_cmp_pd_mask::<_CMP_LT_OQ>(v, bound), then)
}

#[inline]
#[target_feature(enable = "avx")]
fn below_ps256(v: __m256, bound: __m256, then: __m256, or: __m256) -> __m256 {
    _mm256_blendv_ps(or, then, _mm256_cmp_ps::<_CMP_LT_OQ>(v, bound))
}

#[inline]
#[target_feature(enable = "avx")]
fn below_pd256(v: __m256d, bound: __m256d, then: __m256d, or: __m256d) -> __m256d {
    _mm256_blendv_pd(or, then, _mm256_cmp_pd::<_CMP_LT_OQ>(v, bound))
}

#[inline]
#[target_feature(enable = "avx")]
fn below_ps128(v: __m128, bound: __m128, then: __m128, or: __m128) -> __m128 {
    _mm_blendv_ps(or, then, _mm_cmp_ps::<_CMP_LT_OQ>(v, bound))
}

#[inline]
#[target_feature(enable = "avx")]
fn below_pd128(v: __m128d, bound: __m128d, then: __m128d, or: __m128d) -> __m128d {
    _mm_blendv_pd(or, then, _mm_cmp_pd::<_CMP_LT_OQ>(v, bound))
}

/// The larger, `other` where one is NaN; but `v` where that is NaN.
#[inline]
#[target_feature(enable = "avx512f")]
fn larger_ps512(v: __m512, other: __m512) -> __m512 {
    _mm512_mask_mov_ps(_mm512_max_ps(v, other), _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(v, v), v)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn larger_pd512(v: __m512d, other: __m512d) -> __m512d {
    _mm512_mask_mov_pd(_mm512_max_pd(v, other), _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(v, v), v)
}

#[inline]
#[target_feature(enable = "avx")]
fn larger_ps256(v: __m256, other: __m256) -> __m256 {
    _mm256_blendv_ps(_mm256_max_ps(v, other), v, _mm256_cmp_ps::<_CMP_UNORD_Q>(v, v))
}

#[inline]
#[target_feature(enable = "avx")]
fn larger_pd256(v: __m256d, other: __m256d) -> __m256d {
    _mm256_blendv_pd(_mm256_max_pd(v, other), v, _mm256_cmp_pd::<_CMP_UNORD_Q>(v, v))
}

#[inline]
#[target_feature(enable = "avx")]
fn larger_ps128(v: __m128, other: __m128) -> __m128 {
    _mm_blendv_ps(_mm_max_ps(v, other), v, _mm_cmp_ps::<_CMP_UNORD_Q>(v, v))
}

#[inline]
#[target_feature(enable = "avx")]
fn larger_pd128(v: __m128d, other: __m128d) -> __m128d {
    _mm_blendv_pd(_mm_max_pd(v, other), v, _mm_cmp_pd::<_CMP_UNORD_Q>(v, v))
}

/// 8 + 8, then as for 8.
#[inline]
#[target_feature(enable = "avx512f")]
fn total_ps512(v: __m512) -> f32 {
    let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(v)));
    total_ps256(_mm256_add_ps(_mm512_castps512_ps256(v), high))
}

/// 4 + 4, 2 + 2, 1 + 1.
#[inline]
#[target_feature(enable = "avx")]
fn total_ps256(v: __m256) -> f32 {
    total_ps128(_mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v)))
}

/// 2 + 2, 1 + 1.
#[inline]
#[target_feature(enable = "avx")]
fn total_ps128(v: __m128) -> f32 {
    let v = _mm_add_ps(v, _mm_movehl_ps(v, v));
    _mm_cvtss_f32(_mm_add_ss(v, _mm_shuffle_ps::<1>(v, v)))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn total_pd512(v: __m512d) -> f64 {
    total_pd256(_mm256_add_pd(_mm512_castpd512_pd256(v), _mm512_extractf64x4_pd::<1>(v)))
}

#[inline]
#[target_feature(enable = "avx")]
fn total_pd256(v: __m256d) -> f64 {
    total_pd128(_mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd::<1>(v)))
}

#[inline]
#[target_feature(enable = "avx")]
fn total_pd128(v: __m128d) -> f64 {
    _mm_cvtsd_f64(_mm_add_sd(v, _mm_unpackhi_pd(v, v)))
}

/// Halves of two vectors added: lanes l and l + 8 of the first, then of the second.
#[inline]
#[target_feature(enable = "avx512f")]
fn halves_ps512(a: __m512, b: __m512) -> __m512 {
    _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(a, b), _mm512_shuffle_f32x4::<0xee>(a, b))
}

/// Of two vectors that hold two each: lanes l and l + 4.
#[inline]
#[target_feature(enable = "avx512f")]
fn quarters_ps512(a: __m512, b: __m512) -> __m512 {
    _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0xdd>(a, b))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn totals_ps512([a, b, c, d, e, f, g, h]: [__m512; 8]) -> __m256 {
    let abcd = quarters_ps512(halves_ps512(a, b), halves_ps512(c, d));
    let efgh = quarters_ps512(halves_ps512(e, f), halves_ps512(g, h));
    // In each quarter: lanes l and l + 2 of one of abcd, then of efgh.
    let pairs = _mm512_add_ps(_mm512_shuffle_ps::<0x44>(abcd, efgh), _mm512_shuffle_ps::<0xee>(abcd, efgh));
    let all = _mm512_add_ps(pairs, _mm512_permute_ps::<0xb1>(pairs));
    let order = _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 0, 0, 0, 0, 0, 0, 0, 0);
    _mm512_castps512_ps256(_mm512_permutexvar_ps(order, all))
}

/// In the lowest four lanes. What is there twice is computed once.
#[inline]
#[target_feature(enable = "avx512f")]
fn four_totals_ps512([a, b, c, d]: [__m512; 4]) -> __m512 {
    _mm512_castps256_ps512(totals_ps512([a, b, c, d, a, b, c, d]))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn halves_pd512(a: __m512d, b: __m512d) -> __m512d {
    _mm512_add_pd(_mm512_shuffle_f64x2::<0x44>(a, b), _mm512_shuffle_f64x2::<0xee>(a, b))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn totals_pd512([a, b, c, d, e, f, g, h]: [__m512d; 8]) -> __m512d {
    // Lanes l and l + 4 of two; then l and l + 2 of four; then l and l + 1 of eight.
    let (ab, cd) = (halves_pd512(a, b), halves_pd512(c, d));
    let (ef, gh) = (halves_pd512(e, f), halves_pd512(g, h));
    let abcd = _mm512_add_pd(_mm512_shuffle_f64x2::<0x88>(ab, cd), _mm512_shuffle_f64x2::<0xdd>(ab, cd));
    let efgh = _mm512_add_pd(_mm512_shuffle_f64x2::<0x88>(ef, gh), _mm512_shuffle_f64x2::<0xdd>(ef, gh));
    let all = _mm512_add_pd(_mm512_unpacklo_pd(abcd, efgh), _mm512_unpackhi_pd(abcd, efgh));
    _mm512_permutexvar_pd(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), all)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn four_totals_pd512([a, b, c, d]: [__m512d; 4]) -> __m512d {
    totals_pd512([a, b, c, d, a, b, c, d])
}

/// Halves of two vectors added: lanes l and l + 4 of the first, then of the second.
#[inline]
#[target_feature(enable = "avx")]
fn halves_ps256(a: __m256, b: __m256) -> __m256 {
    _mm256_add_ps(_mm256_blend_ps::<0xf0>(a, b), _mm256_permute2f128_ps::<0x21>(a, b))
}

/// The same for lanes l and l + 2.
#[inline]
#[target_feature(enable = "avx")]
fn halves_pd256(a: __m256d, b: __m256d) -> __m256d {
    _mm256_add_pd(_mm256_blend_pd::<0xc>(a, b), _mm256_permute2f128_pd::<0x21>(a, b))
}

/// Of two vectors that hold two each: lanes l and l + 2.
#[inline]
#[target_feature(enable = "avx")]
fn quarters_ps256(a: __m256, b: __m256) -> __m256 {
    _mm256_add_ps(_mm256_shuffle_ps::<0x44>(a, b), _mm256_shuffle_ps::<0xee>(a, b))
}

#[inline]
#[target_feature(enable = "avx2")]
fn totals_ps256([a, b, c, d, e, f, g, h]: [__m256; 8]) -> __m256 {
    // In the halves: a c, b d.
    let abcd = quarters_ps256(halves_ps256(a, b), halves_ps256(c, d));
    let efgh = quarters_ps256(halves_ps256(e, f), halves_ps256(g, h));
    // Lanes l and l + 1; in the halves: a c e g, b d f h.
    let all = _mm256_add_ps(_mm256_shuffle_ps::<0x88>(abcd, efgh), _mm256_shuffle_ps::<0xdd>(abcd, efgh));
    _mm256_permutevar8x32_ps(all, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
}

/// In the lowest four lanes. What is there twice is computed once.
#[inline]
#[target_feature(enable = "avx2")]
fn four_totals_ps256([a, b, c, d]: [__m256; 4]) -> __m256 {
    totals_ps256([a, b, c, d, a, b, c, d])
}

/// Lanes l and l + 2 of two, then l and l + 1 of four.
#[inline]
#[target_feature(enable = "avx2")]
fn four_totals_pd256([a, b, c, d]: [__m256d; 4]) -> __m256d {
    let (ab, cd) = (halves_pd256(a, b), halves_pd256(c, d));
    _mm256_permute4x64_pd::<0xd8>(_mm256_add_pd(_mm256_unpacklo_pd(ab, cd), _mm256_unpackhi_pd(ab, cd)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn totals_pd256([a, b, c, d, e, f, g, h]: [__m256d; 8]) -> [__m256d; 2] {
    [four_totals_pd256([a, b, c, d]), four_totals_pd256([e, f, g, h])]
}

/// The lowest `count` bits.
#[inline(always)]
const fn bits(count: usize) -> u32 {
    if count >= 16 { 0xffff } else { (1 << count) - 1 }
}

#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load_ps512(from: *const f32, count: usize) -> __m512 {
    // SAFETY: the caller's promise.
    unsafe { _mm512_maskz_loadu_ps(bits(count) as u16, from) }
}

#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn store_ps512(to: *mut f32, v: __m512, count: usize) {
    // SAFETY: the caller's promise.
    unsafe { _mm512_mask_storeu_ps(to, bits(count) as u16, v) }
}

#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn load_pd512(from: *const f64, count: usize) -> __m512d {
    // SAFETY: the caller's promise.
    unsafe { _mm512_maskz_loadu_pd(bits(count) as u8, from) }
}

#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn store_pd512(to: *mut f64, v: __m512d, count: usize) {
    // SAFETY: the caller's promise.
    unsafe { _mm512_mask_storeu_pd(to, bits(count) as u8, v) }
}

/// All bits, then none: a mask of `count` lanes begins `lanes - count` before the middle.
static MASK32: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
static MASK64: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];

#[inline]
#[target_feature(enable = "avx2")]
fn mask32(count: usize) -> __m256i {
    // SAFETY: eight of the sixteen from position 0 to 8.
    unsafe { _mm256_loadu_si256(MASK32.as_ptr().add(8 - count.min(8)).cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn mask64(count: usize) -> __m256i {
    // SAFETY: four of the eight from position 0 to 4.
    unsafe { _mm256_loadu_si256(MASK64.as_ptr().add(4 - count.min(4)).cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load_ps256(from: *const f32, count: usize) -> __m256 {
    // SAFETY: the caller's promise.
    unsafe { _mm256_maskload_ps(from, mask32(count)) }
}

/// In parts: a masked store cannot be forwarded to the next load, and is slow on AMD's processors.
#[inline]
#[target_feature(enable = "avx")]
unsafe fn store_ps256(to: *mut f32, v: __m256, count: usize) {
    // SAFETY: the caller's promise; the high half is written only where `count` reaches it.
    unsafe {
        if count < 4 {
            store_ps128(to, _mm256_castps256_ps128(v), count);
        } else {
            _mm_storeu_ps(to, _mm256_castps256_ps128(v));
            store_ps128(to.add(4), _mm256_extractf128_ps::<1>(v), count - 4);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
unsafe fn load_pd256(from: *const f64, count: usize) -> __m256d {
    // SAFETY: the caller's promise.
    unsafe { _mm256_maskload_pd(from, mask64(count)) }
}

#[inline]
#[target_feature(enable = "avx")]
unsafe fn store_pd256(to: *mut f64, v: __m256d, count: usize) {
    // SAFETY: the caller's promise; the high half is written only where `count` reaches it.
    unsafe {
        if count < 2 {
            store_pd128(to, _mm256_castpd256_pd128(v), count);
        } else {
            _mm_storeu_pd(to, _mm256_castpd256_pd128(v));
            store_pd128(to.add(2), _mm256_extractf128_pd::<1>(v), count - 2);
        }
    }
}

/// In parts, not by a mask: a masked store cannot be forwarded to the next load.
#[inline]
#[target_feature(enable = "avx")]
unsafe fn load_ps128(from: *const f32, count: usize) -> __m128 {
    // SAFETY: the caller's promise.
    unsafe {
        match count {
            0 => _mm_setzero_ps(),
            1 => _mm_load_ss(from),
            2 => _mm_castpd_ps(_mm_load_sd(from.cast())),
            3 => _mm_movelh_ps(_mm_castpd_ps(_mm_load_sd(from.cast())), _mm_load_ss(from.add(2))),
            _ => _mm_loadu_ps(from),
        }
    }
}

#[inline]
#[target_feature(enable = "avx")]
unsafe fn store_ps128(to: *mut f32, v: __m128, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match count {
            0 => {}
            1 => _mm_store_ss(to, v),
            2 => _mm_store_sd(to.cast(), _mm_castps_pd(v)),
            3 => {
                _mm_store_sd(to.cast(), _mm_castps_pd(v));
                _mm_store_ss(to.add(2), _mm_movehl_ps(v, v));
            }
            _ => _mm_storeu_ps(to, v),
        }
    }
}

#[inline]
#[target_feature(enable = "avx")]
unsafe fn load_pd128(from: *const f64, count: usize) -> __m128d {
    // SAFETY: the caller's promise.
    unsafe {
        match count {
            0 => _mm_setzero_pd(),
            1 => _mm_load_sd(from),
            _ => _mm_loadu_pd(from),
        }
    }
}

#[inline]
#[target_feature(enable = "avx")]
unsafe fn store_pd128(to: *mut f64, v: __m128d, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match count {
            0 => {}
            1 => _mm_store_sd(to, v),
            _ => _mm_storeu_pd(to, v),
        }
    }
}
