//! Makes the linker scripts known: `memory.x` and `device.x` to that of cortex-m-rt, and a `link.x` for the other boards.

use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=memory.x");
    println!("cargo:rerun-if-changed=device.x");
    println!("cargo:rerun-if-changed=virt.x");
    println!("cargo:rustc-link-search={}", env::var("CARGO_MANIFEST_DIR").unwrap());
    let origin = match env::var("CARGO_CFG_TARGET_ARCH").unwrap().as_str() {
        "riscv32" => "0x80000000",
        "aarch64" => "0x40200000",
        _ => return,
    };
    let out = env::var("OUT_DIR").unwrap();
    let script = fs::read_to_string("virt.x").unwrap().replace("ORIGIN", origin);
    fs::write(Path::new(&out).join("link.x"), script).unwrap();
    println!("cargo:rustc-link-search={out}");
}
