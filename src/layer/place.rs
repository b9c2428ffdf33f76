//! Two decisions that types make: where a layer writes its output, and whether a gradient is wanted.

use crate::sealed::Sealed;
use crate::storage::{Buffer, Pod};
use crate::tensor::{Array, take, take_mut};

impl Sealed for Apart {}
impl Sealed for InPlace {}
impl Sealed for View {}
impl Sealed for Yes {}
impl Sealed for No {}

/// Where a layer writes its output: [`Apart`] from its input, or [`InPlace`] of it.
pub trait Place: Sealed {
    /// The input of a batch of `X`: shared, or to be overwritten.
    type Input<'a, X: 'a>;
    /// The layer's own output buffer: an `A`, or nothing.
    type Buffer<A: Pod>: Pod;
    /// An `A` that stays where it is while the output is written: the input if it is in the same memory, or nothing.
    type Held<A: Pod>: Pod;
    /// The one buffer of gradients if it is apart, or the other.
    type Choose<T, A: Buffer<T>, B: Buffer<T>>: Buffer<T>;
    /// Whether it is in place.
    const IN_PLACE: bool;

    /// Hands the previous layer's output on.
    fn input<X>(x: &mut [X]) -> Self::Input<'_, X>;
    /// The input, to be read.
    fn read<'a, X: 'a>(x: Self::Input<'a, X>) -> &'a [X];
    /// The input that the previous layer has already overwritten with the output, if it is to be overwritten.
    fn written<'a, X: 'a>(x: Self::Input<'a, X>) -> &'a mut [X];
    /// The output buffer, filled with the input: a layer that works in place goes on from here.
    fn own<'a, X: Array + 'a, const B: usize>(
        x: Self::Input<'a, X>,
        buffer: &'a mut Self::Buffer<[X; B]>,
    ) -> &'a mut [X];
    /// The output, found again, to be changed.
    fn output_mut<'a, X, const B: usize>(x: Self::Input<'a, X>, buffer: &'a mut Self::Buffer<[X; B]>) -> &'a mut [X]
    where
        X: Pod;
    /// The output, found again.
    fn output<'a, X, const B: usize>(x: &'a [X], buffer: &'a Self::Buffer<[X; B]>) -> &'a [X]
    where
        X: Pod;
}

/// What a layer wants of its input's memory: [`Apart`] leaves it alone, [`InPlace`] writes the output there, and [`View`] takes it as the output.
pub trait Want: Sealed {
    /// Where the output goes behind a layer that `Leaves` this.
    type Behind<Leaves: Place>: Place;
}

impl Want for Apart {
    type Behind<Leaves: Place> = Apart;
}

impl Want for InPlace {
    type Behind<Leaves: Place> = Leaves;
}

/// The input, as it is, is the output: no memory, behind any layer. Whoever wants this writes nothing, and leaves its output [`Apart`].
#[derive(Debug)]
pub struct View;

impl Want for View {
    type Behind<Leaves: Place> = InPlace;
}

/// The output has a buffer of its own; the input stays.
#[derive(Debug)]
pub struct Apart;

/// The output replaces the input.
#[derive(Debug)]
pub struct InPlace;

impl Place for Apart {
    type Input<'a, X: 'a> = &'a [X];
    type Buffer<A: Pod> = A;
    type Held<A: Pod> = ();
    type Choose<T, A: Buffer<T>, B: Buffer<T>> = A;
    const IN_PLACE: bool = false;

    #[inline(always)]
    fn input<X>(x: &mut [X]) -> &[X] {
        x
    }
    #[inline(always)]
    fn read<'a, X: 'a>(x: &'a [X]) -> &'a [X] {
        x
    }
    #[inline(always)]
    fn written<'a, X: 'a>(_: &'a [X]) -> &'a mut [X] {
        &mut []
    }
    #[inline(always)]
    fn own<'a, X: Array + 'a, const B: usize>(x: &'a [X], buffer: &'a mut [X; B]) -> &'a mut [X] {
        let y = take_mut(buffer, x.len());
        crate::kernel::copy(x, y);
        y
    }
    #[inline(always)]
    fn output_mut<'a, X: Pod, const B: usize>(x: &'a [X], buffer: &'a mut [X; B]) -> &'a mut [X] {
        take_mut(buffer, x.len())
    }
    #[inline(always)]
    fn output<'a, X: Pod, const B: usize>(x: &'a [X], buffer: &'a [X; B]) -> &'a [X] {
        take(buffer, x.len())
    }
}

impl Place for InPlace {
    type Input<'a, X: 'a> = &'a mut [X];
    type Buffer<A: Pod> = ();
    type Held<A: Pod> = A;
    type Choose<T, A: Buffer<T>, B: Buffer<T>> = B;
    const IN_PLACE: bool = true;

    #[inline(always)]
    fn input<X>(x: &mut [X]) -> &mut [X] {
        x
    }
    #[inline(always)]
    fn read<'a, X: 'a>(x: &'a mut [X]) -> &'a [X] {
        x
    }
    #[inline(always)]
    fn written<'a, X: 'a>(x: &'a mut [X]) -> &'a mut [X] {
        x
    }
    #[inline(always)]
    fn own<'a, X: Array + 'a, const B: usize>(x: &'a mut [X], _: &'a mut ()) -> &'a mut [X] {
        x
    }
    #[inline(always)]
    fn output_mut<'a, X: Pod, const B: usize>(x: &'a mut [X], _: &'a mut ()) -> &'a mut [X] {
        x
    }
    #[inline(always)]
    fn output<'a, X: Pod, const B: usize>(x: &'a [X], _: &'a ()) -> &'a [X] {
        x
    }
}

/// Whether something is wanted: [`Yes`] or [`No`].
pub trait Need: Sealed {
    /// As a value; code behind a constant `false` is never generated.
    const WANTED: bool;
    /// Wanted if either is.
    type Or<N: Need>: Need;
}

/// Wanted.
#[derive(Debug)]
pub struct Yes;

/// Not wanted.
#[derive(Debug)]
pub struct No;

impl Need for Yes {
    const WANTED: bool = true;
    type Or<N: Need> = Yes;
}

impl Need for No {
    const WANTED: bool = false;
    type Or<N: Need> = N;
}
