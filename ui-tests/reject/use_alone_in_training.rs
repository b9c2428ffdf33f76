// What is only used has no backward pass: it runs in a workspace, and a trainer of it says so.
use stackprop::kernel::Kernels;
use stackprop::layer::plan::{Given, Over, Taken};
use stackprop::layer::{Place, Structure};
use stackprop::prelude::*;

struct Clip;
stackprop::zeroed!([] Clip {});

impl Infer for Clip {
    type In = [f32; 2];
    type Out = [f32; 2];
    type Plan<P: Place, const B: usize> = Over<[f32; 2], B>;
    const STRUCTURE: Structure = Structure::layer("Clip", &[]);

    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        let mut y = x.own();
        for y in y.rows_mut().as_flattened_mut() {
            *y = y.clamp(-1.0, 1.0);
        }
        y
    }
}

type Net = (Dense<2, 2>, Clip);

fn main() {
    let mut workspace = Workspace::<Net>::ZERO;
    let _ = workspace.infer(&Net::ZERO, &Vector::ZERO);
    let _ = Trainer::<Net, MeanSquaredError<2>, Sgd, 1>::boxed();
}
