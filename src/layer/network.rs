//! Networks: a tuple of layers is a layer. Each joint is checked by the compiler, and decides where the next layer writes its output.

use core::fmt::{Result, Write};

use super::fusion::{Fused, done, fuses};
use super::{Apart, Context, Cost, Layer, Need, Place, Slices, Want};
use crate::kernel::{self, Kernels, Slopes};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::scalar::Scalar;
use crate::storage::Max;
use crate::tensor::Array;

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

/// The network of the layers `(Type index Previous)...`; the first has no previous one.
macro_rules! network {
    (($A:ident $first:tt) $(($L:ident $i:tt $Prev:ident))*) => {
        impl<T: Scalar, $A: Layer<T = T>, $($L: Layer<T = T>),*> Layer for ($A, $($L,)*)
        where
            $($Prev::Out: Fits<$L::In, $Prev, $L>,)*
        {
            type T = T;
            type In = $A::In;
            type Out = last!(($A) $(($L))*; Out);
            type Wants = $A::Wants;
            type Leaves = last!(($A) $(($L))*; Leaves);
            type Learns = learns!($($L)* $A);
            type Saved<P: Place, const BATCH: usize> = ($A::Saved<P, BATCH>, $($L::Saved<Joint<$Prev, $L>, BATCH>,)*);
            type Wide<const BATCH: usize> = wide!(BATCH $A $($L)*);
            type Slots<K: Copies> = ($A::Slots<K>, $($L::Slots<K>,)*);
            const COST: Cost = cost!(COST [$A::COST] [$A] $($L)*);
            const SLICES: Slices = cost!(SLICES [$A::SLICES] [$A] $($L)*);

            #[inline(always)]
            fn is_ready(&self) -> bool {
                self.$first.is_ready() $(&& self.$i.is_ready())*
            }

            #[inline(always)]
            fn accepts(x: &Self::In) -> bool {
                $A::accepts(x)
            }

            #[inline(always)]
            fn forward<'a, K: Kernels, P: Place, const BATCH: usize>(
                &self,
                x: P::Input<'a, Self::In>,
                saved: &'a mut Self::Saved<P, BATCH>,
                context: Context,
            ) -> &'a mut [Self::Out] {
                forward!(self saved BATCH K [Some(context)] false; x, P; ($A $first) $(($L $i))*)
            }

            #[inline(always)]
            fn infer<'a, K: Kernels, P: Place, const BATCH: usize>(
                &self,
                x: P::Input<'a, Self::In>,
                saved: &'a mut Self::Saved<P, BATCH>,
            ) -> &'a mut [Self::Out] {
                forward!(self saved BATCH K [] false; x, P; ($A $first) $(($L $i))*)
            }

            #[inline(always)]
            fn output<'a, P: Place, const BATCH: usize>(
                x: &'a [Self::In],
                saved: &'a Self::Saved<P, BATCH>,
            ) -> &'a [Self::Out] {
                let x = $A::output::<P, BATCH>(x, &saved.$first);
                $(let x = $L::output::<Joint<$Prev, $L>, BATCH>($Prev::Out::pass(x), &saved.$i);)*
                x
            }

            #[inline(always)]
            fn backward<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<T>>(
                &mut self,
                x: &[Self::In],
                saved: &mut Self::Saved<P, BATCH>,
                grad: &mut [T],
                slots: &mut Self::Slots<R::Slots>,
                rule: &R,
                context: Context,
            ) {
                backward!(self saved grad slots rule context BATCH R K []; x, P, D; ($A $first) $(($L $i))*);
            }

            #[inline(always)]
            fn turn<'a, K: Kernels, R: Rule<T>>(
                &mut self,
                [x, next]: [&'a [Self::In]; 2],
                saved: &'a mut Self::Saved<Apart, 1>,
                grad: &mut [T],
                slots: &mut Self::Slots<R::Slots>,
                rule: &R,
                [context, then]: [Context; 2],
            ) -> &'a mut [Self::Out] {
                // All but the first layer go backward, the first turns round, and the others go forward again.
                others!(self saved grad slots rule context 1 R K; x; ($A $first) $(($L $i))*);
                $(self.$i.observe::<Joint<$Prev, $L>, 1>(&saved.$i, x.len());)*
                let contexts = [context.part($first), then.part($first)];
                let x = self.$first.turn::<K, R>([x, next], &mut saved.$first, grad, &mut slots.$first, rule, contexts);
                $(
                    let x = Joint::<$Prev, $L>::input($Prev::Out::pass_mut(x));
                    let x = self.$i.forward::<K, Joint<$Prev, $L>, 1>(x, &mut saved.$i, then.part($i));
                )*
                x
            }

            #[inline(always)]
            fn output_mut<'a, P: Place, const BATCH: usize>(
                x: P::Input<'a, Self::In>,
                saved: &'a mut Self::Saved<P, BATCH>,
            ) -> &'a mut [Self::Out] {
                let x = $A::output_mut::<P, BATCH>(x, &mut saved.$first);
                $(
                    let x = Joint::<$Prev, $L>::input($Prev::Out::pass_mut(x));
                    let x = $L::output_mut::<Joint<$Prev, $L>, BATCH>(x, &mut saved.$i);
                )*
                x
            }

            #[inline(always)]
            fn observe<P: Place, const BATCH: usize>(&mut self, saved: &Self::Saved<P, BATCH>, samples: usize) {
                self.$first.observe::<P, BATCH>(&saved.$first, samples);
                $(self.$i.observe::<Joint<$Prev, $L>, BATCH>(&saved.$i, samples);)*
            }

            #[inline(always)]
            fn forward_slice<'a, K: Kernels, P: Place, const BATCH: usize>(
                &self,
                x: P::Input<'a, Self::In>,
                saved: &'a mut Self::Saved<P, BATCH>,
                context: Context,
                slice: usize,
            ) {
                if slice < $A::SLICES.forward {
                    return self.$first.forward_slice::<K, P, BATCH>(x, &mut saved.$first, context.part($first), slice);
                }
                let slice = slice - $A::SLICES.forward;
                let x = $A::output_mut::<P, BATCH>(x, &mut saved.$first);
                $(
                    let x = Joint::<$Prev, $L>::input($Prev::Out::pass_mut(x));
                    if slice < $L::SLICES.forward {
                        let (saved, context) = (&mut saved.$i, context.part($i));
                        return self.$i.forward_slice::<K, Joint<$Prev, $L>, BATCH>(x, saved, context, slice);
                    }
                    let slice = slice - $L::SLICES.forward;
                    let x = $L::output_mut::<Joint<$Prev, $L>, BATCH>(x, &mut saved.$i);
                )*
                let _ = (x, slice);
            }

            #[inline(always)]
            fn backward_slice<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<T>>(
                &mut self,
                x: &[Self::In],
                saved: &mut Self::Saved<P, BATCH>,
                grad: &mut [T],
                slots: &mut Self::Slots<R::Slots>,
                rule: &R,
                context: Context,
                slice: usize,
            ) {
                backward_slice!(self saved grad slots rule context slice BATCH R K; x, P, D; ($A $first) $(($L $i))*);
            }

            fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
                self.$first.visit(path.part($first), visitor);
                $(self.$i.visit(path.part($i), visitor);)*
            }

            fn visit_mut<S: Copies, G: Copies, V: Visitor<T, S, G>>(
                &mut self,
                path: Path,
                slots: &mut Self::Slots<S>,
                gradient: &mut Self::Slots<G>,
                visitor: &mut V,
            ) {
                self.$first.visit_mut(path.part($first), &mut slots.$first, &mut gradient.$first, visitor);
                $(self.$i.visit_mut(path.part($i), &mut slots.$i, &mut gradient.$i, visitor);)*
            }

            fn penalty(&self) -> T {
                self.$first.penalty() $(+ self.$i.penalty())*
            }

            fn source(&self, out: &mut impl Write) -> Result {
                out.write_str("(")?;
                self.$first.source(out)?;
                out.write_str(",")?;
                $(
                    out.write_str(" ")?;
                    self.$i.source(out)?;
                    out.write_str(",")?;
                )*
                out.write_str(")")
            }
        }
    };
}

/// The forward passes, in training with a context, or in use. A layer's part may be done by the layer before it: its output is then where
/// that layer's was.
macro_rules! forward {
    ($self:ident $saved:ident $B:tt $K:ident $context:tt $done:expr; $x:expr, $P:ty; ($A:ident $a:tt)) => {{
        let x = $x;
        if const { $done } { done::<$A, $P>(x) } else { forward!(@layer $self $saved $B $K $context; x, $P; $A $a) }
    }};
    ($self:ident $saved:ident $B:tt $K:ident $context:tt $done:expr;
     $x:expr, $P:ty; ($A:ident $a:tt) ($L:ident $l:tt) $($rest:tt)*) => {{
        let x = $x;
        let x = if const { $done } {
            done::<$A, $P>(x)
        } else if const { fuses::<$K, $A, $L>() } {
            let (saved, f) = (&mut $saved.$a, Fused(&$self.$l));
            $self.$a.forward_then::<$K, $P, $B>(x, saved, forward!(@context $context $a), f)
        } else {
            forward!(@layer $self $saved $B $K $context; x, $P; $A $a)
        };
        let x = Joint::<$A, $L>::input($A::Out::pass_mut(x));
        forward!($self $saved $B $K $context fuses::<$K, $A, $L>(); x, Joint<$A, $L>; ($L $l) $($rest)*)
    }};
    (@layer $self:ident $saved:ident $B:tt $K:ident [Some($context:expr)]; $x:ident, $P:ty; $A:ident $a:tt) => {
        $self.$a.forward::<$K, $P, $B>($x, &mut $saved.$a, $context.part($a))
    };
    (@layer $self:ident $saved:ident $B:tt $K:ident []; $x:ident, $P:ty; $A:ident $a:tt) => {
        $self.$a.infer::<$K, $P, $B>($x, &mut $saved.$a)
    };
    (@context [Some($context:expr)] $a:tt) => { Some($context.part($a)) };
    (@context [] $a:tt) => { None };
}

/// The backward passes from the last layer to the first. Inputs are found again on the way in; a layer's dx is wanted if the network's is,
/// or if a layer before it learns. A layer's part may be done by the layer behind it.
macro_rules! backward {
    ($self:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $B:tt $R:ident $K:ident $before:tt;
     $x:expr, $P:ty, $D:ty; ($A:ident $a:tt)) => {
        let x = $x;
        backward!(@layer $self $saved $grad $slots $rule $context $B $R $K $before; x, $P, $D; $A $a)
    };
    ($self:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $B:tt $R:ident $K:ident $before:tt;
     $x:expr, $P:ty, $D:ty; ($A:ident $a:tt) ($L:ident $l:tt) $($rest:tt)*) => {
        let x = $x;
        {
            let y = $A::Out::pass($A::output::<$P, $B>(x, &$saved.$a));
            backward!($self $saved $grad $slots $rule $context $B $R $K [$A $a];
                y, Joint<$A, $L>, <$D as Need>::Or<$A::Learns>; ($L $l) $($rest)*);
        }
        if const { $K::FUSES && $A::FUSES } {
            backward!(@fused $self $grad $K $before; x, $D; $A);
        } else {
            backward!(@layer $self $saved $grad $slots $rule $context $B $R $K $before; x, $P, $D; $A $a);
        }
    };
    // The layer behind did its part; that of the layer before it is left.
    (@fused $self:ident $grad:ident $K:ident []; $x:ident, $D:ty; $A:ident) => {};
    (@fused $self:ident $grad:ident $K:ident [$Q:ident $q:tt]; $x:ident, $D:ty; $A:ident) => {
        if <$D as Need>::WANTED && const { $Q::FUSES } {
            kernel::finish::<$K, _, _>($grad, Slopes { f: Fused(&$self.$q), y: $A::In::flatten($x) });
        }
    };
    (@layer $self:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $B:tt $R:ident $K:ident [];
     $x:ident, $P:ty, $D:ty; $A:ident $a:tt) => {
        $self.$a.backward::<$K, $P, $B, $D, $R>($x, &mut $saved.$a, $grad, &mut $slots.$a, $rule, $context.part($a))
    };
    (@layer $self:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $B:tt $R:ident $K:ident [$Q:ident $q:tt];
     $x:ident, $P:ty, $D:ty; $A:ident $a:tt) => {
        if const { $K::FUSES && $Q::FUSES } {
            let (saved, slots, context, f) = (&mut $saved.$a, &mut $slots.$a, $context.part($a), Fused(&$self.$q));
            $self.$a.backward_then::<$K, $P, $B, $D, $R>($x, saved, $grad, slots, $rule, context, f);
        } else {
            backward!(@layer $self $saved $grad $slots $rule $context $B $R $K []; $x, $P, $D; $A $a);
        }
    };
}

/// The backward passes of all layers but the first.
macro_rules! others {
    ($self:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $B:tt $R:ident $K:ident; $x:expr; ($A:ident $a:tt)) => {};
    ($self:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $B:tt $R:ident $K:ident;
     $x:expr; ($A:ident $a:tt) ($L:ident $l:tt) $($rest:tt)*) => {{
        let y = $A::Out::pass($A::output::<Apart, $B>($x, &$saved.$a));
        backward!($self $saved $grad $slots $rule $context $B $R $K []; y, Joint<$A, $L>, $A::Learns; ($L $l) $($rest)*);
    }};
}

/// A slice of the backward passes: of the layers behind the first, where it is among theirs, or of the first.
macro_rules! backward_slice {
    ($self:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $slice:ident $B:ident $R:ident $K:ident;
     $x:expr, $P:ty, $D:ty; ($A:ident $a:tt)) => {
        $self.$a.backward_slice::<$K, $P, $B, $D, $R>(
            $x, &mut $saved.$a, $grad, &mut $slots.$a, $rule, $context.part($a), $slice)
    };
    ($self:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $slice:ident $B:ident $R:ident $K:ident;
     $x:expr, $P:ty, $D:ty; ($A:ident $a:tt) $(($L:ident $l:tt))+) => {
        let x = $x;
        let behind = <($($L,)+) as Layer>::SLICES.backward(<<$D as Need>::Or<$A::Learns> as Need>::WANTED);
        if $slice < behind {
            let y = $A::Out::pass($A::output::<$P, $B>(x, &$saved.$a));
            backward_slice!(@joint $self $saved $grad $slots $rule $context $slice $B $R $K;
                y, <$D as Need>::Or<$A::Learns>; $A $(($L $l))+);
        } else {
            let slice = $slice - behind;
            backward_slice!($self $saved $grad $slots $rule $context slice $B $R $K; x, $P, $D; ($A $a));
        }
    };
    (@joint $self:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $slice:ident $B:ident $R:ident $K:ident;
     $y:expr, $D:ty; $A:ident ($L:ident $l:tt) $($rest:tt)*) => {
        backward_slice!($self $saved $grad $slots $rule $context $slice $B $R $K; $y, Joint<$A, $L>, $D; ($L $l) $($rest)*)
    };
}

macro_rules! last {
    (($L:ident); $item:ident) => { $L::$item };
    (($L:ident) $($rest:tt)*) => { last!($($rest)*) };
}

macro_rules! learns {
    ($L:ident) => { $L::Learns };
    ($L:ident $($rest:ident)+) => { <$L::Learns as Need>::Or<learns!($($rest)+)> };
}

macro_rules! wide {
    ($B:ident $L:ident) => { $L::Wide<$B> };
    ($B:ident $L:ident $($rest:ident)+) => { Max<$L::Wide<$B>, wide!($B $($rest)+)> };
}

macro_rules! cost {
    ($ITEM:ident [$cost:expr] [$($done:ident)+]) => { $cost };
    ($ITEM:ident [$cost:expr] [$($done:ident)+] $L:ident $($rest:ident)*) => {
        cost!($ITEM [$cost.then($L::$ITEM, false $(|| <$done::Learns as Need>::WANTED)+)] [$($done)+ $L] $($rest)*)
    };
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
