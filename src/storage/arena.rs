//! The memory of use: an arena with two ends, between which the outputs of layers alternate.
//!
//! A batch of samples stands at one end of the arena, or outside, where the caller gave it. A layer with an output of its own writes it at the other
//! end, with scratch between them; then the input isn't needed any more. What stays for longer, around a residual for example, is left out of
//! the arena of those inside. How large an arena must be is a type, its `M`: each step here is checked against it when the program is built.
#![allow(unsafe_code)]

use core::marker::PhantomData;
use core::slice::{from_raw_parts, from_raw_parts_mut};

use super::{Both, Pod};
use crate::layer::{Apart, InPlace, Place};

/// What passes between layers in use: a number, or arrays of such.
///
/// # Safety
/// Any bytes are a value of the type, which has no padding and no `Drop`.
pub unsafe trait Sample: Pod + Copy + Sync {}

macro_rules! samples { ($($t:ty)*) => { $(
    // SAFETY: any bytes are a number.
    unsafe impl Sample for $t {}
)* } }
samples!(f32 f64 u8 u16 u32 u64 i8 i16 i32 i64);

// SAFETY: an array is its elements, one behind the other.
unsafe impl<A: Sample, const N: usize> Sample for [A; N] {}

/// The next multiple.
const fn up(n: usize, align: usize) -> usize {
    n.div_ceil(align) * align
}

/// Fails, in const, where a plan has less memory than its layer takes.
const fn holds(enough: bool) {
    assert!(enough, "the `Plan` of a layer is smaller than what its `infer` takes: see `layer::plan`");
}

/// The arena, and samples from outside.
type Borrowed<'m, X, P, M> = (&'m mut M, &'m [X], fn() -> P);

/// A batch of up to `B` samples in use, and the arena: at one of its ends if `P` is [`InPlace`], given from outside if it is [`Apart`]. The arena has
/// room for an `M`.
#[derive(Debug)]
pub struct Activations<'m, X, P, M, const B: usize> {
    x: *const X,
    rows: usize,
    /// The arena, both ends aligned as `M`, and at least as far from each other as an `M` is large.
    start: *mut u8,
    end: *mut u8,
    /// At which end the samples stand.
    at_start: bool,
    borrowed: PhantomData<Borrowed<'m, X, P, M>>,
}

impl<'m, X: Sample, M: Pod, const B: usize> Activations<'m, X, Apart, M, B> {
    /// Samples from outside, at most `B` of them.
    #[inline(always)]
    pub(crate) fn given(x: &'m [X], memory: &'m mut M) -> Self {
        let start: *mut u8 = core::ptr::from_mut(memory).cast();
        // SAFETY: the end of one object.
        let end = unsafe { start.add(size_of::<M>()) };
        Self { x: x.as_ptr(), rows: x.len().min(B), start, end, at_start: false, borrowed: PhantomData }
    }
}

impl<'m, X: Sample, M: Pod, const B: usize> Activations<'m, X, InPlace, M, B> {
    /// The samples, to be changed.
    #[inline(always)]
    pub fn rows_mut(&mut self) -> &mut [X] {
        // SAFETY: they stand in the arena, which is borrowed alone, and are any bytes, which were written or zero.
        unsafe { from_raw_parts_mut(self.x.cast_mut(), self.rows) }
    }

    /// The samples, to be changed, and scratch, which holds any numbers.
    #[inline(always)]
    pub fn rows_with<S: Scratch>(&mut self) -> (&mut [X], &mut S) {
        const { holds(up(size_of::<[X; B]>(), align_of::<S>()) + size_of::<S>() <= size_of::<M>()) }
        const {
            let () = S::CHECK;
            holds(align_of::<S>() <= align_of::<M>());
        }
        let before = if self.at_start { const { up(size_of::<[X; B]>(), align_of::<S>()) } } else { 0 };
        // SAFETY: samples and scratch are apart in an arena that is large enough for both.
        unsafe { (from_raw_parts_mut(self.x.cast_mut(), self.rows), &mut *self.start.add(before).cast()) }
    }
}

impl<'m, X: Sample, P: Place, M: Pod, const B: usize> Activations<'m, X, P, M, B> {
    /// The samples.
    #[inline(always)]
    pub fn rows(&self) -> &[X] {
        // SAFETY: they are borrowed, or stand in the arena, which is.
        unsafe { from_raw_parts(self.x, self.rows) }
    }

    /// The samples for the rest of their life.
    #[inline(always)]
    pub(crate) fn outlive(self) -> &'m [X] {
        // SAFETY: as in `rows`.
        unsafe { from_raw_parts(self.x, self.rows) }
    }

    /// The same samples, with another type of them, place and size.
    #[inline(always)]
    fn rename<Y, Q, N>(self) -> Activations<'m, Y, Q, N, B> {
        let Self { x, rows, start, end, at_start, .. } = self;
        Activations { x: x.cast(), rows, start, end, at_start, borrowed: PhantomData }
    }

    /// `B` values at an end.
    #[inline(always)]
    fn at<Y>(&self, start: bool) -> *mut Y {
        // SAFETY: whoever calls this has made sure that so many have room.
        let at = if start { self.start } else { unsafe { self.end.sub(size_of::<[Y; B]>()) } };
        at.cast()
    }

    /// The samples in the arena: a layer that works in place goes on from here.
    #[inline(always)]
    pub fn own(self) -> Activations<'m, X, InPlace, M, B> {
        const { holds(size_of::<[X; B]>() <= size_of::<M>() && align_of::<X>() <= align_of::<M>()) }
        if P::IN_PLACE { self.rename() } else { self.copied() }
    }

    /// The samples from outside, if they are, to be read; and the place in the arena where a layer writes over them, or what it makes of them.
    #[inline(always)]
    pub fn own_from(self) -> (Option<&'m [X]>, Activations<'m, X, InPlace, M, B>) {
        const { holds(size_of::<[X; B]>() <= size_of::<M>() && align_of::<X>() <= align_of::<M>()) }
        if P::IN_PLACE {
            return (None, self.rename());
        }
        let to = self.at::<X>(self.at_start);
        // SAFETY: samples from outside are borrowed for as long as the arena.
        (Some(unsafe { from_raw_parts(self.x, self.rows) }), Activations { x: to, ..self.rename() })
    }

    /// A copy of the samples, at the end where they would stand.
    #[inline(always)]
    fn copied(self) -> Activations<'m, X, InPlace, M, B> {
        let to = self.at::<X>(self.at_start);
        // SAFETY: samples from outside, and an arena with room for them.
        unsafe { core::ptr::copy_nonoverlapping(self.x, to, self.rows) };
        Activations { x: to, ..self.rename() }
    }

    /// No samples, wherever.
    #[inline(always)]
    pub(crate) fn none<Y, Q>(self) -> Activations<'m, Y, Q, M, B> {
        Activations { rows: 0, ..self.rename() }
    }

    /// The samples, as the output of a layer whose part is done.
    #[inline(always)]
    pub(crate) fn done<Y: Sample, Q: Place>(self) -> Activations<'m, Y, Q, M, B> {
        let same = size_of::<Y>() <= size_of::<X>() && align_of::<X>() == align_of::<Y>() && P::IN_PLACE;
        if same { self.rename() } else { self.none() }
    }

    /// What stands there, as what the layer behind takes that has nothing to do any more: [`done`](Self::done) makes it what it is again.
    #[inline(always)]
    pub(crate) fn handed<Y: Sample, Q: Place>(self) -> Activations<'m, Y, Q, M, B> {
        if P::IN_PLACE { self.rename() } else { self.none() }
    }

    /// The same in an arena of another type, if it is large enough; else none.
    #[inline(always)]
    pub(crate) fn assume<N>(self) -> Activations<'m, X, P, N, B> {
        let room = self.end.addr() - self.start.addr();
        if size_of::<N>() <= room { self.rename() } else { Activations { rows: 0, ..self.rename() } }
    }

    /// A part of each sample, `Y`, at `offset` from its start, in bytes: it moves to the end where the samples stand.
    #[inline(always)]
    pub(crate) fn part<Y: Sample>(self, offset: usize) -> Activations<'m, Y, InPlace, M, B> {
        const { holds(size_of::<[Y; B]>() <= size_of::<M>() && align_of::<Y>() <= align_of::<M>()) }
        const { holds(align_of::<X>().is_multiple_of(align_of::<Y>())) }
        if offset.saturating_add(size_of::<Y>()) > size_of::<X>() {
            return self.none();
        }
        let to = self.at::<Y>(self.at_start);
        for i in 0..self.rows {
            // From the start on, or from the end on, so that no part is written over before it is read.
            let row = if self.at_start { i } else { self.rows - 1 - i };
            // SAFETY: a part of a sample, and a place in an arena with room for so many.
            unsafe { core::ptr::copy(self.x.add(row).cast::<u8>().add(offset), to.add(row).cast(), size_of::<Y>()) };
        }
        Activations { x: to, ..self.rename() }
    }

    /// The same bytes as other samples of the same size and alignment: numbers as other arrays of as many.
    #[inline(always)]
    pub fn cast<Y: Sample>(self) -> Activations<'m, Y, P, M, B> {
        const { holds(size_of::<X>() == size_of::<Y>() && align_of::<X>() == align_of::<Y>()) }
        self.rename()
    }

    /// An output for each sample, written at the other end.
    #[inline(always)]
    pub fn map<Y: Sample>(self, write: impl FnOnce(&[X], &mut [Y])) -> Activations<'m, Y, InPlace, M, B> {
        let mut both = self.beside::<Y, ()>();
        let (x, y, ()) = both.parts();
        write(x, y);
        both.finish()
    }

    /// [`map`](Self::map) with scratch, which holds any numbers, and without a closure: for loops that are compiled for the instructions of `K`.
    #[inline(always)]
    pub fn beside<Y: Sample, S: Scratch>(self) -> Beside<'m, X, Y, S, P, M, B> {
        const {
            let x = if P::IN_PLACE { size_of::<[X; B]>() } else { 0 };
            let ((), y, align) = (S::CHECK, size_of::<[Y; B]>(), align_of::<S>());
            holds(up(x, align) + size_of::<S>() + y <= size_of::<M>());
            holds(up(y, align) + size_of::<S>() + x <= size_of::<M>());
            holds(align_of::<Y>() <= align_of::<M>() && align <= align_of::<M>());
        }
        let start = !self.at_start;
        let to = self.at::<Y>(start);
        let before = if start {
            size_of::<[Y; B]>()
        } else if P::IN_PLACE {
            size_of::<[X; B]>()
        } else {
            0
        };
        // SAFETY: there is room for the scratch behind.
        let scratch = unsafe { self.start.add(up(before, align_of::<S>())) }.cast();
        Beside { x: self, to, scratch }
    }

    /// The samples for a layer whose own arena is at most as large, and how this one is found again.
    #[inline(always)]
    pub(crate) fn enter<N: Pod>(self) -> (Activations<'m, X, P, N, B>, Whole<'m, M>) {
        const { holds(size_of::<N>() <= size_of::<M>() && align_of::<N>() <= align_of::<M>()) }
        let whole = Whole { start: self.start, end: self.end, borrowed: PhantomData };
        (self.rename(), whole)
    }

    /// The arena without what stands at an end: `rows` of `A`.
    #[inline(always)]
    fn without<A, N>(start: *mut u8, end: *mut u8, at_start: bool) -> (*mut u8, *mut u8) {
        // SAFETY: whoever calls this has made sure that there is room for an `N` beside `B` of `A`.
        unsafe {
            let taken = const { up(size_of::<[A; B]>(), align_of::<N>()) };
            if at_start { (start.add(taken), end) } else { (start, end.sub(taken)) }
        }
    }

    /// The samples as given, and what of the arena they leave.
    ///
    /// # Safety
    /// While the result is used, the samples aren't changed, and the arena isn't used. It has room for `N` beside them.
    #[inline(always)]
    unsafe fn rest<'r, N>(&self) -> Activations<'r, X, Apart, N, B> {
        let (start, end) = if P::IN_PLACE {
            Self::without::<X, N>(self.start, self.end, self.at_start)
        } else {
            (self.start, self.end)
        };
        Activations { x: self.x, rows: self.rows, start, end, at_start: self.at_start, borrowed: PhantomData }
    }

    /// Fails, in const, where an arena is too small for an `N` beside the samples.
    const fn rests<N>() {
        let x = if P::IN_PLACE { up(size_of::<[X; B]>(), align_of::<N>()) } else { 0 };
        holds(x + size_of::<N>() <= size_of::<M>() && align_of::<N>() <= align_of::<M>());
        holds(align_of::<X>() <= align_of::<M>());
    }

    /// The samples for a layer inside, while they stay.
    #[inline(always)]
    pub(crate) fn hold<N: Pod>(self) -> (Activations<'m, X, Apart, N, B>, Self) {
        const { Self::rests::<N>() }
        // SAFETY: they stay until `sum`, which takes what the layer inside gives.
        (unsafe { self.rest::<N>() }, self)
    }

    /// What the layer inside gave, and the samples: one's numbers, to which the other's are to be added, those, and the sum. It is where the samples
    /// were, or where the others are if the samples were given.
    #[inline(always)]
    pub(crate) fn sum<N: Pod, Y: Sample, Q: Place>(
        self,
        y: Activations<'m, Y, Q, N, B>,
    ) -> (Activations<'m, Y, InPlace, M, B>, &'m [Y]) {
        const { Self::rests::<N>() }
        const { holds(size_of::<X>() == size_of::<Y>() && align_of::<X>() == align_of::<Y>()) }
        let y = y.own();
        let (rows, at_start, from) = (y.rows.min(self.rows), y.at_start, y.x);
        let (to, from, at_start) =
            if P::IN_PLACE { (self.x.cast(), from, self.at_start) } else { (from, self.x.cast(), at_start) };
        // SAFETY: both have so many rows, apart from each other: one is in the rest of the arena.
        let from = unsafe { from_raw_parts(from, rows) };
        (Activations { x: to, rows, at_start, ..self.rename() }, from)
    }

    /// The samples for the first of two layers beside each other, while they stay.
    #[inline(always)]
    pub(crate) fn first<N: Pod>(&self) -> Activations<'m, X, Apart, N, B> {
        const {
            let (x, align) = (if P::IN_PLACE { size_of::<[X; B]>() } else { 0 }, align_of::<M>());
            holds(up(x, align) + size_of::<N>() <= size_of::<M>());
            holds(align_of::<X>() <= align && align_of::<N>() <= align);
        }
        // SAFETY: they stay, and the rest of the arena is apart from them.
        unsafe { self.rest::<M>() }.rename()
    }

    /// The samples for the second layer, while they stay and what the first one gave.
    #[inline(always)]
    pub(crate) fn second<R: Pod, N: Pod, A: Sample>(
        &self,
        a: &Activations<'m, A, InPlace, N, B>,
    ) -> Activations<'m, X, Apart, R, B> {
        const {
            let (x, align) = (if P::IN_PLACE { size_of::<[X; B]>() } else { 0 }, align_of::<M>());
            holds(up(x, align) + up(size_of::<[A; B]>(), align) + size_of::<R>() <= size_of::<M>());
            holds(align_of::<A>() <= align && align_of::<R>() <= align);
        }
        let (start, end) = Self::without::<A, M>(a.start, a.end, a.at_start);
        Activations { x: self.x, rows: self.rows, start, end, at_start: !a.at_start, borrowed: PhantomData }
    }

    /// Room for what is made of both layers' outputs, beside them.
    #[inline(always)]
    pub(crate) fn third<N: Pod, R: Pod, A: Sample, C: Sample, Z: Sample>(
        &self,
        _: &Activations<'m, A, InPlace, N, B>,
        c: &Activations<'m, C, InPlace, R, B>,
    ) -> Activations<'m, Z, InPlace, M, B> {
        const {
            let x = if P::IN_PLACE { size_of::<[X; B]>() } else { 0 };
            let (a, c, z, align) = (size_of::<[A; B]>(), size_of::<[C; B]>(), size_of::<[Z; B]>(), align_of::<M>());
            holds(up(x, align) + up(a, align) + up(c, align) + z <= size_of::<M>() && align_of::<Z>() <= align);
        }
        let (start, end) = Self::without::<C, M>(c.start, c.end, c.at_start);
        let rest = Activations { start, end, ..self.rest_of() };
        Activations { x: rest.at::<Z>(!c.at_start), rows: c.rows, ..rest.rename() }
    }

    /// The same without its borrow.
    #[inline(always)]
    fn rest_of(&self) -> Activations<'m, X, P, M, B> {
        Activations {
            x: self.x,
            rows: self.rows,
            start: self.start,
            end: self.end,
            at_start: self.at_start,
            borrowed: PhantomData,
        }
    }

    /// What was made of the samples, moved to an end of the arena, where nothing else is needed any more.
    #[inline(always)]
    pub(crate) fn end<N, Z: Sample>(
        self,
        z: Activations<'m, Z, InPlace, N, B>,
        rows: usize,
    ) -> Activations<'m, Z, InPlace, M, B> {
        const { holds(size_of::<[Z; B]>() <= size_of::<M>()) }
        let (to, rows) = (self.at::<Z>(true), rows.min(z.rows));
        // SAFETY: so many rows are there.
        unsafe { core::ptr::copy(z.x, to, rows) };
        Activations { x: to, rows, at_start: true, ..self.rename() }
    }
}

/// An arena with room for an `M`.
pub(crate) struct Whole<'m, M> {
    start: *mut u8,
    end: *mut u8,
    borrowed: PhantomData<&'m mut M>,
}

impl<'m, M> Whole<'m, M> {
    /// What a layer gave in it, which has all of it.
    #[inline(always)]
    pub(crate) fn leave<Y: Sample, Q: Place, N: Pod, const B: usize>(
        self,
        y: Activations<'m, Y, Q, N, B>,
    ) -> Activations<'m, Y, Q, M, B> {
        // Nobody makes an arena but the library; if this one were another, it would have no samples.
        if y.start == self.start && y.end == self.end {
            y.rename()
        } else {
            Activations { rows: 0, start: self.start, end: self.end, ..y.rename() }
        }
    }
}

/// Samples, outputs that are to be written, and scratch: [`Activations::beside`].
#[derive(Debug)]
pub struct Beside<'m, X, Y, S, P, M, const B: usize> {
    x: Activations<'m, X, P, M, B>,
    to: *mut Y,
    scratch: *mut S,
}

impl<'m, X: Sample, Y: Sample, S: Scratch, P: Place, M: Pod, const B: usize> Beside<'m, X, Y, S, P, M, B> {
    /// Samples, outputs and scratch, which hold any numbers.
    #[inline(always)]
    pub fn parts(&mut self) -> (&[X], &mut [Y], &mut S) {
        // SAFETY: samples, scratch and outputs are apart in an arena that is large enough for all; its bytes are any numbers.
        unsafe { (self.x.rows(), from_raw_parts_mut(self.to, self.x.rows), &mut *self.scratch) }
    }

    /// The outputs.
    #[inline(always)]
    pub fn finish(self) -> Activations<'m, Y, InPlace, M, B> {
        Activations { x: self.to, at_start: !self.x.at_start, ..self.x.rename() }
    }
}

/// Memory for a layer's intermediate results: any bytes are a value.
///
/// # Safety
/// Any bytes are a value of the type, which has no padding, as `CHECK` makes sure in a build, and no `Drop`.
pub unsafe trait Scratch: Pod {
    /// Refuses padding.
    #[doc(hidden)]
    const CHECK: () = ();
}
// SAFETY: no bytes.
unsafe impl Scratch for () {}
// SAFETY: as a sample.
unsafe impl<A: Sample, const N: usize> Scratch for [A; N] {}
// SAFETY: both are; `CHECK` refuses padding.
unsafe impl<A: Scratch, B: Scratch> Scratch for Both<A, B> {
    const CHECK: () = {
        let ((), ()) = (A::CHECK, B::CHECK);
        holds(size_of::<Self>() == size_of::<A>() + size_of::<B>());
    };
}
