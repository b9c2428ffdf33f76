//! Random numbers: orders, starting weights, what reset leaves alone.

use crate::common::run::parameter_bits as bits;
use stackprop::init::{Init, initialise};
use stackprop::layer::{Layer, SettingError};
use stackprop::parameter::Path;
use stackprop::prelude::*;
use stackprop::random::{Shuffle, generator, mix, mix32};
use stackprop::weights;

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

/// The places where `i + 1` comes directly after `i`, over many orders, in standard deviations from one an order: they
/// are counted as rare events.
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

/// Four rounds of a Feistel network, walked until the result is in range: what `Shuffle` was. The control: no test here
/// may pass it.
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
    assert_eq!(std::array::from_fn(|i| order.at(i)), [6, 3, 9, 8, 5, 2, 1, 7, 0, 4]);
    let longest = Shuffle::new(usize::MAX, 3);
    assert_eq!(
        [0, 1, 4_294_967_294, 4_294_967_295].map(|i| longest.at(i)),
        [1_884_301_408, 4_141_279_868, 989_396_210, 4_294_967_295]
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

fn sgd() -> Sgd<f64> {
    Sgd::new(0.1).unwrap()
}

/// A layer that isn't trained, of five outputs, under a head: in every state, before and behind `reset`.
macro_rules! frozen_stays {
    ($($name:ident: $Trunk:ty;)*) => { $(
        #[test]
        fn $name() {
            type Training = Trainer<(Frozen<$Trunk>, Dense<5, 2, f64>), MeanSquaredError<2>, Sgd<f64>, 1>;
            // What the layers would be if nothing were frozen.
            let unfrozen = |seed| {
                let mut net = <($Trunk, Dense<5, 2, f64>)>::boxed();
                initialise(&mut *net, Init::HeNormal, &mut generator(seed));
                net
            };
            let mut trained = <$Trunk>::boxed();
            initialise(&mut *trained, Init::XavierUniform, &mut generator(99));
            let mut file = vec![0; weights::file_size::<$Trunk>()];
            weights::write(&*trained, &mut file).unwrap();

            // Never loaded: random features, from where the generator is.
            let mut fresh = Training::boxed();
            fresh.reset(1, sgd()).unwrap();
            assert_eq!(bits(fresh.net()), bits(&*unfrozen(1)));
            // A second time: they aren't zeros any more, and stay.
            let features = bits(fresh.net().0.layer());
            fresh.reset(2, sgd()).unwrap();
            assert_eq!(bits(fresh.net().0.layer()), features);
            assert_eq!(bits(&fresh.net().1), bits(&unfrozen(2).1));

            // Loaded, then reset; reset, then loaded: the same network, twice.
            let (mut first, mut last) = (Training::boxed(), Training::boxed());
            weights::read(first.net_mut().0.layer_mut(), &file).unwrap();
            for seed in [1, 2] {
                first.reset(seed, sgd()).unwrap();
                last.reset(seed, sgd()).unwrap();
                weights::read(last.net_mut().0.layer_mut(), &file).unwrap();
                assert_eq!(bits(first.net().0.layer()), bits(&*trained));
                assert_eq!(bits(first.net()), bits(last.net()));
                assert_eq!(bits(&first.net().1), bits(&unfrozen(seed).1), "the head is drawn as if nothing were loaded");
            }

            // Any initialiser, and the function alone.
            for init in [Init::Zeros, Init::Uniform(1.0), Init::XavierNormal, Init::Nnfs] {
                first.reset_with(3, sgd(), init).unwrap();
                assert_eq!(bits(first.net().0.layer()), bits(&*trained));
            }
            initialise(first.net_mut(), Init::HeUniform, &mut generator(4));
            assert_eq!(bits(first.net().0.layer()), bits(&*trained));

            // What draws nothing says what is missing, and changes nothing.
            let mut resumed = Training::boxed();
            let error = resumed.resume(1, sgd()).unwrap_err();
            assert_eq!(error, SettingError::Frozen(Path::default().part(0)));
            assert!(error.to_string().contains("frozen layer `0`"), "{error}");
            assert!(resumed.infer(&Zeroed::ZERO).is_err(), "it isn't ready");
            weights::read(resumed.net_mut().0.layer_mut(), &file).unwrap();
            resumed.resume(1, sgd()).unwrap();
            assert_eq!(bits(resumed.net().0.layer()), bits(&*trained));
        }
    )* };
}
frozen_stays! {
    a_frozen_dense_layer_stays: Dense<3, 5, f64>;
    a_frozen_network_stays: (Dense<3, 7, f64>, BatchNorm<7, [f64; 7]>, LeakyReLU<7, f64>, Dense<7, 5, f64>);
    a_frozen_recurrent_network_stays: (Gru<4, 2, 5, f64>, Last<4, 5, f64>);
    a_frozen_frozen_layer_stays: Frozen<Dense<3, 5, f64>>;
    a_frozen_layer_with_a_frozen_one_stays: (Dense<3, 5, f64>, Residual<Frozen<Dense<5, 5, f64>>>);
}

/// Of a frozen layer that itself has a frozen one, the outer one decides.
#[test]
fn a_part_of_a_frozen_layer_is_all_of_it() {
    type Net = (Dense<2, 3>, Frozen<(Dense<3, 4>, Frozen<Dense<4, 5>>)>, Dense<5, 2>);
    let mut training = Trainer::<Net, MeanSquaredError<2>, Sgd, 1>::boxed();
    let (outer, inner) = &mut training.net_mut().1.layer_mut();
    *inner = Frozen::new(Dense::new([[0.0, -1.0, 0.0, 0.5, 2.0]; 4], [0.0; 5]));
    let (outer, inner) = (bits(outer), bits(inner));
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    assert_eq!((bits(&training.net().1.layer().0), bits(&training.net().1.layer().1)), (outer, inner));
    training.resume(1, Sgd::new(0.1).unwrap()).unwrap();

    // The other way round, the inner one is what `resume` names.
    training.net_mut().1 = Frozen::new((Dense::new([[0.5; 4]; 3], [0.0; 4]), Zeroed::ZERO));
    let error = training.resume(1, Sgd::new(0.1).unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "all parameters of the frozen layer `1.1` are 0: load it, or call `reset`, which draws it"
    );
}

/// Settings aren't parameters, and what has none isn't missing.
#[test]
fn settings_of_a_frozen_layer_stay_and_do_not_count() {
    type Trunk = (Regularized<Dense<2, 3>>, LeakyReLU<3>);
    type Net = (Frozen<Trunk>, Dense<3, 2>, Frozen<LeakyReLU<2>>);
    let mut training = Trainer::<Net, MeanSquaredError<2>, Sgd, 1>::boxed();
    training.net_mut().0.layer_mut().1.set_slope(0.25).unwrap();
    training.net_mut().0.layer_mut().0.set_penalty(Penalty { weight_l2: 0.5, ..Penalty::default() }).unwrap();
    assert_eq!(
        training.resume(1, Sgd::new(0.1).unwrap()),
        Err(SettingError::Frozen(Path::default().part(0))),
        "a slope isn't a weight"
    );
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    assert!(bits(&training.net().0.layer().0).iter().any(|&bits| f64::from_bits(bits) != 0.0), "random features");
    assert_eq!(training.net().0.layer().1.slope(), 0.25);
    training.resume(1, Sgd::new(0.1).unwrap()).unwrap();
}

#[test]
fn fitted_statistics_survive_reset() {
    type Net = (Frozen<Standardize<3>>, Dense<3, 2>);
    let mut training = Trainer::<Net, MeanSquaredError<2>, Sgd, 1>::boxed();
    // Not fitted: nothing to draw; `resume` says so.
    training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    let (head, unfitted) = (bits(&training.net().1), bits(training.net().0.layer()));
    assert!(unfitted.iter().all(|&bits| bits == 0));
    let error = training.resume(1, Sgd::new(0.1).unwrap());
    assert_eq!(error, Err(SettingError::Frozen(Path::default().part(0))));
    // Fitted, before a first reset and before another.
    training.net_mut().0.layer_mut().update(&[[1.0, 2.0, 3.0], [2.0, -2.0, 5.0], [4.0, 0.0, 3.0]]);
    let fitted = bits(training.net().0.layer());
    for _ in 0..2 {
        training.reset(1, Sgd::new(0.1).unwrap()).unwrap();
        assert_eq!((bits(training.net().0.layer()), bits(&training.net().1)), (fitted.clone(), head.clone()));
    }
    training.resume(1, Sgd::new(0.1).unwrap()).unwrap();
    assert_eq!(bits(training.net().0.layer()), fitted);
    // What isn't frozen begins anew, as ever.
    let mut learning = Trainer::<(Standardize<3>, Dense<3, 2>), MeanSquaredError<2>, Sgd, 1>::boxed();
    learning.net_mut().0.update(&[[1.0, 2.0, 3.0]]);
    learning.reset(1, Sgd::new(0.1).unwrap()).unwrap();
    assert!(bits(&learning.net().0).iter().all(|&bits| bits == 0));
}

/// Weights of a recurrent layer, gate by gate, of the inputs and of the recurrence.
fn gates<L: Layer<T = f64>>(layer: &mut L, init: Init) -> [Vec<f64>; 2] {
    initialise(layer, init, &mut generator(17));
    let mut weights = [Vec::new(), Vec::new()];
    layer.visit(Path::default(), &mut |p| match p.info.name {
        "weight" => weights[0].extend(p.values()),
        "recurrent" => weights[1].extend(p.values()),
        _ => assert!(p.values().all(|bias| bias == 0.0)),
    });
    weights
}

/// Variance 2 / (IN + HIDDEN) and 1 / HIDDEN, a matrix for each gate, whichever of the initialisers that scale is
/// taken.
fn starts_of_gates<L: Layer<T = f64>, const IN: usize, const HIDDEN: usize>() {
    let mut layer = L::boxed();
    let variances = [2.0 / (IN + HIDDEN) as f64, 1.0 / HIDDEN as f64];
    for init in [Init::HeNormal, Init::HeUniform, Init::XavierNormal, Init::XavierUniform] {
        layer.set_zero(); // or what is frozen would stay
        let weights = gates(&mut *layer, init);
        for (weights, variance) in weights.iter().zip(variances) {
            let n = weights.len() as f64;
            let measured = weights.iter().map(|w| w * w).sum::<f64>() / n;
            assert!((measured / variance - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{init:?}: {measured}, not {variance}");
            let largest = weights.iter().fold(0.0_f64, |max, w| max.max(w.abs())) / variance.sqrt();
            let uniform = matches!(init, Init::HeUniform | Init::XavierUniform);
            assert!(if uniform { largest <= 3.0_f64.sqrt() } else { largest > 2.5 }, "{init:?}: {largest}");
        }
        // A hidden state neither vanishes nor explodes: the spectral radius of each gate is about 1, with He's variance
        // it would be 1.41.
        for gate in weights[1].chunks(HIDDEN * HIDDEN) {
            let mut state = vec![1.0; HIDDEN];
            let length = |state: &[f64]| state.iter().map(|x| x * x).sum::<f64>().sqrt();
            let before = length(&state);
            for _ in 0..40 {
                state = gate.chunks(HIDDEN).map(|row| row.iter().zip(&state).map(|(w, x)| w * x).sum()).collect();
            }
            let radius = (length(&state) / before).powf(1.0 / 40.0);
            assert!((0.8..1.2).contains(&radius), "{init:?}: {radius}");
        }
    }
    // What says its scale has it, and zeros are zeros.
    layer.set_zero();
    assert!(gates(&mut *layer, Init::Uniform(0.25)).iter().flatten().all(|w| w.abs() <= 0.25));
    layer.set_zero();
    assert!(gates(&mut *layer, Init::Zeros).iter().flatten().all(|&w| w == 0.0));
}

#[test]
fn recurrent_weights_have_a_start_of_their_own() {
    starts_of_gates::<Rnn<2, 7, 48, f64>, 7, 48>();
    starts_of_gates::<Gru<2, 40, 48, f64>, 40, 48>();
    starts_of_gates::<Lstm<2, 90, 33, f64>, 90, 33>();
    starts_of_gates::<Frozen<Regularized<Gru<3, 5, 64, f64>>>, 5, 64>();
}
