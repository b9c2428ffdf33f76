//! The sums of `mul_rows` and of `dots` for a matrix that lies by column: its vectors of numbers are then those of one output.

use super::super::tile::V16;
use super::super::{Kernels, Lanes, Portable};
use super::{beyond, chains};
use crate::scalar::Scalar;

/// The sums of [`mul_rows`](super::mul_rows), of some columns, for a matrix that lies by column, `C` rows of `R` numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn mul_units<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: &[[T; R]],
    m: &[[T; R]; C],
    columns: core::ops::Range<usize>,
    bias: Option<&[T; C]>,
    out: &mut [[T; C]],
) {
    if const { chains(R, C) == 4 } {
        mul_units_in::<K, T, R, C, 4>(a, m, columns, bias, out);
    } else {
        mul_units_in::<K, T, R, C, 1>(a, m, columns, bias, out);
    }
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn mul_units_in<K: Kernels, T: Scalar, const R: usize, const C: usize, const CHAINS: usize>(
    a: &[[T; R]],
    m: &[[T; R]; C],
    columns: core::ops::Range<usize>,
    bias: Option<&[T; C]>,
    out: &mut [[T; C]],
) {
    let (start, end) = (columns.start.min(C), columns.end.min(C));
    for (a, out) in a.iter().zip(out) {
        let bias = bias.map(|b| b.as_ptr());
        // SAFETY: `m` is `C` rows of `R` numbers.
        if unsafe {
            let (m, bias) = (m.as_ptr().add(start).cast(), beyond(bias, start));
            K::dots::<T, CHAINS, C, R>(a.as_ptr(), m, end.saturating_sub(start), bias, out.as_mut_ptr().add(start))
        } {
            continue;
        }
        for c in start..end {
            let mut sums = [T::ZERO; 4];
            for r in 0..R {
                sums[r % CHAINS] = a[r].mul_add(m[c][r], sums[r % CHAINS]);
            }
            out[c] = (sums[0] + sums[2]) + (sums[1] + sums[3]);
            if let Some(bias) = bias {
                // SAFETY: as many biases as outputs.
                out[c] += unsafe { *bias.add(c) };
            }
        }
    }
}

/// The sums of [`dots`](super::dots), of some rows, for a matrix that lies by column, `C` rows of `R` numbers.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn dots_down<K: Kernels, T: Scalar, const R: usize, const C: usize>(
    a: &[[T; C]],
    m: &[[T; R]; C],
    rows: core::ops::Range<usize>,
    out: &mut [[T; R]],
) {
    let (start, end) = (rows.start, rows.end.min(R));
    for (a, out) in a.iter().zip(out) {
        let all = (start, end) == (0, R);
        // SAFETY: `m` is `C` rows of `R` numbers.
        if !(all && unsafe { K::sums::<T, 16, C, R>(a.as_ptr(), m.as_ptr().cast(), out.as_mut_ptr()) }) {
            for r in start..end {
                let mut sums = [T::ZERO; 16];
                for c in 0..C {
                    sums[c % 16] = a[c].mul_add(m[c][r], sums[c % 16]);
                }
                // SAFETY: sixteen numbers.
                out[r] = unsafe { V16::<T, Portable>::load(sums.as_ptr()) }.total();
            }
        }
    }
}
