//! Weights in and out, without std: a small file format in bytes of the caller.
//!
//! ```text
//! offset    size
//!  0         4    "SPRP"
//!  4         2    version of the format, 2
//!  6         2    B, the bytes of a number: 4 (f32) or 8 (f64)
//!  8         4    L, how many layers are listed
//! 12         4    N, how many numbers follow
//! 16         4 L  a checksum of each layer, in the order of the passes, a layer before those in it
//! 16 + 4 L   B N  the numbers: parameter by parameter, in the order of `Layer::visit`, each as PyTorch has it
//! end - 4    4    CRC-32 of all bytes before
//! ```
//! All integers and numbers are little-endian; CRC-32 is that of ISO-HDLC (zip, PNG).
//!
//! **Layers** are those that [`Structure`] lists. The checksum of one is the CRC-32 of, one after the other,
//!
//! - 4 bytes: 0, or for a layer in another one (`Residual`, `Sum`, `Concat`) that one's checksum plus the number of the
//!   part, modulo 2³²;
//! - its name in UTF-8, a zero byte, and its numbers as 4 bytes each, one that is larger modulo 2³²;
//! - if it isn't made of others, of each of its parameters and settings: a byte that is its rank, plus 128 for a
//!   setting; its dimensions as 4 bytes each; a setting's value as B bytes.
//!
//! So groups of layers, layers without an effect in use, and the lengths of sequences and sizes of images don't matter,
//! as [`Structure`] says.
//!
//! **Numbers** are row-major in a parameter's logical shape, which is that of PyTorch's `state_dict`, with one
//! exception: a weight of [`Dense`](crate::layer::Dense) is logically `[input][output]`, in a file `[output][input]`,
//! as `nn.Linear` has it. Settings aren't among them.
//!
//! **Version 1** is read, too. There is no list of layers in it; L is instead the CRC-32 of the texts `{name} {role:?}
//! {shape:?};` of all parameters and settings, each setting's followed by its value, with at most seven levels in a
//! name. So it doesn't tell ReLU from tanh, and it tells groups apart. A dense layer's weight is `[input][output]` in
//! it.

use core::fmt::{Display, Formatter, Write};

use crc::{CRC_32_ISO_HDLC, Crc, Digest, NoTable};

use crate::layer::{Export, Layer, Structure};
use crate::optimizer::CopiesOf;
use crate::parameter::{Domain, Info, Parameter, Path, Role, Visitor, visit_values};
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

const MAGIC: &[u8; 4] = b"SPRP";
const VERSION: u16 = 2;
const HEADER: usize = 16;
static CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// A CRC-32 of bytes that come one after the other.
struct Hash(Digest<'static, u32, NoTable>);

impl Hash {
    fn new() -> Self {
        Self(CRC.digest())
    }

    // One copy for all callers.
    #[inline(never)]
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn add_numbers(&mut self, numbers: &[usize]) {
        for &number in numbers {
            self.add(&(number as u32).to_le_bytes());
        }
    }

    fn end(self) -> u32 {
        self.0.finalize()
    }

    fn of(bytes: &[u8]) -> u32 {
        let mut hash = Self::new();
        hash.add(bytes);
        hash.end()
    }
}

/// Why weights weren't read or written. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsError {
    /// The buffer is smaller than the file.
    BufferTooSmall {
        /// What it must hold.
        needs: usize,
    },
    /// The file ends early; or its start, which says how long it is, is damaged.
    Truncated {
        /// By its own account it has so many bytes.
        needs: usize,
        /// It has these.
        has: usize,
    },
    /// The file doesn't begin as one of this format.
    NotWeights,
    /// The file has a version of the format that isn't known: neither 1 nor 2.
    Version(u16),
    /// The checksum is wrong: the file is damaged.
    Damaged,
    /// The file is whole, and of another network.
    OtherNetwork(Difference),
    /// A number is infinite or NaN; or a setting of the network is, which is to be written.
    NonFinite,
    /// A number is one that its parameter cannot have: a negative variance, for example.
    OutOfDomain {
        /// Where the layer is.
        path: Path,
        /// Name of the parameter in the layer.
        name: &'static str,
        /// What it can have.
        domain: Domain,
    },
    /// A layer of your own shows another number of parameters in `visit` than it counts in `COST`.
    Parameters {
        /// How many numbers all layers show.
        shown: usize,
        /// How many they count.
        counted: usize,
    },
}

/// In what the network of a file differs from the one that reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The file's numbers have so many bytes: 4 for f32, 8 for f64.
    NumberType(u16),
    /// The first layer that isn't the same: another one, or one with other sizes, masks, strides or settings. The file
    /// doesn't say what it has there; this is the layer of the network that reads.
    LayerAt {
        /// Where the layer is.
        path: Path,
        /// What it is.
        name: &'static str,
    },
    /// All layers that both have are the same, but one network has more of them.
    Layers {
        /// How many are in the file.
        file: u32,
        /// How many this network has.
        network: u32,
    },
    /// A file of version 1 doesn't say in what.
    Unknown,
}

impl Display for WeightsError {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::BufferTooSmall { needs } => write!(f, "the buffer must hold {needs} bytes"),
            Self::Truncated { needs, has } => {
                write!(f, "the file has {has} bytes of {needs}: it is truncated, or its start is damaged")
            }
            Self::NotWeights => f.write_str("this is not a file of weights"),
            Self::Version(version) => write!(f, "the file has version {version} of the format, not 1 or {VERSION}"),
            Self::Damaged => f.write_str("the file is damaged: its checksum is wrong"),
            Self::OtherNetwork(difference) => write!(f, "the file is of another network: {difference}"),
            Self::NonFinite => f.write_str("a weight or a setting is infinite or NaN"),
            Self::OutOfDomain { path, name, domain } => {
                path.write_name(f, name)?;
                f.write_str(match domain {
                    Domain::Real => ": a number is infinite or NaN",
                    Domain::NonNegative => ": a number is negative",
                    Domain::Count => ": a number is negative, or not whole",
                })
            }
            Self::Parameters { shown, counted } => {
                write!(f, "a layer is wrong: `visit` shows {shown} numbers in all, `COST` counts {counted}")
            }
        }
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NumberType(bytes) => write!(f, "its numbers have {bytes} bytes (f32 has 4, f64 has 8)"),
            Self::LayerAt { path, name } => {
                let space = if *path == Path::default() { "" } else { " " };
                write!(f, "layer {path}{space}({name}) is another one there, or has other sizes or settings")
            }
            Self::Layers { file, network } => write!(f, "it has {file} layers, this one {network}"),
            Self::Unknown => f.write_str("layers, shapes, settings or their order differ"),
        }
    }
}

impl core::error::Error for WeightsError {}

/// Size in bytes of the file of a network.
pub const fn file_size<L: Layer>() -> usize {
    const { assert!(L::COST.parameters <= u32::MAX as usize, "a file of weights holds at most 2^32 - 1 numbers") }
    numbers::<L>() + L::COST.parameters * size_of::<L::T>() + 4
}

/// Where the numbers begin.
const fn numbers<L: Layer>() -> usize {
    HEADER + 4 * L::STRUCTURE.layers()
}

/// What distinguishes a network from others: a hash of its number type and of its layers, as they are listed in its
/// file. Networks with the same fingerprint read each other's files.
pub fn fingerprint<L: Layer>(layer: &L) -> u32 {
    let mut hash = Hash::new();
    hash.add(&header::<L>());
    layers(layer, &mut |_, _, checksum| hash.add(&checksum.to_le_bytes()));
    hash.end()
}

fn header<L: Layer>() -> [u8; HEADER] {
    let ([m0, m1, m2, m3], [v0, v1], [b0, b1]) = (*MAGIC, VERSION.to_le_bytes(), (L::T::BYTES as u16).to_le_bytes());
    let ([l0, l1, l2, l3], [n0, n1, n2, n3]) =
        ((L::STRUCTURE.layers() as u32).to_le_bytes(), (L::COST.parameters as u32).to_le_bytes());
    [m0, m1, m2, m3, v0, v1, b0, b1, l0, l1, l2, l3, n0, n1, n2, n3]
}

/// Hands on the path, the name and the checksum of each layer.
fn layers<L: Layer>(layer: &L, each: &mut dyn FnMut(Path, &'static str, u32)) {
    L::STRUCTURE.walk(Path::default(), 0, &mut |structure: &Structure, path, above| {
        let mut hash = Hash::new();
        hash.add(&above.to_le_bytes());
        hash.add(structure.name().as_bytes());
        hash.add(&[0]);
        hash.add_numbers(structure.numbers());
        if structure.is_single() {
            layer.visit(Path::default(), &mut |parameter| {
                let Info { path: place, role, shape, .. } = parameter.info;
                if place.is_in(&path) {
                    let setting = role == Role::Setting;
                    hash.add(&[shape.rank() as u8 + if setting { 128 } else { 0 }]);
                    hash.add_numbers(shape.dims());
                    if setting {
                        parameter.values().for_each(|value| hash.add(value.to_bytes().as_ref()));
                    }
                }
            });
        }
        let checksum = hash.end();
        each(path, structure.name(), checksum);
        checksum
    });
}

/// Whether a file can hold the numbers of a layer: those that `next` gives for each parameter, or all that there are.
fn check<L: Layer>(
    layer: &L,
    mut number: impl FnMut(&Parameter<'_, L::T>, usize) -> Option<L::T>,
) -> Result<(), WeightsError> {
    let (mut shown, mut result) = (0, Ok(()));
    layer.visit(Path::default(), &mut |parameter| {
        let Info { path, name, role, domain, .. } = parameter.info;
        shown += if role == Role::Setting { 0 } else { parameter.len() };
        for i in 0..parameter.len() {
            let Some(value) = number(&parameter, i) else { continue };
            if result.is_ok() && !value.is_finite() {
                result = Err(WeightsError::NonFinite);
            } else if result.is_ok() && !domain.contains(value) {
                result = Err(WeightsError::OutOfDomain { path, name, domain });
            }
        }
    });
    if shown != L::COST.parameters {
        return Err(WeightsError::Parameters { shown, counted: L::COST.parameters });
    }
    result
}

/// Writes a network's weights to the front of a buffer; returns how many bytes: [`file_size`].
///
/// # Errors
/// [`WeightsError::BufferTooSmall`]; or what [`read`] would refuse: [`WeightsError::NonFinite`],
/// [`WeightsError::OutOfDomain`], [`WeightsError::Parameters`]. Then nothing was written: what was in the buffer
/// before, the last good file for example, is still there.
pub fn write<L: Layer>(layer: &L, buffer: &mut [u8]) -> Result<usize, WeightsError> {
    let needs = file_size::<L>();
    let file = buffer.get_mut(..needs).ok_or(WeightsError::BufferTooSmall { needs })?;
    check(layer, |parameter, i| parameter.get(i))?;
    let mut rest = &mut *file;
    put(&mut rest, &header::<L>());
    layers(layer, &mut |_, _, checksum| put(&mut rest, &checksum.to_le_bytes()));
    layer.visit(Path::default(), &mut |parameter| {
        if parameter.info.role != Role::Setting {
            for i in 0..parameter.len() {
                let value = parameter.get(parameter.info.logical(i)).unwrap_or(L::T::ZERO);
                put(&mut rest, value.to_bytes().as_ref());
            }
        }
    });
    if let Some((content, checksum)) = file.split_last_chunk_mut::<4>() {
        *checksum = Hash::of(content).to_le_bytes();
    }
    Ok(needs)
}

/// Writes bytes at the front of a buffer, which is what is left then.
fn put(buffer: &mut &mut [u8], bytes: &[u8]) {
    if let Some((front, rest)) = core::mem::take(buffer).split_at_mut_checked(bytes.len()) {
        for (to, from) in front.iter_mut().zip(bytes) {
            *to = *from;
        }
        *buffer = rest;
    }
}

/// Reads a network's weights from a file of the same network; what comes after the file is passed over. Files of
/// version 1 are read, too.
///
/// Into a trainer's network, [`net_mut`](crate::training::Trainer::net_mut), they come without an optimizer's state:
/// [`resume`](crate::training::Trainer::resume) then clears the state of the weights before and makes a new trainer
/// ready; without it, training goes on with the momentum that there is. [`reset`](crate::training::Trainer::reset)
/// would draw new weights.
///
/// # Errors
/// [`WeightsError`]; then the network is as before.
pub fn read<L: Layer>(layer: &mut L, file: &[u8]) -> Result<(), WeightsError> {
    if file.iter().zip(MAGIC).any(|(byte, magic)| byte != magic) {
        return Err(WeightsError::NotWeights);
    }
    let Some(&[_, _, _, _, v0, v1, b0, b1, l0, l1, l2, l3, n0, n1, n2, n3]) = file.first_chunk::<HEADER>() else {
        return Err(WeightsError::Truncated { needs: file_size::<L>(), has: file.len() });
    };
    let [version, bytes] = [[v0, v1], [b0, b1]].map(u16::from_le_bytes);
    let [listed, count] = [[l0, l1, l2, l3], [n0, n1, n2, n3]].map(u32::from_le_bytes);
    let list = match version {
        1 => 0,
        VERSION => listed,
        _ => return Err(WeightsError::Version(version)),
    };

    // First whether the file is whole, by its own account; then whose it is.
    let size = HEADER as u64 + 4 * u64::from(list) + u64::from(bytes) * u64::from(count) + 4;
    let needs = usize::try_from(size).unwrap_or(usize::MAX);
    let truncated = WeightsError::Truncated { needs, has: file.len() };
    let (content, checksum) =
        file.get(..needs).and_then(|file| file.split_at_checked(needs.saturating_sub(4))).ok_or(truncated)?;
    if Hash::of(content).to_le_bytes() != checksum {
        return Err(WeightsError::Damaged);
    }
    let (list, numbers) =
        content.get(HEADER..).and_then(|content| content.split_at_checked(4 * list as usize)).ok_or(truncated)?;
    let other = if usize::from(bytes) != L::T::BYTES {
        Some(Difference::NumberType(bytes))
    } else if version == 1 {
        (listed != version_1(layer) || count as usize != L::COST.parameters).then_some(Difference::Unknown)
    } else {
        difference(layer, list, listed)
    };
    if let Some(difference) = other {
        return Err(WeightsError::OtherNetwork(difference));
    }

    let mut load = Load { bytes: numbers, transposes: version > 1 };
    let mut check = Load { ..load };
    self::check(layer, |parameter, _| if parameter.info.role == Role::Setting { None } else { check.next() })?;
    visit_values(layer, &mut load);
    Ok(())
}

/// The first difference between a network and the list of layers in a file.
fn difference<L: Layer>(layer: &L, list: &[u8], file: u32) -> Option<Difference> {
    let (mut checksums, mut first) = (list.chunks_exact(4), None);
    layers(layer, &mut |path, name, checksum| {
        if checksums.next().is_some_and(|there| *there != checksum.to_le_bytes()) && first.is_none() {
            first = Some(Difference::LayerAt { path, name });
        }
    });
    let network = L::STRUCTURE.layers() as u32;
    first.or((file != network).then_some(Difference::Layers { file, network }))
}

/// What stands in a file of version 1 for its network. Written without text formatting, which a firmware would have to
/// link for it.
fn version_1<L: Layer>(layer: &L) -> u32 {
    fn decimal(hash: &mut Hash, number: usize) {
        if number >= 10 {
            decimal(hash, number / 10);
        }
        hash.add(&[b'0' + (number % 10) as u8]);
    }
    let mut hash = Hash::new();
    layer.visit(Path::default(), &mut |parameter| {
        let Info { path, name, role, shape, .. } = parameter.info;
        for &level in path.levels().unwrap_or(&[]).iter().take(7) {
            decimal(&mut hash, usize::from(level));
            hash.add(b".");
        }
        hash.add(name.as_bytes());
        // As they were called then.
        hash.add(match role {
            Role::Weight => b" Weight ",
            Role::Bias => b" Bias ",
            Role::Scale => b" Scale ",
            Role::Setting => b" Setting ",
            Role::State => b" State ",
        });
        for (i, &size) in shape.dims().iter().enumerate() {
            hash.add(if i == 0 { b"" } else { b"x" });
            decimal(&mut hash, size);
        }
        hash.add(if shape.rank() == 0 { b"scalar;" } else { b";" });
        if role == Role::Setting {
            parameter.values().for_each(|value| hash.add(value.to_bytes().as_ref()));
        }
    });
    hash.end()
}

/// Takes numbers from bytes.
#[derive(Clone, Copy)]
struct Load<'f> {
    bytes: &'f [u8],
    /// Whether the weights of dense layers are transposed, as they are since version 2.
    transposes: bool,
}

impl Load<'_> {
    fn next<T: Scalar>(&mut self) -> Option<T> {
        let (number, rest) = self.bytes.split_at_checked(T::BYTES)?;
        self.bytes = rest;
        let mut bytes = <T::Bytes as Zeroed>::ZERO;
        for (to, from) in bytes.as_mut().iter_mut().zip(number) {
            *to = *from;
        }
        Some(T::from_bytes(bytes))
    }

    fn fill<A: Array>(&mut self, info: &Info, values: &mut A) {
        for i in 0..A::LEN {
            let logical = if self.transposes { info.logical(i) } else { i };
            if let (Some(value), Some(new)) = (values.flat_mut().get_mut(info.place(logical)), self.next()) {
                *value = new;
            }
        }
    }
}

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<0>> for Load<'_> {
    fn visit<A: Array<T = T>>(&mut self, info: Info, values: &mut A, _: &mut [A; 0], _: &mut [A; 0]) {
        self.fill(&info, values);
    }
    fn visit_frozen<A: Array<T = T>>(&mut self, info: Info, values: &mut A) {
        self.fill(&info, values);
    }
}

/// Writes a network as a Rust `static`, for a firmware that holds it in flash:
/// `pub static NAME: TYPE = (Dense::new(...), ...);`. The file that includes it says `use stackprop::prelude::*` and defines `TYPE`.
///
/// # Errors
/// Those of the writer, and [`core::fmt::Error`] for weights that [`write()`] refuses, too: Rust cannot write an
/// infinite one as a number. Then nothing was written.
pub fn export<L: Layer + Export>(layer: &L, name: &str, type_name: &str, out: &mut impl Write) -> core::fmt::Result {
    check(layer, |parameter, i| parameter.get(i)).map_err(|_| core::fmt::Error)?;
    write!(out, "pub static {name}: {type_name} = ")?;
    layer.source(out)?;
    out.write_str(";\n")
}
