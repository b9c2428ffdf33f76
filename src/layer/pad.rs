//! Padding: the input, with zeros around it. Backward: dx is the part of dy where the input is.

use core::marker::PhantomData;

use super::grid::Grid;
use super::plan::{Beside, Given, Taken};
use super::{Apart, Context, Cost, InPlace, Infer, Layer, Need, No, Place, Sliceable, Structure, size};
use crate::budget::Text;
use crate::kernel::{self, Kernels};
use crate::optimizer::{Copies, Rule};
use crate::storage::Zeroed;
use crate::tensor::{Array, take, take_mut};

/// A sequence `[[T; C]; LEN]` within `[[T; C]; OLEN]`: `BEFORE` zeros before it, and as many behind it as there is room for.
///
/// ```
/// # use stackprop::prelude::*;
/// let mut workspace = Workspace::<Pad1d<2, 1, 5, 2>>::ZERO;
/// assert_eq!(workspace.infer(&Pad1d::new(), &Tensor::new([[1.0], [2.0]])).0, [[0.0], [0.0], [1.0], [2.0], [0.0]]);
/// ```
pub type Pad1d<const LEN: usize, const C: usize, const OLEN: usize, const BEFORE: usize, T = f32> =
    Pad<[[T; C]; LEN], [[T; C]; OLEN], 0, BEFORE>;

/// An image `[[[T; C]; W]; H]` within `[[[T; C]; OW]; OH]`: `TOP` rows of zeros above it, `LEFT` columns of zeros before it, and as many below and
/// behind it as there is room for.
pub type Pad2d<
    const H: usize,
    const W: usize,
    const C: usize,
    const OH: usize,
    const OW: usize,
    const TOP: usize,
    const LEFT: usize,
    T = f32,
> = Pad<[[[T; C]; W]; H], [[[T; C]; OW]; OH], TOP, LEFT>;

/// What [`Pad1d`] and [`Pad2d`] are: `A` within `B`, from row `TOP` and column `LEFT` on.
#[derive(Clone, Copy, Debug)]
pub struct Pad<A, B, const TOP: usize, const LEFT: usize> {
    types: PhantomData<(A, B)>,
}
crate::storage::zeroed!([A: 'static, B: 'static, const TOP: usize, const LEFT: usize] Pad<A, B, TOP, LEFT> { types });

impl<A, B, const TOP: usize, const LEFT: usize> Pad<A, B, TOP, LEFT> {
    /// The layer; it has nothing to set.
    pub const fn new() -> Self {
        Self { types: PhantomData }
    }
}

impl<A, B, const TOP: usize, const LEFT: usize> Default for Pad<A, B, TOP, LEFT> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Grid, B: Grid<T = A::T, Pixel = A::Pixel>, const TOP: usize, const LEFT: usize> Pad<A, B, TOP, LEFT> {
    /// Rows below the input, and columns behind it.
    const BEHIND: [usize; 2] = [B::HEIGHT.saturating_sub(TOP + A::HEIGHT), B::WIDTH.saturating_sub(LEFT + A::WIDTH)];
    /// Whether there is room.
    const CHECK: () = {
        let channels = <A::Pixel as Array>::LEN;
        if A::AXES == 2 {
            size::positive_of(Self::name(), &["H", "W", "C"], &[A::HEIGHT, A::WIDTH, channels]);
            Self::check(["OH", "at least TOP + H"], TOP + A::HEIGHT, B::HEIGHT);
            Self::check(["OW", "at least LEFT + W"], LEFT + A::WIDTH, B::WIDTH);
        } else {
            size::positive_of(Self::name(), &["LEN", "C"], &[A::WIDTH, channels]);
            Self::check(["OLEN", "at least BEFORE + LEN"], LEFT + A::WIDTH, B::WIDTH);
        }
    };

    #[track_caller]
    const fn check([name, formula]: [&str; 2], least: usize, given: usize) {
        if given < least {
            size::check(Self::name(), name, formula, least, given);
        }
    }

    /// The layer as the user named it.
    const fn name() -> Text {
        let channels = <A::Pixel as Array>::LEN;
        if A::AXES == 2 {
            Text::type_name("Pad2d", &[A::HEIGHT, A::WIDTH, channels, B::HEIGHT, B::WIDTH, TOP, LEFT])
        } else {
            Text::type_name("Pad1d", &[A::WIDTH, channels, B::WIDTH, LEFT])
        }
    }

    /// Each sample with zeros around it.
    #[inline(always)]
    fn pad(x: &[A], y: &mut [B]) {
        const { Self::CHECK }
        B::flatten_mut(y).fill(A::T::ZERO);
        for (x, y) in x.iter().zip(y) {
            let (x, y) = (A::pixels(core::slice::from_ref(x)), B::pixels_mut(core::slice::from_mut(y)));
            for (inner, outer) in Self::rows() {
                copy_row(A::WIDTH, (x, inner), (y, outer));
            }
        }
    }

    /// The places of each row of a sample: where it starts in `A`, and in `B`.
    #[inline(always)]
    fn rows() -> impl Iterator<Item = (usize, usize)> {
        (0..A::HEIGHT).map(|row| (row * A::WIDTH, (row + TOP) * B::WIDTH + LEFT))
    }
}

/// Copies a row of pixels.
#[inline(always)]
fn copy_row<P: Array>(width: usize, (from, start): (&[P], usize), (to, place): (&mut [P], usize)) {
    let (from, to) = (from.get(start..start + width), to.get_mut(place..place + width));
    kernel::copy(from.unwrap_or(&[]), to.unwrap_or(&mut []));
}

impl<A: Grid, B: Grid<T = A::T, Pixel = A::Pixel>, const TOP: usize, const LEFT: usize> Infer for Pad<A, B, TOP, LEFT> {
    type In = A;
    type Out = B;
    type Plan<P: Place, const BATCH: usize> = Beside<P, A, B, BATCH>;
    const STRUCTURE: Structure = Structure::layer("Pad", &[TOP, LEFT, Self::BEHIND[0], Self::BEHIND[1]]);
    const COST: Cost = {
        let () = Self::CHECK;
        Cost::NONE
    };

    #[inline(always)]
    fn infer<'m, K: Kernels, P: Place, const BATCH: usize>(
        &self,
        x: Taken<'m, Self, P, BATCH>,
    ) -> Given<'m, Self, P, BATCH> {
        let mut both = x.beside::<_, ()>();
        let (x, y, ()) = both.parts();
        Self::pad(x, y);
        both.finish()
    }
}

impl<A: Grid, B: Grid<T = A::T, Pixel = A::Pixel>, const TOP: usize, const LEFT: usize> Layer for Pad<A, B, TOP, LEFT> {
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
        Self::pad(x, y);
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
            for (dx, dy) in take_mut(A::group_mut(grad), x.len()).iter_mut().zip(&*dy) {
                let (dx, dy) = (A::pixels_mut(core::slice::from_mut(dx)), B::pixels(core::slice::from_ref(dy)));
                for (inner, outer) in Self::rows() {
                    copy_row(A::WIDTH, (dy, outer), (dx, inner));
                }
            }
        }
    }

    crate::no_parameters!();
}

impl<A: Grid, B: Grid<T = A::T, Pixel = A::Pixel>, const TOP: usize, const LEFT: usize> Sliceable
    for Pad<A, B, TOP, LEFT>
{
    #[inline(always)]
    fn output_mut<'a, P: Place, const BATCH: usize>(x: P::Input<'a, A>, saved: &'a mut [B; BATCH]) -> &'a mut [B] {
        take_mut(saved, P::read(x).len())
    }
}

super::export::export_type!([A: Grid, B: Grid<T = A::T, Pixel = A::Pixel>, const TOP: usize, const LEFT: usize] Pad<A, B, TOP, LEFT>);
