//! What is done to each number alone: whether it is finite, ReLU and its derivative, scaling.

use core::arch::asm;

use super::{SHORT, ZEROS, bits, single};

/// Whether every number is finite: x · 0 is NaN where x isn't.
#[inline(never)]
pub(super) fn finite(values: &[f32]) -> bool {
    let (x, count) = (values.as_ptr(), values.len());
    let bits: u32;
    // SAFETY: reads `count` numbers.
    unsafe {
        fpu!([
            "vldmia {zeros}, {{s16-s17}}",
            "subs {count}, #8",
            "blo 3f",
            "2:",
            "vldmia {x}!, {{s0-s7}}",
            "vmla.f32 s17, s16, s0", "vmla.f32 s17, s16, s1", "vmla.f32 s17, s16, s2", "vmla.f32 s17, s16, s3",
            "vmla.f32 s17, s16, s4", "vmla.f32 s17, s16, s5", "vmla.f32 s17, s16, s6", "vmla.f32 s17, s16, s7",
            "subs {count}, #8",
            "bhs 2b",
            "3:",
            "adds {count}, #8",
            "beq 5f",
            "4:",
            "vldmia {x}!, {{s0}}",
            "vmla.f32 s17, s16, s0",
            "subs {count}, #1",
            "bne 4b",
            "5:",
            "vmov {bits}, s17",
        ]
            x = inout(reg) x => _,
            count = inout(reg) count => _,
            zeros = in(reg) &raw const ZEROS,
            bits = lateout(reg) bits,
        );
    }
    bits == 0
}

/// Whether every number is finite, if the FPU knows them.
#[inline(always)]
pub fn all_finite<T: 'static>(values: &[T]) -> Option<bool> {
    if !single::<T>() {
        return None;
    }
    // SAFETY: `T` is `f32`.
    let values: &[f32] = unsafe { core::slice::from_raw_parts(values.as_ptr().cast(), values.len()) };
    Some(if values.len() < SHORT { values.iter().fold(0.0, |sum, x| sum + x * 0.0) == 0.0 } else { finite(values) })
}

/// The square root in hardware, which `core` doesn't offer.
#[inline(always)]
pub fn sqrt(x: f32) -> f32 {
    let mut bits = x.to_bits();
    // SAFETY: `s0` is named as overwritten.
    unsafe {
        asm!("vmov s0, {0}", "vsqrt.f32 s0, s0", "vmov {0}, s0", inout(reg) bits, out("s0") _,
            options(pure, nomem, nostack, preserves_flags));
    }
    f32::from_bits(bits)
}

/// ReLU of eight numbers at a time, in integers: a number whose sign is set becomes 0, unless it is NaN, which carries when the largest fraction is
/// added. The eight are asked for such a NaN together, each only if there was none before it; with one it goes on behind `3`.
macro_rules! relu_of_eight {
    () => {
        "ldmia {y}, {{r0-r5, r8, r12}}\n\
         cmn r0, {fraction}\n\
         ittt lo\ncmnlo r1, {fraction}\ncmnlo r2, {fraction}\ncmnlo r3, {fraction}\n\
         itttt lo\ncmnlo r4, {fraction}\ncmnlo r5, {fraction}\ncmnlo r8, {fraction}\ncmnlo r12, {fraction}\n\
         bhs 3f\n\
         bic r0, r0, r0, asr #31\nbic r1, r1, r1, asr #31\nbic r2, r2, r2, asr #31\nbic r3, r3, r3, asr #31\n\
         bic r4, r4, r4, asr #31\nbic r5, r5, r5, asr #31\nbic r8, r8, r8, asr #31\nbic r12, r12, r12, asr #31\n"
    };
}

/// ReLU of one number after the other, `{count}` of them.
macro_rules! relu_of_each {
    () => {
        "4:\nldr r0, [{y}]\n\
         cmn r0, {fraction}\nit lo\nbiclo r0, r0, r0, asr #31\n\
         str r0, [{y}], #4\n\
         subs {count}, #1\n\
         bne 4b\n"
    };
}

/// ReLU: 0 for every number that is at most 0; NaN stays. One function for training and inference.
///
/// # Safety
/// There are at least [`SHORT`] numbers.
#[inline(never)]
pub(super) unsafe fn relu_of_many(y: &mut [f32]) {
    // SAFETY: reads and writes as many numbers as there are, the first eight before it asks.
    unsafe {
        asm!(
            "2:",
            relu_of_eight!(),
            "stmia {y}!, {{r0-r5, r8, r12}}",
            "subs {count}, #8",
            "bhs 2b",
            "3:",
            "adds {count}, #8",
            "beq 5f",
            // What is left, or all from the first eight with a NaN on.
            relu_of_each!(),
            "5:",
            y = inout(reg) y.as_mut_ptr() => _,
            count = inout(reg) y.len() - SHORT => _,
            fraction = in(reg) 0x007f_ffff,
            out("r0") _, out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r12") _,
            options(nostack),
        );
    }
}

/// The same for eight numbers, inlined.
///
/// # Safety
/// There are [`SHORT`] numbers.
#[inline(always)]
pub(super) unsafe fn relu_of_few(y: &mut [f32]) {
    // SAFETY: reads and writes eight numbers.
    unsafe {
        asm!(
            relu_of_eight!(),
            "stmia {y}, {{r0-r5, r8, r12}}",
            "b 5f",
            "3:",
            "mov {count}, #8",
            relu_of_each!(),
            "5:",
            y = inout(reg) y.as_mut_ptr() => _,
            count = out(reg) _,
            fraction = in(reg) 0x007f_ffff,
            out("r0") _, out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r12") _,
            options(nostack),
        );
    }
}

/// Eight numbers of the gradient, by 0 (in `s8`) where the output is 0.
macro_rules! slope_of_eight {
    () => {
        "vldmia {grad}, {{s0-s7}}\n\
         ldmia {y}!, {{r0-r5, r8, r12}}\n\
         cmp r0, #0\nit eq\nvmuleq.f32 s0, s0, s8\n\
         cmp r1, #0\nit eq\nvmuleq.f32 s1, s1, s8\n\
         cmp r2, #0\nit eq\nvmuleq.f32 s2, s2, s8\n\
         cmp r3, #0\nit eq\nvmuleq.f32 s3, s3, s8\n\
         cmp r4, #0\nit eq\nvmuleq.f32 s4, s4, s8\n\
         cmp r5, #0\nit eq\nvmuleq.f32 s5, s5, s8\n\
         cmp r8, #0\nit eq\nvmuleq.f32 s6, s6, s8\n\
         cmp r12, #0\nit eq\nvmuleq.f32 s7, s7, s8\n\
         vstmia {grad}!, {{s0-s7}}\n"
    };
}

/// Where ReLU's output `y` is 0, the gradient by 0. `MANY`: there are more than eight.
///
/// # Safety
/// There are at least [`SHORT`] numbers of both.
#[inline(always)]
pub(super) unsafe fn relu_gradient_in_place<const MANY: bool>(grad: &mut [f32], y: &[f32]) {
    macro_rules! slopes {
        ([$($code:expr),* $(,)?] $($count:tt)*) => {
            asm!(
                "vmov s8, {zero}",
                $($code,)*
                grad = inout(reg) grad.as_mut_ptr() => _,
                y = inout(reg) y.as_ptr() => _,
                zero = in(reg) 0,
                $($count)*
                out("r0") _, out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _, out("r8") _, out("r12") _,
                out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _,
                options(nostack),
            )
        };
    }
    // SAFETY: reads and writes as many numbers as both have, the first eight before it asks.
    unsafe {
        if MANY {
            slopes!([
                "2:",
                slope_of_eight!(),
                "subs {count}, #8",
                "bhs 2b",
                "adds {count}, #8",
                "beq 5f",
                "4:",
                "vldr s0, [{grad}]",
                "ldr r0, [{y}], #4",
                "cmp r0, #0", "it eq", "vmuleq.f32 s0, s0, s8",
                "vstmia {grad}!, {{s0}}",
                "subs {count}, #1",
                "bne 4b",
                "5:",
            ] count = inout(reg) grad.len().min(y.len()) - SHORT => _,);
        } else {
            slopes!([slope_of_eight!()]);
        }
    }
}

/// The numbers as what the FPU knows, if they are that.
#[inline(always)]
pub(super) fn singles<T: 'static>(values: &mut [T]) -> Option<&mut [f32]> {
    // SAFETY: `T` is `f32`.
    single::<T>().then(|| unsafe { core::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len()) })
}

/// ReLU in place, if the FPU knows the numbers.
#[inline(always)]
pub fn relu<T: 'static>(y: &mut [T]) -> bool {
    let relu = if y.len() > SHORT { relu_of_many } else { relu_of_few };
    // SAFETY: there are as many.
    y.len() >= SHORT && singles(y).map(|y| unsafe { relu(y) }).is_some()
}

/// The gradient of ReLU, from its output, if the FPU knows the numbers.
#[inline(always)]
pub fn relu_gradient<T: 'static>(grad: &mut [T], y: &[T]) -> bool {
    let count = grad.len().min(y.len());
    if count < SHORT {
        return false;
    }
    let slopes = if count > SHORT { relu_gradient_in_place::<true> } else { relu_gradient_in_place::<false> };
    // SAFETY: `T` is `f32` where this is called.
    let y = || unsafe { core::slice::from_raw_parts(y.as_ptr().cast(), y.len()) };
    // SAFETY: there are as many.
    singles(grad).map(|grad| unsafe { slopes(grad, y()) }).is_some()
}

/// The numbers in `s0-s15` that there are, by the factor in `s16`.
macro_rules! one_scaled {
    ($($i:literal)*) => {
        concat!($(".if {n} > ", $i, "\nvmul.f32 s", $i, ", s", $i, ", s16\n.endif\n"),*)
    };
}

/// Each number by a factor, if the FPU knows them and its registers hold them all.
#[inline(always)]
pub fn scale<T: 'static, const N: usize>(values: &mut [T; N], factor: &T) -> bool {
    if !single::<T>() || N == 0 || N > 16 {
        return false;
    }
    // SAFETY: `T` is `f32`; reads and writes `N` numbers.
    unsafe {
        fpu!([
            "vmov s16, {factor}",
            "vldmia {values}, {{s0-s{last}}}",
            one_scaled!("0" "1" "2" "3" "4" "5" "6" "7" "8" "9" "10" "11" "12" "13" "14" "15"),
            "vstmia {values}, {{s0-s{last}}}",
        ]
            n = const N,
            last = const N - 1,
            values = in(reg) values,
            factor = in(reg) bits(factor),
        );
    }
    true
}
