//! What recurrent layers share: the weights of gates, a matrix for each, and the passes over steps.

use core::fmt::{Result, Write};

use super::dense::visit;
use super::{Cost, Need, products as count, size};
use crate::kernel::{self, Cell, Kernels, Lanes, Rows, RowsMut, Task};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Info, Order, Path, Role};
use crate::scalar::Scalar;
use crate::storage::Both;
use crate::tensor::{Shape, take_mut};

/// The weights of each gate by input, from weights by unit.
pub(super) const fn by_input<const GATES: usize, const IN: usize, const N: usize, T: Scalar>(
    weight: [[[T; IN]; N]; GATES],
) -> [[[T; N]; IN]; GATES] {
    let mut all = [[[T::ZERO; N]; IN]; GATES];
    let mut i = 0;
    while i < GATES * IN * N {
        let (gate, input, unit) = (i / (IN * N), i / N % IN, i % N);
        all[gate][input][unit] = weight[gate][unit][input];
        i += 1;
    }
    all
}

/// The weights of `gates` gates of `n` units, logically `[gates · n][inputs]`.
///
/// Each gate is a matrix of its own, and the start is that of tanh and the logistic function, not that of ReLU,
/// whichever of the initialisers that scale is taken: variance 2 / (inputs + n), which is 1 / n for the weights of the
/// recurrence. Hidden states then neither vanish nor explode on their way through the steps: with He's 2 / n the
/// spectral radius of the recurrence would be √2.
pub(super) fn weight_info(path: Path, name: &'static str, [gates, n, inputs]: [usize; 3]) -> Info {
    let shape = Shape::matrix(gates * n, inputs);
    let order = Order::Reversed([n, 1, inputs]);
    Info { fan: (inputs + n, 0), order, ..Info::new(path, name, Role::Weight, shape) }
}

/// The biases of `n` units.
pub(super) fn bias_info(path: Path, name: &'static str, n: usize, inputs: usize) -> Info {
    Info { fan: (inputs, n), ..Info::new(path, name, Role::Bias, Shape::vector(n)) }
}

/// The weights of each gate as a constant expression, by unit.
pub(super) fn write_weight<const GATES: usize, const IN: usize, const N: usize, T: Scalar>(
    out: &mut impl Write,
    weight: &[[[T; N]; IN]; GATES],
) -> Result {
    for (i, gate) in weight.iter().enumerate() {
        out.write_str(if i == 0 { "[" } else { ", " })?;
        write_gate(out, gate)?;
    }
    out.write_str("]")
}

/// The weights of one gate.
pub(super) fn write_gate<const IN: usize, const N: usize, T: Scalar>(
    out: &mut impl Write,
    weight: &[[T; N]; IN],
) -> Result {
    for unit in 0..N {
        out.write_str(if unit == 0 { "[" } else { ", " })?;
        for (i, row) in weight.iter().enumerate() {
            write!(out, "{}{:?}", if i == 0 { "[" } else { ", " }, row[unit])?;
        }
        out.write_str("]")?;
    }
    out.write_str("]")
}

/// What a layer of so many steps, inputs, units and gates costs. The first step has no state before it.
#[track_caller]
pub(super) const fn cost(layer: &str, [steps, inputs, n, gates]: [usize; 4], biases: usize) -> Cost {
    size::positive(layer, &["STEPS", "IN", "HIDDEN"], &[steps, inputs, n]);
    let (of_inputs, of_states) = (count(&[gates, steps, inputs, n]), count(&[gates, steps - 1, n, n]));
    let all = of_inputs + of_states;
    let parameters = gates * n * (inputs + n) + biases;
    // dx of the states is what the gradient is made of.
    Cost { parameters, learns: true, forward: all, gradient: all, dx: all, skipped: of_inputs, ..Cost::NONE }
}

/// Step `t` of a sequence with its neighbours.
#[expect(clippy::type_complexity, reason = "three rows")]
#[inline(always)]
pub(super) fn around<T, const N: usize, const STEPS: usize>(
    sequence: &mut [[T; N]; STEPS],
    t: usize,
) -> (Option<&mut [T; N]>, Option<&mut [T; N]>, Option<&[T; N]>) {
    let (before, from) = sequence.split_at_mut(t.min(STEPS));
    let (now, behind) = match from.split_first_mut() {
        Some((now, behind)) => (Some(now), behind.first()),
        None => (None, None),
    };
    (before.last_mut(), now, behind)
}

/// The products of all steps with each gate's weights of the inputs, and biases.
#[inline(always)]
pub(super) fn products<
    K: Kernels,
    T: Scalar,
    const IN: usize,
    const N: usize,
    const STEPS: usize,
    const GATES: usize,
>(
    x: &[[[T; IN]; STEPS]],
    weight: &[[[T; N]; IN]; GATES],
    bias: &[[T; N]; GATES],
    gates: [&mut [[[T; N]; STEPS]]; GATES],
) {
    for ((gate, weight), bias) in gates.into_iter().zip(weight).zip(bias) {
        kernel::mul_rows::<K, T, IN, N>(x.as_flattened(), weight, Some(bias), gate.as_flattened_mut());
    }
}

/// Adds to step `t` of each gate the product of the hidden states before it with the gate's weights: before the first step those are given ones,
/// or 0.
#[inline(always)]
pub(super) fn recur<K: Kernels, T: Scalar, const N: usize, const STEPS: usize, const GATES: usize>(
    initial: Option<&[[T; N]]>,
    hidden: &[[[T; N]; STEPS]],
    t: usize,
    weight: &[[[T; N]; N]; GATES],
    gates: [&mut [[[T; N]; STEPS]]; GATES],
) {
    let before = match t.checked_sub(1) {
        Some(t) => Rows::step(hidden, t),
        None => Rows::all(initial.unwrap_or(&[])),
    };
    for (gate, weight) in gates.into_iter().zip(weight) {
        kernel::add_rows::<K, T, N, N>(before, weight, RowsMut::step(gate, t));
    }
}

/// Adds to the dh before step `t` what comes of the gradients of the gates.
#[inline(always)]
pub(super) fn recur_back<K: Kernels, T: Scalar, const N: usize, const STEPS: usize, const GATES: usize>(
    gates: [&[[[T; N]; STEPS]]; GATES],
    t: usize,
    weight: &[[[T; N]; N]; GATES],
    dh: &mut [[[T; N]; STEPS]],
) {
    if let Some(before) = t.checked_sub(1) {
        let mut dh = RowsMut::step(dh, before);
        for (gate, weight) in gates.into_iter().zip(weight) {
            kernel::add_dots::<K, T, N, N>(Rows::step(gate, t), weight, 0..N, &mut dh);
        }
    }
}

/// The weights of the recurrence, from the gradients of the gates and the hidden states, of which the last are lost: no step comes behind them.
#[inline(always)]
pub(super) fn learn_recurrent<
    K: Kernels,
    T: Scalar,
    U: Rule<T>,
    const N: usize,
    const STEPS: usize,
    const GATES: usize,
>(
    hidden: &mut [[[T; N]; STEPS]],
    gates: [&[[T; N]]; GATES],
    weight: &mut [[[T; N]; N]; GATES],
    slots: &mut <U::Slots as Copies>::Of<[[[T; N]; N]; GATES]>,
    rule: &U,
) {
    // Row i stands before row i + 1, but the last of a sequence before the first of the next: as a zero.
    for last in hidden.iter_mut().filter_map(|sequence| sequence.last_mut()) {
        last.fill(T::ZERO);
    }
    let before = hidden.as_flattened().split_last().map_or(&[][..], |(_, rows)| rows);
    for (gate, rows) in gates.into_iter().enumerate() {
        let behind = rows.split_first().map_or(&[][..], |(_, rows)| rows);
        kernel::learn_gate::<K, T, U, N, N, GATES>(before, behind, 0..N, gate, weight, slots, rule);
    }
}

/// dx, the sum over the gates, and the weights of the inputs; `x` and the gradients of the gates are rows of all steps.
#[inline(always)]
pub(super) fn learn<K: Kernels, T: Scalar, U: Rule<T>, D: Need, const IN: usize, const N: usize, const GATES: usize>(
    x: &[[T; IN]],
    gates: [&[[T; N]]; GATES],
    weight: &mut [[[T; N]; IN]; GATES],
    slots: &mut <U::Slots as Copies>::Of<[[[T; N]; IN]; GATES]>,
    rule: &U,
    dx: &mut [[T; IN]],
) {
    if D::WANTED {
        dx.as_flattened_mut().fill(T::ZERO);
    }
    for (gate, &rows) in gates.iter().enumerate() {
        let visit = visit(x.len(), D::WANTED);
        for start in (0..IN).step_by(visit) {
            let block = start..start + visit;
            if let (true, Some(weight)) = (D::WANTED, weight.get(gate)) {
                kernel::add_dots::<K, T, IN, N>(Rows::all(rows), weight, block.clone(), &mut RowsMut::all(dx));
            }
            kernel::learn_gate::<K, T, U, IN, N, GATES>(x, rows, block, gate, weight, slots, rule);
        }
    }
}

/// Steps whose gates are alive at once in use: on a microcontroller one, elsewhere as many as a product is fast with.
pub(super) const BLOCK: usize = if cfg!(target_os = "none") { 1 } else { 8 };

/// What use keeps of a block of steps of a batch: four gates, and `STATES` rows of each sample.
pub(super) type Steps<T, const N: usize, const B: usize, const STATES: usize> =
    Both<[[[[T; N]; BLOCK]; B]; 4], [[[T; N]; B]; STATES]>;

/// The products of a block of steps with each gate's weights of the inputs, and biases. Returns how many steps the block has.
#[inline(always)]
pub(super) fn block_products<
    K: Kernels,
    T: Scalar,
    const IN: usize,
    const N: usize,
    const STEPS: usize,
    const GATES: usize,
>(
    x: &[[[T; IN]; STEPS]],
    start: usize,
    weight: &[[[T; N]; IN]; GATES],
    bias: &[[T; N]; GATES],
    gates: &mut [&mut [[[T; N]; BLOCK]]; GATES],
) -> usize {
    let steps = (STEPS - start.min(STEPS)).min(BLOCK);
    for ((gate, weight), bias) in gates.iter_mut().zip(weight).zip(bias) {
        for (x, gate) in x.iter().zip(&mut **gate) {
            let x = x.get(start..start + steps).unwrap_or(&[]);
            kernel::mul_rows::<K, T, IN, N>(x, weight, Some(bias), take_mut(gate, steps));
        }
    }
    steps
}

/// The sum of two rows.
pub(super) struct Add;

impl<T: Scalar> Cell<T, 1, 1> for Add {
    #[inline(always)]
    fn of<L: Lanes<T>>([a]: [L; 1], [b]: [L; 1]) -> [L; 1] {
        [b + a]
    }
}

/// A layer that goes one step on, from a state that the caller keeps.
pub(super) trait Stream<X, S> {
    /// One step.
    fn advance<K: Kernels>(&self, x: &X, state: &mut S);
}

/// One step with the best instructions there are.
#[inline]
pub(super) fn advance<L: Stream<X, S>, X, S>(layer: &L, x: &X, state: &mut S) {
    struct Advance<'a, L, X, S>(&'a L, &'a X, &'a mut S);
    impl<L: Stream<X, S>, X, S> Task for Advance<'_, L, X, S> {
        type Output = ();
        #[inline(always)]
        fn run<K: Kernels>(self) {
            self.0.advance::<K>(self.1, self.2);
        }
    }
    kernel::run(Advance(layer, x, state));
}
