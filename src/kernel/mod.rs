//! Kernels: the loops in which the time goes. The order of every sum is part of their definition.
//!
//! - A forward sum runs over the inputs in order, from +0.0, and the bias comes last.
//! - A weight's gradient runs over the samples in order, from +0.0.
//! - A `dot` of fewer than [`LANES`] products runs in order; a longer one runs in `LANES` partial sums that are added as a tree.

mod dispatch;

pub use self::dispatch::{Kernels, Portable, Task, run};
use crate::scalar::Scalar;
use crate::tensor::Array;

/// How many partial sums a long dot product has.
pub const LANES: usize = 16;
/// Columns that a tile of the forward product covers.
const NR: usize = 16;
/// Samples that a tile of the forward product covers.
const MR: usize = 4;

/// `y[b][j] = Σᵢ x[b][i] · w[i][j]`, for as many rows as both have.
#[inline]
pub fn gemm<T: Scalar, const K: usize, const N: usize>(x: &[[T; K]], w: &[[T; N]; K], y: &mut [[T; N]]) {
    let mut x = x.chunks_exact(MR);
    let mut y = y.chunks_exact_mut(MR);
    for (x, y) in x.by_ref().zip(y.by_ref()) {
        if let (Ok(x), Ok(y)) = (x.try_into(), y.try_into()) {
            tile_rows::<T, K, N, MR>(x, w, y);
        }
    }
    for (x, y) in x.remainder().iter().zip(y.into_remainder()) {
        tile_rows(core::array::from_ref(x), w, core::array::from_mut(y));
    }
}

/// `ROWS` rows of [`gemm`].
#[inline(always)]
fn tile_rows<T: Scalar, const K: usize, const N: usize, const ROWS: usize>(
    x: &[[T; K]; ROWS],
    w: &[[T; N]; K],
    y: &mut [[T; N]; ROWS],
) {
    let mut j = 0;
    while j + NR <= N {
        tile(x, w, y, j, NR);
        j += NR;
    }
    if j < N {
        tile(x, w, y, j, N - j);
    }
}

/// `ROWS` rows and `width <= NR` columns of [`gemm`], from column `j`; the sums stay in registers.
#[inline(always)]
fn tile<T: Scalar, const K: usize, const N: usize, const ROWS: usize>(
    x: &[[T; K]; ROWS],
    w: &[[T; N]; K],
    y: &mut [[T; N]; ROWS],
    j: usize,
    width: usize,
) {
    let mut sum = [[T::ZERO; NR]; ROWS];
    for i in 0..K {
        let w = columns(&w[i], j, width);
        for (sum, x) in sum.iter_mut().zip(x) {
            for (sum, &w) in sum.iter_mut().zip(w) {
                *sum = x[i].mul_add(w, *sum);
            }
        }
    }
    for (sum, y) in sum.iter().zip(y) {
        for (y, &sum) in y.iter_mut().skip(j).zip(sum.iter().take(width)) {
            *y = sum;
        }
    }
}

/// `row[j..j + width]`; empty where that is out of range, which it never is.
#[inline(always)]
fn columns<T>(row: &[T], j: usize, width: usize) -> &[T] {
    row.get(j..j + width).unwrap_or(&[])
}

/// `y[b][j] += bias[j]`.
#[inline]
pub fn add_bias<T: Scalar, const N: usize>(bias: &[T; N], y: &mut [[T; N]]) {
    for y in y {
        for (y, &bias) in y.iter_mut().zip(bias) {
            *y += bias;
        }
    }
}

/// `Σⱼ a[j] · b[j]`.
#[inline]
pub fn dot<T: Scalar, const N: usize>(a: &[T; N], b: &[T; N]) -> T {
    if N < LANES {
        return a.iter().zip(b).fold(T::ZERO, |sum, (&a, &b)| a.mul_add(b, sum));
    }
    let mut sums = [T::ZERO; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] = a[lane].mul_add(b[lane], sums[lane]);
        }
    }
    for ((sum, &a), &b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum = a.mul_add(b, *sum);
    }
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

/// `g[j] = Σ_b x[b][i] · dy[b][from + j]`: a piece of row `i` of the gradient of the weights.
#[inline]
pub fn gradient_row<T: Scalar, const K: usize, const N: usize>(
    x: &[[T; K]],
    i: usize,
    dy: &[[T; N]],
    from: usize,
    g: &mut [T],
) {
    g.fill(T::ZERO);
    for (x, dy) in x.iter().zip(dy) {
        let Some(&x) = x.get(i) else { return };
        for (g, &dy) in g.iter_mut().zip(dy.get(from..).unwrap_or(&[])) {
            *g = x.mul_add(dy, *g);
        }
    }
}

/// `total[j] = Σ_b dy[b][from + j]`: a piece of the gradient of the bias.
#[inline]
pub fn sum_rows<T: Scalar, const N: usize>(dy: &[[T; N]], from: usize, total: &mut [T]) {
    total.fill(T::ZERO);
    for dy in dy {
        for (total, &dy) in total.iter_mut().zip(dy.get(from..).unwrap_or(&[])) {
            *total += dy;
        }
    }
}

/// Copies one array of rows into another of the same type.
#[inline(always)]
pub fn copy<A: Array>(from: &[A], to: &mut [A]) {
    for (to, from) in A::flatten_mut(to).iter_mut().zip(A::flatten(from)) {
        *to = *from;
    }
}
