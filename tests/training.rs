//! A trainer and its network: resuming, penalties, frozen layers, parameters by name, and single layers on a tape.

use stackprop::layer::Layer;
use stackprop::parameter::Role;
use stackprop::prelude::*;
use stackprop::tape::parameter;

mod common;
use common::run::{bits, parameter_bits, parameters, samples, uniform};

type Net = (Dense<3, 8, f64>, Tanh<8, f64>, Dense<8, 2, f64>);
type Training<O> = Trainer<Net, SoftmaxCrossEntropy<2>, O, 32>;

#[test]
fn resume_starts_from_the_weights_that_are_there() {
    let mut training = Training::<Adam<f64>>::boxed();
    let mut twin = Training::<Adam<f64>>::boxed();
    training.reset(4, Adam::new(0.01).unwrap()).unwrap();
    let (x, labels) = samples::<32>(0);
    for _ in 0..5 {
        training.step(&x, &labels).unwrap();
    }
    let trained = parameter_bits(training.net());
    training.resume(9, Adam::new(0.02).unwrap()).unwrap();
    assert_eq!((parameter_bits(training.net()), training.steps()), (trained, 0));
    // No optimizer state is left: it goes on as a new trainer with these weights.
    *twin.net_mut() = training.net().clone_by_file();
    twin.resume(9, Adam::new(0.02).unwrap()).unwrap();
    for training in [&mut training, &mut twin] {
        training.step(&x, &labels).unwrap();
    }
    assert_eq!(parameter_bits(training.net()), parameter_bits(twin.net()));
}

trait CloneByFile: Layer {
    /// A copy, by way of a file of weights.
    fn clone_by_file(&self) -> Self {
        let mut file = vec![0; stackprop::weights::file_size::<Self>()];
        stackprop::weights::write(self, &mut file).unwrap();
        let mut copy = Self::ZERO;
        stackprop::weights::read(&mut copy, &file).unwrap();
        copy
    }
}
impl<L: Layer> CloneByFile for L {}

#[test]
fn the_returned_loss_is_that_before_the_step_without_penalties() {
    type Net = Regularized<Dense<1, 1, f64>>;
    let mut training = Trainer::<Net, MeanSquaredError<1>, Sgd<f64>, 2>::boxed();
    training.net_mut().layer_mut().set(&[[2.0]], &[1.0]);
    let penalty = Penalty { weight_l1: 0.25, weight_l2: 0.5, bias_l1: 0.125, bias_l2: 1.0 };
    training.net_mut().set_penalty(penalty).unwrap();
    training.resume(0, Sgd::new(0.5).unwrap()).unwrap();
    // Errors 3 - 4 and 5 - 4 are -1 and 1: loss 1, dw = Σ 2 d x / 2 = 1, db = 0.
    let loss = training.step(&Matrix::new([[1.0], [2.0]]), &[Vector::new([4.0]), Vector::new([4.0])]).unwrap();
    assert_eq!(loss, 1.0);
    // With penalties: dw = 1 + 0.25 + 2, db = 0.125 + 2.
    let net = training.net().layer();
    assert_eq!((net.weight(0, 0), net.bias(0)), (Some(2.0 - 0.5 * 3.25), Some(1.0 - 0.5 * 2.125)));
    let (w, b) = (0.375, -0.0625);
    assert_eq!(training.penalty(), 0.25 * w + 0.5 * w * w + 0.125 * 0.0625 + b * b);
}

#[test]
fn frozen_weights_never_change() {
    type Net = (Dense<3, 8, f64>, Frozen<(Tanh<8, f64>, Dense<8, 8, f64>)>, ReLU<8, f64>, Dense<8, 2, f64>);
    fn check<O: Optimizer<T = f64>, G: stackprop::training::Sink>(optimizer: O) {
        let mut training = Trainer::<Net, SoftmaxCrossEntropy<2>, O, 32, G>::boxed();
        training.reset(4, optimizer).unwrap();
        let before = training.net().clone_by_file();
        assert!(parameters(training.net().1.layer()).iter().any(|&w| w != 0.0), "frozen weights are initialised");
        let (x, labels) = samples::<32>(0);
        for _ in 0..5 {
            training.step(&x, &labels).unwrap();
        }
        assert_eq!(parameter_bits(&training.net().1), parameter_bits(&before.1));
        assert_ne!(parameter_bits(&training.net().0), parameter_bits(&before.0));
        assert_ne!(parameter_bits(&training.net().3), parameter_bits(&before.3));
    }
    check::<_, Fused>(Sgd::new(0.1).unwrap());
    check::<_, Buffered>(Momentum::new(0.1, 0.9).unwrap());
    // Weight decay would change a weight without a gradient.
    check::<_, Fused>(AdamW::new(0.1, 0.5).unwrap());
    check::<_, Buffered>(AdamW::new(0.1, 0.5).unwrap());
}

#[test]
fn a_frozen_trunk_trains_its_head_alone() {
    type Trunk = (Dense<3, 8, f64>, ReLU<8, f64>);
    type Head = Dense<8, 2, f64>;
    let mut whole = Trainer::<(Frozen<Trunk>, Head), SoftmaxCrossEntropy<2>, Adam<f64>, 32>::boxed();
    let mut head = Trainer::<Head, SoftmaxCrossEntropy<2>, Adam<f64>, 32>::boxed();
    whole.reset(4, Adam::new(0.01).unwrap()).unwrap();
    *head.net_mut() = whole.net().1.clone();
    head.resume(4, Adam::new(0.01).unwrap()).unwrap();
    let mut trunk = Workspace::<Trunk, 32>::boxed();
    for step in 0..5 {
        let (x, labels) = samples::<32>(step * 32);
        let features = *trunk.infer_batch(whole.net().0.layer(), &x);
        let losses = [whole.step(&x, &labels).unwrap(), head.step(&features, &labels).unwrap()];
        assert_eq!(bits(&losses[..1]), bits(&losses[1..]));
        assert_eq!(parameter_bits(&whole.net().1), parameter_bits(head.net()));
    }
}

#[test]
fn parameters_by_name() {
    let net = <(Dense<3, 8>, (LeakyReLU<8>, Regularized<Dense<8, 2>>), Frozen<Dense<2, 1>>)>::ZERO;
    let mut seen = Vec::new();
    net.visit(Default::default(), &mut |parameter| {
        let info = parameter.info;
        assert!(parameter.is_named(&info.to_string()) && !parameter.is_named("weight"));
        assert_eq!(parameter.len(), info.shape.dims().iter().product::<usize>());
        assert_eq!((parameter.get(0).is_some(), parameter.get(parameter.len())), (true, None));
        seen.push(format!("{info} {:?} {:?}", info.role, info.shape));
    });
    assert_eq!(
        seen,
        [
            "0.weight Weight 3x8",
            "0.bias Bias 8",
            "1.0.slope Setting scalar",
            "1.1.weight Weight 8x2",
            "1.1.bias Bias 2",
            "2.weight Weight 2x1",
            "2.bias Bias 1",
        ]
    );
    assert_ne!(Role::Weight, Role::Setting);
    let (mut slope, mut bias) = (Tensor::<f32>::ZERO, Vector::<8>::filled(9.0));
    assert!(parameter(&net, "1.0.slope", &mut slope) && parameter(&net, "0.bias", &mut bias));
    assert_eq!((slope.0, bias), (0.01, Vector::ZERO));
    assert!(!parameter(&net, "1.bias", &mut bias), "no such name");
    assert!(!parameter(&net, "1.1.bias", &mut bias), "another size");
}

#[test]
fn layers_alone_on_a_tape() {
    let mut relu = ReLU::<3>::new();
    let mut tape = Tape::<_, 2>::ZERO;
    let x = Matrix::new([[1.0, -2.0, 0.0], [-1.0, 3.0, 0.5]]);
    assert_eq!(tape.forward(&relu, &x).0, [[1.0, 0.0, 0.0], [0.0, 3.0, 0.5]]);
    assert_eq!(tape.backward(&mut relu, &x, &Matrix::filled(2.0)).0, [[2.0, 0.0, 0.0], [0.0, 2.0, 2.0]]);

    // Two layers by hand are the network.
    type Net = (Dense<3, 2>, Sigmoid<2>);
    let mut net = <Net as Zeroed>::ZERO;
    net.0.set(&[[0.5, -1.0], [2.0, 0.25], [-0.5, 1.5]], &[0.1, -0.2]);
    let (mut first, mut second, mut both) = (Tape::<_, 2>::ZERO, Tape::<_, 2>::ZERO, Tape::<Net, 2>::ZERO);
    let hidden = *first.forward(&net.0, &x);
    let y = *second.forward(&net.1, &hidden);
    assert_eq!(both.forward(&net, &x), &y);
    let dy = uniform(1);
    let dhidden = *second.backward(&mut net.1, &hidden, &dy);
    let dx = *first.backward(&mut net.0, &x, &dhidden);
    assert_eq!(both.backward(&mut net, &x, &dy), &dx);
    let [mut alone, mut inside] = [Matrix::<3, 2>::ZERO; 2];
    assert!(first.gradient(&mut net.0, "weight", &mut alone) && both.gradient(&mut net, "0.weight", &mut inside));
    assert!(alone == inside && alone != Matrix::ZERO);

    // Gradients add up until they are cleared.
    both.forward(&net, &x);
    both.backward(&mut net, &x, &dy);
    assert!(both.gradient(&mut net, "0.weight", &mut inside));
    assert_eq!(inside, alone * 2.0);
    both.clear(&mut net);
    assert!(both.gradient(&mut net, "0.weight", &mut inside));
    assert_eq!(inside, Matrix::ZERO);
    assert!(!both.gradient(&mut net, "weight", &mut inside), "no such name");
}
