//! The table at the end: a row a function, stackprop beside the best of the others.

use std::fmt::Write;

use crate::limit::{Limits, Work};
use crate::timing::Time;

/// What was measured so far.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

/// A function, such as `S3_b1/step`.
struct Row {
    name: String,
    work: Work,
    stackprop: f64,
    peer: (&'static str, f64),
}

impl Table {
    /// Prints the times of all libraries, stackprop's first, and keeps what the table needs.
    pub fn enter(&mut self, name: &str, work: Work, times: Vec<(&'static str, Time)>) {
        for (library, time) in &times {
            let (fastest, median) = (nanoseconds(time.fastest), nanoseconds(time.median));
            println!("{:42} {fastest:>12} (median {median})", format!("{name}/{library}"));
        }
        let mut times = times.into_iter().map(|(library, time)| (library, time.fastest));
        let (_, stackprop) = times.next().expect("stackprop");
        let peer = times.min_by(|(_, a), (_, b)| a.total_cmp(b)).expect("a peer");
        self.rows.push(Row { name: name.to_owned(), work, stackprop, peer });
    }

    /// Prints the limits and the table, and writes them to `peers.md` in the target directory.
    pub fn finish(&self, limits: &Limits) {
        let text = self.markdown(limits);
        println!("\n{text}");
        // The bench is in `release/deps` of the target directory.
        let bench = std::env::current_exe().expect("the path of the bench");
        let path = bench.ancestors().nth(3).expect("a target directory").join("peers.md");
        std::fs::write(&path, text).expect("a target directory that can be written to");
        println!("written to {}", path.display());
    }

    fn markdown(&self, limits: &Limits) -> String {
        let mut text = format!("{}, one thread, {}.\n\n", processor(), compiled_for());
        for (name, value) in limits.lines() {
            let _ = writeln!(text, "- {name}: {value}");
        }
        text.push_str(
            "\n| case | stackprop, ns | best peer, ns | peer / stackprop | of the limit |\n|---|---|---|---|---|\n",
        );
        for Row { name, work, stackprop, peer: (library, peer) } in &self.rows {
            let of_limit = 100.0 * limits.nanoseconds(*work) / stackprop;
            let (own, best, ratio) = (nanoseconds(*stackprop), nanoseconds(*peer), peer / stackprop);
            let _ = writeln!(text, "| {name} | {own} | {best} {library} | {ratio:.2} | {of_limit:.0} % |");
        }
        text
    }
}

/// Four digits, or all before the point, in groups of three.
fn nanoseconds(time: f64) -> String {
    if time < 100.0 {
        return format!("{time:.1}");
    }
    let digits = format!("{time:.0}");
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

fn processor() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or(std::env::consts::ARCH, |(_, name)| name).to_owned()
}

/// The instructions that the compiler was allowed to use everywhere.
fn compiled_for() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "compiled for AVX-512"
    } else if cfg!(target_feature = "avx2") {
        "compiled for AVX2"
    } else {
        "compiled with default flags"
    }
}
