//! Tensors: nested arrays with their dimensions in the type.
//!
//! [`Vector`], [`Matrix`], [`Tensor3`] and [`Tensor4`] are names of one type, [`Tensor`], which wraps nested arrays without changing their layout:
//! a `&[[f32; 3]; 2]` becomes a `&Matrix<2, 3>` by [`Tensor::from_ref`], at no cost. Higher ranks are `Tensor<[...]>` of deeper arrays.
//!
//! A tensor is of `f32` where its type is written without another number type. That doesn't hold for values whose type
//! is inferred, see [`Tensor::new`].
//!
//! Small results are returned; large ones are written in place by the methods that end in `_to`, or changed by `apply` and the assigning operators.

mod array;
mod convert;
mod format;
mod operators;
mod product;
mod squares;

use rand::Rng;

pub use self::array::{Array, Shape, take, take_mut};
pub(crate) use self::squares::Squares;
use crate::budget::Text;
use crate::random;
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::total;

/// Nested arrays `A` of one scalar, with the operations of a tensor.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq)]
pub struct Tensor<A>(pub A);

/// `N` numbers, of `f32` unless `T` is given; but in `Vector::new([1.0])`, without `N`, the type is inferred: see
/// [`Tensor::new`].
pub type Vector<const N: usize, T = f32> = Tensor<[T; N]>;
/// `ROWS` times `COLS` numbers, row-major; of `f32`, as [`Vector`] is.
pub type Matrix<const ROWS: usize, const COLS: usize, T = f32> = Tensor<[[T; COLS]; ROWS]>;
/// Three dimensions, such as height, width and channels.
pub type Tensor3<const A: usize, const B: usize, const C: usize, T = f32> = Tensor<[[[T; C]; B]; A]>;
/// Four dimensions, such as batch, height, width and channels.
pub type Tensor4<const A: usize, const B: usize, const C: usize, const D: usize, T = f32> =
    Tensor<[[[[T; D]; C]; B]; A]>;

impl<A> Tensor<A> {
    /// A tensor of the given values.
    ///
    /// Their type is inferred, and Rust takes numbers without a type for `f64` where nothing else uses them as `f32`: a
    /// network of `f32` that the tensor is given to does, a text doesn't. To have `f32` in any case, name the size,
    /// `Vector::<2>::new(..)`, or the type of one number, `1.0f32`. Where a tensor that became one of `f64` meets one
    /// of `f32`, the compiler says "expected `f32`, found `f64`".
    ///
    /// ```
    /// # use stackprop::prelude::*;
    /// let inferred = Vector::new([1.0, 2.0]);
    /// assert_eq!(size_of_val(&inferred), 2 * size_of::<f64>());
    /// for single in [Vector::<2>::new([1.0, 2.0]), Vector::new([1.0f32, 2.0])] {
    ///     assert_eq!(size_of_val(&single), 2 * size_of::<f32>());
    /// }
    /// ```
    pub const fn new(array: A) -> Self {
        Self(array)
    }
}

impl<A: Array> Tensor<A> {
    /// All zeros.
    pub const ZERO: Self = <Self as Zeroed>::ZERO;
    /// How many numbers.
    pub const LEN: usize = A::LEN;
    /// The dimensions.
    pub const SHAPE: Shape = A::SHAPE;

    /// A tensor filled with one value.
    pub fn filled(value: A::T) -> Self {
        let mut tensor = Self::ZERO;
        tensor.fill(value);
        tensor
    }

    /// A tensor whose element at each row-major position is computed from that position.
    pub fn from_fn(mut f: impl FnMut(usize) -> A::T) -> Self {
        let mut tensor = Self::ZERO;
        for (i, value) in tensor.as_mut_slice().iter_mut().enumerate() {
            *value = f(i);
        }
        tensor
    }

    /// All numbers in row-major order.
    #[inline(always)]
    pub fn as_slice(&self) -> &[A::T] {
        self.0.flat()
    }

    /// All numbers in row-major order, to be changed.
    #[inline(always)]
    pub fn as_mut_slice(&mut self) -> &mut [A::T] {
        self.0.flat_mut()
    }

    /// Sets every number.
    pub fn fill(&mut self, value: A::T) {
        self.as_mut_slice().fill(value);
    }

    /// Each number through a function.
    #[must_use]
    pub fn map(&self, f: impl FnMut(A::T) -> A::T) -> Self {
        let mut result = *self;
        result.apply(f);
        result
    }

    /// Each number through a function, in place.
    pub fn apply(&mut self, mut f: impl FnMut(A::T) -> A::T) {
        for value in self.as_mut_slice() {
            *value = f(*value);
        }
    }

    /// Each pair of numbers through a function.
    #[must_use]
    pub fn zip(&self, other: &Self, f: impl FnMut(A::T, A::T) -> A::T) -> Self {
        let mut result = *self;
        result.zip_apply(other, f);
        result
    }

    /// Each pair of numbers through a function, in place.
    pub fn zip_apply(&mut self, other: &Self, mut f: impl FnMut(A::T, A::T) -> A::T) {
        for (value, &other) in self.as_mut_slice().iter_mut().zip(other.as_slice()) {
            *value = f(*value, other);
        }
    }

    /// The same numbers, in row-major order, in another shape. Losing or inventing numbers is a compile error.
    #[must_use]
    pub fn reshape<B: Array<T = A::T>>(&self) -> Tensor<B> {
        const { same_count(A::LEN, B::LEN) }
        *self.regroup()
    }

    /// Views the same numbers in another shape, without a copy. Losing or inventing numbers is a compile error.
    pub fn reshape_ref<B: Array<T = A::T>>(&self) -> &Tensor<B> {
        const { same_count(A::LEN, B::LEN) }
        self.regroup()
    }

    fn regroup<B: Array<T = A::T>>(&self) -> &Tensor<B> {
        match B::group(self.as_slice()).first() {
            Some(array) => Tensor::from_ref(array),
            None => unreachable!(),
        }
    }

    /// Views the same numbers in another shape, to be changed. Losing or inventing numbers is a compile error.
    pub fn reshape_mut<B: Array<T = A::T>>(&mut self) -> &mut Tensor<B> {
        const { same_count(A::LEN, B::LEN) }
        match B::group_mut(self.as_mut_slice()).first_mut() {
            Some(array) => Tensor::from_mut(array),
            None => unreachable!(),
        }
    }

    /// Sum of all numbers: of up to 32 in order, of more in blocks of 32, to each of whose sums is added what
    /// rounding took from the sum before. So its error doesn't grow with their number.
    pub fn sum(&self) -> A::T {
        total::sum(self.as_slice().iter().copied())
    }

    /// Mean of all numbers, from their [`sum`](Self::sum).
    pub fn mean(&self) -> A::T {
        self.sum() / A::T::from_usize(A::LEN)
    }

    /// Sum of products of all pairs of numbers, in the order of [`sum`](Self::sum).
    pub fn dot(&self, other: &Self) -> A::T {
        total::dot(self.as_slice(), other.as_slice())
    }

    /// Root of the sum of squares, in the order of [`sum`](Self::sum), also where a square is out of range; infinite
    /// only where the root is.
    pub fn norm(&self) -> A::T {
        let (root, power) = Squares::of(self.as_slice()).root();
        root / power
    }

    /// Row-major position of the largest number; the first of equals. NaN is never the largest: 0 where nothing is
    /// above minus infinity, as where all are NaN. [`is_finite`](Self::is_finite) tells.
    pub fn argmax(&self) -> usize {
        let (mut best, mut at) = (A::T::MIN, 0);
        for (i, &value) in self.as_slice().iter().enumerate() {
            if value > best {
                (best, at) = (value, i);
            }
        }
        at
    }

    /// The largest number; NaN is passed over.
    pub fn max(&self) -> A::T {
        self.as_slice().iter().fold(A::T::MIN, |max, &v| if v > max { v } else { max })
    }

    /// The smallest number; NaN is passed over.
    pub fn min(&self) -> A::T {
        -self.as_slice().iter().fold(A::T::MIN, |max, &v| if -v > max { -v } else { max })
    }

    /// Whether no number is infinite or NaN.
    pub fn is_finite(&self) -> bool {
        crate::scalar::all_finite(self.as_slice())
    }

    /// Fills it with numbers drawn uniformly from `low..high`.
    pub fn fill_uniform(&mut self, rng: &mut impl Rng, low: A::T, high: A::T) {
        self.apply(|_| low + (high - low) * random::unit(rng));
    }

    /// Fills it with numbers drawn from a normal distribution.
    pub fn fill_normal(&mut self, rng: &mut impl Rng, mean: A::T, deviation: A::T) {
        self.apply(|_| mean + deviation * random::normal(rng));
    }
}

/// Fails to compile where a reshape loses or invents numbers. Both forms of reshape call it, so that the compiler shows the user's line.
#[track_caller]
const fn same_count(from: usize, to: usize) {
    if from == 0 {
        panic!("reshape: a tensor must hold at least 1 number");
    }
    if from != to {
        Text::new("reshape: a tensor of ").number(from).text(" numbers cannot become one of ").number(to).panic();
    }
}

impl<A: Array, const N: usize> Tensor<[A; N]> {
    /// The parts along the first dimension: the rows of a matrix, the samples of a batch.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Tensor<A>> {
        self.0.iter().map(Tensor::from_ref)
    }

    /// Row `i`, if there is one.
    pub fn row(&self, i: usize) -> Option<&Tensor<A>> {
        self.0.get(i).map(Tensor::from_ref)
    }

    /// Row `i`, to be changed, if there is one.
    pub fn row_mut(&mut self, i: usize) -> Option<&mut Tensor<A>> {
        self.0.get_mut(i).map(Tensor::from_mut)
    }
}

impl<T: Scalar, const N: usize> Vector<N, T> {
    /// 1 at `position`, 0 elsewhere; all zeros where the position is out of range.
    pub fn one_hot(position: usize) -> Self {
        Self::from_fn(|i| if i == position { T::ONE } else { T::zero() })
    }
}
