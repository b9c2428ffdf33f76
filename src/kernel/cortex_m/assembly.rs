//! Pieces of assembly that several loops have.

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

/// Lines of assembly in one.
macro_rules! lines {
    ($($line:expr),* $(,)?) => { concat!($($line, "\n"),*) };
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
