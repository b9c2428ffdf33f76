//! Kernels: the loops in which the time goes. The order of every sum is part of their definition.
//!
//! - `lanes`: what a vector can do; a single number is a vector of one lane, and the definition.
//! - `vector`: a vector type from the names of intrinsics; `x86`: AVX2 and AVX-512; `neon`: AArch64.
//! - `dispatch`: the choice between them, once a step.
//! - `function`: exp, ln, tanh and the logistic function.
//! - `product`: the three products of a dense layer; `share`: the same as tasks for several threads.
//! - `battery`: tests of every kernel with every instruction set.
#![allow(unsafe_code)]

mod lanes;
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
mod neon;
#[cfg(any(
    all(target_arch = "x86_64", any(feature = "std", target_feature = "avx2")),
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
))]
mod vector;
#[cfg(all(target_arch = "x86_64", any(feature = "std", target_feature = "avx2")))]
mod x86;

mod dispatch;

mod copies;
mod function;
mod product;
mod share;

#[cfg(all(test, feature = "std"))]
mod battery;

pub use self::copies::{Copies, CopiesOf};
pub use self::dispatch::{Kernels, Portable, Task, run};
pub use self::function::{
    Function, Ln, each, exp_f32, exp_f64, exponentials, largest, ln_f32, ln_f64, sigmoid_f32, sigmoid_f64, tanh_f32,
    tanh_f64,
};
pub use self::lanes::{Lanes, Pair};
pub use self::product::{dots, learn_all, learn_bias, learn_rows, mul_rows};
pub use self::share::{Dots, LearnRows, MulRows, Share, share};
use crate::scalar::Scalar;
use crate::tensor::Array;

/// `Σⱼ a[j] · b[j]`, in sixteen interleaved sums that are added as a tree.
#[inline]
pub fn dot<T: Scalar, const N: usize>(a: &[T; N], b: &[T; N]) -> T {
    let mut sum = [[T::ZERO]];
    dots::<Portable, T, 1, N>(core::array::from_ref(a), core::array::from_ref(b), 0..1, None, &mut sum);
    sum[0][0]
}

/// Copies one array of rows into another of the same type.
#[inline(always)]
pub fn copy<A: Array>(from: &[A], to: &mut [A]) {
    for (to, from) in A::flatten_mut(to).iter_mut().zip(A::flatten(from)) {
        *to = *from;
    }
}
