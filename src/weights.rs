//! Weights in and out, without std: a small file format in bytes of the caller.
//!
//! ```text
//! offset  size
//!  0       4    "SPRP"
//!  4       2    version of the format, 1
//!  6       2    bytes of a number: 4 (f32) or 8 (f64)
//!  8       4    fingerprint: CRC-32 of names, roles and shapes of all parameters, and of the values of settings
//! 12       4    how many numbers follow
//! 16       ..   the numbers, in the documented order: layer by layer, weights before biases, row-major
//! end-4    4    CRC-32 of all bytes before
//! ```
//! All numbers are little-endian; CRC-32 is that of ISO-HDLC (zip, PNG).

use core::fmt::{Display, Formatter, Write};

use crc::{CRC_32_ISO_HDLC, Crc, Digest, NoTable};

use crate::layer::Layer;
use crate::optimizer::CopiesOf;
use crate::parameter::{Info, Path, Role, Visitor, visit_values};
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::Array;

const MAGIC: &[u8; 4] = b"SPRP";
const VERSION: u16 = 1;
const HEADER: usize = 16;
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Why weights weren't read or written. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightsError {
    /// The buffer is smaller than the file.
    BufferTooSmall {
        /// What it must hold.
        needs: usize,
    },
    /// The file ends early.
    Truncated {
        /// Its size should be this.
        needs: usize,
        /// It is this.
        has: usize,
    },
    /// The file doesn't begin as one of this format.
    NotWeights,
    /// The file has another version of the format.
    Version(u16),
    /// The file is of another network: other layers, shapes, settings or number type.
    OtherNetwork,
    /// The checksum is wrong: the file is damaged.
    Damaged,
    /// A number is infinite or NaN.
    NonFinite,
}

impl Display for WeightsError {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::BufferTooSmall { needs } => write!(f, "the buffer must hold {needs} bytes"),
            Self::Truncated { needs, has } => write!(f, "the file has {has} bytes of {needs}: it is truncated"),
            Self::NotWeights => f.write_str("this is not a file of weights"),
            Self::Version(version) => write!(f, "the file has version {version} of the format, not {VERSION}"),
            Self::OtherNetwork => {
                f.write_str("the file is of another network: layers, shapes, settings or number type differ")
            }
            Self::Damaged => f.write_str("the file is damaged: its checksum is wrong"),
            Self::NonFinite => f.write_str("a weight is infinite or NaN"),
        }
    }
}

impl core::error::Error for WeightsError {}

/// Size in bytes of the file of a network.
pub const fn file_size<L: Layer>() -> usize {
    HEADER + L::COST.parameters * size_of::<L::T>() + 4
}

/// What distinguishes a network from others: names, roles and shapes of its parameters, and its settings.
pub fn fingerprint<L: Layer>(layer: &L) -> u32 {
    struct Hash(Digest<'static, u32, NoTable>);
    impl Write for Hash {
        fn write_str(&mut self, s: &str) -> core::fmt::Result {
            self.0.update(s.as_bytes());
            Ok(())
        }
    }
    static TABLE: Crc<u32, NoTable> = CRC;
    let mut hash = Hash(TABLE.digest());
    layer.visit(Path::default(), &mut |parameter| {
        // Writing to a hash cannot fail.
        let _ = write!(hash, "{} {:?} {:?};", parameter.info, parameter.info.role, parameter.info.shape);
        if parameter.info.role == Role::Setting {
            for value in parameter.values() {
                hash.0.update(value.to_bytes().as_ref());
            }
        }
    });
    hash.0.finalize()
}

fn header<L: Layer>(layer: &L) -> [u8; HEADER] {
    let ([m0, m1, m2, m3], [v0, v1], [b0, b1]) = (*MAGIC, VERSION.to_le_bytes(), (L::T::BYTES as u16).to_le_bytes());
    let ([f0, f1, f2, f3], [n0, n1, n2, n3]) =
        (fingerprint(layer).to_le_bytes(), (L::COST.parameters as u32).to_le_bytes());
    [m0, m1, m2, m3, v0, v1, b0, b1, f0, f1, f2, f3, n0, n1, n2, n3]
}

/// Writes a network's weights to the front of a buffer; returns how many bytes: [`file_size`].
///
/// # Errors
/// [`WeightsError::BufferTooSmall`]; then nothing was written.
pub fn write<L: Layer>(layer: &L, buffer: &mut [u8]) -> Result<usize, WeightsError> {
    let needs = file_size::<L>();
    let file = buffer.get_mut(..needs).ok_or(WeightsError::BufferTooSmall { needs })?;
    let (content, checksum) = file.split_at_mut(needs - 4);
    let (start, numbers) = content.split_at_mut(HEADER);
    start.copy_from_slice(&header(layer));
    let mut places = numbers.chunks_exact_mut(L::T::BYTES);
    layer.visit(Path::default(), &mut |parameter| {
        if parameter.info.role != Role::Setting {
            for (value, place) in parameter.values().zip(&mut places) {
                place.copy_from_slice(value.to_bytes().as_ref());
            }
        }
    });
    checksum.copy_from_slice(&CRC.checksum(content).to_le_bytes());
    Ok(needs)
}

/// Reads a network's weights from a file of the same network; what comes after the file is passed over.
///
/// # Errors
/// [`WeightsError`]; then the network is as before.
pub fn read<L: Layer>(layer: &mut L, file: &[u8]) -> Result<(), WeightsError> {
    let needs = file_size::<L>();
    let expected = header(layer);
    let truncated = WeightsError::Truncated { needs, has: file.len() };
    let start = file.first_chunk::<HEADER>().ok_or(truncated)?;
    if start[..4] != expected[..4] {
        return Err(WeightsError::NotWeights);
    }
    if start[4..6] != expected[4..6] {
        return Err(WeightsError::Version(u16::from_le_bytes([start[4], start[5]])));
    }
    if start[6..] != expected[6..] {
        return Err(WeightsError::OtherNetwork);
    }
    let (content, checksum) = file.get(..needs).and_then(|file| file.split_last_chunk::<4>()).ok_or(truncated)?;
    if CRC.checksum(content).to_le_bytes() != *checksum {
        return Err(WeightsError::Damaged);
    }
    let mut load = Load { bytes: content.get(HEADER..).unwrap_or(&[]) };
    if !(Load { bytes: load.bytes }).all_finite::<L::T>() {
        return Err(WeightsError::NonFinite);
    }
    visit_values(layer, &mut load);
    Ok(())
}

/// Takes numbers from bytes.
struct Load<'f> {
    bytes: &'f [u8],
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

    fn all_finite<T: Scalar>(mut self) -> bool {
        core::iter::from_fn(|| self.next::<T>()).all(T::is_finite)
    }

    fn fill<A: Array>(&mut self, info: &Info, values: &mut A) {
        for i in 0..A::LEN {
            if let (Some(value), Some(new)) = (values.flat_mut().get_mut(info.place(i)), self.next()) {
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
/// Those of the writer, and [`core::fmt::Error`] where a weight is infinite or NaN, which Rust cannot write as a number.
pub fn export<L: Layer>(layer: &L, name: &str, type_name: &str, out: &mut impl Write) -> core::fmt::Result {
    let mut finite = true;
    layer.visit(Path::default(), &mut |parameter| finite &= parameter.values().all(|v| v.is_finite()));
    if !finite {
        return Err(core::fmt::Error);
    }
    write!(out, "pub static {name}: {type_name} = ")?;
    layer.source(out)?;
    out.write_str(";\n")
}
