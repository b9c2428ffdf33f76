//! Timing: the libraries take turns, so that whatever else the machine does meets all of them, and the fastest turn counts.

use std::time::{Duration, Instant};

/// A turn is as many repetitions as fill this time, and at least one.
const TURN: Duration = Duration::from_millis(2);

/// After this time a function gets no further turns, but it gets three.
const ENOUGH: Duration = Duration::from_secs(10);

/// What is run, and how often.
pub struct Plan {
    turns: usize,
    filters: Vec<String>,
}

/// Nanoseconds of one repetition, over all turns.
#[derive(Clone, Copy)]
pub struct Time {
    pub fastest: f64,
    pub median: f64,
}

impl Plan {
    /// From the command line: `--quick`, and parts of names such as `S3_b1/step`.
    pub fn from_arguments() -> Self {
        let (flags, filters) = std::env::args().skip(1).partition::<Vec<_>, _>(|argument| argument.starts_with("--"));
        Self { turns: if flags.iter().any(|flag| flag == "--quick") { 7 } else { 60 }, filters }
    }

    /// Whether `name` or, if it is a group, something in it was asked for.
    pub fn includes(&self, name: &str) -> bool {
        let asked = |filter: &String| name.contains(filter.as_str()) || filter.starts_with(&format!("{name}/"));
        self.filters.is_empty() || self.filters.iter().any(asked)
    }

    /// Times functions that repeat something, in turns.
    pub fn time(&self, functions: &mut [impl FnMut(u32)]) -> Vec<Time> {
        let repetitions: Vec<u32> = functions.iter_mut().map(|f| repetitions(f)).collect();
        let mut times = vec![Vec::with_capacity(self.turns); functions.len()];
        let start = Instant::now();
        for turn in 0..self.turns {
            if turn >= 3 && start.elapsed() > ENOUGH {
                break;
            }
            for ((f, &n), times) in functions.iter_mut().zip(&repetitions).zip(&mut times) {
                // What the others left in the caches isn't this library's affair.
                f(n.div_ceil(10));
                times.push(nanoseconds(f, n) / f64::from(n));
            }
        }
        times.into_iter().map(summary).collect()
    }
}

/// The fastest of a few turns of one function.
pub fn fastest(mut f: impl FnMut(u32)) -> f64 {
    let n = repetitions(&mut f);
    (0..3).map(|_| nanoseconds(&mut f, n) / f64::from(n)).fold(f64::INFINITY, f64::min)
}

fn nanoseconds(f: &mut impl FnMut(u32), repetitions: u32) -> f64 {
    let start = Instant::now();
    f(repetitions);
    start.elapsed().as_nanos() as f64
}

/// How many repetitions fill a turn.
fn repetitions(f: &mut impl FnMut(u32)) -> u32 {
    let turn = TURN.as_nanos() as f64;
    let mut n = 1;
    loop {
        let time = nanoseconds(f, n);
        if time > turn / 4.0 || n > 1 << 24 {
            return (f64::from(n) * turn / time).ceil().max(1.0) as u32;
        }
        n *= 4;
    }
}

fn summary(mut times: Vec<f64>) -> Time {
    times.sort_by(f64::total_cmp);
    Time { fastest: times[0], median: times[times.len() / 2] }
}
