//! The update from one sample and the forward pass of the next, in one visit of each weight: weights that don't fit into the nearest cache
//! are read once instead of twice.

use super::product::{chains, update};
use super::tile::{V, add_chains, cut, narrow, panels, some};
use super::{Copies, Kernels, Lanes};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::tensor::Array;

/// `learn_rows` of one sample with input `x`, whose gradient `dy` is in `y`; then `mul_rows` of the next, with input `next` and output `y`.
/// The same bits as one after the other.
#[cfg_attr(not(debug_assertions), inline(always))]
pub fn learn_mul_rows<K: Kernels, T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize>(
    x: &[T; R],
    next: &[T; R],
    m: &mut [[T; C]; R],
    slots: &mut <U::Slots as Copies>::Of<A>,
    rule: &U,
    bias: &[T; C],
    y: &mut [T; C],
) {
    const { assert!(A::LEN == R * C, "a slot has as many numbers as the parameter") }
    if const { narrow::<K, T>(C) } {
        return learn_mul_rows::<K::Narrow, T, U, A, R, C>(x, next, m, slots, rule, bias, y);
    }
    let (x, next, m, bias, y) = (x.as_ptr(), next.as_ptr(), m.as_mut_ptr().cast::<T>(), bias.as_ptr(), y.as_mut_ptr());
    macro_rules! visit {
        ($most:expr, $set:tt, $CHAINS:literal) => {
            panels!(V<T, K>, C, $most, $set, |j, last, NV, PART| {
                // SAFETY: `R` rows, and the panels cover `C` columns.
                unsafe { tile::<T, V<T, K>, U, A, R, C, NV, PART, $CHAINS>(x, next, m, slots, rule, bias, y, j, last) }
            })
        };
    }
    // Gradient and sums of a panel stay in registers, beside what the rule needs.
    if const { chains(R, C) == 4 } {
        visit!(2, [2], 4);
    } else {
        visit!(if K::REGISTERS >= 32 { 8 } else { 4 }, [4 8], 1);
    }
}

/// A panel of [`learn_mul_rows`].
///
/// # Safety
/// `x` and `next` have `R` numbers; from column `j` there are `NV` vectors, the last of `last` numbers if `PART`.
#[allow(clippy::too_many_arguments)]
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn tile<
    T: Scalar,
    V: Lanes<T>,
    U: Rule<T>,
    A: Array<T = T>,
    const R: usize,
    const C: usize,
    const NV: usize,
    const PART: bool,
    const CHAINS: usize,
>(
    x: *const T,
    next: *const T,
    m: *mut T,
    slots: &mut <U::Slots as Copies>::Of<A>,
    rule: &U,
    bias: *const T,
    y: *mut T,
    j: usize,
    last: usize,
) {
    let mut dy = [V::ZERO; NV];
    let mut sums = [[[V::ZERO; NV]; 1]; CHAINS];
    // SAFETY: the caller's promise.
    unsafe {
        for v in 0..NV {
            let count = if PART && v + 1 == NV { last } else { V::LANES };
            dy[v] = some(y.add(j + v * V::LANES), count);
        }
        let mut row = 0;
        while row < R {
            for chain in 0..CHAINS {
                if CHAINS > 1 && row + chain >= R {
                    break;
                }
                let r = row + chain;
                let (now, then) = (V::splat(*x.add(r)), V::splat(*next.add(r)));
                for v in 0..NV {
                    let count = if PART && v + 1 == NV { last } else { V::LANES };
                    let gradient = now.mul_add(dy[v], V::ZERO);
                    let at = r * C + j + v * V::LANES;
                    let weight = update::<T, V, U, A>(m, slots, at, count, gradient, Role::Weight, rule);
                    sums[chain][0][v] = then.mul_add(weight, sums[chain][0][v]);
                }
            }
            row += CHAINS;
        }
        let sums = add_chains(sums)[0];
        for v in 0..NV {
            let (at, part) = (j + v * V::LANES, PART && v + 1 == NV);
            let count = if part { last } else { V::LANES };
            let sum = sums[v] + some::<T, V>(bias.add(at), count);
            if part { sum.store_some(y.add(at), last) } else { sum.store(y.add(at)) }
        }
    }
}
