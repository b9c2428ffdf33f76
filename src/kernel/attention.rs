//! The products of attention. The numbers of a head stand side by side, in rows that hold all heads.
//!
//! In plain loops, where d runs over the columns of head h, with every sum in this order:
//! ```text
//! scores    s[h][i][j] = scale · Σ_d q[i][d] · k[j][d]                          d in 16 interleaved sums, added as a tree
//! slopes    s[h][i][j] = s[h][i][j] · scale · Σ_d g[i][d] · (v[j][d] - y[i][d])  d likewise
//! weighted  y[i][d] = Σⱼ s[h][i][j] · v[j][d]                                   j = 0, 1, ..
//! turned    y[j][d] = Σᵢ s[h][i][j] · v[i][d]                                   i = 0, 1, ..
//! ```
//! Where they are `causal`, there are no scores with j > i: `scores` makes them minus infinity, and the others leave them alone.
//!
//! Where `N` isn't `HEADS` · `HEAD` nothing is done: the layer has said so by then, in a sentence.
//!
//! What differs here: sums stay in registers; vectors run along d, so that nothing is transposed.

// `j + NR <= keys` is what a block of any size asks; for one of 1 there is a shorter form.
#![allow(clippy::int_plus_one)]

use super::tile::{V, V16, cut, narrow, panels, sixteens, some, tile};
use super::{Kernels, Lanes};
use crate::scalar::Scalar;
use crate::storage::Zeroed;

/// Steps of all heads.
type Steps<T, const STEPS: usize, const N: usize> = [[T; N]; STEPS];
/// A number for each head, step and step that it looks at.
type Scores<T, const STEPS: usize, const HEADS: usize> = [[[T; STEPS]; STEPS]; HEADS];

/// `s[h][i][j] = scale · Σ_d q[i][d] · k[j][d]`, of `HEADS` heads of `HEAD` numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn scores<K: Kernels, T: Scalar, const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize>(
    [q, k]: [&Steps<T, STEPS, N>; 2],
    scale: T,
    causal: bool,
    s: &mut Scores<T, STEPS, HEADS>,
) {
    every_score::<K, T, STEPS, N, HEADS, HEAD, false>([q, k, q], scale, causal, s);
}

/// `s[h][i][j] = s[h][i][j] · scale · Σ_d g[i][d] · (v[j][d] - y[i][d])`: from probabilities and the gradient of the sums that they weighed,
/// the gradient of scores before `scale`. What softmax takes off, Σⱼ s · g · v, is g · y.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn slopes<K: Kernels, T: Scalar, const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize>(
    [g, v, y]: [&Steps<T, STEPS, N>; 3],
    scale: T,
    causal: bool,
    s: &mut Scores<T, STEPS, HEADS>,
) {
    every_score::<K, T, STEPS, N, HEADS, HEAD, true>([g, v, y], scale, causal, s);
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn every_score<
    K: Kernels,
    T: Scalar,
    const STEPS: usize,
    const N: usize,
    const HEADS: usize,
    const HEAD: usize,
    const SLOPES: bool,
>(
    [a, b, y]: [&Steps<T, STEPS, N>; 3],
    scale: T,
    causal: bool,
    s: &mut Scores<T, STEPS, HEADS>,
) {
    if HEADS * HEAD != N {
        return;
    }
    if const { narrow::<K, T>(HEAD) } {
        return every_score::<K::Narrow, T, STEPS, N, HEADS, HEAD, SLOPES>([a, b, y], scale, causal, s);
    }
    for (h, s) in s.iter_mut().enumerate() {
        let b = b.as_ptr().cast::<T>().wrapping_add(h * HEAD);
        for (i, ((s, a), y)) in s.iter_mut().zip(a).zip(y).enumerate() {
            let (a, y) = (a.as_ptr().wrapping_add(h * HEAD), y.as_ptr().wrapping_add(h * HEAD));
            let keys = if causal { i + 1 } else { STEPS };
            let mut j = 0;
            macro_rules! block {
                ($NR:literal) => {
                    while j + $NR <= keys {
                        // SAFETY: head `h` of `HEADS`, and steps `j..j + NR` of `STEPS`.
                        let sums = unsafe { dots::<T, V16<T, K>, HEAD, $NR, SLOPES>(a, b.add(j * N), N, y) };
                        for (s, sum) in s.iter_mut().skip(j).zip(sums) {
                            *s = if SLOPES { *s * (scale * sum) } else { scale * sum };
                        }
                        j += $NR;
                    }
                };
            }
            // As many sums as the registers hold beside what is multiplied.
            if const { sixteens::<K, T>() >= 16 } {
                block!(8);
            }
            if const { sixteens::<K, T>() >= 8 } {
                block!(4);
            }
            block!(1);
            if !SLOPES {
                for s in s.iter_mut().skip(keys) {
                    *s = T::MIN;
                }
            }
        }
    }
}

/// `Σ_d a[d] · b[r][d]`, or `Σ_d a[d] · (b[r][d] - y[d])` of `SLOPES`, of `NR` rows that are `row` numbers apart.
///
/// # Safety
/// They are there.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn dots<T: Scalar, V: Lanes<T>, const HEAD: usize, const NR: usize, const SLOPES: bool>(
    a: *const T,
    b: *const T,
    row: usize,
    y: *const T,
) -> [T; NR] {
    let mut sums = [V::ZERO; NR];
    let mut d = 0;
    while d < HEAD {
        let count = if d + V::LANES <= HEAD { V::LANES } else { HEAD - d };
        // SAFETY: the caller's promise.
        unsafe {
            let a: V = some(a.add(d), count);
            for r in 0..NR {
                let b: V = some(b.add(r * row + d), count);
                sums[r] = a.mul_add(if SLOPES { b - some(y.add(d), count) } else { b }, sums[r]);
            }
        }
        d += V::LANES;
    }
    let mut totals = [T::ZERO; NR];
    if V::TOTALS && NR == 8 {
        let mut eight = [V::ZERO; 8];
        for (to, sum) in eight.iter_mut().zip(sums) {
            *to = sum;
        }
        for (to, total) in totals.iter_mut().zip(V::totals(eight)) {
            *to = total;
        }
    } else {
        for r in 0..NR {
            totals[r] = sums[r].total();
        }
    }
    totals
}

/// `y[i][d] = Σⱼ s[h][i][j] · v[j][d]`, of `HEADS` heads of `HEAD` numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn weighted<K: Kernels, T: Scalar, const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize>(
    s: &Scores<T, STEPS, HEADS>,
    v: &Steps<T, STEPS, N>,
    causal: bool,
    y: &mut Steps<T, STEPS, N>,
) {
    every_sum::<K, T, STEPS, N, HEADS, HEAD, false>(s, v, causal, y);
}

/// `y[j][d] = Σᵢ s[h][i][j] · v[i][d]`, of `HEADS` heads of `HEAD` numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn turned<K: Kernels, T: Scalar, const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize>(
    s: &Scores<T, STEPS, HEADS>,
    v: &Steps<T, STEPS, N>,
    causal: bool,
    y: &mut Steps<T, STEPS, N>,
) {
    every_sum::<K, T, STEPS, N, HEADS, HEAD, true>(s, v, causal, y);
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn every_sum<
    K: Kernels,
    T: Scalar,
    const STEPS: usize,
    const N: usize,
    const HEADS: usize,
    const HEAD: usize,
    const TURNED: bool,
>(
    s: &Scores<T, STEPS, HEADS>,
    v: &Steps<T, STEPS, N>,
    causal: bool,
    y: &mut Steps<T, STEPS, N>,
) {
    if HEADS * HEAD != N {
        return;
    }
    if const { narrow::<K, T>(HEAD) } {
        return every_sum::<K::Narrow, T, STEPS, N, HEADS, HEAD, TURNED>(s, v, causal, y);
    }
    // How far a row of the sums is from the next in `s`, and one of the products from the next.
    let (row, step) = if TURNED { (1, STEPS) } else { (STEPS, 1) };
    let (v, y) = (v.as_ptr().cast::<T>(), y.as_mut_ptr().cast::<T>());
    for (h, s) in s.iter().enumerate() {
        let s = s.as_ptr().cast::<T>();
        panels!(V<T, K>, HEAD, 3, [3], |column, last, NV, PART| {
            let mut i = 0;
            macro_rules! rows {
                ($MR:literal) => {
                    while i + $MR <= STEPS {
                        let (first, end) = match (causal, TURNED) {
                            (false, _) => (0, STEPS),
                            (true, false) => (0, i + 1),
                            (true, true) => (i, STEPS),
                        };
                        // SAFETY: rows `i..i + MR` and steps `first..end` of `STEPS`; the panels cover the `HEAD` columns of head `h` of `HEADS`.
                        unsafe {
                            let (s, at) = (s.add(i * row + first * step), h * HEAD + column);
                            let v = v.add(first * N + at);
                            let zeros = [[<V<T, K>>::ZERO; NV]; $MR];
                            let sums = tile::<T, V<T, K>, $MR, NV, PART, 1>(zeros, end - first, s, (row, step), v, N, last);
                            for r in 0..$MR {
                                for n in 0..NV {
                                    let to = y.add((i + r) * N + at + n * <V<T, K>>::LANES);
                                    if PART && n + 1 == NV { sums[r][n].store_some(to, last) } else { sums[r][n].store(to) }
                                }
                            }
                        }
                        i += $MR;
                    }
                };
            }
            // Causal rows differ in length.
            if !causal {
                rows!(4);
            }
            rows!(1);
        });
    }
}
