//! A convolution of stackprop alone, as its layer calls it.

use std::hint::black_box;

use ::stackprop::kernel::{Convolution, CopiesOf, Kernels, Lanes, Plain, Task, correlate, learn_filters, run, spread};
use ::stackprop::optimizer::Rule;
use ::stackprop::parameter::Role;
use ::stackprop::prelude::{Layer, Tensor, Zeroed};
use ::stackprop::scalar::Scalar;
use ::stackprop::storage::Aligned;
use ::stackprop::tensor::Array;

use super::{Multiplication, Pass};
use crate::convolutions::Start;

/// Of the layer `L` with weights `W`; channels last, w is `[ROW][COLUMN][IN][OUT]`.
pub struct Filters<L: Layer, W, const BATCH: usize> {
    x: Box<Tensor<[L::In; BATCH]>>,
    w: Box<Aligned<W>>,
    y: Box<Tensor<[L::Out; BATCH]>>,
}

impl<L: Layer<T = f32>, W: Array<T = f32>, const BATCH: usize> Filters<L, W, BATCH> {
    pub fn new(start: &Start) -> Self {
        let (mut x, mut w) = (<Tensor<[L::In; BATCH]> as Zeroed>::boxed(), <Aligned<W> as Zeroed>::boxed());
        let mut y = <Tensor<[L::Out; BATCH]> as Zeroed>::boxed();
        x.as_mut_slice().copy_from_slice(&start.x);
        w.0.flat_mut().copy_from_slice(&start.w);
        y.as_mut_slice().copy_from_slice(&start.y);
        Self { x, w, y }
    }
}

impl<L: Layer<T = f32> + Convolution, W: Array<T = f32>, const BATCH: usize> Multiplication for Filters<L, W, BATCH> {
    fn library(&self) -> &'static str {
        "stackprop"
    }

    fn run(&mut self, pass: Pass, repetitions: u32) {
        for _ in 0..repetitions {
            run(OnePass { filters: black_box(&mut *self), pass });
        }
    }

    fn matrices(&self) -> [Vec<f64>; 3] {
        let all = [self.x.as_slice(), self.w.0.flat(), self.y.as_slice()];
        all.map(|values| values.iter().map(|value| Scalar::to_f64(*value)).collect())
    }
}

struct OnePass<'f, L: Layer, W, const BATCH: usize> {
    filters: &'f mut Filters<L, W, BATCH>,
    pass: Pass,
}

impl<L: Layer<T = f32> + Convolution, W: Array<T = f32>, const BATCH: usize> Task for OnePass<'_, L, W, BATCH> {
    type Output = ();

    #[inline(always)]
    fn run<K: Kernels>(self) {
        let Filters { x, w, y } = self.filters;
        let (x, w, y) = (x.as_mut_slice(), &mut w.0, y.as_mut_slice());
        match self.pass {
            Pass::Forward => correlate::<K, f32, L, Plain>(x, w.flat(), None, y, Plain),
            Pass::Dw => learn_filters::<K, f32, L, Gradient, W>(x, y, w, &mut [], &Gradient),
            Pass::Dx => spread::<K, f32, L>(y, w.flat(), x),
        }
    }
}

/// Leaves the gradient where the weight was.
#[derive(Clone, Copy)]
struct Gradient;

impl Rule<f32> for Gradient {
    type Slots = CopiesOf<0>;

    #[inline(always)]
    fn update<V: Lanes<f32>>(&self, _: Role, _: V, _: &mut [V; 0], gradient: V) -> V {
        gradient
    }
}
