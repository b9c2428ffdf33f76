//! The last step of one layer, and every step of the other, don't stand side by side.

use stackprop::prelude::*;

type Net = Concat<(Gru<4, 2, 3>, Last<4, 3>), Rnn<4, 2, 5>, [[f32; 8]; 4]>;

fn main() {
    let mut workspace = Workspace::<Net>::ZERO;
    let _ = workspace.infer(&Net::ZERO, &Matrix::ZERO);
}
