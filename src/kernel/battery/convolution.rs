//! The products of convolutions against their definition, in guarded memory.

use super::Guarded;
use super::definition::{Record, Sum, check, check_record};
use crate::kernel::{Convolution, Kernels, Plain, Window, correlate, learn_filters, spread};
use crate::layer::size::{Axis, Padded, Same, Slide2d, Valid};
use crate::parameter::Role;
use crate::random::mix;
use crate::scalar::Scalar;
use crate::sealed::Sealed;

/// `H`, `W`, `IN` to `OUT` channels, of `KH` by `KW`.
struct Sizes<
    const H: usize,
    const W: usize,
    const IN: usize,
    const OUT: usize,
    const KH: usize,
    const KW: usize,
    S,
    const PER: usize = IN,
>(S);

impl<
    const H: usize,
    const W: usize,
    const IN: usize,
    const OUT: usize,
    const KH: usize,
    const KW: usize,
    S,
    const PER: usize,
> Sealed for Sizes<H, W, IN, OUT, KH, KW, S, PER>
{
}

impl<
    const H: usize,
    const W: usize,
    const IN: usize,
    const OUT: usize,
    const KH: usize,
    const KW: usize,
    S: Slide2d,
    const PER: usize,
> Convolution for Sizes<H, W, IN, OUT, KH, KW, S, PER>
{
    const WINDOW: Window = Window {
        rows: Axis::new::<S::Rows>(H, KH),
        columns: Axis::new::<S::Columns>(W, KW),
        wide: IN,
        narrow: OUT,
        per: PER,
    };
}

/// Around the lanes of vectors, the rows of tiles and the blocks of weights, with every way to slide.
pub fn all<K: Kernels, T: Scalar>() {
    sizes::<K, T, Sizes<1, 20, 6, 16, 1, 3, Valid>, { 3 * 6 * 16 }>();
    sizes::<K, T, Sizes<7, 5, 3, 17, 3, 2, (Padded<2, 2>, Padded<1, 1, 2>)>, { 6 * 3 * 17 }>();
    sizes::<K, T, Sizes<9, 4, 8, 6, 2, 3, (Valid<3>, Padded<3, 2, 3>), 4>, { 6 * 4 * 6 }>();
    sizes::<K, T, Sizes<6, 7, 9, 10, 2, 1, (Valid, Valid<2>)>, { 2 * 9 * 10 }>();
    sizes::<K, T, Sizes<9, 8, 20, 20, 3, 3, Same<2>, 1>, { 9 * 20 }>();
    sizes::<K, T, Sizes<5, 17, 20, 20, 3, 3, Same, 1>, { 9 * 20 }>();
    sizes::<K, T, Sizes<1, 20, 33, 33, 1, 4, Valid, 1>, { 4 * 33 }>();
    sizes::<K, T, Sizes<8, 9, 1, 9, 3, 3, Same>, { 9 * 9 }>();
    sizes::<K, T, Sizes<5, 3, 18, 33, 1, 1, Valid>, { 18 * 33 }>();
    sizes::<K, T, Sizes<3, 13, 16, 70, 2, 3, Same>, { 6 * 16 * 70 }>();
}

fn sizes<K: Kernels, T: Scalar, C: Convolution, const WEIGHTS: usize>() {
    for batch in [1, 3] {
        products::<K, T, C, WEIGHTS>(batch);
    }
}

/// Which number stands under a tap of the window at a position; none in the padding.
fn input(axis: Axis, position: usize, tap: usize) -> Option<usize> {
    (position * axis.stride + tap * axis.dilation).checked_sub(axis.before()).filter(|&i| i < axis.size)
}

/// Calls `product` with the places of two factors and of the weight between them: wide, narrow, weight. Each of the three sums finds its terms in order.
fn products_of(n: usize, window: Window, mut product: impl FnMut(usize, usize, usize)) {
    let Window { rows, columns, wide, narrow, per } = window;
    let outputs = narrow / (wide / per);
    for sample in 0..n {
        for tap in 0..window.taps() {
            for position in 0..rows.positions() * columns.positions() {
                let (row, column) = (position / columns.positions(), position % columns.positions());
                let row = input(rows, row, tap / columns.kernel);
                let column = input(columns, column, tap % columns.kernel);
                let (Some(row), Some(column)) = (row, column) else { continue };
                for c in 0..per {
                    for o in 0..narrow {
                        product(
                            ((sample * rows.size + row) * columns.size + column) * wide + o / outputs * per + c,
                            sample * window.narrow_len() + position * narrow + o,
                            (tap * per + c) * narrow + o,
                        );
                    }
                }
            }
        }
    }
}

fn products<K: Kernels, T: Scalar, C: Convolution, const WEIGHTS: usize>(batch: usize) {
    let window = C::WINDOW;
    let mut state = mix(window.multiply_adds());
    let mut numbers = |n: usize| {
        let mut number = || {
            state = mix(state);
            T::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
        };
        Guarded::new(&(0..n).map(|_| number()).collect::<Vec<T>>(), 0)
    };
    let (wide, narrow) = (numbers(batch * window.wide_len()), numbers(batch * window.narrow_len()));
    let (mut weights, mut slots) = (numbers(WEIGHTS), numbers(2 * WEIGHTS));
    let bias = numbers(window.narrow);
    let (mut wide_out, mut narrow_out) = (numbers(wide.get().len()), numbers(narrow.get().len()));
    let (x, y, w) = (wide.get(), narrow.get(), weights.get().to_vec());

    let mut sums = vec![Sum::ZERO; y.len()];
    products_of(batch, window, |wide, narrow, weight| sums[narrow].add_product(x[wide], w[weight]));
    correlate::<K, T, C, Plain>(x, weights.get(), None, narrow_out.get_mut(), Plain);
    check(("correlate", window, batch), narrow_out.get(), sums.iter().copied());
    correlate::<K, T, C, Plain>(x, weights.get(), Some(bias.get()), narrow_out.get_mut(), Plain);
    let biased = sums.iter().enumerate().map(|(i, &sum)| sum + Sum::of(bias.get()[i % window.narrow]));
    check(("correlate, bias", window, batch), narrow_out.get(), biased);

    let mut sums = vec![Sum::ZERO; x.len()];
    products_of(batch, window, |wide, narrow, weight| sums[wide].add_product(y[narrow], w[weight]));
    spread::<K, T, C>(y, weights.get(), wide_out.get_mut());
    check(("spread", window, batch), wide_out.get(), sums);

    let mut sums = vec![Sum::ZERO; WEIGHTS];
    products_of(batch, window, |wide, narrow, weight| sums[weight].add_product(x[wide], y[narrow]));
    let s = slots.get().to_vec();
    learn_filters::<K, T, C, Record, [T; WEIGHTS]>(x, y, weights.array_mut(), slots.array_mut(), &Record);
    check_record(Role::Weight, &sums, (&w, &s), (weights.get(), slots.get()), |_| true);
}
