//! Convolution: y[p][o] = b[o] + Σₖ Σ꜀ x[p · S + k · D - before][c] · w[o][c][k]; x `[.., IN]`, y `[.., OUT]`, w `[OUT, PER, K..]`.
//!
//! Backward: dx[q][c] = Σₖ Σₒ dy[(q + before - k · D) / S][o] · w[o][c][k], where that is a position; dw[o][c][k] = Σₚ dy[p][o] ·
//! x[p · S + k · D - before][c] and db = Σₚ dy[p], summed over the batch.

use core::fmt::{Result, Write};
use core::marker::PhantomData;

use super::convolution::{self, arrange, convolution, numbers};
use super::plan::{Beside, Given, Taken};
use super::size::{Axis, Slide, Slide2d, Valid, check_groups, positive_of, positive_slide};
use super::{Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Sliceable, Structure, Yes};
use crate::budget::Text;
use crate::kernel::{self, Applied, Convolution, Each, Epilogue, Kernels, Plain, Pointwise, Values, Window};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Info, Order, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::storage::{Aligned, Zeroed};
use crate::tensor::{Array, Shape, take, take_mut};

/// Convolution along a sequence: from `LEN` steps of `IN` channels to `OLEN` steps of `OUT`, with windows of `K` steps (LeCun and others 1989).
///
/// `y[p][o] = b[o] + Σₖ Σ꜀ x[p · stride + k · dilation - before][c] · w[o][c][k]`, a cross-correlation, as everywhere in this field; what lies before
/// the first step or behind the last is 0. `S` says how windows slide: [`Valid`], [`Same`](super::size::Same) or
/// [`Padded`](super::size::Padded), and `OLEN` follows from it; another number doesn't compile. `PER` is how many inputs an output sees: all
/// `IN`, or those of its group, `IN / groups`.
///
/// ```
/// use stackprop::prelude::*;
///
/// // 20 steps of 6 channels; windows of 3 steps; then every second step, then two groups.
/// type Net = (Conv1d<20, 6, 18, 16, 3>, ReLU<18, [f32; 16]>, Conv1d<18, 16, 9, 8, 5, Same<2>>, Conv1d<9, 8, 7, 8, 3, Valid, f32, 4>);
/// let net = Net::boxed();
/// let y = Workspace::<Net>::ZERO.infer(&*net, &Tensor([[0.5; 6]; 20])).clone();
/// assert_eq!(y, Tensor([[0.0; 8]; 7]));
/// ```
///
/// A sum runs over the window's steps in order, at each over the channels; the bias comes last. [`COST`](Infer::COST) counts what
/// falls on padding, too.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv1d<
    const LEN: usize,
    const IN: usize,
    const OLEN: usize,
    const OUT: usize,
    const K: usize,
    S = Valid,
    T = f32,
    const PER: usize = IN,
> {
    /// By tap, then by input.
    weight: Aligned<[[[T; OUT]; PER]; K]>,
    bias: [T; OUT],
    slide: PhantomData<S>,
}
crate::storage::zeroed!([const LEN: usize, const IN: usize, const OLEN: usize, const OUT: usize, const K: usize, S: Slide, T: Scalar, const PER: usize]
    Conv1d<LEN, IN, OLEN, OUT, K, S, T, PER> { weight, bias, slide });

/// A convolution along a sequence of each channel alone (Sifre 2014).
pub type DepthwiseConv1d<const LEN: usize, const C: usize, const OLEN: usize, const K: usize, S = Valid, T = f32> =
    Conv1d<LEN, C, OLEN, C, K, S, T, 1>;

impl<
    const LEN: usize,
    const IN: usize,
    const OLEN: usize,
    const OUT: usize,
    const K: usize,
    S: Slide,
    T: Scalar,
    const PER: usize,
> Conv1d<LEN, IN, OLEN, OUT, K, S, T, PER>
{
    const NAME: Text = Text::type_name("Conv1d", &[LEN, IN, OLEN, OUT, K]);
    const ORDER: Order = Order::Reversed([OUT, PER, K]);
    const SHAPE: Shape = <[[[T; K]; PER]; OUT]>::SHAPE;
    const FAN: (usize, usize) = {
        let () = Self::CHECKED;
        (PER * K, OUT * PER / IN * K)
    };
    /// The sizes follow from each other, or it doesn't compile.
    const CHECKED: () = {
        positive_of(Self::NAME, &["LEN", "IN", "OUT", "K"], &[LEN, IN, OUT, K]);
        positive_slide::<S>(Self::NAME);
        check_groups(Self::NAME, ["IN", "OUT"], [IN, OUT], PER);
        let Window { columns, .. } = Self::WINDOW;
        columns.check(Self::NAME, ["OLEN", "LEN", "K"], OLEN);
    };

    /// A layer with given weights, `weight[output][input][k]`, and biases, in const. Of a group's outputs, inputs are counted from its first.
    pub const fn new(weight: [[[T; K]; PER]; OUT], bias: [T; OUT]) -> Self {
        let mut layer = Self { weight: Aligned(Zeroed::ZERO), bias, slide: PhantomData };
        let to = layer.weight.0.as_flattened_mut().as_flattened_mut();
        arrange(Self::ORDER, weight.as_flattened().as_flattened(), to);
        layer
    }

    /// The weight of a window's step from an input of the group to an output, if they exist.
    pub fn weight(&self, output: usize, input: usize, k: usize) -> Option<T> {
        self.weight.0.get(k)?.get(input)?.get(output).copied()
    }

    /// Copies weights and biases into the layer.
    pub fn set(&mut self, weight: &[[[T; K]; PER]; OUT], bias: &[T; OUT]) {
        for k in 0..K {
            for input in 0..PER {
                for output in 0..OUT {
                    self.weight.0[k][input][output] = weight[output][input][k];
                }
            }
        }
        self.bias = *bias;
    }
}

impl<
    const LEN: usize,
    const IN: usize,
    const OLEN: usize,
    const OUT: usize,
    const K: usize,
    S: Slide,
    T: Scalar,
    const PER: usize,
> Convolution for Conv1d<LEN, IN, OLEN, OUT, K, S, T, PER>
{
    const WINDOW: Window = {
        let columns = Axis::new::<S>(LEN, K);
        Window { rows: Axis::new::<Valid>(1, 1), columns, wide: IN, narrow: OUT, per: PER }
    };
}

convolution!([const LEN: usize, const IN: usize, const OLEN: usize, const OUT: usize, const K: usize, S: Slide, T: Scalar, const PER: usize]
    Conv1d<LEN, IN, OLEN, OUT, K, S, T, PER>, [[T; IN]; LEN] => [[T; OUT]; OLEN], [[[T; OUT]; PER]; K], "Conv1d", transposed: false);

/// Convolution of an image: from `H` rows and `W` columns of `IN` channels to `OH` and `OW` of `OUT`, with windows of `KH` rows and `KW` columns
/// (LeCun and others 1989).
///
/// As [`Conv1d`], which see, in two dimensions. `S` is how windows slide both ways, [`Same<2>`](super::size::Same), or a pair of one down the rows and one
/// along the columns.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Net = (
///     Conv2d<28, 28, 1, 26, 26, 8, 3, 3>,
///     ReLU<26, [[f32; 8]; 26]>,
///     Conv2d<26, 26, 8, 13, 13, 16, 3, 3, Same<2>>,
///     DepthwiseConv2d<13, 13, 16, 7, 11, 3, 3, (Padded<1, 2>, Valid)>,
/// );
/// assert_eq!(Net::COST.parameters, 8 * (9 + 1) + 16 * (8 * 9 + 1) + 16 * (9 + 1));
/// ```
///
/// A sum runs over the window row by row, at each place over the channels; the bias comes last.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv2d<
    const H: usize,
    const W: usize,
    const IN: usize,
    const OH: usize,
    const OW: usize,
    const OUT: usize,
    const KH: usize,
    const KW: usize,
    S = Valid,
    T = f32,
    const PER: usize = IN,
> {
    /// By tap, then by input.
    weight: Aligned<[[[[T; OUT]; PER]; KW]; KH]>,
    bias: [T; OUT],
    slide: PhantomData<S>,
}
crate::storage::zeroed!([const H: usize, const W: usize, const IN: usize, const OH: usize, const OW: usize, const OUT: usize, const KH: usize, const KW: usize, S: Slide2d, T: Scalar, const PER: usize]
    Conv2d<H, W, IN, OH, OW, OUT, KH, KW, S, T, PER> { weight, bias, slide });

/// A convolution of an image, of each channel alone (Sifre 2014).
pub type DepthwiseConv2d<
    const H: usize,
    const W: usize,
    const C: usize,
    const OH: usize,
    const OW: usize,
    const KH: usize,
    const KW: usize,
    S = Valid,
    T = f32,
> = Conv2d<H, W, C, OH, OW, C, KH, KW, S, T, 1>;

impl<
    const H: usize,
    const W: usize,
    const IN: usize,
    const OH: usize,
    const OW: usize,
    const OUT: usize,
    const KH: usize,
    const KW: usize,
    S: Slide2d,
    T: Scalar,
    const PER: usize,
> Conv2d<H, W, IN, OH, OW, OUT, KH, KW, S, T, PER>
{
    const NAME: Text = Text::type_name("Conv2d", &[H, W, IN, OH, OW, OUT, KH, KW]);
    const ORDER: Order = Order::Reversed([OUT, PER, KH * KW]);
    const SHAPE: Shape = <[[[[T; KW]; KH]; PER]; OUT]>::SHAPE;
    const FAN: (usize, usize) = {
        let () = Self::CHECKED;
        (PER * KH * KW, OUT * PER / IN * KH * KW)
    };
    /// The sizes follow from each other, or it doesn't compile.
    const CHECKED: () = {
        positive_of(Self::NAME, &["H", "W", "IN", "OUT", "KH", "KW"], &[H, W, IN, OUT, KH, KW]);
        positive_slide::<S::Rows>(Self::NAME);
        positive_slide::<S::Columns>(Self::NAME);
        check_groups(Self::NAME, ["IN", "OUT"], [IN, OUT], PER);
        let Window { rows, columns, .. } = Self::WINDOW;
        rows.check(Self::NAME, ["OH", "H", "KH"], OH);
        columns.check(Self::NAME, ["OW", "W", "KW"], OW);
    };

    /// A layer with given weights, `weight[output][input][row][column]`, and biases, in const. Of a group's outputs, inputs are counted from its
    /// first.
    pub const fn new(weight: [[[[T; KW]; KH]; PER]; OUT], bias: [T; OUT]) -> Self {
        let mut layer = Self { weight: Aligned(Zeroed::ZERO), bias, slide: PhantomData };
        let to = layer.weight.0.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        arrange(Self::ORDER, weight.as_flattened().as_flattened().as_flattened(), to);
        layer
    }

    /// The weight of a place of the window from an input of the group to an output, if they exist.
    pub fn weight(&self, output: usize, input: usize, [row, column]: [usize; 2]) -> Option<T> {
        self.weight.0.get(row)?.get(column)?.get(input)?.get(output).copied()
    }

    /// Copies weights and biases into the layer.
    pub fn set(&mut self, weight: &[[[[T; KW]; KH]; PER]; OUT], bias: &[T; OUT]) {
        for row in 0..KH {
            for column in 0..KW {
                for input in 0..PER {
                    for output in 0..OUT {
                        self.weight.0[row][column][input][output] = weight[output][input][row][column];
                    }
                }
            }
        }
        self.bias = *bias;
    }
}

impl<
    const H: usize,
    const W: usize,
    const IN: usize,
    const OH: usize,
    const OW: usize,
    const OUT: usize,
    const KH: usize,
    const KW: usize,
    S: Slide2d,
    T: Scalar,
    const PER: usize,
> Convolution for Conv2d<H, W, IN, OH, OW, OUT, KH, KW, S, T, PER>
{
    const WINDOW: Window = {
        let (rows, columns) = (Axis::new::<S::Rows>(H, KH), Axis::new::<S::Columns>(W, KW));
        Window { rows, columns, wide: IN, narrow: OUT, per: PER }
    };
}

convolution!([const H: usize, const W: usize, const IN: usize, const OH: usize, const OW: usize, const OUT: usize, const KH: usize, const KW: usize, S: Slide2d, T: Scalar, const PER: usize]
    Conv2d<H, W, IN, OH, OW, OUT, KH, KW, S, T, PER>, [[[T; IN]; W]; H] => [[[T; OUT]; OW]; OH], [[[[T; OUT]; PER]; KW]; KH], "Conv2d", transposed: false);
