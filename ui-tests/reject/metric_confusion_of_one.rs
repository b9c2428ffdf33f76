//! A confusion matrix of one class.

use stackprop::prelude::*;

fn main() {
    let mut confusion = (Accuracy::default(), ConfusionMatrix::<1>::default()).1;
    confusion.add(&Vector::new([0.5]), &0u8);
}
