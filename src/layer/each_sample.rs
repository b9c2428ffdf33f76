//! Layers of one's own that treat each sample alone, from two formulas.

use crate::parameter::Role;
use crate::scalar::Scalar;
use crate::tensor::Array;

/// A function of one sample, with one array of parameters, and its derivative. A type with this trait becomes a layer by
/// [`each_sample!`](crate::each_sample!).
///
/// ```
/// use stackprop::layer::EachSample;
/// use stackprop::parameter::Role;
/// use stackprop::prelude::*;
///
/// /// y = x + shift. dx = dy; dshift = Σ dy.
/// struct Shift<const N: usize> {
///     shift: [f32; N],
/// }
/// stackprop::zeroed!([const N: usize] Shift<N> { shift });
/// stackprop::each_sample!([const N: usize] Shift<N>, f32);
///
/// impl<const N: usize> EachSample<f32> for Shift<N> {
///     type In = [f32; N];
///     type Out = [f32; N];
///     type Weights = [f32; N];
///     const NAME: &'static str = "Shift";
///     const WEIGHTS: (&'static str, Role) = ("shift", Role::Bias);
///     fn weights(&self) -> &[f32; N] {
///         &self.shift
///     }
///     fn weights_mut(&mut self) -> &mut [f32; N] {
///         &mut self.shift
///     }
///     fn forward(&self, x: &[f32; N], y: &mut [f32; N]) {
///         for i in 0..N {
///             y[i] = x[i] + self.shift[i];
///         }
///     }
///     fn backward(&self, _: &[f32; N], dy: &[f32; N], dx: &mut [f32; N], dshift: &mut [f32; N]) {
///         for i in 0..N {
///             dx[i] = dy[i];
///             dshift[i] += dy[i];
///         }
///     }
/// }
///
/// let report = stackprop::check::check_layer::<(Dense<3, 4>, Shift<4>), 5>(&Default::default());
/// assert!(report.is_right(), "{report:?}");
/// ```
pub trait EachSample<T: Scalar> {
    /// One sample of the input.
    type In: Array<T = T>;
    /// One sample of the output.
    type Out: Array<T = T>;
    /// The parameters; `[T; 0]` if there are none.
    type Weights: Array<T = T>;
    /// A name that stays: a file of weights has a checksum of it, and of the sizes of input, output and parameters.
    const NAME: &'static str;
    /// What the parameters are called, and what they do: an initialiser and a penalty go by that.
    const WEIGHTS: (&'static str, Role);
    /// The parameters.
    fn weights(&self) -> &Self::Weights;
    /// The parameters, to be changed.
    fn weights_mut(&mut self) -> &mut Self::Weights;
    /// Writes y.
    fn forward(&self, x: &Self::In, y: &mut Self::Out);
    /// Writes dx, and adds to the gradient of the parameters.
    fn backward(&self, x: &Self::In, dy: &Self::Out, dx: &mut Self::In, gradient: &mut Self::Weights);
}

/// Makes a layer of a struct that is [`EachSample`](crate::layer::EachSample):
/// `each_sample!([const N: usize, T: Scalar] Scale<N, T>, T);`, with the number type behind.
#[macro_export]
macro_rules! each_sample {
    ([$($generics:tt)*] $layer:ty, $T:ty) => {
        const _: () = {
            use $crate::kernel::{Kernels, copy, learn_all};
            use $crate::layer::plan::{Beside, Given, Taken};
            use $crate::layer::{Apart, Context, Cost, EachSample, InPlace, Infer, Layer, Need, Place, Sliceable, Structure, Yes};
            use $crate::optimizer::{Copies, Rule};
            use $crate::parameter::{Info, Parameter, Path, Visitor};
            use $crate::tensor::{Array, take, take_mut};

            impl<$($generics)*> Infer for $layer {
                type In = <Self as EachSample<$T>>::In;
                type Out = <Self as EachSample<$T>>::Out;
                type Plan<P: Place, const B: usize> =
                    Beside<P, <Self as EachSample<$T>>::In, <Self as EachSample<$T>>::Out, B>;
                const STRUCTURE: Structure = Structure::layer(
                    <Self as EachSample<$T>>::NAME,
                    &[<Self::In as Array>::LEN, <Self::Out as Array>::LEN, <<Self as EachSample<$T>>::Weights as Array>::LEN],
                );
                const COST: Cost = {
                    let parameters = <<Self as EachSample<$T>>::Weights as Array>::LEN;
                    let all = parameters as u64;
                    let cost = Cost { parameters, learns: true, forward: all, ..Cost::NONE };
                    Cost { gradient: all, dx: all, skipped: all, ..cost }
                };

                fn infer<'m, K: Kernels, P: Place, const B: usize>(
                    &self,
                    x: Taken<'m, Self, P, B>,
                ) -> Given<'m, Self, P, B> {
                    x.map(|x, y| {
                        for (x, y) in x.iter().zip(y) {
                            EachSample::forward(self, x, y);
                        }
                    })
                }
            }

            impl<$($generics)*> Layer for $layer {
                type T = $T;
                type Wants = Apart;
                type Leaves = InPlace;
                type Learns = Yes;
                /// The output, the gradient, and room for a dx that isn't wanted.
                type Saved<P: Place, const B: usize> =
                    ([Self::Out; B], <Self as EachSample<$T>>::Weights, Self::In);
                type Wide<const B: usize> = [Self::Out; B];
                type Slots<K: Copies> = K::Of<<Self as EachSample<$T>>::Weights>;

                fn forward<'a, K: Kernels, P: Place, const B: usize>(
                    &self,
                    x: P::Input<'a, Self::In>,
                    (y, ..): &'a mut Self::Saved<P, B>,
                    _: Context,
                ) -> &'a mut [Self::Out] {
                    let x = P::read(x);
                    let y = take_mut(y, x.len());
                    for (x, y) in x.iter().zip(&mut *y) {
                        EachSample::forward(self, x, y);
                    }
                    y
                }

                fn output<'a, P: Place, const B: usize>(
                    x: &'a [Self::In],
                    (y, ..): &'a Self::Saved<P, B>,
                ) -> &'a [Self::Out] {
                    take(y, x.len())
                }

                fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<$T>>(
                    &mut self,
                    x: &[Self::In],
                    (y, gradient, unwanted): &mut Self::Saved<P, B>,
                    grad: &mut [$T],
                    slots: &mut Self::Slots<R::Slots>,
                    rule: &R,
                    _: Context,
                ) {
                    // The output isn't read any more: dy moves there, and `grad` is free for dx.
                    let dy = take_mut(y, x.len());
                    copy(<Self::Out as Array>::group(grad), dy);
                    $crate::storage::Zeroed::set_zero(gradient);
                    let mut rows = <Self::In as Array>::group_mut(if D::WANTED { grad } else { &mut [] }).iter_mut();
                    for (x, dy) in x.iter().zip(&*dy) {
                        EachSample::backward(self, x, dy, rows.next().unwrap_or(&mut *unwanted), gradient);
                    }
                    let (_, role) = <Self as EachSample<$T>>::WEIGHTS;
                    learn_all::<K, _, _, _>(role, EachSample::weights_mut(self), slots, gradient, rule);
                }

                fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, $T>)) {
                    visitor(Parameter::new(info::<$T, Self>(path), EachSample::weights(self)));
                }

                fn visit_mut<K: Copies, G: Copies, V: Visitor<$T, K, G>>(
                    &mut self,
                    path: Path,
                    slots: &mut Self::Slots<K>,
                    gradient: &mut Self::Slots<G>,
                    visitor: &mut V,
                ) {
                    visitor.visit(info::<$T, Self>(path), EachSample::weights_mut(self), slots, gradient);
                }
            }

            impl<$($generics)*> Sliceable for $layer {
                fn output_mut<'a, P: Place, const B: usize>(
                    x: P::Input<'a, Self::In>,
                    (y, ..): &'a mut Self::Saved<P, B>,
                ) -> &'a mut [Self::Out] {
                    take_mut(y, P::read(x).len())
                }
            }

            fn info<T: $crate::scalar::Scalar, L: EachSample<T>>(path: Path) -> Info {
                let (name, role) = L::WEIGHTS;
                Info::new(path, name, role, <L::Weights as Array>::SHAPE)
            }
        };
    };
}
