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
//! | 64-32-10, SGD | 8,068 | 27,200 | 2.5 an updated weight |
//! | 64-32-10, Adam | 37,668 | 143,500 | 15.5 an updated weight, 11.3 where the unit is off |
//!
//! `vmul` and `vadd` instead of `vmla` would take about 4,900 instructions more in a step of SGD, and 4,900 cycles less by that table.
//!
//! # To test it
//! Run a training in QEMU's `mps2-an386` and on the host, both with the feature `reproducible`, and compare a hash of all losses and weights.

use core::any::TypeId;
use core::arch::asm;
use core::f32::consts::LOG2_E;

use super::function::{EXP_F32, Exponential};
use super::{Formula, Kernels, Pair, Portable};

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
        if !single::<T>() || N == 0 {
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

/// Assembly that may use every register of the FPU. On stable Rust these can't be operands here, only be named as overwritten.
macro_rules! fpu {
    ([$($code:expr),* $(,)?] $($operands:tt)*) => {
        asm!(
            $($code,)*
            $($operands)*
            out("d0") _, out("d1") _, out("d2") _, out("d3") _, out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _, out("d10") _, out("d11") _, out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            options(nostack),
        )
    };
}

/// Eight columns of a row: `x` in `s0-s7`, sums in four registers (or in the same one four times).
macro_rules! eight {
    ($w:literal, $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "vldmia {",
            $w,
            "}!, {{s8-s15}}\n",
            "vmla.f32 ",
            $a,
            ", s0, s8\nvmla.f32 ",
            $b,
            ", s1, s9\nvmla.f32 ",
            $c,
            ", s2, s10\nvmla.f32 ",
            $d,
            ", s3, s11\n",
            "vmla.f32 ",
            $a,
            ", s4, s12\nvmla.f32 ",
            $b,
            ", s5, s13\nvmla.f32 ",
            $c,
            ", s6, s14\nvmla.f32 ",
            $d,
            ", s7, s15\n",
        )
    };
}

/// Four columns of a row.
macro_rules! four {
    ($w:literal, $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "vldmia {",
            $w,
            "}!, {{s8-s11}}\n",
            "vmla.f32 ",
            $a,
            ", s0, s8\nvmla.f32 ",
            $b,
            ", s1, s9\nvmla.f32 ",
            $c,
            ", s2, s10\nvmla.f32 ",
            $d,
            ", s3, s11\n",
        )
    };
}

/// One column of four rows.
macro_rules! one {
    ($a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "vldmia {x}!, {{s0}}\nvldmia {w0}!, {{s8}}\nvldmia {w1}!, {{s9}}\nvldmia {w2}!, {{s10}}\nvldmia {w3}!, {{s11}}\n",
            "vmla.f32 ", $a, ", s0, s8\nvmla.f32 ", $b, ", s0, s9\nvmla.f32 ", $c, ", s0, s10\nvmla.f32 ", $d, ", s0, s11\n",
        )
    };
}

/// Dot products of `x` with rows of `m`, four rows at a time, in 1 or 4 interleaved sums each.
macro_rules! dots {
    ($name:ident, [$($a:literal)*] [$($b:literal)*] [$($c:literal)*] [$($d:literal)*],
     [$($one:literal)*] [$($two:literal)*] [$($three:literal)*], $total:literal) => {
        /// # Safety
        /// There are `COLUMNS` numbers of `x`, four rows of `m` for each of at least one of `fours`, and as many of `bias` and `out`.
        #[inline(never)]
        unsafe fn $name<const COLUMNS: usize>(x: *const f32, m: *const f32, fours: usize, bias: *const f32, out: *mut f32) {
            // SAFETY: the caller's promise.
            unsafe {
                fpu!([
                    "1:",
                    "vldmia {zeros}, {{s16-s31}}",
                    "add {w1}, {w0}, {bytes}",
                    "add {w2}, {w1}, {bytes}",
                    "add {w3}, {w2}, {bytes}",
                    // Four times eight columns in a loop, and once or not at all what is left of each size.
                    ".if {columns} >= 32",
                    "mov {rest}, #{columns} / 32",
                    "2:",
                    ".rept 4",
                    "vldmia {x}!, {{s0-s7}}",
                    eight!("w0", $($a)*), eight!("w1", $($b)*), eight!("w2", $($c)*), eight!("w3", $($d)*),
                    ".endr",
                    "subs {rest}, #1",
                    "bne 2b",
                    ".endif",
                    ".rept {columns} / 8 % 4",
                    "vldmia {x}!, {{s0-s7}}",
                    eight!("w0", $($a)*), eight!("w1", $($b)*), eight!("w2", $($c)*), eight!("w3", $($d)*),
                    ".endr",
                    ".if {columns} & 4",
                    "vldmia {x}!, {{s0-s3}}",
                    four!("w0", $($a)*), four!("w1", $($b)*), four!("w2", $($c)*), four!("w3", $($d)*),
                    ".endif",
                    ".if {columns} % 4 > 0", one!($($one)*), ".endif",
                    ".if {columns} % 4 > 1", one!($($two)*), ".endif",
                    ".if {columns} % 4 > 2", one!($($three)*), ".endif",
                    "sub {x}, {x}, {bytes}",
                    "mov {w0}, {w3}",
                    $total,
                    "vldmia {bias}!, {{s4-s7}}",
                    "vadd.f32 s16, s16, s4",
                    "vadd.f32 s17, s17, s5",
                    "vadd.f32 s18, s18, s6",
                    "vadd.f32 s19, s19, s7",
                    "vstmia {out}!, {{s16-s19}}",
                    "subs {fours}, #1",
                    "bne 1b",
                ]
                    x = inout(reg) x => _,
                    w0 = inout(reg) m => _,
                    w1 = out(reg) _,
                    w2 = out(reg) _,
                    w3 = out(reg) _,
                    rest = out(reg) _,
                    fours = inout(reg) fours => _,
                    columns = const COLUMNS,
                    bytes = in(reg) 4 * COLUMNS,
                    zeros = in(reg) &raw const ZEROS,
                    bias = inout(reg) bias => _,
                    out = inout(reg) out => _,
                );
            }
        }
    };
}
dots!(dots_1, ["s16" "s16" "s16" "s16"] ["s17" "s17" "s17" "s17"] ["s18" "s18" "s18" "s18"] ["s19" "s19" "s19" "s19"],
    ["s16" "s17" "s18" "s19"] ["s16" "s17" "s18" "s19"] ["s16" "s17" "s18" "s19"], "");
dots!(dots_4, ["s16" "s17" "s18" "s19"] ["s20" "s21" "s22" "s23"] ["s24" "s25" "s26" "s27"] ["s28" "s29" "s30" "s31"],
    ["s16" "s20" "s24" "s28"] ["s17" "s21" "s25" "s29"] ["s18" "s22" "s26" "s30"],
    "vadd.f32 s16, s16, s18\nvadd.f32 s4, s17, s19\nvadd.f32 s16, s16, s4\n\
     vadd.f32 s17, s20, s22\nvadd.f32 s5, s21, s23\nvadd.f32 s17, s17, s5\n\
     vadd.f32 s18, s24, s26\nvadd.f32 s6, s25, s27\nvadd.f32 s18, s18, s6\n\
     vadd.f32 s19, s28, s30\nvadd.f32 s7, s29, s31\nvadd.f32 s19, s19, s7");

/// Eight columns of a row, each for a sum of its own.
macro_rules! sixteenth {
    ($a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            "vldmia {x}!, {{s0-s7}}\nvldmia {w}!, {{s8-s15}}\n",
            "vmla.f32 ",
            $a,
            ", s0, s8\nvmla.f32 ",
            $b,
            ", s1, s9\nvmla.f32 ",
            $c,
            ", s2, s10\nvmla.f32 ",
            $d,
            ", s3, s11\n",
            "vmla.f32 ",
            $e,
            ", s4, s12\nvmla.f32 ",
            $f,
            ", s5, s13\nvmla.f32 ",
            $g,
            ", s6, s14\nvmla.f32 ",
            $h,
            ", s7, s15\n",
        )
    };
}

/// The columns after the last sixteen, or eight of them: each for a sum of its own, if it is there.
macro_rules! last {
    ($($number:literal $sum:literal),*) => {
        concat!($(
            ".if {columns} % 8 > ", $number, "\nvldmia {x}!, {{s0}}\nvldmia {w}!, {{s8}}\nvmla.f32 ", $sum, ", s0, s8\n.endif\n"
        ),*)
    };
}

/// Dot products of `x` with rows of `m`, in 16 interleaved sums each.
///
/// # Safety
/// There are `COLUMNS` numbers of `x`, `rows` (at least one) of `m`, and as many of `bias` and `out`.
#[inline(never)]
unsafe fn dots_16<const COLUMNS: usize>(x: *const f32, m: *const f32, rows: usize, bias: *const f32, out: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        fpu!([
            "1:",
            "vldmia {zeros}, {{s16-s31}}",
            ".if {columns} >= 64",
            "mov {rest}, #{columns} / 32",
            "2:",
            ".endif",
            ".if {columns} >= 32",
            ".rept 2",
            sixteenth!("s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23"),
            sixteenth!("s24" "s25" "s26" "s27" "s28" "s29" "s30" "s31"),
            ".endr",
            ".endif",
            ".if {columns} >= 64",
            "subs {rest}, #1",
            "bne 2b",
            ".endif",
            ".if {columns} & 16",
            sixteenth!("s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23"),
            sixteenth!("s24" "s25" "s26" "s27" "s28" "s29" "s30" "s31"),
            ".endif",
            ".if {columns} & 8",
            sixteenth!("s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23"),
            last!("0" "s24", "1" "s25", "2" "s26", "3" "s27", "4" "s28", "5" "s29", "6" "s30"),
            ".else",
            last!("0" "s16", "1" "s17", "2" "s18", "3" "s19", "4" "s20", "5" "s21", "6" "s22"),
            ".endif",
            "vadd.f32 s16, s16, s24", "vadd.f32 s17, s17, s25", "vadd.f32 s18, s18, s26", "vadd.f32 s19, s19, s27",
            "vadd.f32 s20, s20, s28", "vadd.f32 s21, s21, s29", "vadd.f32 s22, s22, s30", "vadd.f32 s23, s23, s31",
            "vadd.f32 s16, s16, s20", "vadd.f32 s17, s17, s21", "vadd.f32 s18, s18, s22", "vadd.f32 s19, s19, s23",
            "vadd.f32 s16, s16, s18", "vadd.f32 s17, s17, s19",
            "vadd.f32 s16, s16, s17",
            "vldmia {bias}!, {{s0}}",
            "vadd.f32 s16, s16, s0",
            "vstmia {out}!, {{s16}}",
            "sub {x}, {x}, {bytes}",
            "subs {rows}, #1",
            "bne 1b",
        ]
            x = inout(reg) x => _,
            w = inout(reg) m => _,
            rest = out(reg) _,
            rows = inout(reg) rows => _,
            columns = const COLUMNS,
            bytes = in(reg) 4 * COLUMNS,
            zeros = in(reg) &raw const ZEROS,
            bias = inout(reg) bias => _,
            out = inout(reg) out => _,
        );
    }
}

/// Eight columns in `s8-s15` by the factor `s0`.
macro_rules! scaled {
    ($a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            "vmla.f32 ",
            $a,
            ", s0, s8\nvmla.f32 ",
            $b,
            ", s0, s9\nvmla.f32 ",
            $c,
            ", s0, s10\nvmla.f32 ",
            $d,
            ", s0, s11\n",
            "vmla.f32 ",
            $e,
            ", s0, s12\nvmla.f32 ",
            $f,
            ", s0, s13\nvmla.f32 ",
            $g,
            ", s0, s14\nvmla.f32 ",
            $h,
            ", s0, s15\n",
        )
    };
}

/// `out[c] = Σᵣ a[r] · m[r][c]`, in 1 or 16 interleaved sums: panels of sixteen columns, then of eight, then single columns.
///
/// # Safety
/// They are there.
#[inline(never)]
unsafe fn sums(a: *const f32, m: *const f32, (rows, columns): (usize, usize), out: *mut f32, chains: usize) {
    let mut column = 0;
    let mut panel = [0.0; 16];
    while column < columns {
        let width = match columns - column {
            16.. => 16,
            8.. => 8,
            _ => 1,
        };
        let matrix = Rows { a, m: m.wrapping_add(column), rows, columns, width };
        // SAFETY: the panel has `width` columns; so many numbers are moved.
        unsafe {
            if chains == 1 {
                matrix.sum(0, 1, out.add(column));
            } else {
                matrix.tree(0, 1, &mut panel);
                core::ptr::copy_nonoverlapping(panel.as_ptr(), out.add(column), width);
            }
        }
        column += width;
    }
}

/// A panel of at most 16 columns, and a factor for each row.
#[derive(Clone, Copy)]
struct Rows {
    a: *const f32,
    m: *const f32,
    rows: usize,
    columns: usize,
    width: usize,
}

impl Rows {
    /// The sum of the chains `first`, `first + step` .. of sixteen, as a tree: chain c and chain c + 8, and so on.
    ///
    /// # Safety
    /// The rows are there.
    unsafe fn tree(&self, first: usize, step: usize, out: &mut [f32; 16]) {
        // SAFETY: the caller's promise; a panel has room for 16 columns.
        unsafe {
            if step == 16 {
                return self.sum(first, 16, out.as_mut_ptr());
            }
            self.tree(first, step * 2, out);
            // A sum is never -0, so an empty chain needn't be added.
            if first + step < self.rows {
                let mut right = [0.0; 16];
                self.tree(first + step, step * 2, &mut right);
                for (sum, right) in out.iter_mut().zip(right) {
                    *sum += right;
                }
            }
        }
    }

    /// The sums over the rows `first`, `first + step` ..
    ///
    /// # Safety
    /// The rows are there, and room for as many sums as columns.
    #[inline(never)]
    unsafe fn sum(&self, first: usize, step: usize, out: *mut f32) {
        let Self { a, m, rows, columns, width } = *self;
        let (a, m, count) =
            (a.wrapping_add(first), m.wrapping_add(first * columns), rows.saturating_sub(first).div_ceil(step));
        // SAFETY: `count` rows of `width` columns are read, and `width` sums are written.
        unsafe {
            fpu!([
                "vldmia {zeros}, {{s16-s31}}",
                "cmp {count}, #0",
                "beq 6f",
                "cmp {width}, #8",
                "bhi 2f",
                "beq 3f",
                "4:",
                "vldr s0, [{a}]",
                "vldr s8, [{m}]",
                "vmla.f32 s16, s0, s8",
                "add {a}, {a}, {a_step}",
                "add {m}, {m}, {m_step}",
                "subs {count}, #1",
                "bne 4b",
                "b 6f",
                "3:",
                "vldr s0, [{a}]",
                "vldmia {m}, {{s8-s15}}",
                scaled!("s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23"),
                "add {a}, {a}, {a_step}",
                "add {m}, {m}, {m_step}",
                "subs {count}, #1",
                "bne 3b",
                "b 6f",
                "2:",
                "sub {m_step}, {m_step}, #32",
                "5:",
                "vldr s0, [{a}]",
                "vldmia {m}!, {{s8-s15}}",
                scaled!("s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23"),
                "vldmia {m}, {{s8-s15}}",
                scaled!("s24" "s25" "s26" "s27" "s28" "s29" "s30" "s31"),
                "add {a}, {a}, {a_step}",
                "add {m}, {m}, {m_step}",
                "subs {count}, #1",
                "bne 5b",
                "6:",
                "cmp {width}, #8",
                "blo 7f",
                "ite eq",
                "vstmiaeq {out}, {{s16-s23}}",
                "vstmiane {out}, {{s16-s31}}",
                "b 8f",
                "7:",
                "vstr s16, [{out}]",
                "8:",
            ]
                a = inout(reg) a => _,
                m = inout(reg) m => _,
                count = inout(reg) count => _,
                a_step = in(reg) 4 * step,
                m_step = inout(reg) 4 * step * columns => _,
                width = in(reg) width,
                zeros = in(reg) &raw const ZEROS,
                out = in(reg) out,
            );
        }
    }
}

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
unsafe fn descend<const MOMENTUM: bool>(
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

/// Lines of assembly in one.
macro_rules! lines {
    ($($line:expr),* $(,)?) => { concat!($($line, "\n"),*) };
}

/// How many rows are written out one after the other, which spares the counting; 0: they are a loop.
const fn written_out(rows: usize) -> usize {
    if rows <= 4 || rows == FEW { rows } else { 0 }
}

/// A loop over rows, or as many of them as `$known`, if that isn't 0. Not by `.rept`: the compiler has to know how long the code is at most, to
/// place constants within reach, and counts its lines.
macro_rules! few_rows {
    (@copies [$($copy:tt)*] [$($before:tt)*] $row:tt [$($after:tt)*] $rows:tt [$($operands:tt)*]) => {
        fpu!([$($before)* $(few_rows!(@row $copy $row),)* $($after)*] $($operands)*)
    };
    (@counted [$($before:tt)*] [$row:expr] [$($after:tt)*] [$rows:ident] [$($operands:tt)*]) => {
        fpu!([$($before)* "1:", $row, "subs {rows}, #1", "bne 1b", $($after)*] rows = inout(reg) $rows => _, $($operands)*)
    };
    (@row $copy:tt [$row:expr]) => { $row };
    (@each $known:tt [$($number:literal $copies:tt)*] $before:tt $row:tt $after:tt $rows:tt $operands:tt) => {
        $(
            if const { $known == $number } {
                few_rows!(@copies $copies $before $row $after $rows $operands);
            }
        )*
        if const { $known == 0 } {
            few_rows!(@counted $before $row $after $rows $operands);
        }
    };
    ($known:expr, $before:tt $row:expr, $after:tt $rows:ident: $($operands:tt)*) => {
        few_rows!(@each ($known) [1 [.] 2 [. .] 3 [. . .] 4 [. . . .] 8 [. . . . . . . .]]
            $before [$row] $after [$rows] [$($operands)*])
    };
}

/// `to ← to ± a · b` for each of at most eight columns, whose inputs are in `s0-s7`; a row of weights is in `s8-s15`.
macro_rules! few {
    ($op:literal [$($to:literal)*] [$($a:literal)*] [$($b:literal)*]) => {
        few!(@ $op ["0" "1" "2" "3" "4" "5" "6" "7"] [$($to)*] [$($a)*] [$($b)*])
    };
    (@ $op:literal [$($column:literal)*] [$($to:literal)*] [$($a:literal)*] [$($b:literal)*]) => {
        concat!($(".if {columns} > ", $column, "\n", $op, " ", $to, ", ", $a, ", ", $b, "\n.endif\n"),*)
    };
}

/// The dot product of a row, in one sum.
macro_rules! few_dot {
    ($sum:literal) => {
        concat!(
            "vldmia {w}!, {{s8-s{weights}}}\n",
            few!("vmla.f32" [$sum $sum $sum $sum $sum $sum $sum $sum] ["s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7"]
                ["s8" "s9" "s10" "s11" "s12" "s13" "s14" "s15"]),
        )
    };
}

/// [`dots_1`] of a few columns; `ROWS` is 0 or the number of rows.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn few_dots_1<const ROWS: usize, const COLUMNS: usize>(
    x: *const f32,
    m: *const f32,
    fours: usize,
    bias: *const f32,
    out: *mut f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        few_rows!(ROWS / 4, [
            "vldmia {x}, {{s0-s{inputs}}}",
        ] lines!(
            "vldmia {zeros}, {{s16-s19}}",
            few_dot!("s16"), few_dot!("s17"), few_dot!("s18"), few_dot!("s19"),
            "vldmia {bias}!, {{s20-s23}}",
            "vadd.f32 s16, s16, s20", "vadd.f32 s17, s17, s21", "vadd.f32 s18, s18, s22", "vadd.f32 s19, s19, s23",
            "vstmia {out}!, {{s16-s19}}",
        ), [] fours:
            x = in(reg) x,
            w = inout(reg) m => _,
            columns = const COLUMNS,
            inputs = const COLUMNS - 1,
            weights = const COLUMNS + 7,
            zeros = in(reg) &raw const ZEROS,
            bias = inout(reg) bias => _,
            out = inout(reg) out => _,
        );
    }
}

/// [`dots_16`] of a few columns, which are as many sums; `ROWS` is 0 or the number of rows.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn few_dots_16<const ROWS: usize, const COLUMNS: usize>(
    x: *const f32,
    m: *const f32,
    rows: usize,
    bias: *const f32,
    out: *mut f32,
) {
    // SAFETY: the caller's promise.
    unsafe {
        few_rows!(ROWS, [
            "vldmia {x}, {{s0-s{inputs}}}",
        ] lines!(
            "vldmia {zeros}, {{s16-s23}}",
            "vldmia {w}!, {{s8-s{weights}}}",
            few!("vmla.f32" ["s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23"] ["s0" "s1" "s2" "s3" "s4" "s5" "s6" "s7"]
                ["s8" "s9" "s10" "s11" "s12" "s13" "s14" "s15"]),
            ".if {columns} > 4",
            "vadd.f32 s16, s16, s20", "vadd.f32 s17, s17, s21", "vadd.f32 s18, s18, s22", "vadd.f32 s19, s19, s23",
            ".endif",
            "vadd.f32 s16, s16, s18", "vadd.f32 s17, s17, s19",
            "vadd.f32 s16, s16, s17",
            "vldmia {bias}!, {{s8}}",
            "vadd.f32 s16, s16, s8",
            "vstmia {out}!, {{s16}}",
        ), [] rows:
            x = in(reg) x,
            w = inout(reg) m => _,
            columns = const COLUMNS,
            inputs = const COLUMNS - 1,
            weights = const COLUMNS + 7,
            zeros = in(reg) &raw const ZEROS,
            bias = inout(reg) bias => _,
            out = inout(reg) out => _,
        );
    }
}

/// [`sums`] of a few columns, one sum each; `ROWS` is 0 or the number of rows.
///
/// # Safety
/// As there, and at least one row.
#[inline(always)]
unsafe fn few_sums<const ROWS: usize, const COLUMNS: usize>(a: *const f32, m: *const f32, rows: usize, out: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        few_rows!(ROWS, [
            "vldmia {zeros}, {{s16-s{sums}}}",
        ] lines!(
            "vldmia {a}!, {{s0}}",
            "vldmia {m}!, {{s8-s{weights}}}",
            few!("vmla.f32" ["s16" "s17" "s18" "s19" "s20" "s21" "s22" "s23"] ["s0" "s0" "s0" "s0" "s0" "s0" "s0" "s0"]
                ["s8" "s9" "s10" "s11" "s12" "s13" "s14" "s15"]),
        ), [
            "vstmia {out}, {{s16-s{sums}}}",
        ] rows:
            a = inout(reg) a => _,
            m = inout(reg) m => _,
            columns = const COLUMNS,
            sums = const COLUMNS + 15,
            weights = const COLUMNS + 7,
            zeros = in(reg) &raw const ZEROS,
            out = in(reg) out,
        );
    }
}

/// [`descend`] of a few columns, without momentum; `ROWS` is 0 or the number of rows.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn few_descend<const ROWS: usize, const COLUMNS: usize>(
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
unsafe fn adam(
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

/// What exponentials have in `s14-s31`.
static EXPONENTIAL: [f32; 18] = {
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
unsafe fn exponentials<const N: usize>(x: *const f32, to: *mut f32) -> [f32; 2] {
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
unsafe fn few_exponentials<const N: usize>(x: *const f32, to: *mut f32) -> [f32; 2] {
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

/// Whether every number is finite: x · 0 is NaN where x isn't.
#[inline(never)]
fn finite(values: &[f32]) -> bool {
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
unsafe fn relu_of_many(y: &mut [f32]) {
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
unsafe fn relu_of_few(y: &mut [f32]) {
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
unsafe fn relu_gradient_in_place<const MANY: bool>(grad: &mut [f32], y: &[f32]) {
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
fn singles<T: 'static>(values: &mut [T]) -> Option<&mut [f32]> {
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
