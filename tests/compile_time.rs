//! What the compiler refuses, with the message that a user sees, and what it accepts beside it: the cases in `ui-tests`.
//!
//! The text around our own sentences is rustc's and changes with it. So the `.stderr` files are compared to the letter with the version
//! that they were made with, [`RUSTC`], alone. With any other version the cases run from a copy whose `.stderr` files trybuild
//! overwrites: a reject case must still fail, an accept case must still compile and run, and each new message must still contain
//! the words of the tables below, if not in its first two lines.
//!
//! After a change of a message, or with a new version here: `TRYBUILD=overwrite cargo test --test compile_time`, and read the diff.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of rustc that the `.stderr` files were made with.
const RUSTC: &str = "1.95";

/// Where the reject cases are.
const REJECT: &str = "ui-tests/reject";

/// Words that the first two lines of a message hold: what is wrong, and both sizes (or both types, where no size is wrong).
const SENTENCES: &[(&str, &[&str])] = &[
    ("layer_first", &["layer `", "ReLU<32>` takes `[f32; 32]`", "Dense<64, 30>` before it gives `[f32; 30]`"]),
    ("layer_middle", &["layer `", "Dense<30, 16>` takes `[f32; 30]`", "ReLU<32>` before it gives `[f32; 32]`"]),
    ("layer_last", &["layer `", "Dense<30, 10>` takes `[f32; 30]`", "ReLU<32>` before it gives `[f32; 32]`"]),
    ("layer_between_networks", &["layer `", "ReLU<16>)` takes `[f32; 30]`", "ReLU<32>)` before it gives `[f32; 32]`"]),
    (
        "layer_in_inner_network",
        &["layer `", "Dense<30, 16>` takes `[f32; 30]`", "ReLU<32>` before it gives `[f32; 32]`"],
    ),
    ("layer_through_zero", &["layer `", "Dense<30, 10>` takes `[f32; 30]`", "ReLU<32>` before it gives `[f32; 32]`"]),
    ("layer_through_bytes", &["layer `", "Dense<30, 10>` takes `[f32; 30]`", "ReLU<32>` before it gives `[f32; 32]`"]),
    ("layer_through_step", &["layer `", "Dense<30, 10>` takes `[f32; 30]`", "ReLU<32>` before it gives `[f32; 32]`"]),
    ("layer_through_infer", &["layer `", "Dense<30, 10>` takes `[f32; 30]`", "ReLU<32>` before it gives `[f32; 32]`"]),
    ("layer_of_f64", &["layer `", "Dense<32, 10, f64>` takes `[f64; 32]`", "ReLU<32>` before it gives `[f32; 32]`"]),
    ("use_alone_in_training", &["not a layer that can be trained, nor a tuple of 1 to 16 such layers: `Clip`"]),
    ("layer_seventeen", &["not a layer, nor a tuple of 1 to 16 layers: `("]),
    ("layer_frozen_ref_behind", &["a `FrozenRef` has no backward pass: it cannot stand behind a layer that learns"]),
    ("layer_frozen_ref_in_workspace", &["a network with a `FrozenRef` may lack its trunk"]),
    ("layer_concat", &["Concat<A, B, Out>: the last dimension of Out must be", "= 8, not 9"]),
    ("layer_concat_of_sequences", &["Concat<A, B, Out>: A gives [3], B gives [4x5] and Out is [4x8]"]),
    ("layer_concat_inputs", &["layer `", "Dense<5, 3>` takes `[f32; 5]`", "Dense<4, 3>` beside it takes `[f32; 4]`"]),
    ("layer_sum", &["layer `", "Dense<4, 2>` gives `[f32; 2]`", "Dense<8, 3>)` beside it gives `[f32; 3]`"]),
    ("layer_residual", &["layer `", "Dense<8, 15>)` takes `[f32; 16]` and gives `[f32; 15]`"]),
    (
        "layer_recompute_statistics",
        &["a layer with running statistics, such as `Standardize`, learns from activations"],
    ),
    ("layer_recompute_of_a_layer", &["not a tuple of 1 to 16 layers: `", "Dense<64, 10>`"]),
    (
        "layer_recompute_joint",
        &["layer `", "Dense<30, 10>` takes `[f32; 30]`", "ReLU<32>)` before it gives `[f32; 32]`"],
    ),
    (
        "layer_sequence",
        &["layer `", "Dense<16, 7>` takes `[f32; 16]`", "Gru<20, 6, 16>` before it gives `[[f32; 16]; 20]`"],
    ),
    ("layer_without_structure", &["not all trait items implemented, missing: `STRUCTURE`"]),
    ("layer_without_visit", &["not all trait items implemented, missing: `visit`, `visit_mut`"]),
    ("export_without_source", &["`Scale<3>` cannot be written as Rust source"]),
    ("layer_too_deep", &["names of parameters have at most 15 levels"]),
    ("layer_is_none", &["not a layer, nor a tuple of 1 to 16 layers: `f32`"]),
    ("loss_of_nine", &["loss `", "SoftmaxCrossEntropy<9>` cannot take the network's output `[f32; 10]`"]),
    ("loss_of_nine_through_bytes", &["loss `", "SoftmaxCrossEntropy<9>` cannot take the network's output `[f32; 10]`"]),
    ("loss_is_a_layer", &["loss `", "Softmax<10>` cannot take the network's output `[f32; 10]`"]),
    (
        "loss_regression_with_labels",
        &["loss `", "MeanSquaredError<10>` cannot compare output `[f32; 10]` with target `u8`"],
    ),
    (
        "loss_with_float_labels",
        &["loss `", "SoftmaxCrossEntropy<10>` cannot compare output `[f32; 10]` with target `f32`"],
    ),
    (
        "loss_with_signed_labels",
        &["loss `", "SoftmaxCrossEntropy<10>` cannot compare output `[f32; 10]` with target `i32`"],
    ),
    (
        "loss_with_f64_target",
        &["loss `", "MeanSquaredError<1>` cannot compare output `[f32; 1]` with target `Tensor<[f64; 1]>`"],
    ),
    (
        "loss_with_nine_probabilities",
        &["loss `", "SoftmaxCrossEntropy<10>` cannot compare output `[f32; 10]`", "[f32; 9]"],
    ),
    ("metric_of_nine", &["metric `", "ConfusionMatrix<9>` cannot take output `[f32; 10]`"]),
    ("metric_of_labels", &["metric `", "MeanAbsolute` cannot take output `[f32; 10]` with target `u8`"]),
    (
        "metric_accuracy_of_one",
        &["Accuracy: one output is one class, which is always right", "`BinaryAccuracy::of_logits()`"],
    ),
    ("metric_top_k_of_one", &["TopK: one output is one class", "`BinaryAccuracy::of_probabilities()`"]),
    ("metric_confusion_of_one", &["ConfusionMatrix: one output is one class", "`BinaryAccuracy::of_logits()`"]),
    ("optimizer_other", &["the trainer's optimizer is `", "Adam`, but `", "Sgd<{float}>` was given"]),
    ("optimizer_resume_other", &["the trainer's optimizer is `", "Adam`, but `", "AdamW` was given"]),
    ("optimizer_of_f64", &["<Adam<f64> as Optimizer>::T == f32"]),
    ("optimizer_is_none", &["`f32` is not an optimizer"]),
    ("budget_of_training", &["budget: `Training` needs 38528 bytes, the budget is 32768"]),
    ("budget_of_workspace", &["budget: `Workspace<Net>` needs 168 bytes, the budget is 128"]),
    ("conv1d_length", &["Conv1d<20, 6, 17, 16, 3>: OLEN must be (LEN - K) / 1 + 1 = 18, not 17"]),
    ("conv1d_in_training", &["Conv1d<20, 6, 17, 16, 3>: OLEN must be (LEN - K) / 1 + 1 = 18, not 17"]),
    ("conv1d_dilated", &["Conv1d<20, 6, 10, 16, 3>: OLEN must be (LEN + 2 * 1 - 2 * (K - 1) - 1) / 2 + 1 = 9, not 10"]),
    (
        "conv1d_window",
        &["Conv1d<4, 6, 1, 16, 5>: OLEN must be", "at least 1, but the window is longer than what it slides over"],
    ),
    ("conv1d_groups", &["Conv1d<20, 6, 18, 16, 3>: PER must divide IN = 6, not be 4"]),
    ("conv1d_group_outputs", &["Conv1d<20, 6, 18, 16, 3>: OUT must be a multiple of the groups, IN / PER = 3, not 16"]),
    ("conv2d_rows", &["Conv2d<28, 28, 1, 28, 26, 8, 3, 3>: OH must be (H - KH) / 1 + 1 = 26, not 28"]),
    ("conv2d_columns", &["Conv2d<27, 27, 1, 14, 13, 8, 3, 3>: OW must be W / 2 rounded up = 14, not 13"]),
    (
        "conv_transpose1d_length",
        &["ConvTranspose1d<7, 4, 14, 2, 3>: OLEN must be (LEN - 1) * 2 + K = 15, or up to 1 more, not 14"],
    ),
    (
        "conv_transpose2d_rows",
        &[
            "ConvTranspose2d<7, 7, 4, 16, 14, 2, 4, 4>: OH must be (H - 1) * 2 + KH - 2 * 1 = 14, or up to 1 more, not 16",
        ],
    ),
    (
        "conv_transpose2d_columns",
        &["ConvTranspose2d<7, 7, 4, 14, 15, 2, 4, 4>: OW must be W * 2 = 14, or up to 1 less, not 15"],
    ),
    ("sliced_without_sliceable", &["`Same` cannot be trained in slices"]),
    ("size_max_pool_1d", &["MaxPool1d<20, 6, 9, 2>: OLEN must be (LEN - K) / 2 + 1 = 10, not 9"]),
    ("size_max_pool_2d", &["MaxPool2d<28, 28, 3, 14, 13, 3, 3>: OW must be W / 2 rounded up = 14, not 13"]),
    ("size_avg_pool_1d", &["AvgPool1d<3, 6, 1, 5>: OLEN must be (LEN - K) / 5 + 1 = at least 1"]),
    ("size_avg_pool_2d", &["AvgPool2d<4, 4, 1, 10, 10, 1, 1>: a window must hold an input, not padding alone"]),
    ("size_in_training", &["MaxPool1d<4, 3, 3, 2>: OLEN must be (LEN - K) / 2 + 1 = 2, not 3"]),
    ("size_batch_norm", &["BatchNorm<3, A>: N must be the last dimension of A = 4, not 3"]),
    ("size_layer_norm", &["LayerNorm<3, A>: N must be the last dimension of A = 4, not 3"]),
    ("size_flatten", &["Flatten<_, 30>: N must be the numbers of its input = 32, not 30"]),
    ("size_reshape", &["Reshape<A, B>: the numbers of B must be those of A = 32, not 30"]),
    ("size_pad_1d", &["Pad1d<20, 6, 21, 2>: OLEN must be at least BEFORE + LEN = 22, not 21"]),
    ("size_pad_2d", &["Pad2d<3, 4, 1, 5, 4, 1, 1>: OW must be at least LEFT + W = 5, not 4"]),
    ("attention_heads", &["MultiHeadAttention<12, 16, 3, 5>: N must be HEADS * HEAD = 15, not 16"]),
    ("forged_array", &["the trait bound `Odd: Sample` is not satisfied"]),
    ("forged_copies", &["`Odd` is none of the library's own types, and the trait is implemented for those alone"]),
    ("zeroed_drop", &["zeroed!: `Handle` needs `Drop`, but plain memory is copied as bytes"]),
    ("zeroed_drop_generic", &["zeroed!: `Handle` needs `Drop`, but plain memory is copied as bytes"]),
    ("zeroed_field", &["the trait bound `&str: Zeroed` is not satisfied"]),
    ("zeroed_missing_field", &["pattern requires `..` due to inaccessible fields"]),
    ("zero_dense_inputs", &["Dense<0, 3>: IN must be at least 1"]),
    ("zero_dense_outputs", &["Dense<3, 0>: OUT must be at least 1"]),
    ("zero_activation", &["ReLU<0>: N must be at least 1"]),
    ("zero_activation_channels", &["Tanh<3, A>: A must hold at least 1 number"]),
    ("zero_softmax", &["Softmax<0>: N must be at least 1"]),
    ("zero_dropout", &["Dropout<0, A>: N must be at least 1"]),
    ("zero_standardize", &["Standardize<0>: N must be at least 1"]),
    ("zero_rnn", &["Rnn<2, 0, 3>: IN must be at least 1"]),
    ("zero_gru", &["Gru<0, 3, 4>: STEPS must be at least 1"]),
    ("zero_lstm", &["Lstm<2, 3, 0>: HIDDEN must be at least 1"]),
    ("zero_last", &["Last<0, 4>: STEPS must be at least 1"]),
    ("zero_flatten", &["Flatten<_, 0>: N must be at least 1"]),
    ("zero_reshape", &["Reshape<A, B>: A must hold at least 1 number"]),
    ("zero_transpose", &["Transpose<3, 0>: B must be at least 1"]),
    ("zero_pad", &["Pad2d<3, 4, 0, 5, 6, 1, 1>: C must be at least 1"]),
    ("zero_max_pool", &["MaxPool1d<20, 6, 10, 0>: K must be at least 1"]),
    ("zero_avg_pool", &["AvgPool2d<4, 4, 1, 2, 2, 2, 2>: STRIDE must be at least 1"]),
    ("zero_global_pool", &["AvgPool1d<0, 3, 1, 0>: LEN must be at least 1"]),
    ("zero_conv1d", &["Conv1d<20, 6, 20, 8, 0>: K must be at least 1"]),
    ("zero_conv1d_stride", &["Conv1d<20, 6, 18, 8, 3>: STRIDE must be at least 1"]),
    ("zero_conv2d", &["Conv2d<8, 8, 0, 6, 6, 4, 3, 3>: IN must be at least 1"]),
    ("zero_conv_transpose1d", &["ConvTranspose1d<5, 4, 10, 0, 2>: OUT must be at least 1"]),
    ("zero_conv_transpose2d", &["ConvTranspose2d<0, 4, 3, 2, 8, 2, 2, 2>: H must be at least 1"]),
    ("zero_batch_norm", &["BatchNorm<3, A>: A must hold at least 1 number"]),
    ("zero_layer_norm", &["LayerNorm<0, A> or RMSNorm<0, A>: N must be at least 1"]),
    ("zero_rms_norm", &["RMSNorm<4, A>: A must hold at least 1 number"]),
    ("zero_embedding", &["Embedding<4, 0, 3>: VOCABULARY must be at least 1"]),
    ("zero_position_embedding", &["PositionEmbedding<0, 3>: STEPS must be at least 1"]),
    ("zero_attention", &["MultiHeadAttention<4, 6, 0, 6>: HEADS must be at least 1"]),
    ("zero_in_concat", &["Dense<3, 0>: OUT must be at least 1"]),
    ("zero_in_recompute", &["Dense<4, 0>: OUT must be at least 1"]),
    ("zero_in_residual", &["Dense<0, 4>: IN must be at least 1"]),
    ("zero_in_training", &["Gru<0, 3, 4>: STEPS must be at least 1"]),
    ("zero_in_use", &["Dense<0, 3>: IN must be at least 1"]),
    ("zero_in_slices", &["Dense<3, 0>: OUT must be at least 1"]),
    ("zero_in_stream", &["Lstm<1, 0, 4>: IN must be at least 1"]),
    ("zero_in_file", &["Conv1d<8, 0, 6, 4, 3>: IN must be at least 1"]),
    ("zero_outputs_of_loss", &["MeanSquaredError<0>: N must be at least 1"]),
    ("zero_classes_of_loss", &["SoftmaxCrossEntropy<0>: CLASSES must be at least 1"]),
    ("zero_classes_of_metric", &["ConfusionMatrix<0>: CLASSES must be at least 1"]),
    ("zero_numbers_of_reshape", &["reshape: a tensor must hold at least 1 number"]),
    ("zero_batch_of_trainer", &["Trainer<N, L, O, 0>: BATCH must be at least 1"]),
    ("zero_batch_of_memory", &["Trainer<N, L, O, 0>: BATCH must be at least 1"]),
    ("zero_batch_of_sliced", &["Sliced<N, L, O, 0>: BATCH must be at least 1"]),
    ("zero_batch_of_epoch", &["Batch<In, Target, 0>: BATCH must be at least 1"]),
    ("zero_batch_of_tape", &["Tape<L, 0>: B must be at least 1"]),
    ("zero_batch_of_workspace", &["Workspace<L, 0>: B must be at least 1"]),
    ("zero_batch_of_check", &["Tape<L, 0>: B must be at least 1"]),
    (
        "batch_norm_of_one",
        &["BatchNorm<8>: a batch of one sample has one value a channel, and no variance", "BATCH must be at least 2"],
    ),
    (
        "batch_norm_of_one_accumulated",
        &["BatchNorm<4>: a batch of one sample has one value a channel, and no variance", "BATCH must be at least 2"],
    ),
    (
        "batch_norm_of_one_pipelined",
        &["BatchNorm<8>: a batch of one sample has one value a channel, and no variance", "BATCH must be at least 2"],
    ),
    (
        "batch_norm_of_one_sliced",
        &["BatchNorm<8>: a batch of one sample has one value a channel, and no variance", "BATCH must be at least 2"],
    ),
    (
        "network_dense_of_image",
        &["network!: `Dense(10)` takes a vector [N], but gets [26, 26, 8]: put `Flatten` before it"],
    ),
    (
        "network_dense_of_sequence",
        &[
            "network!: `Dense(7)` takes a vector [N], but gets [20, 16]: put `Flatten` before it, or `Last` for the last step alone",
        ],
    ),
    (
        "network_softmax_of_sequence",
        &["network!: `Softmax` takes a vector [N], but gets [10, 7]: put `Flatten` before it"],
    ),
    (
        "network_conv2d_of_sequence",
        &["network!: `Conv2d(8, 3, 3)` takes an image [HEIGHT, WIDTH, CHANNELS], but gets [18, 7]"],
    ),
    ("network_gru_of_vector", &["network!: `Gru(16)` takes a sequence [STEPS, CHANNELS], but gets [8]"]),
    (
        "network_flatten_of_vector",
        &["network!: `Flatten` takes a sequence [STEPS, CHANNELS] or an image [HEIGHT, WIDTH, CHANNELS], but gets [8]"],
    ),
    ("network_last_of_image", &["network!: `Last` takes a sequence [STEPS, CHANNELS], but gets [6, 6, 4]"]),
    ("network_without_sizes", &["network!: `Dense` is written `Dense(OUT)`"]),
    ("network_of_too_few_sizes", &["network!: `Conv1d(16)` is written `Conv1d(OUT, K)` or `Conv1d(OUT, K, SLIDE)`"]),
    (
        "network_of_unknown_layer",
        &["network!: `Linear(3)`: there is no such layer, and one of your own is its name alone, for `Name<N, A>`"],
    ),
    (
        "network_of_four_dimensions",
        &[
            "network!: the input is a vector [N], a sequence [STEPS, CHANNELS] or an image [HEIGHT, WIDTH, CHANNELS], not [2, 3, 4, 5]",
        ],
    ),
    (
        "network_window",
        &[
            "Conv1d<20, 6, 0, 16, 30>: OLEN must be (LEN - K) / 1 + 1 = at least 1, but the window is longer than what it slides over",
        ],
    ),
    ("network_window_of_zero", &["Conv2d<8, 8, 1, 0, 6, 4, 0, 3>: KH must be at least 1"]),
    ("network_of_no_heads", &["MultiHeadAttention<4, 6, 0, 0>: HEADS must be at least 1"]),
    ("tensor_reshape", &["reshape: a tensor of 64 numbers cannot become one of 63"]),
    ("tensor_reshape_ref", &["reshape: a tensor of 64 numbers cannot become one of 65"]),
    ("tensor_product", &["multiply `&Tensor<[[f32; 3]; 2]>` by `&Tensor<[[f32; 5]; 4]>`"]),
    ("tensor_product_with_vector", &["multiply `&Tensor<[[f32; 3]; 2]>` by `&Tensor<[f32; 4]>`"]),
    ("tensor_sum", &["`Tensor<[[f32; 4]; 2]>` to `Tensor<[[f32; 3]; 2]>`"]),
];

/// Arrays of a wrong size, which rustc refuses with E0308 whatever the design, and the two types that its message holds.
const ARRAYS: &[(&str, &[&str])] = &[
    ("array_input", &["&Tensor<[[f32; 64]; 32]>", "&Tensor<[[f32; 63]; 32]>"]),
    ("array_batch", &["&Tensor<[[f32; 64]; 32]>", "&Tensor<[[f32; 64]; 16]>"]),
    ("array_labels", &["; 32]`", "&[u8; 31]`"]),
    ("array_epoch", &["expected `32`", "found `16`"]),
    ("array_workspace", &["&Tensor<[f32; 64]>", "&Tensor<[f32; 63]>"]),
    ("array_tape", &["&Tensor<[[f32; 64]; 8]>", "&Tensor<[[f32; 63]; 8]>"]),
    ("array_tape_gradient", &["&Tensor<[[f32; 10]; 8]>", "&Tensor<[[f32; 9]; 8]>"]),
];

/// Where the copy is, in the second process of [`cases`] with another version: trybuild's setting is an environment variable.
const COPY: &str = "STACKPROP_REJECT_CASES";

#[test]
fn cases() {
    if let Ok(copy) = env::var(COPY) {
        compile(&copy);
    } else if version().starts_with(&format!("rustc {RUSTC}.")) {
        compile(REJECT);
    } else {
        println!("not rustc {RUSTC}: messages are searched for our own sentences only");
        let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reject");
        let _ = fs::remove_dir_all(&copy);
        fs::create_dir_all(&copy).unwrap();
        for file in files() {
            fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
        }
        let overwrite = Command::new(env::current_exe().unwrap())
            .args(["cases", "--exact", "--nocapture"])
            .env(COPY, &copy)
            .env("TRYBUILD", "overwrite")
            .status();
        assert!(overwrite.unwrap().success());
        for (name, words) in SENTENCES.iter().chain(ARRAYS) {
            holds(name, words, &message(&copy, name));
        }
    }
}

/// One set of cases: reshapes are refused in a build, not by `cargo check`, and it is the pass cases that make trybuild build.
fn compile(reject: &str) {
    let cases = trybuild::TestCases::new();
    cases.pass("ui-tests/accept/*.rs");
    cases.compile_fail(format!("{reject}/*.rs"));
}

#[test]
fn the_first_two_lines_name_what_is_wrong_and_both_sizes() {
    for (name, words) in SENTENCES {
        let message = message(Path::new(REJECT), name);
        let lines: Vec<&str> = message.lines().take(2).collect();
        holds(name, words, &lines.join("\n"));
    }
}

#[test]
fn a_wrong_array_is_refused_with_both_types() {
    for (name, words) in ARRAYS {
        let message = message(Path::new(REJECT), name);
        assert!(message.starts_with("error[E0308]: "), "{name}: {message}");
        holds(name, words, &message);
    }
}

#[test]
fn every_case_is_in_a_table_and_has_a_message() {
    let names: BTreeSet<String> = SENTENCES.iter().chain(ARRAYS).map(|(name, _)| name.to_string()).collect();
    assert_eq!(names.len(), SENTENCES.len() + ARRAYS.len());
    for extension in ["rs", "stderr"] {
        let of_kind = files().into_iter().filter(|file| file.extension().is_some_and(|e| e == extension));
        let found: BTreeSet<String> = of_kind.map(|file| file.file_stem().unwrap().to_str().unwrap().into()).collect();
        assert_eq!(found, names, "{extension}");
    }
}

#[test]
fn no_message_holds_a_path_of_this_machine() {
    for (name, _) in SENTENCES.iter().chain(ARRAYS) {
        for line in message(Path::new(REJECT), name).lines() {
            let path = line.trim_start().strip_prefix("--> ").or(line.trim_start().strip_prefix("::: "));
            assert!(!path.is_some_and(|path| Path::new(path).is_absolute()), "{name}: {line}");
            assert!(!line.contains(env!("CARGO_MANIFEST_DIR")) && !line.contains(".txt'"), "{name}: {line}");
        }
    }
}

/// What `rustc --version` says.
fn version() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    String::from_utf8(Command::new(rustc).arg("--version").output().unwrap().stdout).unwrap()
}

/// The reject cases and their messages.
fn files() -> Vec<PathBuf> {
    fs::read_dir(REJECT).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The message of a case.
fn message(directory: &Path, name: &str) -> String {
    fs::read_to_string(directory.join(name).with_extension("stderr")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn holds(name: &str, words: &[&str], text: &str) {
    for word in words {
        assert!(text.contains(word), "{name}: `{word}` is missing in\n{text}");
    }
}
