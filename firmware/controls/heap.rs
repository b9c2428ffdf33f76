//! A control: an allocator. The check of symbols must find it.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicUsize, Ordering};

use board::Failed;

static NEXT: AtomicUsize = AtomicUsize::new(0);

#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn malloc(bytes: usize) -> usize {
    let start = NEXT.load(Ordering::Relaxed);
    NEXT.store(start.wrapping_add(bytes), Ordering::Relaxed);
    start
}

board::program!(run, usize);

fn run(memory: &mut usize) -> Result<(), Failed> {
    *memory = malloc(core::hint::black_box(8));
    Ok(())
}
