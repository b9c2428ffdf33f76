//! Output sizes of windows that slide: the formulas, for users and for the checks of the layers.

use crate::budget::Text;

/// How many numbers apart the ends of a kernel of `kernel` numbers are, both included: `dilation · (kernel - 1) + 1`.
pub const fn span(kernel: usize, dilation: usize) -> usize {
    dilation * (kernel - 1) + 1
}

/// Positions of a window within `size` numbers, without padding: `(size - span) / stride + 1`, rounded down.
///
/// ```
/// # use stackprop::layer::size::valid;
/// assert_eq!(valid(28, 3, 1, 1), 26);
/// assert_eq!(valid(20, 5, 2, 1), 8);
/// ```
pub const fn valid(size: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    if span(kernel, dilation) > size { 0 } else { (size - span(kernel, dilation)) / stride + 1 }
}

/// Positions of a window with as much padding as it takes: `size / stride`, rounded up.
pub const fn same(size: usize, stride: usize) -> usize {
    size.div_ceil(stride)
}

/// What comes out of a transposed convolution, the one that gives `size` back: `(size - 1) · stride + span`.
pub const fn transposed(size: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    (size - 1) * stride + span(kernel, dilation)
}

/// Fails, in const, where a size that the user wrote isn't the one that follows: "`layer`: `name` must be `formula` = `right`, not `given`".
#[track_caller]
#[allow(dead_code)]
pub(crate) const fn check(layer: &str, name: &str, formula: &str, right: usize, given: usize) {
    if right != given {
        Text::new(layer)
            .text(": ")
            .text(name)
            .text(" must be ")
            .text(formula)
            .text(" = ")
            .number(right)
            .text(", not ")
            .number(given)
            .panic();
    }
}
