//! Two layers side by side, with one input: what [`Sum`](super::Sum) and [`Concat`](super::Concat) share.
//!
//! Backward, one goes after the other: what must stay meanwhile, dy and then the first one's dx, stands behind in the buffer of gradients.

use crate::scalar::Scalar;

/// A value that layer `B` takes, as layer `A` beside it does: the same type. It exists for the sentence that the compiler says otherwise.
#[diagnostic::on_unimplemented(
    message = "layer `{B}` takes `{In}`, but `{A}` beside it takes `{Self}`",
    label = "`{A}` and `{B}` cannot stand side by side",
    note = "layers side by side have one input"
)]
pub trait Takes<In, A, B>: Sized {
    /// Hands a batch on.
    fn pass(rows: &[Self]) -> &[In];
}

impl<X, A, B> Takes<X, A, B> for X {
    #[inline(always)]
    fn pass(rows: &[X]) -> &[X] {
        rows
    }
}

/// A value that layer `B` gives, as layer `A` beside it does: the same type. It exists for the sentence that the compiler says otherwise.
#[diagnostic::on_unimplemented(
    message = "layer `{B}` gives `{Out}`, but `{A}` beside it gives `{Self}`",
    label = "the outputs of `{A}` and `{B}` cannot be added"
)]
pub trait Gives<Out, A, B> {}

impl<X, A, B> Gives<X, A, B> for X {}

/// Adds numbers to others.
#[inline(always)]
pub(super) fn add<T: Scalar>(to: &mut [T], from: &[T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += *from;
    }
}

/// A buffer without its last `n` numbers, and those.
#[inline(always)]
pub(super) fn split<T>(buffer: &mut [T], n: usize) -> (&mut [T], &mut [T]) {
    buffer.split_at_mut(buffer.len().saturating_sub(n))
}
