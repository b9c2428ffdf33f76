//! Lstm: long short-term memory, as PyTorch has it. With σ the logistic function:
//! ```text
//! i, f, o = σ(W xₜ + U hₜ₋₁ + b)  and  g = tanh(W xₜ + U hₜ₋₁ + b), each with its W, U and b
//! cₜ = f cₜ₋₁ + i g
//! hₜ = o tanh cₜ
//! ```
//!
//! Backward, from the last step, with s = tanh cₜ: dcₜ grows by dhₜ o (1 - s²); for what stands in the functions di = dcₜ g i (1 - i),
//! df = dcₜ cₜ₋₁ f (1 - f), dg = dcₜ i (1 - g²), do = dhₜ s o (1 - o); dcₜ₋₁ = dcₜ f, and the sum of the gates' Uᵀ d is added to dhₜ₋₁. The weights'
//! gradients are sums of products over the steps and the batch. Hochreiter and Schmidhuber 1997; Gers et al. 2000.

use core::fmt::{Result, Write};
use core::slice::from_ref;

use super::gates::{self, Stream, advance, around};
use super::plan::{Activations, Given, Sample, Short, Stepwise, Taken};
use super::{Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Sliceable, Structure, Yes};
use crate::kernel::{self, Cell, Kernels, Lanes, Rows, RowsMut};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Parameter, Path, Visitor};
use crate::scalar::Scalar;
use crate::storage::{Aligned, Both};
use crate::tensor::{Array, Tensor, Vector, take, take_mut};

/// Long short-term memory over `STEPS` steps of `IN` numbers, from h₀ = c₀ = 0. It gives the `HIDDEN` numbers of every step;
/// [`Last`](super::Last) behind it takes those of the last.
///
/// i, f, o = σ(W xₜ + U hₜ₋₁ + b) and g = tanh(W xₜ + U hₜ₋₁ + b), each with its W, U and b; cₜ = f cₜ₋₁ + i g, hₜ = o tanh cₜ.
///
/// Parameters, gates in PyTorch's order i, f, g, o: `weight` W `[4 · HIDDEN, IN]`, `recurrent` U `[4 · HIDDEN, HIDDEN]` and `bias` b
/// `[4 · HIDDEN]`. PyTorch has two biases that are added: their sum is this one.
///
/// Initialisers start W of each gate with variance 2 / (IN + HIDDEN) and U with 1 / HIDDEN, see
/// [`Init`](crate::init::Init).
///
/// A batch of B samples keeps 6 · STEPS · HIDDEN numbers each: the output, the gates and c.
///
/// Hochreiter and Schmidhuber, Long short-term memory, 1997; with the forget gate of Gers, Schmidhuber and Cummins, 2000.
///
/// ```
/// use stackprop::prelude::*;
///
/// type Net = (Lstm<20, 6, 16>, Last<20, 16>, Dense<16, 7>);
/// let mut training = Trainer::<Net, SoftmaxCrossEntropy<7>, Adam, 32>::boxed();
/// training.reset(1, Adam::new(0.005)?)?;
/// # Ok::<(), SettingError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Lstm<const STEPS: usize, const IN: usize, const HIDDEN: usize, T = f32> {
    weight: Aligned<[[[T; HIDDEN]; IN]; 4]>,
    recurrent: Aligned<[[[T; HIDDEN]; HIDDEN]; 4]>,
    bias: [[T; HIDDEN]; 4],
}
crate::storage::zeroed!([const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar] Lstm<STEPS, IN, HIDDEN, T> { weight, recurrent, bias });

/// Where a stream of an [`Lstm`] is, and room for its next step.
#[derive(Clone, Debug, PartialEq)]
pub struct LstmState<const HIDDEN: usize, T = f32> {
    hidden: [[[T; HIDDEN]; 1]; 1],
    cell: [[[T; HIDDEN]; 1]; 1],
    /// h and c.
    before: [[[T; HIDDEN]; 1]; 2],
    gates: [[[[T; HIDDEN]; 1]; 1]; 4],
}
crate::storage::zeroed!([const HIDDEN: usize, T: Scalar] LstmState<HIDDEN, T> { hidden, cell, before, gates });

impl<const HIDDEN: usize, T: Scalar> LstmState<HIDDEN, T> {
    /// With the hidden state and the cell state of the step before.
    pub const fn new(hidden: [T; HIDDEN], cell: [T; HIDDEN]) -> Self {
        Self { hidden: [[hidden]], cell: [[cell]], ..<Self as crate::storage::Zeroed>::ZERO }
    }

    /// The hidden state, which is the output of the last step.
    pub const fn hidden(&self) -> &Vector<HIDDEN, T> {
        let [[hidden]] = &self.hidden;
        Tensor::from_ref(hidden)
    }

    /// The cell state.
    pub const fn cell(&self) -> &Vector<HIDDEN, T> {
        let [[cell]] = &self.cell;
        Tensor::from_ref(cell)
    }
}

/// From what stands in the functions to h, c, i, f, g and o.
struct Forward;

impl<T: Scalar> Cell<T, 1, 6> for Forward {
    #[inline(always)]
    fn of<L: Lanes<T>>([before]: [L; 1], [_, _, i, f, g, o]: [L; 6]) -> [L; 6] {
        let (i, f) = (T::sigmoid_lanes(i), T::sigmoid_lanes(f));
        let (g, o) = (T::tanh_lanes(g), T::sigmoid_lanes(o));
        let c = f * before + i * g;
        [o * T::tanh_lanes(c), c, i, f, g, o]
    }
}

/// From the gates, c and the gradients of h and c to those of what stands in the functions, and that of the c before.
struct Backward;

impl<T: Scalar> Cell<T, 3, 5> for Backward {
    #[inline(always)]
    fn of<L: Lanes<T>>([before, dh, dc]: [L; 3], [c, i, f, g, o]: [L; 5]) -> [L; 5] {
        let (one, s) = (L::splat(T::ONE), T::tanh_lanes(c));
        let dc = dc + dh * o * (one - s * s);
        let di = dc * g * (i * (one - i));
        let df = dc * before * (f * (one - f));
        let dg = dc * i * (one - g * g);
        [dc * f, di, df, dg, dh * s * (o * (one - o))]
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Lstm<STEPS, IN, HIDDEN, T> {
    /// A layer with given weights, `weight[gate][unit][input]` and `recurrent[gate][unit][unit before]`, and biases, in const. The gates are i, f, g, o.
    pub const fn new(
        weight: [[[T; IN]; HIDDEN]; 4],
        recurrent: [[[T; HIDDEN]; HIDDEN]; 4],
        bias: [[T; HIDDEN]; 4],
    ) -> Self {
        Self { weight: Aligned(gates::by_input(weight)), recurrent: Aligned(gates::by_input(recurrent)), bias }
    }

    /// One step of a stream: the hidden state behind it, with the same bits as in a whole sequence. A state of zeros is before the first step.
    ///
    /// ```
    /// # use stackprop::prelude::*;
    /// static LSTM: Lstm<20, 6, 16> = Zeroed::ZERO; // with weights, in flash
    /// let mut state = LstmState::ZERO;
    /// for x in [Vector::ZERO; 20] {
    ///     LSTM.step(&x, &mut state);
    /// }
    /// assert_eq!(state.hidden(), &Vector::ZERO);
    /// ```
    pub fn step<'a>(&self, x: &Vector<IN, T>, state: &'a mut LstmState<HIDDEN, T>) -> &'a Vector<HIDDEN, T> {
        advance(self, &x.0, state);
        state.hidden()
    }

    /// The hidden states, the cell states and the gates of `S` steps, from given hidden and cell states or 0.
    #[inline(always)]
    fn run<K: Kernels, const S: usize>(
        &self,
        x: &[[[T; IN]; S]],
        initial: Option<[&[[T; HIDDEN]]; 2]>,
        [hidden, cell]: [&mut [[[T; HIDDEN]; S]]; 2],
        gates: [&mut [[[T; HIDDEN]; S]]; 4],
    ) {
        const { _ = Self::COST }
        let [i, f, g, o] = gates;
        gates::products::<K, T, IN, HIDDEN, S, 4>(x, &self.weight.0, &self.bias, [&mut *i, &mut *f, &mut *g, &mut *o]);
        for t in 0..S {
            let sums = [&mut *i, &mut *f, &mut *g, &mut *o];
            gates::recur::<K, T, HIDDEN, S, 4>(initial.map(|[h, _]| h), hidden, t, &self.recurrent.0, sums);
            let rows = hidden.iter_mut().zip(&mut *cell).zip(&mut *i).zip(&mut *f).zip(&mut *g).zip(&mut *o);
            for (b, (((((h, c), i), f), g), o)) in rows.enumerate() {
                let (before, Some(c), _) = around(c, t) else { continue };
                let before = before.map(|c| &*c).or_else(|| initial.and_then(|[_, rows]| rows.get(b)));
                let written = [&mut h[t], c, &mut i[t], &mut f[t], &mut g[t], &mut o[t]];
                kernel::cells::<K, T, Forward, HIDDEN, 1, 6>([before], written);
            }
        }
    }

    /// A block of steps from `start`, from the hidden states and the cell states of the step before it, which are those of its last step then.
    /// Each step is shown: which it is, of which sample, and its hidden state.
    #[inline(always)]
    fn block<K: Kernels, const B: usize>(
        &self,
        x: &[[[T; IN]; STEPS]],
        start: usize,
        Both([i, f, g, o], [c, next]): &mut gates::Steps<T, HIDDEN, B, 2>,
        hidden: &mut [[T; HIDDEN]],
        mut show: impl FnMut(usize, usize, &[T; HIDDEN]),
    ) {
        const { _ = Self::COST }
        let mut gates = [i, f, g, o].map(|gate| take_mut(gate, x.len()));
        let steps =
            gates::block_products::<K, T, IN, HIDDEN, STEPS, 4>(x, start, &self.weight.0, &self.bias, &mut gates);
        for t in 0..steps {
            let first = start + t == 0;
            if !first {
                for (gate, weight) in gates.iter_mut().zip(&self.recurrent.0) {
                    kernel::add_rows::<K, T, HIDDEN, HIDDEN>(Rows::all(hidden), weight, RowsMut::step(gate, t));
                }
            }
            let [i, f, g, o] = &mut gates;
            let rows =
                hidden.iter_mut().zip(&mut *c).zip(&mut *next).zip(&mut **i).zip(&mut **f).zip(&mut **g).zip(&mut **o);
            for (b, ((((((h, c), next), i), f), g), o)) in rows.enumerate() {
                let before = if first { None } else { Some(&*c) };
                let written = [&mut *h, &mut *next, &mut i[t], &mut f[t], &mut g[t], &mut o[t]];
                kernel::cells::<K, T, Forward, HIDDEN, 1, 6>([before], written);
                *c = *next;
                show(start + t, b, h);
            }
        }
    }

    /// The gradients of a step's gates and of the c before, each in its place, and what the gates add to the dh before.
    #[inline(always)]
    fn back<K: Kernels>(
        &self,
        t: usize,
        cell: &mut [[[T; HIDDEN]; STEPS]],
        dh: &mut [[[T; HIDDEN]; STEPS]],
        [i, f, g, o]: [&mut [[[T; HIDDEN]; STEPS]]; 4],
    ) {
        let rows = cell.iter_mut().zip(&*dh).zip(&mut *i).zip(&mut *f).zip(&mut *g).zip(&mut *o);
        for (((((c, dh), i), f), g), o) in rows {
            // Behind this step, dc of this step is in the place of c.
            let (before, Some(c), dc) = around(c, t) else { continue };
            let written = [c, &mut i[t], &mut f[t], &mut g[t], &mut o[t]];
            kernel::cells::<K, T, Backward, HIDDEN, 3, 5>([before.map(|c| &*c), Some(&dh[t]), dc], written);
        }
        gates::recur_back::<K, T, HIDDEN, STEPS, 4>([&*i, &*f, &*g, &*o], t, &self.recurrent.0, dh);
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Stream<[T; IN], LstmState<HIDDEN, T>>
    for Lstm<STEPS, IN, HIDDEN, T>
{
    #[inline(always)]
    fn advance<K: Kernels>(&self, x: &[T; IN], state: &mut LstmState<HIDDEN, T>) {
        let LstmState { hidden, cell, before: [h, c], gates: [i, f, g, o] } = state;
        kernel::copy(hidden.as_flattened(), h);
        kernel::copy(cell.as_flattened(), c);
        let x = from_ref(core::array::from_ref(x));
        self.run::<K, 1>(x, Some([h, c]), [hidden, cell], [i, f, g, o]);
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Infer for Lstm<STEPS, IN, HIDDEN, T> {
    type In = [[T; IN]; STEPS];
    type Out = [[T; HIDDEN]; STEPS];
    type Plan<P: Place, const B: usize> = Stepwise<
        Both<
            Both<P::Held<[[[T; IN]; STEPS]; B]>, Both<gates::Steps<T, HIDDEN, B, 2>, [[T; HIDDEN]; B]>>,
            [[[T; HIDDEN]; STEPS]; B],
        >,
        Both<Both<P::Held<[[[T; IN]; STEPS]; B]>, gates::Steps<T, HIDDEN, B, 2>>, [[T; HIDDEN]; B]>,
    >;
    const STRUCTURE: Structure = Structure::layer("Lstm", &[IN, HIDDEN]);
    const COST: Cost = gates::cost("Lstm", [STEPS, IN, HIDDEN, 4], 4 * HIDDEN);

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        let mut both = x.beside::<Self::Out, Both<gates::Steps<T, HIDDEN, B, 2>, [[T; HIDDEN]; B]>>();
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
        let mut both = x.beside::<[T; HIDDEN], gates::Steps<T, HIDDEN, B, 2>>();
        let (x, h, scratch) = both.parts();
        for start in (0..STEPS).step_by(gates::BLOCK) {
            self.block::<K, B>(x, start, scratch, h, |_, _, _| ());
        }
        both.finish().done()
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Layer for Lstm<STEPS, IN, HIDDEN, T> {
    type T = T;
    type Wants = Apart;
    type Leaves = Apart;
    type Learns = Yes;
    /// h and c; then i, f, g and o.
    type Saved<P: Place, const B: usize> = ([[[[T; HIDDEN]; STEPS]; B]; 2], [[[[T; HIDDEN]; STEPS]; B]; 4]);
    type Wide<const B: usize> = [[[T; HIDDEN]; STEPS]; B];
    type Slots<K: Copies> =
        (Aligned<K::Of<[[[T; HIDDEN]; IN]; 4]>>, Aligned<K::Of<[[[T; HIDDEN]; HIDDEN]; 4]>>, K::Of<[[T; HIDDEN]; 4]>);

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, Self::In>,
        ([hidden, cell], [i, f, g, o]): &'a mut Self::Saved<P, B>,
        _: Context,
    ) -> &'a mut [Self::Out] {
        let x = P::read(x);
        let hidden = take_mut(hidden, x.len());
        let gates = [take_mut(i, x.len()), take_mut(f, x.len()), take_mut(g, x.len()), take_mut(o, x.len())];
        self.run::<K, STEPS>(x, None, [&mut *hidden, take_mut(cell, x.len())], gates);
        hidden
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [Self::In], saved: &'a Self::Saved<P, B>) -> &'a [Self::Out] {
        let ([hidden, _], _) = saved;
        take(hidden, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[Self::In],
        ([hidden, cell], [i, f, g, o]): &mut Self::Saved<P, B>,
        grad: &mut [T],
        (Aligned(weight), Aligned(recurrent), bias): &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
    ) {
        let (hidden, cell) = (take_mut(hidden, x.len()), take_mut(cell, x.len()));
        let [i, f, g, o] = [take_mut(i, x.len()), take_mut(f, x.len()), take_mut(g, x.len()), take_mut(o, x.len())];
        let dh = take_mut(<Self::Out>::group_mut(grad), x.len());
        for t in (0..STEPS).rev() {
            self.back::<K>(t, cell, dh, [&mut *i, &mut *f, &mut *g, &mut *o]);
        }
        let rows = [i.as_flattened(), f.as_flattened(), g.as_flattened(), o.as_flattened()];
        gates::learn_recurrent::<K, T, R, HIDDEN, STEPS, 4>(hidden, rows, &mut self.recurrent.0, recurrent, rule);
        for (gate, rows) in rows.into_iter().enumerate() {
            kernel::learn_gate_bias::<K, T, R, HIDDEN, 4>(rows, gate, &mut self.bias, bias, rule);
        }
        let dx = take_mut(<Self::In>::group_mut(if D::WANTED { grad } else { &mut [] }), x.len());
        let (x, dx, matrices) = (x.as_flattened(), dx.as_flattened_mut(), &mut self.weight.0);
        gates::learn::<K, T, R, D, IN, HIDDEN, 4>(x, rows, matrices, weight, rule, dx);
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        let sizes = |inputs| [4, HIDDEN, inputs];
        visitor(Parameter::new(gates::weight_info(path, "weight", sizes(IN)), &self.weight.0));
        visitor(Parameter::new(gates::weight_info(path, "recurrent", sizes(HIDDEN)), &self.recurrent.0));
        visitor(Parameter::new(gates::bias_info(path, "bias", 4 * HIDDEN, IN), &self.bias));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        let sizes = |inputs| [4, HIDDEN, inputs];
        let info = gates::weight_info(path, "weight", sizes(IN));
        visitor.visit(info, &mut self.weight.0, &mut slots.0.0, &mut gradient.0.0);
        let info = gates::weight_info(path, "recurrent", sizes(HIDDEN));
        visitor.visit(info, &mut self.recurrent.0, &mut slots.1.0, &mut gradient.1.0);
        visitor.visit(gates::bias_info(path, "bias", 4 * HIDDEN, IN), &mut self.bias, &mut slots.2, &mut gradient.2);
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Sliceable for Lstm<STEPS, IN, HIDDEN, T> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, Self::In>,
        saved: &'a mut Self::Saved<P, B>,
    ) -> &'a mut [Self::Out] {
        let ([hidden, _], _) = saved;
        take_mut(hidden, P::read(x).len())
    }
}

impl<const STEPS: usize, const IN: usize, const HIDDEN: usize, T: Scalar> Export for Lstm<STEPS, IN, HIDDEN, T> {
    fn source(&self, out: &mut impl Write) -> Result {
        out.write_str("Lstm::new(")?;
        gates::write_weight(out, &self.weight.0)?;
        out.write_str(", ")?;
        gates::write_weight(out, &self.recurrent.0)?;
        write!(out, ", {:?})", self.bias)
    }
}
