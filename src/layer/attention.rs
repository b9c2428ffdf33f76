//! Self-attention: of each head, y = softmax(q kᵀ / √HEAD) v, with q, k and v = x W + b; then the output projection of all heads side by side.
//!
//! Backward, with p = softmax(..), dy the gradient of a head's y, and ds that of q kᵀ:
//! dv = pᵀ dy; dsᵢⱼ = pᵢⱼ dyᵢ · (vⱼ - yᵢ) / √HEAD; dq = ds k; dk = dsᵀ q. Each projection is a dense layer over the rows of all steps.

use core::fmt::{Result, Write};
use core::marker::PhantomData;

use super::dense::visit;
use super::plan::{Beside, Given, Taken};
use super::softmax::normalise;
use super::{
    Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Sliceable, Slices, Structure, Yes, most,
    products, size,
};
use crate::budget::Text;
use crate::kernel::{self, Kernels, LearnRows, MulRows, Plain, share};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Info, Order, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::storage::{Aligned, Both};
use crate::tensor::{Array, take, take_mut};

/// Which steps a step looks at, as a type: [`All`] or [`Causal`].
pub trait Mask: Copy + Sync + 'static {
    /// Whether a step looks at itself and at earlier steps alone.
    const CAUSAL: bool;
}

/// Each step looks at all steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct All;

/// Each step looks at itself and at earlier steps: no output depends on a later input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Causal;

impl Mask for All {
    const CAUSAL: bool = false;
}

impl Mask for Causal {
    const CAUSAL: bool = true;
}

/// Self-attention with several heads, from `STEPS` steps of `N` numbers to as many, where `N` = `HEADS` · `HEAD`.
///
/// With q, k and v = x W + b of the input's steps x, head h, whose part of them are `HEAD` numbers, gives
/// softmax(q kᵀ / √`HEAD`) v: of each step, a mean of the v of all steps, weighed by how well its q fits their k. The heads' outputs side by
/// side pass through a fourth projection. With [`Causal`] as `M`, a step looks at itself and at earlier steps alone. Vaswani et al. 2017.
///
/// The parameters are `query_weight`, `query_bias`, `key_weight` .. `value_bias`, `output_weight`, `output_bias`, in this order; a weight's
/// logical shape is `[output][input]`. PyTorch's `nn.MultiheadAttention` has the same numbers: its `in_proj_weight` is the first three
/// weights one below the other, its `in_proj_bias` their biases, and its `out_proj` the last.
///
/// The output of a step doesn't depend on where the others stand: put a [`PositionEmbedding`](super::PositionEmbedding) before the first.
///
/// Of each sample of a batch, 5 · `STEPS` · `N` + `HEADS` · `STEPS`² numbers are kept for backward (q, k, v, the heads' outputs, the output;
/// the weights of the means), which needs no memory beside them. The maximum of each row is taken off before it passes through eˣ, so that
/// no score overflows it.
///
/// ```
/// # use stackprop::prelude::*;
/// // 12 steps of 16 numbers, first with 4 heads that look at all steps, then with 2 that look back.
/// type Net = (PositionEmbedding<12, 16>, MultiHeadAttention<12, 16, 4, 4>, MultiHeadAttention<12, 16, 2, 8, f32, Causal>);
/// let mut workspace = Workspace::<Net>::ZERO;
/// let y = workspace.infer(&Zeroed::ZERO, &Matrix::<12, 16>::ZERO);
/// assert_eq!(y, &Matrix::<12, 16>::ZERO);
/// ```
///
/// Where `N` isn't `HEADS` · `HEAD` a program that uses the layer doesn't compile: "MultiHeadAttention<12, 16, 3, 5>: N must be
/// HEADS * HEAD = 15, not 16".
#[derive(Clone, Debug, PartialEq)]
pub struct MultiHeadAttention<
    const STEPS: usize,
    const N: usize,
    const HEADS: usize,
    const HEAD: usize,
    T = f32,
    M = All,
> {
    /// Of query, key, value and output; each by input.
    weight: [Aligned<[[T; N]; N]>; 4],
    bias: [[T; N]; 4],
    mask: PhantomData<M>,
}
crate::storage::zeroed!([const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize, T: Scalar, M: Mask]
    MultiHeadAttention<STEPS, N, HEADS, HEAD, T, M> { weight, bias, mask });

/// Self-attention with one head: [`MultiHeadAttention`] with `HEADS` = 1.
pub type SelfAttention<const STEPS: usize, const N: usize, T = f32, M = All> = MultiHeadAttention<STEPS, N, 1, N, T, M>;

/// Copies of the parameters of a projection.
type Projection<K, const N: usize, T> = (Aligned<<K as Copies>::Of<[[T; N]; N]>>, <K as Copies>::Of<[T; N]>);

/// Names of the parameters.
const NAMES: [[&str; 2]; 4] = [
    ["query_weight", "query_bias"],
    ["key_weight", "key_bias"],
    ["value_weight", "value_bias"],
    ["output_weight", "output_bias"],
];

impl<const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize, T: Scalar, M: Mask>
    MultiHeadAttention<STEPS, N, HEADS, HEAD, T, M>
{
    const CHECK: () = {
        let layer = Text::type_name("MultiHeadAttention", &[STEPS, N, HEADS, HEAD]);
        size::positive_of(layer, &["STEPS", "N", "HEADS", "HEAD"], &[STEPS, N, HEADS, HEAD]);
        size::check(layer, "N", "HEADS * HEAD", HEADS * HEAD, N);
    };
    /// Logically `[output][input]`.
    const ORDER: Order = Order::ByColumn;

    /// A layer with given weights, `weight[projection][output][input]`, and biases, of query, key, value and output, in const.
    pub const fn new(weight: [[[T; N]; N]; 4], bias: [[T; N]; 4]) -> Self {
        let mut layer = Self { bias, ..<Self as crate::storage::Zeroed>::ZERO };
        let mut i = 0;
        while i < 4 * N * N {
            let (projection, at) = (i / (N * N), Self::ORDER.place(i % (N * N), N, N));
            layer.weight[projection].0[at / N][at % N] = weight[projection][i / N % N][i % N];
            i += 1;
        }
        layer
    }

    /// Copies weights, `weight[projection][output][input]`, and biases into the layer.
    pub fn set(&mut self, weight: &[[[T; N]; N]; 4], bias: &[[T; N]; 4]) {
        for (to, from) in self.weight.iter_mut().zip(weight) {
            for (i, &from) in from.as_flattened().iter().enumerate() {
                if let Some(to) = to.0.as_flattened_mut().get_mut(Self::ORDER.place(i, N, N)) {
                    *to = from;
                }
            }
        }
        self.bias = *bias;
    }

    /// Queries, keys and values.
    #[inline(always)]
    fn project<K: Kernels, const B: usize>(&self, x: &[[[T; N]; STEPS]], projected: [&mut [[[T; N]; STEPS]]; 3]) {
        for (out, (weight, bias)) in projected.into_iter().zip(self.weight.iter().zip(&self.bias)) {
            let (a, out) = (x.as_flattened(), out.as_flattened_mut());
            share::<K, _, B>(MulRows { a, m: &weight.0, bias: Some(bias), out, end: Plain });
        }
    }

    /// The heads of a sample, side by side, and the probabilities in them.
    #[inline(always)]
    fn attend<K: Kernels>(
        [q, k, v]: [&[[T; N]; STEPS]; 3],
        p: &mut [[[T; STEPS]; STEPS]; HEADS],
        y: &mut [[T; N]; STEPS],
    ) {
        kernel::scores::<K, T, STEPS, N, HEADS, HEAD>([q, k], Self::scale(), M::CAUSAL, p);
        normalise::<K, T, STEPS>(p.as_flattened_mut());
        kernel::weighted::<K, T, STEPS, N, HEADS, HEAD>(p, v, M::CAUSAL, y);
    }

    /// The output, from the heads.
    #[inline(always)]
    fn combine<K: Kernels, const B: usize>(&self, heads: &[[[T; N]; STEPS]], y: &mut [[[T; N]; STEPS]]) {
        for (weight, bias) in self.weight.iter().zip(&self.bias).skip(3) {
            let (a, out) = (heads.as_flattened(), y.as_flattened_mut());
            share::<K, _, B>(MulRows { a, m: &weight.0, bias: Some(bias), out, end: Plain });
        }
    }

    /// 1 / √`HEAD`.
    #[inline(always)]
    fn scale() -> T {
        T::ONE / T::from_usize(HEAD).sqrt()
    }

    fn info(path: Path, [weight, bias]: [&'static str; 2]) -> [Info; 2] {
        let (shape, order) = (<[[T; N]; N]>::SHAPE, Self::ORDER);
        let weight = Info { order, ..Info::new(path, weight, Role::Weight, shape) };
        [weight, Info::new(path, bias, Role::Bias, <[T; N]>::SHAPE)].map(|info| Info { fan: (N, N), ..info })
    }
}

impl<const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize, T: Scalar, M: Mask> Default
    for MultiHeadAttention<STEPS, N, HEADS, HEAD, T, M>
{
    fn default() -> Self {
        <Self as crate::storage::Zeroed>::ZERO
    }
}

/// What use needs beside the output: queries, keys and values, and the probabilities of one sample.
type Scratches<const STEPS: usize, const N: usize, const HEADS: usize, const B: usize, T> =
    Both<[[[[T; N]; STEPS]; B]; 3], [[[T; STEPS]; STEPS]; HEADS]>;

/// What forward leaves for backward: queries, keys, values, the heads side by side, and the output; and the weights of the means,
/// `[head][step][step that it looks at]`.
type Attended<const STEPS: usize, const N: usize, const HEADS: usize, const B: usize, T> =
    ([[[[T; N]; STEPS]; B]; 5], [[[[T; STEPS]; STEPS]; HEADS]; B]);

impl<const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize, T: Scalar, M: Mask> Infer
    for MultiHeadAttention<STEPS, N, HEADS, HEAD, T, M>
{
    type In = [[T; N]; STEPS];
    type Out = [[T; N]; STEPS];
    type Plan<P: Place, const B: usize> =
        Beside<P, [[T; N]; STEPS], [[T; N]; STEPS], B, Scratches<STEPS, N, HEADS, B, T>>;
    const STRUCTURE: Structure = Structure::layer("MultiHeadAttention", &[N, HEADS, M::CAUSAL as usize]);
    const COST: Cost = {
        let () = Self::CHECK;
        // Pairs of steps, of which a causal layer leaves those out that look ahead.
        let pairs = if M::CAUSAL { products(&[STEPS, STEPS + 1]) / 2 } else { products(&[STEPS, STEPS]) };
        let (projection, heads) = (products(&[STEPS, N, N]), 2 * pairs * N as u64);
        Cost {
            parameters: 4 * (N * N + N),
            learns: true,
            forward: 4 * projection + heads,
            gradient: 4 * projection,
            // The gradient of the heads is needed for those of the weights before them.
            dx: 4 * projection + 2 * heads,
            skipped: 3 * projection,
            ..Cost::NONE
        }
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        const { Self::CHECK }
        let mut both = x.beside::<_, Scratches<STEPS, N, HEADS, B, T>>();
        let (x, y, Both([query, key, value], probabilities)) = both.parts();
        let [query, key, value] = [query, key, value].map(|rows| take_mut(rows, x.len()));
        self.project::<K, B>(x, [&mut *query, &mut *key, &mut *value]);
        for (((q, k), v), y) in query.iter_mut().zip(&*key).zip(&*value).zip(&mut *y) {
            Self::attend::<K>([q, k, v], probabilities, y);
            // The queries aren't read any more: the heads stay there.
            *q = *y;
        }
        self.combine::<K, B>(query, y);
        both.finish()
    }
}

impl<const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize, T: Scalar, M: Mask> Layer
    for MultiHeadAttention<STEPS, N, HEADS, HEAD, T, M>
{
    type T = T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = Yes;
    type Saved<P: Place, const B: usize> = Attended<STEPS, N, HEADS, B, T>;
    type Wide<const B: usize> = [[[T; N]; STEPS]; B];
    type Slots<K: Copies> = [Projection<K, N, T>; 4];

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [[T; N]; STEPS]>,
        saved: &'a mut Attended<STEPS, N, HEADS, B, T>,
        _: Context,
    ) -> &'a mut [[[T; N]; STEPS]] {
        const { Self::CHECK }
        let x = P::read(x);
        let ([query, key, value, heads, output], probabilities) = saved;
        let y = take_mut(output, x.len());
        self.project::<K, B>(x, [&mut *query, &mut *key, &mut *value].map(|rows| take_mut(rows, x.len())));
        for (((q, k), v), (p, y)) in
            query.iter().zip(&*key).zip(&*value).zip(probabilities.iter_mut().zip(&mut *heads)).take(x.len())
        {
            Self::attend::<K>([q, k, v], p, y);
        }
        self.combine::<K, B>(take(heads, x.len()), y);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(
        x: &'a [[[T; N]; STEPS]],
        saved: &'a Attended<STEPS, N, HEADS, B, T>,
    ) -> &'a [[[T; N]; STEPS]] {
        take(&saved.0[4], x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[[T; N]; STEPS]],
        saved: &mut Attended<STEPS, N, HEADS, B, T>,
        grad: &mut [T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
    ) {
        let ([query, key, value, heads, output], probabilities) = saved;
        let [query, key, value, heads, output] = [query, key, value, heads, output].map(|rows| take_mut(rows, x.len()));
        let grad = take_mut(<[[T; N]; STEPS]>::group_mut(grad), x.len());
        let mut parameters = self.weight.iter_mut().zip(&mut self.bias).zip(slots);

        // What isn't read any more is written over. The output becomes the gradient of the heads, and dy that of v.
        if let Some((projection, slots)) = parameters.next_back() {
            learn::<K, T, R, N, B>(
                heads.as_flattened(),
                grad.as_flattened(),
                projection,
                slots,
                rule,
                output.as_flattened_mut(),
            );
        }
        let (scale, causal) = (Self::scale(), M::CAUSAL);
        let projected = query.iter().zip(&*key).zip(&mut *value);
        let attended = probabilities.iter_mut().zip(&mut *heads);
        let gradients = output.iter().zip(&mut *grad);
        for ((((q, k), v), (p, y)), (g, dv)) in projected.zip(attended).zip(gradients) {
            kernel::turned::<K, T, STEPS, N, HEADS, HEAD>(p, g, causal, dv);
            kernel::slopes::<K, T, STEPS, N, HEADS, HEAD>([g, v, y], scale, causal, p);
            let (ds, dk, dq) = (p, v, y);
            kernel::turned::<K, T, STEPS, N, HEADS, HEAD>(ds, q, causal, dk);
            kernel::weighted::<K, T, STEPS, N, HEADS, HEAD>(ds, k, causal, dq);
        }

        // Each projection's part of dx goes to a place of its own.
        let places = [(&*heads, &mut *query), (value, key), (grad, output)];
        for ((projection, slots), (dy, dx)) in parameters.zip(places) {
            let dx = if D::WANTED { dx.as_flattened_mut() } else { &mut [] };
            learn::<K, T, R, N, B>(x.as_flattened(), dy.as_flattened(), projection, slots, rule, dx);
        }
        if D::WANTED {
            let parts = [query, key, output].map(|part| <[[T; N]; STEPS]>::flatten(part));
            let [a, b, c] = parts.map(|part| part.iter());
            for (dx, ((&a, &b), &c)) in <[[T; N]; STEPS]>::flatten_mut(grad).iter_mut().zip(a.zip(b).zip(c)) {
                *dx = a + b + c;
            }
        }
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        for (names, (weight, bias)) in NAMES.into_iter().zip(self.weight.iter().zip(&self.bias)) {
            let info = Self::info(path, names);
            visitor(Parameter::new(info[0], &weight.0));
            visitor(Parameter::new(info[1], bias));
        }
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        let parameters = self.weight.iter_mut().zip(&mut self.bias).zip(slots.iter_mut().zip(gradient));
        for (names, ((weight, bias), (slots, gradient))) in NAMES.into_iter().zip(parameters) {
            let info = Self::info(path, names);
            visitor.visit(info[0], &mut weight.0, &mut slots.0.0, &mut gradient.0.0);
            visitor.visit(info[1], bias, &mut slots.1, &mut gradient.1);
        }
    }
}

impl<const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize, T: Scalar, M: Mask> Sliceable
    for MultiHeadAttention<STEPS, N, HEADS, HEAD, T, M>
{
    const SLICES: Slices = Slices { functions: most(HEADS * STEPS * STEPS, STEPS * N), ..Slices::whole::<Self>() };

    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, [[T; N]; STEPS]>,
        saved: &'a mut Attended<STEPS, N, HEADS, B, T>,
    ) -> &'a mut [[[T; N]; STEPS]] {
        take_mut(&mut saved.0[4], P::read(x).len())
    }
}

impl<const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize, T: Scalar, M: Mask> Export
    for MultiHeadAttention<STEPS, N, HEADS, HEAD, T, M>
{
    fn source(&self, out: &mut impl Write) -> Result {
        out.write_str("MultiHeadAttention::new([")?;
        for (i, weight) in self.weight.iter().enumerate() {
            out.write_str(if i == 0 { "[" } else { ", [" })?;
            for output in 0..N {
                let separator = if output == 0 { "[" } else { ", [" };
                out.write_str(separator)?;
                for (input, row) in weight.0.iter().enumerate() {
                    write!(out, "{}{:?}", if input == 0 { "" } else { ", " }, row[output])?;
                }
                out.write_str("]")?;
            }
            out.write_str("]")?;
        }
        write!(out, "], {:?})", self.bias)
    }
}

/// Backward of one projection, y = x W + b over rows: dx for as many rows as there is room for, and the update.
#[inline(always)]
fn learn<K: Kernels, T: Scalar, R: Rule<T>, const N: usize, const B: usize>(
    x: &[[T; N]],
    dy: &[[T; N]],
    (weight, bias): (&mut Aligned<[[T; N]; N]>, &mut [T; N]),
    (weight_slots, bias_slots): &mut Projection<R::Slots, N, T>,
    rule: &R,
    dx: &mut [[T; N]],
) {
    let block = visit(x.len(), true);
    share::<K, _, B>(LearnRows::new((x, dy), &mut weight.0, &mut weight_slots.0, rule, (dx, Plain), block));
    kernel::learn_bias::<K, T, R, N>(dy, bias, bias_slots, rule);
}
