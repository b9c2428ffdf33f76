//! Batch normalisation where a batch is one sample: of more positions than one, frozen, in use; and where it is larger.

use stackprop::prelude::*;

type Sequence = (BatchNorm1d<6, 2>, Flatten<[[f32; 2]; 6], 12>, Dense<12, 1>);
type Trunk = (Frozen<(Dense<2, 8>, BatchNorm<8>)>, Dense<8, 1>);
type Features = (Dense<2, 8>, BatchNorm<8>, Dense<8, 1>);

fn main() {
    let mut sequence = Trainer::<Sequence, MeanSquaredError<1>, Sgd, 1>::boxed();
    sequence.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    sequence.step(&Tensor::filled(0.5), &[[1.0]]).unwrap();

    let mut frozen = Trainer::<Trunk, MeanSquaredError<1>, Sgd, 1>::boxed();
    frozen.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    frozen.pipelined_epoch(&mut Batch::ZERO, 5, |i, _| [i as f32]).unwrap();

    let mut in_use = Trainer::<Features, MeanSquaredError<1>, Sgd, 1>::boxed();
    in_use.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    in_use.infer(&Vector::ZERO).unwrap();
    in_use.evaluate(&mut Batch::ZERO, 3, |i, _| [i as f32], &mut ()).unwrap();

    let mut training = Trainer::<Features, MeanSquaredError<1>, Sgd, 2>::boxed();
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    training.step(&Matrix::new([[0.0, 1.0], [1.0, 0.0]]), &[[1.0], [0.0]]).unwrap();
}
