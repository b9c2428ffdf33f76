//! Normalisation of each row by itself: y = gain · x̂ + bias with x̂ = (x - mean) / √(variance + ε); or, without mean and bias, x̂ = x / √(Σx² / N + ε).
//!
//! Backward, with g = dy · gain: dgain = Σ dy x̂ and dbias = Σ dy over all rows; dx = (g - Σg / N - x̂ Σ(g x̂) / N) / √(variance + ε), without Σg
//! where there is no mean.
//!
//! Neither x̂ nor a statistic is stored: backward computes them again, x̂ into the output, which isn't read any more.
//!
//! The mean is two numbers, the second of which is what lies below the last digit of the first (`kernel::center`): a
//! row of equal numbers gives exactly 0, and one far from 0 its right values. Squares that overflow are taken of
//! smaller parts of the numbers, so that a row of huge ones is normalised, too. dgain and dbias are summed in blocks of
//! 32 rows, and then over the blocks with what rounding took from each sum (`kernel/sums.rs`).

use core::fmt::{Result as Written, Write};
use core::marker::PhantomData;

use super::batch_norm::{rows, rows_mut};
use super::plan::{Given, Taken, Within};
use super::{
    Apart, Context, Cost, Export, InPlace, Infer, Layer, Need, Place, Setting, SettingError, Sliceable, Structure, Yes,
    size,
};
use crate::budget::Text;
use crate::kernel::{self, BLOCK, Kernels};
use crate::optimizer::{Copies, Rule, checked_epsilon};
use crate::parameter::{Info, Parameter, Path, Role, Visitor};
use crate::scalar::Scalar;
use crate::storage::{Both, Zeroed};
use crate::tensor::{Array, take, take_mut};

/// Layer normalisation of `N` features, or of each position of `A`, such as `[[T; N]; STEPS]`: y = gain · (x - mean) /
/// √(variance + ε) + bias, with mean and variance (Σ(x - mean)² / N) of the `N` numbers of that position. Ba, Kiros and
/// Hinton 2016. Of one number (`N` = 1) y is the bias, whatever it is: nothing passes.
///
/// ```
/// # use stackprop::prelude::*;
/// let norm = LayerNorm::<4>::new([1.0; 4], [0.0; 4]);
/// let mut workspace = Workspace::<LayerNorm<4>>::ZERO;
/// let x = Vector::new([1.0, 3.0, 1.0, 3.0]);
/// let y = workspace.infer(&norm, &x);
/// assert!((y[0] + 1.0).abs() < 1e-4 && (y[1] - 1.0).abs() < 1e-4);
/// // Of each of 20 steps.
/// type Sequence = (LayerNorm<8, [[f32; 8]; 20]>, Flatten<[[f32; 8]; 20], 160>);
/// # let _ = Sequence::ZERO;
/// ```
pub type LayerNorm<const N: usize, A = [f32; N]> = RowNorm<N, N, A>;

/// Normalisation by the root of the mean square, of `N` features, or of each position of `A`: y = gain · x / √(Σx² / N + ε). It has neither mean
/// nor bias. Zhang and Sennrich 2019.
///
/// ```
/// # use stackprop::prelude::*;
/// let norm = RMSNorm::<2>::new([1.0; 2], []);
/// let mut workspace = Workspace::<RMSNorm<2>>::ZERO;
/// let x = Vector::new([1.0, 7.0]);
/// let y = workspace.infer(&norm, &x);
/// assert!((y[0] - 0.2).abs() < 1e-5 && (y[1] - 1.4).abs() < 1e-5);
/// ```
pub type RMSNorm<const N: usize, A = [f32; N]> = RowNorm<N, 0, A>;

/// What [`LayerNorm`] (`M` = `N`) and [`RMSNorm`] (`M` = 0) are: with `M` biases, and centred if there are any.
///
/// The gain starts at 1 and the bias at 0, by [`reset`](crate::training::Trainer::reset); in a layer that is all zeros the gain is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct RowNorm<const N: usize, const M: usize, A: Array> {
    gain: [A::T; N],
    bias: [A::T; M],
    epsilon: Setting<A::T>,
    rows: PhantomData<A>,
}
crate::storage::zeroed!([const N: usize, const M: usize, A: Array] RowNorm<N, M, A> { gain, bias, epsilon, rows });

impl<const N: usize, const M: usize, T: Scalar, A: Array<T = T>> RowNorm<N, M, A> {
    /// With gains and biases.
    pub const fn new(gain: [T; N], bias: [T; M]) -> Self {
        Self { gain, bias, ..<Self as Zeroed>::ZERO }
    }

    /// With ε, too. In const, and unchecked.
    pub const fn with_epsilon(gain: [T; N], bias: [T; M], epsilon: T) -> Self {
        Self { epsilon: Setting::new(epsilon), ..Self::new(gain, bias) }
    }

    /// The gain of a feature, if it exists.
    pub fn gain(&self, feature: usize) -> Option<T> {
        self.gain.get(feature).copied()
    }

    /// The bias of a feature, if it exists.
    pub fn bias(&self, feature: usize) -> Option<T> {
        self.bias.get(feature).copied()
    }

    /// ε; 10⁻⁵ unless set.
    pub fn epsilon(&self) -> T {
        self.epsilon.get(T::from_f64(1e-5))
    }

    /// Sets ε.
    ///
    /// # Errors
    /// [`SettingError::Epsilon`] if it isn't finite and positive; then nothing changes.
    pub fn set_epsilon(&mut self, epsilon: T) -> Result<(), SettingError> {
        self.epsilon = Setting::new(checked_epsilon(epsilon)?);
        Ok(())
    }

    const CENTRED: bool = M > 0;

    /// Whether the samples are rows of features, with a bias each or none.
    const CHECK: () = {
        // One with N = 0 could be either.
        size::positive_of(Text::new("LayerNorm<0, A> or RMSNorm<0, A>"), &["N"], &[N]);
        if M != 0 && M != N {
            Self::name().text(": M must be N or 0").panic();
        }
        size::holds::<A>(Self::name(), "A");
        size::check(Self::name(), "N", "the last dimension of A", A::SHAPE.last(), N);
    };

    const fn name() -> Text {
        Text::new(if Self::CENTRED { "LayerNorm<" } else { "RMSNorm<" }).number(N).text(", A>")
    }

    /// Writes x̂ of a row; returns 1 / √(variance + ε).
    #[inline(always)]
    fn normalise<K: Kernels>(x: &[T; N], normal: &mut [T; N], epsilon: T) -> T {
        let n = T::from_usize(N);
        let rest = if Self::CENTRED {
            kernel::center::<K, T, N>(x, normal)
        } else {
            *normal = *x;
            T::ZERO
        };
        let variance = kernel::row_product::<K, T, N>(normal, normal) / n - rest * rest;
        let scale = if variance < -T::MIN {
            T::ONE / (variance + epsilon).sqrt()
        } else {
            // Squares that overflow: those of small parts of the numbers don't, and beside them ε is nothing.
            let part = T::SMALLEST.sqrt();
            let squares = normal.iter().fold(T::ZERO, |sum, &d| sum + ((d - rest) * part) * ((d - rest) * part));
            part / (squares / n).sqrt()
        };
        for normal in normal {
            *normal = if Self::CENTRED { *normal - rest } else { *normal } * scale;
        }
        scale
    }

    /// Writes a row of outputs.
    #[inline(always)]
    fn row<K: Kernels>(&self, x: &[T; N], y: &mut [T; N], epsilon: T) {
        Self::normalise::<K>(x, y, epsilon);
        for (y, &gain) in y.iter_mut().zip(&self.gain) {
            *y *= gain;
        }
        for (y, &bias) in y.iter_mut().zip(&self.bias) {
            *y += bias;
        }
    }

    /// Writes a row of outputs, from what is normalised.
    #[inline(always)]
    fn apply(&self, normal: &[T; N], y: &mut [T; N]) {
        for ((y, normal), gain) in y.iter_mut().zip(normal).zip(&self.gain) {
            *y = *normal * *gain;
        }
        for (y, &bias) in y.iter_mut().zip(&self.bias) {
            *y += bias;
        }
    }

    fn info(path: Path) -> [Info; 2] {
        [("gain", Role::Scale, <[T; N]>::SHAPE), ("bias", Role::Bias, <[T; M]>::SHAPE)]
            .map(|(name, role, shape)| Info::new(path, name, role, shape))
    }
}

impl<const N: usize, const M: usize, T: Scalar, A: Array<T = T>> Infer for RowNorm<N, M, A> {
    type In = A;
    type Out = A;
    type Plan<P: Place, const B: usize> = Within<Both<[A; B], [T; N]>>;
    const STRUCTURE: Structure = Structure::layer(if Self::CENTRED { "LayerNorm" } else { "RMSNorm" }, &[N]);
    const COST: Cost = {
        let () = Self::CHECK;
        Cost { parameters: N + M, learns: true, ..Cost::NONE }
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        const { Self::CHECK }
        let (given, mut own) = x.own_from();
        let (y, normal) = own.rows_with::<[T; N]>();
        let y = rows_mut::<N, A>(y);
        match given.map(rows::<N, A>) {
            Some(x) => {
                for (x, y) in x.iter().zip(y) {
                    Self::normalise::<K>(x, normal, self.epsilon());
                    self.apply(normal, y);
                }
            }
            None => {
                for y in y {
                    Self::normalise::<K>(y, normal, self.epsilon());
                    self.apply(normal, y);
                }
            }
        }
        own
    }
}

impl<const N: usize, const M: usize, T: Scalar, A: Array<T = T>> Layer for RowNorm<N, M, A> {
    type T = T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = Yes;
    /// The output; dgain and dbias, each with what rounding took from it.
    type Saved<P: Place, const B: usize> = ([A; B], [[T; N]; 2], [[T; M]; 2]);
    type Wide<const B: usize> = [A; B];
    type Slots<K: Copies> = (K::Of<[T; N]>, K::Of<[T; M]>);

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, A>,
        saved: &'a mut Self::Saved<P, B>,
        _: Context,
    ) -> &'a mut [A] {
        const { Self::CHECK }
        let x = P::read(x);
        let (y, epsilon) = (take_mut(&mut saved.0, x.len()), self.epsilon());
        for (x, y) in rows::<N, A>(x).iter().zip(rows_mut::<N, A>(y)) {
            self.row::<K>(x, y, epsilon);
        }
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const B: usize>(x: &'a [A], saved: &'a Self::Saved<P, B>) -> &'a [A] {
        take(&saved.0, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<T>>(
        &mut self,
        x: &[A],
        (y, dgain, dbias): &mut Self::Saved<P, B>,
        grad: &mut [T],
        slots: &mut Self::Slots<R::Slots>,
        rule: &R,
        _: Context,
    ) {
        let (n, epsilon) = (T::from_usize(N), self.epsilon());
        dgain.fill([T::ZERO; N]);
        dbias.fill([T::ZERO; M]);
        let dy = rows_mut::<N, A>(take_mut(A::group_mut(grad), x.len()));
        // The output isn't read any more: x̂ takes its place.
        let normal = rows_mut::<N, A>(take_mut(y, x.len()));
        let all = rows::<N, A>(x).chunks(BLOCK).zip(normal.chunks_mut(BLOCK)).zip(dy.chunks_mut(BLOCK));
        for ((x, normal), dy) in all {
            let mut scales = [T::ZERO; BLOCK];
            for ((x, normal), scale) in x.iter().zip(&mut *normal).zip(&mut scales) {
                *scale = Self::normalise::<K>(x, normal, epsilon);
            }
            kernel::add_column_products::<K, T, N>(dy, normal, dgain);
            kernel::add_column_sums::<K, T, N, M>(dy, dbias);
            if D::WANTED {
                for ((dy, normal), scale) in dy.iter_mut().zip(&*normal).zip(scales) {
                    for (dy, &gain) in dy.iter_mut().zip(&self.gain) {
                        *dy *= gain;
                    }
                    let mean = if Self::CENTRED { kernel::row_sum::<K, T, N>(dy) / n } else { T::ZERO };
                    let along = kernel::row_product::<K, T, N>(dy, normal) / n;
                    for c in 0..N {
                        dy[c] = scale * (dy[c] - mean - normal[c] * along);
                    }
                }
            }
        }
        kernel::learn_all::<K, T, R, _>(Role::Scale, &mut self.gain, &mut slots.0, &dgain[0], rule);
        kernel::learn_all::<K, T, R, _>(Role::Bias, &mut self.bias, &mut slots.1, &dbias[0], rule);
    }

    fn visit(&self, path: Path, visitor: &mut impl FnMut(Parameter<'_, T>)) {
        let [gain, bias] = Self::info(path);
        visitor(Parameter::new(gain, &self.gain));
        if Self::CENTRED {
            visitor(Parameter::new(bias, &self.bias));
        }
        visitor(Parameter::setting(path, "epsilon", &self.epsilon()));
    }

    fn visit_mut<K: Copies, G: Copies, V: Visitor<T, K, G>>(
        &mut self,
        path: Path,
        slots: &mut Self::Slots<K>,
        gradient: &mut Self::Slots<G>,
        visitor: &mut V,
    ) {
        let [gain, bias] = Self::info(path);
        visitor.visit(gain, &mut self.gain, &mut slots.0, &mut gradient.0);
        if Self::CENTRED {
            visitor.visit(bias, &mut self.bias, &mut slots.1, &mut gradient.1);
        }
    }
}

impl<const N: usize, const M: usize, T: Scalar, A: Array<T = T>> Sliceable for RowNorm<N, M, A> {
    #[inline(always)]
    fn output_mut<'a, P: Place, const B: usize>(x: P::Input<'a, A>, saved: &'a mut Self::Saved<P, B>) -> &'a mut [A] {
        take_mut(&mut saved.0, P::read(x).len())
    }
}

impl<const N: usize, const M: usize, T: Scalar, A: Array<T = T>> Export for RowNorm<N, M, A> {
    fn source(&self, out: &mut impl Write) -> Written {
        let Self { gain, bias, .. } = self;
        write!(out, "RowNorm::with_epsilon({gain:?}, {bias:?}, {:?})", self.epsilon())
    }
}
