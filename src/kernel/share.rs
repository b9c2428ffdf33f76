//! The products of a layer as tasks that threads can share: by samples, or by rows of the weights, so that no sum is cut.
//!
//! Without the feature `rayon` they are calls.

use core::ops::Range;

use super::product::{dots_at, learn_rows_at};
use super::{Copies, Epilogue, Kernels, Plain, Task, dots_then, mul_rows_then};
use crate::optimizer::Rule;
use crate::scalar::Scalar;
use crate::tensor::Array;

/// A task that can be cut in two, which may then run at the same time.
pub trait Share: Task<Output = ()> + Send {
    /// Multiply-adds of a sample.
    const WORK: usize;
    /// It is cut at multiples of this, so that the tiles stay whole.
    const GRAIN: usize;
    /// How many samples it has.
    fn samples(&self) -> usize;
    /// How many samples, or rows, it can be cut into.
    fn parts(&self) -> usize;
    /// The first `at` of them, and the others.
    fn cut(self, at: usize) -> (Self, Self)
    where
        Self: Sized;
}

/// Whether so many multiply-adds are shared.
pub const fn is_shared(work: usize) -> bool {
    cfg!(feature = "rayon") && work >= 2 * WORTH
}

/// Multiply-adds that are worth a thread. They take 9 µs of a core that makes 59 of them a nanosecond; another thread of the pool takes
/// them over within 1 to 2 µs if it is awake.
const WORTH: usize = 1 << 19;

/// Does a task of at most `B` samples: on the threads of rayon's current pool, if there is enough to do.
#[inline(always)]
pub fn share<K: Kernels, S: Share, const B: usize>(task: S) {
    #[cfg(feature = "rayon")]
    if const { is_shared(S::WORK.saturating_mul(B)) } {
        return threads::share::<K, S>(task);
    }
    task.run::<K>();
}

#[cfg(feature = "rayon")]
mod threads {
    use super::{Kernels, Share, WORTH};

    /// Cuts a task into as many pieces as there are threads.
    pub fn share<K: Kernels, S: Share>(task: S) {
        let pieces = S::WORK.saturating_mul(task.samples()) / WORTH;
        let pieces = if pieces > 1 { pieces.min(rayon::current_num_threads()) } else { 1 };
        cut::<K, S>(task, pieces);
    }

    fn cut<K: Kernels, S: Share>(task: S, pieces: usize) {
        let (parts, left) = (task.parts(), pieces / 2);
        // In proportion, at the nearest grain; 0 for one piece.
        let at = (parts * left / pieces + S::GRAIN / 2) / S::GRAIN * S::GRAIN;
        if at == 0 || at >= parts {
            // A thread begins without the instructions that the step was compiled for.
            // SAFETY: `K` runs already.
            unsafe { K::begin(task) }
        } else {
            let (a, b) = task.cut(at);
            rayon::join(|| cut::<K, S>(a, left), || cut::<K, S>(b, pieces - left));
        }
    }
}

/// [`mul_rows`](super::mul_rows), by samples.
#[derive(Debug)]
pub struct MulRows<'a, T, const R: usize, const C: usize, E = Plain> {
    /// The left matrix.
    pub a: &'a [[T; R]],
    /// The right matrix.
    pub m: &'a [[T; C]; R],
    /// What is added to each row of the product.
    pub bias: Option<&'a [T; C]>,
    /// The product; as many rows as `a`.
    pub out: &'a mut [[T; C]],
    /// What becomes of it.
    pub end: E,
}

/// [`dots`](super::dots) with all rows, by samples.
#[derive(Debug)]
pub struct Dots<'a, T, const R: usize, const C: usize, E = Plain> {
    /// The left matrix.
    pub a: &'a [[T; C]],
    /// The right matrix, transposed.
    pub m: &'a [[T; C]; R],
    /// What is added to each row of the product.
    pub bias: Option<&'a [T; R]>,
    /// The product; as many rows as `a`.
    pub out: &'a mut [[T; R]],
    /// What becomes of it.
    pub end: E,
}

macro_rules! by_samples {
    ($name:ident, $OUT:ident, |$task:ident, $K:ident| $run:expr) => {
        impl<T: Scalar, const R: usize, const C: usize, E: Epilogue<T>> Task for $name<'_, T, R, C, E> {
            type Output = ();
            #[cfg_attr(not(debug_assertions), inline(always))]
            fn run<$K: Kernels>(self) {
                let $task = self;
                $run
            }
        }

        impl<T: Scalar, const R: usize, const C: usize, E: Epilogue<T>> Share for $name<'_, T, R, C, E> {
            const WORK: usize = R * C;
            const GRAIN: usize = 8;
            fn samples(&self) -> usize {
                self.out.len()
            }
            fn parts(&self) -> usize {
                self.out.len()
            }
            fn cut(self, at: usize) -> (Self, Self) {
                let (a, b) = self.a.split_at(at.min(self.a.len()));
                let (out, rest) = self.out.split_at_mut(at.min(self.out.len()));
                let end = self.end.after(out.len() * $OUT);
                (Self { a, out, ..self }, Self { a: b, out: rest, end, ..self })
            }
        }
    };
}
by_samples!(MulRows, C, |t, K| mul_rows_then::<K, T, E, R, C>(t.a, t.m, t.bias, t.out, t.end));
by_samples!(Dots, R, |t, K| dots_then::<K, T, E, R, C>(t.a, t.m, 0..R, t.bias, t.out, t.end));

/// Backward of a matrix of weights, by rows: of some of its rows after others, what [`dots`](super::dots) makes of them, and then their update.
#[expect(missing_debug_implementations)]
pub struct LearnRows<'a, T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize, E = Plain> {
    p: &'a [[T; R]],
    q: &'a [[T; C]],
    m: *mut [[T; C]; R],
    slots: *mut <U::Slots as Copies>::Of<A>,
    rule: &'a U,
    out: *mut [T; R],
    /// How many samples `out` has, at most as many as `q`.
    wanted: usize,
    rows: Range<usize>,
    block: usize,
    end: E,
}

// SAFETY: it uses `rows` of the matrix, of its slots and of each sample of `out`, which no other part of the same task has, and shares
// `p`, `q` and the rule, which are `Sync`. The slots are used through `Copies::load` and `store` alone, which touch no other rows.
unsafe impl<T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize, E: Send> Send
    for LearnRows<'_, T, U, A, R, C, E>
{
}

impl<'a, T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize, E: Epilogue<T>>
    LearnRows<'a, T, U, A, R, C, E>
{
    /// Of each `block` rows `r` of `m`, writes `out[b][r] = Σ꜀ q[b][c] · m[r][c]`, ended by `end`, for the samples that `out` has; then updates them, each
    /// number from its gradient `Σ_b p[b][r] · q[b][c]`.
    #[inline(always)]
    pub fn new(
        (p, q): (&'a [[T; R]], &'a [[T; C]]),
        m: &'a mut [[T; C]; R],
        slots: &'a mut <U::Slots as Copies>::Of<A>,
        rule: &'a U,
        (out, end): (&'a mut [[T; R]], E),
        block: usize,
    ) -> Self {
        let wanted = q.len().min(out.len());
        Self { p, q, m, slots, rule, out: out.as_mut_ptr(), wanted, rows: 0..R, block: block.max(1), end }
    }
}

impl<T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize, E: Epilogue<T>> Task
    for LearnRows<'_, T, U, A, R, C, E>
{
    type Output = ();
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn run<K: Kernels>(self) {
        let Self { p, q, m, slots, rule, out, wanted, rows, block, end } = self;
        for start in rows.clone().step_by(block) {
            let block = start..(start + block).min(rows.end);
            // SAFETY: `rows` are this task's alone, and `q` and `out` have as many samples as are wanted.
            unsafe {
                dots_at::<K, T, E, R, C>(wanted, q.as_ptr(), m, block.clone(), None, out, end);
                learn_rows_at::<K, T, U, A, R, C>(p, q, block, m, slots, rule);
            }
        }
    }
}

impl<T: Scalar, U: Rule<T>, A: Array<T = T>, const R: usize, const C: usize, E: Epilogue<T>> Share
    for LearnRows<'_, T, U, A, R, C, E>
{
    const WORK: usize = R * C;
    const GRAIN: usize = 4;
    fn samples(&self) -> usize {
        self.q.len() + self.wanted
    }
    fn parts(&self) -> usize {
        self.rows.len()
    }
    fn cut(self, at: usize) -> (Self, Self) {
        let Range { start, end } = self.rows;
        let at = (start + at).min(end);
        (Self { rows: start..at, ..self }, Self { rows: at..end, ..self })
    }
}
