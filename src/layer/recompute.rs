//! Recompute: blocks whose activations aren't kept, but computed again for backward. Griewank 1992; Chen et al. 2016.
//!
//! Forward: each block's output is kept, and is the next one's input; whatever else a block keeps is in memory that all of them use in turn.
//! Backward: that of the last block is still there. Each block before it goes forward again from its input, and then backward.

use super::{Apart, Context, Cost, Fits, Layer, Need, Place, Slices};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::scalar::Scalar;
use crate::storage::{Either, Zeroed};
use crate::tensor::{take, take_mut};

/// A network of 1 to 8 blocks, `Recompute<(A, B, ...)>`, that trades time for memory: it keeps each block's output, and the other activations of one
/// block, those of the block that needs most.
///
/// All but the last block go forward twice in a step: that is in [`STEP_MULTIPLY_ADDS`](crate::training::Trainer::STEP_MULTIPLY_ADDS), as the
/// memory is in [`BYTES`](crate::training::Trainer::BYTES). The result has the same bits as that of `(A, B, ...)`; blocks with dropout use the same
/// masks again. With √n blocks of √n layers each, memory grows with √n.
///
/// Layers that learn from their inputs beside gradients, such as [`Standardize`](super::Standardize), find nothing there afterwards: the
/// compiler refuses them, unless they are frozen.
///
/// Chen et al., Training deep nets with sublinear memory cost, 2016.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Block = (Dense<16, 64>, GELU<64>, Dense<64, 16>);
/// type Plain = (Block, Block, Block, Block);
/// type Kept<N> = Trainer<N, MeanSquaredError<16>, Sgd, 32>;
/// const { assert!(Kept::<Recompute<Plain>>::BYTES < Kept::<Plain>::BYTES) }
/// ```
#[derive(Clone, Debug)]
pub struct Recompute<L> {
    blocks: L,
}
crate::zeroed!([L: Zeroed] Recompute<L> { blocks });

impl<L> Recompute<L> {
    /// Of a tuple of blocks, in const.
    pub const fn new(blocks: L) -> Self {
        Self { blocks }
    }

    /// The blocks.
    pub const fn blocks(&self) -> &L {
        &self.blocks
    }

    /// The blocks, to be changed.
    pub const fn blocks_mut(&mut self) -> &mut L {
        &mut self.blocks
    }
}

/// `Recompute` of the blocks `(Type index Previous)...`; the first has no previous one.
macro_rules! recompute {
    (($A:ident $first:tt) $(($L:ident $i:tt $Prev:ident))*) => {
        impl<T: Scalar, $A: Layer<T = T>, $($L: Layer<T = T>),*> Layer for Recompute<($A, $($L,)*)>
        where
            $($Prev::Out: Fits<$L::In, $Prev, $L>,)*
        {
            type T = T;
            type In = $A::In;
            type Out = <($A, $($L,)*) as Layer>::Out;
            type Wants = Apart;
            type Leaves = <($A, $($L,)*) as Layer>::Leaves;
            type Learns = <($A, $($L,)*) as Layer>::Learns;
            /// The outputs of all blocks but the last; and the blocks' own in turn.
            type Saved<P: Place, const BATCH: usize> = (($([$Prev::Out; BATCH],)*), in_turn!(BATCH $A $($L)*));
            type Wide<const BATCH: usize> = <($A, $($L,)*) as Layer>::Wide<BATCH>;
            type Slots<K: Copies> = <($A, $($L,)*) as Layer>::Slots<K>;
            const COST: Cost = {
                let cost = without_statistics(<($A, $($L,)*) as Layer>::COST);
                // Blocks in front of which nothing learns, nor in them, don't go backward where no dx is wanted.
                #[allow(unused_mut)]
                let (mut again, mut idle, mut learns) = (0, 0, false);
                $(
                    learns = learns || <$Prev::Learns as Need>::WANTED;
                    again += $Prev::COST.forward;
                    idle += if learns { 0 } else { $Prev::COST.forward };
                )*
                let _ = learns;
                Cost { dx: cost.dx + again, skipped: cost.skipped + idle, ..cost }
            };
            const SLICES: Slices = Slices::of_parts::<Self>(<($A, $($L,)*) as Layer>::SLICES.backward(false) == 0);

            #[inline(always)]
            fn is_ready(&self) -> bool {
                self.blocks.is_ready()
            }

            #[inline(always)]
            fn accepts(x: &Self::In) -> bool {
                $A::accepts(x)
            }

            #[inline(always)]
            fn forward<'a, K: Kernels, P: Place, const BATCH: usize>(
                &self,
                x: P::Input<'a, Self::In>,
                (kept, saved): &'a mut Self::Saved<P, BATCH>,
                context: Context,
            ) -> &'a mut [Self::Out] {
                let _ = (const { Self::COST }, &kept);
                ahead!(self kept saved BATCH K [Some(context)]; P::read(x); ($A $first) $(($L $i))*)
            }

            #[inline(always)]
            fn infer<'a, K: Kernels, P: Place, const BATCH: usize>(
                &self,
                x: P::Input<'a, Self::In>,
                (kept, saved): &'a mut Self::Saved<P, BATCH>,
            ) -> &'a mut [Self::Out] {
                let _ = &kept;
                ahead!(self kept saved BATCH K []; P::read(x); ($A $first) $(($L $i))*)
            }

            #[inline(always)]
            fn output<'a, P: Place, const BATCH: usize>(
                x: &'a [Self::In],
                (kept, saved): &'a Self::Saved<P, BATCH>,
            ) -> &'a [Self::Out] {
                let _ = &kept;
                found!(kept saved BATCH; x; ($A $first) $(($L $i))*)
            }

            #[inline(always)]
            fn output_mut<'a, P: Place, const BATCH: usize>(
                x: P::Input<'a, Self::In>,
                (kept, saved): &'a mut Self::Saved<P, BATCH>,
            ) -> &'a mut [Self::Out] {
                let _ = &kept;
                found_mut!(kept saved BATCH; P::read(x); ($A $first) $(($L $i))*)
            }

            #[inline(always)]
            fn backward<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<T>>(
                &mut self,
                x: &[Self::In],
                (kept, saved): &mut Self::Saved<P, BATCH>,
                grad: &mut [T],
                slots: &mut Self::Slots<R::Slots>,
                rule: &R,
                context: Context,
            ) {
                let _ = &kept;
                back!(self kept saved grad slots rule context BATCH R K; x, D; ($A $first) $(($L $i))*);
            }

            fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
                self.blocks.visit(path, visitor);
            }

            fn visit_mut<S: Copies, G: Copies, V: Visitor<T, S, G>>(
                &mut self,
                path: Path,
                slots: &mut Self::Slots<S>,
                gradient: &mut Self::Slots<G>,
                visitor: &mut V,
            ) {
                self.blocks.visit_mut(path, slots, gradient, visitor);
            }

            fn penalty(&self) -> T {
                self.blocks.penalty()
            }

            fn source(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
                out.write_str("Recompute::new(")?;
                self.blocks.source(out)?;
                out.write_str(")")
            }
        }
    };
}

/// Refuses layers that learn in [`observe`](Layer::observe): what they would learn from is gone by then.
const fn without_statistics(cost: Cost) -> Cost {
    const KEPT: &str = "a layer with running statistics, such as `Standardize`, learns from activations that `Recompute` doesn't keep: put it before, \
        or in a `Frozen`";
    assert!(cost.statistics == 0, "{}", KEPT);
    cost
}

/// Memory for what each of the blocks keeps, in turn.
macro_rules! in_turn {
    ($B:ident $L:ident) => { $L::Saved<Apart, $B> };
    ($B:ident $L:ident $($rest:ident)+) => { Either<$L::Saved<Apart, $B>, in_turn!($B $($rest)+)> };
}

/// The forward passes, in training with a context, or in use.
macro_rules! ahead {
    ($self:ident $kept:ident $saved:ident $B:ident $K:ident $context:tt; $x:expr; ($L:ident $i:tt)) => {
        ahead!(@block $self $B $K $context; $x, $saved; $i)
    };
    ($self:ident $kept:ident $saved:ident $B:ident $K:ident $context:tt; $x:expr; ($L:ident $i:tt) $($rest:tt)+) => {{
        let x = $x;
        let y = ahead!(@block $self $B $K $context; x, $saved.first(); $i);
        let out = take_mut(&mut $kept.$i, y.len());
        kernel::copy(y, out);
        let saved = $saved.second();
        ahead!($self $kept saved $B $K $context; $L::Out::pass(out); $($rest)+)
    }};
    (@block $self:ident $B:ident $K:ident [Some($context:ident)]; $x:expr, $saved:expr; $i:tt) => {
        $self.blocks.$i.forward::<$K, Apart, $B>($x, $saved, $context.part($i))
    };
    (@block $self:ident $B:ident $K:ident []; $x:expr, $saved:expr; $i:tt) => {
        $self.blocks.$i.infer::<$K, Apart, $B>($x, $saved)
    };
}

/// The last block's output.
macro_rules! found {
    ($kept:ident $saved:ident $B:ident; $x:expr; ($L:ident $i:tt)) => { $L::output::<Apart, $B>($x, $saved) };
    ($kept:ident $saved:ident $B:ident; $x:expr; ($L:ident $i:tt) $($rest:tt)+) => {
        match $saved.held_second() {
            Some(saved) => found!($kept saved $B; $L::Out::pass(take(&$kept.$i, $x.len())); $($rest)+),
            None => &[],
        }
    };
}

/// The last block's output, to be changed.
macro_rules! found_mut {
    ($kept:ident $saved:ident $B:ident; $x:expr; ($L:ident $i:tt)) => { $L::output_mut::<Apart, $B>($x, $saved) };
    ($kept:ident $saved:ident $B:ident; $x:expr; ($L:ident $i:tt) $($rest:tt)+) => {{
        let saved = $saved.second();
        found_mut!($kept saved $B; $L::Out::pass(take(&$kept.$i, $x.len())); $($rest)+)
    }};
}

/// The backward passes from the last block to the first; all but the last go forward again before.
macro_rules! back {
    ($self:ident $kept:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $B:ident $R:ident $K:ident;
     $x:expr, $D:ty; ($L:ident $i:tt)) => {
        $self.blocks.$i.backward::<$K, Apart, $B, $D, $R>($x, $saved, $grad, &mut $slots.$i, $rule, $context.part($i))
    };
    ($self:ident $kept:ident $saved:ident $grad:ident $slots:ident $rule:ident $context:ident $B:ident $R:ident $K:ident;
     $x:expr, $D:ty; ($L:ident $i:tt) $($rest:tt)+) => {
        let x = $x;
        {
            let y = $L::Out::pass(take(&$kept.$i, x.len()));
            let saved = $saved.second();
            back!($self $kept saved $grad $slots $rule $context $B $R $K; y, <$D as Need>::Or<$L::Learns>; $($rest)+);
        }
        if const { <$D as Need>::WANTED || <$L::Learns as Need>::WANTED } {
            let (saved, context) = ($saved.first(), $context.part($i));
            $self.blocks.$i.forward::<$K, Apart, $B>(x, saved, context);
            $self.blocks.$i.backward::<$K, Apart, $B, $D, $R>(x, saved, $grad, &mut $slots.$i, $rule, context);
        }
    };
}

macro_rules! recomputes {
    ([$($done:tt)*]) => {};
    ([$($done:tt)*] $next:tt $($rest:tt)*) => {
        recompute!($($done)* $next);
        recomputes!([$($done)* $next] $($rest)*);
    };
}
recomputes!([] (A 0) (B 1 A) (C 2 B) (D_ 3 C) (E 4 D_) (F 5 E) (G_ 6 F) (H 7 G_));
