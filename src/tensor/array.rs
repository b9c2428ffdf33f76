//! Nested arrays as flat slices and back, in safe code.

use crate::budget::Text;
use crate::scalar::Scalar;
use crate::sealed::Sealed;
use crate::storage::Sample;

/// The dimensions of nested arrays, outermost first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    dims: [usize; Shape::MAX_RANK],
    rank: usize,
}

impl Shape {
    /// The highest rank that a shape can describe.
    pub const MAX_RANK: usize = 6;
    /// The shape of a scalar.
    pub const SCALAR: Self = Self { dims: [1; Self::MAX_RANK], rank: 0 };

    /// The same with one more dimension outside.
    pub const fn within(self, n: usize) -> Self {
        assert!(self.rank < Self::MAX_RANK, "Shape: at most six dimensions");
        let mut dims = [1; Self::MAX_RANK];
        dims[0] = n;
        let mut i = 0;
        while i < self.rank {
            dims[i + 1] = self.dims[i];
            i += 1;
        }
        Self { dims, rank: self.rank + 1 }
    }

    /// The shape of `[T; n]`.
    pub(crate) const fn vector(n: usize) -> Self {
        Self { dims: [n, 1, 1, 1, 1, 1], rank: 1 }
    }

    /// The shape of `[[T; columns]; rows]`.
    pub(crate) const fn matrix(rows: usize, columns: usize) -> Self {
        Self { dims: [rows, columns, 1, 1, 1, 1], rank: 2 }
    }

    /// How many dimensions.
    pub const fn rank(&self) -> usize {
        self.rank
    }

    /// The last dimension; 1 of a scalar.
    pub const fn last(&self) -> usize {
        self.dims[if self.rank > 0 { self.rank - 1 } else { 0 }]
    }

    /// Whether it differs in the last dimension at most.
    pub const fn is_alike(&self, other: &Self) -> bool {
        let mut alike = self.rank == other.rank;
        let mut i = 0;
        while i + 1 < self.rank {
            alike = alike && self.dims[i] == other.dims[i];
            i += 1;
        }
        alike
    }

    /// As `2x3`, behind a text.
    pub(crate) const fn append(&self, text: Text) -> Text {
        let (mut text, mut i) = (text, 0);
        while i < self.rank {
            text = text.text(if i > 0 { "x" } else { "" }).number(self.dims[i]);
            i += 1;
        }
        text
    }

    /// The dimensions, outermost first, and then 1 up to the highest rank.
    pub(crate) const fn padded(&self) -> &[usize; Self::MAX_RANK] {
        &self.dims
    }

    /// The dimensions, outermost first.
    pub fn dims(&self) -> &[usize] {
        self.dims.get(..self.rank).unwrap_or(&[])
    }
}

impl core::fmt::Debug for Shape {
    /// As `2x3`; a scalar as `scalar`.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if self.rank == 0 {
            return f.write_str("scalar");
        }
        for (i, d) in self.dims().iter().enumerate() {
            write!(f, "{}{d}", if i == 0 { "" } else { "x" })?;
        }
        Ok(())
    }
}

/// Nested arrays of one scalar: `f32`, `[f32; 3]`, `[[f32; 3]; 2]`, and so on. The values that pass between layers.
///
/// It is sealed: `unsafe` code relies on an `Array` being [`LEN`](Self::LEN) numbers of type [`T`](Self::T), one behind
/// the other, and nothing else.
pub trait Array: Sealed + Sample {
    /// The scalar in them.
    type T: Scalar;
    /// How many scalars.
    const LEN: usize;
    /// The dimensions, outermost first.
    const SHAPE: Shape;

    /// All scalars of several arrays, in row-major order.
    fn flatten(arrays: &[Self]) -> &[Self::T];
    /// All scalars of several arrays, in row-major order, to be changed.
    fn flatten_mut(arrays: &mut [Self]) -> &mut [Self::T];
    /// As many whole arrays as the scalars make.
    fn group(flat: &[Self::T]) -> &[Self];
    /// As many whole arrays as the scalars make, to be changed.
    fn group_mut(flat: &mut [Self::T]) -> &mut [Self];

    /// Its scalars in row-major order.
    #[inline(always)]
    fn flat(&self) -> &[Self::T] {
        Self::flatten(core::slice::from_ref(self))
    }
    /// Its scalars in row-major order, to be changed.
    #[inline(always)]
    fn flat_mut(&mut self) -> &mut [Self::T] {
        Self::flatten_mut(core::slice::from_mut(self))
    }
}

macro_rules! rank_zero { ($($t:ident)*) => { $(
    impl Sealed for $t {}

    impl Array for $t {
        type T = $t;
        const LEN: usize = 1;
        const SHAPE: Shape = Shape::SCALAR;
        #[inline(always)]
        fn flatten(arrays: &[Self]) -> &[$t] {
            arrays
        }
        #[inline(always)]
        fn flatten_mut(arrays: &mut [Self]) -> &mut [$t] {
            arrays
        }
        #[inline(always)]
        fn group(flat: &[$t]) -> &[Self] {
            flat
        }
        #[inline(always)]
        fn group_mut(flat: &mut [$t]) -> &mut [Self] {
            flat
        }
    }
)* } }
rank_zero!(f32 f64);

impl<A: Array, const N: usize> Sealed for [A; N] {}

impl<A: Array, const N: usize> Array for [A; N] {
    type T = A::T;
    const LEN: usize = N * A::LEN;
    const SHAPE: Shape = A::SHAPE.within(N);
    #[inline(always)]
    fn flatten(arrays: &[Self]) -> &[A::T] {
        A::flatten(arrays.as_flattened())
    }
    #[inline(always)]
    fn flatten_mut(arrays: &mut [Self]) -> &mut [A::T] {
        A::flatten_mut(arrays.as_flattened_mut())
    }
    #[inline(always)]
    fn group(flat: &[A::T]) -> &[Self] {
        A::group(flat).as_chunks().0
    }
    #[inline(always)]
    fn group_mut(flat: &mut [A::T]) -> &mut [Self] {
        A::group_mut(flat).as_chunks_mut().0
    }
}

/// The first `n` of a buffer (all of it where `n` is larger).
#[inline(always)]
pub fn take<A>(buffer: &[A], n: usize) -> &[A] {
    &buffer[..n.min(buffer.len())]
}

/// The first `n` of a buffer (all of it where `n` is larger), to be changed.
#[inline(always)]
pub fn take_mut<A>(buffer: &mut [A], n: usize) -> &mut [A] {
    let n = n.min(buffer.len());
    &mut buffer[..n]
}
