//! Where the gradient goes: into the optimizer at once, or into a buffer first.

use core::marker::PhantomData;

use super::StepError;
use crate::kernel::Kernels;
use crate::layer::{Apart, Context, Layer, No};
use crate::optimizer::{Accumulate, Copies, CopiesOf, Optimizer, Rule};
use crate::parameter::{Info, Path, Visitor, visit_gradients};
use crate::scalar::{Scalar, all_finite};
use crate::storage::{Buffer, Zeroed};
use crate::tensor::{Array, Tensor};

/// Where a trainer's gradient goes: [`Fused`] or [`Buffered`]. Both give the same bits.
pub trait Sink: 'static {
    /// How many copies of the parameters it needs.
    type Copies: Copies;

    /// Backward and update, given dy in the gradient buffer.
    #[doc(hidden)]
    fn descend<K: Kernels, N: Layer, O: Optimizer<T = N::T>, const B: usize>(
        step: Step<'_, N, O, Self, B>,
    ) -> Result<(), StepError>
    where
        Self: Sized;
}

/// What a step is made of.
#[doc(hidden)]
#[expect(missing_debug_implementations)]
pub struct Step<'s, N: Layer, O: Optimizer<T = N::T>, G: Sink, const B: usize> {
    pub network: &'s mut N,
    pub slots: &'s mut N::Slots<<O::Rule as Rule<N::T>>::Slots>,
    pub gradient: &'s mut N::Slots<G::Copies>,
    pub x: &'s [N::In],
    pub saved: &'s mut N::Saved<Apart, B>,
    pub grad: &'s mut N::Wide<B>,
    pub rule: O::Rule,
    pub clip_norm: N::T,
    pub micro_batches: u32,
    pub context: Context,
}

/// Each weight is updated as soon as its gradient is known: gradients need no memory.
///
/// A gradient that overflows changes the weights; the next step then reports [`StepError::NonFiniteLoss`].
#[derive(Debug)]
pub struct Fused;

/// The whole gradient is collected first, in one copy of the parameters: it can be accumulated over micro-batches and clipped by its norm,
/// and one that overflows is found before anything changes.
#[derive(Debug)]
pub struct Buffered;

impl Sink for Fused {
    type Copies = CopiesOf<0>;

    #[inline(always)]
    fn descend<K: Kernels, N: Layer, O: Optimizer<T = N::T>, const B: usize>(
        s: Step<'_, N, O, Self, B>,
    ) -> Result<(), StepError> {
        s.network.backward::<K, Apart, B, No, O::Rule>(s.x, s.saved, s.grad.flat(), s.slots, &s.rule, s.context);
        Ok(())
    }
}

impl Sink for Buffered {
    type Copies = CopiesOf<1>;

    #[inline(always)]
    fn descend<K: Kernels, N: Layer, O: Optimizer<T = N::T>, const B: usize>(
        s: Step<'_, N, O, Self, B>,
    ) -> Result<(), StepError> {
        accumulate::<K, N, B>(s.network, s.gradient, s.x, s.saved, s.grad, s.context);
        apply::<K, N, O>(s.network, s.slots, s.gradient, &s.rule, s.clip_norm, s.micro_batches)
    }
}

/// Adds the gradient of a batch to the buffer.
#[inline(always)]
pub(super) fn accumulate<K: Kernels, N: Layer, const B: usize>(
    network: &mut N,
    gradient: &mut N::Slots<CopiesOf<1>>,
    x: &[N::In],
    saved: &mut N::Saved<Apart, B>,
    grad: &mut N::Wide<B>,
    context: Context,
) {
    network.backward::<K, Apart, B, No, Accumulate>(x, saved, grad.flat(), gradient, &Accumulate, context);
}

/// Updates every parameter from the buffered gradient, divided by the number of micro-batches and clipped, and clears the buffer.
#[inline(always)]
pub(super) fn apply<K: Kernels, N: Layer, O: Optimizer<T = N::T>>(
    network: &mut N,
    slots: &mut N::Slots<<O::Rule as Rule<N::T>>::Slots>,
    gradient: &mut N::Slots<CopiesOf<1>>,
    rule: &O::Rule,
    clip_norm: N::T,
    micro_batches: u32,
) -> Result<(), StepError> {
    let mut sum = Survey { finite: true, squares: N::T::ZERO };
    visit_gradients(network, gradient, &mut sum);
    if !sum.finite {
        visit_gradients(network, gradient, &mut Clear);
        return Err(StepError::NonFiniteGradient);
    }
    let mut scale = N::T::ONE / N::T::from_u32(micro_batches);
    // As PyTorch's clip_grad_norm_, with its 1e-6.
    let norm = sum.squares.sqrt() * scale;
    if clip_norm > N::T::ZERO && norm > clip_norm {
        scale *= clip_norm / (norm + N::T::from_f64(1e-6));
    }
    network.visit_mut(Path::default(), slots, gradient, &mut Apply::<K, _, _> { rule, scale, kernels: PhantomData });
    Ok(())
}

/// Whether the gradient is finite, and the sum of its squares.
struct Survey<T> {
    finite: bool,
    squares: T,
}

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<1>> for Survey<T> {
    fn visit<A: Array<T = T>>(&mut self, _: Info, _: &mut A, _: &mut [A; 0], [gradient]: &mut [A; 1]) {
        self.finite &= all_finite(gradient.flat());
        self.squares += Tensor::from_ref(&*gradient).dot(Tensor::from_ref(&*gradient));
    }
}

struct Clear;

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<1>> for Clear {
    fn visit<A: Array<T = T>>(&mut self, _: Info, _: &mut A, _: &mut [A; 0], [gradient]: &mut [A; 1]) {
        gradient.flat_mut().fill(T::ZERO);
    }
}

struct Apply<'r, K, R, T> {
    rule: &'r R,
    scale: T,
    kernels: PhantomData<K>,
}

impl<K: Kernels, T: Scalar, R: Rule<T>> Visitor<T, R::Slots, CopiesOf<1>> for Apply<'_, K, R, T> {
    fn visit<A: Array<T = T>>(
        &mut self,
        info: Info,
        weights: &mut A,
        slots: &mut <R::Slots as Copies>::Of<A>,
        [gradient]: &mut [A; 1],
    ) {
        for g in gradient.flat_mut() {
            *g *= self.scale;
        }
        crate::kernel::learn_all::<K, _, _, _>(info.role, weights, slots, gradient, self.rule);
        gradient.flat_mut().fill(T::ZERO);
    }
}
