//! A control: an index that may be out of range. It must not link.
#![no_std]
#![no_main]

use board::Failed;

static TABLE: [usize; 3] = [1, 2, 3];

board::program!(run, usize);

fn run(memory: &mut usize) -> Result<(), Failed> {
    board::print_number(TABLE[core::hint::black_box(*memory)]);
    Ok(())
}
