//! Kernels: the loops in which the time goes. The order of every sum is part of their definition.
//!
//! - `lanes`: what a vector can do; a single number is a vector of one lane, and the definition.
//! - `vector`: a vector type from the names of intrinsics; `x86`: AVX2 and AVX-512; `neon`: AArch64.
//! - `cortex_m`: loops for the FPU of a Cortex-M; `soft`: a multiply-add for processors without an FPU.
//! - `dispatch`: the choice between them, once a step.
//! - `function`: exp, ln, tanh and the logistic function.
//! - `epilogue`: what a product does to its sums while they are in registers.
//! - `tile`: some rows and vectors of a product, in registers; `product`: the three products of a dense layer; `share`: the same as tasks for several threads; `pipeline`: two of them in one.
//! - `convolution`: the three products of a convolution; `steps`: those of recurrent layers; `attention`: those of attention.
//! - `pool`: maximum and mean over windows.
//! - `sums`: sums in blocks, so that their error doesn't grow with the number of rows; the update of what is added to
//!   each sample.
//! - `rows`: sums down columns and along rows, for normalisation; the update of a row, for an embedding.
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
#[cfg_attr(debug_assertions, allow(dead_code, reason = "debug builds leave AVX-512 to the tests of kernels"))]
mod x86;

#[cfg(all(target_arch = "arm", target_abi = "eabihf", target_os = "none"))]
mod cortex_m;
#[cfg(not(all(target_arch = "arm", target_abi = "eabihf", target_os = "none")))]
#[path = "no_cortex_m.rs"]
mod cortex_m;

// Whether a RISC-V has an FPU isn't told on stable Rust; whether it has atomics is, and no core has the former without the latter.
#[cfg(any(
    test,
    all(target_arch = "arm", target_abi = "eabi", target_os = "none"),
    all(any(target_arch = "riscv32", target_arch = "riscv64"), not(target_feature = "a"))
))]
mod soft;

mod dispatch;

mod attention;
mod convolution;
mod copies;
mod epilogue;
mod function;
mod pool;
mod product;
mod rows;
mod share;
mod sums;
mod tile;

mod pipeline;

mod steps;

#[cfg(all(test, feature = "std"))]
mod battery;

pub use self::attention::{scores, slopes, turned, weighted};
pub use self::convolution::{Convolution, Window, correlate, learn_filters, spread};
pub use self::copies::{Copies, CopiesOf};
pub(crate) use self::cortex_m::{by_unit, relu, relu_gradient, scale};
pub use self::dispatch::{Formula, Kernels, Portable, Task, run};
pub use self::epilogue::{Applied, Each, Epilogue, Normal, Plain, Pointwise, Slopes, Values, finish, normalise};
pub use self::function::{
    Function, LnNormal, below_largest, each, exp_f32, exp_f64, exponentials, largest, ln_f32, ln_f64, ln_normal_f32,
    ln_normal_f64, scale_less, sigmoid_f32, sigmoid_f64, sum_below_largest, tanh_f32, tanh_f64,
};
pub use self::lanes::{Lanes, Pair};
pub use self::pipeline::learn_mul_rows;
pub use self::pool::{Average, Max, Pooling, Windows, pool, unpool};
pub use self::product::{
    COLUMNS, dots, dots_down, dots_then, learn_all, learn_bias, learn_rows, learn_some, mul_columns, mul_rows,
    mul_rows_then, mul_units,
};
pub use self::rows::{
    add_column_products, add_column_sums, center, column_moments, column_products, column_sums, learn_row, row_product,
    row_sum,
};
pub use self::share::{Dots, LearnRows, MulRows, Share, is_shared, share};
pub use self::steps::{Cell, Rows, RowsMut, add_dots, add_rows, cells, learn_gate, learn_gate_bias};
pub use self::sums::{BLOCK, learn_sums, two_sum};
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

/// Whether every number is finite.
#[inline]
pub fn all_finite<T: Scalar>(values: &[T]) -> bool {
    if let Some(finite) = cortex_m::all_finite(values) {
        return finite;
    }
    // Without a branch, so that it runs in vectors.
    values.iter().fold(true, |all, v| all & v.is_finite())
}

/// The square root, correctly rounded: an instruction where there is one.
#[cfg(not(feature = "std"))]
#[inline(always)]
pub(crate) fn sqrt_f32(x: f32) -> f32 {
    cortex_m::sqrt(x)
}

/// The square root, correctly rounded.
#[cfg(not(feature = "std"))]
#[inline(always)]
pub(crate) fn sqrt_f64(x: f64) -> f64 {
    libm::sqrt(x)
}

/// `a · b + sum`, rounded twice.
#[inline(always)]
pub(crate) fn mul_add_f32(a: f32, b: f32, sum: f32) -> f32 {
    #[cfg(any(
        all(target_arch = "arm", target_abi = "eabi", target_os = "none"),
        all(any(target_arch = "riscv32", target_arch = "riscv64"), not(target_feature = "a"))
    ))]
    return soft::mul_add(a, b, sum);
    #[cfg(not(any(
        all(target_arch = "arm", target_abi = "eabi", target_os = "none"),
        all(any(target_arch = "riscv32", target_arch = "riscv64"), not(target_feature = "a"))
    )))]
    return a * b + sum;
}

/// `a · b + sum`, rounded twice.
#[inline(always)]
pub(crate) fn mul_add_f64(a: f64, b: f64, sum: f64) -> f64 {
    a * b + sum
}
