//! Three heads of five numbers are not sixteen numbers.

use stackprop::prelude::*;

fn main() {
    let mut workspace = Workspace::<MultiHeadAttention<12, 16, 3, 5>>::ZERO;
    workspace.infer(&MultiHeadAttention::default(), &Matrix::ZERO);
}
