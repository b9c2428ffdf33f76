//! Products of one sample with a matrix: dot products with its rows, and sums of its rows.

use core::arch::asm;

use super::ZEROS;

/// Dot products of `x` with rows of `m`, four rows at a time, in 1 or 4 interleaved sums each.
macro_rules! dots {
    ($name:ident, [$($a:literal)*] [$($b:literal)*] [$($c:literal)*] [$($d:literal)*],
     [$($one:literal)*] [$($two:literal)*] [$($three:literal)*], $total:literal) => {
        /// # Safety
        /// There are `COLUMNS` numbers of `x`, four rows of `m` for each of at least one of `fours`, and as many of `bias` and `out`.
        #[inline(never)]
        pub(super) unsafe fn $name<const COLUMNS: usize>(x: *const f32, m: *const f32, fours: usize, bias: *const f32, out: *mut f32) {
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
pub(super) unsafe fn dots_16<const COLUMNS: usize>(
    x: *const f32,
    m: *const f32,
    rows: usize,
    bias: *const f32,
    out: *mut f32,
) {
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
pub(super) unsafe fn sums(a: *const f32, m: *const f32, (rows, columns): (usize, usize), out: *mut f32, chains: usize) {
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
pub(super) unsafe fn few_dots_1<const ROWS: usize, const COLUMNS: usize>(
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
pub(super) unsafe fn few_dots_16<const ROWS: usize, const COLUMNS: usize>(
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
pub(super) unsafe fn few_sums<const ROWS: usize, const COLUMNS: usize>(
    a: *const f32,
    m: *const f32,
    rows: usize,
    out: *mut f32,
) {
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
