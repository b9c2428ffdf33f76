//! The libraries, one a file. ndarray's and stackprop's networks are in `cases`.

#[cfg(feature = "frameworks")]
pub mod burn;
#[cfg(feature = "frameworks")]
pub mod candle;
mod dfdx;
mod faer;
#[cfg(feature = "frameworks")]
pub mod filters;
mod gemm;
mod matrixmultiply;
mod nalgebra;
mod ndarray;
mod product;
pub mod stackprop;

use ::ndarray::NdFloat;
use ::stackprop::scalar::Scalar;

use self::faer::Faer;
use self::gemm::Gemm;
use self::matrixmultiply::MatrixMultiply;
use self::nalgebra::{Hidden, Last, Nalgebra};
use self::ndarray::NdarrayProduct;
use self::product::{ByProduct, Operands};
use crate::cases::ndarray::Ndarray;
use crate::cases::stackprop::{Deep, Shallow};
use crate::cases::{Data, Optimizer, Training, trace};

/// A number that every library takes.
pub trait Real:
    NdFloat + Scalar + ::nalgebra::RealField + ::faer::traits::ComplexField + matrixmultiply::Number
{
}
impl Real for f32 {}
impl Real for f64 {}

/// A library's network behind one pointer. The repetitions are inside, so that the call doesn't count.
pub trait Network {
    fn library(&self) -> &'static str;
    fn trace(&mut self) -> Vec<f64>;
    fn forward(&mut self, repetitions: u32);
    fn step(&mut self, repetitions: u32);
}

impl<L: Training> Network for L {
    fn library(&self) -> &'static str {
        L::LIBRARY
    }
    fn trace(&mut self) -> Vec<f64> {
        trace(self)
    }
    fn forward(&mut self, repetitions: u32) {
        for _ in 0..repetitions {
            std::hint::black_box(Training::forward(self));
        }
    }
    fn step(&mut self, repetitions: u32) {
        for _ in 0..repetitions {
            std::hint::black_box(Training::step(self));
        }
    }
}

/// Every library's network with one hidden layer; stackprop's comes first.
pub fn shallow<T: Real, const IN: usize, const HIDDEN: usize, const OUT: usize, const BATCH: usize>(
    data: &Data<T>,
    optimizer: Optimizer,
) -> Vec<Box<dyn Network>> {
    let mut networks = vec![
        stackprop::network::<T, Shallow<T, IN, HIDDEN, OUT>, OUT, BATCH>(data, optimizer),
        Box::new(Nalgebra::<T, Hidden<T, IN, HIDDEN, BATCH, Last<T, HIDDEN, OUT, BATCH>>, IN, BATCH>::new(
            data, optimizer,
        )),
    ];
    if T::BYTES == f32::BYTES {
        networks.push(dfdx::network::<dfdx::Shallow<IN, HIDDEN, OUT>, IN, OUT, BATCH>(data, optimizer));
    }
    networks.extend(any_size(data, optimizer));
    networks
}

/// Every library's network with two hidden layers; stackprop's comes first.
pub fn deep<T: Real, const IN: usize, const FIRST: usize, const SECOND: usize, const OUT: usize, const BATCH: usize>(
    data: &Data<T>,
    optimizer: Optimizer,
) -> Vec<Box<dyn Network>> {
    let mut networks = vec![
        stackprop::network::<T, Deep<T, IN, FIRST, SECOND, OUT>, OUT, BATCH>(data, optimizer),
        Box::new(Nalgebra::<
            T,
            Hidden<T, IN, FIRST, BATCH, Hidden<T, FIRST, SECOND, BATCH, Last<T, SECOND, OUT, BATCH>>>,
            IN,
            BATCH,
        >::new(data, optimizer)),
    ];
    if T::BYTES == f32::BYTES {
        networks.push(dfdx::network::<dfdx::Deep<IN, FIRST, SECOND, OUT>, IN, OUT, BATCH>(data, optimizer));
    }
    networks.extend(any_size(data, optimizer));
    networks
}

/// The libraries that know sizes at run time alone.
fn any_size<T: Real>(data: &Data<T>, optimizer: Optimizer) -> Vec<Box<dyn Network>> {
    vec![
        Box::new(Ndarray::new(data, optimizer)),
        Box::new(ByProduct::<T, MatrixMultiply>::new(data, optimizer)),
        Box::new(ByProduct::<T, Gemm>::new(data, optimizer)),
        Box::new(ByProduct::<T, Faer>::new(data, optimizer)),
    ]
}

/// One of the three products of a dense layer.
#[derive(Clone, Copy)]
pub enum Pass {
    /// y = x w.
    Forward,
    /// dw = xᵀ dy.
    Dw,
    /// dx = dy wᵀ.
    Dx,
}

/// A library's product in its own matrices, behind one pointer.
pub trait Multiplication {
    fn library(&self) -> &'static str;
    fn run(&mut self, pass: Pass, repetitions: u32);
    /// x `[BATCH][IN]`, w `[IN][OUT]` and y `[BATCH][OUT]`, of which the last `run` wrote one. Of a convolution: x and y with channels last,
    /// w `[ROW][COLUMN][IN][OUT]`.
    fn matrices(&self) -> [Vec<f64>; 3];
}

/// Every library's matrices; stackprop's come first.
pub fn multiplications<const BATCH: usize, const IN: usize, const OUT: usize>() -> Vec<Box<dyn Multiplication>> {
    let start = product::Start::new(BATCH, IN, OUT);
    vec![
        Box::new(stackprop::Matrices::<BATCH, IN, OUT>::new(&start)),
        Box::new(nalgebra::Matrices::<BATCH, IN, OUT>::new(&start)),
        Box::new(Operands::<NdarrayProduct>::new(&start)),
        Box::new(Operands::<MatrixMultiply>::new(&start)),
        Box::new(Operands::<Gemm>::new(&start)),
        Box::new(Operands::<Faer>::new(&start)),
    ]
}
