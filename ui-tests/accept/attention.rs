//! Heads that fill the rows: four of four numbers, one of sixteen; and steps that look back alone.

use stackprop::prelude::*;

type Net = (PositionEmbedding<12, 16>, MultiHeadAttention<12, 16, 4, 4>, SelfAttention<12, 16, f32, Causal>);

static NET: Net = Zeroed::ZERO;

fn main() {
    let mut workspace = Workspace::<Net>::ZERO;
    assert_eq!(workspace.infer(&NET, &Matrix::ZERO), &Matrix::ZERO);
}
