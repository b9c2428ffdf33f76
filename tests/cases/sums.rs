//! Sums and means of many numbers, and of numbers far from 0.

use stackprop::init::Init;
use stackprop::layer::Layer;
use stackprop::loss::Compares;
use stackprop::prelude::*;
use stackprop::scalar::Scalar;
use stackprop::tensor::Array;

/// y in training, and x̂ of a batch of numbers in f64.
fn train<L: Layer, const B: usize>(layer: &L, x: &Tensor<[L::In; B]>) -> Box<Tensor<[L::Out; B]>> {
    let mut y = Tensor::<[L::Out; B]>::boxed();
    y.as_mut_slice().copy_from_slice(Tape::<L, B>::boxed().forward(layer, x).as_slice());
    y
}

/// (x - mean) / √(variance + ε), in f64.
fn normal(x: &[f64], epsilon: f64) -> Vec<f64> {
    let n = x.len() as f64;
    // From the first, so that numbers far from 0 are as good as others.
    let mean = x.iter().map(|v| v - x[0]).sum::<f64>() / n;
    let variance = x.iter().map(|v| (v - x[0] - mean).powi(2)).sum::<f64>() / n;
    x.iter().map(|v| (v - x[0] - mean) / (variance + epsilon).sqrt()).collect()
}

#[track_caller]
fn close<T: Scalar>(found: &[T], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let found = found.to_f64();
        assert!((found - expected).abs() <= tolerance * expected.abs().max(1.0), "{found} instead of {expected}");
    }
}

/// A number within a share of what it should be; [`close`] has a floor of 1, for numbers around 0.
#[track_caller]
fn near<T: Scalar>(found: T, expected: f64, tolerance: f64) {
    close(&[found.to_f64() / expected], &[1.0], tolerance);
}

/// Case 01: a constant channel gives the bias, alone and beside another, and its gradient is 0 for the gain.
fn constant_channel<T: Scalar, A: Array<T = T>, const B: usize>(values: &[f64]) {
    for &value in values {
        let value = T::from_f64(value);
        let mut x = Tensor::<[A; B]>::boxed();
        // Channel 0 varies, channel 1 doesn't.
        for (i, x) in x.as_mut_slice().iter_mut().enumerate() {
            *x = if i % 2 == 1 { value } else { T::from_usize(i % 7) };
        }
        let mut layer = BatchNorm::<2, A>::new([T::ONE; 2], [T::ZERO, T::from_f64(0.25)]);
        let mut tape = Tape::<_, B>::boxed();
        let y = tape.forward(&layer, &x).as_slice();
        assert!(y.iter().skip(1).step_by(2).all(|&y| y == T::from_f64(0.25)), "{value}");
        let mut dy = Tensor::<[A; B]>::boxed();
        dy.apply(|_| T::ONE);
        tape.backward(&mut layer, &x, &dy);
        let mut dgain = Vector::<2, T>::ZERO;
        assert!(tape.gradient(&mut layer, "gain", &mut dgain));
        assert!(dgain[1] == T::ZERO, "{dgain:?}");
    }
}

/// Numbers whose sums round at each step.
const VALUES: [f64; 9] = [20.3, 100.1, 50_010.0, 0.1, -1e-30, 12_345_678.0, 1e20, -3.3e7, 65_537.0];

#[test]
fn a_constant_channel_normalises_to_0() {
    constant_channel::<f32, [f32; 2], 1>(&VALUES);
    constant_channel::<f32, [f32; 2], 7>(&VALUES);
    constant_channel::<f32, [f32; 2], 64>(&VALUES);
    constant_channel::<f32, [f32; 2], 131>(&VALUES);
    constant_channel::<f32, [[[f32; 2]; 28]; 28], 32>(&VALUES);
    constant_channel::<f32, [[f32; 2]; 17], 5>(&VALUES);
    constant_channel::<f64, [f64; 2], 7>(&VALUES);
    constant_channel::<f64, [[[f64; 2]; 28]; 28], 3>(&VALUES);
}

#[test]
fn a_channel_far_from_0_has_its_right_values() {
    let x = Tensor::new([[8e6f32], [8e6 + 1.0], [8e6 + 2.0], [8e6 + 3.0]]);
    let y = train(&BatchNorm::<1>::new([1.0], [0.0]), &x);
    close(y.as_slice(), &normal(&[0.0, 1.0, 2.0, 3.0], 1e-5), 1e-6);
    // Means between two numbers of the type.
    let columns = [[1e7f32, 1e9, 3.0], [1e7 + 1.0, 1e9, -1e9], [1e7 + 1.0, 1e9 + 64.0, 1e9 + 64.0]];
    let y = train(&BatchNorm::<3>::new([1.0; 3], [0.0; 3]), &Tensor::new(columns));
    for c in 0..3 {
        let column = columns.map(|row| f64::from(row[c]));
        close(&y.0.map(|row| row[c]), &normal(&column, 1e-5), 1e-6);
    }
    let column = [1e15 + 1.0, 1e15, 1e15, 1e15, 1e15];
    let y = train(&BatchNorm::<1, [f64; 1]>::new([1.0], [0.0]), &Tensor::new(column.map(|x| [x])));
    close(y.as_slice(), &normal(&column, 1e-5), 1e-14);
    // Many rows, and a first one that is far from the others.
    let mut x = Tensor::<[[f32; 1]; 3000]>::boxed();
    for (i, x) in x.as_mut_slice().iter_mut().enumerate() {
        *x = if i == 0 { -5e5 } else { 1e5 + (i % 5) as f32 };
    }
    let expected = normal(&x.as_slice().iter().map(|&x| f64::from(x)).collect::<Vec<_>>(), 1e-5);
    close(train(&BatchNorm::<1>::new([1.0], [0.0]), &x).as_slice(), &expected, 1e-6);
}

/// The running mean of a constant channel reaches its value, so that in use it gives 0, too.
fn running<T: Scalar>(value: f64, steps: usize) {
    type Net<T> = (BatchNorm<1, [T; 1]>, Dense<1, 1, T>);
    let mut training = Trainer::<Net<T>, MeanSquaredError<1>, Sgd<T>, 4>::boxed();
    training.reset_with(1, Sgd::new(T::ZERO).unwrap(), Init::Zeros).unwrap();
    let x = Tensor::<[[T; 1]; 4]>::filled(T::from_f64(value));
    for _ in 0..steps {
        training.step(&x, &[Vector::new([T::ZERO]); 4]).unwrap();
    }
    assert!(training.net().0.mean(0) == Some(T::from_f64(value)), "{:?}", training.net().0.mean(0));
    let mut workspace = Workspace::<BatchNorm<1, [T; 1]>>::ZERO;
    let mut layer = training.net().0.clone();
    layer.set_epsilon(T::from_f64(1e-5)).unwrap();
    assert!(workspace.infer(&layer, &Tensor(x.0[0]))[0] == T::ZERO);
}

#[test]
fn the_running_mean_of_a_constant_channel_is_its_value() {
    for value in VALUES {
        running::<f32>(value, 250);
        running::<f64>(value, 450);
    }
}

fn constant_row<T: Scalar, const N: usize>() {
    for value in VALUES {
        let x = Vector::<N, T>::filled(T::from_f64(value));
        let mut workspace = Workspace::<LayerNorm<N, [T; N]>>::boxed();
        let layer = LayerNorm::new([T::ONE; N], [T::ZERO; N]);
        let y = workspace.infer(&layer, &x);
        assert!(y.as_slice().iter().all(|&y| y == T::ZERO), "{N} of {value}: {}", y[0]);
    }
}

/// Case 02.
#[test]
fn a_constant_row_normalises_to_0() {
    constant_row::<f32, 1>();
    constant_row::<f32, 3>();
    constant_row::<f32, 7>();
    constant_row::<f32, 33>();
    constant_row::<f32, 784>();
    constant_row::<f32, 5000>();
    constant_row::<f64, 3>();
    constant_row::<f64, 33>();
    let x = Vector::<3>::filled(1000.1);
    assert_eq!(Workspace::<LayerNorm<3>>::boxed().infer(&LayerNorm::new([1.0; 3], [0.5; 3]), &x).0, [0.5; 3]);
}

#[test]
fn a_row_far_from_0_has_its_right_values() {
    fn row<const N: usize>(x: [f32; N]) {
        let y = train(&LayerNorm::<N>::new([1.0; N], [0.0; N]), &Tensor::new([x]));
        close(y.as_slice(), &normal(&x.map(f64::from), 1e-5), 1e-6);
    }
    row([8e6, 8e6 + 1.0, 8e6 + 2.0, 8e6 + 3.0]);
    row([1e7, 1e7 + 1.0, 1e7 + 1.0]);
    row([-1e9, -1e9 + 64.0, -1e9, -1e9, -1e9 + 128.0]);
    row::<40>(core::array::from_fn(|i| 1e6 + (i % 3) as f32));
    row::<2000>(core::array::from_fn(|i| 1e6 + (i % 3) as f32 / 8.0));
    row([1e6, 1.0, 2.0, 3.0]);
}

#[test]
fn a_row_of_huge_numbers_is_normalised() {
    // Their squares overflow.
    let rms = |x: [f32; 4]| *Workspace::<RMSNorm<4>>::boxed().infer(&RMSNorm::<4>::new([1.0; 4], []), &Tensor::new(x));
    close(&rms([1e30, -1e30, 1e30, 1e30]).0, &[1.0, -1.0, 1.0, 1.0], 1e-6);
    close(&rms([3e38, 0.0, 0.0, 0.0]).0, &[2.0, 0.0, 0.0, 0.0], 1e-6);
    close(&rms([12_345_678.0; 4]).0, &[1.0; 4], 1e-6);
    let small = rms([1e-30; 4]).0[0];
    assert!((small / 1e-30 / 316.2278 - 1.0).abs() < 1e-6, "x / √ε: {small}");
    let y = train(&LayerNorm::<4>::new([1.0; 4], [0.0; 4]), &Tensor::new([[1e30, 2e30, 3e30, 4e30f32]]));
    close(y.as_slice(), &normal(&[1.0, 2.0, 3.0, 4.0], 0.0), 1e-6);
}

/// Softmax takes off the largest: numbers far from 0 give what those near it do.
#[test]
fn softmax_far_from_0() {
    let mut workspace = Workspace::<Softmax<3>>::ZERO;
    let far = *workspace.infer(&Softmax::new(), &Vector::new([8e6, 8e6 + 1.0, 8e6 + 2.0]));
    assert_eq!(far, *workspace.infer(&Softmax::new(), &Vector::new([0.0, 1.0, 2.0])));
    let equal = *Workspace::<Softmax<1000>>::boxed().infer(&Softmax::new(), &Vector::filled(-77.7));
    close(&equal.0, &[1e-3; 1000], 1e-7);
}

/// Gradients that every row of a sample is added to, over many more rows than PyTorch's numbers have.
fn rows_of_a_norm<L: Layer<T = f32, In = [[f32; 2]; ROWS], Out = [[f32; 2]; ROWS]>>() {
    let (mut layer, mut tape) = (L::boxed(), Tape::<L, 1>::boxed());
    let [mut x, mut dy] = [0, 1].map(|_| Tensor::<[[[f32; 2]; ROWS]; 1]>::boxed());
    for (x, one) in x.as_mut_slice().iter_mut().zip([-1.0, 1.0].into_iter().cycle()) {
        *x = one;
    }
    dy.fill(0.1);
    tape.backward(&mut layer, &x, &dy);
    let sum = ROWS as f64 * f64::from(0.1f32);
    tape.gradients(&mut layer, |parameter| {
        for gradient in parameter.values() {
            // x̂ is 1, but for ε.
            let expected = if parameter.info.name == "bias" { sum } else { sum / (1.0f64 + 1e-5).sqrt() };
            near(gradient.abs(), expected, 1e-6);
        }
    });
}
const ROWS: usize = 200_000;

#[test]
fn gradients_of_norms_of_many_rows() {
    rows_of_a_norm::<LayerNorm<2, [[f32; 2]; ROWS]>>();
    rows_of_a_norm::<RMSNorm<2, [[f32; 2]; ROWS]>>();
}

/// Case 18.
fn means<T: Scalar>(tolerance: f64) {
    for value in [0.1, 0.3, 1.969_810_5, 20.3] {
        let value = T::from_f64(value);
        let mut t = Tensor::<[T; 1_000_000]>::boxed();
        t.fill(value);
        let is = |found: T, factor: f64| close(&[found.to_f64() / value.to_f64()], &[factor], tolerance * factor);
        is(t.mean(), 1.0);
        is(t.sum() / T::from_usize(1_000_000), 1.0);
        is(t.norm(), 1e3);
        is(t.dot(&t) / value, 1e6);
        let columns: &Tensor<[[T; 1]; 1_000_000]> = t.reshape_ref();
        is(columns.sum_rows()[0] / T::from_usize(1_000_000), 1.0);
    }
}

#[test]
fn means_of_many_numbers() {
    means::<f32>(1e-6);
    means::<f64>(1e-14);
}

fn global_pool<P: Layer<In = A, Out = B>, A: Array, B: Array>(tolerance: f64) {
    for value in [0.1, 3.3, 1.939_647_7, 1.280_096] {
        let value = A::T::from_f64(value);
        let mut image = Tensor::<A>::boxed();
        image.fill(value);
        let mut workspace = Workspace::<P>::boxed();
        for &y in workspace.infer(&P::ZERO, &image).as_slice() {
            close(&[y.to_f64() / value.to_f64()], &[1.0], tolerance);
        }
    }
}

#[test]
fn global_pools() {
    global_pool::<GlobalAvgPool2d<224, 224, 1>, _, _>(1e-6);
    global_pool::<GlobalAvgPool2d<7, 7, 5>, _, _>(1e-6);
    global_pool::<GlobalAvgPool2d<28, 28, 17>, _, _>(1e-6);
    global_pool::<GlobalAvgPool2d<9, 300, 3>, _, _>(1e-6);
    global_pool::<GlobalAvgPool1d<100_000, 2>, _, _>(1e-6);
    global_pool::<GlobalAvgPool2d<224, 224, 1, f64>, _, _>(1e-14);
    // Windows of every number of taps around a block, with padding.
    type Padded = AvgPool2d<20, 30, 3, 20, 30, 9, 9, stackprop::layer::size::Same>;
    let mut image = Tensor::<[[[f32; 3]; 30]; 20]>::boxed();
    for (i, x) in image.as_mut_slice().iter_mut().enumerate() {
        *x = (i * 7919 % 1009) as f32 / 1009.0;
    }
    let mut workspace = Workspace::<Padded>::boxed();
    let y = workspace.infer(&Padded::ZERO, &image);
    for (i, y) in y.as_slice().iter().enumerate() {
        let (c, column, row) = (i % 3, i / 3 % 30, i / 90);
        let mut sum = 0.0;
        for r in row.saturating_sub(4)..(row + 5).min(20) {
            for k in column.saturating_sub(4)..(column + 5).min(30) {
                sum += f64::from(image.0[r][k][c]);
            }
        }
        close(&[*y], &[sum / 81.0], 1e-6);
    }
}

/// The loss of each sample is 1, or 0.1: epochs and evaluations of many.
fn many_samples<const BATCH: usize>(samples: usize) {
    let mut t = Trainer::<Dense<1, 1>, MeanSquaredError<1>, Sgd, BATCH>::boxed();
    t.reset_with(1, Sgd::new(0.0).unwrap(), Init::Zeros).unwrap();
    let mut batch = Batch::<[f32; 1], Vector<1>, BATCH>::boxed();
    for (target, loss) in [(1.0f32, 1.0), (0.316_227_76, 0.1)] {
        let mut one = |_: usize, x: &mut Vector<1>| {
            x.0 = [1.0];
            Vector::<1>::new([target])
        };
        near(t.epoch(&mut batch, samples, &mut one).unwrap(), loss, 1e-6);
        near(t.evaluate(&mut batch, samples, &mut one, &mut ()).unwrap(), loss, 1e-6);
    }
}

/// Case 04.
#[test]
#[cfg_attr(debug_assertions, ignore = "takes long unoptimised; .ci/run has it in release")]
fn epochs_and_evaluations_of_20_million_samples() {
    many_samples::<1>(20_000_000);
    many_samples::<300>(20_000_100);
}

#[test]
fn epochs_and_evaluations_of_many_samples() {
    many_samples::<1>(30_000);
    many_samples::<1000>(100_500);
    let mut t = Trainer::<Dense<1, 1>, MeanSquaredError<1>, Sgd, 1>::boxed();
    t.reset_with(1, Sgd::new(0.0).unwrap(), Init::Zeros).unwrap();
    let tenth = |_: usize, x: &mut Vector<1>| {
        x.0 = [1.0];
        Vector::<1>::new([0.316_227_76])
    };
    near(t.pipelined_epoch(&mut Batch::boxed(), 30_000, tenth).unwrap(), 0.1, 1e-6);
}

/// The mean loss of one batch of many samples, and of one sample of many numbers.
#[test]
fn losses_of_many_outputs() {
    fn loss<const N: usize, L: Compares<[f32; N], Vector<N>> + Default>(y: f32, t: f32, expected: f64) {
        let (y, t) = (boxed::<N>(y), boxed::<N>(t));
        let (loss, mut dy) = (L::default(), boxed::<N>(0.0));
        near(loss.loss(&y.0, &t), expected, 2e-6);
        near(loss.gradient(&y.0, &t, 1.0, &mut dy.0), expected, 2e-6);
    }
    fn boxed<const N: usize>(value: f32) -> Box<Vector<N>> {
        let mut tensor = Vector::<N>::boxed();
        tensor.fill(value);
        tensor
    }
    const N: usize = 100_000;
    loss::<N, MeanSquaredError<N>>(0.0, 0.316_227_76, 0.1);
    loss::<N, MeanAbsoluteError<N>>(0.0, 0.1, 0.1);
    loss::<N, BinaryCrossEntropy<N>>(0.9, 1.0, 0.105_360_52);
    loss::<N, SigmoidCrossEntropy<N>>(2.0, 1.0, 0.126_928_01);
    loss::<N, CategoricalCrossEntropy<N>>(0.1, 1e-5, std::f64::consts::LN_10);
    // ln N: each probability is 1 / N, and the target, too. Logits far from 0 change nothing.
    loss::<N, SoftmaxCrossEntropy<N>>(0.0, 1e-5, 11.512_925);
    loss::<N, SoftmaxCrossEntropy<N>>(-1e4, 1e-5, 11.512_925);

    let mut t = Trainer::<Dense<1, 1>, MeanSquaredError<1>, Sgd, 20_000>::boxed();
    t.reset_with(1, Sgd::new(0.0).unwrap(), Init::Zeros).unwrap();
    let x = vec![[1.0f32]; 20_000];
    let targets = vec![Vector::<1>::new([0.316_227_76f32]); 20_000];
    near(t.partial_step(&x, &targets).unwrap(), 0.1, 1e-6);
    let mut t = Trainer::<Dense<1, 10>, SoftmaxCrossEntropy<10>, Sgd, 20_000>::boxed();
    t.reset_with(1, Sgd::new(0.0).unwrap(), Init::Zeros).unwrap();
    close(&[t.partial_step(&x, &vec![3u8; 20_000]).unwrap()], &[10f64.ln()], 1e-6);
    close(&[t.partial_step(&x, &vec![Vector::<10>::one_hot(3); 20_000]).unwrap()], &[10f64.ln()], 1e-6);
}

#[test]
fn metrics_of_many_samples() {
    use stackprop::metric::{MeanAbsolute, Metric, RSquared};
    let (mut absolute, mut r_squared) = (MeanAbsolute::default(), RSquared::default());
    for i in 0..1_000_000 {
        let (y, t) = (Vector::new([1.1f32 + (i % 2) as f32]), Vector::<1>::new([1.0 + (i % 2) as f32]));
        absolute.add(&y, &t);
        r_squared.add(&y, &t);
    }
    near(absolute.value(), 0.1, 1e-6);
    near(r_squared.value(), 0.96, 1e-6);
}

#[test]
fn penalties_of_many_weights() {
    let mut net = Regularized::<PositionEmbedding<300, 1000>>::boxed();
    net.set_penalty(Penalty { weight_l1: 1.0, ..Penalty::default() }).unwrap();
    net.layer_mut().weight_mut().as_flattened_mut().fill(0.1);
    close(&[net.penalty()], &[3e4], 1e-6);
}

/// The running mean of a guard follows steps far below its last digit.
#[test]
fn a_guard_over_many_steps() {
    let mut t = Trainer::<Dense<1, 1>, MeanSquaredError<1>, Sgd, 1>::boxed();
    t.reset_with(1, Sgd::new(0.0).unwrap(), Init::Zeros).unwrap();
    let mut guard = Guard::<Dense<1, 1>, Sgd>::boxed();
    guard.set_divergence(1.5, 200_000).unwrap();
    for step in 0..300_000 {
        // The mean of the window is 1 at first; the loss then is 2.25, until the mean, 2.25 - 1.25 e^-(steps / window),
        // is above 1.5.
        let target = if step < 200_000 { 1.0f32 } else { 1.5 };
        let result = guard.step(&mut t, &[[1.0]], &[Vector::new([target])]);
        let risen = 200_000 + (200_000.0 * (1.25f64 / 0.75).ln()) as usize;
        assert_eq!(result.is_err(), step > risen + 20, "{step} {risen}");
        if result.is_err() {
            break;
        }
    }
}

/// Every sum over many rows, positions and samples beside PyTorch's: within ten times the error of its f32, or of the
/// last bit.
mod beside_pytorch {
    use stackprop::layer::Rnn;

    use super::*;

    /// Number `i` of a seed, see sums.py.
    fn number(seed: u64, i: usize) -> f32 {
        (stackprop::random::mix((seed << 32) + i as u64) >> 40) as f32 / 16_777_216.0
    }

    fn gradient<A: Array>(seed: u64, positive: bool) -> Box<Tensor<A>> {
        let mut dy = Tensor::<A>::boxed();
        for (i, dy) in dy.as_mut_slice().iter_mut().enumerate() {
            *dy = A::T::from_f64(f64::from(number(seed, i)) - if positive { 0.0 } else { 0.5 });
        }
        dy
    }

    type Images<T, const B: usize> = [[[[T; 2]; 28]; 28]; B];

    fn images<T: Scalar, const B: usize>(background: Option<f32>) -> Box<Tensor<Images<T, B>>> {
        let mut x = Tensor::<Images<T, B>>::boxed();
        for (i, x) in x.as_mut_slice().iter_mut().enumerate() {
            let (row, column) = (i / 56 % 28, i / 2 % 28);
            let inside = (6..22).contains(&row) && (6..22).contains(&column);
            let value = match background {
                None => number(1, i),
                Some(background) if inside => background + number(1, i),
                Some(background) => background,
            };
            *x = T::from_f64(value.into());
        }
        x
    }

    type Results = Vec<(String, Vec<f64>)>;

    fn numbers<T: Scalar>(values: &[T]) -> Vec<f64> {
        values.iter().map(|v| v.to_f64()).collect()
    }

    /// The gradients of a layer's parameters, as `name_dparameter`; y and dx are returned.
    fn pass<L: Layer, const B: usize>(
        results: &mut Results,
        name: &str,
        layer: &mut L,
        x: &Tensor<[L::In; B]>,
        dy: &Tensor<[L::Out; B]>,
    ) -> [Vec<f64>; 2] {
        let mut tape = Tape::<L, B>::boxed();
        let y = numbers(tape.forward(layer, x).as_slice());
        let dx = numbers(tape.backward(layer, x, dy).as_slice());
        tape.gradients(layer, |parameter| {
            let values: Vec<L::T> = parameter.values().collect();
            results.push((format!("{name}_d{}", parameter.info.name), numbers(&values)));
        });
        [y, dx]
    }

    fn results<T: Scalar, const B: usize>(background: Option<f32>) -> Results {
        let (mut r, x) = (Results::new(), images::<T, B>(background));

        let mut norm = BatchNorm2d::<28, 28, 2, T>::new([T::ONE; 2], [T::ZERO; 2]);
        let dy = gradient::<Images<T, B>>(2, false);
        let [y, dx] = pass::<_, B>(&mut r, "norm", &mut norm, &x, &dy);
        r.extend([("norm_y".into(), y), ("norm_dx".into(), dx)]);
        let mut step = Trainer::<(BatchNorm2d<28, 28, 2, T>, Flatten<[[[T; 2]; 28]; 28], 1568>), _, _, B>::boxed();
        let _: &Trainer<_, MeanSquaredError<1568>, Sgd<T>, B> = &step;
        step.reset(1, Sgd::new(T::ZERO).unwrap()).unwrap();
        step.partial_step(&x.0, &vec![Vector::ZERO; B]).unwrap();
        let norm = &step.net().0;
        r.push(("norm_mean".into(), numbers(&[0, 1].map(|c| norm.mean(c).unwrap()))));
        r.push(("norm_variance".into(), numbers(&[0, 1].map(|c| norm.variance(c).unwrap()))));

        for (conv, dense, positive) in [("conv", "dense", false), ("conv_positive", "dense_positive", true)] {
            let dy = gradient::<[[[[T; 4]; 26]; 26]; B]>(3, positive);
            type Conv<T> = Conv2d<28, 28, 2, 26, 26, 4, 3, 3, stackprop::layer::size::Valid, T>;
            pass::<Conv<T>, B>(&mut r, conv, &mut *Conv::boxed(), &x, &dy);
            let dy = gradient::<[[T; 4]; B]>(4, positive);
            pass::<Dense<1568, 4, T>, B>(&mut r, dense, &mut *Dense::boxed(), x.reshape_ref(), &dy);
        }
        pixels::<T, B>(&mut r, &x);

        type Rows<T, const B: usize> = [[[T; 56]; 28]; B];
        let rows: &Tensor<Rows<T, B>> = x.reshape_ref();
        let mut layer = LayerNorm::<56, [[T; 56]; 28]>::new([T::ONE; 56], [T::ZERO; 56]);
        let dy = gradient::<Rows<T, B>>(2, false);
        let [y, dx] = pass::<_, B>(&mut r, "layer", &mut layer, rows, &dy);
        r.extend([("layer_y".into(), y), ("layer_dx".into(), dx)]);
        let dy = gradient::<[[[T; 4]; 28]; B]>(6, true);
        pass::<Rnn<28, 56, 4, T>, B>(&mut r, "rnn", &mut *Rnn::boxed(), rows, &dy);
        let dy = gradient::<Rows<T, B>>(2, true);
        pass::<PositionEmbedding<28, 56, T>, B>(&mut r, "position", &mut *PositionEmbedding::boxed(), rows, &dy);

        let mut pool = Workspace::<GlobalAvgPool2d<28, 28, 2, T>, B>::boxed();
        r.push(("pool".into(), numbers(pool.infer_batch(&Zeroed::ZERO, &x).as_slice())));
        r
    }

    /// A dense layer of each pixel, and statistics.
    fn pixels<T: Scalar, const B: usize>(r: &mut Results, x: &Tensor<Images<T, B>>) {
        fn of<T: Scalar, const N: usize>(r: &mut Results, x: &[T]) {
            let mut rows = Tensor::<[[T; 2]; N]>::boxed();
            rows.as_mut_slice().copy_from_slice(x);
            let dy = gradient::<[[T; 4]; N]>(5, true);
            pass::<Dense<2, 4, T>, N>(r, "pixel", &mut *Dense::boxed(), &rows, &dy);
            let mut statistics = Standardize::<2, T>::new();
            statistics.update(&rows.0);
            r.push(("mean".into(), numbers(&[0, 1].map(|c| statistics.mean(c).unwrap()))));
            r.push(("variance".into(), numbers(&[0, 1].map(|c| statistics.variance(c).unwrap()))));
        }
        match B {
            32 => of::<T, { 32 * 784 }>(r, x.as_slice()),
            _ => of::<T, { 128 * 784 }>(r, x.as_slice()),
        }
    }

    fn compare<const B: usize>(background: Option<f32>) {
        let cases = crate::common::suite(include_str!("../fixtures/sums.txt"));
        let name = format!("{}x{B}", background.map_or("random".into(), |b| b.to_string()));
        let case = crate::common::case(&cases, &name);
        let (single, double) = (results::<f32, B>(background), results::<f64, B>(background));
        let (mut wrong, mut compared) = (Vec::new(), 0);
        for ((what, single), (_, truth)) in single.iter().zip(&double) {
            if !case.has(what) {
                assert!(what == "rnn_drecurrent", "{what}");
                continue;
            }
            let largest = truth.iter().fold(0.0f64, |max, t| max.max(t.abs()));
            // That of f64 is PyTorch's.
            let shown: Vec<f64> = truth.iter().copied().step_by(truth.len().div_ceil(8)).collect();
            for (&truth, &expected) in shown.iter().zip(case.values(what)) {
                assert!(
                    (truth - expected).abs() <= 1e-11 * largest,
                    "{name}: {what} {shown:?} {:?}",
                    case.values(what)
                );
            }
            let error = single.iter().zip(truth).fold(0.0f64, |max, (s, t)| max.max((s - t).abs())) / largest;
            let torch = case.values(&format!("{what}_error"))[0];
            println!("{name} {what}: {error:.1e}, PyTorch {torch:.1e}, {:.1} times", error / torch);
            // A weight's gradient goes sample by sample and step by step, as PyTorch's of dense layers and
            // convolutions, whose bits it often has. Of recurrent layers PyTorch adds up each step by itself, which
            // rounds less.
            let times = if what == "rnn_dweight" { 20.0 } else { 10.0 };
            if error > times * torch.max(f64::from(f32::EPSILON) / 2.0) {
                wrong.push(format!("{what}: {error:.1e}, PyTorch {torch:.1e}"));
            }
            compared += 1;
        }
        assert_eq!(compared, 26);
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }

    #[test]
    fn batches_of_32() {
        compare::<32>(Some(0.1));
        compare::<32>(Some(3.3));
        compare::<32>(None);
    }

    #[test]
    #[cfg_attr(debug_assertions, ignore = "takes long unoptimised; .ci/run has it in release")]
    fn batches_of_128() {
        compare::<128>(Some(0.1));
        compare::<128>(Some(3.3));
        compare::<128>(None);
    }
}
