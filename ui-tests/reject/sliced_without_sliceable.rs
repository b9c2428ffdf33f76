// A step in slices finds a layer's output again, to hand it on: a layer that cannot is named.
use stackprop::kernel::Kernels;
use stackprop::layer::plan::{Given, Over, Taken};
use stackprop::layer::{Apart, Context, Need, No, Place, Structure};
use stackprop::optimizer::{Copies, Rule};
use stackprop::prelude::*;
use stackprop::tensor::take;

struct Same;
stackprop::zeroed!([] Same {});

impl Infer for Same {
    type In = [f32; 3];
    type Out = [f32; 3];
    type Plan<P: Place, const B: usize> = Over<[f32; 3], B>;
    const STRUCTURE: Structure = Structure::layer("Same", &[3]);

    fn infer<'m, K: Kernels, P: Place, const B: usize>(&self, x: Taken<'m, Self, P, B>) -> Given<'m, Self, P, B> {
        x.own()
    }
}

impl Layer for Same {
    type T = f32;
    type Wants = Apart;
    type Leaves = Apart;
    type Learns = No;
    type Saved<P: Place, const B: usize> = [[f32; 3]; B];
    type Wide<const B: usize> = [[f32; 3]; B];
    type Slots<K: Copies> = ();

    fn forward<'a, K: Kernels, P: Place, const B: usize>(
        &self,
        x: P::Input<'a, [f32; 3]>,
        y: &'a mut [[f32; 3]; B],
        _: Context,
    ) -> &'a mut [[f32; 3]] {
        let x = P::read(x);
        y[..x.len()].copy_from_slice(x);
        &mut y[..x.len()]
    }

    fn output<'a, P: Place, const B: usize>(x: &'a [[f32; 3]], y: &'a [[f32; 3]; B]) -> &'a [[f32; 3]] {
        take(y, x.len())
    }

    fn backward<K: Kernels, P: Place, const B: usize, D: Need, R: Rule<f32>>(
        &mut self,
        _: &[[f32; 3]],
        _: &mut [[f32; 3]; B],
        _: &mut [f32],
        _: &mut (),
        _: &R,
        _: Context,
    ) {
    }

    stackprop::no_parameters!();
}

fn main() {
    let mut training = Sliced::<(Dense<2, 3>, Same, Dense<3, 1>), MeanSquaredError<1>, Sgd, 1>::boxed();
    let _ = training.poll(&[[0.0; 2]], &[[0.0]]);
}
