//! What `benches/instructions.sh` looks at, each in a function of its own: `instructions CASE` runs one of them once.

use std::hint::black_box;

use stackprop::kernel::{Kernels, Portable, Task, run};
use stackprop::layer::{Apart, Context, Yes};
use stackprop::prelude::*;

type Net<const IN: usize, const HIDDEN: usize, const OUT: usize> =
    (Dense<IN, HIDDEN>, ReLU<HIDDEN>, Dense<HIDDEN, OUT>);
type Training<const IN: usize, const HIDDEN: usize, const OUT: usize, const BATCH: usize> =
    Trainer<Net<IN, HIDDEN, OUT>, SoftmaxCrossEntropy<OUT>, Sgd, BATCH>;

macro_rules! cases {
    ($($step:ident $infer:ident [$in:literal $hidden:literal $out:literal] $batch:literal),*) => {
        $(
            #[inline(never)]
            fn $step(
                training: &mut Training<$in, $hidden, $out, $batch>,
                x: &Matrix<$batch, $in>,
                labels: &[u8; $batch],
            ) -> Result<f32, StepError> {
                training.step(x, labels)
            }

            #[inline(never)]
            fn $infer<'a>(
                training: &'a mut Training<$in, $hidden, $out, $batch>,
                x: &'a Matrix<$batch, $in>,
            ) -> Result<&'a Matrix<$batch, $out>, NotReady> {
                training.infer_batch(x)
            }
        )*

        fn case(name: &str) {
            $(
                if name == stringify!($step) || name == stringify!($infer) {
                    let mut training = Training::<$in, $hidden, $out, $batch>::boxed();
                    training.reset(1, Sgd::new(0.01).expect("a learning rate")).expect("a learning rate");
                    let mut x = Matrix::<$batch, $in>::ZERO;
                    for (i, x) in x.as_mut_slice().iter_mut().enumerate() {
                        *x = (i % 17) as f32 / 16.0 - 0.5;
                    }
                    let labels = core::array::from_fn(|sample| (sample % $out) as u8);
                    if name == stringify!($step) {
                        black_box($step(&mut training, &x, &labels)).expect("finite numbers");
                    } else {
                        black_box($infer(&mut training, &x)).expect("ready");
                    }
                }
            )*
        }
    };
}
cases!(
    s1_step s1_infer [4 8 3] 1,
    s3_step s3_infer [64 32 10] 1,
    s3_batch_step s3_batch_infer [64 32 10] 32
);

type Small = Dense<4, 8>;

/// y of one sample.
struct Forward<'a> {
    layer: &'a Small,
    x: &'a [[f32; 4]; 1],
    y: &'a mut [[f32; 8]; 1],
}

impl Task for Forward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self) {
        self.layer.forward::<K, Apart, 1>(self.x, self.y, Context::new(0, 0));
    }
}

/// dx, gradient and update for one sample.
struct Backward<'a> {
    layer: &'a mut Small,
    x: &'a [[f32; 4]; 1],
    y: &'a mut [[f32; 8]; 1],
    grad: &'a mut [f32; 8],
    optimizer: &'a Sgd,
}

impl Task for Backward<'_> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self) {
        let (rule, context, mut slots) = (self.optimizer.rule(0, 1.0), Context::new(0, 0), Zeroed::ZERO);
        self.layer.backward::<K, Apart, 1, Yes, _>(self.x, self.y, self.grad, &mut slots, &rule, context);
    }
}

#[inline(never)]
fn dense_forward(task: Forward<'_>) {
    run(task);
}

#[inline(never)]
fn dense_backward(task: Backward<'_>) {
    run(task);
}

#[inline(never)]
fn dense_forward_portable(task: Forward<'_>) {
    task.run::<Portable>();
}

#[inline(never)]
fn dense_backward_portable(task: Backward<'_>) {
    task.run::<Portable>();
}

fn small() {
    let (mut layer, x, mut y, mut grad) = (Small::new([[0.1; 8]; 4], [0.2; 8]), [[0.5; 4]], [[0.0; 8]], [1.0; 8]);
    let optimizer = Sgd::new(0.01).expect("a learning rate");
    dense_forward(Forward { layer: &layer, x: &x, y: &mut y });
    dense_forward_portable(Forward { layer: black_box(&layer), x: &x, y: &mut y });
    dense_backward(Backward { layer: &mut layer, x: &x, y: &mut y, grad: &mut grad, optimizer: &optimizer });
    dense_backward_portable(Backward { layer: &mut layer, x: &x, y: &mut y, grad: &mut grad, optimizer: &optimizer });
    black_box((layer, y, grad));
}

fn main() {
    // Chooses the instructions, too, so that no case does.
    small();
    for name in std::env::args().skip(1) {
        case(&name);
    }
}
