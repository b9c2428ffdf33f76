//! A control: formatting. The check of symbols must find it.
#![no_std]
#![no_main]

use core::fmt::Write;

use board::Failed;

struct Out;

impl Write for Out {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        board::print(text);
        Ok(())
    }
}

board::program!(run, usize);

fn run(memory: &mut usize) -> Result<(), Failed> {
    let number: &dyn core::fmt::Display = memory;
    core::fmt::write(&mut Out, format_args!("{}", core::hint::black_box(number)))?;
    Ok(())
}
