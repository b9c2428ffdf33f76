//! Rnn: hₜ = tanh(W xₜ + U hₜ₋₁ + b), with W `[HIDDEN, IN]` and U `[HIDDEN, HIDDEN]`. Elman 1990.
//!
//! Backward, from the last step: aₜ = dhₜ (1 - hₜ²), and Uᵀ aₜ is added to dhₜ₋₁; dW = Σ aₜ xₜᵀ, dU = Σ aₜ hₜ₋₁ᵀ and db = Σ aₜ over the steps
//! and the batch; dxₜ = Wᵀ aₜ. Werbos 1990.

use core::fmt::{Result, Write};
use core::slice::from_ref;

use super::gates::{self, Stream, advance};
use super::plan::{Beside, Given, Taken};
use super::{Apart, Context, Cost, Export, Infer, Layer, Need, Place, Sliceable, Structure, Yes};
use crate::kernel::{self, Cell, Kernels, Lanes, Rows, RowsMut};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::scalar::Scalar;
use crate::storage::Aligned;
use crate::tensor::{Array, Tensor, Vector, take, take_mut};

/// A recurrent layer: hₜ = tanh(W xₜ + U hₜ₋₁ + b) over `STEPS` steps of `IN` numbers, from h₀ = 0. It gives the `HIDDEN` numbers of every
/// step; [`Last`](super::Last) behind it takes those of the last.
///
/// Parameters: `weight` W `[HIDDEN, IN]`, `recurrent` U `[HIDDEN, HIDDEN]` and `bias` `[HIDDEN]`. PyTorch has two biases that are added: their
/// sum is this one.
///
/// Initialisers start W with variance 2 / (IN + HIDDEN) and U with 1 / HIDDEN, see [`Init`](crate::init::Init).
///
/// Elman, Finding structure in time, 1990.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Net = (Rnn<20, 6, 16>, Last<20, 16>, Dense<16, 7>);
/// let mut training = Trainer::<Net, SoftmaxCrossEntropy<7>, Adam, 32>::boxed();
/// training.reset(1, Adam::new(0.005)?)?;
/// # Ok::<(), SettingError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rnn<const STEPS: usize, const IN: usize, const HIDDEN: usize, T = f32> {
    weight: Aligned<[[[T; HIDDEN]; IN]; 1]>,
    recurrent: Aligned<[[[T; HIDDEN]; HIDDEN]; 1]>,
    bias: [[T; HIDDEN]; 1],
}
crate::storage::zeroed!([const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar] Rnn<STEPS, IN, HIDDEN, T> { weight, recurrent, bias });

/// Where a stream of an [`Rnn`] is.
#[derive(Clone, Debug, PartialEq)]
pub struct RnnState<const HIDDEN: usize, T = f32> {
    hidden: [[[T; HIDDEN]; 1]; 1],
    before: [[T; HIDDEN]; 1],
}
crate::storage::zeroed!([const HIDDEN: usize, T: Scalar] RnnState<HIDDEN, T> { hidden, before });

impl<const HIDDEN: usize, T: Scalar> RnnState<HIDDEN, T> {
    /// With the hidden state of the step before.
    pub const fn new(hidden: [T; HIDDEN]) -> Self {
        Self { hidden: [[hidden]], before: [[T::ZERO; HIDDEN]] }
    }

    /// The hidden state, which is the output of the last step.
    pub const fn hidden(&self) -> &Vector<HIDDEN, T> {
        let [[hidden]] = &self.hidden;
        Tensor::from_ref(hidden)
    }
}

/// h.
struct Forward;

impl<T: Scalar> Cell<T, 0, 1> for Forward {
    #[inline(always)]
    fn of<L: Lanes<T>>([]: [L; 0], [sum]: [L; 1]) -> [L; 1] {
        // The zero is what a product with a state of zeros adds.
        [T::tanh_lanes(sum + L::ZERO)]
    }
}

/// The gradient of the sum, from dh.
struct Backward;

impl<T: Scalar> Cell<T, 1, 1> for Backward {
    #[inline(always)]
    fn of<L: Lanes<T>>([h]: [L; 1], [dh]: [L; 1]) -> [L; 1] {
        [dh * (L::splat(T::ONE) - h * h)]
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Rnn<STEPS, IN, HIDDEN, T> {
    /// A layer with given weights, `weight[unit][input]` and `recurrent[unit][unit before]`, and biases, in const.
    pub const fn new(weight: [[T; IN]; HIDDEN], recurrent: [[T; HIDDEN]; HIDDEN], bias: [T; HIDDEN]) -> Self {
        Self {
            weight: Aligned(gates::by_input([weight])),
            recurrent: Aligned(gates::by_input([recurrent])),
            bias: [bias],
        }
    }

    /// One step of a stream: the hidden state behind it, with the same bits as in a whole sequence. A state of zeros is before the first step.
    ///
    /// ```
    /// # use stackprop::prelude::*;
    /// let rnn = Rnn::<20, 1, 1>::new([[0.0]], [[0.0]], [0.5]);
    /// let mut state = RnnState::ZERO;
    /// assert_eq!(rnn.step(&Vector::new([1.0]), &mut state)[0], 0.46211717);
    /// ```
    pub fn step<'a>(&self, x: &Vector<IN, T>, state: &'a mut RnnState<HIDDEN, T>) -> &'a Vector<HIDDEN, T> {
        advance(self, &x.0, state);
        state.hidden()
    }

    /// The hidden states of `S` steps, from given ones or 0.
    #[inline(always)]
    fn run<K: Kernels, const S: usize>(
        &self,
        x: &[[[T; IN]; S]],
        initial: Option<&[[T; HIDDEN]]>,
        hidden: &mut [[[T; HIDDEN]; S]],
    ) {
        const { _ = Self::COST }
        let ([weight], [recurrent], [bias]) = (&self.weight.0, &self.recurrent.0, &self.bias);
        kernel::mul_rows::<K, T, IN, HIDDEN>(x.as_flattened(), weight, Some(bias), hidden.as_flattened_mut());
        for t in 0..S {
            if t > 0 {
                let (before, now) = RowsMut::steps(hidden, t - 1, t);
                kernel::add_rows::<K, T, HIDDEN, HIDDEN>(before, recurrent, now);
            } else {
                let before = Rows::all(initial.unwrap_or(&[]));
                kernel::add_rows::<K, T, HIDDEN, HIDDEN>(before, recurrent, RowsMut::step(hidden, 0));
            }
            for h in &mut *hidden {
                kernel::cells::<K, T, Forward, HIDDEN, 0, 1>([], [&mut h[t]]);
            }
        }
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Stream<[T; IN], RnnState<HIDDEN, T>>
    for Rnn<STEPS, IN, HIDDEN, T>
{
    #[inline(always)]
    fn advance<K: Kernels>(&self, x: &[T; IN], RnnState { hidden, before }: &mut RnnState<HIDDEN, T>) {
        kernel::copy(hidden.as_flattened(), before);
        self.run::<K, 1>(from_ref(core::array::from_ref(x)), Some(before), hidden);
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Infer for Rnn<STEPS, IN, HIDDEN, T> {
    type In = [[T; IN]; STEPS];
    type Out = [[T; HIDDEN]; STEPS];
    type Plan<P: Place, const B: usize> = Beside<P, [[T; IN]; STEPS], [[T; HIDDEN]; STEPS], B>;
    const STRUCTURE: Structure = Structure::layer("Rnn", &[IN, HIDDEN]);
    const COST: Cost = gates::cost("Rnn", [STEPS, IN, HIDDEN, 1], HIDDEN);

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        let mut both = x.beside::<_, ()>();
        let (x, y, ()) = both.parts();
        self.run::<K, STEPS>(x, None, y);
        both.finish()
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Layer for Rnn<STEPS, IN, HIDDEN, T> {
    type T = T;
    type Wants = Apart;
    type Leaves = Apart;
    type Learns = Yes;
    type Saved<P: Place, const B: usize> = [[[T; HIDDEN]; STEPS]; B];
    type Wide<const B: usize> = [[[T; HIDDEN]; STEPS]; B];
    type Slots<K: Copies> =
        (Aligned<K::Of<[[[T; HIDDEN]; IN]; 1]>>, Aligned<K::Of<[[[T; HIDDEN]; HIDDEN]; 1]>>, K::Of<[[T; HIDDEN]; 1]>);

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, Self::In>,
        saved: &'a mut Self::Saved<P, B>,
        _: Context,
    ) -> &'a mut [Self::Out] {
        let x = P::read(x);
        let hidden = take_mut(saved, x.len());
        self.run::<K, STEPS>(x, None, hidden);
        hidden
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [Self::In], saved: &'a Self::Saved<P, B>) -> &'a [Self::Out] {
        take(saved, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[Self::In],
        saved: &mut Self::Saved<P, B>,
        grad: &mut [T],
        (Aligned(weight), Aligned(recurrent), bias): &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
    ) {
        let hidden = take_mut(saved, x.len());
        let sums = take_mut(<Self::Out>::group_mut(grad), x.len());
        for t in (0..STEPS).rev() {
            for (h, sum) in hidden.iter().zip(&mut *sums) {
                kernel::cells::<K, T, Backward, HIDDEN, 1, 1>([Some(&h[t])], [&mut sum[t]]);
            }
            if let (Some(before), [matrix]) = (t.checked_sub(1), &self.recurrent.0) {
                let (now, mut before) = RowsMut::steps(sums, t, before);
                kernel::add_dots::<K, T, HIDDEN, HIDDEN>(now, matrix, 0..HIDDEN, &mut before);
            }
        }
        let rows = sums.as_flattened();
        gates::learn_recurrent::<K, T, R, HIDDEN, STEPS, 1>(hidden, [rows], &mut self.recurrent.0, recurrent, rule);
        kernel::learn_gate_bias::<K, T, R, HIDDEN, 1>(rows, 0, &mut self.bias, bias, rule);
        let weights = &mut self.weight.0;
        if D::WANTED {
            // The hidden states aren't read any more: the gradients of the sums move there, and `grad` is free for dx.
            kernel::copy(sums, hidden);
            let dx = take_mut(<Self::In>::group_mut(grad), x.len()).as_flattened_mut();
            let rows = hidden.as_flattened();
            gates::learn::<K, T, R, D, IN, HIDDEN, 1>(x.as_flattened(), [rows], weights, weight, rule, dx);
        } else {
            gates::learn::<K, T, R, D, IN, HIDDEN, 1>(x.as_flattened(), [rows], weights, weight, rule, &mut []);
        }
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        let sizes = |inputs| [1, HIDDEN, inputs];
        visitor(Parameter::new(gates::weight_info(path, "weight", sizes(IN)), &self.weight.0));
        visitor(Parameter::new(gates::weight_info(path, "recurrent", sizes(HIDDEN)), &self.recurrent.0));
        visitor(Parameter::new(gates::bias_info(path, "bias", HIDDEN, IN), &self.bias));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        let sizes = |inputs| [1, HIDDEN, inputs];
        let info = gates::weight_info(path, "weight", sizes(IN));
        visitor.visit(info, &mut self.weight.0, &mut slots.0.0, &mut gradient.0.0);
        let info = gates::weight_info(path, "recurrent", sizes(HIDDEN));
        visitor.visit(info, &mut self.recurrent.0, &mut slots.1.0, &mut gradient.1.0);
        visitor.visit(gates::bias_info(path, "bias", HIDDEN, IN), &mut self.bias, &mut slots.2, &mut gradient.2);
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Sliceable for Rnn<STEPS, IN, HIDDEN, T> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, Self::In>,
        saved: &'a mut Self::Saved<P, B>,
    ) -> &'a mut [Self::Out] {
        take_mut(saved, P::read(x).len())
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Export for Rnn<STEPS, IN, HIDDEN, T> {
    fn source(&self, out: &mut impl Write) -> Result {
        let ([weight], [recurrent], [bias]) = (&self.weight.0, &self.recurrent.0, &self.bias);
        out.write_str("Rnn::new(")?;
        gates::write_gate(out, weight)?;
        out.write_str(", ")?;
        gates::write_gate(out, recurrent)?;
        write!(out, ", {bias:?})")
    }
}
