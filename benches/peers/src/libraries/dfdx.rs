//! dfdx, as its MNIST example is written; f32. Its products are those of an older version of gemm.

use std::hint::black_box;

use ::dfdx::nn::modules::{Linear, ReLU};
use ::dfdx::nn::{BuildModule, Module, ZeroGrads};
use ::dfdx::optim::{Adam, AdamConfig, Optimizer as Updates, Sgd, SgdConfig};
use ::dfdx::prelude::{
    Cpu, Gradients, OwnedTape, Rank2, Tensor, TensorFromVec, Trace, ZerosTensor, cross_entropy_with_logits_loss,
};
use ::stackprop::scalar::Scalar;

use super::Network;
use crate::cases::{Data, Optimizer, Training};

/// One hidden layer.
pub type Shallow<const IN: usize, const HIDDEN: usize, const OUT: usize> =
    (Linear<IN, HIDDEN, f32, Cpu>, ReLU, Linear<HIDDEN, OUT, f32, Cpu>);

/// Two hidden layers.
pub type Deep<const IN: usize, const FIRST: usize, const SECOND: usize, const OUT: usize> =
    (Linear<IN, FIRST, f32, Cpu>, ReLU, Linear<FIRST, SECOND, f32, Cpu>, ReLU, Linear<SECOND, OUT, f32, Cpu>);

type Batch<const BATCH: usize, const N: usize> = Tensor<Rank2<BATCH, N>, f32, Cpu>;
type Traced<const BATCH: usize, const N: usize> = Tensor<Rank2<BATCH, N>, f32, Cpu, OwnedTape<f32, Cpu>>;

/// A network for inference and training.
pub trait Model<const IN: usize, const OUT: usize, const BATCH: usize>:
    BuildModule<Cpu, f32>
    + Start
    + Module<Batch<BATCH, IN>, Output = Batch<BATCH, OUT>>
    + Module<Traced<BATCH, IN>, Output = Traced<BATCH, OUT>>
    + 'static
{
}
impl<const IN: usize, const OUT: usize, const BATCH: usize, N> Model<IN, OUT, BATCH> for N where
    N: BuildModule<Cpu, f32>
        + Start
        + Module<Batch<BATCH, IN>, Output = Batch<BATCH, OUT>>
        + Module<Traced<BATCH, IN>, Output = Traced<BATCH, OUT>>
        + 'static
{
}

/// A network that starts from given weights, `[IN][OUT]` a layer.
pub trait Start {
    fn start(&mut self, weights: &[Vec<f32>]);
}

impl<const IN: usize, const HIDDEN: usize, const OUT: usize> Start for Shallow<IN, HIDDEN, OUT> {
    fn start(&mut self, weights: &[Vec<f32>]) {
        set(&mut self.0, &weights[0]);
        set(&mut self.2, &weights[1]);
    }
}

impl<const IN: usize, const FIRST: usize, const SECOND: usize, const OUT: usize> Start
    for Deep<IN, FIRST, SECOND, OUT>
{
    fn start(&mut self, weights: &[Vec<f32>]) {
        set(&mut self.0, &weights[0]);
        set(&mut self.2, &weights[1]);
        set(&mut self.4, &weights[2]);
    }
}

/// dfdx stores weights as `[OUT][IN]`.
fn set<const IN: usize, const OUT: usize>(layer: &mut Linear<IN, OUT, f32, Cpu>, weight: &[f32]) {
    let transposed: Vec<f32> = (0..OUT * IN).map(|i| weight[i % IN * OUT + i / IN]).collect();
    layer.weight.copy_from(&transposed);
    layer.bias.copy_from(&[0.0; OUT]);
}

/// A network in training on one batch.
struct Dfdx<N, const IN: usize, const OUT: usize, const BATCH: usize> {
    model: N,
    optimizer: Box<dyn Updates<N, Cpu, f32>>,
    gradients: Option<Gradients<f32, Cpu>>,
    x: Batch<BATCH, IN>,
    targets: Batch<BATCH, OUT>,
    logits: Vec<f32>,
}

/// The network of type `N`.
pub fn network<N: Model<IN, OUT, BATCH>, const IN: usize, const OUT: usize, const BATCH: usize>(
    data: &Data<impl Scalar>,
    optimizer: Optimizer,
) -> Box<dyn Network> {
    let device = Cpu::default();
    let single = |values: &[_]| values.iter().map(|value| Scalar::to_f64(*value) as f32).collect::<Vec<_>>();
    let mut model = N::build(&device);
    model.start(&data.weights.iter().map(|weights| single(weights)).collect::<Vec<_>>());

    let mut targets: Batch<BATCH, OUT> = device.zeros();
    let one_hot = |i| if i % OUT == usize::from(data.labels[i / OUT]) { 1.0 } else { 0.0 };
    targets.copy_from(&(0..BATCH * OUT).map(one_hot).collect::<Vec<f32>>());

    let optimizer: Box<dyn Updates<N, Cpu, f32>> = match optimizer {
        Optimizer::Sgd(lr) => Box::new(Sgd::new(&model, SgdConfig { lr, ..Default::default() })),
        Optimizer::Adam(lr) => Box::new(Adam::new(&model, AdamConfig { lr, eps: 1e-7, ..Default::default() })),
    };
    Box::new(Dfdx {
        gradients: Some(model.alloc_grads()),
        model,
        optimizer,
        x: device.tensor_from_vec(single(&data.x), Default::default()),
        targets,
        logits: Vec::new(),
    })
}

impl<N: Model<IN, OUT, BATCH>, const IN: usize, const OUT: usize, const BATCH: usize> Training
    for Dfdx<N, IN, OUT, BATCH>
{
    type T = f32;
    const LIBRARY: &'static str = "dfdx";

    fn forward(&mut self) -> &[f32] {
        self.logits = self.model.forward(black_box(&self.x).clone()).as_vec();
        &self.logits
    }

    fn step(&mut self) -> f32 {
        let gradients = self.gradients.take().expect("gradients of the step before");
        let logits = self.model.forward(black_box(&self.x).clone().traced(gradients));
        let loss = cross_entropy_with_logits_loss(logits, black_box(&self.targets).clone());
        let value = ::dfdx::prelude::AsArray::array(&loss);
        let mut gradients = ::dfdx::prelude::Backward::backward(loss);
        self.optimizer.update(&mut self.model, &gradients).expect("a gradient for every parameter");
        self.model.zero_grads(&mut gradients);
        self.gradients = Some(gradients);
        value
    }
}
