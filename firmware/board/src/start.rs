//! What differs between processors: the way to `main`, and the semihosting call.

// The vector table, the start and the copying of `.data`.
#[cfg(target_arch = "arm")]
use cortex_m_rt as _;

/// The device's part of the vector table: one entry, the least that cortex-m-rt takes, because no interrupt is ever enabled. Its own default is 240.
#[cfg(target_arch = "arm")]
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [usize; 1] = [0];

/// One semihosting call: an operation and its argument block.
#[cfg(target_arch = "arm")]
pub fn semihosting(operation: usize, block: *const u8) {
    // SAFETY: the operations that this crate uses only read the block.
    unsafe { core::arch::asm!("bkpt 0xab", inout("r0") operation => _, in("r1") block) }
}

/// One semihosting call: an operation and its argument block.
#[cfg(target_arch = "aarch64")]
pub fn semihosting(operation: usize, block: *const u8) {
    // SAFETY: the operations that this crate uses only read the block.
    unsafe { core::arch::asm!("hlt 0xf000", inout("x0") operation => _, in("x1") block) }
}

/// One semihosting call: an operation and its argument block.
#[cfg(target_arch = "riscv32")]
pub fn semihosting(operation: usize, block: *const u8) {
    // SAFETY: the operations that this crate uses only read the block. The three instructions are one call: uncompressed, in one page.
    unsafe {
        core::arch::asm!(
            ".balign 16", ".option push", ".option norvc",
            "slli x0, x0, 0x1f", "ebreak", "srai x0, x0, 7",
            ".option pop",
            inout("a0") operation => _, in("a1") block
        );
    }
}

// Stack, zeros, `main`; the floating-point unit is off at first.
#[cfg(target_arch = "riscv32")]
core::arch::global_asm!(
    ".section .init, \"ax\"",
    ".globl _start",
    "_start:",
    "la sp, _stack_start",
    "li t0, 0x2000", // mstatus.FS = initial; without such a unit the bits stay 0
    "csrs mstatus, t0",
    "la t0, __sbss",
    "la t1, __ebss",
    "1: beq t0, t1, 2f",
    "sw zero, 0(t0)",
    "addi t0, t0, 4",
    "j 1b",
    "2: j main",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".section .init, \"ax\"",
    ".globl _start",
    "_start:",
    "adrp x0, _stack_start",
    "add x0, x0, :lo12:_stack_start",
    "mov sp, x0",
    "mov x0, #(3 << 20)", // CPACR_EL1.FPEN
    "msr cpacr_el1, x0",
    "isb",
    "adrp x0, __sbss",
    "add x0, x0, :lo12:__sbss",
    "adrp x1, __ebss",
    "add x1, x1, :lo12:__ebss",
    "1: cmp x0, x1",
    "b.eq 2f",
    "str xzr, [x0], #8",
    "b 1b",
    "2: b main",
);
