//! Pooling: of the numbers of a channel in each position of a window, the largest or the mean.
//!
//! ```text
//! max       y[o][c] = max of x[i][c] over the inputs i in window o
//!           dx[i][c] = Σ dy[o][c] over the windows o in which x[i][c] is the first of the largest
//! average   y[o][c] = Σ x[i][c] / n;   dx[i][c] = Σ dy[o][c] / n over the windows o that hold i
//! ```
//! Sums are in row-major order, of the inputs of a window and of the windows. The loops are `kernel/pool.rs`.

use core::marker::PhantomData;

use super::grid::Grid;
use super::plan::{Beside, Given, Taken};
use super::size::{Axis, Slide2d, Valid, positive_of, positive_slide};
use super::{Apart, Context, Cost, InPlace, Infer, Layer, Need, No, Place, Sliceable, Structure};
use crate::budget::Text;
use crate::kernel::{self, Kernels, Windows};
pub use crate::kernel::{Average, Max, Pooling};
use crate::optimizer::{Copies, Rule};
use crate::sealed::Sealed;
use crate::tensor::{Array, take, take_mut};

/// The largest number of each window, for each of `C` channels of a sequence: `[[T; C]; LEN]` to `[[T; C]; OLEN]`, by windows of `K` that slide
/// as `S` says; side by side unless said otherwise.
///
/// Padding never is the largest. Of equal numbers the first has the gradient. A NaN is larger than all numbers, so that it shows in the loss.
/// Nothing is stored but the output: backward looks for the largest again.
///
/// ```
/// # use stackprop::prelude::*;
/// let x = Tensor::new([[1.0, 8.0], [3.0, 5.0], [2.0, 6.0], [4.0, 7.0]]);
/// let mut workspace = Workspace::<MaxPool1d<4, 2, 2, 2>>::ZERO;
/// assert_eq!(workspace.infer(&MaxPool1d::new(), &x).0, [[3.0, 8.0], [4.0, 7.0]]);
/// ```
pub type MaxPool1d<const LEN: usize, const C: usize, const OLEN: usize, const K: usize, S = Valid<K>, T = f32> =
    Pool<Max, [[T; C]; LEN], [[T; C]; OLEN], 1, K, (Valid, S)>;

/// The largest number of each window, for each of `C` channels of an image: `[[[T; C]; W]; H]` to `[[[T; C]; OW]; OH]`, by windows of `KH`
/// rows and `KW` columns that slide as `S` says; side by side unless said otherwise. For the rest see [`MaxPool1d`].
///
/// ```
/// # use stackprop::layer::size::Same;
/// # use stackprop::prelude::*;
/// type Net = (MaxPool2d<28, 28, 3, 14, 14, 2, 2>, MaxPool2d<14, 14, 3, 7, 7, 3, 3, Same<2>>);
/// let mut workspace = Workspace::<Net>::boxed();
/// let _: &Tensor<[[[f32; 3]; 7]; 7]> = workspace.infer(&Net::ZERO, &Tensor::ZERO);
/// ```
pub type MaxPool2d<
    const H: usize,
    const W: usize,
    const C: usize,
    const OH: usize,
    const OW: usize,
    const KH: usize,
    const KW: usize,
    S = (Valid<KH>, Valid<KW>),
    T = f32,
> = Pool<Max, [[[T; C]; W]; H], [[[T; C]; OW]; OH], KH, KW, S>;

/// The mean of each window, for each of `C` channels of a sequence: `[[T; C]; LEN]` to `[[T; C]; OLEN]`, by windows of `K` that slide as `S`
/// says; side by side unless said otherwise. The sum is divided by `K`, or with `COUNT_PADDING` false by the number of inputs in the window.
///
/// ```
/// # use stackprop::layer::size::Same;
/// # use stackprop::prelude::*;
/// let x = Tensor::new([[3.0], [6.0], [9.0]]);
/// let mut workspace = Workspace::<AvgPool1d<3, 1, 2, 2, Same<2>>>::ZERO;
/// assert_eq!(workspace.infer(&AvgPool1d::new(), &x).0, [[4.5], [4.5]]);
/// let mut workspace = Workspace::<AvgPool1d<3, 1, 2, 2, Same<2>, f32, false>>::ZERO;
/// assert_eq!(workspace.infer(&AvgPool1d::new(), &x).0, [[4.5], [9.0]]);
/// ```
pub type AvgPool1d<
    const LEN: usize,
    const C: usize,
    const OLEN: usize,
    const K: usize,
    S = Valid<K>,
    T = f32,
    const COUNT_PADDING: bool = true,
> = Pool<Average<COUNT_PADDING>, [[T; C]; LEN], [[T; C]; OLEN], 1, K, (Valid, S)>;

/// The mean of each window, for each of `C` channels of an image: `[[[T; C]; W]; H]` to `[[[T; C]; OW]; OH]`, by windows of `KH` rows and `KW`
/// columns that slide as `S` says; side by side unless said otherwise. The sum is divided by `KH · KW`, or with `COUNT_PADDING` false by the
/// number of inputs in the window.
pub type AvgPool2d<
    const H: usize,
    const W: usize,
    const C: usize,
    const OH: usize,
    const OW: usize,
    const KH: usize,
    const KW: usize,
    S = (Valid<KH>, Valid<KW>),
    T = f32,
    const COUNT_PADDING: bool = true,
> = Pool<Average<COUNT_PADDING>, [[[T; C]; W]; H], [[[T; C]; OW]; OH], KH, KW, S>;

/// The mean over all positions, for each of `C` channels of a sequence: `[[T; C]; LEN]` to `[T; C]`. Lin, Chen and Yan 2014.
pub type GlobalAvgPool1d<const LEN: usize, const C: usize, T = f32> = Pool<Average, [[T; C]; LEN], [T; C], 1, LEN>;

/// The mean over all positions, for each of `C` channels of an image: `[[[T; C]; W]; H]` to `[T; C]`. Lin, Chen and Yan 2014.
///
/// ```
/// # use stackprop::prelude::*;
/// type Net = (GlobalAvgPool2d<7, 7, 16>, Dense<16, 10>);
/// # let _ = Net::ZERO;
/// ```
pub type GlobalAvgPool2d<const H: usize, const W: usize, const C: usize, T = f32> =
    Pool<Average, [[[T; C]; W]; H], [T; C], H, W>;

/// The largest number of all positions, for each of `C` channels of a sequence: `[[T; C]; LEN]` to `[T; C]`. For the rest see [`MaxPool1d`].
pub type GlobalMaxPool1d<const LEN: usize, const C: usize, T = f32> = Pool<Max, [[T; C]; LEN], [T; C], 1, LEN>;

/// The largest number of all positions, for each of `C` channels of an image: `[[[T; C]; W]; H]` to `[T; C]`. For the rest see [`MaxPool1d`].
pub type GlobalMaxPool2d<const H: usize, const W: usize, const C: usize, T = f32> =
    Pool<Max, [[[T; C]; W]; H], [T; C], H, W>;

/// What all pooling layers are: `F`, [`Max`] or [`Average`], of windows of `KH` rows and `KW` columns that slide over `A` as `S` says, for each
/// position of `B`. Its names are [`MaxPool1d`] and so on.
#[derive(Clone, Copy, Debug)]
pub struct Pool<F, A, B, const KH: usize, const KW: usize, S = Valid> {
    types: PhantomData<(F, A, B, S)>,
}
crate::storage::zeroed!([F: 'static, A: 'static, B: 'static, const KH: usize, const KW: usize, S: 'static] Pool<F, A, B, KH, KW, S> { types });

/// A [`Pooling`], and what its layers are called.
pub trait Named: Pooling {
    /// Names of the layers over sequences and over images.
    const NAMES: [&'static str; 2];
    /// What they are called in a [`Structure`].
    const NAME: &'static str;
}

impl Named for Max {
    const NAMES: [&'static str; 2] = ["MaxPool1d", "MaxPool2d"];
    const NAME: &'static str = "MaxPool";
}

impl<const COUNT_PADDING: bool> Named for Average<COUNT_PADDING> {
    const NAMES: [&'static str; 2] = ["AvgPool1d", "AvgPool2d"];
    const NAME: &'static str = if COUNT_PADDING { "AvgPool" } else { "AvgPool without padding" };
}

impl<F, A, B, const KH: usize, const KW: usize, S> Sealed for Pool<F, A, B, KH, KW, S> {}

impl<F: 'static, A: Grid, B: 'static, const KH: usize, const KW: usize, S: Slide2d> Windows
    for Pool<F, A, B, KH, KW, S>
{
    const ROWS: Axis = Axis::new::<S::Rows>(A::HEIGHT, KH);
    const COLUMNS: Axis = Axis::new::<S::Columns>(A::WIDTH, KW);
    const CHANNELS: usize = <A::Pixel as Array>::LEN;
}

impl<F: Named, A: Grid, B: Grid, const KH: usize, const KW: usize, S: Slide2d> Pool<F, A, B, KH, KW, S> {
    /// What makes it the function it is: the window, 0 where it is as large as the input, and how it slides.
    const NUMBERS: [usize; 8] = {
        let ([a, b, c], [d, e, f]) = (Self::ROWS.slide(), Self::COLUMNS.slide());
        [if KH == A::HEIGHT { 0 } else { KH }, if KW == A::WIDTH { 0 } else { KW }, a, b, c, d, e, f]
    };
    /// Whether the output has the size that it must have.
    const CHECK: () = {
        if A::AXES == 2 {
            let sizes = [A::HEIGHT, A::WIDTH, <A::Pixel as Array>::LEN, KH, KW];
            positive_of(Self::name(), &["H", "W", "C", "KH", "KW"], &sizes);
        } else {
            positive_of(Self::name(), &["LEN", "C", "K"], &[A::WIDTH, <A::Pixel as Array>::LEN, KW]);
        }
        positive_slide::<S::Rows>(Self::name());
        positive_slide::<S::Columns>(Self::name());
        if A::AXES == 2 && B::AXES == 2 {
            Self::ROWS.check(Self::name(), ["OH", "H", "KH"], B::HEIGHT);
            Self::COLUMNS.check(Self::name(), ["OW", "W", "KW"], B::WIDTH);
        } else {
            Self::COLUMNS.check(Self::name(), ["OLEN", "LEN", "K"], B::WIDTH);
        }
        if !Self::ROWS.is_covered() || !Self::COLUMNS.is_covered() {
            Self::name().text(": a window must hold an input, not padding alone").panic();
        }
    };

    /// The layer as the user named it.
    const fn name() -> Text {
        let channels = <A::Pixel as Array>::LEN;
        if A::AXES == 2 {
            Text::type_name(F::NAMES[1], &[A::HEIGHT, A::WIDTH, channels, B::HEIGHT, B::WIDTH, KH, KW])
        } else {
            Text::type_name(F::NAMES[0], &[A::WIDTH, channels, B::WIDTH, KW])
        }
    }
}

impl<F, A, B, const KH: usize, const KW: usize, S> Pool<F, A, B, KH, KW, S> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { types: PhantomData }
    }
}

impl<F, A, B, const KH: usize, const KW: usize, S> Default for Pool<F, A, B, KH, KW, S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F: Named, A: Grid, B: Grid<T = A::T, Pixel = A::Pixel>, const KH: usize, const KW: usize, S: Slide2d> Infer
    for Pool<F, A, B, KH, KW, S>
{
    type In = A;
    type Out = B;
    type Plan<P: Place, const BATCH: usize> = Beside<P, A, B, BATCH>;
    const STRUCTURE: Structure = Structure::layer(F::NAME, &Self::NUMBERS);
    const COST: Cost = {
        let () = Self::CHECK;
        Cost::NONE
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: Taken<'m, Self, P, BATCH>,
    ) -> Given<'m, Self, P, BATCH> {
        const { Self::CHECK }
        let mut both = x.beside::<_, ()>();
        let (x, y, ()) = both.parts();
        kernel::pool::<K, A::T, F, Self>(A::flatten(x), B::flatten_mut(y));
        both.finish()
    }
}

impl<F: Named, A: Grid, B: Grid<T = A::T, Pixel = A::Pixel>, const KH: usize, const KW: usize, S: Slide2d> Layer
    for Pool<F, A, B, KH, KW, S>
{
    type T = A::T;
    type Wants = Apart;
    type Leaves = InPlace;
    type Learns = No;
    type Saved<P: Place, const BATCH: usize> = [B; BATCH];
    type Wide<const BATCH: usize> = [B; BATCH];
    type Slots<K: Copies> = ();

    #[inline(always)]
    fn forward<'a, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: P::Input<'a, A>,
        saved: &'a mut [B; BATCH],
        _: Context,
    ) -> &'a mut [B] {
        const { Self::CHECK }
        let x = P::read(x);
        let y = take_mut(saved, x.len());
        kernel::pool::<K, A::T, F, Self>(A::flatten(x), B::flatten_mut(y));
        y
    }

    #[inline(always)]
    fn output<'a, P: Place, const BATCH: usize>(x: &'a [A], saved: &'a [B; BATCH]) -> &'a [B] {
        take(saved, x.len())
    }

    #[inline(always)]
    fn backward<K: Kernels, P: Place, const BATCH: usize, D: Need, R: Rule<A::T>>(
        &mut self,
        x: &[A],
        saved: &mut [B; BATCH],
        grad: &mut [A::T],
        _: &mut (),
        _: &R,
        _: Context,
    ) {
        if D::WANTED {
            // The output isn't read any more: dy moves there, and `grad` is free for dx.
            let dy = take_mut(saved, x.len());
            kernel::copy(B::group(grad), dy);
            let dx = take_mut(A::group_mut(grad), x.len());
            kernel::unpool::<K, A::T, F, Self>(A::flatten(x), B::flatten(dy), A::flatten_mut(dx));
        }
    }

    crate::no_parameters!();
}

impl<F: Named, A: Grid, B: Grid<T = A::T, Pixel = A::Pixel>, const KH: usize, const KW: usize, S: Slide2d> Sliceable
    for Pool<F, A, B, KH, KW, S>
{
    #[inline(always)]
    fn output_mut<'a, P: Place, const BATCH: usize>(x: P::Input<'a, A>, saved: &'a mut [B; BATCH]) -> &'a mut [B] {
        take_mut(saved, P::read(x).len())
    }
}

super::export::export_type!([F: Named, A: Grid, B: Grid<T = A::T, Pixel = A::Pixel>, const KH: usize, const KW: usize, S: Slide2d] Pool<F, A, B, KH, KW, S>);
