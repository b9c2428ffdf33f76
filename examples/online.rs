//! Lesson 5: learning on the device. Samples come one at a time and are forgotten, in units of all sizes, and the world drifts. Now and then a
//! sensor fails: the guard takes back what was learned from that.
//!
//! `cargo run --release --example online`

use std::f32::consts::TAU;

use stackprop::prelude::*;
use stackprop::random::{generator, normal};

type Net = (Standardize<4>, Dense<4, 8>, ReLU<8>, Dense<8, 3>);
type Training = Trainer<Net, SoftmaxCrossEntropy<3>, Sgd, 1>;
type Watch = Guard<Net, Sgd>; // one copy of the network
const _: () = assert!(Training::BYTES + Watch::BYTES <= 1280); // known before flashing

const SAMPLES: usize = 20_000;
const WINDOW: usize = 2_000;
const FAULT: usize = 7_000; // every so many readings the pressure is nonsense

/// Reading number `t` of four sensors: pressure in Pa, temperature in °C, vibration in m/s², gas in ppm. Each of the three states has its own
/// mean, and the means wander slowly: a whole turn in all.
fn reading(t: usize, rng: &mut impl rand::Rng) -> ([f32; 4], u8) {
    let label = (rng.next_u32() >> 8) % 3;
    let angle = TAU * (label as f32 / 3.0 + t as f32 / SAMPLES as f32);
    let mean = [angle.cos(), angle.sin(), (2.0 * angle).cos(), (2.0 * angle).sin()];
    let [a, b, c, d] = mean.map(|m| m + 0.3 * normal::<f32>(rng));
    let pressure = if t.is_multiple_of(FAULT) { f32::MAX } else { 101_325.0 + 300.0 * a };
    ([pressure, 21.0 + 2.0 * b, 0.05 * c, 420.0 + 80.0 * d], label as u8)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "network {} bytes, all of training {} bytes, guard {}",
        Training::NETWORK_BYTES,
        Training::BYTES,
        Watch::BYTES
    );
    let mut training = Training::ZERO; // on a microcontroller: a static
    training.reset(1, Sgd::new(0.05)?)?;
    training.net_mut().0.set_memory(WINDOW as u32)?; // the means drift, too
    let mut guard = Watch::ZERO;
    guard.set_divergence(10.0, 500)?;

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
        match guard.step(&mut training, &[x], &[label]) {
            Err(error @ GuardError::Diverged { .. }) => println!("{t:6}   {error}"),
            other => _ = other?,
        }

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
