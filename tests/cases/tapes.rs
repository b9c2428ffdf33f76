//! Tapes and the gradient checker: a second backward, statistics by hand, masks, `f32`.

use crate::common::run::uniform;
use stackprop::check::{GradientCheck, GradientReport, check_layer, check_loss};
use stackprop::init::initialise;
use stackprop::layer::{Elementwise, Layer};
use stackprop::prelude::*;
use stackprop::random::generator;
use stackprop::scalar::Scalar;

/// A layer with weights of a seed.
fn layer<L: Layer>() -> L {
    let mut layer = L::ZERO;
    initialise(&mut layer, Init::HeNormal, &mut generator(3));
    layer
}

/// The numbers to the bit; the zeros are one.
fn bits<T: Scalar>(numbers: &[T]) -> Vec<u64> {
    numbers.iter().map(|v| (*v + T::ZERO).to_f64().to_bits()).collect()
}

/// The gradient of every parameter.
fn gradients<L: Layer, const B: usize>(tape: &mut Tape<L, B>, layer: &mut L) -> Vec<L::T> {
    let mut numbers = Vec::new();
    tape.gradients(layer, |parameter| numbers.extend(parameter.values()));
    numbers
}

/// dx and the parameters' gradient of a tape that was used for nothing else.
fn once<L: Layer, const B: usize>(
    layer: &mut L,
    x: &Tensor<[L::In; B]>,
    dy: &Tensor<[L::Out; B]>,
) -> (Vec<u64>, Vec<L::T>) {
    let mut tape = Tape::<L, B>::boxed();
    tape.forward(layer, x);
    let dx = bits(tape.backward(layer, x, dy).as_slice());
    (dx, gradients(&mut tape, layer))
}

/// Backward, however often, in any order, and without forward: what one forward and one backward give.
fn backward_again<L: Layer, const B: usize>() {
    let mut layer = layer::<L>();
    let (x, other) = (uniform::<[L::In; B]>(1), uniform::<[L::In; B]>(2));
    let [a, b] = [uniform::<[L::Out; B]>(4), uniform::<[L::Out; B]>(5)];
    let (of_a, of_b) = (once(&mut layer, &x, &a), once(&mut layer, &x, &b));
    let of_other = once(&mut layer, &other, &a).0;

    let mut tape = Tape::<L, B>::boxed();
    tape.forward(&layer, &x);
    for (dy, expected) in [(&a, &of_a), (&a, &of_a), (&b, &of_b), (&a, &of_a)] {
        tape.clear(&mut layer);
        assert_eq!(bits(tape.backward(&mut layer, &x, dy).as_slice()), expected.0);
        assert_eq!(bits(&gradients(&mut tape, &mut layer)), bits(&expected.1));
    }
    // A gradient is added each time.
    tape.backward(&mut layer, &x, &a);
    let twice: Vec<L::T> = of_a.1.iter().map(|&g| g + g).collect();
    assert_eq!(bits(&gradients(&mut tape, &mut layer)), bits(&twice));

    let mut tape = Tape::<L, B>::boxed();
    assert_eq!(bits(tape.backward(&mut layer, &x, &a).as_slice()), of_a.0, "without forward");

    // With the input of no forward, or not of the last one; the masks are those of each one's first pass.
    for before in [&[][..], &[&x][..]] {
        let mut tape = Tape::<L, B>::boxed();
        for x in before {
            tape.forward(&layer, x);
        }
        tape.set_seed(0);
        assert_eq!(bits(tape.backward(&mut layer, &other, &a).as_slice()), of_other, "another input");
        tape.set_seed(0);
        assert_eq!(bits(tape.backward(&mut layer, &x, &a).as_slice()), of_a.0, "and the first again");
    }
}

/// Both number types.
macro_rules! backward_again {
    ($($layer:ty, $double:ty, $batch:literal;)*) => { $(
        backward_again::<$layer, $batch>();
        backward_again::<$double, $batch>();
    )* };
}

#[test]
fn a_second_backward_gives_the_same_gradient() {
    type Two<T> = (Dense<2, 3, T>, Tanh<3, T>, Dense<3, 2, T>);
    type Features<T> = (Dense<5, 7, T>, Dropout<7, T>, GELU<7, T>, BatchNorm<7, [T; 7]>, Dense<7, 3, T>, Softmax<3, T>);
    type Steps<T> =
        (Gru<4, 3, 5, T>, LayerNorm<5, [[T; 5]; 4]>, SelfAttention<4, 5, T>, Lstm<4, 5, 3, T>, Last<4, 3, T>);
    type Image<T> = (
        Conv2d<6, 6, 1, 4, 4, 3, 3, 3, Valid, T>,
        ReLU<4, [[T; 3]; 4]>,
        MaxPool2d<4, 4, 3, 2, 2, 2, 2, (Valid<2>, Valid<2>), T>,
    );
    type Around<T> = (
        Standardize<5, T>,
        Residual<(Dense<5, 5, T>, SiLU<5, T>)>,
        Regularized<Dense<5, 5, T>>,
        Recompute<((Dense<5, 8, T>, Tanh<8, T>), (Dense<8, 5, T>, Dropout<5, T>))>,
        Frozen<Dense<5, 4, T>>,
    );
    backward_again! {
        Two<f32>, Two<f64>, 1;
        Features<f32>, Features<f64>, 4;
        Steps<f32>, Steps<f64>, 2;
        Image<f32>, Image<f64>, 2;
        Around<f32>, Around<f64>, 3;
        Dense<33, 17>, Dense<33, 17, f64>, 5;
        RMSNorm<6>, RMSNorm<6, [f64; 6]>, 3;
    }
}

/// A Jacobian, row by row from one forward pass, against differences.
#[test]
fn rows_of_a_jacobian() {
    type Net = (Dense<4, 6, f64>, Tanh<6, f64>, Dense<6, 3, f64>, Softmax<3, f64>);
    let (mut net, x) = (layer::<Net>(), uniform::<[[f64; 4]; 1]>(7));
    let (mut tape, mut workspace) = (Tape::<Net, 1>::ZERO, Workspace::<Net>::ZERO);
    tape.forward(&net, &x);
    for row in 0..3 {
        let dy = Tensor::new([Vector::<3, f64>::one_hot(row).0]);
        let dx = *tape.backward(&mut net, &x, &dy);
        for i in 0..4 {
            let mut at = |h: f64| {
                let mut x = Tensor::new(x[0]);
                x.0[i] += h;
                workspace.infer(&net, &x)[row]
            };
            let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
            assert!((dx[0][i] - difference).abs() < 1e-9, "{row} {i}");
        }
    }
}

#[test]
fn each_forward_draws_masks_and_a_seed_draws_them_again() {
    let (mut dropout, x) = (Dropout::<64>::new(), Tensor::<[[f32; 64]; 3]>::filled(1.0));
    let mut tape = Tape::<_, 3>::ZERO;
    let mut draw = |tape: &mut Tape<Dropout<64>, 3>| {
        let y = *tape.forward(&dropout, &x);
        // Backward has the mask of the last forward, however often.
        for _ in 0..2 {
            assert_eq!(*tape.backward(&mut dropout, &x, &Tensor::filled(1.0)), y);
        }
        y
    };
    let masks: Vec<_> = (0..10).map(|_| draw(&mut tape)).collect();
    for i in 0..10 {
        assert!((0..i).all(|j| masks[i] != masks[j]), "{i}");
    }
    tape.set_seed(0);
    assert_eq!((0..10).map(|_| draw(&mut tape)).collect::<Vec<_>>(), masks, "the same seed");
    tape.set_seed(1);
    assert_ne!(draw(&mut tape), masks[0], "another seed");

    // A seed that is set after forward is the next one's.
    let y = *tape.forward(&dropout, &x);
    tape.set_seed(5);
    assert_eq!(*tape.backward(&mut dropout, &x, &Tensor::filled(1.0)), y);
}

type ByHand<T> = (Standardize<3, T>, Dense<3, 4, T>, BatchNorm<4, [T; 4]>, Dropout<4, T>, Dense<4, 2, T>);

/// Training by hand as a trainer does it, with its seed: the same outputs, the same gradient and the same statistics,
/// to the bit.
fn by_hand<T: Scalar>() {
    let mut trainer = Trainer::<ByHand<T>, MeanSquaredError<2>, Sgd<T>, 4, Buffered>::boxed();
    trainer.reset(9, Sgd::new(T::ZERO).unwrap()).unwrap();
    let (mut net, mut tape) = (trainer.net().clone_by_hand(), Tape::<ByHand<T>, 4>::boxed());
    tape.set_seed(9);
    for step in 0..5 {
        let (x, target) = (uniform::<[[T; 3]; 4]>(step), uniform::<[[T; 2]; 4]>(100 + step));
        let loss = trainer.step(&x, &target.0).unwrap();
        let y = *tape.forward(&net, &x);
        let mut dy = Tensor::<[[T; 2]; 4]>::ZERO;
        let (mut sum, part) = (T::ZERO, T::ONE / T::from_usize(8));
        for (dy, (y, t)) in dy.as_mut_slice().iter_mut().zip(y.as_slice().iter().zip(target.as_slice())) {
            sum += (*y - *t) * (*y - *t) * part;
            *dy = (*y - *t + *y - *t) * part;
        }
        assert!((loss.to_f64() - sum.to_f64()).abs() < 1e-6, "{step}: {loss} {sum}");
        tape.backward(&mut net, &x, &dy);
        let before = bits(&[net.0.count(), net.2.updates()]);
        assert_eq!(before, bits(&[T::from_usize(4 * step as usize), T::from_usize(step as usize)]));
        tape.observe(&mut net, &x);
        for i in 0..4 {
            let of = |net: &ByHand<T>| [net.2.mean(i), net.2.variance(i), net.0.mean(i), net.0.variance(i)];
            assert_eq!(of(&net), of(trainer.net()), "{step} {i}");
        }
        assert_eq!((net.0.count(), net.2.updates()), (trainer.net().0.count(), trainer.net().2.updates()));
    }
}

/// The network with the same parameters and statistics.
trait CloneByHand {
    fn clone_by_hand(&self) -> Self;
}
impl<T: Scalar> CloneByHand for ByHand<T> {
    fn clone_by_hand(&self) -> Self {
        let mut file = vec![0; stackprop::weights::file_size::<Self>()];
        stackprop::weights::write(self, &mut file).unwrap();
        let mut net = Self::ZERO;
        stackprop::weights::read(&mut net, &file).unwrap();
        net
    }
}

#[test]
fn training_by_hand_learns_statistics() {
    by_hand::<f32>();
    by_hand::<f64>();
}

/// What is done with a tape and its network before.
type Prepare<'p> = dyn Fn(&mut Tape<ByHand<f64>, 4>, &mut ByHand<f64>) + 'p;

/// Statistics learned without a backward, or with one of another input, or after several: those of the batch, and no
/// gradient.
#[test]
fn statistics_do_not_depend_on_what_was_done_before() {
    let (x, other) = (uniform::<[[f64; 3]; 4]>(1), uniform::<[[f64; 3]; 4]>(2));
    let dy = uniform::<[[f64; 2]; 4]>(3);
    let statistics = |prepare: &Prepare| {
        let (mut net, mut tape) = (layer::<ByHand<f64>>(), Tape::<ByHand<f64>, 4>::boxed());
        net.0.update(&uniform::<[[f64; 3]; 5]>(8).0);
        prepare(&mut tape, &mut net);
        let before = (bits(&gradients(&mut tape, &mut net)), net.1.weight(1, 1));
        tape.observe(&mut net, &x);
        assert_eq!((bits(&gradients(&mut tape, &mut net)), net.1.weight(1, 1)), before);
        assert_eq!((net.0.count(), net.2.updates()), (9.0, 1.0));
        [0, 1, 2].map(|i| [net.0.mean(i), net.0.variance(i), net.2.mean(i), net.2.variance(i)])
    };
    let expected = statistics(&|tape, net| {
        tape.forward(net, &x);
        tape.backward(net, &x, &dy);
    });
    assert_eq!(statistics(&|_, _| {}), expected);
    assert_eq!(statistics(&|tape, net| _ = tape.forward(net, &x)), expected);
    assert_eq!(statistics(&|tape, net| _ = tape.forward(net, &other)), expected);
    assert_eq!(statistics(&|tape, net| _ = tape.backward(net, &other, &dy)), expected);
    let twice = statistics(&|tape, net| {
        tape.backward(net, &x, &dy);
        tape.backward(net, &x, &dy);
    });
    assert_eq!(twice, expected);

    // Frozen ones stay.
    let (mut net, mut tape) = (layer::<(Frozen<BatchNorm<3>>, Dense<3, 2>)>(), Tape::<_, 4>::ZERO);
    tape.observe(&mut net, &uniform(1));
    assert_eq!((net.0.layer().updates(), net.0.layer().mean(0)), (0.0, Some(0.0)));
}

#[track_caller]
fn right(report: &GradientReport) {
    assert!(report.is_right(), "{report:?}");
}

/// Right layers look right with the defaults, in both number types.
macro_rules! right_in_both {
    ($($single:ty, $double:ty, $batch:literal;)*) => { $(
        for seed in 1..=2 {
            let check = GradientCheck { seed, ..Default::default() };
            right(&check_layer::<$single, $batch>(&check));
            right(&check_layer::<$double, $batch>(&check));
        }
    )* };
}

#[test]
fn a_right_layer_looks_right_in_both_number_types() {
    type Two<T> = (Dense<3, 5, T>, Tanh<5, T>, Dense<5, 2, T>);
    type Kinks<T> = (Dense<6, 9, T>, LeakyReLU<9, T>, Dense<9, 5, T>, ReLU<5, T>);
    type Curved<T> =
        (Dense<4, 8, T>, BatchNorm<8, [T; 8]>, GELU<8, T>, LayerNorm<8, [T; 8]>, Dense<8, 3, T>, Softmax<3, T>);
    type Steps<T> = (Gru<5, 3, 4, T>, SelfAttention<5, 4, T>, Lstm<5, 4, 3, T>, Last<5, 3, T>);
    type Pools<T> =
        (Conv1d<9, 2, 7, 3, 3, Valid, T>, ReLU<7, [T; 3]>, MaxPool1d<7, 3, 3, 2, Valid<2>, T>, ELU<3, [T; 3]>);
    right_in_both! {
        Two<f32>, Two<f64>, 2;
        Kinks<f32>, Kinks<f64>, 4;
        Curved<f32>, Curved<f64>, 2;
        Steps<f32>, Steps<f64>, 2;
        Pools<f32>, Pools<f64>, 2;
        LayerNorm<3>, LayerNorm<3, [f64; 3]>, 4;
        Regularized<Dense<5, 4>>, Regularized<Dense<5, 4, f64>>, 3;
        Dropout<9>, Dropout<9, f64>, 4;
    }
    let (single, double) =
        (check_layer::<Two<f32>, 2>(&Default::default()), check_layer::<Two<f64>, 2>(&Default::default()));
    assert_eq!((single.tolerance, double.tolerance, single.compared), (1e-2, 1e-7, double.compared));
    // A step that is given is taken, and may be a bad one.
    let far = GradientCheck { step: 0.5, ..Default::default() };
    assert!(check_layer::<Softmax<3, f64>, 2>(&far).worst > 1e-7);
    for (y, target) in [([0.3, -0.8], [0.2, 0.9]), ([-1.5, 0.1], [1.0, 0.0])] {
        right(&check_loss(
            &MeanSquaredError::<2>::default(),
            &Vector::<2>::new(y.map(|y| y as f32)),
            &target.map(|t| t as f32),
            0.0,
        ));
        right(&check_loss(&SigmoidCrossEntropy::<2>::default(), &Vector::<2, f64>::new(y), &target, 0.0));
    }
}

/// y = 2 x + x² / 2, with a derivative that is 3 % too large.
struct Steep<const N: usize, T = f32> {
    scalar: std::marker::PhantomData<T>,
}
stackprop::zeroed!([const N: usize, T: Scalar] Steep<N, T> { scalar });
stackprop::elementwise!(Steep, apart);

impl<const N: usize, T: Scalar> Elementwise<T> for Steep<N, T> {
    fn value(&self, x: T) -> T {
        (x + x) + x * x / (T::ONE + T::ONE)
    }
    fn derivative(&self, x: T) -> T {
        T::from_f64(1.03) * (T::ONE + T::ONE + x)
    }
}

#[test]
fn a_wrong_derivative_shows_in_both_number_types() {
    let (single, double) =
        (check_layer::<Steep<9>, 2>(&Default::default()), check_layer::<Steep<9, f64>, 2>(&Default::default()));
    for report in [single, double] {
        assert!(!report.is_right() && (report.worst - 0.03).abs() < 2e-3, "{report:?}");
    }
    let behind_kinks = check_layer::<(Dense<9, 9>, ReLU<9>, Steep<9>, Dense<9, 4>), 4>(&Default::default());
    assert!(!behind_kinks.is_right(), "{behind_kinks:?}");
}

/// Features, one channel after the other: one value a channel in a sample.
type Features<T> = (Dense<2, 8, T>, BatchNorm<8, [T; 8]>, ReLU<8, T>, Dense<8, 1, T>);
/// The same within others, where it is found, too.
type Within<T> = (
    Dense<2, 8, T>,
    Residual<(Regularized<BatchNorm<8, [T; 8]>>, Tanh<8, T>)>,
    Sum<Dense<8, 8, T>, BatchNorm<8, [T; 8]>>,
    Dense<8, 1, T>,
);
const SINGLE: StepError = StepError::SingleSample { layer: "BatchNorm<8>" };

fn line<T: Scalar>(i: usize, x: &mut Vector<2, T>) -> [T; 1] {
    *x = uniform(i as u64);
    [x[0] + x[1]]
}

/// A trainer that had two steps.
fn trained<T: Scalar, N: Layer<T = T, In = [T; 2], Out = [T; 1]>, const BATCH: usize>()
-> Box<Trainer<N, MeanSquaredError<1>, Adam<T>, BATCH, Buffered>> {
    let mut t = Trainer::<N, MeanSquaredError<1>, Adam<T>, BATCH, Buffered>::boxed();
    t.reset(1, Adam::new(T::from_f64(0.01)).unwrap()).unwrap();
    for seed in 0..2 {
        t.step(&uniform(seed), &[[T::ONE]; BATCH]).unwrap();
    }
    t
}

fn numbers<L: Layer>(net: &L) -> Vec<L::T> {
    let mut all = Vec::new();
    net.visit(stackprop::parameter::Path::default(), &mut |parameter| all.extend(parameter.values()));
    all
}

/// A step on one sample is an error that names the layer, in every way to make one, and changes nothing.
fn one_sample<T: Scalar, N: Layer<T = T, In = [T; 2], Out = [T; 1]>>() {
    let mut t = trained::<T, N, 4>();
    let (before, one) = (numbers(t.net()), ([[T::ONE; 2]], [[T::ONE]]));
    assert_eq!(t.partial_step(&one.0, &one.1), Err(SINGLE));
    assert_eq!(t.accumulate(&one.0, &one.1), Err(SINGLE));
    assert_eq!(t.apply(), Ok(()), "nothing was accumulated");
    let mut guard = Guard::<N, Adam<T>>::boxed();
    assert_eq!(guard.step(&mut t, &one.0, &one.1), Err(GuardError::Step(SINGLE)));
    assert_eq!((t.steps(), numbers(t.net())), (2, before));
    // What is wrong with the data comes first.
    let nan = [[T::from_f64(f64::NAN); 2]];
    assert_eq!(t.partial_step(&nan, &one.1), Err(StepError::NonFiniteInput { sample: 0 }));

    // Use takes single samples.
    let mut batch = Batch::boxed();
    assert!(t.evaluate(&mut batch, 5, line, &mut ()).is_ok());
    assert!(t.infer(&Tensor::new(one.0[0])).is_ok());
}

#[test]
fn a_single_sample_has_no_variance() {
    one_sample::<f32, Features<f32>>();
    one_sample::<f64, Features<f64>>();
    one_sample::<f32, Within<f32>>();
    one_sample::<f64, Within<f64>>();
    let text =
        "BatchNorm<8>: one sample has one value a channel and no variance: a step needs 2 samples or fixed statistics";
    assert_eq!(SINGLE.to_string(), text);
    let mut sliced = Sliced::<Features<f32>, MeanSquaredError<1>, Sgd, 2>::boxed();
    sliced.trainer_mut().unwrap().reset(1, Sgd::new(0.1).unwrap()).unwrap();
    assert_eq!(sliced.begin(&[[1.0, 2.0]], &[[1.0]]), Err(SINGLE));
    assert!(!sliced.is_busy());
    sliced.begin(&[[1.0, 2.0], [2.0, 1.0]], &[[1.0], [0.0]]).unwrap();
}

#[test]
fn a_single_sample_is_enough_where_it_has_positions_or_statistics_stay() {
    // Fixed statistics, in a trainer with a larger batch.
    let mut t = trained::<f32, Features<f32>, 2>();
    t.net_mut().1.set_fixed(true);
    let before = numbers(t.net());
    t.partial_step(&[[1.0, 2.0]], &[[1.0]]).unwrap();
    t.accumulate(&[[1.0, 2.0]], &[[1.0]]).unwrap();
    t.apply().unwrap();
    assert_ne!(numbers(t.net()), before);
    let mut batch = Batch::boxed();
    t.epoch(&mut batch, 5, line).unwrap();
    assert_eq!((t.skipped(), t.steps()), (0, 7));
    t.net_mut().1.set_fixed(false);
    assert_eq!(t.partial_step(&[[1.0, 2.0]], &[[1.0]]), Err(SINGLE));

    // Frozen, and two positions, in a trainer with batches of one.
    trained::<f32, (Dense<2, 8>, Frozen<BatchNorm<8>>, ReLU<8>, Dense<8, 1>), 1>();
    trained::<f32, (Reshape<[f32; 2], [[f32; 1]; 2]>, BatchNorm1d<2, 1>, Flatten<[[f32; 1]; 2], 2>, Dense<2, 1>), 1>();
}

/// An epoch of 2 n + 1 samples leaves one out, makes n steps, and says so; its loss is the mean of the others.
fn an_epoch<T: Scalar>() {
    let mut t = Trainer::<Features<T>, MeanSquaredError<1>, Sgd<T>, 4>::boxed();
    let mut batch = Batch::boxed();
    for (samples, steps, skipped) in
        [(8, 2, 0), (9, 2, 1), (5, 1, 1), (6, 2, 0), (2, 1, 0), (13, 3, 1), (0, 0, 0), (12, 3, 0)]
    {
        t.reset(3, Sgd::new(T::ZERO).unwrap()).unwrap();
        let mut seen = Vec::new();
        let sample = |i: usize, x: &mut Vector<2, T>| {
            seen.push(i);
            line(i, x)
        };
        let mean = t.epoch(&mut batch, samples, sample).unwrap();
        assert_eq!((t.steps(), t.skipped(), seen.len()), (steps, skipped, samples - skipped), "{samples}");
        // At a rate of 0, the mean of the losses of the same batches.
        let mut sum = 0.0;
        for some in seen.chunks(4) {
            let (mut x, mut y) = (vec![[T::ZERO; 2]; some.len()], vec![[T::ZERO; 1]; some.len()]);
            for (k, &i) in some.iter().enumerate() {
                y[k] = line(i, Tensor::from_mut(&mut x[k]));
            }
            sum += t.partial_step(&x, &y).unwrap().to_f64() * some.len() as f64;
        }
        let expected = sum / (seen.len().max(1)) as f64;
        assert!((mean.to_f64() - expected).abs() < 1e-6, "{samples}: {mean} {expected}");
    }
    // One sample is no epoch.
    let error = t.epoch(&mut batch, 1, line).unwrap_err();
    assert_eq!((error, t.skipped()), (EpochError { done: 0, index: None, error: SINGLE }, 0));
    assert!(error.to_string().starts_with("after 0 samples: BatchNorm<8>: one sample"));
    // A network without such a layer leaves nothing out.
    let mut plain = Trainer::<Dense<2, 1, T>, MeanSquaredError<1>, Sgd<T>, 4>::boxed();
    plain.reset(3, Sgd::new(T::ZERO).unwrap()).unwrap();
    plain.epoch(&mut batch, 5, line).unwrap();
    assert_eq!((plain.steps(), plain.skipped()), (2, 0));
}

#[test]
fn an_epoch_leaves_out_a_last_batch_of_one() {
    an_epoch::<f32>();
    an_epoch::<f64>();
}

/// All samples have their turn over several epochs: it is not always the same one that is left out.
#[test]
fn which_sample_is_left_out_differs() {
    let mut t = Trainer::<Features<f32>, MeanSquaredError<1>, Sgd, 2>::boxed();
    t.reset(3, Sgd::new(0.01).unwrap()).unwrap();
    let mut batch = Batch::boxed();
    let mut left = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let mut seen = [false; 5];
        t.epoch(&mut batch, 5, |i, x| {
            seen[i] = true;
            line(i, x)
        })
        .unwrap();
        left.extend(seen.iter().position(|seen| !seen));
    }
    assert_eq!(left.len(), 5);
}

/// Larger batches learn through the layer what batches of one could not; in use the variance is the unbiased one, 16 /
/// 15 of the batch's.
#[test]
fn larger_batches_learn_through_batch_normalisation() {
    let mut t = Trainer::<Features<f32>, MeanSquaredError<1>, Adam, 16>::boxed();
    t.reset(1, Adam::new(0.01).unwrap()).unwrap();
    let data = [([0.0f32, 0.0], [0.0f32]), ([0.0, 1.0], [1.0]), ([1.0, 0.0], [1.0]), ([1.0, 1.0], [2.0])];
    let (x, y) = (Tensor::new(std::array::from_fn(|i| data[i % 4].0)), std::array::from_fn(|i| data[i % 4].1));
    for _ in 0..500 {
        t.step::<[f32; 1]>(&x, &y).unwrap();
    }
    for (x, [y]) in data {
        let found = t.infer(&Vector::new(x)).unwrap()[0];
        assert!((found - y).abs() < 0.15, "{x:?}: {found}");
    }
}
