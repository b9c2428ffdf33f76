//! Networks whose joints fit: single layers, tuples of 1 to 16, nested ones; named in a `static`, and as values.

use stackprop::prelude::*;

type A = ReLU<8>;
type Sixteen = (A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A);
type Nested = ((Dense<64, 8>, Sixteen), (Sixteen, Dense<8, 32>), (ReLU<32>,), Dense<32, 10>);

static TRAINING: Trainer<Nested, SoftmaxCrossEntropy<10>, Adam, 32> = Zeroed::ZERO;
static WORKSPACE: Workspace<Sixteen> = Workspace::ZERO;
const _: () = assert!(Trainer::<Dense<4, 3>, SoftmaxCrossEntropy<3>, Sgd, 1>::BYTES <= 320);

fn main() {
    let net = (Dense::<64, 32>::ZERO, ReLU::<32>::ZERO, Dense::<32, 10>::ZERO);
    let mut workspace = Workspace::<_, 1>::ZERO;
    assert_eq!(workspace.infer(&net, &Vector::ZERO), &Vector::ZERO);
    let _ = (&TRAINING, &WORKSPACE);
}
