//! Exponentials of a row and their sum, for softmax.

use core::arch::asm;
use core::f32::consts::LOG2_E;

use super::super::function::{EXP_F32, Exponential};

/// What exponentials have in `s14-s31`.
pub(super) static EXPONENTIAL: [f32; 18] = {
    let Exponential { least, whole, ln2: [high, low], coefficients: [[a, b], [c, d], [e, f]], .. } = EXP_F32;
    let smaller = f32::from_bits((127 - SMALLER) << 23);
    [smaller, f32::NEG_INFINITY, LOG2_E, whole, high, low, 1.0, a, b, c, d, e, f, least, 0.0, 0.0, 0.0, 0.0]
};
/// A result is made larger by so many powers of two, and then smaller, because 2ⁿ alone can be out of range where the result isn't.
const SMALLER: u32 = 64;

/// The larger of a number and `s15`, there.
macro_rules! larger {
    ($x:literal) => {
        concat!("vcmp.f32 ", $x, ", s15\nvmrs APSR_nzcv, fpscr\nit gt\nvmovgt.f32 s15, ", $x, "\n")
    };
}

/// e^`s0`, by the operations of `exp_f32`; `s0` isn't above 0.
macro_rules! exponential {
    ($to:literal) => {
        concat!(
            "vcmp.f32 s27, s0\nvmrs APSR_nzcv, fpscr\nit gt\nvmovgt.f32 s0, s27\n",
            // n is in the lowest bits of s1, and in s2.
            "vmul.f32 s1, s0, s16\nvadd.f32 s1, s1, s17\nvsub.f32 s2, s1, s17\n",
            "vmls.f32 s0, s2, s18\nvmul.f32 s2, s2, s19\nvsub.f32 s3, s0, s2\n",
            // 1 + r, and what rounding it and r has cost.
            "vadd.f32 s4, s20, s3\nvsub.f32 s5, s4, s20\nvsub.f32 s5, s3, s5\n",
            "vsub.f32 s0, s0, s3\nvsub.f32 s0, s0, s2\nvadd.f32 s5, s5, s0\n",
            "vmul.f32 s6, s3, s3\n",
            "vmul.f32 s7, s21, s3\nvadd.f32 s7, s7, s22\n",
            "vmul.f32 s8, s23, s3\nvadd.f32 s8, s8, s24\nvmla.f32 s8, s7, s6\n",
            "vmul.f32 s7, s25, s3\nvadd.f32 s7, s7, s26\nvmla.f32 s7, s8, s6\n",
            "vmla.f32 s5, s7, s6\nvadd.f32 s4, s4, s5\n",
            "vmov {power}, s1\nadd {power}, {larger}, {power}, lsl #23\nvmov s1, {power}\n",
            "vmul.f32 s4, s4, s1\nvmul.f32 ",
            $to,
            ", s4, s14\n",
        )
    };
}

/// e^(x - max x); returns max x and the sum of these in four interleaved sums.
///
/// # Safety
/// There are `N` numbers, at least one, and room for as many.
#[inline(never)]
pub(super) unsafe fn exponentials<const N: usize>(x: *const f32, to: *mut f32) -> [f32; 2] {
    let (max, sum): (u32, u32);
    // SAFETY: the caller's promise.
    unsafe {
        fpu!([
            "vldmia {table}, {{s14-s31}}",
            "mov {count}, #{n}",
            "2:",
            "vldmia {x}!, {{s0}}",
            larger!("s0"),
            "subs {count}, #1",
            "bne 2b",
            "sub {x}, {x}, #4 * {n}",
            "mov {count}, #{n}",
            "3:",
            "vldmia {x}!, {{s0}}",
            "vsub.f32 s0, s0, s15",
            exponential!("s4"),
            "vstmia {to}!, {{s4}}",
            "subs {count}, #1",
            "bne 3b",
            "sub {to}, {to}, #4 * {n}",
            ".rept {n} / 4",
            "vldmia {to}!, {{s0-s3}}",
            "vadd.f32 s28, s28, s0", "vadd.f32 s29, s29, s1", "vadd.f32 s30, s30, s2", "vadd.f32 s31, s31, s3",
            ".endr",
            ".if {n} % 4 > 0\nvldmia {to}!, {{s0}}\nvadd.f32 s28, s28, s0\n.endif",
            ".if {n} % 4 > 1\nvldmia {to}!, {{s0}}\nvadd.f32 s29, s29, s0\n.endif",
            ".if {n} % 4 > 2\nvldmia {to}!, {{s0}}\nvadd.f32 s30, s30, s0\n.endif",
            "vadd.f32 s28, s28, s30", "vadd.f32 s29, s29, s31",
            "vadd.f32 s28, s28, s29",
            "vmov {max}, s15",
            "vmov {sum}, s28",
        ]
            table = in(reg) &raw const EXPONENTIAL,
            n = const N,
            x = inout(reg) x => _,
            to = inout(reg) to => _,
            count = out(reg) _,
            power = out(reg) _,
            larger = in(reg) (127 + SMALLER) << 23,
            max = lateout(reg) max,
            sum = lateout(reg) sum,
        );
    }
    [f32::from_bits(max), f32::from_bits(sum)]
}

/// One of [`few_exponentials`].
macro_rules! few_exponential {
    ($x:literal) => {
        concat!(
            "vsub.f32 s0, ",
            $x,
            ", s15\nvmov.f32 ",
            $x,
            ", s20\n",
            "vmov {power}, s0\nlsls {power}, {power}, #1\nbeq 2f\n",
            exponential!($x),
            "2:\n",
        )
    };
}

/// [`exponentials`] of at most four numbers, in `s10-s13`, one after the other; without that of the largest, which is 1.
///
/// # Safety
/// As there.
#[inline(always)]
pub(super) unsafe fn few_exponentials<const N: usize>(x: *const f32, to: *mut f32) -> [f32; 2] {
    let (max, sum): (u32, u32);
    // SAFETY: the caller's promise.
    unsafe {
        fpu!([
            "vldmia {table}, {{s14-s31}}",
            "vldmia {x}, {{s10-s{last}}}",
            larger!("s10"),
            ".if {n} > 1\n", larger!("s11"), ".endif",
            ".if {n} > 2\n", larger!("s12"), ".endif",
            ".if {n} > 3\n", larger!("s13"), ".endif",
            few_exponential!("s10"),
            ".if {n} > 1\n", few_exponential!("s11"), ".endif",
            ".if {n} > 2\n", few_exponential!("s12"), ".endif",
            ".if {n} > 3\n", few_exponential!("s13"), ".endif",
            "vstmia {to}, {{s10-s{last}}}",
            ".if {n} > 2\nvadd.f32 s10, s10, s12\n.endif",
            ".if {n} > 3\nvadd.f32 s11, s11, s13\n.endif",
            ".if {n} > 1\nvadd.f32 s10, s10, s11\n.endif",
            "vmov {max}, s15",
            "vmov {sum}, s10",
        ]
            table = in(reg) &raw const EXPONENTIAL,
            n = const N,
            last = const N + 9,
            x = in(reg) x,
            to = in(reg) to,
            power = out(reg) _,
            larger = in(reg) (127 + SMALLER) << 23,
            max = lateout(reg) max,
            sum = lateout(reg) sum,
        );
    }
    [f32::from_bits(max), f32::from_bits(sum)]
}
