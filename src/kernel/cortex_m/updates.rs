//! Updates of weights from the gradient of one sample: gradient descent, with momentum or without, and Adam.

use core::arch::asm;

use super::ZEROS;

/// Eight numbers of a row of weights, from their gradient `s1 · x`: `w ← w - s0 · gradient`, or with momentum `v ← s2 · v + gradient` and
/// `w ← w - s0 · v`.
macro_rules! descent {
    () => {
        concat!(
            // Beginning at +0 makes a gradient of -0 one of +0, as the definition does.
            "vldmia {zeros}, {{s8-s15}}\n",
            "vldmia {x}!, {{s16-s23}}\n",
            "vldmia {w}, {{s24-s31}}\n",
            "vmla.f32 s8, s1, s16\nvmla.f32 s9, s1, s17\nvmla.f32 s10, s1, s18\nvmla.f32 s11, s1, s19\n",
            "vmla.f32 s12, s1, s20\nvmla.f32 s13, s1, s21\nvmla.f32 s14, s1, s22\nvmla.f32 s15, s1, s23\n",
            ".if {momentum}\n",
            "vldmia {v}, {{s16-s23}}\n",
            "vmla.f32 s8, s2, s16\nvmla.f32 s9, s2, s17\nvmla.f32 s10, s2, s18\nvmla.f32 s11, s2, s19\n",
            "vmla.f32 s12, s2, s20\nvmla.f32 s13, s2, s21\nvmla.f32 s14, s2, s22\nvmla.f32 s15, s2, s23\n",
            "vstmia {v}!, {{s8-s15}}\n",
            ".endif\n",
            "vmls.f32 s24, s0, s8\nvmls.f32 s25, s0, s9\nvmls.f32 s26, s0, s10\nvmls.f32 s27, s0, s11\n",
            "vmls.f32 s28, s0, s12\nvmls.f32 s29, s0, s13\nvmls.f32 s30, s0, s14\nvmls.f32 s31, s0, s15\n",
            "vstmia {w}!, {{s24-s31}}\n",
        )
    };
}

/// Plain gradient descent, `m[r][c] -= rate · (p[r] · q[c])`, or with momentum, which has `v` beside `m`.
///
/// Without momentum a row whose `p` is 0, because ReLU turned its unit off, is passed over: its gradient is +0, and to subtract +0 changes no bit.
///
/// # Safety
/// They are there, and at least one row.
#[inline(never)]
pub(super) unsafe fn descend<const MOMENTUM: bool>(
    [rate, decay]: [u32; 2],
    (p, q): (*const f32, *const f32),
    (m, v): (*mut f32, *mut f32),
    (rows, columns): (usize, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        fpu!([
            "vmov s0, {rate}",
            "vmov s2, {decay}",
            "1:",
            "ldr {factor}, [{p}], #4",
            ".if {momentum} == 0\nlsls {count}, {factor}, #1\nbeq 7f\n.endif",
            "vmov s1, {factor}",
            "subs {count}, {columns}, #16",
            "blo 3f",
            "2:",
            descent!(),
            descent!(),
            "subs {count}, #16",
            "bhs 2b",
            "3:",
            "adds {count}, #8",
            "bmi 4f",
            descent!(),
            "subs {count}, #8",
            "4:",
            "adds {count}, #8",
            "beq 6f",
            "5:",
            "vldr s8, [{zeros}]",
            "vldmia {x}!, {{s16}}",
            "vldr s24, [{w}]",
            "vmla.f32 s8, s1, s16",
            ".if {momentum}\nvldr s16, [{v}]\nvmla.f32 s8, s2, s16\nvstmia {v}!, {{s8}}\n.endif",
            "vmls.f32 s24, s0, s8",
            "vstmia {w}!, {{s24}}",
            "subs {count}, #1",
            "bne 5b",
            "6:",
            "sub {x}, {x}, {columns}, lsl #2",
            "subs {rows}, #1",
            "bne 1b",
            ".if {momentum} == 0",
            "b 8f",
            "7:",
            "add {w}, {w}, {columns}, lsl #2",
            "subs {rows}, #1",
            "bne 1b",
            "8:",
            ".endif",
        ]
            momentum = const MOMENTUM as u32,
            rate = in(reg) rate,
            decay = in(reg) decay,
            factor = out(reg) _,
            p = inout(reg) p => _,
            x = inout(reg) q => _,
            w = inout(reg) m => _,
            v = inout(reg) v => _,
            count = out(reg) _,
            rows = inout(reg) rows => _,
            columns = in(reg) columns,
            zeros = in(reg) &raw const ZEROS,
        );
    }
}

/// [`descend`] of a few columns, without momentum; `ROWS` is 0 or the number of rows.
///
/// # Safety
/// As there.
#[inline(always)]
pub(super) unsafe fn few_descend<const ROWS: usize, const COLUMNS: usize>(
    rate: u32,
    p: *const f32,
    q: *const f32,
    m: *mut f32,
    rows: usize,
) {
    // SAFETY: the caller's promise.
    unsafe {
        few_rows!(ROWS, [
            "vmov s24, {rate}",
            "vldmia {x}, {{s0-s{inputs}}}",
        ] lines!(
            "ldr {factor}, [{p}], #4",
            "lsls {rest}, {factor}, #1",
            "beq 2f",
            "vmov s25, {factor}",
            "vldmia {zeros}, {{s16-s{gradients}}}",
            "vldmia {w}, {{s8-s{weights}}}",
            few!("vmla.f32" ["s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23"] ["s25" "s25" "s25" "s25" "s25" "s25" "s25" "s25"]
                ["s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7"]),
            few!("vmls.f32" ["s8" "s9" "s10" "s11" "s12" "s13" "s14" "s15"] ["s24" "s24" "s24" "s24" "s24" "s24" "s24" "s24"]
                ["s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23"]),
            "vstmia {w}, {{s8-s{weights}}}",
            "2:",
            "add {w}, {w}, #4 * {columns}",
        ), [] rows:
            rate = in(reg) rate,
            factor = out(reg) _,
            rest = out(reg) _,
            p = inout(reg) p => _,
            x = in(reg) q,
            w = inout(reg) m => _,
            columns = const COLUMNS,
            inputs = const COLUMNS - 1,
            gradients = const COLUMNS + 15,
            weights = const COLUMNS + 7,
            zeros = in(reg) &raw const ZEROS,
        );
    }
}

/// One number of Adam's update after `g`: `w` in `s12..`, m in `s16..` (new in `s28..`), v in `s20..` (new in `s24..`).
macro_rules! adam_one {
    ($w:literal $m:literal $v:literal $g:literal $t:literal) => {
        concat!(
            "vmul.f32 ", $t, ", s1, ", $g, "\nvmla.f32 ", $t, ", s0, ", $m, "\n",
            "vmul.f32 s9, s3, ", $g, "\nvmul.f32 ", $g, ", s9, ", $g, "\nvmla.f32 ", $g, ", s2, ", $v, "\n",
            adam_one!($w $g $t),
        )
    };
    ($w:literal $v:literal $m:literal) => {
        concat!(
            "vmul.f32 s9, s4, ", $v, "\nvsqrt.f32 s9, s9\nvadd.f32 s9, s9, s5\n",
            "vmul.f32 s10, s6, ", $m, "\nvdiv.f32 s10, s10, s9\n",
            "vmul.f32 ", $w, ", ", $w, ", s7\nvsub.f32 ", $w, ", ", $w, ", s10\n",
        )
    };
}

/// Adam: rows of `m` and of both slots, from the gradient `p[r] · q[c]`. The constants are those of [`Formula::Adam`].
///
/// # Safety
/// They are there, and at least one row.
#[inline(never)]
pub(super) unsafe fn adam(
    constants: *const f32,
    (p, q): (*const f32, *const f32),
    (w, first, second): (*mut f32, *mut f32, *mut f32),
    (rows, columns): (usize, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        fpu!([
            "vldmia {constants}, {{s0-s7}}",
            "1:",
            "vldmia {p}!, {{s8}}",
            "subs {count}, {columns}, #4",
            "blo 4f",
            "vcmp.f32 s8, #0",
            "vmrs APSR_nzcv, fpscr",
            "beq 3f",
            "2:",
            "vldmia {zeros}, {{s24-s27}}",
            "vldmia {x}!, {{s28-s31}}",
            "vldmia {w}, {{s12-s15}}",
            "vldmia {m}, {{s16-s19}}",
            "vldmia {v}, {{s20-s23}}",
            "vmla.f32 s24, s8, s28", "vmla.f32 s25, s8, s29", "vmla.f32 s26, s8, s30", "vmla.f32 s27, s8, s31",
            adam_one!("s12" "s16" "s20" "s24" "s28"),
            adam_one!("s13" "s17" "s21" "s25" "s29"),
            adam_one!("s14" "s18" "s22" "s26" "s30"),
            adam_one!("s15" "s19" "s23" "s27" "s31"),
            "vstmia {w}!, {{s12-s15}}",
            "vstmia {m}!, {{s28-s31}}",
            "vstmia {v}!, {{s24-s27}}",
            "subs {count}, #4",
            "bhs 2b",
            "b 4f",
            // A gradient of 0: both means only decay.
            "3:",
            "vldmia {zeros}, {{s24-s31}}",
            "vldmia {w}, {{s12-s15}}",
            "vldmia {m}, {{s16-s19}}",
            "vldmia {v}, {{s20-s23}}",
            "vmla.f32 s28, s0, s16", "vmla.f32 s29, s0, s17", "vmla.f32 s30, s0, s18", "vmla.f32 s31, s0, s19",
            "vmla.f32 s24, s2, s20", "vmla.f32 s25, s2, s21", "vmla.f32 s26, s2, s22", "vmla.f32 s27, s2, s23",
            adam_one!("s12" "s24" "s28"),
            adam_one!("s13" "s25" "s29"),
            adam_one!("s14" "s26" "s30"),
            adam_one!("s15" "s27" "s31"),
            "vstmia {w}!, {{s12-s15}}",
            "vstmia {m}!, {{s28-s31}}",
            "vstmia {v}!, {{s24-s27}}",
            "add {x}, {x}, #16",
            "subs {count}, #4",
            "bhs 3b",
            "4:",
            "adds {count}, #4",
            "beq 6f",
            "5:",
            "vldr s24, [{zeros}]",
            "vldmia {x}!, {{s28}}",
            "vldr s12, [{w}]",
            "vldr s16, [{m}]",
            "vldr s20, [{v}]",
            "vmla.f32 s24, s8, s28",
            adam_one!("s12" "s16" "s20" "s24" "s28"),
            "vstmia {w}!, {{s12}}",
            "vstmia {m}!, {{s28}}",
            "vstmia {v}!, {{s24}}",
            "subs {count}, #1",
            "bne 5b",
            "6:",
            "sub {x}, {x}, {columns}, lsl #2",
            "subs {rows}, #1",
            "bne 1b",
        ]
            constants = in(reg) constants,
            p = inout(reg) p => _,
            x = inout(reg) q => _,
            w = inout(reg) w => _,
            m = inout(reg) first => _,
            v = inout(reg) second => _,
            count = out(reg) _,
            rows = inout(reg) rows => _,
            columns = in(reg) columns,
            zeros = in(reg) &raw const ZEROS,
        );
    }
}
