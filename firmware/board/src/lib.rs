//! What a program on bare metal needs besides the library: a start, its memory, an output, an exit, marks for measuring, and the proof
//! that nothing panics. Output and exit are semihosting calls, which QEMU and debug probes answer.
#![no_std]

mod start;

use core::hint::black_box;

/// The reason why a program failed is dropped: text for it would cost more flash than the program. A debugger shows it.
#[derive(Debug)]
pub struct Failed;

impl<E: core::error::Error> From<E> for Failed {
    fn from(_: E) -> Self {
        Self
    }
}

/// `program!(run, Memory)` makes `fn run(&mut Memory) -> Result<(), Failed>` the program. Its memory is a static of zeros.
#[macro_export]
macro_rules! program {
    ($run:path, $Memory:ty) => {
        #[unsafe(no_mangle)]
        extern "C" fn main() -> ! {
            static mut MEMORY: $Memory = <$Memory as stackprop::storage::Zeroed>::ZERO;
            // SAFETY: `main` is called once, and nobody else knows the static.
            let memory = unsafe { &mut *(&raw mut MEMORY) };
            $crate::exit(match $run(memory) {
                Ok(()) => 0,
                Err($crate::Failed) => 1,
            })
        }
    };
}

unsafe extern "C" {
    /// Defined nowhere: a program in which a panic can be reached doesn't link.
    fn a_panic_is_reachable() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // SAFETY: no program that can call this exists.
    unsafe { a_panic_is_reachable() }
}

/// Ends the program; 0 is success.
pub fn exit(code: usize) -> ! {
    const EXIT_EXTENDED: usize = 0x20;
    const APPLICATION_EXIT: usize = 0x20026;
    let block = [APPLICATION_EXIT, code];
    start::semihosting(EXIT_EXTENDED, block.as_ptr().cast());
    loop {
        core::hint::spin_loop();
    }
}

/// Prints one character.
#[inline(never)]
fn put(byte: u8) {
    const WRITE_CHARACTER: usize = 3;
    start::semihosting(WRITE_CHARACTER, &raw const byte);
}

/// Prints a text. It stays hidden from the compiler, which would write a call for each of its bytes.
#[inline(never)]
pub fn print(text: &str) {
    for byte in black_box(text).bytes() {
        put(byte);
    }
}

/// Prints 16 hexadecimal digits.
pub fn print_hex(value: u64) {
    for shift in (0..16).rev() {
        let digit = (value >> (4 * shift)) as u8 & 15;
        put(if digit < 10 { b'0' + digit } else { b'a' - 10 + digit });
    }
}

/// Prints a number.
pub fn print_number(value: usize) {
    if value >= 10 {
        print_number(value / 10);
    }
    put(b'0' + (value % 10) as u8);
}

/// Runs something between two marks: what a measuring tool counts from and to.
#[inline(always)]
pub fn measure<R>(run: impl FnOnce() -> R) -> R {
    measure_from(1);
    let result = run();
    measure_to(1);
    result
}

#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn measure_from(x: usize) -> usize {
    black_box(x) + 1
}

#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn measure_to(x: usize) -> usize {
    black_box(x) + 2
}
