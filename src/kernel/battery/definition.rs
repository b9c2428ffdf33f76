//! The kernels in plain loops, as the documentation of `product` has them.

use core::fmt::Debug;
use core::ops::Add;

use crate::kernel::{CopiesOf, Lanes, two_sum};
use crate::optimizer::Rule;
use crate::parameter::Role;
use crate::scalar::Scalar;

/// A sum in its order, and what it may differ by where products and sums are rounded together: `terms · ε · Σ |term|`.
#[derive(Clone, Copy, Debug)]
pub struct Sum<T> {
    value: T,
    magnitude: T,
    terms: usize,
}

impl<T: Scalar> Sum<T> {
    /// A sum of none.
    pub const ZERO: Self = Self { value: T::ZERO, magnitude: T::ZERO, terms: 0 };

    /// A sum of one term.
    pub fn of(value: T) -> Self {
        Self { value, magnitude: value.abs(), terms: 1 }
    }

    /// Adds a term.
    pub fn add_product(&mut self, a: T, b: T) {
        *self = *self + Self::of(a * b);
    }

    /// What it is.
    pub fn value(self) -> T {
        self.value
    }

    /// The same with another sign.
    pub fn negative(self) -> Self {
        Self { value: -self.value, ..self }
    }

    /// The same times a number.
    pub fn times(self, factor: T) -> Self {
        Self { value: self.value * factor, magnitude: self.magnitude * factor.abs(), terms: self.terms + 1 }
    }

    fn is(&self, found: T) -> bool {
        let expected = self.value;
        if expected.to_f64().is_nan() {
            found.to_f64().is_nan()
        } else if cfg!(feature = "reproducible") {
            found.to_f64().to_bits() == expected.to_f64().to_bits()
        } else {
            found == expected
                || (found - expected).abs() <= T::from_usize(self.terms) * T::EPSILON * self.magnitude
                    && expected.is_finite()
        }
    }
}

impl<T: Scalar> Add for Sum<T> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            magnitude: self.magnitude + other.magnitude,
            terms: self.terms + other.terms,
        }
    }
}

/// Panics unless each number is as defined.
#[track_caller]
pub fn check<T: Scalar>(what: impl Debug, found: &[T], expected: impl IntoIterator<Item = Sum<T>>) {
    let mut count = 0;
    for (i, expected) in expected.into_iter().enumerate() {
        assert!(expected.is(found[i]), "{what:?}: number {i} is {}, expected {expected:?}", found[i]);
        count += 1;
    }
    assert_eq!(count, found.len(), "{what:?}");
}

/// `out[b][c] = Σᵣ a[b][r] · m[r][c] + bias[c]`.
pub fn mul_rows<T: Scalar>(a: &[T], m: &[T], (rows, columns): (usize, usize), bias: Option<&[T]>) -> Vec<Sum<T>> {
    let four = columns <= 32 && rows >= 16;
    let mut out = Vec::new();
    for a in a.chunks_exact(rows) {
        for c in 0..columns {
            let mut sums = [Sum::ZERO; 4];
            for r in 0..rows {
                sums[if four { r % 4 } else { 0 }].add_product(a[r], m[r * columns + c]);
            }
            let sum = if four { (sums[0] + sums[2]) + (sums[1] + sums[3]) } else { sums[0] };
            out.push(bias.map_or(sum, |bias| sum + Sum::of(bias[c])));
        }
    }
    out
}

/// `out[b][r] = Σ꜀ a[b][c] · m[r][c] + bias[r]`.
pub fn dots<T: Scalar>(a: &[T], m: &[T], (rows, columns): (usize, usize), bias: Option<&[T]>) -> Vec<Sum<T>> {
    let mut out = Vec::new();
    for a in a.chunks_exact(columns) {
        for r in 0..rows {
            let mut sums = [Sum::ZERO; 16];
            for c in 0..columns {
                sums[c % 16].add_product(a[c], m[r * columns + c]);
            }
            for half in [8, 4, 2, 1] {
                for lane in 0..half {
                    sums[lane] = sums[lane] + sums[lane + half];
                }
            }
            out.push(bias.map_or(sums[0], |bias| sums[0] + Sum::of(bias[r])));
        }
    }
    out
}

/// `g[r][c] = Σ_b p[b][r] · q[b][c]`.
pub fn gradient<T: Scalar>(p: &[T], q: &[T], (rows, columns): (usize, usize)) -> Vec<Sum<T>> {
    let mut sums = vec![Sum::ZERO; rows * columns];
    for (p, q) in p.chunks_exact(rows).zip(q.chunks_exact(columns)) {
        for r in 0..rows {
            for c in 0..columns {
                sums[r * columns + c].add_product(p[r], q[c]);
            }
        }
    }
    sums
}

/// A sum in blocks of `block` terms, each in order, whose sums are added with what rounding takes from them.
pub fn in_blocks<T: Scalar>(terms: impl IntoIterator<Item = Sum<T>>, block: usize) -> Sum<T> {
    let (mut blocks, mut count) = (Vec::new(), 0);
    for term in terms {
        if count % block == 0 {
            blocks.push(Sum::ZERO);
        }
        let last = blocks.len() - 1;
        blocks[last] = blocks[last] + term;
        count += 1;
    }
    of_blocks(&blocks)
}

/// The sum of the sums of blocks.
pub fn of_blocks<T: Scalar>(blocks: &[Sum<T>]) -> Sum<T> {
    let Some((first, others)) = blocks.split_first() else { return Sum::ZERO };
    let (mut total, mut rest) = (*first, T::ZERO);
    for block in others {
        let (value, lost) = two_sum(total.value, block.value + rest);
        rest = if lost.is_finite() { lost } else { T::ZERO };
        total = Sum { value, ..total + *block };
    }
    total
}

/// `g[c] = Σ_b q[b][c]`, in blocks of 32.
pub fn bias_gradient<T: Scalar>(q: &[T], columns: usize) -> Vec<Sum<T>> {
    (0..columns).map(|c| in_blocks(q.chunks_exact(columns).map(|q| Sum::of(q[c])), 32)).collect()
}

/// A row in sixteen interleaved sums that are added as a tree, each in blocks of 64.
pub fn sixteen<T: Scalar>(terms: &[Sum<T>]) -> Sum<T> {
    let mut sums: Vec<_> = (0..16).map(|lane| in_blocks(terms.iter().skip(lane).step_by(16).copied(), 64)).collect();
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            sums[lane] = sums[lane] + sums[lane + half];
        }
    }
    sums[0]
}

/// A rule that shows what it was called with: `w ← w - g` for weights and `w + g` for biases, `sum ← sum + g`, `last ← g`.
#[derive(Clone, Copy)]
pub struct Record;

impl<T: Scalar> Rule<T> for Record {
    type Slots = CopiesOf<2>;
    fn update<V: Lanes<T>>(&self, role: Role, weight: V, [sum, last]: &mut [V; 2], gradient: V) -> V {
        *sum = *sum + gradient;
        *last = gradient;
        if role == Role::Weight { weight - gradient } else { weight + gradient }
    }
}

/// Panics unless [`Record`] has updated the numbers of a parameter that `updated` says, and no others.
#[track_caller]
pub fn check_record<T: Scalar>(
    role: Role,
    gradient: &[Sum<T>],
    (weights, slots): (&[T], &[T]),
    (new_weights, new_slots): (&[T], &[T]),
    updated: impl Fn(usize) -> bool,
) {
    let n = weights.len();
    let expected = |i: usize, old: T, new: Sum<T>| if updated(i) { new } else { Sum::of(old) };
    let signed = |g: Sum<T>| if role == Role::Weight { g.negative() } else { g };
    check(
        (role, "numbers"),
        new_weights,
        (0..n).map(|i| expected(i, weights[i], Sum::of(weights[i]) + signed(gradient[i]))),
    );
    check(
        (role, "first slot"),
        &new_slots[..n],
        (0..n).map(|i| expected(i, slots[i], Sum::of(slots[i]) + gradient[i])),
    );
    check((role, "second slot"), &new_slots[n..], (0..n).map(|i| expected(i, slots[n + i], gradient[i])));
}
