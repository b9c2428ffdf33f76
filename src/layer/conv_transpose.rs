//! Transposed convolution: y[q][o] = b[o] + Σₖ Σ꜀ x[(q + before - k · D) / S][c] · w[c][o][k], where that is a position; x `[.., IN]`, y
//! `[.., OUT]`, w `[IN, PER, K..]`.
//!
//! It is the backward pass of the convolution from `OUT` to `IN` channels with the same weights, and its dx is that one's forward pass:
//! dx[p][c] = Σₖ Σₒ dy[p · S + k · D - before][o] · w[c][o][k]; dw[c][o][k] = Σₚ x[p][c] · dy[p · S + k · D - before][o] and db = Σ_q dy[q].

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

/// Transposed convolution along a sequence: from `LEN` steps of `IN` channels to `OLEN` steps of `OUT`, with windows of `K` steps (Zeiler and others
/// 2010).
///
/// Each step of the input adds its window, of which `w[c][o][k]` are the numbers, to the output; windows stand `stride` steps apart, and what
/// falls on the padding is cut off. `S` is how the windows of the convolution slide that gives `LEN` steps of `OLEN` back; so `OLEN` is (LEN - 1) ·
/// stride + span - 2 · padding, or up to stride - 1 more (PyTorch's output padding); [`Same`](super::size::Same): LEN · stride, or up to
/// stride - 1 less. `PER` is how many outputs an input reaches: all `OUT`, or those of its group, `OUT / groups`.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Net = (ConvTranspose1d<7, 4, 15, 2, 3, Valid<2>>, Tanh<15, [f32; 2]>, ConvTranspose1d<15, 2, 30, 1, 4, Same<2>>);
/// assert_eq!(Net::COST.parameters, 4 * 2 * 3 + 2 + 2 * 4 + 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConvTranspose1d<
    const LEN: usize,
    const IN: usize,
    const OLEN: usize,
    const OUT: usize,
    const K: usize,
    S = Valid,
    T = f32,
    const PER: usize = OUT,
> {
    /// By tap, then by output.
    weight: Aligned<[[[T; IN]; PER]; K]>,
    bias: [T; OUT],
    slide: PhantomData<S>,
}
crate::storage::zeroed!([const LEN: usize, const IN: usize, const OLEN: usize, const OUT: usize, const K: usize, S: Slide, T: Scalar, const PER: usize]
    ConvTranspose1d<LEN, IN, OLEN, OUT, K, S, T, PER> { weight, bias, slide });

impl<
    const LEN: usize,
    const IN: usize,
    const OLEN: usize,
    const OUT: usize,
    const K: usize,
    S: Slide,
    T: Scalar,
    const PER: usize,
> ConvTranspose1d<LEN, IN, OLEN, OUT, K, S, T, PER>
{
    const NAME: Text = Text::type_name("ConvTranspose1d", &[LEN, IN, OLEN, OUT, K]);
    const ORDER: Order = Order::Reversed([IN, PER, K]);
    const SHAPE: Shape = <[[[T; K]; PER]; IN]>::SHAPE;
    const FAN: (usize, usize) = {
        let () = Self::CHECKED;
        (IN * PER / OUT * K, PER * K)
    };
    /// The sizes follow from each other, or it doesn't compile.
    const CHECKED: () = {
        positive_of(Self::NAME, &["LEN", "IN", "OUT", "K"], &[LEN, IN, OUT, K]);
        positive_slide::<S>(Self::NAME);
        check_groups(Self::NAME, ["OUT", "IN"], [OUT, IN], PER);
        let Window { columns, .. } = Self::WINDOW;
        columns.check_transposed(Self::NAME, ["OLEN", "LEN", "K"], LEN);
    };

    /// A layer with given weights, `weight[input][output][k]`, and biases, in const. Of a group's inputs, outputs are counted from its first.
    pub const fn new(weight: [[[T; K]; PER]; IN], bias: [T; OUT]) -> Self {
        let mut layer = Self { weight: Aligned(Zeroed::ZERO), bias, slide: PhantomData };
        let to = layer.weight.0.as_flattened_mut().as_flattened_mut();
        arrange(Self::ORDER, weight.as_flattened().as_flattened(), to);
        layer
    }

    /// The weight of a window's step from an input to an output of the group, if they exist.
    pub fn weight(&self, input: usize, output: usize, k: usize) -> Option<T> {
        self.weight.0.get(k)?.get(output)?.get(input).copied()
    }

    /// Copies weights and biases into the layer.
    pub fn set(&mut self, weight: &[[[T; K]; PER]; IN], bias: &[T; OUT]) {
        for k in 0..K {
            for output in 0..PER {
                for input in 0..IN {
                    self.weight.0[k][output][input] = weight[input][output][k];
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
> Convolution for ConvTranspose1d<LEN, IN, OLEN, OUT, K, S, T, PER>
{
    const WINDOW: Window = {
        let columns = Axis::new::<S>(OLEN, K);
        Window { rows: Axis::new::<Valid>(1, 1), columns, wide: OUT, narrow: IN, per: PER }
    };
}

convolution!([const LEN: usize, const IN: usize, const OLEN: usize, const OUT: usize, const K: usize, S: Slide, T: Scalar, const PER: usize]
    ConvTranspose1d<LEN, IN, OLEN, OUT, K, S, T, PER>, [[T; IN]; LEN] => [[T; OUT]; OLEN], [[[T; IN]; PER]; K], "ConvTranspose1d", transposed: true);

/// Transposed convolution of an image: from `H` rows and `W` columns of `IN` channels to `OH` and `OW` of `OUT`, with windows of `KH` rows and
/// `KW` columns (Zeiler and others 2010).
///
/// As [`ConvTranspose1d`], which see, in two dimensions. `S` is one slide for both, or a pair of one down the rows and one along the columns.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Net = (ConvTranspose2d<7, 7, 16, 14, 14, 8, 4, 4, Padded<1, 2>>, ReLU<14, [[f32; 8]; 14]>, ConvTranspose2d<14, 14, 8, 28, 28, 1, 2, 2, Valid<2>>);
/// assert_eq!(Net::COST.parameters, 16 * 8 * 16 + 8 + 8 * 4 + 1);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConvTranspose2d<
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
    const PER: usize = OUT,
> {
    /// By tap, then by output.
    weight: Aligned<[[[[T; IN]; PER]; KW]; KH]>,
    bias: [T; OUT],
    slide: PhantomData<S>,
}
crate::storage::zeroed!([const H: usize, const W: usize, const IN: usize, const OH: usize, const OW: usize, const OUT: usize, const KH: usize, const KW: usize, S: Slide2d, T: Scalar, const PER: usize]
    ConvTranspose2d<H, W, IN, OH, OW, OUT, KH, KW, S, T, PER> { weight, bias, slide });

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
> ConvTranspose2d<H, W, IN, OH, OW, OUT, KH, KW, S, T, PER>
{
    const NAME: Text = Text::type_name("ConvTranspose2d", &[H, W, IN, OH, OW, OUT, KH, KW]);
    const ORDER: Order = Order::Reversed([IN, PER, KH * KW]);
    const SHAPE: Shape = <[[[[T; KW]; KH]; PER]; IN]>::SHAPE;
    const FAN: (usize, usize) = {
        let () = Self::CHECKED;
        (IN * PER / OUT * KH * KW, PER * KH * KW)
    };
    /// The sizes follow from each other, or it doesn't compile.
    const CHECKED: () = {
        positive_of(Self::NAME, &["H", "W", "IN", "OUT", "KH", "KW"], &[H, W, IN, OUT, KH, KW]);
        positive_slide::<S::Rows>(Self::NAME);
        positive_slide::<S::Columns>(Self::NAME);
        check_groups(Self::NAME, ["OUT", "IN"], [OUT, IN], PER);
        let Window { rows, columns, .. } = Self::WINDOW;
        rows.check_transposed(Self::NAME, ["OH", "H", "KH"], H);
        columns.check_transposed(Self::NAME, ["OW", "W", "KW"], W);
    };

    /// A layer with given weights, `weight[input][output][row][column]`, and biases, in const. Of a group's inputs, outputs are counted from its
    /// first.
    pub const fn new(weight: [[[[T; KW]; KH]; PER]; IN], bias: [T; OUT]) -> Self {
        let mut layer = Self { weight: Aligned(Zeroed::ZERO), bias, slide: PhantomData };
        let to = layer.weight.0.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        arrange(Self::ORDER, weight.as_flattened().as_flattened().as_flattened(), to);
        layer
    }

    /// The weight of a place of the window from an input to an output of the group, if they exist.
    pub fn weight(&self, input: usize, output: usize, [row, column]: [usize; 2]) -> Option<T> {
        self.weight.0.get(row)?.get(column)?.get(output)?.get(input).copied()
    }

    /// Copies weights and biases into the layer.
    pub fn set(&mut self, weight: &[[[[T; KW]; KH]; PER]; IN], bias: &[T; OUT]) {
        for row in 0..KH {
            for column in 0..KW {
                for output in 0..PER {
                    for input in 0..IN {
                        self.weight.0[row][column][output][input] = weight[input][output][row][column];
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
> Convolution for ConvTranspose2d<H, W, IN, OH, OW, OUT, KH, KW, S, T, PER>
{
    const WINDOW: Window = {
        let (rows, columns) = (Axis::new::<S::Rows>(OH, KH), Axis::new::<S::Columns>(OW, KW));
        Window { rows, columns, wide: OUT, narrow: IN, per: PER }
    };
}

convolution!([const H: usize, const W: usize, const IN: usize, const OH: usize, const OW: usize, const OUT: usize, const KH: usize, const KW: usize, S: Slide2d, T: Scalar, const PER: usize]
    ConvTranspose2d<H, W, IN, OH, OW, OUT, KH, KW, S, T, PER>, [[[T; IN]; W]; H] => [[[T; OUT]; OW]; OH], [[[[T; IN]; PER]; KW]; KH], "ConvTranspose2d", transposed: true);
