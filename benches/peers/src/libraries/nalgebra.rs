//! nalgebra with static matrices. They are column-major: a sample is a column, and a weight matrix is `OUT` × `IN`.

use std::hint::black_box;

use ::nalgebra::{SMatrix, SVector};
use ::stackprop::scalar::Scalar;

use super::product::Start;
use super::{Multiplication, Pass, Real};
use crate::cases::by_hand::{Moments, Pace, Pacer, softmax_cross_entropy};
use crate::cases::{Data, Optimizer, Training};

/// A network in training on one batch; `C` is its chain of layers.
pub struct Nalgebra<T, C, const IN: usize, const BATCH: usize> {
    x: Box<SMatrix<T, IN, BATCH>>,
    labels: Vec<u8>,
    layers: C,
    pacer: Pacer,
}

/// A layer and all after it.
pub trait Chain<T, const IN: usize, const BATCH: usize> {
    fn new(weights: &mut std::slice::Iter<'_, Vec<T>>, optimizer: Optimizer) -> Self;

    /// The logits.
    fn forward(&mut self, x: &SMatrix<T, IN, BATCH>) -> &[T];

    /// Writes dx, unless nobody needs it, and changes the weights; returns the loss.
    fn backward(
        &mut self,
        x: &SMatrix<T, IN, BATCH>,
        labels: &[u8],
        pace: Pace<T>,
        dx: Option<&mut SMatrix<T, IN, BATCH>>,
    ) -> T;
}

impl<T: Real, C: Chain<T, IN, BATCH>, const IN: usize, const BATCH: usize> Nalgebra<T, C, IN, BATCH> {
    pub fn new(data: &Data<T>, optimizer: Optimizer) -> Self {
        Self {
            x: Box::new(SMatrix::from_column_slice(&data.x)),
            labels: data.labels.clone(),
            layers: C::new(&mut data.weights.iter(), optimizer),
            pacer: Pacer::new(optimizer),
        }
    }
}

impl<T: Real, C: Chain<T, IN, BATCH>, const IN: usize, const BATCH: usize> Training for Nalgebra<T, C, IN, BATCH> {
    type T = T;
    const LIBRARY: &'static str = "nalgebra";

    fn forward(&mut self) -> &[T] {
        self.layers.forward(black_box(&self.x))
    }

    fn step(&mut self) -> T {
        let (x, labels) = (black_box(&*self.x), black_box(&self.labels));
        self.layers.forward(x);
        self.layers.backward(x, labels, self.pacer.next(), None)
    }
}

/// A dense layer with ReLU, and what comes after it.
pub struct Hidden<T, const IN: usize, const OUT: usize, const BATCH: usize, Next> {
    dense: Dense<T, IN, OUT, BATCH>,
    next: Next,
}

impl<T: Real, const IN: usize, const OUT: usize, const BATCH: usize, Next: Chain<T, OUT, BATCH>> Chain<T, IN, BATCH>
    for Hidden<T, IN, OUT, BATCH, Next>
{
    fn new(weights: &mut std::slice::Iter<'_, Vec<T>>, optimizer: Optimizer) -> Self {
        Self { dense: Dense::new(weights, optimizer), next: Next::new(weights, optimizer) }
    }

    fn forward(&mut self, x: &SMatrix<T, IN, BATCH>) -> &[T] {
        self.dense.forward(x);
        self.dense.y.apply(|y| *y = if *y > T::zero() { *y } else { T::zero() });
        self.next.forward(&self.dense.y)
    }

    fn backward(
        &mut self,
        x: &SMatrix<T, IN, BATCH>,
        labels: &[u8],
        pace: Pace<T>,
        dx: Option<&mut SMatrix<T, IN, BATCH>>,
    ) -> T {
        let Dense { y, dy, .. } = &mut self.dense;
        let loss = self.next.backward(y, labels, pace, Some(dy));
        dy.zip_apply(&**y, |dy, y| *dy = if y > T::zero() { *dy } else { T::zero() });
        self.dense.backward(x, pace, dx);
        loss
    }
}

/// The last dense layer, softmax and cross-entropy.
pub struct Last<T, const IN: usize, const OUT: usize, const BATCH: usize>(Dense<T, IN, OUT, BATCH>);

impl<T: Real, const IN: usize, const OUT: usize, const BATCH: usize> Chain<T, IN, BATCH> for Last<T, IN, OUT, BATCH> {
    fn new(weights: &mut std::slice::Iter<'_, Vec<T>>, optimizer: Optimizer) -> Self {
        Self(Dense::new(weights, optimizer))
    }

    fn forward(&mut self, x: &SMatrix<T, IN, BATCH>) -> &[T] {
        self.0.forward(x);
        self.0.y.as_slice()
    }

    fn backward(
        &mut self,
        x: &SMatrix<T, IN, BATCH>,
        labels: &[u8],
        pace: Pace<T>,
        dx: Option<&mut SMatrix<T, IN, BATCH>>,
    ) -> T {
        self.0.dy.copy_from(&self.0.y);
        let loss = softmax_cross_entropy(self.0.dy.as_mut_slice(), labels);
        self.0.backward(x, pace, dx);
        loss
    }
}

/// A dense layer, its output for the batch, and the gradient of that output.
struct Dense<T, const IN: usize, const OUT: usize, const BATCH: usize> {
    weight: Box<SMatrix<T, OUT, IN>>,
    bias: SVector<T, OUT>,
    y: Box<SMatrix<T, OUT, BATCH>>,
    dy: Box<SMatrix<T, OUT, BATCH>>,
    /// xᵀ, for batches: nalgebra has no product with a transposed right side.
    xt: Box<SMatrix<T, BATCH, IN>>,
    moments: Option<[Moments<T>; 2]>,
}

impl<T: Real, const IN: usize, const OUT: usize, const BATCH: usize> Dense<T, IN, OUT, BATCH> {
    fn new(weights: &mut std::slice::Iter<'_, Vec<T>>, optimizer: Optimizer) -> Self {
        Self {
            weight: Box::new(SMatrix::from_column_slice(weights.next().expect("a layer's weights"))),
            bias: SVector::zeros(),
            y: Box::new(SMatrix::zeros()),
            dy: Box::new(SMatrix::zeros()),
            xt: Box::new(SMatrix::zeros()),
            moments: Moments::new(optimizer, IN * OUT).zip(Moments::new(optimizer, OUT)).map(Into::into),
        }
    }

    fn forward(&mut self, x: &SMatrix<T, IN, BATCH>) {
        self.y.gemm(T::one(), &*self.weight, x, T::zero());
        for mut y in self.y.column_iter_mut() {
            y += &self.bias;
        }
    }

    fn backward(&mut self, x: &SMatrix<T, IN, BATCH>, pace: Pace<T>, dx: Option<&mut SMatrix<T, IN, BATCH>>) {
        if let Some(dx) = dx {
            dx.gemm_tr(T::one(), &*self.weight, &*self.dy, T::zero());
        }
        if BATCH > 1 {
            x.transpose_to(&mut *self.xt);
        }
        let add_gradient = |scale: T, beta: T, weight: &mut [T]| {
            let mut weight = ::nalgebra::SMatrixViewMut::<T, OUT, IN>::from_slice(weight);
            if BATCH > 1 {
                weight.gemm(scale, &*self.dy, &*self.xt, beta);
            } else {
                weight.ger(scale, &self.dy.column(0), &x.column(0), beta);
            }
        };
        match &mut self.moments {
            None => {
                add_gradient(-pace.rate, T::one(), self.weight.as_mut_slice());
                for dy in self.dy.column_iter() {
                    self.bias.axpy(-pace.rate, &dy, T::one());
                }
            }
            Some([weight, bias]) => {
                add_gradient(T::one(), T::zero(), &mut weight.gradient);
                weight.update(self.weight.as_mut_slice(), pace);
                bias.gradient.copy_from_slice(self.dy.column_sum().as_slice());
                bias.update(self.bias.as_mut_slice(), pace);
            }
        }
    }
}

/// The matrices of a product.
pub struct Matrices<const BATCH: usize, const IN: usize, const OUT: usize> {
    x: Box<SMatrix<f32, IN, BATCH>>,
    w: Box<SMatrix<f32, OUT, IN>>,
    y: Box<SMatrix<f32, OUT, BATCH>>,
    xt: Box<SMatrix<f32, BATCH, IN>>,
}

impl<const BATCH: usize, const IN: usize, const OUT: usize> Matrices<BATCH, IN, OUT> {
    pub fn new(start: &Start) -> Self {
        Self {
            x: Box::new(SMatrix::from_column_slice(&start.x)),
            w: Box::new(SMatrix::from_column_slice(&start.w)),
            y: Box::new(SMatrix::from_column_slice(&start.y)),
            xt: Box::new(SMatrix::zeros()),
        }
    }
}

impl<const BATCH: usize, const IN: usize, const OUT: usize> Multiplication for Matrices<BATCH, IN, OUT> {
    fn library(&self) -> &'static str {
        "nalgebra"
    }

    fn run(&mut self, pass: Pass, repetitions: u32) {
        let Self { x, w, y, xt } = self;
        for _ in 0..repetitions {
            match pass {
                Pass::Forward => black_box(&mut *y).gemm(1.0, black_box(&**w), black_box(&**x), 0.0),
                Pass::Dw => {
                    black_box(&*x).transpose_to(&mut **xt);
                    black_box(&mut *w).gemm(1.0, black_box(&**y), &**xt, 0.0);
                }
                Pass::Dx => black_box(&mut *x).gemm_tr(1.0, black_box(&**w), black_box(&**y), 0.0),
            }
        }
    }

    fn matrices(&self) -> [Vec<f64>; 3] {
        let (x, w, y) = (self.x.as_slice(), self.w.as_slice(), self.y.as_slice());
        [x, w, y].map(|values| values.iter().map(|value| Scalar::to_f64(*value)).collect())
    }
}
