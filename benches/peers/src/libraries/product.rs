//! A network over flat buffers, for libraries that offer a matrix product and nothing else; and the product alone.

use std::hint::black_box;
use std::marker::PhantomData;

use ::stackprop::scalar::Scalar;

use super::{Multiplication, Pass, Real};
use crate::cases::by_hand::{Moments, Pace, Pacer, softmax_cross_entropy};
use crate::cases::{Data, Optimizer, Training};

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
pub struct View<'a, T> {
    pub values: &'a [T],
    pub rows: usize,
    pub cols: usize,
    /// From a number to the one below it, and to the one right of it.
    pub strides: [isize; 2],
}

impl<'a, T> View<'a, T> {
    pub fn new(values: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(values.len(), rows * cols);
        Self { values, rows, cols, strides: [cols as isize, 1] }
    }

    pub fn transposed(self) -> Self {
        let [down, right] = self.strides;
        Self { rows: self.cols, cols: self.rows, strides: [right, down], ..self }
    }
}

/// A library's matrix product.
pub trait Product<T> {
    const LIBRARY: &'static str;

    /// c = scale a b, or c += scale a b. `c` is row-major.
    fn product(scale: T, a: View<'_, T>, b: View<'_, T>, add: bool, c: &mut [T]);
}

/// A network in training on one batch.
pub struct ByProduct<T, P> {
    batch: usize,
    x: Vec<T>,
    labels: Vec<u8>,
    layers: Vec<Dense<T, P>>,
    pacer: Pacer,
}

/// A dense layer, its output for the batch, and the gradient of that output.
struct Dense<T, P> {
    inputs: usize,
    outputs: usize,
    weight: Vec<T>,
    bias: Vec<T>,
    y: Vec<T>,
    dy: Vec<T>,
    moments: Option<[Moments<T>; 2]>,
    product: PhantomData<P>,
}

impl<T: Real, P: Product<T>> ByProduct<T, P> {
    pub fn new(data: &Data<T>, optimizer: Optimizer) -> Self {
        let layer = |((inputs, outputs), weight): (_, &Vec<T>)| Dense {
            inputs,
            outputs,
            weight: weight.clone(),
            bias: vec![T::zero(); outputs],
            y: vec![T::zero(); data.batch * outputs],
            dy: vec![T::zero(); data.batch * outputs],
            moments: Moments::new(optimizer, inputs * outputs).zip(Moments::new(optimizer, outputs)).map(Into::into),
            product: PhantomData,
        };
        Self {
            batch: data.batch,
            x: data.x.clone(),
            labels: data.labels.clone(),
            layers: data.layers().zip(&data.weights).map(layer).collect(),
            pacer: Pacer::new(optimizer),
        }
    }
}

impl<T: Real, P: Product<T>> Training for ByProduct<T, P> {
    type T = T;
    const LIBRARY: &'static str = P::LIBRARY;

    fn forward(&mut self) -> &[T] {
        let last = self.layers.len() - 1;
        let mut x = black_box(&self.x);
        for (i, layer) in self.layers.iter_mut().enumerate() {
            layer.forward(self.batch, x, i < last);
            x = &layer.y;
        }
        x
    }

    fn step(&mut self) -> T {
        self.forward();
        let pace = self.pacer.next();
        let last = self.layers.last_mut().expect("a layer");
        last.dy.copy_from_slice(&last.y);
        let loss = softmax_cross_entropy(&mut last.dy, black_box(&self.labels));
        for i in (1..self.layers.len()).rev() {
            let (before, layers) = self.layers.split_at_mut(i);
            let (before, layer) = (&mut before[i - 1], &mut layers[0]);
            P::product(T::one(), layer.dy(self.batch), layer.weight().transposed(), false, &mut before.dy);
            for (dx, &y) in before.dy.iter_mut().zip(&before.y) {
                *dx = if y > T::zero() { *dx } else { T::zero() };
            }
            layer.update(self.batch, &before.y, pace);
        }
        self.layers[0].update(self.batch, black_box(&self.x), pace);
        loss
    }
}

impl<T: Real, P: Product<T>> Dense<T, P> {
    fn weight(&self) -> View<'_, T> {
        View::new(&self.weight, self.inputs, self.outputs)
    }

    fn dy(&self, batch: usize) -> View<'_, T> {
        View::new(&self.dy, batch, self.outputs)
    }

    fn forward(&mut self, batch: usize, x: &[T], relu: bool) {
        let weight = View::new(&self.weight, self.inputs, self.outputs);
        P::product(T::one(), View::new(x, batch, self.inputs), weight, false, &mut self.y);
        for y in self.y.chunks_exact_mut(self.outputs) {
            for (y, &b) in y.iter_mut().zip(&self.bias) {
                *y += b;
                *y = if relu && *y <= T::zero() { T::zero() } else { *y };
            }
        }
    }

    /// Changes weights and bias by the gradient that `x` and `dy` give.
    fn update(&mut self, batch: usize, x: &[T], pace: Pace<T>) {
        let xt = View::new(x, batch, self.inputs).transposed();
        let dy = View::new(&self.dy, batch, self.outputs);
        match &mut self.moments {
            None => {
                P::product(-pace.rate, xt, dy, true, &mut self.weight);
                add_rows(-pace.rate, &self.dy, &mut self.bias);
            }
            Some([weight, bias]) => {
                P::product(T::one(), xt, dy, false, &mut weight.gradient);
                weight.update(&mut self.weight, pace);
                bias.gradient.fill(T::zero());
                add_rows(T::one(), &self.dy, &mut bias.gradient);
                bias.update(&mut self.bias, pace);
            }
        }
    }
}

/// Adds every row, times `scale`.
fn add_rows<T: Real>(scale: T, rows: &[T], sum: &mut [T]) {
    for row in rows.chunks_exact(sum.len()) {
        for (sum, &value) in sum.iter_mut().zip(row) {
            *sum += scale * value;
        }
    }
}

/// What the matrices of a product hold at first: x `[batch][inputs]`, w `[inputs][outputs]`, y `[batch][outputs]`.
pub struct Start {
    pub batch: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub x: Vec<f32>,
    pub w: Vec<f32>,
    pub y: Vec<f32>,
}

impl Start {
    pub fn new(batch: usize, inputs: usize, outputs: usize) -> Self {
        let rng = &mut ::stackprop::random::generator(2);
        let mut values = |len| (0..len).map(|_| ::stackprop::random::unit::<f32>(rng) - 0.5).collect();
        let (x, w, y) = (values(batch * inputs), values(inputs * outputs), values(batch * outputs));
        Self { batch, inputs, outputs, x, w, y }
    }
}

/// The matrices of a product in flat buffers.
pub struct Operands<P> {
    batch: usize,
    inputs: usize,
    outputs: usize,
    x: Vec<f32>,
    w: Vec<f32>,
    y: Vec<f32>,
    product: PhantomData<P>,
}

impl<P> Operands<P> {
    pub fn new(start: &Start) -> Self {
        let (x, w, y) = (start.x.clone(), start.w.clone(), start.y.clone());
        Self { batch: start.batch, inputs: start.inputs, outputs: start.outputs, x, w, y, product: PhantomData }
    }
}

impl<P: Product<f32>> Multiplication for Operands<P> {
    fn library(&self) -> &'static str {
        P::LIBRARY
    }

    fn run(&mut self, pass: Pass, repetitions: u32) {
        let Self { batch, inputs, outputs, x, w, y, .. } = self;
        for _ in 0..repetitions {
            let (a, b, c) = match pass {
                Pass::Forward => (View::new(x, *batch, *inputs), View::new(w, *inputs, *outputs), &mut *y),
                Pass::Dw => (View::new(x, *batch, *inputs).transposed(), View::new(y, *batch, *outputs), &mut *w),
                Pass::Dx => (View::new(y, *batch, *outputs), View::new(w, *inputs, *outputs).transposed(), &mut *x),
            };
            P::product(1.0, black_box(a), black_box(b), false, black_box(c));
        }
    }

    fn matrices(&self) -> [Vec<f64>; 3] {
        [&self.x, &self.w, &self.y].map(|values| values.iter().map(|value| Scalar::to_f64(*value)).collect())
    }
}
