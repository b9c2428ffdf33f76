//! Prints a line a run: its name and its hash.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod bare {
    use board::{Failed, measure, print, print_hex};
    use same_bits::{Memory, Run};

    board::program!(run, Memory);

    fn run(memory: &mut Memory) -> Result<(), Failed> {
        for &run in Run::ALL {
            let hash = measure(|| run.hash(memory)).ok_or(Failed)?;
            print(run.name());
            print(" ");
            print_hex(hash);
            print("\n");
        }
        Ok(())
    }
}

#[cfg(not(target_os = "none"))]
fn main() {
    use same_bits::{Memory, Run};
    use stackprop::storage::Zeroed;

    let mut memory = Memory::ZERO;
    for &run in Run::ALL {
        println!("{} {:016x}", run.name(), run.hash(&mut memory).expect("no step fails"));
    }
}
