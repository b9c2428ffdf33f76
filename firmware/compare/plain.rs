//! The same step in plain const-generic loops, for comparison: 64-32-10, batch 1, ReLU, softmax and cross-entropy, SGD; the update inside
//! backward. No library but libm for exp.
#![no_std]
#![no_main]

use board::{Failed, measure};

struct Memory {
    w1: [[f32; 32]; 64],
    b1: [f32; 32],
    w2: [[f32; 10]; 32],
    b2: [f32; 10],
    x: [f32; 64],
    h: [f32; 32],
    y: [f32; 10],
    dh: [f32; 32],
}
stackprop::zeroed!([] Memory { w1, b1, w2, b2, x, h, y, dh });

board::program!(run, Memory);

#[inline(always)]
fn forward<const IN: usize, const OUT: usize>(x: &[f32; IN], w: &[[f32; OUT]; IN], b: &[f32; OUT], y: &mut [f32; OUT]) {
    let mut sums = *b;
    for i in 0..IN {
        for j in 0..OUT {
            sums[j] += x[i] * w[i][j];
        }
    }
    *y = sums;
}

#[inline(always)]
fn update<const IN: usize, const OUT: usize>(
    x: &[f32; IN],
    dy: &[f32; OUT],
    w: &mut [[f32; OUT]; IN],
    b: &mut [f32; OUT],
    rate: f32,
) {
    for i in 0..IN {
        let scale = rate * x[i];
        for j in 0..OUT {
            w[i][j] -= scale * dy[j];
        }
    }
    for j in 0..OUT {
        b[j] -= rate * dy[j];
    }
}

/// Returns the probability of the label.
#[inline(never)]
fn step(m: &mut Memory, label: u8, rate: f32) -> f32 {
    forward(&m.x, &m.w1, &m.b1, &mut m.h);
    for h in &mut m.h {
        *h = if *h > 0.0 { *h } else { 0.0 };
    }
    forward(&m.h, &m.w2, &m.b2, &mut m.y);
    let most = m.y.iter().fold(m.y[0], |most, &y| if y > most { y } else { most });
    let mut sum = 0.0;
    for y in &mut m.y {
        *y = libm::expf(*y - most);
        sum += *y;
    }
    let mut likely = 0.0;
    for (k, y) in m.y.iter_mut().enumerate() {
        *y /= sum;
        if k == usize::from(label) {
            likely = *y;
            *y -= 1.0;
        }
    }
    for j in 0..32 {
        let mut d = 0.0;
        for k in 0..10 {
            d += m.y[k] * m.w2[j][k];
        }
        m.dh[j] = if m.h[j] > 0.0 { d } else { 0.0 };
    }
    update(&m.h, &m.y, &mut m.w2, &mut m.b2, rate);
    update(&m.x, &m.dh, &mut m.w1, &mut m.b1, rate);
    likely
}

fn run(m: &mut Memory) -> Result<(), Failed> {
    let mut state = 1u32;
    let mut noise = |scale: f32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as i32 as f32 * (scale / 2_147_483_648.0)
    };
    m.w1.as_flattened_mut().fill_with(|| noise(0.3));
    m.w2.as_flattened_mut().fill_with(|| noise(0.4));
    let mut likely = 0.0;
    for i in 0..100 {
        let label = firmware::image(i, stackprop::tensor::Tensor::from_mut(&mut m.x));
        likely += measure(|| step(m, label, 0.05));
    }
    // Chance is 10 of 100.
    if likely > 14.0 { Ok(()) } else { Err(Failed) }
}
