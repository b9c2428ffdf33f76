//! Reads the expected values in `tests/fixtures` and compares with them.
#![allow(dead_code, unused_macros)]

use std::collections::HashMap;

use stackprop::scalar::Scalar;
use stackprop::tensor::{Array, Tensor};

pub mod run;

/// One case of a suite: what goes in and what must come out.
pub struct Case {
    pub name: String,
    pub op: String,
    pub attrs: HashMap<String, Vec<String>>,
    inputs: HashMap<String, Values>,
    outputs: HashMap<String, Values>,
}

/// Dimensions and numbers of a tensor.
type Values = (Vec<usize>, Vec<f64>);

impl Case {
    pub fn attr(&self, key: &str) -> f64 {
        self.attrs[key][0].parse().unwrap()
    }

    /// A tensor; of an input and an output of the same name, the input.
    fn get(&self, name: &str) -> &Values {
        let found = self.inputs.get(name).or_else(|| self.outputs.get(name));
        found.unwrap_or_else(|| panic!("{}: no tensor {name}", self.name))
    }

    pub fn shape(&self, name: &str) -> &[usize] {
        &self.get(name).0
    }

    pub fn values(&self, name: &str) -> &[f64] {
        &self.get(name).1
    }

    pub fn has(&self, name: &str) -> bool {
        self.inputs.contains_key(name) || self.outputs.contains_key(name)
    }

    pub fn scalars<T: Scalar>(&self, name: &str) -> Vec<T> {
        self.values(name).iter().map(|&v| T::from_f64(v)).collect()
    }

    pub fn tensor<A: Array>(&self, name: &str) -> Tensor<A> {
        let values = self.values(name);
        assert_eq!(values.len(), A::LEN, "{}: {name}", self.name);
        Tensor::from_fn(|i| A::T::from_f64(values[i]))
    }

    pub fn indices(&self, name: &str) -> Vec<usize> {
        self.values(name).iter().map(|&v| v as usize).collect()
    }

    /// Compares with the expected values of an output: 1e-12 in f64, 1e-5 in f32, of max(1, |expected|).
    pub fn check<T: Scalar>(&self, name: &str, actual: &[T]) {
        self.check_within(name, actual, if T::BYTES == 8 { 1e-12 } else { 1e-5 });
    }

    pub fn check_within<T: Scalar>(&self, name: &str, actual: &[T], tolerance: f64) {
        let (_, expected) = self.outputs.get(name).unwrap_or_else(|| panic!("{}: no output {name}", self.name));
        compare(&format!("{}: {name}", self.name), expected, actual, tolerance);
    }
}

/// Fails where `|actual - expected| > tolerance · max(1, |expected|)`.
pub fn compare<T: Scalar>(what: &str, expected: &[f64], actual: &[T], tolerance: f64) {
    assert_eq!(expected.len(), actual.len(), "{what}: length");
    for (i, (&e, &a)) in expected.iter().zip(actual).enumerate() {
        let a = a.to_f64();
        let near = e.is_finite() && (a - e).abs() <= tolerance * e.abs().max(1.0);
        let same = e == a || (e.is_nan() && a.is_nan()) || near;
        assert!(same, "{what}[{i}]: expected {e}, got {a} (tolerance {tolerance})");
    }
}

/// All cases of a suite.
pub fn suite(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some((&key, rest)) = words.split_first() else { continue };
        if key == "case" {
            let name = rest[0].to_string();
            let (inputs, outputs) = (HashMap::new(), HashMap::new());
            cases.push(Case { name, op: String::new(), attrs: HashMap::new(), inputs, outputs });
        }
        let case = cases.last_mut().unwrap();
        match key {
            "op" => case.op = rest[0].to_string(),
            "attr" => {
                case.attrs.insert(rest[0].to_string(), rest[1..].iter().map(|w| w.to_string()).collect());
            }
            "in" | "out" => {
                let rank: usize = rest[1].parse().unwrap();
                let dims: Vec<usize> = rest[2..2 + rank].iter().map(|d| d.parse().unwrap()).collect();
                assert_eq!(rest[2 + rank], ":");
                let values: Vec<f64> = rest[3 + rank..].iter().map(|v| v.parse().unwrap()).collect();
                assert_eq!(values.len(), dims.iter().product::<usize>());
                let tensors = if key == "in" { &mut case.inputs } else { &mut case.outputs };
                tensors.insert(rest[0].to_string(), (dims, values));
            }
            "case" | "end" => {}
            other => panic!("unknown line: {other}"),
        }
    }
    assert!(!cases.is_empty());
    cases
}

/// The case of a name.
pub fn case<'a>(cases: &'a [Case], name: &str) -> &'a Case {
    cases.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

/// Runs `check::<SIZES.., f64>(case)` and the same in f32; sizes that aren't listed fail.
macro_rules! sized {
    ($check:ident($case:expr), $sizes:expr; $([$($n:literal),+])*) => {
        match $sizes {
            $([$($n),+] => {
                $check::<$($n,)+ f64>($case);
                $check::<$($n,)+ f32>($case);
            })*
            other => panic!("{}: sizes {other:?} are not covered", $case.name),
        }
    };
}
