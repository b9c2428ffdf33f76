//! ndarray, written by hand: every buffer is there from the start, and all work is in place.

use std::hint::black_box;

use ::ndarray::linalg::{general_mat_mul, general_mat_vec_mul};
use ::ndarray::{Array1, Array2, ArrayViewMut2, NdFloat, Zip};
use ::stackprop::scalar::Scalar;

use super::by_hand::{Moments, Pace, Pacer, softmax_cross_entropy};
use super::{Data, Optimizer, Training};

/// A network in training on one batch.
pub struct Ndarray<T> {
    x: Array2<T>,
    labels: Vec<u8>,
    layers: Vec<Dense<T>>,
    pacer: Pacer,
}

/// A dense layer, its output for the batch, and the gradient of that output.
struct Dense<T> {
    weight: Array2<T>,
    bias: Array1<T>,
    y: Array2<T>,
    dy: Array2<T>,
    moments: Option<[Moments<T>; 2]>,
}

impl<T: NdFloat + Scalar> Ndarray<T> {
    pub fn new(data: &Data<T>, optimizer: Optimizer) -> Self {
        let layer = |((inputs, outputs), weight): (_, &Vec<T>)| Dense {
            weight: Array2::from_shape_vec((inputs, outputs), weight.clone()).expect("a layer's weights"),
            bias: Array1::zeros(outputs),
            y: Array2::zeros((data.batch, outputs)),
            dy: Array2::zeros((data.batch, outputs)),
            moments: Moments::new(optimizer, inputs * outputs).zip(Moments::new(optimizer, outputs)).map(Into::into),
        };
        Self {
            x: Array2::from_shape_vec((data.batch, data.sizes[0]), data.x.clone()).expect("a batch"),
            labels: data.labels.clone(),
            layers: data.layers().zip(&data.weights).map(layer).collect(),
            pacer: Pacer::new(optimizer),
        }
    }
}

impl<T: NdFloat + Scalar> Training for Ndarray<T> {
    type T = T;
    const LIBRARY: &'static str = "ndarray";

    fn forward(&mut self) -> &[T] {
        let last = self.layers.len() - 1;
        let mut x = black_box(&self.x);
        for (i, layer) in self.layers.iter_mut().enumerate() {
            layer.forward(x, i < last);
            x = &layer.y;
        }
        x.as_slice().expect("row-major")
    }

    fn step(&mut self) -> T {
        self.forward();
        let pace = self.pacer.next();
        let last = self.layers.last_mut().expect("a layer");
        last.dy.assign(&last.y);
        let loss = softmax_cross_entropy(last.dy.as_slice_mut().expect("row-major"), black_box(&self.labels));
        for i in (1..self.layers.len()).rev() {
            let (before, layers) = self.layers.split_at_mut(i);
            let (before, layer) = (&mut before[i - 1], &mut layers[0]);
            product_transposed(&layer.dy, &layer.weight, &mut before.dy);
            Zip::from(&mut before.dy)
                .and(&before.y)
                .for_each(|dx, &y| *dx = if y > T::zero() { *dx } else { T::zero() });
            layer.update(&before.y, pace);
        }
        self.layers[0].update(black_box(&self.x), pace);
        loss
    }
}

impl<T: NdFloat> Dense<T> {
    fn forward(&mut self, x: &Array2<T>, relu: bool) {
        for mut y in self.y.rows_mut() {
            y.assign(&self.bias);
        }
        add_product(x, &self.weight, &mut self.y);
        if relu {
            self.y.map_inplace(|y| *y = if *y > T::zero() { *y } else { T::zero() });
        }
    }

    /// Changes weights and bias by the gradient that `x` and `dy` give.
    fn update(&mut self, x: &Array2<T>, pace: Pace<T>) {
        match &mut self.moments {
            None => {
                add_product_of_transposed(-pace.rate, x, &self.dy, self.weight.view_mut());
                for dy in self.dy.rows() {
                    self.bias.scaled_add(-pace.rate, &dy);
                }
            }
            Some([weight, bias]) => {
                weight.gradient.fill(T::zero());
                let gradient = ArrayViewMut2::from_shape(self.weight.dim(), &mut weight.gradient);
                add_product_of_transposed(T::one(), x, &self.dy, gradient.expect("a layer's gradient"));
                weight.update(self.weight.as_slice_mut().expect("row-major"), pace);
                bias.gradient.fill(T::zero());
                for dy in self.dy.rows() {
                    bias.gradient.iter_mut().zip(dy).for_each(|(sum, &dy)| *sum += dy);
                }
                bias.update(self.bias.as_slice_mut().expect("row-major"), pace);
            }
        }
    }
}

// For one sample, `general_mat_mul` would copy the weights into packed blocks, which takes longer than the product itself.

/// y += x w.
fn add_product<T: NdFloat>(x: &Array2<T>, w: &Array2<T>, y: &mut Array2<T>) {
    if x.nrows() == 1 {
        let mut y = y.row_mut(0);
        Zip::from(x.row(0)).and(w.rows()).for_each(|&x, w| y.scaled_add(x, &w));
    } else {
        general_mat_mul(T::one(), x, w, T::one(), y);
    }
}

/// w += scale xᵀ dy.
fn add_product_of_transposed<T: NdFloat>(scale: T, x: &Array2<T>, dy: &Array2<T>, mut w: ArrayViewMut2<T>) {
    if x.nrows() == 1 {
        let dy = dy.row(0);
        Zip::from(x.row(0)).and(w.rows_mut()).for_each(|&x, mut w| w.scaled_add(scale * x, &dy));
    } else {
        general_mat_mul(scale, &x.t(), dy, T::one(), &mut w);
    }
}

/// dx = dy wᵀ.
fn product_transposed<T: NdFloat>(dy: &Array2<T>, w: &Array2<T>, dx: &mut Array2<T>) {
    if dy.nrows() == 1 {
        general_mat_vec_mul(T::one(), w, &dy.row(0), T::zero(), &mut dx.row_mut(0));
    } else {
        general_mat_mul(T::one(), dy, &w.t(), T::zero(), dx);
    }
}
