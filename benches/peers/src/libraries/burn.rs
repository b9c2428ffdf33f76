//! burn, on its own backend for processors, `flex`; as its examples are written.

use std::hint::black_box;

use ::burn::module::{Module, Param};
use ::burn::nn::conv::{Conv1d, Conv1dConfig, Conv2d, Conv2dConfig};
use ::burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use ::burn::nn::pool::{MaxPool1d, MaxPool1dConfig, MaxPool2d, MaxPool2dConfig};
use ::burn::nn::{Linear, LinearConfig, PaddingConfig1d};
use ::burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use ::burn::tensor::activation::relu;
use ::burn::tensor::module::{conv_transpose1d, conv_transpose2d, conv1d, conv2d, conv2d_weight_backward};
use ::burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use ::burn::tensor::{Device, Int, Tensor, TensorData};

use super::{Multiplication, Network, Pass};
use crate::cases::{Data, Optimizer, Training};
use crate::convolutions::{Single, Start, reversed, rows_by_channel, turned};

/// A network for inference and training.
trait Model<const D: usize>: Module + 'static {
    fn forward(&self, x: Tensor<D>) -> Tensor<2>;
}

/// The network of the example `motion`.
#[derive(Module, Debug)]
struct Motion {
    first: Conv1d,
    pool: MaxPool1d,
    second: Conv1d,
    dense: Linear,
}

impl Model<3> for Motion {
    fn forward(&self, x: Tensor<3>) -> Tensor<2> {
        let x = self.pool.forward(relu(self.first.forward(x)));
        let x = relu(self.second.forward(x)).mean_dim(2);
        self.dense.forward(x.flatten(1, 2))
    }
}

/// The network of the example `mnist`.
#[derive(Module, Debug)]
struct Mnist {
    first: Conv2d,
    pool: MaxPool2d,
    second: Conv2d,
    dense: Linear,
}

impl Model<4> for Mnist {
    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.pool.forward(relu(self.first.forward(x)));
        let x = self.pool.forward(relu(self.second.forward(x)));
        self.dense.forward(x.flatten(1, 3))
    }
}

/// The network of the example `motion`.
pub fn motion(data: &Data<f32>, optimizer: Optimizer) -> Box<dyn Network> {
    let device = &Device::flex().autodiff();
    let [first, second, dense] = data.weights.as_slice() else { panic!("three layers") };
    let conv = |channels_in, channels_out, weight: &[f32]| Conv1d {
        weight: parameter(weight, [channels_out, channels_in, 3], device),
        bias: Some(parameter(&vec![0.0; channels_out], [channels_out], device)),
        ..Conv1dConfig::new(channels_in, channels_out, 3).with_padding(PaddingConfig1d::Same).init(device)
    };
    let model = Motion {
        first: conv(6, 16, first),
        pool: MaxPool1dConfig::new(2).init(),
        second: conv(16, 24, second),
        dense: linear(dense, [24, 7], device),
    };
    Burn::boxed(model, data, [data.batch, 6, 20], optimizer)
}

/// The network of the example `mnist`.
pub fn mnist(data: &Data<f32>, optimizer: Optimizer) -> Box<dyn Network> {
    let device = &Device::flex().autodiff();
    let [first, second, dense] = data.weights.as_slice() else { panic!("three layers") };
    let conv = |channels: [usize; 2], weight: &[f32]| Conv2d {
        weight: parameter(weight, [channels[1], channels[0], 3, 3], device),
        bias: Some(parameter(&vec![0.0; channels[1]], [channels[1]], device)),
        ..Conv2dConfig::new(channels, [3, 3]).init(device)
    };
    let model = Mnist {
        first: conv([1, 8], first),
        pool: MaxPool2dConfig::new([2, 2]).init(),
        second: conv([8, 16], second),
        dense: linear(&rows_by_channel(dense, 16, 10), [400, 10], device),
    };
    Burn::boxed(model, data, [data.batch, 1, 28, 28], optimizer)
}

fn linear(weight: &[f32], [inputs, outputs]: [usize; 2], device: &Device) -> Linear {
    Linear {
        weight: parameter(weight, [inputs, outputs], device),
        bias: Some(parameter(&vec![0.0; outputs], [outputs], device)),
        ..LinearConfig::new(inputs, outputs).init(device)
    }
}

fn parameter<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    Param::from_tensor(tensor(values, shape, device))
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
}

/// A network in training on one batch.
struct Burn<M, const D: usize> {
    /// In training; taken out for a step.
    model: Option<M>,
    /// The same for inference, made after a step when it is asked for.
    valid: Option<M>,
    optimizer: ModuleOptimizer,
    rate: f64,
    loss: CrossEntropyLoss,
    /// For training and for inference.
    x: [Tensor<D>; 2],
    labels: Tensor<1, Int>,
    logits: Vec<f32>,
}

impl<M: Model<D>, const D: usize> Burn<M, D> {
    /// The shape is that of the batch, channels first.
    fn boxed(model: M, data: &Data<f32>, shape: [usize; D], optimizer: Optimizer) -> Box<dyn Network> {
        let device = Device::flex().autodiff();
        let x = turned(&data.x, shape[2..].iter().product(), shape[1]);
        let labels: Vec<i64> = data.labels.iter().map(|&label| label.into()).collect();
        let (optimizer, rate) = match optimizer {
            Optimizer::Sgd(rate) => (SgdConfig::new().init(), rate),
            Optimizer::Adam(rate) => (AdamConfig::new().with_epsilon(1e-7).init(), rate),
        };
        Box::new(Self {
            model: Some(model),
            valid: None,
            optimizer,
            rate,
            loss: CrossEntropyLossConfig::new().init(&device),
            x: [tensor(&x, shape, &device), tensor(&x, shape, &Device::flex())],
            labels: Tensor::from_data(TensorData::new(labels, [data.batch]), &device),
            logits: Vec::new(),
        })
    }
}

impl<M: Model<D>, const D: usize> Training for Burn<M, D> {
    type T = f32;
    const LIBRARY: &'static str = "burn";

    fn forward(&mut self) -> &[f32] {
        let model = self.valid.get_or_insert_with(|| self.model.as_ref().expect("a model").valid());
        let logits = model.forward(black_box(&self.x[1]).clone());
        self.logits = logits.into_data().try_into_vec().expect("single precision");
        &self.logits
    }

    fn step(&mut self) -> f32 {
        self.valid = None;
        let model = self.model.take().expect("a model");
        let logits = model.forward(black_box(&self.x[0]).clone());
        let loss = self.loss.forward(logits, black_box(&self.labels).clone());
        let value = loss.clone().into_scalar::<f32>();
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        self.model = Some(self.optimizer.step(self.rate, model, gradients));
        value
    }
}

/// A single convolution, channels first. A sequence is an image of one row.
pub struct Filters {
    single: Single,
    x: Tensor<4>,
    w: Tensor<4>,
    y: Tensor<4>,
}

impl Filters {
    pub fn new(start: &Start) -> Self {
        let single @ Single { batch, height, width, channels, taps } = start.single;
        let values = |values: &[f32]| {
            tensor(&turned(values, height * width, channels), [batch, channels, height, width], &Device::flex())
        };
        let w = reversed(&start.w, taps, channels, false);
        let w = tensor(&w, [channels, channels, taps / 3, 3], &Device::flex());
        Self { single, x: values(&start.x), w, y: values(&start.y) }
    }
}

impl Multiplication for Filters {
    fn library(&self) -> &'static str {
        "burn"
    }

    fn run(&mut self, pass: Pass, repetitions: u32) {
        let sequence = self.single.height == 1;
        let padding = [if sequence { 0 } else { 1 }, 1];
        let options = || ConvOptions::new([1, 1], padding, [1, 1], 1);
        for _ in 0..repetitions {
            let (x, w, y) = (black_box(&self.x).clone(), black_box(&self.w).clone(), black_box(&self.y).clone());
            match pass {
                Pass::Forward if sequence => {
                    let options = ConvOptions::new([1], [1], [1], 1);
                    self.y = conv1d(x.squeeze_dim(2), w.squeeze_dim(2), None, options).unsqueeze_dim(2);
                }
                Pass::Forward => self.y = conv2d(x, w, None, options()),
                // As its own backward pass does.
                Pass::Dw => self.w = conv2d_weight_backward(x, w, y, options()),
                Pass::Dx if sequence => {
                    let options = ConvTransposeOptions::new([1], [1], [0], [1], 1);
                    self.x = conv_transpose1d(y.squeeze_dim(2), w.squeeze_dim(2), None, options).unsqueeze_dim(2);
                }
                Pass::Dx => {
                    let options = ConvTransposeOptions::new([1, 1], padding, [0, 0], [1, 1], 1);
                    self.x = conv_transpose2d(y, w, None, options);
                }
            }
        }
    }

    fn matrices(&self) -> [Vec<f64>; 3] {
        let values = |tensor: &Tensor<4>| tensor.to_data().try_into_vec::<f32>().expect("single precision");
        let Single { channels, taps, .. } = self.single;
        let last = |tensor| turned(&values(tensor), channels, self.single.positions());
        let w = reversed(&values(&self.w), taps, channels, true);
        [last(&self.x), w, last(&self.y)].map(|values| values.into_iter().map(f64::from).collect())
    }
}
