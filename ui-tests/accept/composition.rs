//! Layers made of others, and sequences: in a `static`, and as values.

use stackprop::prelude::*;

type Motion = (Gru<20, 6, 16>, Residual<Lstm<20, 16, 16>>, Last<20, 16>, Dense<16, 7>);
type Two = Concat<(Rnn<20, 6, 3>, Last<20, 3>), (Gru<20, 6, 5>, Last<20, 5>), [f32; 8]>;
type Sequences = Concat<Rnn<20, 6, 3>, Gru<20, 6, 5>, [[f32; 8]; 20]>;
type Deep = Recompute<(Two, Residual<(Dense<8, 8>, ReLU<8>)>, Sum<Dense<8, 7>, Dense<8, 7>>)>;

static MOTION: Trainer<Motion, SoftmaxCrossEntropy<7>, Adam, 32> = Zeroed::ZERO;
static DEEP: Trainer<Deep, SoftmaxCrossEntropy<7>, Adam, 32> = Zeroed::ZERO;
// The outputs of both, and eight steps of the gates of the second.
const _: () = assert!(Workspace::<Sequences>::BYTES == 4 * (20 * (3 + 5) + 8 * 4 * 5 + 2 * 5));

/// In flash, with its weights.
static STEP: Gru<1, 1, 1> = Gru::new([[[1.0]]; 3], [[[0.0]]; 3], [[0.0]; 3], [0.0]);
static WRAPPED: Residual<Sum<Dense<1, 1>, Tanh<1>>> =
    Residual::new(Sum::new(Dense::new([[2.0]], [0.0]), Tanh::new()));

fn main() {
    let mut state = GruState::ZERO;
    assert!(STEP.step(&Vector::new([1.0]), &mut state)[0] > 0.0);
    let mut workspace = Workspace::<_, 1>::ZERO;
    assert_eq!(workspace.infer(&WRAPPED, &Vector::ZERO), &Vector::ZERO);
    let _ = (&MOTION, &DEEP);
}
