//! Gru: gated recurrent units, as PyTorch has them. With σ the logistic function:
//! ```text
//! r  = σ(Wᵣ xₜ + Uᵣ hₜ₋₁ + bᵣ)
//! z  = σ(W_z xₜ + U_z hₜ₋₁ + b_z)
//! n  = tanh(Wₙ xₜ + bₙ + r q)  with  q = Uₙ hₜ₋₁ + c
//! hₜ = (1 - z) n + z hₜ₋₁
//! ```
//!
//! Backward, from the last step, for what stands in the functions: dn = dhₜ (1 - z) (1 - n²), dz = dhₜ (hₜ₋₁ - n) z (1 - z), dr = dn q r (1 - r),
//! dq = dn r; and z dhₜ + Uᵣᵀ dr + U_zᵀ dz + Uₙᵀ dq is added to dhₜ₋₁. The weights' gradients are sums of products over the steps and the batch.
//! Cho et al. 2014; the reset behind the product as in its later version.

use core::fmt::{Result, Write};
use core::slice::{from_mut, from_ref};

use super::gates::{self, Add, Stream, advance, around};
use super::plan::{Activations, Given, Sample, Short, Stepwise, Taken};
use super::{Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Sliceable, Structure, Yes};
use crate::kernel::{self, Cell, Kernels, Lanes, Rows, RowsMut};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::scalar::Scalar;
use crate::storage::{Aligned, Both};
use crate::tensor::{Array, Tensor, Vector, take, take_mut};

/// Gated recurrent units over `STEPS` steps of `IN` numbers, from h₀ = 0. It gives the `HIDDEN` numbers of every step;
/// [`Last`](super::Last) behind it takes those of the last.
///
/// r = σ(Wᵣ xₜ + Uᵣ hₜ₋₁ + bᵣ), z = σ(W_z xₜ + U_z hₜ₋₁ + b_z), n = tanh(Wₙ xₜ + bₙ + r (Uₙ hₜ₋₁ + c)), hₜ = (1 - z) n + z hₜ₋₁.
///
/// Parameters, gates in PyTorch's order r, z, n: `weight` W `[3 · HIDDEN, IN]`, `recurrent` U `[3 · HIDDEN, HIDDEN]`, `bias` b `[3 · HIDDEN]` and
/// `recurrent_bias` c `[HIDDEN]`. PyTorch has two biases for r and z, too, which are added: their sum is the one here; of n, b is its
/// `bias_ih` and c its `bias_hh`.
///
/// Initialisers start W of each gate with variance 2 / (IN + HIDDEN) and U with 1 / HIDDEN, see
/// [`Init`](crate::init::Init).
///
/// A batch of B samples keeps 5 · STEPS · HIDDEN numbers each: the output, the gates and Uₙ hₜ₋₁ + c.
///
/// Cho et al., Learning phrase representations using RNN encoder-decoder, 2014.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Net = (Gru<20, 6, 16>, Last<20, 16>, Dense<16, 7>);
/// let mut training = Trainer::<Net, SoftmaxCrossEntropy<7>, Adam, 32>::boxed();
/// training.reset(1, Adam::new(0.005)?)?;
/// # Ok::<(), SettingError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Gru<const STEPS: usize, const IN: usize, const HIDDEN: usize, T = f32> {
    weight: Aligned<[[[T; HIDDEN]; IN]; 3]>,
    recurrent: Aligned<[[[T; HIDDEN]; HIDDEN]; 3]>,
    bias: [[T; HIDDEN]; 3],
    recurrent_bias: [T; HIDDEN],
}
crate::storage::zeroed!([const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar] Gru<STEPS, IN, HIDDEN, T> { weight, recurrent, bias, recurrent_bias });

/// Where a stream of a [`Gru`] is, and room for its next step.
#[derive(Clone, Debug, PartialEq)]
pub struct GruState<const HIDDEN: usize, T = f32> {
    hidden: [[[T; HIDDEN]; 1]; 1],
    before: [[T; HIDDEN]; 1],
    gates: [[[[T; HIDDEN]; 1]; 1]; 4],
}
crate::storage::zeroed!([const HIDDEN: usize, T: Scalar] GruState<HIDDEN, T> { hidden, before, gates });

impl<const HIDDEN: usize, T: Scalar> GruState<HIDDEN, T> {
    /// With the hidden state of the step before.
    pub const fn new(hidden: [T; HIDDEN]) -> Self {
        Self { hidden: [[hidden]], ..<Self as crate::storage::Zeroed>::ZERO }
    }

    /// The hidden state, which is the output of the last step.
    pub const fn hidden(&self) -> &Vector<HIDDEN, T> {
        let [[hidden]] = &self.hidden;
        Tensor::from_ref(hidden)
    }
}

/// From what stands in the functions to h, r, z and n, beside q.
struct Forward;

impl<T: Scalar> Cell<T, 1, 5> for Forward {
    #[inline(always)]
    fn of<L: Lanes<T>>([before]: [L; 1], [_, r, z, n, q]: [L; 5]) -> [L; 5] {
        let (r, z) = (T::sigmoid_lanes(r), T::sigmoid_lanes(z));
        let n = T::tanh_lanes(n + r * q);
        [(L::splat(T::ONE) - z) * n + z * before, r, z, n, q]
    }
}

/// From r, z, n, q and dh to the gradients of what stands in the functions, and the part of dh that passes z.
struct Backward;

impl<T: Scalar> Cell<T, 1, 5> for Backward {
    #[inline(always)]
    fn of<L: Lanes<T>>([before]: [L; 1], [dh, r, z, n, q]: [L; 5]) -> [L; 5] {
        let one = L::splat(T::ONE);
        let dn = dh * (one - z) * (one - n * n);
        let dz = dh * (before - n) * (z * (one - z));
        let dr = dn * q * (r * (one - r));
        [dh * z, dr, dz, dn, dn * r]
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Gru<STEPS, IN, HIDDEN, T> {
    /// A layer with given weights, `weight[gate][unit][input]` and `recurrent[gate][unit][unit before]`, and biases, in const. The gates are r, z, n.
    pub const fn new(
        weight: [[[T; IN]; HIDDEN]; 3],
        recurrent: [[[T; HIDDEN]; HIDDEN]; 3],
        bias: [[T; HIDDEN]; 3],
        recurrent_bias: [T; HIDDEN],
    ) -> Self {
        Self {
            weight: Aligned(gates::by_input(weight)),
            recurrent: Aligned(gates::by_input(recurrent)),
            bias,
            recurrent_bias,
        }
    }

    /// One step of a stream: the hidden state behind it, with the same bits as in a whole sequence. A state of zeros is before the first step.
    ///
    /// ```
    /// # use stackprop::prelude::*;
    /// static GRU: Gru<20, 6, 16> = Zeroed::ZERO; // with weights, in flash
    /// let mut state = GruState::ZERO;
    /// for x in [Vector::ZERO; 20] {
    ///     GRU.step(&x, &mut state);
    /// }
    /// assert_eq!(state.hidden(), &Vector::ZERO);
    /// ```
    pub fn step<'a>(&self, x: &Vector<IN, T>, state: &'a mut GruState<HIDDEN, T>) -> &'a Vector<HIDDEN, T> {
        advance(self, &x.0, state);
        state.hidden()
    }

    /// The hidden states and the gates of `S` steps, from given hidden states or 0.
    #[inline(always)]
    fn run<K: Kernels, const S: usize>(
        &self,
        x: &[[[T; IN]; S]],
        initial: Option<&[[T; HIDDEN]]>,
        hidden: &mut [[[T; HIDDEN]; S]],
        [r, z, n, q]: [&mut [[[T; HIDDEN]; S]]; 4],
    ) {
        const { _ = Self::COST }
        gates::products::<K, T, IN, HIDDEN, S, 3>(x, &self.weight.0, &self.bias, [&mut *r, &mut *z, &mut *n]);
        for q in q.as_flattened_mut() {
            kernel::copy(from_ref(&self.recurrent_bias), from_mut(q));
        }
        for t in 0..S {
            gates::recur::<K, T, HIDDEN, S, 3>(initial, hidden, t, &self.recurrent.0, [&mut *r, &mut *z, &mut *q]);
            let rows = hidden.iter_mut().zip(&mut *r).zip(&mut *z).zip(&mut *n).zip(&mut *q);
            for (b, ((((h, r), z), n), q)) in rows.enumerate() {
                let (before, Some(h), _) = around(h, t) else { continue };
                let before = before.map(|h| &*h).or_else(|| initial.and_then(|rows| rows.get(b)));
                let written = [h, &mut r[t], &mut z[t], &mut n[t], &mut q[t]];
                kernel::cells::<K, T, Forward, HIDDEN, 1, 5>([before], written);
            }
        }
    }

    /// A block of steps from `start`, from the hidden states of the step before it, which are those of its last step then. Each step is shown: which it
    /// is, of which sample, and its hidden state.
    #[inline(always)]
    fn block<K: Kernels, const B: usize>(
        &self,
        x: &[[[T; IN]; STEPS]],
        start: usize,
        Both([r, z, n, q], [next]): &mut gates::Steps<T, HIDDEN, B, 1>,
        hidden: &mut [[T; HIDDEN]],
        mut show: impl FnMut(usize, usize, &[T; HIDDEN]),
    ) {
        const { _ = Self::COST }
        let [r, z, n, q] = [r, z, n, q].map(|gate| take_mut(gate, x.len()));
        let mut gates = [&mut *r, &mut *z, &mut *n];
        let steps =
            gates::block_products::<K, T, IN, HIDDEN, STEPS, 3>(x, start, &self.weight.0, &self.bias, &mut gates);
        for q in q.as_flattened_mut() {
            kernel::copy(from_ref(&self.recurrent_bias), from_mut(q));
        }
        for t in 0..steps {
            let first = start + t == 0;
            if !first {
                for (gate, weight) in [&mut *r, &mut *z, &mut *q].into_iter().zip(&self.recurrent.0) {
                    kernel::add_rows::<K, T, HIDDEN, HIDDEN>(Rows::all(hidden), weight, RowsMut::step(gate, t));
                }
            }
            let rows = hidden.iter_mut().zip(&mut *next).zip(&mut *r).zip(&mut *z).zip(&mut *n).zip(&mut *q);
            for (b, (((((h, next), r), z), n), q)) in rows.enumerate() {
                let before = if first { None } else { Some(&*h) };
                let written = [&mut *next, &mut r[t], &mut z[t], &mut n[t], &mut q[t]];
                kernel::cells::<K, T, Forward, HIDDEN, 1, 5>([before], written);
                *h = *next;
                show(start + t, b, h);
            }
        }
    }

    /// The gradients of a step's gates, in their place, and what they add to the dh before it.
    #[inline(always)]
    fn back<K: Kernels>(
        &self,
        t: usize,
        hidden: &mut [[[T; HIDDEN]; STEPS]],
        dh: &mut [[[T; HIDDEN]; STEPS]],
        [r, z, n, q]: [&mut [[[T; HIDDEN]; STEPS]]; 4],
    ) {
        let rows = hidden.iter_mut().zip(&mut *dh).zip(&mut *r).zip(&mut *z).zip(&mut *n).zip(&mut *q);
        for (((((h, dh), r), z), n), q) in rows {
            let (before, ..) = around(h, t);
            let (dh_before, Some(dh), _) = around(dh, t) else { continue };
            let written = [&mut *dh, &mut r[t], &mut z[t], &mut n[t], &mut q[t]];
            kernel::cells::<K, T, Backward, HIDDEN, 1, 5>([before.map(|h| &*h)], written);
            if let Some(before) = dh_before {
                kernel::cells::<K, T, Add, HIDDEN, 1, 1>([Some(dh)], [before]);
            }
        }
        gates::recur_back::<K, T, HIDDEN, STEPS, 3>([&*r, &*z, &*q], t, &self.recurrent.0, dh);
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Stream<[T; IN], GruState<HIDDEN, T>>
    for Gru<STEPS, IN, HIDDEN, T>
{
    #[inline(always)]
    fn advance<K: Kernels>(&self, x: &[T; IN], GruState { hidden, before, gates }: &mut GruState<HIDDEN, T>) {
        kernel::copy(hidden.as_flattened(), before);
        let [r, z, n, q] = gates;
        self.run::<K, 1>(from_ref(core::array::from_ref(x)), Some(before), hidden, [r, z, n, q]);
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Infer for Gru<STEPS, IN, HIDDEN, T> {
    type In = [[T; IN]; STEPS];
    type Out = [[T; HIDDEN]; STEPS];
    type Plan<P: Place, const B: usize> = Stepwise<
        Both<
            Both<P::Held<[[[T; IN]; STEPS]; B]>, Both<gates::Steps<T, HIDDEN, B, 1>, [[T; HIDDEN]; B]>>,
            [[[T; HIDDEN]; STEPS]; B],
        >,
        Both<Both<P::Held<[[[T; IN]; STEPS]; B]>, gates::Steps<T, HIDDEN, B, 1>>, [[T; HIDDEN]; B]>,
    >;
    const STRUCTURE: Structure = Structure::layer("Gru", &[IN, HIDDEN]);
    const COST: Cost = gates::cost("Gru", [STEPS, IN, HIDDEN, 3], 4 * HIDDEN);

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        let mut both = x.beside::<Self::Out, Both<gates::Steps<T, HIDDEN, B, 1>, [[T; HIDDEN]; B]>>();
        let (x, y, Both(scratch, h)) = both.parts();
        let h = take_mut(h, x.len());
        for start in (0..STEPS).step_by(gates::BLOCK) {
            self.block::<K, B>(x, start, scratch, h, |t, b, h| {
                if let Some(y) = y.get_mut(b).and_then(|y| y.get_mut(t)) {
                    *y = *h;
                }
            });
        }
        both.finish()
    }

    #[inline(always)]
    fn infer_last<'m, K: Kernels, P: Place, Y: Sample, const B: usize>(
        &self,
        x: Activations<'m, Self::In, P, Short<Self, P, B>, B>,
    ) -> Activations<'m, Y, InPlace, Short<Self, P, B>, B> {
        let mut both = x.beside::<[T; HIDDEN], gates::Steps<T, HIDDEN, B, 1>>();
        let (x, h, scratch) = both.parts();
        for start in (0..STEPS).step_by(gates::BLOCK) {
            self.block::<K, B>(x, start, scratch, h, |_, _, _| ());
        }
        both.finish().done()
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Layer for Gru<STEPS, IN, HIDDEN, T> {
    type T = T;
    type Wants = Apart;
    type Leaves = Apart;
    type Learns = Yes;
    /// h; then r, z, n and q.
    type Saved<P: Place, const B: usize> = ([[[T; HIDDEN]; STEPS]; B], [[[[T; HIDDEN]; STEPS]; B]; 4]);
    type Wide<const B: usize> = [[[T; HIDDEN]; STEPS]; B];
    type Slots<K: Copies> = (
        Aligned<K::Of<[[[T; HIDDEN]; IN]; 3]>>,
        Aligned<K::Of<[[[T; HIDDEN]; HIDDEN]; 3]>>,
        K::Of<[[T; HIDDEN]; 3]>,
        K::Of<[T; HIDDEN]>,
    );

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, Self::In>,
        (hidden, [r, z, n, q]): &'a mut Self::Saved<P, B>,
        _: Context,
    ) -> &'a mut [Self::Out] {
        let x = P::read(x);
        let hidden = take_mut(hidden, x.len());
        let gates = [take_mut(r, x.len()), take_mut(z, x.len()), take_mut(n, x.len()), take_mut(q, x.len())];
        self.run::<K, STEPS>(x, None, hidden, gates);
        hidden
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [Self::In], saved: &'a Self::Saved<P, B>) -> &'a [Self::Out] {
        take(&saved.0, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[Self::In],
        (hidden, [r, z, n, q]): &mut Self::Saved<P, B>,
        grad: &mut [T],
        (Aligned(weight), Aligned(recurrent), bias, recurrent_bias): &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
    ) {
        let hidden = take_mut(hidden, x.len());
        let [r, z, n, q] = [take_mut(r, x.len()), take_mut(z, x.len()), take_mut(n, x.len()), take_mut(q, x.len())];
        let dh = take_mut(<Self::Out>::group_mut(grad), x.len());
        for t in (0..STEPS).rev() {
            self.back::<K>(t, hidden, dh, [r, z, n, q]);
        }
        let [r, z, n, q] = [r.as_flattened(), z.as_flattened(), n.as_flattened(), q.as_flattened()];
        let matrices = &mut self.recurrent.0;
        gates::learn_recurrent::<K, T, R, HIDDEN, STEPS, 3>(hidden, [r, z, q], matrices, recurrent, rule);
        for (gate, rows) in [r, z, n].into_iter().enumerate() {
            kernel::learn_gate_bias::<K, T, R, HIDDEN, 3>(rows, gate, &mut self.bias, bias, rule);
        }
        kernel::learn_bias::<K, T, R, HIDDEN>(q, &mut self.recurrent_bias, recurrent_bias, rule);
        let dx = take_mut(<Self::In>::group_mut(if D::WANTED { grad } else { &mut [] }), x.len());
        let (x, dx, matrices) = (x.as_flattened(), dx.as_flattened_mut(), &mut self.weight.0);
        gates::learn::<K, T, R, D, IN, HIDDEN, 3>(x, [r, z, n], matrices, weight, rule, dx);
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        let sizes = |inputs| [3, HIDDEN, inputs];
        visitor(Parameter::new(gates::weight_info(path, "weight", sizes(IN)), &self.weight.0));
        visitor(Parameter::new(gates::weight_info(path, "recurrent", sizes(HIDDEN)), &self.recurrent.0));
        visitor(Parameter::new(gates::bias_info(path, "bias", 3 * HIDDEN, IN), &self.bias));
        visitor(Parameter::new(gates::bias_info(path, "recurrent_bias", HIDDEN, HIDDEN), &self.recurrent_bias));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        let sizes = |inputs| [3, HIDDEN, inputs];
        let info = gates::weight_info(path, "weight", sizes(IN));
        visitor.visit(info, &mut self.weight.0, &mut slots.0.0, &mut gradient.0.0);
        let info = gates::weight_info(path, "recurrent", sizes(HIDDEN));
        visitor.visit(info, &mut self.recurrent.0, &mut slots.1.0, &mut gradient.1.0);
        visitor.visit(gates::bias_info(path, "bias", 3 * HIDDEN, IN), &mut self.bias, &mut slots.2, &mut gradient.2);
        let info = gates::bias_info(path, "recurrent_bias", HIDDEN, HIDDEN);
        visitor.visit(info, &mut self.recurrent_bias, &mut slots.3, &mut gradient.3);
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Sliceable for Gru<STEPS, IN, HIDDEN, T> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, Self::In>,
        saved: &'a mut Self::Saved<P, B>,
    ) -> &'a mut [Self::Out] {
        take_mut(&mut saved.0, P::read(x).len())
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Export for Gru<STEPS, IN, HIDDEN, T> {
    fn source(&self, out: &mut impl Write) -> Result {
        out.write_str("Gru::new(")?;
        gates::write_weight(out, &self.weight.0)?;
        out.write_str(", ")?;
        gates::write_weight(out, &self.recurrent.0)?;
        write!(out, ", {:?}, {:?})", self.bias, self.recurrent_bias)
    }
}
