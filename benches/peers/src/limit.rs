//! The limits of one core, measured between the groups: multiply-adds a second, and bytes a second of each level of memory.

mod vector;

use crate::timing::{Plan, fastest};

/// Bytes of what is streamed: well inside the level, of which the sizes differ between machines.
const LEVELS: [(&str, usize); 4] = [("L1", 16 << 10), ("L2", 256 << 10), ("L3", 4 << 20), ("DRAM", 128 << 20)];

/// What a function does at least.
#[derive(Clone, Copy, Default)]
pub struct Work {
    /// Multiplications and additions.
    pub operations: f64,
    /// Bytes of a scalar.
    pub scalar: usize,
    /// Bytes that are read once.
    pub read: f64,
    /// Bytes that are read, changed and written once.
    pub updated: f64,
}

/// The best that was seen so far.
pub struct Limits {
    /// Operations a nanosecond, in f32; half in f64.
    peak: f64,
    /// Bytes a nanosecond, read; and read and written back, counted once.
    bandwidth: [(f64, f64); 4],
    memory: Vec<f32>,
}

impl Limits {
    pub fn new() -> Self {
        Self { peak: 0.0, bandwidth: [(0.0, 0.0); 4], memory: vec![1.0; LEVELS[3].1 / size_of::<f32>() + 64] }
    }

    /// Measures again: what counts is the best of the run, as with the libraries.
    pub fn measure(&mut self, plan: &Plan) {
        let time = fastest(vector::multiply_add);
        self.peak = self.peak.max(vector::OPERATIONS / time);
        for ((level, bytes), (read, update)) in LEVELS.iter().zip(&mut self.bandwidth) {
            // The slowest level is measured when it is asked for, once.
            if *level == "DRAM" && (*read > 0.0 || !plan.includes("limit")) {
                continue;
            }
            // From the start of a cache line, so that no vector lies in two.
            let start = self.memory.as_ptr().align_offset(64);
            let memory = &mut self.memory[start..][..bytes / size_of::<f32>()];
            let bytes = *bytes as f64;
            *read = read.max(bytes / fastest(|n| vector::read(memory, n)));
            *update = update.max(bytes / fastest(|n| vector::update(memory, n)));
        }
    }

    /// The time below which a function can't come, in nanoseconds: that of its arithmetic, or of its memory traffic.
    pub fn nanoseconds(&self, work: Work) -> f64 {
        let level = LEVELS.iter().position(|&(_, bytes)| work.read.max(work.updated) <= 2.0 * bytes as f64);
        let (read, update) = self.bandwidth[level.unwrap_or(2)];
        let arithmetic = work.operations / self.peak * (work.scalar / size_of::<f32>()) as f64;
        arithmetic.max(work.read / read + work.updated / update)
    }

    /// Lines such as `limit/read/L1: 500 GB/s`.
    pub fn lines(&self) -> Vec<(String, String)> {
        let mut lines = vec![(format!("limit/multiply-add/{}", vector::name()), format!("{:.1} GFLOP/s", self.peak))];
        for ((level, _), (read, update)) in LEVELS.iter().zip(self.bandwidth).filter(|(_, (read, _))| *read > 0.0) {
            lines.push((format!("limit/read/{level}"), format!("{read:.1} GB/s")));
            lines.push((format!("limit/update/{level}"), format!("{update:.1} GB/s")));
        }
        lines
    }
}
