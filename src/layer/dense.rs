//! Dense: y = x W + b, with W `[IN, OUT]`.
//!
//! Backward: dW = xᵀ dy and db = Σ dy, summed over the batch; dx = dy Wᵀ.

use core::fmt::{Result, Write};

use super::plan::{Beside, Given, Taken};
use super::{
    Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, No, Place, Sliceable, Slices, Structure, Yes, longest,
    products, size,
};
use crate::kernel::{
    self, Applied, Dots, Each, Epilogue, Kernels, LearnRows, MulRows, Plain, Pointwise, Slopes, Values, is_shared,
    share,
};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Info, Order, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::storage::Aligned;
use crate::tensor::{Array, Tensor, take, take_mut};

/// A fully connected layer: y = x W + b, from `IN` numbers to `OUT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense<const IN: usize, const OUT: usize, T = f32> {
    /// By input, or by output (`BY_UNIT`): in the same memory, whose type stable Rust cannot choose.
    weight: Aligned<[[T; OUT]; IN]>,
    bias: [T; OUT],
}
crate::storage::zeroed!([const IN: usize, const OUT: usize, T: Scalar] Dense<IN, OUT, T> { weight, bias });

/// Inputs whose weights are treated at a time, dx, gradient and update, while they are in a near cache: of a batch's tiles, which have three, four,
/// six or eight rows, several. Many samples work with copies of dy, which are worth more rows: all of them, if there is no dx.
pub(super) const fn visit(samples: usize, dx: bool) -> usize {
    match samples {
        0 | 1 => BLOCK,
        2..64 => 24,
        _ if dx => 120,
        _ => usize::MAX / 2,
    }
}

/// Inputs or outputs whose weights are one slice.
const BLOCK: usize = 8;

/// Inputs whose dx is one slice, where the weights are kept by unit.
const DX_BLOCK: usize = 4 * kernel::COLUMNS;

impl<const IN: usize, const OUT: usize, T: Scalar> Dense<IN, OUT, T> {
    /// A layer with given weights, `weight[input][output]`, and biases, in const.
    pub const fn new(weight: [[T; OUT]; IN], bias: [T; OUT]) -> Self {
        let mut layer = Self { weight: Aligned(weight), bias };
        let mut i = 0;
        while i < IN * OUT {
            let at = Self::ORDER.place(i, IN, OUT);
            layer.weight.0[at / OUT][at % OUT] = weight[i / OUT][i % OUT];
            i += 1;
        }
        layer
    }

    /// Whether there are inputs and outputs.
    const CHECK: () = size::positive("Dense", &["IN", "OUT"], &[IN, OUT]);

    /// Whether an output is a dot product: sums run along the longer dimension, unless both are long.
    const DOTS: bool = OUT < 16 && OUT < IN;
    /// Whether the weights of an output stand together, not those of an input.
    const BY_UNIT: bool = Self::DOTS || kernel::by_unit(IN);
    const ORDER: Order = if Self::BY_UNIT { Order::ByColumn } else { Order::ByRow };

    /// The weight from an input to an output, if both exist.
    pub fn weight(&self, input: usize, output: usize) -> Option<T> {
        let i = if output < OUT { input * OUT + output } else { return None };
        self.weight.0.as_flattened().get(Self::ORDER.place(i, IN, OUT)).copied()
    }

    /// The bias of an output, if it exists.
    pub fn bias(&self, output: usize) -> Option<T> {
        self.bias.get(output).copied()
    }

    /// Copies weights and biases into the layer.
    pub fn set(&mut self, weight: &[[T; OUT]; IN], bias: &[T; OUT]) {
        for (i, &weight) in weight.as_flattened().iter().enumerate() {
            if let Some(place) = self.weight.0.as_flattened_mut().get_mut(Self::ORDER.place(i, IN, OUT)) {
                *place = weight;
            }
        }
        self.bias = *bias;
    }

    /// The forward pass: [`MulRows`] or its like.
    #[inline(always)]
    fn product<K: Kernels, const B: usize, E: Epilogue<T>>(&self, x: &[[T; IN]], y: &mut [[T; OUT]], end: E) {
        const { Self::CHECK }
        let bias = Some(&self.bias);
        if Self::DOTS {
            share::<K, _, B>(Dots { a: x, m: by_unit(&self.weight.0), bias, out: y, end });
        } else if Self::BY_UNIT {
            kernel::mul_units::<K, T, IN, OUT>(x, by_unit(&self.weight.0), 0..OUT, bias, y);
            kernel::finish::<K, _, _>(y.as_flattened_mut(), end);
        } else {
            share::<K, _, B>(MulRows { a: x, m: &self.weight.0, bias, out: y, end });
        }
    }

    /// The backward pass: dx, and the update from the gradients. `end` is for dx.
    #[inline(always)]
    fn products<K: Kernels, const B: usize, D: Need, R: Rule<T>, E: Epilogue<T>>(
        &mut self,
        x: &[[T; IN]],
        saved: &mut [[T; OUT]; B],
        grad: &mut [T],
        (Aligned(weight_slots), bias_slots): &mut <Self as Layer>::Slots<R::Slots>,
        rule: &R,
        end: E,
    ) {
        let (dy, dx): (&[[T; OUT]], &mut [[T; IN]]) = if D::WANTED {
            // The output isn't read any more: dy moves there, and `grad` is free for dx.
            let dy = take_mut(saved, x.len());
            kernel::copy(<[T; OUT]>::group(grad), dy);
            (dy, take_mut(<[T; IN]>::group_mut(grad), x.len()))
        } else {
            (take(<[T; OUT]>::group(grad), x.len()), &mut [])
        };

        // dx of a block of weights comes first: it takes them as they were before the update.
        if Self::BY_UNIT {
            let weight = by_unit_mut(&mut self.weight.0);
            if Self::DOTS {
                if D::WANTED {
                    share::<K, _, B>(MulRows { a: dy, m: weight, bias: None, out: dx, end });
                }
            } else {
                kernel::dots_down::<K, T, IN, OUT>(dy, weight, 0..IN, dx);
                kernel::finish::<K, _, _>(dx.as_flattened_mut(), end);
            }
            if const { is_shared((IN * OUT).saturating_mul(B)) } {
                share::<K, _, B>(LearnRows::new((dy, x), weight, weight_slots, rule, (&mut [], Plain), OUT));
            } else {
                kernel::learn_rows::<K, T, R, _, OUT, IN>(dy, x, 0..OUT, weight, weight_slots, rule);
            }
        } else if const { is_shared((IN * OUT).saturating_mul(B)) } {
            share::<K, _, B>(LearnRows::new(
                (x, dy),
                &mut self.weight.0,
                weight_slots,
                rule,
                (dx, end),
                visit(B, D::WANTED),
            ));
        } else {
            for start in (0..IN).step_by(visit(B, D::WANTED)) {
                let rows = start..start + visit(B, D::WANTED);
                kernel::dots_then::<K, T, E, IN, OUT>(dy, &self.weight.0, rows.clone(), None, dx, end);
                kernel::learn_rows::<K, T, R, _, IN, OUT>(x, dy, rows, &mut self.weight.0, weight_slots, rule);
            }
        }
        kernel::learn_bias::<K, T, R, OUT>(dy, &mut self.bias, bias_slots, rule);
    }

    /// In blocks of outputs forward and of stored rows backward; the bias comes with the last. By unit, dx comes before them, in blocks of
    /// inputs.
    const CUTS: Slices = {
        let () = Self::CHECK;
        if Self::BY_UNIT {
            let dx_block = least(IN, if Self::DOTS { DX_BLOCK } else { BLOCK });
            let (rows, dx) = (OUT.div_ceil(BLOCK), IN.div_ceil(dx_block));
            let multiply_adds = longest(products(&[least(OUT, BLOCK), IN]), products(&[dx_block, OUT]));
            Slices { forward: rows, backward: dx + rows, skipped: dx, multiply_adds, functions: 0 }
        } else {
            let columns = least(OUT, kernel::COLUMNS);
            let multiply_adds = longest(products(&[columns, IN]), products(&[least(IN, BLOCK), OUT, 2]));
            let (forward, backward) = (OUT.div_ceil(kernel::COLUMNS), IN.div_ceil(BLOCK));
            Slices { forward, backward, skipped: 0, multiply_adds, functions: 0 }
        }
    };

    fn info(path: Path) -> [Info; 2] {
        let weight = Info::new(path, "weight", Role::Weight, <[[T; OUT]; IN]>::SHAPE);
        let bias = Info::new(path, "bias", Role::Bias, <[T; OUT]>::SHAPE);
        let fan = (IN, OUT);
        [Info { fan, order: Self::ORDER, transposed: true, ..weight }, Info { fan, ..bias }]
    }
}

impl<const IN: usize, const OUT: usize, T: Scalar> Infer for Dense<IN, OUT, T> {
    type In = [T; IN];
    type Out = [T; OUT];
    type Plan<P: Place, const B: usize> = Beside<P, [T; IN], [T; OUT], B>;
    const STRUCTURE: Structure = Structure::layer("Dense", &[IN, OUT]);
    const COST: Cost = {
        let () = Self::CHECK;
        let all = products(&[IN, OUT]);
        Cost {
            parameters: IN * OUT + OUT,
            learns: true,
            forward: all,
            gradient: all,
            dx: all,
            skipped: all,
            ..Cost::NONE
        }
    };
    const TAKES: bool = true;

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        let mut both = x.beside::<_, ()>();
        let (x, y, ()) = both.parts();
        self.product::<K, B, _>(x, y, Plain);
        both.finish()
    }

    #[inline(always)]
    fn infer_then<'m, K: Kernels, P: Place, const B: usize>(
        &self,
        x: Taken<'m, Self, P, B>,
        f: impl Applied,
    ) -> Given<'m, Self, P, B> {
        let mut both = x.beside::<_, ()>();
        let (x, y, ()) = both.parts();
        self.product::<K, B, _>(x, y, Each(f));
        both.finish()
    }
}

impl<const IN: usize, const OUT: usize, T: Scalar> Layer for Dense<IN, OUT, T> {
    type T = T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = Yes;
    type Saved<P: Place, const B: usize> = [[T; OUT]; B];
    type Wide<const B: usize> = [[T; OUT]; B];
    type Slots<K: Copies> = (Aligned<K::Of<[[T; OUT]; IN]>>, K::Of<[T; OUT]>);

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [T; IN]>,
        saved: &'a mut [[T; OUT]; B],
        _: Context,
    ) -> &'a mut [[T; OUT]] {
        let x = P::read(x);
        let y = take_mut(saved, x.len());
        self.product::<K, B, _>(x, y, Plain);
        y
    }

    #[inline(always)]
    fn forward_then<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [T; IN]>,
        saved: &'a mut [[T; OUT]; B],
        _: Context,
        f: impl Pointwise<T>,
    ) -> &'a mut [[T; OUT]] {
        let x = P::read(x);
        let y = take_mut(saved, x.len());
        self.product::<K, B, _>(x, y, Values(f));
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [[T; IN]], saved: &'a [[T; OUT]; B]) -> &'a [[T; OUT]] {
        take(saved, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[T; IN]],
        saved: &mut [[T; OUT]; B],
        grad: &mut [T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
    ) {
        self.products::<K, B, D, R, _>(x, saved, grad, slots, rule, Plain);
    }

    #[inline(always)]
    fn backward_then<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[T; IN]],
        saved: &mut [[T; OUT]; B],
        grad: &mut [T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
        f: impl Pointwise<T>,
    ) {
        self.products::<K, B, D, R, _>(x, saved, grad, slots, rule, Slopes { f, y: x.as_flattened() });
    }

    #[inline(always)]
    fn turn<'a, K: Kernels, R: Rule<T>>(
        &mut self,
        [x, next]: [&'a [[T; IN]]; 2],
        saved: &'a mut [[T; OUT]; 1],
        grad: &mut [T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        [context, then]: [Context; 2],
    ) -> &'a mut [[T; OUT]] {
        if let ([x], [next], false) = (x, next, Self::BY_UNIT) {
            let dy = take_mut(saved, 1);
            kernel::copy(<[T; OUT]>::group(grad), dy);
            kernel::learn_bias::<K, T, R, OUT>(dy, &mut self.bias, &mut slots.1, rule);
            for y in &mut *dy {
                kernel::learn_mul_rows::<K, T, R, _, IN, OUT>(
                    x,
                    next,
                    &mut self.weight.0,
                    &mut slots.0.0,
                    rule,
                    &self.bias,
                    y,
                );
            }
            return saved;
        }
        self.backward::<K, Apart, 1, No, R>(x, saved, grad, slots, rule, context);
        self.forward::<K, Apart, 1>(next, saved, then)
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        let [weight, bias] = Self::info(path);
        visitor(Parameter::new(weight, &self.weight.0));
        visitor(Parameter::new(bias, &self.bias));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        let [weight, bias] = Self::info(path);
        visitor.visit(weight, &mut self.weight.0, &mut slots.0.0, &mut gradient.0.0);
        visitor.visit(bias, &mut self.bias, &mut slots.1, &mut gradient.1);
    }
}

impl<const IN: usize, const OUT: usize, T: Scalar> Sliceable for Dense<IN, OUT, T> {
    const SLICES: Slices = Self::CUTS;

    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, [T; IN]>,
        saved: &'a mut [[T; OUT]; B],
    ) -> &'a mut [[T; OUT]] {
        take_mut(saved, P::read(x).len())
    }

    #[inline(always)]
    fn forward_slice<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [T; IN]>,
        saved: &'a mut [[T; OUT]; B],
        _: Context,
        slice: usize,
    ) {
        let x = P::read(x);
        let y = take_mut(saved, x.len());
        if Self::DOTS {
            kernel::dots::<K, T, OUT, IN>(x, by_unit(&self.weight.0), block(slice), Some(&self.bias), y);
        } else if Self::BY_UNIT {
            kernel::mul_units::<K, T, IN, OUT>(x, by_unit(&self.weight.0), block(slice), Some(&self.bias), y);
        } else {
            kernel::mul_columns::<K, T, IN, OUT>(x, &self.weight.0, slice * kernel::COLUMNS, Some(&self.bias), y);
        }
    }

    #[inline(always)]
    fn backward_slice<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[T; IN]],
        saved: &mut [[T; OUT]; B],
        grad: &mut [T],
        (Aligned(weight_slots), bias_slots): &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
        slice: usize,
    ) {
        let dy = take_mut(saved, x.len());
        if slice == 0 {
            kernel::copy(<[T; OUT]>::group(grad), dy);
        }
        let dx = take_mut(<[T; IN]>::group_mut(if D::WANTED { grad } else { &mut [] }), x.len());
        if Self::BY_UNIT {
            let (weight, before) = (by_unit_mut(&mut self.weight.0), if D::WANTED { Self::CUTS.skipped } else { 0 });
            if slice < before && !Self::DOTS {
                kernel::dots_down::<K, T, IN, OUT>(dy, weight, block(slice), dx);
            } else if slice < before {
                for at in (0..DX_BLOCK).step_by(kernel::COLUMNS) {
                    kernel::mul_columns::<K, T, OUT, IN>(dy, weight, slice * DX_BLOCK + at, None, dx);
                }
            } else {
                let rows = block(slice - before);
                kernel::learn_rows::<K, T, R, _, OUT, IN>(dy, x, rows, weight, weight_slots, rule);
            }
        } else {
            kernel::dots::<K, T, IN, OUT>(dy, &self.weight.0, block(slice), None, dx);
            kernel::learn_rows::<K, T, R, _, IN, OUT>(x, dy, block(slice), &mut self.weight.0, weight_slots, rule);
        }
        if slice + 1 == Self::CUTS.backward(D::WANTED) {
            kernel::learn_bias::<K, T, R, OUT>(dy, &mut self.bias, bias_slots, rule);
        }
    }
}

impl<const IN: usize, const OUT: usize, T: Scalar> Export for Dense<IN, OUT, T> {
    fn source(&self, out: &mut impl Write) -> Result {
        out.write_str("Dense::new([")?;
        for input in 0..IN {
            out.write_str(if input == 0 { "[" } else { ", [" })?;
            for output in 0..OUT {
                let separator = if output == 0 { "" } else { ", " };
                write!(out, "{separator}{:?}", self.weight(input, output).unwrap_or(T::ZERO))?;
            }
            out.write_str("]")?;
        }
        write!(out, "], {:?})", self.bias)
    }
}

/// The rows of a slice.
#[inline(always)]
const fn block(slice: usize) -> core::ops::Range<usize> {
    slice * BLOCK..(slice + 1) * BLOCK
}

/// The smaller of two sizes.
const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// The weights of a layer that keeps them by unit, as such.
#[inline(always)]
fn by_unit<T: Scalar, const IN: usize, const OUT: usize>(weight: &[[T; OUT]; IN]) -> &[[T; IN]; OUT] {
    Tensor::from_ref(weight).reshape_ref::<[[T; IN]; OUT]>().as_ref()
}

/// The weights of a layer that keeps them by unit, as such, to be changed.
#[inline(always)]
fn by_unit_mut<T: Scalar, const IN: usize, const OUT: usize>(weight: &mut [[T; OUT]; IN]) -> &mut [[T; IN]; OUT] {
    Tensor::from_mut(weight).reshape_mut::<[[T; IN]; OUT]>().as_mut()
}
