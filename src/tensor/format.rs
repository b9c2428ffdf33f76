//! Tensors as text: a matrix as aligned rows; `{:.3}` sets the digits, and more dimensions come as blocks.

use core::fmt::{Debug, Display, Formatter, Result, Write};

use super::{Array, Tensor};
use crate::scalar::Scalar;

/// Counts what is written.
struct Width(usize);
impl Write for Width {
    fn write_str(&mut self, s: &str) -> Result {
        self.0 += s.chars().count();
        Ok(())
    }
}

fn number<T: Scalar>(w: &mut impl Write, value: T, digits: Option<usize>) -> Result {
    match digits {
        Some(digits) => write!(w, "{value:.digits$}"),
        None => write!(w, "{value}"),
    }
}

fn block<T: Scalar>(f: &mut Formatter<'_>, values: &[T], dims: &[usize], depth: usize, width: usize) -> Result {
    let Some((&n, inner)) = dims.split_first() else {
        let Some(&value) = values.first() else { return Ok(()) };
        let mut length = Width(0);
        number(&mut length, value, f.precision())?;
        for _ in length.0..width {
            f.write_char(' ')?;
        }
        return number(f, value, f.precision());
    };
    f.write_char('[')?;
    for (i, part) in values.chunks(values.len().div_ceil(n.max(1)).max(1)).enumerate() {
        if i > 0 && inner.is_empty() {
            f.write_str(", ")?;
        } else if i > 0 {
            f.write_char('\n')?;
            for _ in 0..=depth {
                f.write_char(' ')?;
            }
        }
        block(f, part, inner, depth + 1, width)?;
    }
    f.write_char(']')
}

impl<A: Array> Display for Tensor<A> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut width = 0;
        for &value in self.as_slice() {
            let mut length = Width(0);
            number(&mut length, value, f.precision())?;
            width = width.max(length.0);
        }
        block(f, self.as_slice(), A::SHAPE.dims(), 0, width)
    }
}

impl<A: Array> Debug for Tensor<A> {
    /// The shape, then the values.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "Tensor {:?}", A::SHAPE)?;
        f.write_char(if A::SHAPE.dims().len() > 1 { '\n' } else { ' ' })?;
        Display::fmt(self, f)
    }
}
