//! Weights as a file and as Rust source: what is written comes back, and what is damaged is an error that changes
//! nothing.

use stackprop::init::{Init, initialise};
use stackprop::layer::Layer;
use stackprop::parameter::{Domain, Path};
use stackprop::prelude::*;
use stackprop::random::generator;
use stackprop::weights::{Difference, WeightsError, export, file_size, read, write};

mod common;
use common::run::{bits, parameter_bits, parameters, uniform};

type Net<T> = (Dense<3, 4, T>, LeakyReLU<4, T>, (Dense<4, 2, T>, Softmax<2, T>));

fn random<L: Layer>(seed: u64) -> L {
    let mut net = L::ZERO;
    initialise(&mut net, Init::HeNormal, &mut generator(seed));
    net
}

fn file<L: Layer>(net: &L) -> Vec<u8> {
    let mut file = vec![0; file_size::<L>()];
    assert_eq!(write(net, &mut file), Ok(file.len()));
    file
}

/// Reading `file` fails and changes nothing.
#[track_caller]
fn assert_refused<L: Layer>(file: &[u8], error: WeightsError) {
    let mut net = random::<L>(9);
    let before = parameter_bits(&net);
    assert_eq!(read(&mut net, file), Err(error));
    assert_eq!(parameter_bits(&net), before);
}

fn round_trip<L: Layer>() {
    let (net, mut other) = (random::<L>(1), random::<L>(2));
    assert_ne!(parameter_bits(&net), parameter_bits(&other));
    let mut file = file(&net);
    // What comes after the file is passed over.
    file.extend([7; 5]);
    read(&mut other, &file).unwrap();
    assert_eq!(parameter_bits(&net), parameter_bits(&other));
}

#[test]
fn what_is_written_comes_back() {
    round_trip::<Net<f32>>();
    round_trip::<Net<f64>>();
    round_trip::<Dense<1, 1>>();
    round_trip::<(Regularized<Dense<5, 3>>, Dropout<3>, ELU<3>, Frozen<Dense<3, 2>>)>();
    round_trip::<Frozen<Net<f64>>>();
}

#[test]
fn every_number_comes_back() {
    let numbers = [0.0, -0.0, f32::MIN_POSITIVE / 4.0, f32::MAX, -1.0 / 3.0, f32::EPSILON];
    let net = Dense::new([numbers], [1.0, -2.0, 3.0, 1e-38, -1e38, 5.0]);
    let mut other = Dense::<1, 6>::ZERO;
    read(&mut other, &file(&net)).unwrap();
    assert_eq!(parameter_bits(&net), parameter_bits(&other));
}

#[test]
fn the_format_is_as_documented() {
    let net = Dense::<2, 1>::new([[1.5], [-2.0]], [0.25]);
    let file = file(&net);
    assert_eq!(file.len(), 16 + 4 + 3 * 4 + 4);
    assert_eq!(file[..8], *b"SPRP\x02\x00\x04\x00");
    assert_eq!(file[8..12], 1u32.to_le_bytes(), "one layer");
    assert_eq!(file[12..16], 3u32.to_le_bytes(), "three numbers");
    // In no other layer; its name and sizes; a matrix of 2 x 1, and a vector of 1.
    let layer = [b"\0\0\0\0Dense\0\x02\0\0\0\x01\0\0\0", b"\x02\x02\0\0\0\x01\0\0\0\x01\x01\0\0\0".as_slice()].concat();
    assert_eq!(file[16..20], crc32(&layer).to_le_bytes());
    let numbers: Vec<u8> = [1.5f32, -2.0, 0.25].iter().flat_map(|v| v.to_le_bytes()).collect();
    assert_eq!(file[20..32], numbers);
    assert_eq!(file[32..], crc32(&file[..32]).to_le_bytes());
}

/// CRC-32 as in zip and PNG, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[test]
fn a_truncated_file_is_an_error() {
    let file = file(&random::<Net<f32>>(1));
    for has in 0..file.len() {
        assert_refused::<Net<f32>>(&file[..has], WeightsError::Truncated { needs: file.len(), has });
    }
}

#[test]
fn a_flipped_byte_is_an_error() {
    let file = file(&random::<Net<f64>>(1));
    for at in 0..file.len() {
        for flip in (0..8).map(|bit| 1 << bit).chain([0xff]) {
            let mut file = file.clone();
            file[at] ^= flip;
            let mut net = random::<Net<f64>>(9);
            let before = parameter_bits(&net);
            let error = read(&mut net, &file).unwrap_err();
            assert_eq!(parameter_bits(&net), before);
            let version = u16::from_le_bytes([file[4], file[5]]);
            match at {
                0..4 => assert_eq!(error, WeightsError::NotWeights),
                4..6 if version != 1 => assert_eq!(error, WeightsError::Version(version)),
                // What says how long the file is.
                6..16 => assert!(matches!(error, WeightsError::Damaged | WeightsError::Truncated { .. }), "{error}"),
                _ => assert_eq!(error, WeightsError::Damaged),
            }
        }
    }
}

#[test]
fn something_else_is_an_error() {
    assert_refused::<Net<f32>>(b"\x89PNG\r\n\x1a\n, and what follows in a picture", WeightsError::NotWeights);
    assert_refused::<Net<f32>>(&[0; 200], WeightsError::NotWeights);
    // Of less than a header, too.
    assert_refused::<Net<f32>>(b"SPRX", WeightsError::NotWeights);
    assert_refused::<Net<f32>>(b"hello", WeightsError::NotWeights);
}

#[test]
fn a_file_of_another_network_is_an_error() {
    type Reader = (Dense<3, 4>, LeakyReLU<4>, Dense<4, 2>);
    fn refused<L: Layer>(difference: Difference) {
        assert_refused::<Reader>(&file(&random::<L>(1)), WeightsError::OtherNetwork(difference));
    }
    let layer = |i, name| Difference::LayerAt { path: Path::default().part(i), name };
    // Other shapes: narrower, wider, and as many numbers in other shapes.
    refused::<(Dense<3, 4>, LeakyReLU<4>, Dense<4, 1>)>(layer(2, "Dense"));
    refused::<(Dense<3, 5>, LeakyReLU<5>, Dense<5, 2>)>(layer(0, "Dense"));
    refused::<(Dense<9, 2>, LeakyReLU<2>, Dense<2, 2>)>(layer(0, "Dense"));
    // Other layers, another number of layers, another number type.
    refused::<(Dense<3, 4>, ReLU<4>, Dense<4, 2>)>(layer(1, "LeakyReLU"));
    refused::<(Dense<3, 4>, ELU<4>, Dense<4, 2>)>(layer(1, "LeakyReLU"));
    refused::<(Dense<3, 4>, LeakyReLU<4>, Dense<4, 2>, LeakyReLU<2>)>(Difference::Layers { file: 4, network: 3 });
    refused::<(Dense<3, 4>, LeakyReLU<4>)>(Difference::Layers { file: 2, network: 3 });
    refused::<(Dense<3, 4, f64>, LeakyReLU<4, f64>, Dense<4, 2, f64>)>(Difference::NumberType(8));
    // Where they stand in groups doesn't matter.
    read(&mut random::<Reader>(2), &file(&random::<((Dense<3, 4>, LeakyReLU<4>), (Dense<4, 2>,))>(1))).unwrap();
}

#[test]
fn a_file_with_other_settings_is_an_error() {
    let mut net = random::<Net<f32>>(1);
    net.1.set_slope(0.02).unwrap();
    let file = file(&net);
    let path = Path::default().part(1);
    assert_refused::<Net<f32>>(&file, WeightsError::OtherNetwork(Difference::LayerAt { path, name: "LeakyReLU" }));
    let mut reader = random::<Net<f32>>(2);
    reader.1.set_slope(0.02).unwrap();
    read(&mut reader, &file).unwrap();
    assert_eq!(parameter_bits(&net), parameter_bits(&reader));
    // A default that was set is the default.
    net.1.set_slope(0.01).unwrap();
    read(&mut random::<Net<f32>>(3), &self::file(&net)).unwrap();
}

#[test]
fn penalties_and_freezing_are_not_in_the_file() {
    let net = random::<(Dense<3, 4>, ReLU<4>, Dense<4, 2>)>(1);
    let mut other = random::<(Frozen<(Dense<3, 4>, ReLU<4>)>, Regularized<Dense<4, 2>>)>(2);
    read(&mut other, &file(&net)).unwrap();
    assert_eq!(parameter_bits(&net), parameter_bits(&other));
    let mut other = random::<Recompute<(Frozen<Dense<3, 4>>, Dropout<4>, ReLU<4>, Regularized<Dense<4, 2>>)>>(2);
    read(&mut other, &file(&net)).unwrap();
    assert_eq!(parameter_bits(&net), parameter_bits(&other));
}

#[test]
fn a_number_that_is_not_finite_is_an_error() {
    let good = file(&Dense::<2, 2>::new([[1.0; 2]; 2], [1.0; 2]));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for at in 0..6 {
            let mut file = good.clone();
            file[20 + 4 * at..][..4].copy_from_slice(&bad.to_le_bytes());
            mend(&mut file);
            assert_refused::<Dense<2, 2>>(&file, WeightsError::NonFinite);
        }
    }
}

/// Gives a file the checksum of its content.
fn mend(file: &mut [u8]) {
    let (content, checksum) = file.split_last_chunk_mut::<4>().unwrap();
    *checksum = crc32(content).to_le_bytes();
}

#[test]
fn a_small_buffer_is_an_error() {
    let net = random::<Net<f32>>(1);
    let needs = file_size::<Net<f32>>();
    for size in 0..needs {
        let mut buffer = vec![0xaa; size];
        assert_eq!(write(&net, &mut buffer), Err(WeightsError::BufferTooSmall { needs }));
        assert!(buffer.iter().all(|&b| b == 0xaa), "nothing is written");
    }
    let mut buffer = vec![0xaa; needs + 3];
    assert_eq!(write(&net, &mut buffer), Ok(needs));
    assert_eq!(buffer[needs..], [0xaa; 3]);
}

#[test]
fn messages() {
    let (path, lone) = (Path::default().part(2).part(0), Path::default());
    let other = WeightsError::OtherNetwork;
    let messages = [
        (WeightsError::BufferTooSmall { needs: 32 }, "the buffer must hold 32 bytes"),
        (
            WeightsError::Truncated { needs: 32, has: 7 },
            "the file has 7 bytes of 32: it is truncated, or its start is damaged",
        ),
        (WeightsError::NotWeights, "this is not a file of weights"),
        (WeightsError::Version(3), "the file has version 3 of the format, not 1 or 2"),
        (
            other(Difference::LayerAt { path, name: "Tanh" }),
            "the file is of another network: layer 2.0 (Tanh) is another one there, or has other sizes or settings",
        ),
        (
            other(Difference::LayerAt { path: lone, name: "Tanh" }),
            "the file is of another network: layer (Tanh) is another one there, or has other sizes or settings",
        ),
        (
            other(Difference::Layers { file: 3, network: 4 }),
            "the file is of another network: it has 3 layers, this one 4",
        ),
        (
            other(Difference::NumberType(8)),
            "the file is of another network: its numbers have 8 bytes (f32 has 4, f64 has 8)",
        ),
        (other(Difference::Unknown), "the file is of another network: layers, shapes, settings or their order differ"),
        (WeightsError::Damaged, "the file is damaged: its checksum is wrong"),
        (WeightsError::NonFinite, "a weight or a setting is infinite or NaN"),
        (
            WeightsError::OutOfDomain { path, name: "variance", domain: Domain::NonNegative },
            "2.0.variance: a number is negative",
        ),
        (
            WeightsError::OutOfDomain { path: lone, name: "count", domain: Domain::Count },
            "count: a number is negative, or not whole",
        ),
        (
            WeightsError::Parameters { shown: 3, counted: 4 },
            "a layer is wrong: `visit` shows 3 numbers in all, `COST` counts 4",
        ),
    ];
    for (error, message) in messages {
        assert_eq!(error.to_string(), message);
    }
}

/// What [`export`] wrote, compiled.
mod exported {
    use stackprop::prelude::*;
    type Classifier = (Frozen<(Dense<2, 3>, LeakyReLU<3>)>, GELU<3>, Regularized<Dense<3, 2>>, Dropout<2>, Softmax<2>);
    type Function = Dense<1, 2, f64>;
    include!("exported/nets.rs");
}

/// The network whose export is checked in.
fn classifier() -> (Frozen<(Dense<2, 3>, LeakyReLU<3>)>, GELU<3>, Regularized<Dense<3, 2>>, Dropout<2>, Softmax<2>) {
    let mut net: (Frozen<(Dense<2, 3>, LeakyReLU<3>)>, _, Regularized<Dense<3, 2>>, _, _) = random(1);
    net.0.layer_mut().1.set_slope(0.2).unwrap();
    net.2.layer_mut().set(&[[0.1, -0.0], [1e-30, 3.4e38], [1.0 / 3.0, 16_777_216.0]], &[-1.5, 0.0]);
    net
}

fn source<L: Layer + Export>(net: &L, name: &str, type_name: &str) -> String {
    let mut text = String::new();
    export(net, name, type_name, &mut text).unwrap();
    text
}

#[test]
fn the_export_is_the_checked_in_source() {
    let function = Dense::<1, 2, f64>::new([[0.1, -1e300]], [1.0 / 3.0, 2.0]);
    let text = source(&classifier(), "CLASSIFIER", "Classifier") + &source(&function, "FUNCTION", "Function");
    assert_eq!(text, include_str!("exported/nets.rs"));
}

#[test]
fn the_compiled_export_is_the_network() {
    let net = classifier();
    assert_eq!(parameter_bits(&exported::CLASSIFIER), parameter_bits(&net));
    assert_eq!(exported::FUNCTION, Dense::new([[0.1, -1e300]], [1.0 / 3.0, 2.0]));
    let (mut flash, mut ram) = (Workspace::<_, 5>::boxed(), Workspace::<_, 5>::boxed());
    let x = uniform::<[[f32; 2]; 5]>(1);
    assert_eq!(
        bits(flash.infer_batch(&exported::CLASSIFIER, &x).as_slice()),
        bits(ram.infer_batch(&net, &x).as_slice())
    );
}

#[test]
fn the_export_of_a_trained_network_has_every_number() {
    type Trained = (Dense<3, 5, f64>, Tanh<5, f64>, Dense<5, 2, f64>);
    let mut training = Trainer::<Trained, SoftmaxCrossEntropy<2>, Adam<f64>, 4>::boxed();
    training.reset(1, Adam::new(0.01).unwrap()).unwrap();
    for seed in 0..20 {
        training.step(&uniform(seed), &[0u8, 1, 1, 0]).unwrap();
    }
    let text = source(training.net(), "NET", "Trained");
    let words = text.split_once('=').unwrap().1.split(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
    let numbers: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
    assert_eq!(bits(&numbers), bits(&parameters(training.net())));
}

#[test]
fn infinite_weights_cannot_be_exported() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut text = String::new();
        assert!(export(&Dense::new([[1.0, bad]], [0.0, 0.0]), "NET", "Net", &mut text).is_err());
        assert!(text.is_empty(), "nothing is written");
    }
}

/// A network made by const constructors, as a firmware would hold it.
static HEAD: (Dense<2, 3>, ELU<3>, LeakyReLU<3>, Dense<3, 1>) = (
    Dense::new([[1.0, -2.0, 0.5], [0.0, 1.5, -1.0]], [0.5, 0.0, -0.5]),
    ELU::with_alpha(0.5),
    LeakyReLU::with_slope(0.25),
    Dense::new([[1.0], [2.0], [-1.0]], [0.125]),
);

#[test]
fn a_static_infers_as_the_network_it_is_made_from() {
    let mut net = <(Dense<2, 3>, ELU<3>, LeakyReLU<3>, Dense<3, 1>)>::ZERO;
    net.1.set_alpha(0.5).unwrap();
    net.2.set_slope(0.25).unwrap();
    net.0.set(&[[1.0, -2.0, 0.5], [0.0, 1.5, -1.0]], &[0.5, 0.0, -0.5]);
    net.3.set(&[[1.0], [2.0], [-1.0]], &[0.125]);
    let (mut flash, mut ram) = (Workspace::<_, 1>::ZERO, Workspace::<_, 1>::ZERO);
    for seed in 0..10 {
        let x = uniform::<[f32; 2]>(seed) * 3.0;
        assert_eq!(bits(flash.infer(&HEAD, &x).as_slice()), bits(ram.infer(&net, &x).as_slice()));
    }
    // x = (1, 2): (1.5, 1, -2), ELU and leaky ReLU leave the first two.
    let third = 0.25 * 0.5 * (-2f32).exp_m1();
    let y = flash.infer(&HEAD, &Vector::new([1.0, 2.0])).0[0];
    assert!((y - (1.5 + 2.0 - third + 0.125)).abs() < 1e-6, "{y}");
}
