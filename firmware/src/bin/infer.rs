//! Reads digits with a trained network in flash: no RAM for weights. It fails if fewer than 95 % of the test images are read.
#![no_std]
#![no_main]

use board::{Failed, measure, print, print_number};
use firmware::{DIGITS, Net, TEST, image, test_sample};
use stackprop::prelude::*;

type Memory = (Workspace<Net>, Vector<64>);
stackprop::budget!(Memory, 4 * (64 + 32 + 10));

board::program!(run, Memory);

fn run((workspace, x): &mut Memory) -> Result<(), Failed> {
    for i in 0..100 {
        image(i, x);
        measure(|| core::hint::black_box(workspace.infer(&DIGITS, x)));
    }
    let mut read = 0;
    for i in 0..TEST {
        let digit = test_sample(i, x);
        read += usize::from(workspace.infer(&DIGITS, x).argmax() == usize::from(digit));
    }
    print_number(read);
    print(" of 360 digits read\n");
    if read >= 342 { Ok(()) } else { Err(Failed) }
}
