//! What stands for `cortex_m` on other targets: nothing is done here.

use super::Portable;

/// What every target has; with a choice at run time it is one of several.
#[allow(dead_code)]
pub type CortexM = Portable;

#[inline(always)]
pub const fn by_unit(_inputs: usize) -> bool {
    false
}

#[inline(always)]
pub fn all_finite<T>(_: &[T]) -> Option<bool> {
    None
}

#[inline(always)]
pub fn relu<T>(_: &mut [T]) -> bool {
    false
}

#[inline(always)]
pub fn relu_gradient<T>(_: &mut [T], _: &[T]) -> bool {
    false
}

#[inline(always)]
pub fn scale<T, const N: usize>(_: &mut [T; N], _: &T) -> bool {
    false
}

#[cfg(not(feature = "std"))]
#[inline(always)]
pub fn sqrt(x: f32) -> f32 {
    libm::sqrtf(x)
}
