//! Where the gradient goes: into the optimizer at once, or into a buffer first.

use core::marker::PhantomData;
use core::ops::Range;

use super::StepError;
use crate::kernel::{Kernels, Lanes};
use crate::layer::{Apart, Context, Layer, No, Sliceable};
use crate::optimizer::{Accumulate, Copies, CopiesOf, Optimizer, Rule};
use crate::parameter::{Info, Path, Role, Visitor, visit_gradients};
use crate::scalar::{Scalar, all_finite};
use crate::storage::{Buffer, Zeroed};
use crate::tensor::{Array, Squares};

/// Where a trainer's gradient goes: [`Fused`] or [`Buffered`]. Both give the same bits.
pub trait Sink: 'static {
    /// How many copies of the parameters it needs.
    type Copies: Copies;

    /// What it remembers between steps.
    #[doc(hidden)]
    type State<T: Scalar>: Zeroed;
    /// Which gradients are in the buffer.
    #[doc(hidden)]
    fn gathered<T: Scalar>(state: &mut Self::State<T>) -> Option<&mut Gathered>;

    /// Backward and update, given dy in the gradient buffer.
    #[doc(hidden)]
    fn descend<K: Kernels, N: Layer, O: Optimizer<T = N::T>, const B: usize>(
        step: Step<'_, N, O, Self, B>,
    ) -> Result<(), StepError>
    where
        Self: Sized;

    /// What the update of a step in slices has to remember.
    #[doc(hidden)]
    type Survey<T: Scalar>: Zeroed;
    /// Whether the update comes after backward.
    #[doc(hidden)]
    const APART: bool;

    /// A slice of backward, given dy in the gradient buffer; with the update, unless that is apart.
    #[doc(hidden)]
    fn backward_slice<K: Kernels, N: Sliceable, O: Optimizer<T = N::T>, const B: usize>(
        step: Step<'_, N, O, Self, B>,
        slice: usize,
    ) where
        Self: Sized;

    /// A slice of an update that is apart: there are `2 · windows` of them.
    #[doc(hidden)]
    fn update_slice<K: Kernels, N: Layer, O: Optimizer<T = N::T>, const B: usize>(
        step: Step<'_, N, O, Self, B>,
        survey: &mut Self::Survey<N::T>,
        slice: usize,
        windows: usize,
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
    pub state: &'s mut G::State<N::T>,
    pub context: Context,
}

/// The micro-batches whose gradients are in the buffer. That of a sample is divided by the number of samples of the
/// first one, in all of them.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Gathered {
    /// How many micro-batches.
    pub micro_batches: u32,
    first: usize,
    samples: usize,
}
crate::storage::zeroed!([] Gathered { micro_batches, first, samples });

impl Gathered {
    /// No gradient.
    pub const NONE: Self = <Self as Zeroed>::ZERO;

    /// What the gradient of each of the next `samples` is divided by.
    pub fn divisor(&self, samples: usize) -> usize {
        if self.micro_batches == 0 { samples } else { self.first }
    }

    /// One more micro-batch.
    pub fn add(&mut self, samples: usize) {
        self.first = self.divisor(samples);
        self.micro_batches = self.micro_batches.saturating_add(1);
        self.samples = self.samples.saturating_add(samples);
    }

    /// What makes the sum that is in the buffer a mean over the samples: 1 / k after k micro-batches of the same size.
    fn mean<T: Scalar>(&self) -> T {
        let first = self.first.max(1);
        T::ONE / (T::from_usize(self.samples / first) + T::from_usize(self.samples % first) / T::from_usize(first))
    }
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

/// What [`Buffered`] remembers: the bound of the norm, and what is in the buffer.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct BufferState<T> {
    pub clip_norm: T,
    pub gathered: Gathered,
}
crate::storage::zeroed!([T: Scalar] BufferState<T> { clip_norm, gathered });

impl Sink for Fused {
    type Copies = CopiesOf<0>;

    type State<T: Scalar> = ();
    #[inline(always)]
    fn gathered<T: Scalar>((): &mut ()) -> Option<&mut Gathered> {
        None
    }

    #[inline(always)]
    fn descend<K: Kernels, N: Layer, O: Optimizer<T = N::T>, const B: usize>(
        s: Step<'_, N, O, Self, B>,
    ) -> Result<(), StepError> {
        s.network.backward::<K, Apart, B, No, O::Rule>(s.x, s.saved, s.grad.flat(), s.slots, &s.rule, s.context);
        Ok(())
    }

    type Survey<T: Scalar> = ();
    const APART: bool = false;

    #[inline(always)]
    fn backward_slice<K: Kernels, N: Sliceable, O: Optimizer<T = N::T>, const B: usize>(
        s: Step<'_, N, O, Self, B>,
        slice: usize,
    ) {
        let Step { network, slots, x, saved, grad, rule, context, .. } = s;
        network.backward_slice::<K, Apart, B, No, O::Rule>(x, saved, grad.flat(), slots, &rule, context, slice);
    }

    #[inline(always)]
    fn update_slice<K: Kernels, N: Layer, O: Optimizer<T = N::T>, const B: usize>(
        _: Step<'_, N, O, Self, B>,
        (): &mut (),
        _: usize,
        _: usize,
    ) -> Result<(), StepError> {
        Ok(())
    }
}

impl Sink for Buffered {
    type Copies = CopiesOf<1>;

    type State<T: Scalar> = BufferState<T>;
    #[inline(always)]
    fn gathered<T: Scalar>(state: &mut BufferState<T>) -> Option<&mut Gathered> {
        Some(&mut state.gathered)
    }

    #[inline(always)]
    fn descend<K: Kernels, N: Layer, O: Optimizer<T = N::T>, const B: usize>(
        s: Step<'_, N, O, Self, B>,
    ) -> Result<(), StepError> {
        accumulate::<K, N, B>(s.network, s.gradient, s.x, s.saved, s.grad, &mut s.state.gathered, s.context);
        apply::<K, N, O>(s.network, s.slots, s.gradient, &s.rule, s.state)
    }

    type Survey<T: Scalar> = SurveyInSlices<T>;
    const APART: bool = true;

    #[inline(always)]
    fn backward_slice<K: Kernels, N: Sliceable, O: Optimizer<T = N::T>, const B: usize>(
        s: Step<'_, N, O, Self, B>,
        slice: usize,
    ) {
        let Step { network, gradient, x, saved, grad, context, .. } = s;
        let rule = Gather::new(&s.state.gathered, x.len());
        network.backward_slice::<K, Apart, B, No, Gather<N::T>>(x, saved, grad.flat(), gradient, &rule, context, slice);
    }

    #[inline(always)]
    fn update_slice<K: Kernels, N: Layer, O: Optimizer<T = N::T>, const B: usize>(
        s: Step<'_, N, O, Self, B>,
        survey: &mut SurveyInSlices<N::T>,
        slice: usize,
        windows: usize,
    ) -> Result<(), StepError> {
        if slice == 0 {
            *survey = SurveyInSlices { survey: Survey::NEW, parameter: Squares::NONE, scale: Scale::NONE };
        }
        if slice < windows {
            visit_gradients(s.network, s.gradient, &mut SurveyWindow { window: Window::new(slice), survey });
            if slice + 1 == windows {
                survey.scale = Scale::of(&survey.survey.squares, s.state);
            }
            return Ok(());
        }
        let window = Window::new(slice - windows);
        if !survey.survey.finite {
            visit_gradients(s.network, s.gradient, &mut ClearWindow(window));
            return Err(StepError::NonFiniteGradient);
        }
        let mut apply = ApplyWindow {
            window,
            apply: Apply::<K, _, _> { rule: &s.rule, scale: survey.scale, kernels: PhantomData },
        };
        s.network.visit_mut(Path::default(), s.slots, s.gradient, &mut apply);
        Ok(())
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
    gathered: &mut Gathered,
    context: Context,
) {
    let rule = Gather::new(gathered, x.len());
    network.backward::<K, Apart, B, No, Gather<N::T>>(x, saved, grad.flat(), gradient, &rule, context);
    gathered.add(x.len());
}

/// [`Accumulate`], for a micro-batch that may be smaller or larger than the first: penalties, which aren't summed over
/// samples, count as much as its samples do.
#[derive(Clone, Copy, Debug)]
struct Gather<T> {
    share: T,
}

impl<T: Scalar> Gather<T> {
    #[inline(always)]
    fn new(gathered: &Gathered, samples: usize) -> Self {
        Self { share: T::from_usize(samples) / T::from_usize(gathered.divisor(samples)) }
    }
}

impl<T: Scalar> Rule<T> for Gather<T> {
    type Slots = CopiesOf<1>;
    #[inline(always)]
    fn update<V: Lanes<T>>(&self, role: Role, weight: V, sum: &mut [V; 1], gradient: V) -> V {
        Accumulate.update(role, weight, sum, gradient)
    }
    #[inline(always)]
    fn share(&self) -> T {
        self.share
    }
}

/// Updates every parameter from the buffered gradient, of which the mean over its samples is taken and clipped, and
/// clears the buffer.
#[inline(always)]
pub(super) fn apply<K: Kernels, N: Layer, O: Optimizer<T = N::T>>(
    network: &mut N,
    slots: &mut N::Slots<<O::Rule as Rule<N::T>>::Slots>,
    gradient: &mut N::Slots<CopiesOf<1>>,
    rule: &O::Rule,
    state: &mut BufferState<N::T>,
) -> Result<(), StepError> {
    let mut sum = Survey::NEW;
    visit_gradients(network, gradient, &mut sum);
    let scale = Scale::of(&sum.squares, state);
    state.gathered = Gathered::NONE;
    if !sum.finite {
        visit_gradients(network, gradient, &mut Clear);
        return Err(StepError::NonFiniteGradient);
    }
    network.visit_mut(Path::default(), slots, gradient, &mut Apply::<K, _, _> { rule, scale, kernels: PhantomData });
    Ok(())
}

/// What a buffered gradient is multiplied by: a power of two first, where its norm would be out of range without.
#[derive(Clone, Copy, Debug)]
struct Scale<T> {
    power: T,
    factor: T,
}
crate::storage::zeroed!([T: Scalar] Scale<T> { power, factor });

impl<T: Scalar> Scale<T> {
    const NONE: Self = Self { power: T::ONE, factor: T::ONE };

    /// That of the mean, clipped.
    #[inline(always)]
    fn of(squares: &Squares<T>, state: &BufferState<T>) -> Self {
        let (clip_norm, mean) = (state.clip_norm, state.gathered.mean::<T>());
        let (root, power) = squares.root();
        let norm = root * mean;
        if clip_norm > T::ZERO && norm > clip_norm * power {
            // As PyTorch's clip_grad_norm_, with its 1e-6.
            return Self { power, factor: mean * (clip_norm / (norm + T::from_f64(1e-6) * power)) };
        }
        Self { power: T::ONE, factor: mean }
    }

    #[inline(always)]
    fn apply(&self, gradient: &mut [T]) {
        for g in gradient {
            *g = *g * self.power * self.factor;
        }
    }
}

/// Whether the gradient is finite, and the sum of its squares.
struct Survey<T> {
    finite: bool,
    squares: Squares<T>,
}
crate::storage::zeroed!([T: Scalar] Survey<T> { finite, squares });

impl<T: Scalar> Survey<T> {
    const NEW: Self = Self { finite: true, squares: Squares::NONE };
}

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<1>> for Survey<T> {
    fn visit<A: Array<T = T>>(&mut self, _: Info, _: &mut A, _: &mut [A; 0], [gradient]: &mut [A; 1]) {
        self.finite &= all_finite(gradient.flat());
        self.squares = self.squares.plus(Squares::NONE.and(gradient.flat()));
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
    scale: Scale<T>,
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
        self.scale.apply(gradient.flat_mut());
        crate::kernel::learn_all::<K, _, _, _>(info.role, weights, slots, gradient, self.rule);
        gradient.flat_mut().fill(T::ZERO);
    }
}

/// How many numbers of the gradient a slice of the update treats.
pub(super) const WINDOW: usize = 256;

/// Positions in the row of all parameters, counted from the next one's first number.
struct Window {
    start: usize,
    end: usize,
}

impl Window {
    fn new(slice: usize) -> Self {
        Self { start: slice * WINDOW, end: (slice + 1) * WINDOW }
    }

    /// Those in the next parameter, of `len` numbers.
    fn next(&mut self, len: usize) -> Range<usize> {
        let positions = self.start.min(len)..self.end.min(len);
        (self.start, self.end) = (self.start - positions.start, self.end - positions.end);
        positions
    }
}

/// A [`Survey`] that goes on from slice to slice.
#[doc(hidden)]
#[expect(missing_debug_implementations)]
pub struct SurveyInSlices<T> {
    survey: Survey<T>,
    /// The sum of squares of the parameter that isn't at its end.
    parameter: Squares<T>,
    scale: Scale<T>,
}
crate::storage::zeroed!([T: Scalar] SurveyInSlices<T> { survey, parameter, scale });

struct SurveyWindow<'s, T> {
    window: Window,
    survey: &'s mut SurveyInSlices<T>,
}

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<1>> for SurveyWindow<'_, T> {
    fn visit<A: Array<T = T>>(&mut self, _: Info, _: &mut A, _: &mut [A; 0], [gradient]: &mut [A; 1]) {
        let positions = self.window.next(A::LEN);
        let (last, values) = (positions.end == A::LEN, gradient.flat().get(positions).unwrap_or(&[]));
        let SurveyInSlices { survey, parameter, .. } = &mut *self.survey;
        survey.finite &= all_finite(values);
        *parameter = parameter.and(values);
        if last && !values.is_empty() {
            survey.squares = survey.squares.plus(core::mem::replace(parameter, Squares::NONE));
        }
    }
}

struct ClearWindow(Window);

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<1>> for ClearWindow {
    fn visit<A: Array<T = T>>(&mut self, _: Info, _: &mut A, _: &mut [A; 0], [gradient]: &mut [A; 1]) {
        gradient.flat_mut().get_mut(self.0.next(A::LEN)).unwrap_or(&mut []).fill(T::ZERO);
    }
}

struct ApplyWindow<'r, K, R, T> {
    window: Window,
    apply: Apply<'r, K, R, T>,
}

impl<K: Kernels, T: Scalar, R: Rule<T>> Visitor<T, R::Slots, CopiesOf<1>> for ApplyWindow<'_, K, R, T> {
    fn visit<A: Array<T = T>>(
        &mut self,
        info: Info,
        weights: &mut A,
        slots: &mut <R::Slots as Copies>::Of<A>,
        [gradient]: &mut [A; 1],
    ) {
        let positions = self.window.next(A::LEN);
        self.apply.scale.apply(gradient.flat_mut().get_mut(positions.clone()).unwrap_or(&mut []));
        let rule = self.apply.rule;
        crate::kernel::learn_some::<K, _, _, _>(info.role, positions.clone(), weights, slots, gradient, rule);
        gradient.flat_mut().get_mut(positions).unwrap_or(&mut []).fill(T::ZERO);
    }
}
