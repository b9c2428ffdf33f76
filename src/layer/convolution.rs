//! What all convolutions share: a transposed one is the backward pass of another.

use core::fmt::{Result, Write};

use crate::kernel::{self, Convolution, Epilogue, Kernels, Window};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Order, Parameter};
use crate::scalar::Scalar;
use crate::tensor::Array;

/// Copies weights from the logical order into that of memory, in const.
pub(super) const fn arrange<T: Scalar>(order: Order, from: &[T], to: &mut [T]) {
    let mut i = 0;
    while i < from.len() && i < to.len() {
        to[order.place(i, 0, 0)] = from[i];
        i += 1;
    }
}

/// Forward: `x` slides, or spreads if `TRANSPOSED`.
#[inline(always)]
pub(super) fn forward<K: Kernels, C: Convolution, B: Array, E: Epilogue<B::T>, const TRANSPOSED: bool>(
    x: &[B::T],
    weight: &[B::T],
    bias: &B,
    y: &mut [B::T],
    end: E,
) {
    if TRANSPOSED {
        kernel::spread::<K, B::T, C>(x, weight, y);
        for row in B::group_mut(y) {
            for (y, &bias) in row.flat_mut().iter_mut().zip(bias.flat()) {
                *y += bias;
            }
        }
        kernel::finish::<K, _, _>(y, end);
    } else {
        kernel::correlate::<K, B::T, C, E>(x, weight, Some(bias.flat()), y, end);
    }
}

/// Backward: dx, if there is room for it, and the update of the weights.
#[inline(always)]
pub(super) fn backward<K: Kernels, C: Convolution, A: Array, R: Rule<A::T>, const TRANSPOSED: bool>(
    x: &[A::T],
    dy: &[A::T],
    dx: &mut [A::T],
    weight: &mut A,
    slots: &mut <R::Slots as Copies>::Of<A>,
    rule: &R,
) {
    if !dx.is_empty() && TRANSPOSED {
        kernel::correlate::<K, A::T, C, _>(dy, weight.flat(), None, dx, kernel::Plain);
    } else if !dx.is_empty() {
        kernel::spread::<K, A::T, C>(dy, weight.flat(), dx);
    }
    let (wide, narrow) = if TRANSPOSED { (dy, x) } else { (x, dy) };
    kernel::learn_filters::<K, A::T, C, R, A>(wide, narrow, weight, slots, rule);
}

/// Writes a parameter as nested arrays.
pub(super) fn write_nested<T: Scalar>(parameter: Parameter<'_, T>, out: &mut impl Write) -> Result {
    let shape = parameter.info.shape;
    let ends = |i: usize| {
        let mut size = 1;
        let whole = move |d: &&usize| {
            size *= **d;
            i.is_multiple_of(size)
        };
        shape.dims().iter().rev().take_while(whole).count()
    };
    for (i, value) in parameter.values().enumerate() {
        out.write_str(if i == 0 { "" } else { ", " })?;
        (0..ends(i)).try_for_each(|_| out.write_str("["))?;
        write!(out, "{value:?}")?;
        (0..ends(i + 1)).try_for_each(|_| out.write_str("]"))?;
    }
    Ok(())
}

/// What makes it the function it is, beside the size of the window: channels, groups, and how the window slides.
pub(super) const fn numbers(window: Window) -> [usize; 9] {
    let ([a, b, c], [d, e, f]) = (window.rows.slide(), window.columns.slide());
    [window.wide, window.narrow, window.per, a, b, c, d, e, f]
}

/// Makes a layer of a struct with `weight` and `bias`, an associated `info` of both, and `WINDOW`.
macro_rules! convolution {
    ([$($generics:tt)*] $layer:ty, $In:ty => $Out:ty, $Weight:ty, $name:literal, transposed: $transposed:literal) => {
        impl<$($generics)*> crate::sealed::Sealed for $layer {}

        impl<$($generics)*> Infer for $layer {
            type In = $In;
            type Out = $Out;
            type Plan<P: Place, const B: usize> = Beside<P, $In, $Out, B>;
            const STRUCTURE: Structure = Structure::layer($name, &numbers(Self::WINDOW));
            const COST: Cost = {
                let () = Self::CHECKED;
                let products = Self::WINDOW.multiply_adds();
                let parameters = Self::WINDOW.weights() + OUT;
                Cost { parameters, learns: true, forward: products, gradient: products, dx: products, skipped: products, ..Cost::NONE }
            };
            const TAKES: bool = true;

            #[inline(always)]
            fn infer<'m, Kn: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
                let mut both = x.beside::<_, ()>();
                let (x, y, ()) = both.parts();
                self.products::<Kn, _>(x, y, Plain);
                both.finish()
            }

            #[inline(always)]
            fn infer_then<'m, Kn: Kernels, P: Place, const B: usize>(
                &self,
                x: Taken<'m, Self, P, B>,
                f: impl Applied,
            ) -> Given<'m, Self, P, B> {
                let mut both = x.beside::<_, ()>();
                let (x, y, ()) = both.parts();
                self.products::<Kn, _>(x, y, Each(f));
                both.finish()
            }
        }

        impl<$($generics)*> Layer for $layer {
            type T = T;
            type Wants = Apart;
            type Leaves = InPlace;
            type Learns = Yes;
            type Saved<P: Place, const B: usize> = [$Out; B];
            type Wide<const B: usize> = [$Out; B];
            type Slots<C: Copies> = (Aligned<C::Of<$Weight>>, C::Of<[T; OUT]>);

            #[inline(always)]
            fn forward<'a, N: Kernels, P: Place, const B: usize>(
                &self,
                x: P::Input<'a, $In>,
                saved: &'a mut [$Out; B],
                _: Context,
            ) -> &'a mut [$Out] {
                let x = P::read(x);
                let y = take_mut(saved, x.len());
                self.products::<N, _>(x, y, Plain);
                y
            }

            #[inline(always)]
            fn forward_then<'a, N: Kernels, P: Place, const B: usize>(
                &self,
                x: P::Input<'a, $In>,
                saved: &'a mut [$Out; B],
                _: Context,
                f: impl Pointwise<T>,
            ) -> &'a mut [$Out] {
                let x = P::read(x);
                let y = take_mut(saved, x.len());
                self.products::<N, _>(x, y, Values(f));
                y
            }

            #[inline(always)]
            fn output<'a, P: Place, const B: usize>(x: &'a [$In], saved: &'a [$Out; B]) -> &'a [$Out] {
                take(saved, x.len())
            }

            #[inline(always)]
            fn backward<N: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
                &mut self,
                x: &[$In],
                saved: &mut [$Out; B],
                grad: &mut [T],
                (Aligned(weight_slots), bias_slots): &mut Self::Slots<R::Slots>,
                rule: &R,
                _: Context,
            ) {
                let (dy, dx): (&[$Out], &mut [$In]) = if D::WANTED {
                    // The output isn't read any more: dy moves there, and `grad` is free for dx.
                    let dy = take_mut(saved, x.len());
                    kernel::copy(<$Out>::group(grad), dy);
                    (dy, take_mut(<$In>::group_mut(grad), x.len()))
                } else {
                    (take(<$Out>::group(grad), x.len()), &mut [])
                };
                let (x, dy, dx) = (<$In>::flatten(x), <$Out>::flatten(dy), <$In>::flatten_mut(dx));
                convolution::backward::<N, Self, _, R, $transposed>(x, dy, dx, &mut self.weight.0, weight_slots, rule);
                kernel::learn_bias::<N, T, R, OUT>(<[T; OUT]>::group(dy), &mut self.bias, bias_slots, rule);
            }

            fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
                let [weight, bias] = Self::info(path);
                visitor(Parameter::new(weight, &self.weight.0));
                visitor(Parameter::new(bias, &self.bias));
            }

            fn visit_mut<C: Copies, G: Copies, V: Visitor<T, C, G>>(
                &mut self,
                path: Path,
                slots: &mut Self::Slots<C>,
                gradient: &mut Self::Slots<G>,
                visitor: &mut V,
            ) {
                let [weight, bias] = Self::info(path);
                visitor.visit(weight, &mut self.weight.0, &mut slots.0.0, &mut gradient.0.0);
                visitor.visit(bias, &mut self.bias, &mut slots.1, &mut gradient.1);
            }
        }

        impl<$($generics)*> Sliceable for $layer {
            #[inline(always)]
            fn output_mut<'a, P: Place, const B: usize>(
                x: P::Input<'a, $In>,
                saved: &'a mut [$Out; B],
            ) -> &'a mut [$Out] {
                take_mut(saved, P::read(x).len())
            }
        }

        impl<$($generics)*> Export for $layer {
            fn source(&self, out: &mut impl Write) -> Result {
                let [weight, _] = Self::info(Path::default());
                out.write_str(concat!($name, "::new("))?;
                convolution::write_nested(Parameter::new(weight, &self.weight.0), out)?;
                write!(out, ", {:?})", self.bias)
            }
        }

        impl<$($generics)*> $layer {
            #[inline(always)]
            fn products<N: Kernels, E: Epilogue<T>>(&self, x: &[$In], y: &mut [$Out], end: E) {
                const { Self::CHECKED }
                let (x, flat, weight) = (<$In>::flatten(x), <$Out>::flatten_mut(y), self.weight.0.flat());
                convolution::forward::<N, Self, _, E, $transposed>(x, weight, &self.bias, flat, end);
            }

            /// The bias of an output channel, if it exists.
            pub fn bias(&self, output: usize) -> Option<T> {
                self.bias.get(output).copied()
            }

            /// What is known of weights and biases. `FAN`: inputs that reach an output, and outputs that an input reaches.
            fn info(path: Path) -> [Info; 2] {
                let (shape, order, fan) = (Self::SHAPE, Self::ORDER, Self::FAN);
                let weight = Info::new(path, "weight", Role::Weight, shape);
                let bias = Info::new(path, "bias", Role::Bias, <[T; OUT]>::SHAPE);
                [Info { fan, order, ..weight }, Info { fan, ..bias }]
            }
        }
    };
}
pub(super) use convolution;
