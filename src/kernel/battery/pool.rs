//! Pooling against its definition, in guarded memory: bit for bit, because nothing is rounded twice.

use super::Guarded;
use super::definition::{Sum, in_blocks};
use crate::kernel::{Average, Kernels, Max, Pooling, Windows, pool, unpool};
use crate::layer::size::{Axis, Padded, Same, Slide2d, Valid};
use crate::random::mix;
use crate::scalar::Scalar;
use crate::sealed::Sealed;

/// `H`, `W`, `CHANNELS`, windows of `KH` by `KW`.
struct Sizes<const H: usize, const W: usize, const CHANNELS: usize, const KH: usize, const KW: usize, S>(S);

impl<const H: usize, const W: usize, const CHANNELS: usize, const KH: usize, const KW: usize, S> Sealed
    for Sizes<H, W, CHANNELS, KH, KW, S>
{
}

impl<const H: usize, const W: usize, const CHANNELS: usize, const KH: usize, const KW: usize, S: Slide2d> Windows
    for Sizes<H, W, CHANNELS, KH, KW, S>
{
    const ROWS: Axis = Axis::new::<S::Rows>(H, KH);
    const COLUMNS: Axis = Axis::new::<S::Columns>(W, KW);
    const CHANNELS: usize = CHANNELS;
}

/// Around the lanes of vectors: windows that overlap, that leave something out, that cover all, with and without padding.
pub fn all<K: Kernels, T: Scalar>() {
    sizes::<K, T, Sizes<7, 5, 1, 3, 2, (Padded<1, 2>, Padded<1>)>>();
    sizes::<K, T, Sizes<1, 9, 3, 1, 2, Valid<2>>>();
    sizes::<K, T, Sizes<4, 6, 5, 2, 2, Valid<2>>>();
    sizes::<K, T, Sizes<5, 4, 7, 3, 3, Same>>();
    sizes::<K, T, Sizes<6, 5, 17, 2, 3, (Valid<3>, Padded<2, 3, 2>)>>();
    sizes::<K, T, Sizes<3, 5, 33, 2, 2, Padded<1, 2>>>();
    sizes::<K, T, Sizes<8, 7, 5, 8, 7, Valid>>();
    sizes::<K, T, Sizes<19, 19, 3, 19, 19, Valid>>();
    sizes::<K, T, Sizes<12, 11, 4, 9, 9, Same<3>>>();
    sizes::<K, T, Sizes<3, 130, 9, 2, 113, (Valid, Padded<20, 5>)>>();
    sizes::<K, T, Sizes<1, 57, 1, 1, 57, Valid>>();
    sizes::<K, T, Sizes<200, 1, 2, 200, 1, Valid>>();
}

fn sizes<K: Kernels, T: Scalar, W: Windows>() {
    for special in [false, true] {
        pooling::<K, T, Max, W>("maximum", special);
        pooling::<K, T, Average<true>, W>("mean with padding", special);
        pooling::<K, T, Average<false>, W>("mean", special);
    }
}

/// The inputs of an output: of the same sample and channel, in rows.
fn inputs<W: Windows>(output: usize) -> Vec<Vec<usize>> {
    let (channel, position) = (output % W::CHANNELS, output / W::CHANNELS);
    let (column, row) = (position % W::COLUMNS.positions(), position / W::COLUMNS.positions());
    let (row, sample) = (row % W::ROWS.positions(), row / W::ROWS.positions());
    let under = |axis: Axis, position: usize| {
        (0..axis.kernel)
            .filter_map(move |tap| (position * axis.stride + tap * axis.dilation).checked_sub(axis.before()))
            .filter(move |&i| i < axis.size)
    };
    let place = |row, column| ((sample * W::ROWS.size + row) * W::COLUMNS.size + column) * W::CHANNELS + channel;
    under(W::ROWS, row).map(|row| under(W::COLUMNS, column).map(|column| place(row, column)).collect()).collect()
}

/// The sum of a window: of more than 28 taps in blocks of whole rows, or of parts of a row that is longer, 28 of which
/// are added one after the other.
fn window_sum<T: Scalar, W: Windows>(rows: &[Vec<usize>], x: &[T]) -> T {
    let (height, width) = (W::ROWS.kernel, W::COLUMNS.kernel);
    let (height, width) = if height * width > 28 { (1.max(28 / width), 28) } else { (height, width) };
    let mut blocks = Vec::new();
    for rows in rows.chunks(height) {
        for left in (0..rows[0].len()).step_by(width) {
            let terms = rows.iter().flat_map(|row| &row[left..row.len().min(left + width)]);
            blocks.push(Sum::of(terms.fold(T::ZERO, |sum, &i| sum + x[i])));
        }
    }
    in_blocks(blocks, 28).value()
}

fn pooling<K: Kernels, T: Scalar, F: Pooling, W: Windows>(what: &str, special: bool) {
    let mut state = mix(W::CHANNELS as u64);
    // Few different numbers, so that many are equal; if `special`, infinities, NaN and both zeros among them.
    let mut numbers = |n: usize, special: bool| {
        let mut number = || {
            state = mix(state);
            if special && state.is_multiple_of(5) {
                let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0, -0.0];
                return T::from_f64(special[state as usize / 5 % 6]);
            }
            T::from_f64((state >> 8) as f64 % 9.0 / 7.0 - 0.6)
        };
        Guarded::new(&(0..n).map(|_| number()).collect::<Vec<T>>(), 0)
    };
    const BATCH: usize = 3;
    let outputs = BATCH * W::ROWS.positions() * W::COLUMNS.positions() * W::CHANNELS;
    let inputs_of_all = BATCH * W::ROWS.size * W::COLUMNS.size * W::CHANNELS;
    let (x, dy) = (numbers(inputs_of_all, special), numbers(outputs, false));
    let (mut y, mut dx) = (numbers(outputs, false), numbers(inputs_of_all, false));

    let window = W::ROWS.kernel * W::COLUMNS.kernel;
    let mut expected = vec![T::ZERO; outputs];
    let mut gradient = vec![T::ZERO; inputs_of_all];
    for output in 0..outputs {
        let rows = inputs::<W>(output);
        let inputs = rows.concat();
        let values = inputs.iter().map(|&i| x.get()[i]);
        let largest = values.clone().fold(T::MIN, |y, x| if x > y || x.to_f64().is_nan() { x } else { y });
        let Some(count) = F::count(window, inputs.len()).map(T::from_usize) else {
            expected[output] = largest;
            // Of a window with NaN, in which none is below the largest, it is the first.
            if let Some(&first) =
                inputs.iter().find(|&&i| x.get()[i].partial_cmp(&largest) != Some(core::cmp::Ordering::Less))
            {
                gradient[first] += dy.get()[output];
            }
            continue;
        };
        expected[output] = window_sum::<T, W>(&rows, x.get()) / count;
        for i in inputs {
            gradient[i] += dy.get()[output] / count;
        }
    }
    let check = |pass: &str, found: &[T], expected: &[T]| {
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            let (found, expected) = (found.to_f64(), expected.to_f64());
            assert!(
                found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
                "{what}, {pass}, {:?} {:?} {} {i}: {found} {expected}",
                W::ROWS,
                W::COLUMNS,
                W::CHANNELS
            );
        }
    };
    pool::<K, T, F, W>(x.get(), y.get_mut());
    check("y", y.get(), &expected);
    unpool::<K, T, F, W>(x.get(), dy.get(), dx.get_mut());
    check("dx", dx.get(), &gradient);
}
