//! Random numbers: orders, starting weights, what reset leaves alone.

use stackprop::random::{Shuffle, mix, mix32};

/// How far the counts of all orders of `n` are from equal ones: χ², in standard deviations from what chance gives.
fn unevenness(n: u32, draws_each: u32, seed: u64, order: impl Fn(u64, usize) -> usize) -> f64 {
    let orders: u32 = (1..=n).product();
    let mut counts = vec![0_u32; 8_usize.pow(n)];
    for draw in 0..orders * draws_each {
        let seed = mix(seed + u64::from(draw));
        counts[(0..n as usize).fold(0, |code, i| code * 8 + order(seed, i))] += 1;
    }
    let square = |count: u32| (f64::from(count) - f64::from(draws_each)).powi(2) / f64::from(draws_each);
    let counts: Vec<u32> = counts.into_iter().filter(|&count| count > 0).collect();
    let never = f64::from(orders) - counts.len() as f64;
    let chi_square = counts.into_iter().map(square).sum::<f64>() + never * f64::from(draws_each);
    let freedom = f64::from(orders - 1);
    (chi_square - freedom) / (2.0 * freedom).sqrt()
}

/// The places where `i + 1` comes directly after `i`, over many orders, in standard deviations from one an order: they are counted as rare
/// events.
fn neighbours(n: usize, orders: u32, order: impl Fn(u64, usize) -> usize) -> f64 {
    let (mut pairs, mut at) = (0, vec![0; n]);
    for seed in 0..orders {
        (0..n).for_each(|i| at[order(mix(seed.into()), i)] = i);
        pairs += at.windows(2).filter(|w| w[1] == w[0] + 1).count();
    }
    let mean = f64::from(orders) * (n - 1) as f64 / n as f64;
    (pairs as f64 - mean) / mean.sqrt()
}

fn shuffle(n: usize) -> impl Fn(u64, usize) -> usize {
    let kept = std::cell::Cell::new((0, Shuffle::new(n, 0)));
    move |seed, i| {
        if kept.get().0 != seed {
            kept.set((seed, Shuffle::new(n, seed)));
        }
        kept.get().1.at(i)
    }
}

/// Four rounds of a Feistel network, walked until the result is in range: what `Shuffle` was. The control: no test here may pass it.
fn feistel(n: usize) -> impl Fn(u64, usize) -> usize {
    let bits = u32::BITS - (n as u32 - 1).leading_zeros();
    let half = bits.div_ceil(2).max(1);
    let mask = (1_u32 << half) - 1;
    move |seed, i| {
        let (mut x, key) = (i as u32, mix(seed));
        loop {
            let (mut left, mut right) = (x >> half, x & mask);
            for round in 0..4 {
                let key = (key >> (16 * round)) as u32;
                (left, right) = (right, left ^ (mix32(right ^ key.wrapping_add(round)) & mask));
            }
            x = (left << half) | right;
            if (x as usize) < n {
                return x as usize;
            }
        }
    }
}

#[test]
fn every_order_of_five_and_six_is_equally_likely() {
    for (n, draws) in [(5, 500), (6, 100)] {
        for seed in [0, 1 << 40] {
            let far = unevenness(n, draws, seed, shuffle(n as usize));
            assert!(far.abs() < 5.0, "{n}: {far}");
        }
        let far = unevenness(n, draws, 0, feistel(n as usize));
        assert!(far > 5.0, "the control passes: {far}");
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes long unoptimised; .ci/run has it in release")]
fn every_order_of_few_is_equally_likely() {
    for (n, draws) in [(2, 100_000), (3, 50_000), (4, 10_000), (5, 1000), (6, 1000), (7, 200)] {
        for seed in [0, 1 << 40, 1 << 50] {
            let far = unevenness(n, draws, seed, shuffle(n as usize));
            assert!(far.abs() < 5.0, "{n}: {far}");
        }
        let far = unevenness(n, draws, 0, feistel(n as usize));
        assert!(n < 5 || far > 5.0, "{n}: the control passes: {far}");
    }
}

#[test]
fn neighbours_part() {
    for (n, orders) in [(100, 1000), (1000, 200)] {
        let far = neighbours(n, orders, shuffle(n));
        assert!(far.abs() < 5.0, "{n}: {far}");
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes long unoptimised; .ci/run has it in release")]
fn neighbours_part_in_many_orders() {
    for n in [64, 999, 1000, 1797] {
        let far = neighbours(n, 5000, shuffle(n));
        assert!(far.abs() < 5.0, "{n}: {far}");
    }
    let far = neighbours(1000, 5000, feistel(1000));
    assert!(far > 5.0, "the control passes: {far}");
}

/// The same on every target: of a length that isn't a power of two, and of the longest.
#[test]
fn orders_never_change() {
    // From the formula, in Python's integers.
    let order = Shuffle::new(10, 1);
    assert_eq!(std::array::from_fn(|i| order.at(i)), [8, 9, 7, 1, 5, 0, 2, 6, 4, 3]);
    let longest = Shuffle::new(usize::MAX, 3);
    assert_eq!(
        [0, 1, 4_294_967_294, 4_294_967_295].map(|i| longest.at(i)),
        [1_442_967_644, 3_853_182_496, 3_188_498_171, 4_294_967_295]
    );
    assert!(size_of::<Shuffle>() <= 256);
}

/// Each position once, where sums of two positions pass 2³².
#[test]
fn a_long_order_has_each_position_once() {
    let order = Shuffle::new(u32::MAX as usize, 5);
    let mut places: Vec<usize> = (0..2000).chain(4_294_965_000..4_294_967_295).map(|i| order.at(i)).collect();
    assert!(places.iter().all(|&place| place < u32::MAX as usize));
    places.sort_unstable();
    assert!(places.windows(2).all(|w| w[0] < w[1]));
}
