//! The memory of a trainer and its arithmetic, as constants.

use stackprop::prelude::*;
use stackprop::storage::Aligned;

/// Where weights and activations begin: at a cache line on processors with wide vectors, else anywhere.
const ALIGN: usize = align_of::<Aligned<()>>();
/// What a trainer holds besides numbers of the network: steps, seed, optimizer, loss, clipping, micro-batches, ready.
const WORDS: usize = 64;

/// What the sizes of a trainer follow from.
#[derive(Clone, Copy)]
struct Sizes {
    /// Bytes of a number.
    number: usize,
    batch: usize,
    /// `IN` and `OUT` of each dense layer.
    dense: &'static [(usize, usize)],
    /// Those of them that are trained.
    trained: &'static [(usize, usize)],
    /// Bytes of settings: slopes, rates, penalties.
    settings: usize,
    /// Numbers that the optimizer keeps for each parameter.
    slots: usize,
    /// 1 with the buffered sink.
    gradients: usize,
    /// Outputs of a sample that are kept for backward.
    kept: usize,
    /// The widest dy.
    widest: usize,
}

const fn parameters(dense: &[(usize, usize)]) -> usize {
    match dense {
        [first, rest @ ..] => first.0 * first.1 + first.1 + parameters(rest),
        [] => 0,
    }
}

/// Bytes of the parameters of dense layers, `number` bytes each; on a processor with wide vectors with the padding of each.
const fn bytes(dense: &[(usize, usize)], number: usize) -> usize {
    match dense {
        [first, rest @ ..] => {
            let weight = (number * first.0 * first.1).next_multiple_of(ALIGN);
            (weight + number * first.1).next_multiple_of(ALIGN) + bytes(rest, number)
        }
        [] => 0,
    }
}

/// A trainer's bytes are those of its parameters and settings, of copies of what is trained for the optimizer and for the
/// gradient, of BATCH x (kept outputs + widest dy) numbers, and a few words more.
macro_rules! assert_sizes {
    ($training:ty, $sizes:expr) => {
        const _: () = {
            type Training = $training;
            let s: Sizes = $sizes;
            assert!(Training::PARAMETERS == parameters(s.dense));
            assert!(Training::NETWORK_BYTES == (bytes(s.dense, s.number) + s.settings).next_multiple_of(ALIGN));
            assert!(Training::OPTIMIZER_BYTES == bytes(s.trained, s.slots * s.number));
            assert!(Training::GRADIENT_BYTES == bytes(s.trained, s.gradients * s.number));
            assert!(Training::ACTIVATION_BYTES == s.number * s.batch * (s.kept + s.widest));
            // Exactly in `memory_of_use.rs`.
            assert!(Training::INFERENCE_BYTES <= Training::NETWORK_BYTES + s.number * s.kept);
            let sum = Training::NETWORK_BYTES
                + Training::OPTIMIZER_BYTES
                + Training::GRADIENT_BYTES
                + Training::ACTIVATION_BYTES;
            assert!(Training::BYTES >= sum && Training::BYTES < sum + WORDS + 3 * ALIGN);
            assert!(Training::BYTES == size_of::<Training>());
        };
    };
}

/// 64-32-10. ReLU works in place: two outputs are kept.
type Digits = (Dense<64, 32>, ReLU<32>, Dense<32, 10>);
type CrossEntropy = SoftmaxCrossEntropy<10>;
const DIGITS: Sizes = Sizes {
    number: 4,
    batch: 1,
    dense: &[(64, 32), (32, 10)],
    trained: &[(64, 32), (32, 10)],
    settings: 0,
    slots: 0,
    gradients: 0,
    kept: 32 + 10,
    widest: 32,
};

const _: () = assert!(Trainer::<Digits, CrossEntropy, Sgd, 1>::BYTES <= 10_400);
const _: () = assert!(Trainer::<Digits, CrossEntropy, Adam, 1>::BYTES <= 29_700);
stackprop::budget!(Trainer<Digits, CrossEntropy, Adam, 32>, 48 * 1024);

assert_sizes!(Trainer<Digits, CrossEntropy, Sgd, 1>, DIGITS);
assert_sizes!(Trainer<Digits, CrossEntropy, Momentum, 1>, Sizes { slots: 1, ..DIGITS });
assert_sizes!(Trainer<Digits, CrossEntropy, NnfsMomentum, 1>, Sizes { slots: 1, ..DIGITS });
assert_sizes!(Trainer<Digits, CrossEntropy, Nesterov, 1>, Sizes { slots: 1, ..DIGITS });
assert_sizes!(Trainer<Digits, CrossEntropy, Adagrad, 1>, Sizes { slots: 1, ..DIGITS });
assert_sizes!(Trainer<Digits, CrossEntropy, RmsProp, 1>, Sizes { slots: 1, ..DIGITS });
assert_sizes!(Trainer<Digits, CrossEntropy, Adam, 1>, Sizes { slots: 2, ..DIGITS });
assert_sizes!(Trainer<Digits, CrossEntropy, Adam, 32>, Sizes { slots: 2, batch: 32, ..DIGITS });
assert_sizes!(Trainer<Digits, CrossEntropy, Sgd, 1, Buffered>, Sizes { gradients: 1, ..DIGITS });
assert_sizes!(Trainer<Digits, CrossEntropy, AdamW, 7, Buffered>, Sizes { slots: 2, gradients: 1, batch: 7, ..DIGITS });
assert_sizes!(Trainer<Digits, CrossEntropy, Scheduled<ClipValue<Adam>, Constant>, 1>, Sizes { slots: 2, ..DIGITS });

/// The other networks of the table in `firmware/README.md`, whose sizes on a 32-bit processor `firmware/check` compares.
macro_rules! assert_table {
    ($($in:literal - $hidden:literal - $out:literal),*) => { $(
        assert_table!(@ $in $hidden $out; Sgd 0, Momentum 1, Adam 2);
    )* };
    (@ $in:literal $hidden:literal $out:literal; $($optimizer:ident $slots:literal),*) => { $(
        assert_sizes!(
            Trainer<(Dense<$in, $hidden>, ReLU<$hidden>, Dense<$hidden, $out>), SoftmaxCrossEntropy<$out>, $optimizer, 1>,
            Sizes {
                dense: &[($in, $hidden), ($hidden, $out)],
                trained: &[($in, $hidden), ($hidden, $out)],
                slots: $slots,
                kept: $hidden + $out,
                widest: $hidden,
                ..DIGITS
            }
        );
    )* };
}
assert_table!(2 - 16 - 3, 4 - 8 - 3, 120 - 32 - 7);

// The same in double precision, and nested: nesting costs nothing.
type Digits64 = (Dense<64, 32, f64>, (ReLU<32, f64>, (Dense<32, 10, f64>,)));
assert_sizes!(Trainer<Digits64, CrossEntropy, Adam<f64>, 3>, Sizes { number: 8, slots: 2, batch: 3, ..DIGITS });

// A frozen trunk has neither optimizer state nor gradient.
type Head = (Frozen<(Dense<64, 32>, ReLU<32>)>, Dense<32, 10>);
const HEAD: Sizes = Sizes { trained: &[(32, 10)], ..DIGITS };
assert_sizes!(Trainer<Head, CrossEntropy, Adam, 1>, Sizes { slots: 2, ..HEAD });
assert_sizes!(Trainer<Head, CrossEntropy, Adam, 1, Buffered>, Sizes { slots: 2, gradients: 1, ..HEAD });

// A trunk by reference is a word, and only its outputs are kept.
const WORD: usize = size_of::<usize>().next_multiple_of(align_of::<Aligned<()>>());
type Reference = (FrozenRef<(Dense<64, 32>, ReLU<32>)>, Dense<32, 10>);
const REFERENCE: Sizes = Sizes { dense: &[(32, 10)], trained: &[(32, 10)], settings: WORD, widest: 32, ..DIGITS };
assert_sizes!(Trainer<Reference, CrossEntropy, Sgd, 1>, REFERENCE);
assert_sizes!(Trainer<Reference, CrossEntropy, Adam, 8, Buffered>, Sizes { slots: 2, gradients: 1, batch: 8, ..REFERENCE });

// The width of the input costs nothing: its dx isn't computed.
type Wide = (Dense<784, 16>, ReLU<16>, Dense<16, 10>);
const WIDE: &[(usize, usize)] = &[(784, 16), (16, 10)];
assert_sizes!(
    Trainer<Wide, CrossEntropy, Sgd, 32>,
    Sizes { dense: WIDE, trained: WIDE, batch: 32, kept: 16 + 10, widest: 16, ..DIGITS }
);

// The first layer never works in the user's input; the widest dy can be that of the last layer.
const ONE: &[(usize, usize)] = &[(5, 9)];
assert_sizes!(
    Trainer<(ReLU<5>, Dense<5, 9>), SoftmaxCrossEntropy<9>, Sgd, 2>,
    Sizes { dense: ONE, trained: ONE, batch: 2, kept: 5 + 9, widest: 9, ..DIGITS }
);

/// 5-7-3 with one layer in the middle, or two.
const SMALL: Sizes =
    Sizes { dense: &[(5, 7), (7, 3)], trained: &[(5, 7), (7, 3)], batch: 4, kept: 7 + 3, widest: 7, ..DIGITS };

// A penalty is four numbers.
assert_sizes!(
    Trainer<(Regularized<Dense<5, 7>>, ReLU<7>, Dense<7, 3>), SoftmaxCrossEntropy<3>, Adam, 4>,
    Sizes { settings: 4 * 4, slots: 2, ..SMALL }
);

macro_rules! assert_kept {
    ($kept:literal x 7, $settings:literal bytes of settings: $($middle:ty),*) => {
        assert_sizes!(
            Trainer<(Dense<5, 7>, $($middle,)* Dense<7, 3>), SoftmaxCrossEntropy<3>, Sgd, 4>,
            Sizes { kept: 7 * $kept + 3, settings: $settings, ..SMALL }
        );
    };
}
// In place of the dense layer's output.
assert_kept!(1 x 7, 0 bytes of settings: ReLU<7>);
assert_kept!(1 x 7, 0 bytes of settings: Sigmoid<7>);
assert_kept!(1 x 7, 0 bytes of settings: Tanh<7>);
assert_kept!(1 x 7, 0 bytes of settings: Softplus<7>);
assert_kept!(1 x 7, 0 bytes of settings: Softmax<7>);
assert_kept!(1 x 7, 8 bytes of settings: LeakyReLU<7>);
assert_kept!(1 x 7, 8 bytes of settings: ELU<7>);
assert_kept!(1 x 7, 8 bytes of settings: Dropout<7>);
// Backward reads the input: a buffer more.
assert_kept!(2 x 7, 0 bytes of settings: GELU<7>);
assert_kept!(2 x 7, 0 bytes of settings: TanhGELU<7>);
assert_kept!(2 x 7, 0 bytes of settings: SiLU<7>);
// Dropout doesn't read what it wrote, so the next may overwrite it; an activation's output must stay.
assert_kept!(1 x 7, 8 bytes of settings: Dropout<7>, ReLU<7>);
assert_kept!(1 x 7, 16 bytes of settings: Dropout<7>, Dropout<7>);
assert_kept!(2 x 7, 8 bytes of settings: ReLU<7>, Dropout<7>);
assert_kept!(2 x 7, 0 bytes of settings: Tanh<7>, Sigmoid<7>);
assert_kept!(2 x 7, 0 bytes of settings: Softmax<7>, ReLU<7>);
assert_kept!(2 x 7, 8 bytes of settings: GELU<7>, Dropout<7>);
assert_kept!(2 x 7, 0 bytes of settings: GELU<7>, ReLU<7>);
assert_kept!(3 x 7, 0 bytes of settings: SiLU<7>, GELU<7>);
assert_kept!(2 x 7, 0 bytes of settings: ReLU<7>, GELU<7>);
assert_kept!(2 x 7, 8 bytes of settings: (ReLU<7>, Dropout<7>));
assert_kept!(2 x 7, 8 bytes of settings: (ReLU<7>,), (Dropout<7>,));

type Step<N> = Trainer<N, CrossEntropy, Sgd, 1>;
const FORWARD: u64 = 64 * 32 + 32 * 10;

// A step: forward, the gradient of every weight, and dx of all layers but the first.
const _: () = assert!(Step::<Digits>::FORWARD_MULTIPLY_ADDS == FORWARD);
const _: () = assert!(Step::<Digits>::STEP_MULTIPLY_ADDS == 5056);
const _: () = assert!(5056 == 2 * FORWARD + 32 * 10);
const _: () = assert!(Trainer::<Digits, CrossEntropy, Adam, 32, Buffered>::STEP_MULTIPLY_ADDS == 32 * 5056);
// However it is nested, and whatever comes before the first dense layer.
const _: () = assert!(Step::<((Dense<64, 32>, ReLU<32>), (Dense<32, 10>,))>::STEP_MULTIPLY_ADDS == 5056);
const _: () = assert!(Step::<(Dropout<64>, Digits)>::STEP_MULTIPLY_ADDS == 5056);
const _: () = assert!(Step::<(Regularized<Dense<64, 32>>, ReLU<32>, Dense<32, 10>)>::STEP_MULTIPLY_ADDS == 5056);
// With the trunk frozen, the head's gradient alone: no dx at all.
const _: () = assert!(Step::<Head>::STEP_MULTIPLY_ADDS == FORWARD + 320);
const _: () = assert!(Step::<(Frozen<Dense<64, 32>>, ReLU<32>, Dense<32, 10>)>::STEP_MULTIPLY_ADDS == FORWARD + 320);
const _: () = assert!(Step::<Reference>::STEP_MULTIPLY_ADDS == FORWARD + 320);
// Frozen behind a layer that learns: dx must pass through, and no gradient is computed.
const _: () =
    assert!(Step::<(Dense<64, 32>, ReLU<32>, Frozen<Dense<32, 10>>)>::STEP_MULTIPLY_ADDS == FORWARD + 64 * 32 + 320);
// All frozen: only forward.
const _: () = assert!(Step::<Frozen<Digits>>::STEP_MULTIPLY_ADDS == FORWARD);
// Three layers: dx of the second and the third.
const _: () = assert!(
    Step::<(Dense<8, 6>, Tanh<6>, Dense<6, 4>, Tanh<4>, Dense<4, 10>)>::STEP_MULTIPLY_ADDS
        == 2 * (8 * 6 + 6 * 4 + 4 * 10) + 6 * 4 + 4 * 10
);

/// The checks above are made when this file is compiled.
#[test]
fn sizes_are_constants() {
    assert_eq!(Trainer::<Digits, CrossEntropy, Sgd, 1>::PARAMETERS, 2410);
    assert_eq!(Workspace::<Digits>::BYTES, 4 * (32 + 10));
    assert_eq!(size_of::<Batch<[f32; 64], u8, 32>>(), 32 * 64 * 4 + 32);
}
