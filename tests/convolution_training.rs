//! Networks of convolutions in training: fused or buffered, with any instructions, and their weights in files and in source.

use stackprop::layer::Layer;
use stackprop::loss::{Compares, Loss, TargetError};
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::tensor::Array;
use stackprop::training::Sink;
use stackprop::weights;

mod common;
use common::run::{parameter_bits, uniform};

/// 1/2 Σ (y - i / 8)² over the numbers of any output, whatever the target.
struct Ramp {
    nothing: (),
}
stackprop::zeroed!([] Ramp { nothing });

impl<A: Array> Loss<A> for Ramp {}
impl<A: Array> Compares<A, Tensor<[A::T; 1]>> for Ramp {
    fn check(&self, _: &Tensor<[A::T; 1]>) -> Result<(), TargetError> {
        Ok(())
    }
    fn gradient(&self, y: &A, _: &Tensor<[A::T; 1]>, scale: A::T, dy: &mut A) -> A::T {
        let mut sum = A::T::ZERO;
        for (i, (y, dy)) in y.flat().iter().zip(dy.flat_mut()).enumerate() {
            let distance = *y - A::T::from_usize(i % 8) * A::T::from_f64(0.125);
            *dy = distance * scale;
            sum += distance * distance;
        }
        sum * A::T::from_f64(0.5)
    }
    fn loss(&self, y: &A, target: &Tensor<[A::T; 1]>) -> A::T {
        let mut dy = A::ZERO;
        self.gradient(y, target, A::T::ONE, &mut dy)
    }
}

/// All kinds, with activations that are fused and one that isn't.
type Net<T> = (
    Conv2d<9, 7, 3, 9, 7, 16, 3, 3, Same, T>,
    ReLU<9, [[T; 16]; 7]>,
    DepthwiseConv2d<9, 7, 16, 5, 4, 3, 3, Same<2>, T>,
    LeakyReLU<5, [[T; 16]; 4]>,
    Conv2d<5, 4, 16, 5, 4, 6, 1, 1, Valid, T>,
    Tanh<5, [[T; 6]; 4]>,
    ConvTranspose2d<5, 4, 6, 11, 9, 4, 3, 3, Valid<2>, T, 2>,
    ReLU<11, [[T; 4]; 9]>,
    Conv2d<11, 9, 4, 5, 4, 2, 3, 3, Valid<2>, T, 2>,
);

const BATCH: usize = 3;

/// The bits of all losses and parameters of a few steps.
fn record<T: Scalar, G: Sink>() -> Vec<u64> {
    let mut training = Trainer::<Net<T>, Ramp, Momentum<T>, BATCH, G>::boxed();
    training.reset(1, Momentum::new(T::from_f64(0.02), T::from_f64(0.9)).unwrap()).unwrap();
    let mut record = Vec::new();
    let mut losses = Vec::new();
    for step in 0..8 {
        let x = uniform::<[<Net<T> as Infer>::In; BATCH]>(step % 2);
        let count = BATCH - step as usize % 2;
        let loss = training.partial_step(&x.0[..count], &[Tensor::ZERO; BATCH][..count]).unwrap();
        losses.push(loss.to_f64());
        record.push(loss.to_f64().to_bits());
        record.extend(parameter_bits(training.net()));
    }
    assert!(losses[6] < losses[0], "{losses:?}");
    record
}

#[test]
fn fused_is_buffered() {
    assert_eq!(record::<f32, Fused>(), record::<f32, Buffered>());
}

/// Run it with `STACKPROP_KERNELS=portable`, `avx2` and `avx512`: the hashes are the same.
#[cfg(feature = "reproducible")]
#[test]
fn the_same_bits_with_any_instructions() {
    let hash = |record: Vec<u64>| {
        record
            .iter()
            .flat_map(|bits| bits.to_le_bytes())
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    };
    assert_eq!(
        [hash(record::<f32, Fused>()), hash(record::<f64, Fused>())],
        [4217867852922729391, 1114402673404215240]
    );
}

#[test]
fn weights_in_files_and_source() {
    const LAYER: Conv1d<4, 2, 3, 2, 2> = Conv1d::new([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]], [9.0, 10.0]);
    let mut source = String::new();
    LAYER.source(&mut source).unwrap();
    assert_eq!(source, "Conv1d::new([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]], [9.0, 10.0])");
    assert_eq!((LAYER.weight(1, 0, 1), LAYER.weight(2, 0, 0), LAYER.bias(1)), (Some(6.0), None, Some(10.0)));
    let mut copy = <Conv1d<4, 2, 3, 2, 2>>::ZERO;
    copy.set(&[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]], &[9.0, 10.0]);
    assert_eq!(copy, LAYER);

    const IMAGE: ConvTranspose2d<1, 2, 1, 2, 3, 2, 2, 2> =
        ConvTranspose2d::new([[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]], [0.5, -0.5]);
    source.clear();
    IMAGE.source(&mut source).unwrap();
    assert_eq!(source, "ConvTranspose2d::new([[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]], [0.5, -0.5])");
    assert_eq!(IMAGE.weight(0, 1, [1, 0]), Some(7.0));

    let mut net = Net::<f32>::boxed();
    stackprop::init::initialise(&mut *net, Init::HeNormal, &mut stackprop::random::generator(5));
    let mut file = vec![0; 8 * Net::<f32>::COST.parameters];
    let len = weights::write(&*net, &mut file).unwrap();
    let mut read = Net::<f32>::boxed();
    weights::read(&mut *read, &file[..len]).unwrap();
    assert_eq!(parameter_bits(&*net), parameter_bits(&*read));
}

#[test]
fn sizes() {
    assert_eq!(Net::<f32>::COST.parameters, 16 * 28 + 16 * 10 + 6 * 17 + (6 * 2 * 9 + 4) + 2 * (2 * 9 + 1));
    type One = Conv2d<28, 28, 1, 26, 26, 8, 3, 3>;
    assert_eq!(One::COST.forward, 26 * 26 * 8 * 9);
    assert_eq!(size_of::<<One as Layer>::Saved<stackprop::layer::Apart, 4>>(), 4 * 26 * 26 * 8 * 4);
    assert_eq!(size_of::<Conv1d<20, 6, 18, 16, 3, Valid, f64, 3>>(), (16 * 3 * 3 + 16) * 8);
}
