//! Cortex-M with an FPU for `f32` (M4F, M7, M33 with hardware float): loops in assembly, for one sample at a time.
//!
//! What makes them fast:
//! - All 32 registers of the FPU are in use: sums stay in `s16-s31`, and eight weights come by one `vldm`. Each weight is loaded once.
//! - `vmla` multiplies and adds in one instruction and rounds twice, as the definitions do.
//! - Weights lie by unit ([`by_unit`]), so a unit that ReLU turned off is a row that gradient descent passes over, and
//!   that Adam treats without its gradient.
//! - Nothing depends on the optimizer of the compiler: a step of 64-32-10 takes at most 4 % more at `opt-level = "s"` than at 3.
//! - Loops for at most eight columns keep the inputs in registers and are inlined; at most four rows, or eight, are written out.
//!
//! Batches of more than one sample are updated by the general kernels.
//!
//! # Figures
//! One sample of the digits a step, checks and loss included; means of the first 100 steps, counted by QEMU. Cycles are estimated from the
//! Cortex-M4 manual's table (`vmla` 3, `vmul` and `vadd` 1, `vldm` of n registers n + 1, `vdiv` and `vsqrt` 14, a taken branch 3).
//!
//! | | instructions | cycles | instructions a multiply-add or weight |
//! |---|---|---|---|
//! | 64-32-10, inference | 3,387 | 11,900 | 1.28 forward in 4 sums, 2.0 in 16 |
//! | 64-32-10, SGD | 8,060 | 27,200 | 2.5 an updated weight |
//! | 64-32-10, Adam | 37,677 | 143,500 | 15.5 an updated weight, 11.3 where the unit is off |
//!
//! `vmul` and `vadd` instead of `vmla` would take about 4,900 instructions more in a step of SGD, and 4,900 cycles less by that table.
//!
//! # To test it
//! Run a training in QEMU's `mps2-an386` and on the host, both with the feature `reproducible`, and compare a hash of all losses and weights.

#[macro_use]
mod assembly;
mod elementwise;
mod exponentials;
mod products;
mod updates;

use core::any::TypeId;

pub use self::elementwise::{all_finite, relu, relu_gradient, scale, sqrt};
use self::exponentials::{exponentials, few_exponentials};
use self::products::{dots_1, dots_4, dots_16, few_dots_1, few_dots_16, few_sums, sums};
use self::updates::{adam, descend, few_descend};
use super::function::LONG;
use super::{Formula, Kernels, Pair, Portable};
use crate::sealed::Sealed;

/// Cortex-M with a single-precision FPU.
#[derive(Clone, Copy, Debug)]
pub struct CortexM;

/// Whether the weights of each output stand together whatever their number: a unit that ReLU turned off is then a row that needn't be updated.
/// Rows of fewer numbers are too short for it.
pub const fn by_unit(inputs: usize) -> bool {
    inputs >= 4
}

/// Zeros, to clear up to 16 registers with one instruction.
static ZEROS: [f32; 16] = [0.0; 16];

/// Whether the number type is the one that the FPU knows.
#[inline(always)]
fn single<T: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<f32>()
}

impl Sealed for CortexM {}

impl Kernels for CortexM {
    type F32 = f32;
    type F64 = f64;
    type F32x16 = Pair<Pair<Pair<Pair<f32>>>>;
    type F64x16 = Pair<Pair<Pair<Pair<f64>>>>;
    const REGISTERS: usize = 16;
    type Narrow = Portable;
    // Its products are loops in assembly.
    const FUSES: bool = false;

    #[inline(always)]
    unsafe fn dots<T: 'static, const CHAINS: usize, const ROWS: usize, const COLUMNS: usize>(
        a: *const T,
        m: *const T,
        rows: usize,
        bias: Option<*const T>,
        out: *mut T,
    ) -> bool {
        let (true, Some(bias)) = (single::<T>() && rows * COLUMNS >= WORTHWHILE, bias) else { return false };
        let (a, m, bias, out) = (a.cast(), m.cast(), bias.cast(), out.cast());
        // SAFETY: `T` is `f32`; the caller's promise.
        unsafe {
            if CHAINS == 16 {
                let dots = if const { COLUMNS > FEW } {
                    dots_16::<COLUMNS>
                } else if const { written_out(ROWS) > 0 } && rows == ROWS {
                    few_dots_16::<ROWS, COLUMNS>
                } else {
                    few_dots_16::<0, COLUMNS>
                };
                dots(a, m, rows, bias, out);
            } else if rows < 4 {
                return false;
            } else if const { COLUMNS <= FEW && CHAINS == 1 && written_out(ROWS / 4) > 0 && ROWS.is_multiple_of(4) }
                && rows == ROWS
            {
                few_dots_1::<ROWS, COLUMNS>(a, m, rows / 4, bias, out);
            } else {
                let dots = if const { COLUMNS <= FEW && CHAINS == 1 } {
                    few_dots_1::<0, COLUMNS>
                } else if CHAINS == 1 {
                    dots_1::<COLUMNS>
                } else {
                    dots_4::<COLUMNS>
                };
                dots(a, m, rows / 4, bias, out);
                if !rows.is_multiple_of(4) {
                    // The last four overlap with those before them.
                    let at = rows - 4;
                    dots(a, m.add(at * COLUMNS), 1, bias.add(at), out.add(at));
                }
            }
        }
        true
    }

    #[inline(always)]
    unsafe fn sums<T: 'static, const CHAINS: usize, const ROWS: usize, const COLUMNS: usize>(
        a: *const T,
        m: *const T,
        out: *mut T,
    ) -> bool {
        if !single::<T>() || ROWS * COLUMNS < WORTHWHILE {
            return false;
        }
        let (a, m, out) = (a.cast(), m.cast(), out.cast());
        // SAFETY: `T` is `f32`; the caller's promise.
        unsafe {
            if const { COLUMNS <= FEW && CHAINS == 1 } {
                let sums =
                    if const { written_out(ROWS) > 0 } { few_sums::<ROWS, COLUMNS> } else { few_sums::<0, COLUMNS> };
                sums(a, m, ROWS, out);
            } else {
                sums(a, m, (ROWS, COLUMNS), out, CHAINS);
            }
        }
        true
    }

    #[inline(always)]
    unsafe fn learn<T: 'static, const ROWS: usize, const COLUMNS: usize>(
        formula: Formula<T>,
        p: *const T,
        q: *const T,
        m: *mut T,
        rows: usize,
        slots: [*mut T; 2],
    ) -> bool {
        if !single::<T>() || rows * COLUMNS < if rows == 1 { SHORT } else { WORTHWHILE } {
            return false;
        }
        match formula {
            Formula::Descent { rate } => {
                let (rate, p, q, m) = (bits(&rate), p.cast(), q.cast(), m.cast());
                // SAFETY: `T` is `f32`; the caller's promise.
                unsafe {
                    if const { COLUMNS <= FEW && written_out(ROWS) > 0 } && rows == ROWS {
                        few_descend::<ROWS, COLUMNS>(rate, p, q, m, rows);
                    } else if const { COLUMNS <= FEW } {
                        few_descend::<0, COLUMNS>(rate, p, q, m, rows);
                    } else {
                        descend::<false>([rate, 0], (p, q), (m, m), (rows, COLUMNS));
                    }
                }
                true
            }
            Formula::Momentum { rate, momentum } if !slots[0].is_null() => {
                let constants = [bits(&rate), bits(&momentum)];
                let data = (m.cast(), slots[0].cast());
                // SAFETY: `T` is `f32`; the caller's promise, and there is a slot.
                unsafe { descend::<true>(constants, (p.cast(), q.cast()), data, (rows, COLUMNS)) };
                true
            }
            Formula::Adam(constants) if !slots[1].is_null() => {
                let [first, second] = slots;
                let constants = (&raw const constants).cast();
                // SAFETY: `T` is `f32`; the caller's promise, and there are two slots.
                unsafe {
                    adam(constants, (p.cast(), q.cast()), (m.cast(), first.cast(), second.cast()), (rows, COLUMNS));
                }
                true
            }
            _ => false,
        }
    }

    #[inline(always)]
    fn exponentials<T: 'static, const N: usize>(x: &[T; N], to: &mut [T; N], max: &mut T, sum: &mut T) -> bool {
        if !single::<T>() || N == 0 || N > LONG {
            return false;
        }
        let (x, to) = (x.as_ptr().cast(), to.as_mut_ptr().cast());
        // SAFETY: `T` is `f32`, and there are `N` of them.
        unsafe {
            let exponentials = if const { N <= FEW_EXPONENTIALS } { few_exponentials::<N> } else { exponentials::<N> };
            [*(&raw mut *max).cast(), *(&raw mut *sum).cast()] = exponentials(x, to);
        }
        true
    }
}

/// Below so many weights a call costs more than it saves.
const WORTHWHILE: usize = 24;
/// The same for so many numbers in a row.
const SHORT: usize = 8;
/// So many columns fit into the registers beside the weights and sums of a row. These loops are short enough to be inlined, which saves the call
/// and the saving of registers: a third of a step of 4-8-3.
const FEW: usize = 8;
/// The same for exponentials.
const FEW_EXPONENTIALS: usize = 4;

/// The bits of a number that is an `f32`.
#[inline(always)]
fn bits<T>(value: &T) -> u32 {
    // SAFETY: the callers asked what `T` is.
    unsafe { *(&raw const *value).cast() }
}

/// How many rows are written out one after the other, which spares the counting; 0: they are a loop.
const fn written_out(rows: usize) -> usize {
    if rows <= 4 || rows == FEW { rows } else { 0 }
}
