//! The picture of the motion example: which exercise was taken for which, by either network.

use stackprop::prelude::*;

use crate::drawing::Picture;

/// The exercises for the shoulder, as the data set names them.
const NAMES: [&str; 7] = ["PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW"];

/// The confusion matrices of both networks, side by side.
pub fn draw(convolution: &ConfusionMatrix<7>, recurrent: &ConfusionMatrix<7>) -> Picture {
    let mut picture = Picture::new(760, 380);
    for (left, name, matrix) in [(60.0, "conv1d", convolution), (430.0, "gru", recurrent)] {
        let title = format!("{name}: {:.3} right; exercise (row), taken for (column)", matrix.accuracy());
        picture.confusion((left, 40.0), 44.0, &title, NAMES, matrix);
    }
    picture
}
