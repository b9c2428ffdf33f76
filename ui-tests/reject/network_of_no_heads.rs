// Attention without heads.
use stackprop::prelude::*;

type Net = stackprop::network!([4, 6] => MultiHeadAttention(0), Flatten, Dense(3));

fn main() {
    let _ = Workspace::<Net>::ZERO;
}
