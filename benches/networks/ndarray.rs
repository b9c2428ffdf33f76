//! A training step of 64-32-10 with ndarray, for `../build_time.sh`.

use ndarray::{Array1, Array2, Axis};
fn main() {
    let (x, labels) = (Array2::<f32>::zeros((32, 64)), [1usize; 32]);
    let (mut w1, mut b1) = (Array2::<f32>::from_elem((64, 32), 0.1), Array1::<f32>::zeros(32));
    let (mut w2, mut b2) = (Array2::<f32>::from_elem((32, 10), 0.1), Array1::<f32>::zeros(10));
    let hidden = (x.dot(&w1) + &b1).mapv(|v| v.max(0.0));
    let mut dy = hidden.dot(&w2) + &b2;
    let mut loss = 0.0;
    for (mut row, &label) in dy.rows_mut().into_iter().zip(&labels) {
        let most = row.fold(f32::MIN, |a, &b| a.max(b));
        row.mapv_inplace(|v| (v - most).exp());
        let sum = row.sum();
        row /= sum;
        loss -= row[label].ln();
        row[label] -= 1.0;
    }
    dy /= 32.0;
    let mut dx = dy.dot(&w2.t());
    dx.zip_mut_with(&hidden, |d, &h| if h <= 0.0 { *d = 0.0 });
    w2.scaled_add(-0.01, &hidden.t().dot(&dy));
    b2.scaled_add(-0.01, &dy.sum_axis(Axis(0)));
    w1.scaled_add(-0.01, &x.t().dot(&dx));
    b1.scaled_add(-0.01, &dx.sum_axis(Axis(0)));
    println!("{} {}", loss / 32.0, w1.sum() + w2.sum() + b1.sum() + b2.sum());
}
