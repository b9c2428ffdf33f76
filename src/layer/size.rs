//! Output sizes of windows that slide: the formulas, for users and for the checks of the layers.

use crate::budget::Text;
use crate::storage::Sample;
use crate::tensor::Array;

/// How many numbers apart the ends of a kernel of `kernel` numbers are, both included: `dilation · (kernel - 1) + 1`; 0 without a kernel.
#[inline(always)]
pub const fn span(kernel: usize, dilation: usize) -> usize {
    if kernel == 0 { 0 } else { dilation * (kernel - 1) + 1 }
}

/// Positions of a window within `size` numbers, without padding: `(size - span) / stride + 1`, rounded down; 0 without a kernel or a stride.
///
/// ```
/// # use stackprop::layer::size::valid;
/// assert_eq!(valid(28, 3, 1, 1), 26);
/// assert_eq!(valid(20, 5, 2, 1), 8);
/// ```
#[inline(always)]
pub const fn valid(size: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    if kernel == 0 || stride == 0 || span(kernel, dilation) > size {
        0
    } else {
        (size - span(kernel, dilation)) / stride + 1
    }
}

/// Positions of a window with as much padding as it takes: `size / stride`, rounded up; 0 without a stride.
#[inline(always)]
pub const fn same(size: usize, stride: usize) -> usize {
    if stride == 0 { 0 } else { size.div_ceil(stride) }
}

/// What comes out of a transposed convolution, the one that gives `size` back: `(size - 1) · stride + span`; 0 of nothing.
pub const fn transposed(size: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    if size == 0 { 0 } else { (size - 1) * stride + span(kernel, dilation) }
}

/// Numbers of each of `heads` heads, rounded down; 0 without heads, which the layer refuses in a sentence.
#[doc(hidden)]
pub const fn head(numbers: usize, heads: usize) -> usize {
    match numbers.checked_div(heads) {
        Some(numbers) => numbers,
        None => 0,
    }
}

/// How a window slides along one axis, as a type: [`Valid`], [`Same`] or [`Padded`].
pub trait Slide: Copy + Sync + 'static {
    /// How far apart two neighbouring positions are.
    const STRIDE: usize;
    /// How far apart two neighbouring numbers of the window are.
    const DILATION: usize;
    /// What is added at the ends.
    const PADDING: Padding;
}

/// What is added at the ends of an axis: zeros for a convolution, nothing that counts for a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// Nothing.
    None,
    /// As much as it takes for `size / stride` positions, rounded up; of an odd number the larger part at the end.
    Same,
    /// So many numbers at each end.
    Both(usize),
}

/// No padding: `(size - span) / stride + 1` positions, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valid<const STRIDE: usize = 1, const DILATION: usize = 1>;

/// As much padding as it takes for `size / stride` positions, rounded up; of an odd number the larger part at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Same<const STRIDE: usize = 1, const DILATION: usize = 1>;

/// `PADDING` numbers at each end, as PyTorch has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Padded<const PADDING: usize, const STRIDE: usize = 1, const DILATION: usize = 1>;

/// How a window slides over a plane: a [`Slide`] for both axes, or a pair of one down the rows and one along the columns.
pub trait Slide2d: Copy + Sync + 'static {
    /// Down the rows.
    type Rows: Slide;
    /// Along the columns.
    type Columns: Slide;
}

macro_rules! slides {
    ($([$($generics:tt)*] $type:ty, $padding:expr;)*) => { $(
        impl<$($generics)*> Slide for $type {
            const STRIDE: usize = STRIDE;
            const DILATION: usize = DILATION;
            const PADDING: Padding = $padding;
        }
        impl<$($generics)*> Slide2d for $type {
            type Rows = Self;
            type Columns = Self;
        }
    )* };
}
slides! {
    [const STRIDE: usize, const DILATION: usize] Valid<STRIDE, DILATION>, Padding::None;
    [const STRIDE: usize, const DILATION: usize] Same<STRIDE, DILATION>, Padding::Same;
    [const PADDING: usize, const STRIDE: usize, const DILATION: usize] Padded<PADDING, STRIDE, DILATION>, Padding::Both(PADDING);
}

impl<R: Slide, C: Slide> Slide2d for (R, C) {
    type Rows = R;
    type Columns = C;
}

/// One axis of a window: sizes, and how it slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Numbers that it slides over.
    pub size: usize,
    /// Numbers of the window.
    pub kernel: usize,
    /// [`Slide::STRIDE`].
    pub stride: usize,
    /// [`Slide::DILATION`].
    pub dilation: usize,
    /// What is added at the ends.
    pub padding: Padding,
}

impl Axis {
    /// A window of `kernel` numbers over `size`, sliding as `S` says. Where one of the sizes, the stride or the dilation is 0, it has no positions.
    ///
    /// ```
    /// # use stackprop::layer::size::{Axis, Same};
    /// assert_eq!(Axis::new::<Same<2>>(7, 4).positions(), 4);
    /// assert_eq!(Axis::new::<Same<2>>(7, 4).before(), 1);
    /// ```
    pub const fn new<S: Slide>(size: usize, kernel: usize) -> Self {
        Self { size, kernel, stride: S::STRIDE, dilation: S::DILATION, padding: S::PADDING }
    }

    /// Stride, dilation and padding, as numbers: what doesn't depend on the size.
    pub(crate) const fn slide(self) -> [usize; 3] {
        let padding = match self.padding {
            Padding::None => 0,
            Padding::Both(n) => n,
            Padding::Same => u32::MAX as usize,
        };
        [self.stride, self.dilation, padding]
    }

    /// How many positions the window has.
    #[inline(always)]
    pub const fn positions(self) -> usize {
        match self.padding {
            _ if self.size == 0 || self.kernel == 0 || self.stride == 0 || self.dilation == 0 => 0,
            Padding::None => valid(self.size, self.kernel, self.stride, self.dilation),
            Padding::Same => same(self.size, self.stride),
            Padding::Both(n) => valid(self.size + 2 * n, self.kernel, self.stride, self.dilation),
        }
    }

    /// How many numbers are added before the first.
    #[inline(always)]
    pub const fn before(self) -> usize {
        match self.padding {
            Padding::None => 0,
            Padding::Both(n) => n,
            Padding::Same => {
                let covered = self.positions().saturating_sub(1) * self.stride + span(self.kernel, self.dilation);
                covered.saturating_sub(self.size) / 2
            }
        }
    }

    /// The taps of a position that fall on numbers, not on padding: from the first, to before the second.
    #[inline(always)]
    pub(crate) const fn taps(self, position: usize) -> (usize, usize) {
        self.inside(position * self.stride, self.dilation, self.kernel)
    }

    /// The positions at which a tap falls on a number.
    #[inline(always)]
    pub(crate) const fn positions_of(self, tap: usize) -> (usize, usize) {
        self.inside(tap * self.dilation, self.stride, self.positions())
    }

    /// The positions at which all taps fall on numbers.
    #[inline(always)]
    pub(crate) const fn inner(self) -> (usize, usize) {
        let (start, end) = (self.positions_of(0).0, self.positions_of(self.kernel.saturating_sub(1)).1);
        (if start < end { start } else { end }, end)
    }

    /// Those of `count` numbers, `step` apart, from `first` on, that are none of the padding.
    #[inline(always)]
    const fn inside(self, first: usize, step: usize, count: usize) -> (usize, usize) {
        let step = if step == 0 { 1 } else { step };
        let start = self.before().saturating_sub(first).div_ceil(step);
        let end =
            if self.size + self.before() > first { (self.size + self.before() - first - 1) / step + 1 } else { 0 };
        let end = if end < count { end } else { count };
        (if start < end { start } else { end }, end)
    }

    /// Whether a tap can fall on padding.
    #[inline(always)]
    pub(crate) const fn is_padded(self) -> bool {
        let (start, end) = self.inner();
        start > 0 || end < self.positions()
    }

    /// Whether no two positions see the same number.
    pub(crate) const fn is_apart(self) -> bool {
        self.stride >= span(self.kernel, self.dilation)
    }

    /// Whether each number is seen at one position, and at no other.
    pub(crate) const fn is_tiled(self) -> bool {
        let (mut seen, mut position) = (0, 0);
        while position < self.positions() {
            seen += self.inputs(position);
            position += 1;
        }
        self.is_apart() && seen == self.size
    }

    /// Whether each position sees one number, its own.
    #[inline(always)]
    pub(crate) const fn is_pointwise(self) -> bool {
        self.kernel == 1 && self.stride == 1 && self.before() == 0 && self.positions() == self.size
    }

    /// How many numbers stand under the window at a position.
    #[inline(always)]
    pub(crate) const fn inputs(self, position: usize) -> usize {
        let (start, end) = self.taps(position);
        end - start
    }

    /// Whether a number stands under the window at every position.
    pub(crate) const fn is_covered(self) -> bool {
        let mut position = 0;
        while position < self.positions() {
            if self.inputs(position) == 0 {
                return false;
            }
            position += 1;
        }
        true
    }

    /// The formula of [`positions`](Self::positions), for messages; `size` and `kernel` are the names of the parameters.
    const fn formula(self, text: Text, size: &str, kernel: &str) -> Text {
        match self.padding {
            Padding::Same => self.over_stride(text.text(size)).text(" rounded up"),
            _ => {
                let text = text.text("(").text(size);
                let text = match self.padding {
                    Padding::Both(n) => text.text(" + 2 * ").number(n),
                    _ => text,
                };
                let text = match self.dilation {
                    1 => text.text(" - ").text(kernel),
                    d => text.text(" - ").number(d).text(" * (").text(kernel).text(" - 1) - 1"),
                };
                self.over_stride(text.text(")")).text(" + 1")
            }
        }
    }

    const fn over_stride(self, text: Text) -> Text {
        text.text(" / ").number(self.stride)
    }

    /// Fails, in const, where the number of positions that the user wrote isn't the one that follows: "`layer`: `name` must be (LEN - K) / 1 + 1 =
    /// 18, not 17". `layer` is the type as the user wrote it; the names are those of its parameters.
    #[track_caller]
    pub(crate) const fn check(self, layer: Text, [name, size, kernel]: [&str; 3], given: usize) {
        let right = self.positions();
        if right != given || right == 0 {
            let text = self.formula(layer.text(": ").text(name).text(" must be "), size, kernel).text(" = ");
            if right == 0 {
                text.text("at least 1, but the window is longer than what it slides over").panic();
            }
            text.number(right).text(", not ").number(given).panic();
        }
    }

    /// The same for a transposed convolution to these `size` numbers, which must have `from` positions: "`layer`: `name` must be (LEN - 1) * 2 + K =
    /// 15, or up to 1 more, not 14".
    #[track_caller]
    pub(crate) const fn check_transposed(self, layer: Text, [name, size, kernel]: [&str; 3], from: usize) {
        if self.size == 0 || self.positions() != from {
            let text = layer.text(": ").text(name).text(" must be ");
            let (text, right, else_) = match self.padding {
                Padding::Same => (text.text(size).text(" * ").number(self.stride), from * self.stride, " less"),
                _ => {
                    let text = text.text("(").text(size).text(" - 1) * ").number(self.stride).text(" + ");
                    let text = match self.dilation {
                        1 => text.text(kernel),
                        d => text.number(d).text(" * (").text(kernel).text(" - 1) + 1"),
                    };
                    let right = transposed(from, self.kernel, self.stride, self.dilation);
                    match self.padding {
                        Padding::Both(n) => (text.text(" - 2 * ").number(n), right.saturating_sub(2 * n), " more"),
                        _ => (text, right, " more"),
                    }
                }
            };
            let text = text.text(" = ").number(right);
            let text = match self.stride {
                1 => text,
                stride => text.text(", or up to ").number(stride - 1).text(else_),
            };
            text.text(", not ").number(self.size).panic();
        }
    }
}

/// Fails, in const, where one of a layer's sizes is 0: "Gru<0, 3, 4>: STEPS must be at least 1".
#[doc(hidden)]
#[track_caller]
pub const fn positive(layer: &str, names: &[&str], sizes: &[usize]) {
    positive_of(Text::type_name(layer, sizes), names, sizes);
}

/// [`positive`], where not all sizes are in the name of the layer, or others are.
#[track_caller]
pub(crate) const fn positive_of(layer: Text, names: &[&str], sizes: &[usize]) {
    let mut i = 0;
    while i < sizes.len() {
        if sizes[i] == 0 {
            layer.text(": ").text(names[i]).text(" must be at least 1").panic();
        }
        i += 1;
    }
}

/// The same for how a window slides.
#[track_caller]
pub(crate) const fn positive_slide<S: Slide>(layer: Text) {
    positive_of(layer, &["STRIDE", "DILATION"], &[S::STRIDE, S::DILATION]);
}

/// The same for a layer of `n` arrays `A`: "ReLU<0>: N must be at least 1", "ReLU<3, A>: A must hold at least 1 number".
#[doc(hidden)]
#[track_caller]
pub const fn positive_each<A: Array>(layer: &str, n: usize) {
    let text = Text::new(layer).text("<").number(n).text(if A::SHAPE.rank() == 0 { ">" } else { ", A>" });
    positive_of(text, &["N"], &[n]);
    holds::<A>(text, "A");
}

/// Fails, in const, where arrays hold no number: "`layer`: `name` must hold at least 1 number".
#[track_caller]
pub(crate) const fn holds<A: Sample>(layer: Text, name: &str) {
    if size_of::<A>() == 0 {
        layer.text(": ").text(name).text(" must hold at least 1 number").panic();
    }
}

/// Fails, in const, where a size that the user wrote isn't the one that follows: "`layer`: `name` must be `formula` = `right`, not `given`".
#[track_caller]
pub(crate) const fn check(layer: Text, name: &str, formula: &str, right: usize, given: usize) {
    if right != given {
        layer
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

/// Fails, in const, where `per` channels of a group don't divide the `sizes` of that name: the first into groups, the second into as many.
#[track_caller]
pub(crate) const fn check_groups(layer: Text, names: [&str; 2], sizes: [usize; 2], per: usize) {
    if per == 0 || sizes[0] == 0 || !sizes[0].is_multiple_of(per) {
        layer
            .text(": PER must divide ")
            .text(names[0])
            .text(" = ")
            .number(sizes[0])
            .text(", not be ")
            .number(per)
            .panic();
    }
    let groups = sizes[0] / per;
    if sizes[1] == 0 || !sizes[1].is_multiple_of(groups) {
        let text = layer.text(": ").text(names[1]).text(" must be a multiple of the groups, ").text(names[0]);
        text.text(" / PER = ").number(groups).text(", not ").number(sizes[1]).panic();
    }
}
