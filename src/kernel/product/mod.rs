//! The three products of a dense layer, over a matrix `m` of `R` rows of `C` numbers.
//!
//! In plain loops, with every sum in this order:
//! ```text
//! mul_rows    out[b][c] = Σᵣ a[b][r] · m[r][c]        r = 0, 1, .. in `chains` interleaved sums
//! dots        out[b][r] = Σ꜀ a[b][c] · m[r][c]        c in 16 interleaved sums, added as a tree
//! learn_rows  g[r][c]   = Σ_b p[b][r] · q[b][c]       b = 0, 1, .., and m[r][c] is updated from g[r][c] at once
//! ```
//! What differs here: sums stay in registers, tile by tile, and the vectors run along `c`, so no order changes with their width.
//!
//! `rows`, `dots` and `learn` are these three; `pack` copies what they use again and again; `columns` has two of them for a matrix that lies by column.

mod columns;
mod dots;
mod learn;
mod pack;
mod rows;

pub use self::columns::{dots_down, mul_units};
pub(super) use self::dots::dots_at;
pub use self::dots::{dots, dots_then};
pub use self::learn::{learn_all, learn_bias, learn_rows, learn_some};
pub(super) use self::learn::{learn_rows_at, update, update_tile};
pub use self::rows::{COLUMNS, mul_columns, mul_rows, mul_rows_then};

/// The biases from number `count` on. In the loops over tiles a closure in its place would be a function of each.
#[inline(always)]
fn beyond<T>(bias: Option<*const T>, count: usize) -> Option<*const T> {
    bias.map(|bias| bias.wrapping_add(count))
}

/// How many interleaved sums `mul_rows` has: few columns leave the adders idle otherwise.
pub(super) const fn chains(rows: usize, columns: usize) -> usize {
    if columns <= 32 && rows >= 16 { 4 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::{dots, dots_down, mul_rows, mul_units};
    use crate::kernel::Portable;
    use crate::random::{generator, unit};

    /// A matrix that lies by column gives the bits of one that lies by row.
    fn by_column<const R: usize, const C: usize>() {
        let mut rng = generator((R * 100 + C) as u64);
        let mut number = || unit::<f32>(&mut rng) - 0.5;
        let (mut m, mut columns) = ([[0.0; C]; R], [[0.0; R]; C]);
        for r in 0..R {
            for c in 0..C {
                m[r][c] = number();
                columns[c][r] = m[r][c];
            }
        }
        let a = [[0.0; R]; 2].map(|row| row.map(|_| number()));
        let b = [[0.0; C]; 2].map(|row| row.map(|_| number()));
        let bias = [0.0; C].map(|_| number());

        let (mut by_row, mut by_column) = ([[0.0; C]; 2], [[0.0; C]; 2]);
        for bias in [None, Some(&bias)] {
            mul_rows::<Portable, f32, R, C>(&a, &m, bias, &mut by_row);
            mul_units::<Portable, f32, R, C>(&a, &columns, 0..C, bias, &mut by_column);
            assert_eq!(by_row.map(|y| y.map(f32::to_bits)), by_column.map(|y| y.map(f32::to_bits)), "{R} x {C}");
        }

        let (mut by_row, mut by_column) = ([[0.0; R]; 2], [[0.0; R]; 2]);
        dots::<Portable, f32, R, C>(&b, &m, 0..R, None, &mut by_row);
        dots_down::<Portable, f32, R, C>(&b, &columns, 0..R, &mut by_column);
        assert_eq!(by_row.map(|y| y.map(f32::to_bits)), by_column.map(|y| y.map(f32::to_bits)), "{R} x {C}");
    }

    #[test]
    fn a_matrix_by_column_gives_the_same_bits() {
        by_column::<1, 1>();
        by_column::<5, 7>();
        by_column::<15, 33>();
        by_column::<16, 16>();
        by_column::<18, 32>();
        by_column::<33, 17>();
        by_column::<40, 33>();
    }
}
