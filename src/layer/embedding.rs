//! Embedding: y[s] = weight[x[s]], a row of weights for each index. Backward: dweight[v] = Σ dy[s] over the steps where x[s] is v.
//!
//! The sums are over samples, then over steps, in order; every row is updated once, whether its index occurred or not.

use core::fmt::{Result, Write};

use super::plan::{Beside, Given, Taken};
use super::{
    Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Sliceable, Slices, Structure, Yes, products, size,
};
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::parameter::{Info, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::tensor::{Array, take, take_mut};

/// A vector of `N` numbers for each of `STEPS` indices: `[T; STEPS]`, whole numbers below `VOCABULARY`, to `[[T; N]; STEPS]`.
///
/// - A step with an index that isn't whole, or is out of range, is [`StepError::Index`](crate::training::StepError::Index), found before anything
///   changes, where the layer is the first of the network. Inference has no error: there, and behind other layers, such an index gives zeros.
/// - Every vector is updated in every step, from the sum over its occurrences: those that didn't occur have the gradient 0, so that Adam's
///   moments and a weight decay go on. To find the occurrences, backward compares each index with each vector's; nothing is stored.
/// - Initialisers give a variance of 1, as PyTorch does, whichever of those that scale is taken: its fan is said to be (2, 0).
/// - dx is 0: an index has no derivative.
///
/// Bengio et al. 2003.
///
/// ```
/// # use stackprop::prelude::*;
/// let words = Embedding::<4, 3, 2>::new([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]);
/// let mut workspace = Workspace::<Embedding<4, 3, 2>>::ZERO;
/// let x = Vector::new([2.0, 0.0, 2.0, 3.0]);
/// assert_eq!(workspace.infer(&words, &x).0, [[4.0, 5.0], [0.0, 1.0], [4.0, 5.0], [0.0, 0.0]]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding<const STEPS: usize, const VOCABULARY: usize, const N: usize, T = f32> {
    weight: [[T; N]; VOCABULARY],
}
crate::storage::zeroed!([const STEPS: usize, const VOCABULARY: usize, const N: usize, T: Scalar] Embedding<STEPS, VOCABULARY, N, T> { weight });

/// Indices that are looked at together.
const CHUNK: usize = 16;

impl<const STEPS: usize, const VOCABULARY: usize, const N: usize, T: Scalar> Embedding<STEPS, VOCABULARY, N, T> {
    /// With given vectors, in const.
    pub const fn new(weight: [[T; N]; VOCABULARY]) -> Self {
        Self { weight }
    }

    /// The vector of an index, if it exists.
    pub fn vector(&self, index: usize) -> Option<&[T; N]> {
        self.weight.get(index)
    }

    /// The index that a number is, if it is one.
    #[inline(always)]
    fn index(x: T) -> Option<usize> {
        let index = x.to_usize();
        (index < VOCABULARY && T::from_usize(index) == x).then_some(index)
    }

    /// Writes the sum of the `dy` where `x` is `index`.
    #[inline(always)]
    fn gather(index: T, x: &[T], dy: &[[T; N]], sum: &mut [T; N]) {
        sum.fill(T::ZERO);
        for (chunk, x) in x.chunks(CHUNK).enumerate() {
            // Without a branch, so that it runs in vectors: most chunks have none.
            if x.iter().fold(false, |any, &x| any | (x == index)) {
                for (_, dy) in x.iter().zip(dy.iter().skip(chunk * CHUNK)).filter(|(x, _)| **x == index) {
                    for (sum, &dy) in sum.iter_mut().zip(dy) {
                        *sum += dy;
                    }
                }
            }
        }
    }

    /// The vectors of words.
    #[inline(always)]
    fn look_up(&self, x: &[[T; STEPS]], y: &mut [[[T; N]; STEPS]]) {
        const { _ = Self::COST }
        for (&x, y) in x.as_flattened().iter().zip(y.as_flattened_mut()) {
            match Self::index(x).and_then(|index| self.weight.get(index)) {
                Some(vector) => *y = *vector,
                None => y.fill(T::ZERO),
            }
        }
    }

    fn info(path: Path) -> Info {
        let shape = <[[T; N]; VOCABULARY]>::SHAPE;
        Info { fan: (2, 0), ..Info::new(path, "weight", Role::Weight, shape) }
    }
}

impl<const STEPS: usize, const VOCABULARY: usize, const N: usize, T: Scalar> Infer
    for Embedding<STEPS, VOCABULARY, N, T>
{
    type In = [T; STEPS];
    type Out = [[T; N]; STEPS];
    type Plan<P: Place, const B: usize> = Beside<P, [T; STEPS], [[T; N]; STEPS], B>;
    const STRUCTURE: Structure = Structure::layer("Embedding", &[VOCABULARY, N]);
    const COST: Cost = {
        size::positive("Embedding", &["STEPS", "VOCABULARY", "N"], &[STEPS, VOCABULARY, N]);
        Cost { parameters: VOCABULARY * N, learns: true, gradient: products(&[STEPS, N]), ..Cost::NONE }
    };

    #[inline(always)]
    fn accepts(x: &[T; STEPS]) -> bool {
        x.iter().all(|&x| Self::index(x).is_some())
    }

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        let mut both = x.beside::<_, ()>();
        let (x, y, ()) = both.parts();
        self.look_up(x, y);
        both.finish()
    }
}

impl<const STEPS: usize, const VOCABULARY: usize, const N: usize, T: Scalar> Layer
    for Embedding<STEPS, VOCABULARY, N, T>
{
    type T = T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = Yes;
    /// The output, and the gradient of one vector.
    type Saved<P: Place, const B: usize> = ([[[T; N]; STEPS]; B], [T; N]);
    type Wide<const B: usize> = [[[T; N]; STEPS]; B];
    type Slots<K: Copies> = K::Of<[[T; N]; VOCABULARY]>;

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [T; STEPS]>,
        (y, _): &'a mut Self::Saved<P, B>,
        _: Context,
    ) -> &'a mut [[[T; N]; STEPS]] {
        const { _ = Self::COST }
        let x = P::read(x);
        let y = take_mut(y, x.len());
        self.look_up(x, y);
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(
        x: &'a [[T; STEPS]],
        (y, _): &'a Self::Saved<P, B>,
    ) -> &'a [[[T; N]; STEPS]] {
        take(y, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[[T; STEPS]],
        (_, sum): &mut Self::Saved<P, B>,
        grad: &mut [T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
    ) {
        for index in 0..VOCABULARY {
            Self::gather(T::from_usize(index), x.as_flattened(), Array::group(grad), sum);
            kernel::learn_row::<K, T, R, [[T; N]; VOCABULARY], VOCABULARY, N>(
                index,
                sum,
                &mut self.weight,
                slots,
                rule,
            );
        }
        if D::WANTED {
            take_mut(<[T; STEPS]>::group_mut(grad), x.len()).fill([T::ZERO; STEPS]);
        }
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        visitor(Parameter::new(Self::info(path), &self.weight));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        visitor.visit(Self::info(path), &mut self.weight, slots, gradient);
    }
}

impl<const STEPS: usize, const VOCABULARY: usize, const N: usize, T: Scalar> Sliceable
    for Embedding<STEPS, VOCABULARY, N, T>
{
    // Its update, of every vector, counts as a multiply-add a number.
    const SLICES: Slices = Slices { multiply_adds: products(&[VOCABULARY, N]), ..Slices::whole::<Self>() };

    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(
        x: P::Input<'a, [T; STEPS]>,
        (y, _): &'a mut Self::Saved<P, B>,
    ) -> &'a mut [[[T; N]; STEPS]] {
        take_mut(y, P::read(x).len())
    }
}

impl<const STEPS: usize, const VOCABULARY: usize, const N: usize, T: Scalar> Export
    for Embedding<STEPS, VOCABULARY, N, T>
{
    fn source(&self, out: &mut impl Write) -> Result {
        write!(out, "Embedding::new({:?})", self.weight)
    }
}
