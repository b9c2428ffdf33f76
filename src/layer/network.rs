//! Networks: a tuple of layers is a layer. Each joint is checked by the compiler, and decides where the next layer writes its output.

use core::fmt::{Result, Write};

use super::chain::{Chain, End, ExportChain, First, In, Link, SliceChain, Uses};
use super::fusion::Nothing;
use super::plan::{Given, Taken};
use super::{Apart, Context, Cost, Export, Infer, Layer, Need, No, Place, Sliceable, Slices, Structure, Want};
use crate::kernel::Kernels;
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::storage::Zeroed;

/// A value that layer `A` gives and layer `B` takes: the same type. It exists for the sentence that the compiler says otherwise.
#[diagnostic::on_unimplemented(
    message = "layer `{B}` takes `{In}`, but `{A}` before it gives `{Self}`",
    label = "`{A}` cannot stand before `{B}`",
    note = "in a network, each layer takes what the layer before it gives"
)]
pub trait Fits<In, A, B>: Sized {
    /// Hands a batch on.
    fn pass(rows: &[Self]) -> &[In];
    /// Hands a batch on, to be changed.
    fn pass_mut(rows: &mut [Self]) -> &mut [In];
}

impl<X, A, B> Fits<X, A, B> for X {
    #[inline(always)]
    fn pass(rows: &[X]) -> &[X] {
        rows
    }
    #[inline(always)]
    fn pass_mut(rows: &mut [X]) -> &mut [X] {
        rows
    }
}

/// Where layer `B` writes its output when it comes after layer `A`.
pub type Joint<A, B> = <<B as Layer>::Wants as Want>::Behind<<A as Layer>::Leaves>;

/// A tuple of 1 to 16 layers.
#[diagnostic::on_unimplemented(
    message = "not a tuple of 1 to 16 layers: `{Self}`",
    label = "not a network",
    note = "one layer is `(A,)`"
)]
pub trait Network: Zeroed + Sync {
    /// Its layers, as a type.
    type Layers: Uses;
    /// What its layers are.
    const PARTS: &'static [&'static Structure];
    /// References to its layers.
    fn layers(&self) -> <Self::Layers as Uses>::Refs<'_>;
    /// References to its layers, to be changed.
    fn layers_mut(&mut self) -> <Self::Layers as Uses>::Muts<'_>;
}

/// The layers of a network, as a type.
pub type Layers<N> = <N as Network>::Layers;

/// The network of the layers `(Type index Previous)...`; the first has no previous one.
macro_rules! network {
    (($A:ident $first:tt) $(($L:ident $i:tt $Prev:ident))*) => {
        impl<$A: Infer, $($L: Infer),*> Network for ($A, $($L,)*)
        where
            $($Prev::Out: Fits<$L::In, $Prev, $L>,)*
        {
            type Layers = links!($A $($L)*);
            const PARTS: &'static [&'static Structure] = &[&$A::STRUCTURE, $(&$L::STRUCTURE),*];
            #[inline(always)]
            fn layers(&self) -> <Self::Layers as Uses>::Refs<'_> {
                pairs!((&self.$first) $((&self.$i))*)
            }
            #[inline(always)]
            fn layers_mut(&mut self) -> <Self::Layers as Uses>::Muts<'_> {
                pairs!((&mut self.$first) $((&mut self.$i))*)
            }
        }

        // With this one bound the compiler has each method checked at once, whatever the number of layers.
        impl<$A, $($L),*> Infer for ($A, $($L,)*)
        where
            Self: Network,
        {
            type In = In<First<Layers<Self>>>;
            type Out = <Layers<Self> as Uses>::Out;
            type Plan<P: Place, const BATCH: usize> = <Layers<Self> as Uses>::Plan<P, BATCH>;
            const STRUCTURE: Structure = Structure::group(Self::PARTS);
            const COST: Cost = <Layers<Self> as Uses>::COST;

            #[inline(always)]
            fn is_ready(&self) -> bool {
                Layers::<Self>::is_ready(self.layers())
            }

            #[inline(always)]
            fn accepts(x: &Self::In) -> bool {
                First::<Layers<Self>>::accepts(x)
            }

            #[inline(always)]
            fn infer<'m, K: Kernels, P: Place, const BATCH: usize>(
                &self,
                x: Taken<'m, Self, P, BATCH>,
            ) -> Given<'m, Self, P, BATCH> {
                <Layers<Self> as Uses>::infer::<K, P, BATCH, No>(self.layers(), x)
            }
        }

        impl<$A, $($L),*> Layer for ($A, $($L,)*)
        where
            Self: Network<Layers: Chain>,
        {
            type T = <Layers<Self> as Chain>::Scalar;
            type Wants = <First<Layers<Self>> as Layer>::Wants;
            type Leaves = <Layers<Self> as Chain>::Leaves;
            type Learns = <Layers<Self> as Chain>::Learns;
            type Saved<P: Place, const BATCH: usize> = <Layers<Self> as Chain>::Saved<P, BATCH>;
            type Wide<const BATCH: usize> = <Layers<Self> as Chain>::Wide<BATCH>;
            type Slots<K: Copies> = <Layers<Self> as Chain>::Slots<K>;

            #[inline(always)]
            fn needs_two(&self) -> Option<&'static str> {
                Layers::<Self>::needs_two(self.layers())
            }

            #[inline(always)]
            fn forward<'a, K: Kernels, P: Place, const BATCH: usize>(
                &self,
                x: P::Input<'a, Self::In>,
                saved: &'a mut Self::Saved<P, BATCH>,
                context: Context,
            ) -> &'a mut [Self::Out] {
                Layers::<Self>::forward::<K, P, BATCH, No>(self.layers(), x, saved, context, 0)
            }

            #[inline(always)]
            fn output<'a, P: Place, const BATCH: usize>(x: &'a [Self::In], saved: &'a Self::Saved<P, BATCH>) -> &'a [Self::Out] {
                Layers::<Self>::output::<P, BATCH>(x, saved)
            }

            #[inline(always)]
            fn backward<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<Self::T>>(
                &mut self,
                x: &[Self::In],
                saved: &mut Self::Saved<P, BATCH>,
                grad: &mut [Self::T],
                slots: &mut Self::Slots<R::Slots>,
                rule: &R,
                context: Context,
            ) {
                let layers = &mut self.layers_mut();
                Layers::<Self>::backward::<K, P, BATCH, D, R, _>(layers, x, saved, grad, slots, rule, context, 0, Nothing);
            }

            #[inline(always)]
            fn turn<'a, K: Kernels, R: Rule<Self::T>>(
                &mut self,
                x: [&'a [Self::In]; 2],
                saved: &'a mut Self::Saved<Apart, 1>,
                grad: &mut [Self::T],
                slots: &mut Self::Slots<R::Slots>,
                rule: &R,
                contexts: [Context; 2],
            ) -> &'a mut [Self::Out] {
                Layers::<Self>::turn::<K, R>(&mut self.layers_mut(), x, saved, grad, slots, rule, contexts, 0)
            }

            #[inline(always)]
            fn observe<P: Place, const BATCH: usize>(&mut self, saved: &Self::Saved<P, BATCH>, samples: usize) {
                Layers::<Self>::observe::<P, BATCH>(&mut self.layers_mut(), saved, samples);
            }

            fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, Self::T>)) {
                Layers::<Self>::visit(self.layers(), path, 0, visitor);
            }

            fn visit_mut<K: Copies, G: Copies, V: Visitor<Self::T, K, G>>(
                &mut self,
                path: Path,
                slots: &mut Self::Slots<K>,
                gradient: &mut Self::Slots<G>,
                visitor: &mut V,
            ) {
                Layers::<Self>::visit_mut(&mut self.layers_mut(), path, 0, slots, gradient, visitor);
            }

            fn penalty(&self) -> Self::T {
                Layers::<Self>::penalty(self.layers(), Self::T::ZERO)
            }
        }

        impl<$A, $($L),*> Sliceable for ($A, $($L,)*)
        where
            Self: Network<Layers: SliceChain>,
        {
            const SLICES: Slices = <Layers<Self> as SliceChain>::SLICES;

            #[inline(always)]
            fn output_mut<'a, P: Place, const BATCH: usize>(
                x: P::Input<'a, Self::In>,
                saved: &'a mut Self::Saved<P, BATCH>,
            ) -> &'a mut [Self::Out] {
                Layers::<Self>::output_mut::<P, BATCH>(x, saved)
            }

            #[inline(always)]
            fn forward_slice<'a, K: Kernels, P: Place, const BATCH: usize>(
                &self,
                x: P::Input<'a, Self::In>,
                saved: &'a mut Self::Saved<P, BATCH>,
                context: Context,
                slice: usize,
            ) {
                Layers::<Self>::forward_slice::<K, P, BATCH>(self.layers(), x, saved, context, 0, slice);
            }

            #[inline(always)]
            fn backward_slice<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<Self::T>>(
                &mut self,
                x: &[Self::In],
                saved: &mut Self::Saved<P, BATCH>,
                grad: &mut [Self::T],
                slots: &mut Self::Slots<R::Slots>,
                rule: &R,
                context: Context,
                slice: usize,
            ) {
                let layers = &mut self.layers_mut();
                Layers::<Self>::backward_slice::<K, P, BATCH, D, R>(layers, x, saved, grad, slots, rule, context, 0, slice);
            }
        }

        impl<$A, $($L),*> Export for ($A, $($L,)*)
        where
            Self: Network<Layers: ExportChain>,
        {
            fn source(&self, out: &mut impl Write) -> Result {
                out.write_str("(")?;
                Layers::<Self>::source(self.layers(), out)?;
                out.write_str(")")
            }
        }
    };
}

macro_rules! links {
    ($L:ident) => { End<$L> };
    ($L:ident $($rest:ident)+) => { Link<$L, links!($($rest)+)> };
}

macro_rules! pairs {
    (($layer:expr)) => { $layer };
    (($layer:expr) $($rest:tt)+) => { ($layer, pairs!($($rest)+)) };
}

macro_rules! networks {
    ([$($done:tt)*]) => {};
    ([$($done:tt)*] $next:tt $($rest:tt)*) => {
        network!($($done)* $next);
        networks!([$($done)* $next] $($rest)*);
    };
}
networks!([] (A 0) (B 1 A) (C 2 B) (D_ 3 C) (E 4 D_) (F 5 E) (G_ 6 F) (H 7 G_)
    (I 8 H) (J 9 I) (K_ 10 J) (L 11 K_) (M 12 L) (N 13 M) (O 14 N) (P_ 15 O));
