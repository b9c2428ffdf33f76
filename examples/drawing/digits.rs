//! The picture of the digits example: learning curves, confusion matrix and misread digits.

use stackprop::prelude::*;

use crate::drawing::{BLACK, BLUE, Frame, GRAY, ORANGE, Picture, RED, WHITE, tint};

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

    matrix(&mut picture, (320.0, 40.0), confusion);
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

fn matrix(picture: &mut Picture, (left, top): (f64, f64), confusion: &ConfusionMatrix<10>) {
    const CELL: f64 = 31.5;
    picture.title(left, top - 10.0, "test images: digit (row), read as (column)");
    picture.cells((left, top), CELL, 10, 10, |read, digit| match confusion.counts[digit][read] {
        0 => tint(GRAY, 0.1),
        count if read == digit => tint(BLUE, 0.5 + count as f64 / 80.0),
        count => tint(RED, 0.3 + count as f64 / 10.0),
    });
    let frame = Frame { left, top, width: 10.0 * CELL, height: 10.0 * CELL, x: 0.0..10.0, y: 0.0..10.0 };
    for border in (1..10).map(f64::from) {
        picture.line(&frame, WHITE, [(border, 0.0), (border, 10.0)]);
        picture.line(&frame, WHITE, [(0.0, border), (10.0, border)]);
    }
    for digit in 0..10 {
        let middle = CELL * (digit as f64 + 0.5);
        picture.text(left - 9.0, top + middle + 4.0, "middle", BLACK, &digit.to_string());
        picture.text(left + middle, top + 10.0 * CELL + 16.0, "middle", BLACK, &digit.to_string());
        for (read, &count) in confusion.counts[digit].iter().enumerate().filter(|(_, count)| **count > 0) {
            let color = if read == digit { WHITE } else { BLACK };
            picture.text(left + CELL * (read as f64 + 0.5), top + middle + 4.0, "middle", color, &count.to_string());
        }
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
