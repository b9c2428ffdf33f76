// A layer of your own is written as Rust source only if it says how: it would be a constant of zeros.
use stackprop::layer::EachSample;
use stackprop::parameter::Role;
use stackprop::prelude::*;

struct Scale<const N: usize> {
    gain: [f32; N],
}
stackprop::zeroed!([const N: usize] Scale<N> { gain });
stackprop::each_sample!([const N: usize] Scale<N>, f32);

impl<const N: usize> EachSample<f32> for Scale<N> {
    type In = [f32; N];
    type Out = [f32; N];
    type Weights = [f32; N];
    const NAME: &'static str = "Scale";
    const WEIGHTS: (&'static str, Role) = ("gain", Role::Scale);
    fn weights(&self) -> &[f32; N] {
        &self.gain
    }
    fn weights_mut(&mut self) -> &mut [f32; N] {
        &mut self.gain
    }
    fn forward(&self, x: &[f32; N], y: &mut [f32; N]) {
        for i in 0..N {
            y[i] = self.gain[i] * x[i];
        }
    }
    fn backward(&self, x: &[f32; N], dy: &[f32; N], dx: &mut [f32; N], dgain: &mut [f32; N]) {
        for i in 0..N {
            dx[i] = self.gain[i] * dy[i];
            dgain[i] += x[i] * dy[i];
        }
    }
}

fn main() {
    let net = <(Dense<2, 3>, Scale<3>, Dense<3, 1>)>::ZERO;
    stackprop::weights::export(&net, "NET", "Net", &mut String::new()).unwrap();
}
