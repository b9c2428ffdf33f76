//! Initialisers: ranges, means and variances, and what is not random.

use stackprop::init::{Init, initialise};
use stackprop::parameter::Role;
use stackprop::prelude::*;
use stackprop::random::generator;

mod common;
use common::run::{parameter_bits, parameters};

const IN: usize = 200;
const OUT: usize = 100;
type D = Dense<IN, OUT, f64>;

/// Mean, variance and the largest magnitude of the weights.
fn moments(init: Init) -> (f64, f64, f64) {
    let mut net = D::boxed();
    net.set(&[[7.0; OUT]; IN], &[7.0; OUT]);
    initialise(&mut *net, init, &mut generator(5));
    let (weights, biases) = (&parameters(&*net)[..IN * OUT], &parameters(&*net)[IN * OUT..]);
    assert_eq!(biases, [0.0; OUT]);
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    let variance = weights.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / weights.len() as f64;
    (mean, variance, weights.iter().fold(0.0, |max, w| w.abs().max(max)))
}

/// Within four standard errors of 20,000 draws.
fn assert_moments(init: Init, variance: f64) -> f64 {
    let (mean, measured, largest) = moments(init);
    assert!(mean.abs() < 4.0 * (variance / 20_000.0).sqrt(), "{init:?}: mean {mean}");
    assert!((measured / variance - 1.0).abs() < 4.0 * (2.0f64 / 20_000.0).sqrt(), "{init:?}: variance {measured}");
    largest
}

#[test]
fn zeros() {
    assert_eq!(moments(Init::Zeros), (0.0, 0.0, 0.0));
}

#[test]
fn uniform_ranges() {
    for (init, a) in [
        (Init::Uniform(0.3), 0.3),
        (Init::XavierUniform, (6.0 / 300.0f64).sqrt()),
        (Init::HeUniform, (6.0 / 200.0f64).sqrt()),
    ] {
        let largest = assert_moments(init, a * a / 3.0);
        assert!(largest <= a && largest > 0.999 * a, "{init:?}: {largest}");
    }
}

#[test]
fn normal_variances() {
    for (init, variance) in [
        (Init::Normal(0.5), 0.25),
        (Init::XavierNormal, 2.0 / 300.0),
        (Init::HeNormal, 2.0 / 200.0),
        (Init::Nnfs, 1e-4),
    ] {
        // Of 20,000 normal numbers the largest is about four deviations out.
        let largest = assert_moments(init, variance) / variance.sqrt();
        assert!((3.3..5.8).contains(&largest), "{init:?}: {largest}");
    }
}

#[test]
fn layers_follow_each_other_in_one_stream() {
    let mut pair = <(Dense<3, 4>, Tanh<4>, Dense<4, 2>)>::ZERO;
    initialise(&mut pair, Init::HeNormal, &mut generator(5));
    let (mut first, mut second, mut rng) = (Dense::<3, 4>::ZERO, Dense::<4, 2>::ZERO, generator(5));
    initialise(&mut first, Init::HeNormal, &mut rng);
    initialise(&mut second, Init::HeNormal, &mut rng);
    assert_eq!(parameter_bits(&pair), [parameter_bits(&first), parameter_bits(&second)].concat());
}

#[test]
fn reset_uses_the_seed_and_he() {
    type Training = Trainer<(Dense<3, 4>, ReLU<4>, Dense<4, 2>), SoftmaxCrossEntropy<2>, Sgd, 1>;
    let mut training = Training::boxed();
    let mut by_reset = |seed, init: Option<Init>| {
        let sgd = Sgd::new(0.1).unwrap();
        match init {
            Some(init) => training.reset_with(seed, sgd, init).unwrap(),
            None => training.reset(seed, sgd).unwrap(),
        }
        parameter_bits(training.net())
    };
    let by_hand = |seed, init| {
        let mut net = <(Dense<3, 4>, ReLU<4>, Dense<4, 2>)>::ZERO;
        initialise(&mut net, init, &mut generator(seed));
        parameter_bits(&net)
    };
    assert_eq!(by_reset(5, None), by_hand(5, Init::HeNormal));
    assert_eq!(by_reset(5, Some(Init::XavierUniform)), by_hand(5, Init::XavierUniform));
    assert_ne!(by_reset(6, None), by_hand(5, Init::HeNormal));
}

#[test]
fn settings_stay() {
    let mut net = (LeakyReLU::<3>::with_slope(0.3), Regularized::new(Dense::<3, 2>::ZERO), Dropout::<2>::new());
    net.1.set_penalty(Penalty { weight_l2: 0.5, ..Penalty::default() }).unwrap();
    net.2.set_rate(0.1).unwrap();
    initialise(&mut net, Init::Normal(1.0), &mut generator(5));
    assert_eq!((net.0.slope(), net.2.rate()), (0.3, 0.1));
    let mut squares = 0.0;
    net.visit(Default::default(), &mut |parameter| {
        if parameter.info.role == Role::Weight {
            squares += parameter.values().map(|w| w * w).sum::<f32>();
        }
    });
    assert!((Layer::penalty(&net) - 0.5 * squares).abs() < 1e-6 && squares > 0.0);
}

/// How well recurrent networks do from several starts: which one `Init` has is chosen by this. It takes minutes.
///
/// `cargo test --release --test initialisers starts -- --ignored --nocapture`
mod starts {
    use stackprop::layer::Layer;
    use stackprop::optimizer::CopiesOf;
    use stackprop::parameter::{Info, Visitor, visit_values};
    use stackprop::prelude::*;
    use stackprop::random::{generator, normal};
    use stackprop::tensor::Array;

    const SEEDS: u64 = 20;
    const H: usize = 16;

    /// The variance of the weights of the inputs and of those of the hidden state, of `inputs` numbers and `H`.
    type Start = fn(f64) -> [f64; 2];
    const STARTS: [(&str, Option<Start>); 9] = [
        ("as it is", None),
        ("He: 2/IN, 2/H", Some(|inputs| [2.0 / inputs, 2.0 / 16.0])),
        ("Xavier: 2/(IN+H), 1/H", Some(|inputs| [2.0 / (inputs + 16.0), 1.0 / 16.0])),
        ("Xavier of all gates: 2/(IN+4H), 2/5H", Some(|inputs| [2.0 / (inputs + 64.0), 2.0 / 80.0])),
        ("LeCun: 1/IN, 1/H", Some(|inputs| [1.0 / inputs, 1.0 / 16.0])),
        ("2/(IN+H), 1/2H", Some(|inputs| [2.0 / (inputs + 16.0), 1.0 / 32.0])),
        ("2/(IN+H), 1/4H", Some(|inputs| [2.0 / (inputs + 16.0), 1.0 / 64.0])),
        ("1/IN, 1/3H", Some(|inputs| [1.0 / inputs, 1.0 / 48.0])),
        ("PyTorch: 1/3H, 1/3H", Some(|_| [1.0 / 48.0, 1.0 / 48.0])),
    ];

    struct Redraw<'r, R>(&'r mut R, [f64; 2]);

    impl<R: rand::Rng> Visitor<f32, CopiesOf<0>, CopiesOf<0>> for Redraw<'_, R> {
        fn visit<A: Array<T = f32>>(&mut self, info: Info, values: &mut A, _: &mut [A; 0], _: &mut [A; 0]) {
            let variance = match info.to_string().as_str() {
                "0.weight" => self.1[0],
                "0.recurrent" => self.1[1],
                _ => return,
            };
            values.flat_mut().iter_mut().for_each(|value| *value = normal::<f32>(self.0) * variance.sqrt() as f32);
        }
    }

    type Training<N, const CLASSES: usize> = Trainer<N, SoftmaxCrossEntropy<CLASSES>, Scheduled<Adam, Cosine>, 8>;

    /// Mean and standard error of the accuracy on held-out samples.
    fn accuracies<const CLASSES: usize, N: Layer<T = f32, Out = [f32; CLASSES]>>(
        start: Option<[f64; 2]>,
        epochs: u32,
        sizes: [usize; 2],
        sample: impl Fn(usize, &mut Tensor<N::In>) -> u8,
    ) -> [f64; 2] {
        let [train, test] = sizes;
        let mut training = Training::<N, CLASSES>::boxed();
        let mut batch = Batch::<N::In, u8, 8>::boxed();
        let all: Vec<f64> = (1..=SEEDS)
            .map(|seed| {
                let steps = u64::from(epochs) * train.div_ceil(8) as u64;
                training
                    .reset(seed, Scheduled::new(Adam::new(0.005).unwrap(), Cosine::new(0, steps, 0.0).unwrap()))
                    .unwrap();
                if let Some(start) = start {
                    visit_values(training.net_mut(), &mut Redraw(&mut generator(seed + 1000), start));
                }
                for _ in 0..epochs {
                    training.epoch(&mut batch, train, &sample).unwrap();
                }
                let mut accuracy = Accuracy::default();
                training.evaluate(&mut batch, test, |i, x| sample(train + i, x), &mut accuracy).unwrap();
                accuracy.value()
            })
            .collect();
        let mean = all.iter().sum::<f64>() / SEEDS as f64;
        let variance = all.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>() / (SEEDS - 1) as f64;
        [mean, (variance / SEEDS as f64).sqrt()]
    }

    const WINDOWS: &[[[[u8; 2]; 20]; 6]] =
        include_bytes!("../examples/data/imu_watch_x_1149x6x20_i16le.bin").as_chunks().0.as_chunks().0.as_chunks().0;
    const EXERCISES: &[u8; 1149] = include_bytes!("../examples/data/imu_watch_y_1149_u8.bin");
    const PEOPLE: &[u8; 1149] = include_bytes!("../examples/data/imu_watch_subject_1149_u8.bin");
    const IMAGES: &[[[u8; 8]; 8]] =
        include_bytes!("../examples/data/digits_x_1797x64_u8.bin").as_chunks().0.as_chunks().0;
    const DIGITS: &[u8; 1797] = include_bytes!("../examples/data/digits_y_1797_u8.bin");

    fn motion<N: Layer<T = f32, In = [[f32; 6]; 20], Out = [f32; 7]>>(start: Option<[f64; 2]>) -> [f64; 2] {
        let (mut order, test): (Vec<usize>, Vec<usize>) = (0..WINDOWS.len()).partition(|&i| PEOPLE[i] < 8);
        let sizes = [order.len(), test.len()];
        order.extend(test);
        accuracies::<7, N>(start, 30, sizes, |i, x| {
            for (channel, numbers) in WINDOWS[order[i]].iter().enumerate() {
                for (step, &bytes) in numbers.iter().enumerate() {
                    x[step][channel] = 2.0 * f32::from(i16::from_le_bytes(bytes)) / 32768.0;
                }
            }
            EXERCISES[order[i]]
        })
    }

    /// Digits row by row.
    fn rows<N: Layer<T = f32, In = [[f32; 8]; 8], Out = [f32; 10]>>(start: Option<[f64; 2]>) -> [f64; 2] {
        let order = stackprop::random::Shuffle::new(DIGITS.len(), 1);
        accuracies::<10, N>(start, 10, [1437, 360], |i, x| {
            let i = order.at(i);
            x.0 = IMAGES[i].map(|row| row.map(|pixel| f32::from(pixel) / 16.0));
            DIGITS[i]
        })
    }

    #[test]
    #[ignore = "takes minutes, and shows rather than tests"]
    fn starts_of_recurrent_weights() {
        println!("test accuracy, mean and standard error of {SEEDS} seeds");
        println!("{:40} motion: GRU            LSTM            RNN             digits by rows: GRU ..", "");
        for (name, start) in STARTS {
            let (six, eight) = (start.map(|start| start(6.0)), start.map(|start| start(8.0)));
            print!("{name:40}");
            for [mean, error] in [
                motion::<(Gru<20, 6, H>, Last<20, H>, Dense<H, 7>)>(six),
                motion::<(Lstm<20, 6, H>, Last<20, H>, Dense<H, 7>)>(six),
                motion::<(Rnn<20, 6, H>, Last<20, H>, Dense<H, 7>)>(six),
                rows::<(Gru<8, 8, H>, Last<8, H>, Dense<H, 10>)>(eight),
                rows::<(Lstm<8, 8, H>, Last<8, H>, Dense<H, 10>)>(eight),
                rows::<(Rnn<8, 8, H>, Last<8, H>, Dense<H, 10>)>(eight),
            ] {
                print!(" {mean:.4} ±{error:.4}");
            }
            println!();
        }
    }
}
