//! Lesson 5: learning on the device. Samples come one at a time and are forgotten, and the world drifts.
//!
//! `cargo run --release --example online`

use std::f32::consts::TAU;

use stackprop::prelude::*;
use stackprop::random::{generator, normal};

type Net = (Dense<4, 8>, ReLU<8>, Dense<8, 3>);
type Training = Trainer<Net, SoftmaxCrossEntropy<3>, Sgd, 1>;
const _: () = assert!(Training::BYTES <= 512); // known before flashing

const SAMPLES: usize = 20_000;
const WINDOW: usize = 2_000;

/// Reading number `t` of four sensors. Each of the three states has its own mean, and the means wander slowly: a whole turn in all.
fn reading(t: usize, rng: &mut impl rand::Rng) -> ([f32; 4], u8) {
    let label = (rng.next_u32() >> 8) % 3;
    let angle = TAU * (label as f32 / 3.0 + t as f32 / SAMPLES as f32);
    let mean = [angle.cos(), angle.sin(), (2.0 * angle).cos(), (2.0 * angle).sin()];
    (mean.map(|m| m + 0.3 * normal::<f32>(rng)), label as u8)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("network {} bytes, all of training {} bytes", Training::NETWORK_BYTES, Training::BYTES);
    let mut training = Training::ZERO; // on a microcontroller: a static
    training.reset(1, Sgd::new(0.05)?)?;

    // For comparison: the network as it was after the first window, which learns no more.
    let mut old: Option<Net> = None;
    let mut workspace = Workspace::<Net>::ZERO;

    let mut rng = generator(1);
    let (mut hits, mut old_hits) = (0, 0);
    println!("sample   accuracy of the last {WINDOW}   without learning on");
    for t in 1..=SAMPLES {
        let (x, label) = reading(t, &mut rng);
        // First use the network, then learn from the answer: no sample is learned before it is judged.
        hits += usize::from(training.infer(&x.into())?.argmax() == usize::from(label));
        if let Some(old) = &old {
            old_hits += usize::from(workspace.infer(old, &x.into()).argmax() == usize::from(label));
        }
        training.step(&[x].into(), &[label])?;

        if t % WINDOW == 0 {
            let share = |hits: usize| hits as f64 / WINDOW as f64;
            let without = if old.is_some() { format!("{:.4}", share(old_hits)) } else { "-".into() };
            println!("{t:6}   {:.4}                        {without}", share(hits));
            (hits, old_hits) = (0, 0);
            old.get_or_insert_with(|| training.net().clone());
        }
    }
    Ok(())
}
