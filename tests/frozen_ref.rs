//! A trunk by reference is a frozen trunk: the same bits, in one word of RAM; and before it is given, an error.

use std::sync::OnceLock;

use stackprop::prelude::*;
use stackprop::training::Sink;
use stackprop::weights;

mod common;
use common::run::{bits, parameter_bits, samples};

type Trunk = (Dense<3, 8, f64>, LeakyReLU<8, f64>, Dense<8, 5, f64>);
type Head = (Tanh<5, f64>, Dropout<5, f64>, Dense<5, 2, f64>);
type ByValue = (Frozen<Trunk>, Head);
type ByReference = (FrozenRef<Trunk>, Head);
type Training<N, O, G> = Trainer<N, SoftmaxCrossEntropy<2>, O, 32, G>;

/// A trunk with weights, that is never moved again.
fn trunk() -> &'static Trunk {
    static TRUNK: OnceLock<Trunk> = OnceLock::new();
    TRUNK.get_or_init(|| {
        let mut trunk = Trunk::ZERO;
        stackprop::init::initialise(&mut trunk, Init::HeNormal, &mut stackprop::random::generator(7));
        trunk
    })
}

/// A trainer with the trunk by value, and one with it by reference.
type Twins<O, G> = (Box<Training<ByValue, O, G>>, Box<Training<ByReference, O, G>>);

/// Two trainers with the same trunk and the same head.
fn twins<O: Optimizer<T = f64>, G: Sink>(optimizer: O) -> Twins<O, G> {
    let (mut value, mut reference) = (Training::<ByValue, O, G>::boxed(), Training::<ByReference, O, G>::boxed());
    value.reset(4, optimizer).unwrap();
    reference.net_mut().0.set(trunk());
    reference.reset(4, optimizer).unwrap();
    let net = value.net_mut();
    net.0.layer_mut().clone_from(trunk());
    net.1.2.clone_from(&reference.net().1.2);
    (value, reference)
}

fn same_bits<O: Optimizer<T = f64>, G: Sink>(optimizer: O) {
    let (mut value, mut reference) = twins::<O, G>(optimizer);
    let before = parameter_bits(&reference.net().1);
    for step in 0..10 {
        let count = [32, 1, 7][step % 3];
        let (x, labels) = samples::<32>(step * 32);
        let a = value.partial_step(&x.0[..count], &labels[..count]).unwrap();
        let b = reference.partial_step(&x.0[..count], &labels[..count]).unwrap();
        assert_eq!(bits(&[a]), bits(&[b]));
        assert_eq!(parameter_bits(&value.net().1), parameter_bits(&reference.net().1));
        assert_eq!(
            bits(value.infer_batch(&x).unwrap().as_slice()),
            bits(reference.infer_batch(&x).unwrap().as_slice())
        );
    }
    assert_ne!(parameter_bits(&reference.net().1), before);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    value.optimizer_state(|slot| a.extend(slot.values()));
    reference.optimizer_state(|slot| b.extend(slot.values()));
    assert_eq!(bits(&a), bits(&b));
}

#[test]
fn a_trunk_by_reference_is_a_trunk_by_value() {
    same_bits::<_, Fused>(Sgd::new(0.1).unwrap());
    same_bits::<_, Fused>(Adam::new(0.01).unwrap());
    same_bits::<_, Buffered>(AdamW::new(0.01, 0.1).unwrap());
}

#[test]
fn the_gradient_is_that_of_a_trunk_by_value() {
    let (mut value, mut reference) = twins::<_, Buffered>(Sgd::new(0.1).unwrap());
    let (x, labels) = samples::<32>(0);
    value.accumulate(&x.0, &labels).unwrap();
    reference.accumulate(&x.0, &labels).unwrap();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    value.gradient(|gradient| a.push((gradient.info.to_string(), gradient.values().collect::<Vec<_>>())));
    reference.gradient(|gradient| b.push((gradient.info.to_string(), gradient.values().collect::<Vec<_>>())));
    assert!(a.iter().any(|(_, values)| values.iter().any(|&g| g != 0.0)));
    assert_eq!(a, b);
}

#[test]
fn without_a_layer_it_is_an_error() {
    let mut training = Training::<ByReference, Adam<f64>, Buffered>::boxed();
    let (x, labels) = samples::<32>(0);
    training.reset(4, Adam::new(0.01).unwrap()).unwrap();
    let before = parameter_bits(training.net());
    assert_eq!(training.step(&x, &labels), Err(StepError::NotReady));
    assert_eq!(training.partial_step(&x.0[..3], &labels[..3]), Err(StepError::NotReady));
    assert_eq!(training.accumulate(&x.0, &labels), Err(StepError::NotReady));
    assert_eq!(training.infer(x.row(0).unwrap()), Err(NotReady));
    assert_eq!(training.infer_batch(&x), Err(NotReady));
    let mut batch = Batch::ZERO;
    let error = EpochError { done: 0, index: None, error: StepError::NotReady };
    assert_eq!(training.epoch(&mut batch, 40, common::run::sample), Err(error));
    assert_eq!(training.evaluate(&mut batch, 40, common::run::sample, &mut Accuracy::default()), Err(error));
    assert_eq!((parameter_bits(training.net()), training.steps()), (before, 0));
    // Given the layer, it goes on; nothing was accumulated.
    training.net_mut().0.set(trunk());
    training.step(&x, &labels).unwrap();
    assert_eq!(training.steps(), 1);
}

#[test]
fn without_a_layer_it_is_an_error_whatever_comes_behind() {
    type Net = (
        (Dropout<3, f64>, FrozenRef<Dense<3, 17, f64>>),
        GELU<17, f64>,
        Frozen<Dense<17, 17, f64>>,
        Regularized<Dense<17, 17, f64>>,
        Softplus<17, f64>,
        Dense<17, 2, f64>,
        Softmax<2, f64>,
    );
    let mut training = Trainer::<Net, CategoricalCrossEntropy<2>, Sgd<f64>, 32>::boxed();
    training.reset(4, Sgd::new(0.1).unwrap()).unwrap();
    let (x, labels) = samples::<32>(0);
    assert_eq!(training.step(&x, &labels), Err(StepError::NotReady));
    assert_eq!(training.infer_batch(&x), Err(NotReady));
}

#[test]
fn trunk_and_head_one_after_the_other() {
    let (_, mut training) = twins::<_, Fused>(Sgd::new(0.1).unwrap());
    let (x, _) = samples::<32>(0);
    let expected = *training.infer_batch(&x).unwrap();
    let (mut features, mut answers) = (Workspace::<Trunk, 32>::ZERO, Workspace::<Head, 32>::ZERO);
    let features = features.infer_batch(trunk(), &x);
    assert_eq!(bits(answers.infer_batch(&training.net().1, features).as_slice()), bits(expected.as_slice()));
}

#[test]
fn files_hold_the_head_alone() {
    let (_, reference) = twins::<_, Fused>(Sgd::new(0.1).unwrap());
    let mut file = vec![0; weights::file_size::<ByReference>()];
    assert_eq!(file.len(), weights::file_size::<Head>());
    weights::write(reference.net(), &mut file).unwrap();
    let mut net = ByReference::ZERO;
    weights::read(&mut net, &file).unwrap();
    assert_eq!(parameter_bits(&net), parameter_bits(reference.net()));
    assert_eq!(parameter_bits(&net).len(), 5 * 2 + 2);
    assert!(net.0.layer().is_none());
    let mut source = String::new();
    weights::export(&net, "NET", "Net", &mut source).unwrap();
    assert!(source.starts_with("pub static NET: Net = (FrozenRef::new(&TRUNK), ("), "{source}");
}

#[test]
fn it_is_one_word() {
    assert_eq!(size_of::<FrozenRef<Trunk>>(), size_of::<usize>());
    assert_eq!(<FrozenRef<Trunk> as Infer>::COST.parameters, 0);
    assert_eq!(Trainer::<ByReference, SoftmaxCrossEntropy<2>, Adam<f64>, 32>::PARAMETERS, 12);
}
