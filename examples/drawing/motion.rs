//! The picture of the motion example: which exercise was taken for which, by either network.

use stackprop::prelude::*;

use crate::drawing::{BLACK, Picture};

/// The exercises for the shoulder, as the data set names them.
const NAMES: [&str; 7] = ["PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW"];

/// The confusion matrices of both networks, side by side.
pub fn draw(convolution: &ConfusionMatrix<7>, recurrent: &ConfusionMatrix<7>) -> Picture {
    let mut picture = Picture::new(760, 400);
    for (left, name, matrix) in [(60.0, "conv1d", convolution), (430.0, "gru", recurrent)] {
        let title = format!("{name}: test accuracy {:.3}", matrix.accuracy());
        picture.confusion((left, 40.0), 44.0, &title, NAMES, matrix);
    }
    picture.text(
        400.0,
        390.0,
        "middle",
        BLACK,
        "windows of people 8 to 10: what they did (row), what it was taken for (column)",
    );
    picture
}
