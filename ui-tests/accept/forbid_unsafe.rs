//! A crate that forbids unsafe code has layers and memory of its own: the macros write what it may not, and check it.
#![forbid(unsafe_code)]

use stackprop::layer::Elementwise;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;

/// y = x / (1 + |x|); y' = (1 - |y|)².
struct Softsign<const N: usize, T = f32> {
    scalar: std::marker::PhantomData<T>,
}
stackprop::zeroed!([const N: usize, T: Scalar] Softsign<N, T> { scalar });
stackprop::elementwise!(Softsign, in_place);

impl<const N: usize, T: Scalar> Elementwise<T> for Softsign<N, T> {
    fn value(&self, x: T) -> T {
        x / (T::ONE + x.abs())
    }
    fn derivative(&self, y: T) -> T {
        (T::ONE - y.abs()) * (T::ONE - y.abs())
    }
}

type Training = Trainer<(Dense<2, 3>, Softsign<3>, Dense<3, 1>), MeanSquaredError<1>, Sgd, 4>;

/// All that a program has.
struct Memory {
    training: Training,
    batch: Batch<[f32; 2], [f32; 1], 4>,
    steps: u32,
}
stackprop::zeroed!([] Memory { training, batch, steps });

static EMPTY: Memory = Memory::ZERO;

fn main() {
    let mut memory = Memory::boxed();
    memory.training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    let Memory { training, batch, steps } = &mut *memory;
    let loss = training.epoch(batch, 8, |i, x: &mut Vector<2>| {
        x[0] = i as f32 / 8.0;
        [x[0]]
    });
    *steps += 2;
    assert!(loss.unwrap().is_finite() && u64::from(*steps) == training.steps() && EMPTY.steps == 0);
}
