//! The network and the optimizer of `src/bin/step.rs`, from the variables NET and OPTIMIZER.

use std::fmt::Write;
use std::{env, fs, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let variable = |name: &str, default: &str| {
        println!("cargo:rerun-if-env-changed={name}");
        env::var(name).unwrap_or(default.into())
    };
    let net = variable("NET", "64-32-10");
    let optimizer = match variable("OPTIMIZER", "sgd").as_str() {
        "sgd" => ("Sgd", "Sgd::new(0.05)"),
        "momentum" => ("Momentum", "Momentum::new(0.02, 0.9)"),
        "adam" => ("Adam", "Adam::new(0.005)"),
        other => panic!("OPTIMIZER is sgd, momentum or adam, not {other}"),
    };
    let sizes: Vec<usize> = net.split('-').map(|n| n.parse().expect("NET is sizes, such as 64-32-10")).collect();
    let mut layers = String::new();
    for (i, pair) in sizes.windows(2).enumerate() {
        let [input, output] = pair else { unreachable!() };
        if i > 0 {
            write!(layers, "ReLU<{input}>, ").unwrap();
        }
        write!(layers, "Dense<{input}, {output}>, ").unwrap();
    }
    let case = format!(
        "const IN: usize = {};\nconst OUT: usize = {};\ntype Net = ({layers});\ntype Rule = {};\nconst OPTIMIZER: Result<Rule, SettingError> = {};\n",
        sizes[0],
        sizes[sizes.len() - 1],
        optimizer.0,
        optimizer.1
    );
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("case.rs"), case).unwrap();
}
