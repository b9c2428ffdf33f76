//! Copies of a parameter: the state of an optimizer, or a gradient.

use super::Lanes;
use crate::sealed::Sealed;
use crate::storage::Zeroed;

/// A number of copies of the parameters, as a type: [`CopiesOf<0>`](CopiesOf) for SGD, 1 for momentum, 2 for Adam.
///
/// It is sealed: kernels read and write through the pointers that it gives, from several threads at a time.
pub trait Copies: Sealed {
    /// So many copies of an `A`.
    type Of<A: Zeroed>: Zeroed;
    /// Each copy, in order.
    fn each<A: Zeroed>(copies: &mut Self::Of<A>, visit: impl FnMut(&mut A));
    /// Where the first two copies begin; null for one that isn't there.
    #[doc(hidden)]
    fn starts<T, A: Zeroed>(copies: *mut Self::Of<A>) -> [*mut T; 2];
    /// A vector of each copy, from position `at` of its numbers. It touches no others: another thread may write there.
    ///
    /// # Safety
    /// `copies` is valid, an `A` is `T`s alone and has `count` of them there, and nobody else writes those.
    #[doc(hidden)]
    unsafe fn load<T, A: Zeroed, V: Lanes<T>>(copies: *const Self::Of<A>, at: usize, count: usize) -> Self::Of<V>;
    /// The counterpart of `load`.
    ///
    /// # Safety
    /// As for `load`, and nobody else reads those numbers.
    #[doc(hidden)]
    unsafe fn store<T, A: Zeroed, V: Lanes<T>>(copies: *mut Self::Of<A>, at: usize, count: usize, vectors: Self::Of<V>);
}

/// `K` copies.
#[derive(Clone, Copy, Debug)]
pub struct CopiesOf<const K: usize>;

impl<const K: usize> Sealed for CopiesOf<K> {}

impl<const K: usize> Copies for CopiesOf<K> {
    type Of<A: Zeroed> = [A; K];

    #[inline(always)]
    fn each<A: Zeroed>(copies: &mut [A; K], visit: impl FnMut(&mut A)) {
        copies.iter_mut().for_each(visit);
    }

    #[inline(always)]
    fn starts<T, A: Zeroed>(copies: *mut [A; K]) -> [*mut T; 2] {
        let mut starts = [core::ptr::null_mut(); 2];
        for (k, start) in starts.iter_mut().enumerate().take(K) {
            *start = copies.cast::<A>().wrapping_add(k).cast();
        }
        starts
    }

    #[inline(always)]
    unsafe fn load<T, A: Zeroed, V: Lanes<T>>(copies: *const [A; K], at: usize, count: usize) -> [V; K] {
        let mut vectors = [V::ZERO; K];
        for k in 0..K {
            // SAFETY: the caller's promise.
            unsafe {
                let from = copies.cast::<A>().add(k).cast::<T>().add(at);
                vectors[k] = if count == V::LANES { V::load(from) } else { V::load_some(from, count) };
            }
        }
        vectors
    }

    #[inline(always)]
    unsafe fn store<T, A: Zeroed, V: Lanes<T>>(copies: *mut [A; K], at: usize, count: usize, vectors: [V; K]) {
        for k in 0..K {
            // SAFETY: the caller's promise.
            unsafe {
                let to = copies.cast::<A>().add(k).cast::<T>().add(at);
                if count == V::LANES { vectors[k].store(to) } else { vectors[k].store_some(to, count) }
            }
        }
    }
}
