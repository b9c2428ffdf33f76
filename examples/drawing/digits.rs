//! The picture of the digits example: learning curves, confusion matrix and misread digits.

use stackprop::prelude::*;

use crate::drawing::{BLACK, BLUE, Frame, ORANGE, Picture, RED, tint};

/// An image, its digit, and what it was read as.
type Misread = (Vector<64>, u8, usize);

/// `history` has a row an epoch: loss in training and test, accuracy in training and test.
pub fn draw(history: &[[f64; 4]], confusion: &ConfusionMatrix<10>, misread: &[Misread]) -> Picture {
    let mut picture = Picture::new(940, 400);

    let epochs: Vec<f64> = (1..=history.len()).map(|epoch| epoch as f64).collect();
    let x = 0.7..history.len() as f64 + 0.3;
    let loss = Frame { left: 45.0, top: 40.0, width: 215.0, height: 130.0, x: x.clone(), y: 0.0..1.2 };
    picture.axes(&loss, "loss", &epochs, &[0.0, 0.4, 0.8, 1.2]);
    curves(&mut picture, &loss, history, 0);
    let accuracy = Frame { left: 45.0, top: 225.0, width: 215.0, height: 130.0, x, y: 0.7..1.0 };
    picture.axes(&accuracy, "accuracy", &epochs, &[0.7, 0.8, 0.9, 1.0]);
    curves(&mut picture, &accuracy, history, 2);
    picture.text(152.0, 390.0, "middle", BLACK, "epoch");
    picture.text(224.0, 30.0, "end", BLUE, "train");
    picture.text(260.0, 30.0, "end", ORANGE, "test");

    let names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    picture.confusion((320.0, 40.0), 31.5, "test images: digit (row), read as (column)", names, confusion);
    gallery(&mut picture, (680.0, 40.0), misread);
    picture
}

/// A column of the history and the one after it.
fn curves(picture: &mut Picture, frame: &Frame, history: &[[f64; 4]], column: usize) {
    for (color, column) in [(BLUE, column), (ORANGE, column + 1)] {
        let points = || history.iter().enumerate().map(|(i, row)| (1.0 + i as f64, row[column]));
        picture.line(frame, color, points());
        picture.dots(frame, color, points());
    }
}

/// Up to twelve misread digits.
fn gallery(picture: &mut Picture, (left, top): (f64, f64), misread: &[Misread]) {
    const PIXEL: f64 = 7.0;
    picture.title(left, top - 10.0, &format!("misread: {}", misread.len()));
    for (i, (image, digit, read)) in misread.iter().take(12).enumerate() {
        let (x, y) = (left + 64.0 * (i % 4) as f64, top + 112.0 * (i / 4) as f64);
        picture.cells((x, y), PIXEL, 8, 8, |column, row| tint(BLACK, f64::from(image[8 * row + column])));
        picture.text(x + 28.0, y + 72.0, "middle", BLACK, &format!("true {digit}"));
        picture.text(x + 28.0, y + 88.0, "middle", RED, &format!("read {read}"));
    }
}
