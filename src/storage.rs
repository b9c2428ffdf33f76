//! Storage: memory that is valid when it is all zeros, views without a copy, and boxing that never passes the stack.
//!
//! This is one of the two modules that may contain `unsafe`; the other is the kernels.
#![allow(unsafe_code)]

mod arena;

pub use self::arena::{Activations, Sample, Scratch};

use core::mem::ManuallyDrop;

use crate::budget::Text;
use crate::scalar::Scalar;
use crate::tensor::{Array, Tensor};

/// Memory whose all-zero bytes are a valid value.
///
/// Everything a network stores is `Zeroed`, so that a training object can be a `static` in `.bss` (through [`ZERO`](Self::ZERO)), or be
/// boxed without ever being built on the stack. Implement it for your own layer with [`zeroed!`](crate::zeroed).
///
/// # Safety
/// All-zero bytes must be a valid value of the type, and the type must be plain memory: it must not need `Drop`, which
/// is checked in a build, and a copy of the bytes of a value must be a value, too. A type that is made by
/// [`zeroed!`](crate::zeroed) is arrays and structs of numbers, and so is plain.
pub unsafe trait Zeroed: Sized + 'static {
    /// Refuses, in a build, a type that needs `Drop`.
    #[doc(hidden)]
    const PLAIN: () = plain::<Self>("a type");

    /// The value whose bytes are all zero.
    const ZERO: Self = {
        let () = Self::PLAIN;
        // SAFETY: the trait's contract.
        unsafe { core::mem::zeroed() }
    };

    /// The zero value in a new box; it never passes through the stack, whatever its size.
    #[cfg(feature = "std")]
    fn boxed() -> std::boxed::Box<Self> {
        const { Self::PLAIN }
        // SAFETY: the trait's contract.
        unsafe { std::boxed::Box::new_zeroed().assume_init() }
    }

    /// A copy in a new box; it never passes through the stack, whatever its size. `clone()` returns its copy by value,
    /// and a boxed network's `clone()` makes it on the stack first, where 784-1024-10 doesn't fit into the 2 MiB of a
    /// thread.
    #[cfg(feature = "std")]
    fn boxed_copy(&self) -> std::boxed::Box<Self> {
        let mut new = Self::boxed();
        new.copy_from(self);
        new
    }

    /// Becomes a copy of another one, in place: what `clone_from` does, without the stack.
    #[inline]
    fn copy_from(&mut self, from: &Self) {
        copy(from, self);
    }

    /// Becomes the zero value, in place.
    #[inline]
    fn set_zero(&mut self) {
        // SAFETY: the trait's contract; there is nothing to drop.
        unsafe { core::ptr::from_mut(self).write_bytes(0, 1) };
    }
}

/// Memory of which any bytes are a valid value: numbers, and arrays and tuples of them.
///
/// What a pass keeps is `Pod`, so that a trainer's inference can use the same memory.
///
/// # Safety
/// Any bytes must be a valid value of the type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` isn't arrays and tuples of numbers alone",
    label = "memory of a pass is numbers, and arrays and tuples of them"
)]
pub unsafe trait Pod: Zeroed {}

/// Fails, in const, if a type needs `Drop`, which would run once for each copy of its bytes.
#[doc(hidden)]
#[track_caller]
pub const fn plain<A>(name: &str) {
    if core::mem::needs_drop::<A>() {
        Text::new("zeroed!: `").text(name).text("` needs `Drop`, but plain memory is copied as bytes").panic();
    }
}

/// Memory that begins where a cache line does, on processors with vectors as wide: an update of weights is then a third faster, and a
/// convolution up to a fifth. On other targets it is nothing but its content.
#[cfg_attr(target_arch = "x86_64", repr(C, align(64)))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aligned<A>(pub A);
// SAFETY: nothing but an `A` and padding.
unsafe impl<A: Zeroed> Zeroed for Aligned<A> {}
// SAFETY: nothing but an `A` and padding.
unsafe impl<A: Pod> Pod for Aligned<A> {}

macro_rules! zeroed_numbers { ($($t:ty)*) => { $(
    // SAFETY: zero bytes are the number zero.
    unsafe impl Zeroed for $t {}
)* } }
zeroed_numbers!(f32 f64 u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize bool);

macro_rules! plain_numbers { ($($t:ty)*) => { $(
    // SAFETY: any bytes are a number.
    unsafe impl Pod for $t {}
)* } }
plain_numbers!(f32 f64 u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

// SAFETY: an array holds nothing but its elements.
unsafe impl<A: Zeroed, const N: usize> Zeroed for [A; N] {}
// SAFETY: an array holds nothing but its elements.
unsafe impl<A: Pod, const N: usize> Pod for [A; N] {}
// SAFETY: `repr(transparent)`.
unsafe impl<A: Zeroed> Zeroed for Tensor<A> {}
// SAFETY: no bytes.
unsafe impl<A: 'static> Zeroed for core::marker::PhantomData<A> {}
// SAFETY: no bytes.
unsafe impl Zeroed for () {}
// SAFETY: no bytes.
unsafe impl Pod for () {}
// SAFETY: `None` is the null pointer, as the documentation of `Option` guarantees.
unsafe impl<A: 'static> Zeroed for Option<&'static A> {}

macro_rules! zeroed_tuples {
    ($A:ident $($L:ident)*) => {
        // SAFETY: a tuple holds its fields and padding.
        unsafe impl<$A: Zeroed, $($L: Zeroed),*> Zeroed for ($A, $($L,)*) {}
        // SAFETY: a tuple holds its fields and padding.
        unsafe impl<$A: Pod, $($L: Pod),*> Pod for ($A, $($L,)*) {}
        zeroed_tuples!($($L)*);
    };
    () => {};
}
zeroed_tuples!(A B C D E F G H I J K L M N O P);

/// Declares a struct of [`Zeroed`] fields to be [`Zeroed`]: `zeroed!([const N: usize] Scale<N> { gain });`.
///
/// Every field must be named, each must be `Zeroed`, and the struct must not need `Drop`: the compiler checks it all,
/// the last of a generic struct in a build. It can be used in a crate that forbids unsafe code.
#[macro_export]
macro_rules! zeroed {
    // Lints pass over what another crate's macro wrote, but no attribute may allow what a crate forbids: there is none
    // unless it is asked for.
    ($(#[$attribute:meta])* [$($generics:tt)*] $type:ident $(<$($arg:ident),*>)? { $($field:ident),* $(,)? }) => {
        $(#[$attribute])*
        // SAFETY: the function below compiles only if `$field`s are all the fields and each of them is `Zeroed`;
        // `PLAIN` is the rest of the contract.
        unsafe impl<$($generics)*> $crate::storage::Zeroed for $type $(<$($arg),*>)? {
            const PLAIN: () = $crate::storage::plain::<Self>(stringify!($type));
        }
        const _: () = {
            $crate::zeroed!(@plain [$($generics)*] $type);
            #[allow(dead_code, unused_variables)]
            fn every_field_is_zeroed<$($generics)*>(value: $type $(<$($arg),*>)?) {
                fn zeroed<Z: $crate::storage::Zeroed>(_: Z) {}
                let $type { $($field),* } = value;
                $(zeroed($field);)*
            }
        };
    };
    (@plain [] $type:ident) => {
        let () = <$type as $crate::storage::Zeroed>::PLAIN;
    };
    (@plain [$($generics:tt)+] $type:ident) => {};
}

/// [`zeroed!`](crate::zeroed!) in this crate, whose own macro lints look at.
macro_rules! zeroed_here {
    ($($declaration:tt)*) => {
        $crate::zeroed!(#[allow(unsafe_code)] $($declaration)*);
    };
}
pub(crate) use zeroed_here as zeroed;

/// Pod memory of scalars, seen as one flat slice: a buffer that a gradient passes through.
///
/// # Safety
/// The type consists of `T`s alone, one behind the other and without padding, and a `T` has a size. Any `T`s may be
/// written there.
pub unsafe trait Buffer<T>: Zeroed {
    /// All its scalars.
    #[inline(always)]
    fn flat(&mut self) -> &mut [T] {
        // SAFETY: the type consists of `T`s alone, all initialised, so it is `size / size` of them in a row.
        unsafe { core::slice::from_raw_parts_mut((&raw mut *self).cast(), size_of::<Self>() / size_of::<T>()) }
    }
}

// SAFETY: an `Array` is nested arrays of its scalar: it is sealed.
unsafe impl<A: Array, const N: usize> Buffer<A::T> for [A; N] {}

/// The larger of two buffers: a maximum of sizes that stable Rust can compute.
#[repr(C)]
pub union Max<A, B> {
    a: ManuallyDrop<A>,
    b: ManuallyDrop<B>,
}
// SAFETY: zero bytes are a valid `A` and a valid `B`.
unsafe impl<A: Zeroed, B: Zeroed> Zeroed for Max<A, B> {}
// SAFETY: any bytes are a valid `A` and a valid `B`.
unsafe impl<A: Pod, B: Pod> Pod for Max<A, B> {}
// SAFETY: both variants are scalars alone, and the union starts as zeros, which initialises the longer one too.
unsafe impl<T, A: Buffer<T>, B: Buffer<T>> Buffer<T> for Max<A, B> {}

/// What a pass keeps, and the memory of use `M`, in turn: each finds what the other left.
#[repr(C)]
pub union Shared<A, M> {
    kept: ManuallyDrop<A>,
    used: ManuallyDrop<M>,
}
// SAFETY: zero bytes are a valid `A` and a valid `M`.
unsafe impl<A: Zeroed, M: Zeroed> Zeroed for Shared<A, M> {}

impl<A: Pod, M: Pod> Shared<A, M> {
    /// What a pass keeps.
    #[inline(always)]
    pub fn kept(&mut self) -> &mut A {
        // SAFETY: any bytes are an `A`, and all are initialised: they start as zeros.
        unsafe { &mut self.kept }
    }

    /// The memory of use.
    #[inline(always)]
    pub fn used(&mut self) -> &mut M {
        // SAFETY: any bytes are an `M`, and all are initialised: they start as zeros.
        unsafe { &mut self.used }
    }

    /// What a pass keeps, to be read.
    #[inline(always)]
    pub fn kept_ref(&self) -> &A {
        // SAFETY: as in `kept`.
        unsafe { &self.kept }
    }
}

/// Two buffers, one behind the other.
#[repr(C)]
#[derive(Debug)]
pub struct Both<A, B>(pub A, pub B);
// SAFETY: an `A` and a `B`, and padding.
unsafe impl<A: Zeroed, B: Zeroed> Zeroed for Both<A, B> {}
// SAFETY: an `A` and a `B`, and padding.
unsafe impl<A: Pod, B: Pod> Pod for Both<A, B> {}
// SAFETY: both are scalars of one type alone, so there is no padding between them or behind.
unsafe impl<T, A: Buffer<T>, B: Buffer<T>> Buffer<T> for Both<A, B> {}

/// Memory for an `A` and a `B` in turn; at first it holds an `A` of zeros.
#[expect(missing_debug_implementations)]
pub struct Either<A, B> {
    memory: Max<A, B>,
    /// 1 if it holds a `B`.
    holds_b: u8,
}
// SAFETY: zero bytes are a valid `A`, which then is what it holds.
unsafe impl<A: Zeroed, B: Zeroed> Zeroed for Either<A, B> {}
// SAFETY: any bytes are a valid `A`, a valid `B` and a number.
unsafe impl<A: Pod, B: Pod> Pod for Either<A, B> {}

impl<A: Pod, B: Pod> Either<A, B> {
    /// The `A` that it holds; one of zeros if it held a `B`.
    #[inline(always)]
    pub fn first(&mut self) -> &mut A {
        self.turn(false);
        // SAFETY: any bytes are an `A`.
        unsafe { &mut *(&raw mut self.memory).cast() }
    }

    /// The `B` that it holds; one of zeros if it held an `A`.
    #[inline(always)]
    pub fn second(&mut self) -> &mut B {
        self.turn(true);
        // SAFETY: any bytes are a `B`.
        unsafe { &mut *(&raw mut self.memory).cast() }
    }

    /// The `B`, if it holds one.
    #[inline(always)]
    pub fn held_second(&self) -> Option<&B> {
        // SAFETY: any bytes are a `B`.
        if self.holds_b == 1 { Some(unsafe { &*(&raw const self.memory).cast() }) } else { None }
    }

    #[inline(always)]
    fn turn(&mut self, to_b: bool) {
        if self.holds_b != u8::from(to_b) {
            // SAFETY: zero bytes are a valid `A` and a valid `B`, which need no `Drop`.
            unsafe { (&raw mut self.memory).write_bytes(0, 1) };
            self.holds_b = u8::from(to_b);
        }
    }
}

impl<A> Tensor<A> {
    /// Views nested arrays as a tensor, without a copy.
    #[inline(always)]
    pub const fn from_ref(array: &A) -> &Self {
        // SAFETY: `repr(transparent)`.
        unsafe { &*(array as *const A).cast() }
    }

    /// Views nested arrays as a tensor that can be changed, without a copy.
    #[inline(always)]
    pub const fn from_mut(array: &mut A) -> &mut Self {
        // SAFETY: `repr(transparent)`.
        unsafe { &mut *(array as *mut A).cast() }
    }
}

/// Copies a value in place, whatever its size, without passing through the stack.
#[inline]
pub(crate) fn copy<Z: Zeroed>(from: &Z, to: &mut Z) {
    // SAFETY: both are valid, and apart because one is borrowed alone; a `Zeroed` is plain memory.
    unsafe { core::ptr::copy_nonoverlapping(from, to, 1) }
}

/// The first `B` of a slice as a batch, if there are so many.
#[inline(always)]
pub(crate) fn batch<A, const B: usize>(rows: &[A]) -> Option<&Tensor<[A; B]>> {
    rows.first_chunk().map(Tensor::from_ref)
}

/// A number of a type that is generic, as the type that it is: in const, where no function of a trait can be called.
pub(crate) enum Concrete {
    F32(f32),
    F64(f64),
}

/// The memory of a number.
union Number<T: Copy> {
    single: f32,
    double: f64,
    value: T,
}

/// A number as the type that it is.
#[inline(always)]
pub(crate) const fn concrete<T: Scalar>(value: T) -> Concrete {
    let number = Number { value };
    // SAFETY: a `Scalar` is `f32` or `f64`, and their sizes differ.
    unsafe { if size_of::<T>() == 4 { Concrete::F32(number.single) } else { Concrete::F64(number.double) } }
}

/// The nearest number, in const.
#[inline(always)]
pub(crate) const fn nearest<T: Scalar>(value: f64) -> T {
    let number = if size_of::<T>() == 4 { Number { single: value as f32 } } else { Number { double: value } };
    // SAFETY: a `Scalar` is `f32` or `f64`, and their sizes differ.
    unsafe { number.value }
}
