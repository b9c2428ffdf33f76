//! The multiply-adds of every slice of a step, counted.

use std::cell::Cell;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::kernel::{Kernels, Lanes, Pair};
use crate::layer::{Apart, Context, Dense, Frozen, No, ReLU, Sliceable};
use crate::optimizer::{Copies, CopiesOf, Rule};
use crate::parameter::Role;
use crate::sealed::Sealed;
use crate::storage::{Buffer, Zeroed};

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// A number whose multiply-adds are counted.
#[derive(Clone, Copy, Debug)]
struct Counted(f32);
// SAFETY: zero bytes are the number zero.
unsafe impl Zeroed for Counted {}

macro_rules! operators { ($($op:ident $f:ident),*) => { $(
    impl $op for Counted {
        type Output = Self;
        fn $f(self, other: Self) -> Self {
            Self(self.0.$f(other.0))
        }
    }
)* } }
operators!(Add add, Sub sub, Mul mul, Div div);
impl Neg for Counted {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Sealed for Counted {}

impl Lanes<f32> for Counted {
    const LANES: usize = 1;
    fn splat(value: f32) -> Self {
        Self(value)
    }
    fn mul_add(self, a: Self, b: Self) -> Self {
        COUNT.set(COUNT.get() + 1);
        self * a + b
    }
    fn sqrt(self) -> Self {
        Self(Lanes::sqrt(self.0))
    }
    fn at_least(self, other: Self) -> Self {
        Self(Lanes::at_least(self.0, other.0))
    }
    fn larger(self, other: Self) -> Self {
        Self(Lanes::larger(self.0, other.0))
    }
    fn at_most(self, other: Self) -> Self {
        Self(self.0.at_most(other.0))
    }
    fn sign(self) -> Self {
        Self(self.0.sign())
    }
    fn below(self, bound: Self, then: Self, or: Self) -> Self {
        Self(self.0.below(bound.0, then.0, or.0))
    }
    fn scale(self, shifted: Self) -> Self {
        Self(self.0.scale(shifted.0))
    }
    fn split(self) -> (Self, Self) {
        let (m, e) = self.0.split();
        (Self(m), Self(e))
    }
    fn total(self) -> f32 {
        self.0
    }
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { *from })
    }
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { *to = self.0 }
    }
    unsafe fn load_some(from: *const f32, count: usize) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { f32::load_some(from, count) })
    }
    unsafe fn store_some(self, to: *mut f32, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.0.store_some(to, count) }
    }
}

#[derive(Clone, Copy)]
struct Counting;

impl Sealed for Counting {}

impl Kernels for Counting {
    type F32 = Counted;
    type F64 = f64;
    type F32x16 = Pair<Pair<Pair<Pair<Counted>>>>;
    type F64x16 = Pair<Pair<Pair<Pair<f64>>>>;
    const REGISTERS: usize = 16;
    type Narrow = Self;
}

/// A rule without a multiply-add.
#[derive(Clone, Copy)]
struct Move;

impl Rule<f32> for Move {
    type Slots = CopiesOf<0>;
    fn update<V: Lanes<f32>>(&self, _: Role, weight: V, _: &mut <CopiesOf<0> as Copies>::Of<V>, gradient: V) -> V {
        weight - gradient
    }
}

/// The multiply-adds of what a function does.
fn count(run: impl FnOnce()) -> u64 {
    COUNT.set(0);
    run();
    COUNT.get()
}

/// All slices of a step have the multiply-adds of the step, and the longest has `longest`: no more than its constant says, which counts a dx
/// that isn't wanted in front, too.
fn slices<N: Sliceable<T = f32>, const B: usize>(longest: u64) {
    let (mut net, x) = (N::boxed(), <[N::In; B]>::boxed());
    let (mut saved, mut grad) = (N::Saved::<Apart, B>::boxed(), N::Wide::<B>::boxed());
    let (mut slots, context) = (N::Slots::<CopiesOf<0>>::boxed(), Context::new(0, 0));
    let mut counts = Vec::new();
    for slice in 0..N::SLICES.forward {
        counts.push(count(|| net.forward_slice::<Counting, Apart, B>(&*x, &mut saved, context, slice)));
    }
    assert_eq!(counts.iter().sum::<u64>(), B as u64 * N::COST.forward);
    for slice in 0..N::SLICES.backward(false) {
        let (grad, slots) = (grad.flat(), &mut *slots);
        counts.push(count(|| {
            net.backward_slice::<Counting, Apart, B, No, Move>(&*x, &mut saved, grad, slots, &Move, context, slice);
        }));
    }
    assert_eq!(counts.iter().sum::<u64>(), B as u64 * N::COST.step());
    assert_eq!(counts.iter().max(), Some(&longest), "{counts:?}");
    assert!(longest <= B as u64 * N::SLICES.multiply_adds);
}

/// Sizes that are multiples of 16: a vector that is filled up with zeros counts as a whole one.
#[test]
fn multiply_adds_of_slices() {
    slices::<Dense<64, 32>, 1>(16 * 64);
    slices::<(Dense<64, 32>, ReLU<32>, Dense<32, 16>), 1>(16 * 64);
    slices::<(Dense<64, 32>, ReLU<32>, Dense<32, 16>), 3>(3 * 16 * 64);
    slices::<(Dense<16, 112>, (ReLU<112>, Dense<112, 16>)), 2>(2 * 16 * 112);
    // By unit: the vectors run along the inputs, and the outputs need not be a multiple.
    slices::<(Dense<16, 48>, Dense<48, 48>), 1>(8 * 48 * 2);
    slices::<Dense<80, 10>, 2>(2 * 8 * 80);
    slices::<(Dense<16, 80>, Dense<80, 15>), 1>(64 * 15);
    slices::<(Dense<16, 80>, Dense<80, 9>), 5>(5 * 8 * 80);
    slices::<(Frozen<(Dense<16, 32>, ReLU<32>)>, Dense<32, 7>), 1>(16 * 16);
}
