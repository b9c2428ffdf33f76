//! candle, on the processor; as its examples are written.

use std::hint::black_box;

use ::candle_core::{Device, Result, Tensor, Var};
use ::candle_nn::loss::cross_entropy;
use ::candle_nn::{AdamW, Conv2d, Conv2dConfig, Linear, Module, Optimizer as Updates};
use ::candle_nn::{ParamsAdamW, SGD};

use super::{Multiplication, Network, Pass};
use crate::cases::{Data, Optimizer, Training};
use crate::convolutions::{Single, Start, reversed, rows_by_channel, turned};

/// A network for inference or training.
trait Model: 'static {
    /// From the weights of three layers and their biases.
    fn new(parameters: &[Tensor; 6]) -> Self;
    fn forward(&self, x: &Tensor) -> Result<Tensor>;
}

/// The network of the example `motion`, over images of one row: the gradient of the weights of its `conv1d` is wrong, because that reads a transposed
/// kernel as if it weren't.
struct Motion {
    first: Conv2d,
    second: Conv2d,
    dense: Linear,
}

impl Model for Motion {
    fn new([w1, b1, w2, b2, w3, b3]: &[Tensor; 6]) -> Self {
        Self {
            first: Conv2d::new(w1.clone(), Some(b1.clone()), Conv2dConfig::default()),
            second: Conv2d::new(w2.clone(), Some(b2.clone()), Conv2dConfig::default()),
            dense: Linear::new(w3.clone(), Some(b3.clone())),
        }
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = pool(&self.first.forward(&x.pad_with_zeros(3, 1, 1)?)?.relu()?)?;
        let x = self.second.forward(&x.pad_with_zeros(3, 1, 1)?)?.relu()?.mean((2, 3))?;
        self.dense.forward(&x)
    }
}

/// The network of the example `mnist`.
struct Mnist {
    first: Conv2d,
    second: Conv2d,
    dense: Linear,
}

impl Model for Mnist {
    fn new([w1, b1, w2, b2, w3, b3]: &[Tensor; 6]) -> Self {
        Self {
            first: Conv2d::new(w1.clone(), Some(b1.clone()), Conv2dConfig::default()),
            second: Conv2d::new(w2.clone(), Some(b2.clone()), Conv2dConfig::default()),
            dense: Linear::new(w3.clone(), Some(b3.clone())),
        }
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = pool(&self.first.forward(x)?.relu()?)?;
        let x = pool(&self.second.forward(&x)?.relu()?)?;
        self.dense.forward(&x.flatten_from(1)?)
    }
}

/// The maximum over 2 x 2, or over 1 x 2 of a sequence.
///
/// Its gradient of a maximum is too small, by the size of the window, and wrong where the windows leave something out: neither is left here, so that
/// it learns what the others do.
fn pool(x: &Tensor) -> Result<Tensor> {
    let (rows, columns) = (x.dim(2)?, x.dim(3)?);
    let window = (rows.min(2), 2);
    let x = x.narrow(2, 0, rows / window.0 * window.0)?.narrow(3, 0, columns / 2 * 2)?;
    let y = x.max_pool2d(window)?;
    if !x.track_op() {
        return Ok(y);
    }
    // The same value, and so many times its gradient.
    let times = (window.0 * window.1) as f64;
    y.affine(times, 0.0)? - y.detach().affine(times - 1.0, 0.0)?
}

/// The network of the example `motion`.
pub fn motion(data: &Data<f32>, optimizer: Optimizer) -> Box<dyn Network> {
    let [first, second, dense] = data.weights.as_slice() else { panic!("three layers") };
    let parameters = [
        variable(first, &[16, 6, 1, 3]),
        variable(&[0.0; 16], &[16]),
        variable(second, &[24, 16, 1, 3]),
        variable(&[0.0; 24], &[24]),
        variable(&turned(dense, 24, 7), &[7, 24]),
        variable(&[0.0; 7], &[7]),
    ];
    Candle::<Motion>::boxed(parameters, data, &[data.batch, 6, 1, 20], optimizer)
}

/// The network of the example `mnist`.
pub fn mnist(data: &Data<f32>, optimizer: Optimizer) -> Box<dyn Network> {
    let [first, second, dense] = data.weights.as_slice() else { panic!("three layers") };
    let parameters = [
        variable(first, &[8, 1, 3, 3]),
        variable(&[0.0; 8], &[8]),
        variable(second, &[16, 8, 3, 3]),
        variable(&[0.0; 16], &[16]),
        variable(&turned(&rows_by_channel(dense, 16, 10), 400, 10), &[10, 400]),
        variable(&[0.0; 10], &[10]),
    ];
    Candle::<Mnist>::boxed(parameters, data, &[data.batch, 1, 28, 28], optimizer)
}

fn variable(values: &[f32], shape: &[usize]) -> Var {
    Var::from_slice(values, shape, &Device::Cpu).expect("as many numbers as the shape has")
}

fn tensor(values: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape, &Device::Cpu).expect("as many numbers as the shape has")
}

/// A network in training on one batch.
struct Candle<M> {
    model: M,
    /// The same parameters, without a graph.
    inference: M,
    optimizer: Rule,
    x: Tensor,
    labels: Tensor,
    logits: Vec<f32>,
}

enum Rule {
    Sgd(SGD),
    Adam(AdamW),
}

impl<M: Model> Candle<M> {
    /// The shape is that of the batch, channels first.
    fn boxed(variables: [Var; 6], data: &Data<f32>, shape: &[usize], optimizer: Optimizer) -> Box<dyn Network> {
        let x = turned(&data.x, shape[2..].iter().product(), shape[1]);
        let labels = data.labels.iter().map(|&label| label.into()).collect::<Vec<u32>>();
        let all = variables.to_vec();
        let rule = match optimizer {
            Optimizer::Sgd(rate) => SGD::new(all, rate).map(Rule::Sgd),
            Optimizer::Adam(lr) => {
                AdamW::new(all, ParamsAdamW { lr, eps: 1e-7, weight_decay: 0.0, ..Default::default() }).map(Rule::Adam)
            }
        };
        Box::new(Self {
            model: M::new(&variables.each_ref().map(|variable| variable.as_tensor().clone())),
            inference: M::new(&variables.each_ref().map(|variable| variable.as_detached_tensor())),
            optimizer: rule.expect("an optimizer"),
            x: tensor(&x, shape),
            labels: Tensor::new(labels, &Device::Cpu).expect("labels"),
            logits: Vec::new(),
        })
    }

    fn try_step(&mut self) -> Result<f32> {
        let logits = self.model.forward(black_box(&self.x))?;
        let loss = cross_entropy(&logits, black_box(&self.labels))?;
        match &mut self.optimizer {
            Rule::Sgd(sgd) => sgd.backward_step(&loss)?,
            Rule::Adam(adam) => adam.backward_step(&loss)?,
        }
        loss.to_scalar()
    }
}

impl<M: Model> Training for Candle<M> {
    type T = f32;
    const LIBRARY: &'static str = "candle";

    fn forward(&mut self) -> &[f32] {
        let logits = self.inference.forward(black_box(&self.x)).expect("shapes that fit");
        self.logits = logits.flatten_all().and_then(|logits| logits.to_vec1()).expect("logits");
        &self.logits
    }

    fn step(&mut self) -> f32 {
        self.try_step().expect("shapes that fit")
    }
}

/// A single convolution, channels first.
pub struct Filters {
    single: Single,
    x: Tensor,
    w: Tensor,
    y: Tensor,
}

impl Filters {
    pub fn new(start: &Start) -> Self {
        let single @ Single { batch, height, width, channels, taps } = start.single;
        let (size, window): (&[usize], &[usize]) =
            if height == 1 { (&[width], &[3]) } else { (&[height, width], &[3, 3]) };
        let values =
            |values: &[f32]| tensor(&turned(values, height * width, channels), &[&[batch, channels], size].concat());
        let w = reversed(&start.w, taps, channels, false);
        let w = tensor(&w, &[&[channels, channels], window].concat());
        Self { single, x: values(&start.x), w, y: values(&start.y) }
    }

    /// As its own backward pass does, but that a kernel isn't transposed for `conv1d`.
    fn pass(&mut self, pass: Pass) -> Result<()> {
        let (x, w, y) = (black_box(&self.x), black_box(&self.w), black_box(&self.y));
        let sequence = self.single.height == 1;
        match pass {
            Pass::Forward if sequence => self.y = x.conv1d(w, 1, 1, 1, 1)?,
            Pass::Forward => self.y = x.conv2d(w, 1, 1, 1, 1)?,
            Pass::Dw => {
                let (x, y) = (x.transpose(0, 1)?, y.transpose(0, 1)?);
                let w = if sequence { x.conv1d(&y.contiguous()?, 1, 1, 1, 1)? } else { x.conv2d(&y, 1, 1, 1, 1)? };
                self.w = w.transpose(0, 1)?;
            }
            Pass::Dx if sequence => self.x = y.conv_transpose1d(w, 1, 0, 1, 1, 1)?,
            Pass::Dx => self.x = y.conv_transpose2d(w, 1, 0, 1, 1)?,
        }
        Ok(())
    }
}

impl Multiplication for Filters {
    fn library(&self) -> &'static str {
        "candle"
    }

    fn run(&mut self, pass: Pass, repetitions: u32) {
        for _ in 0..repetitions {
            self.pass(pass).expect("shapes that fit");
        }
    }

    fn matrices(&self) -> [Vec<f64>; 3] {
        let values = |tensor: &Tensor| {
            tensor.flatten_all().and_then(|values| values.to_vec1::<f32>()).expect("single precision")
        };
        let Single { channels, taps, .. } = self.single;
        let last = |tensor| turned(&values(tensor), channels, self.single.positions());
        let w = reversed(&values(&self.w), taps, channels, true);
        [last(&self.x), w, last(&self.y)].map(|values| values.into_iter().map(f64::from).collect())
    }
}
