//! Programs that once gave wrong numbers, panicked or misled, each with its kind: the right outcome, with other sizes
//! and values beside.

#[path = "../common/mod.rs"]
mod common;

mod draws;
mod files;
mod memory;
mod metrics;
mod sizes;
mod sums;
mod tapes;
mod updates;
