//! stackprop's product alone, and the choice of its optimizer; its network is in `cases`.

use std::hint::black_box;

use ::stackprop::prelude::{Adam, Layer, Matrix, Sgd, Zeroed};
use ::stackprop::scalar::Scalar;

use super::product::Start;
use super::{Multiplication, Network, Pass};
use crate::cases::stackprop::Stackprop;
use crate::cases::{Data, Optimizer};

/// The network of type `N`.
pub fn network<T: Scalar, N: Layer<T = T, Out = [T; OUT]>, const OUT: usize, const BATCH: usize>(
    data: &Data<T>,
    optimizer: Optimizer,
) -> Box<dyn Network> {
    match optimizer {
        Optimizer::Sgd(rate) => {
            let sgd = Sgd::new(T::from_f64(rate)).expect("a learning rate");
            Box::new(Stackprop::<T, N, _, OUT, BATCH>::new(data, sgd))
        }
        Optimizer::Adam(rate) => {
            let adam = Adam::new(T::from_f64(rate)).expect("a learning rate");
            Box::new(Stackprop::<T, N, _, OUT, BATCH>::new(data, adam))
        }
    }
}

/// The matrices of a product.
pub struct Matrices<const BATCH: usize, const IN: usize, const OUT: usize> {
    x: Box<Matrix<BATCH, IN>>,
    w: Box<Matrix<IN, OUT>>,
    y: Box<Matrix<BATCH, OUT>>,
}

impl<const BATCH: usize, const IN: usize, const OUT: usize> Matrices<BATCH, IN, OUT> {
    pub fn new(start: &Start) -> Self {
        Self { x: matrix(&start.x), w: matrix(&start.w), y: matrix(&start.y) }
    }
}

fn matrix<const ROWS: usize, const COLS: usize>(values: &[f32]) -> Box<Matrix<ROWS, COLS>> {
    let mut matrix = <Matrix<ROWS, COLS> as Zeroed>::boxed();
    matrix.as_mut_slice().copy_from_slice(values);
    matrix
}

impl<const BATCH: usize, const IN: usize, const OUT: usize> Multiplication for Matrices<BATCH, IN, OUT> {
    fn library(&self) -> &'static str {
        "stackprop"
    }

    fn run(&mut self, pass: Pass, repetitions: u32) {
        let Self { x, w, y } = self;
        for _ in 0..repetitions {
            match pass {
                Pass::Forward => black_box(&*x).mul_to(black_box(&**w), black_box(&mut **y)),
                Pass::Dw => black_box(&*x).tr_mul_to(black_box(&**y), black_box(&mut **w)),
                Pass::Dx => black_box(&*y).mul_tr_to(black_box(&**w), black_box(&mut **x)),
            }
        }
    }

    fn matrices(&self) -> [Vec<f64>; 3] {
        let (x, w, y) = (self.x.as_slice(), self.w.as_slice(), self.y.as_slice());
        [x, w, y].map(|values| values.iter().map(|value| Scalar::to_f64(*value)).collect())
    }
}
