//! A hundred training steps of batch 1, to be measured: the network is NET and the optimizer OPTIMIZER, variables of the build.
//! Prints the constants of the trainer.
#![no_std]
#![no_main]

use board::{Failed, measure, print, print_number};
use stackprop::prelude::*;
use stackprop::random::mix32;

include!(concat!(env!("OUT_DIR"), "/case.rs"));
type Training = Trainer<Net, SoftmaxCrossEntropy<OUT>, Rule, 1>;
type Memory = (Training, Batch<[f32; IN], u8, 1>);

board::program!(run, Memory);

fn run((training, Batch { inputs, targets }): &mut Memory) -> Result<(), Failed> {
    training.reset(1, OPTIMIZER?)?;
    for i in 0..100 {
        for (x, target) in inputs.0.iter_mut().zip(&mut *targets) {
            *target = sample(i, x);
        }
        measure(|| training.step(inputs, targets))?;
    }
    for (name, bytes) in [
        ("parameters=", Training::NETWORK_BYTES),
        (" optimizer=", Training::OPTIMIZER_BYTES),
        (" activations=", Training::ACTIVATION_BYTES),
        (" training=", Training::BYTES),
        (" inference=", Training::INFERENCE_BYTES),
    ] {
        print(name);
        print_number(bytes);
    }
    print("\n");
    Ok(())
}

/// The digits, for a network that reads them; else noise and a bias to every input that belongs to the class.
fn sample(i: usize, x: &mut [f32; IN]) -> u8 {
    if let (true, Some(x)) = (OUT == 10, x.first_chunk_mut::<64>().filter(|_| IN == 64)) {
        return firmware::image(i, Vector::from_mut(x));
    }
    for (j, x) in x.iter_mut().enumerate() {
        let noise = mix32((i * IN + j) as u32) >> 8;
        *x = noise as f32 * (1.0 / 16_777_216.0) + f32::from(u8::from(j % OUT == i % OUT));
    }
    (i % OUT) as u8
}
