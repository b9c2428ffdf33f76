//! Layers that treat each number alone.

use crate::kernel::Lanes;
use crate::scalar::Scalar;

/// A function of one number and its derivative. A type with this trait becomes a layer by [`elementwise!`](crate::elementwise!).
pub trait Elementwise<T: Scalar> {
    /// y = f(x).
    fn value(&self, x: T) -> T;
    /// f'(x), computed from `at`: from y for an `in_place` layer, from x for an `apart` one.
    fn derivative(&self, at: T) -> T;
    /// Replaces every x by y.
    #[inline(always)]
    fn values(&self, values: &mut [T]) {
        for value in values {
            *value = self.value(*value);
        }
    }
    /// Multiplies every gradient by f'.
    #[inline(always)]
    fn gradients(&self, grad: &mut [T], at: &[T]) {
        for (grad, &at) in grad.iter_mut().zip(at) {
            *grad *= self.derivative(at);
        }
    }
    /// Whether products take it into their epilogue, see [`Infer::FUSES`](crate::layer::Infer::FUSES): for `in_place` layers.
    const FUSES: bool = false;
    /// [`value`](Self::value) of each number of a vector: the same bits. `U` is `T`.
    #[inline(always)]
    fn fused_value<U: Scalar, V: Lanes<U>>(&self, x: V) -> V {
        x
    }
    /// [`derivative`](Self::derivative) at each number of a vector: the same bits.
    #[inline(always)]
    fn fused_slope<V: Lanes<T>>(&self, _y: V) -> V {
        V::splat(T::ONE)
    }
    /// Name and value of the number that the user may set; the struct then has a constructor `with_NAME`.
    #[inline]
    fn setting(&self) -> Option<(&'static str, T)> {
        None
    }
}

/// x · gate, and 0 where the gate is closed: at -∞, too, where the product would be NaN.
#[inline(always)]
pub(crate) fn gated<T: Scalar>(x: T, gate: T) -> T {
    if gate > T::ZERO { x * gate } else { gate }
}

/// Makes a layer of a struct `Name<N, A>` that is [`Elementwise`]: `elementwise!(Swish, apart);`. `A` is what there are `N` of: numbers, or
/// arrays of them, such as the channels of `N` positions.
///
/// `in_place`: the derivative is a function of the output, so the layer overwrites its input where the network allows it.
/// `apart`: the derivative is a function of the input, which is kept.
#[macro_export]
macro_rules! elementwise {
    ($name:ident, in_place) => {
        $crate::elementwise!(@layer $name, InPlace, Apart, y);
    };
    ($name:ident, apart) => {
        $crate::elementwise!(@layer $name, Apart, InPlace, x);
    };
    (@at x, $x:expr, $y:expr) => { $x };
    (@at y, $x:expr, $y:expr) => { $y };
    (@layer $name:ident, $wants:ident, $leaves:ident, $at:ident) => {
        impl<const N: usize, T: $crate::scalar::Scalar, A: $crate::tensor::Array<T = T>> $crate::layer::Infer for $name<N, A>
        where
            Self: $crate::layer::Elementwise<T> + $crate::storage::Zeroed + Sync,
        {
            type In = [A; N];
            type Out = [A; N];
            type Plan<P: $crate::layer::Place, const B: usize> = $crate::layer::plan::Over<[A; N], B>;
            const STRUCTURE: $crate::layer::Structure = $crate::layer::Structure::layer(stringify!($name), &[]);
            const COST: $crate::layer::Cost = {
                $crate::layer::size::positive_each::<A>(stringify!($name), N);
                $crate::layer::Cost::NONE
            };
            const FUSES: bool = <Self as $crate::layer::Elementwise<T>>::FUSES;

            #[inline(always)]
            fn fused_value<U: $crate::scalar::Scalar, V: $crate::kernel::Lanes<U>>(&self, x: V) -> V {
                $crate::layer::Elementwise::fused_value(self, x)
            }

            #[inline(always)]
            fn infer<'m, K: $crate::kernel::Kernels, P: $crate::layer::Place, const B: usize>(&self, x: $crate::layer::plan::Taken<'m, Self, P, B>) -> $crate::layer::plan::Given<'m, Self, P, B> {
                const { _ = <Self as $crate::layer::Infer>::COST }
                let mut y = x.own();
                $crate::layer::Elementwise::values(self, $crate::tensor::Array::flatten_mut(y.rows_mut()));
                y
            }
        }

        impl<const N: usize, T: $crate::scalar::Scalar, A: $crate::tensor::Array<T = T>> $crate::layer::Layer for $name<N, A>
        where
            Self: $crate::layer::Elementwise<T> + $crate::storage::Zeroed + Sync,
        {
            type T = T;
            type Wants = $crate::layer::$wants;
            type Leaves = $crate::layer::$leaves;
            type Learns = $crate::layer::No;
            type Saved<P: $crate::layer::Place, const B: usize> = P::Buffer<[[A; N]; B]>;
            type Wide<const B: usize> = [[A; N]; B];
            type Slots<K: $crate::optimizer::Copies> = ();

            #[inline(always)]
            fn fused_slope<V: $crate::kernel::Lanes<T>>(&self, y: V) -> V {
                $crate::layer::Elementwise::fused_slope(self, y)
            }

            #[inline(always)]
            fn forward<'a, K: $crate::kernel::Kernels, P: $crate::layer::Place, const B: usize>(
                &self,
                x: P::Input<'a, [A; N]>,
                saved: &'a mut P::Buffer<[[A; N]; B]>,
                _: $crate::layer::Context,
            ) -> &'a mut [[A; N]] {
                const { _ = <Self as $crate::layer::Infer>::COST }
                let y = P::own(x, saved);
                $crate::layer::Elementwise::values(self, $crate::tensor::Array::flatten_mut(y));
                y
            }

            #[inline(always)]
            fn output<'a, P: $crate::layer::Place, const B: usize>(
                x: &'a [[A; N]],
                saved: &'a P::Buffer<[[A; N]; B]>,
            ) -> &'a [[A; N]] {
                P::output(x, saved)
            }

            #[inline(always)]
            fn backward<K: $crate::kernel::Kernels, P: $crate::layer::Place, const B: usize, D: $crate::layer::Need, R: $crate::optimizer::Rule<T>>(
                &mut self,
                x: &[[A; N]],
                saved: &mut P::Buffer<[[A; N]; B]>,
                grad: &mut [T],
                _: &mut (),
                _: &R,
                _: $crate::layer::Context,
            ) {
                let _ = &saved;
                if D::WANTED {
                    let at = $crate::elementwise!(@at $at, x, P::output::<[A; N], B>(x, saved));
                    $crate::layer::Elementwise::gradients(self, grad, $crate::tensor::Array::flatten(at));
                }
            }

            fn visit(
                &self,
                path: $crate::parameter::Path,
                visitor: &mut impl FnMut($crate::parameter::Parameter<'_, T>),
            ) {
                if let Some((name, value)) = $crate::layer::Elementwise::setting(self) {
                    visitor($crate::parameter::Parameter::setting(path, name, &value));
                }
            }

            $crate::no_parameters!(mut);
        }

        impl<const N: usize, T: $crate::scalar::Scalar, A: $crate::tensor::Array<T = T>> $crate::layer::Sliceable for $name<N, A>
        where
            Self: $crate::layer::Elementwise<T> + $crate::storage::Zeroed + Sync,
        {
            #[inline(always)]
            fn output_mut<'a, P: $crate::layer::Place, const B: usize>(
                x: P::Input<'a, [A; N]>,
                saved: &'a mut P::Buffer<[[A; N]; B]>,
            ) -> &'a mut [[A; N]] {
                P::output_mut(x, saved)
            }
        }

        impl<const N: usize, T: $crate::scalar::Scalar, A: $crate::tensor::Array<T = T>> $crate::layer::Export for $name<N, A>
        where
            Self: $crate::layer::Elementwise<T> + $crate::storage::Zeroed + Sync,
        {
            fn source(&self, out: &mut impl ::core::fmt::Write) -> ::core::fmt::Result {
                match $crate::layer::Elementwise::<T>::setting(self) {
                    Some((name, value)) => write!(out, concat!(stringify!($name), "::with_{}({:?})"), name, value),
                    None => out.write_str("Zeroed::ZERO"),
                }
            }
        }
    };
}
