//! Parameters seen one by one: name, role, logical shape and values.

use core::fmt::{Display, Formatter, Result, Write};

use crate::layer::Layer;
use crate::optimizer::{Copies, CopiesOf};
use crate::scalar::Scalar;
use crate::storage::Zeroed;
use crate::tensor::{Array, Shape};

/// The place of a layer in nested tuples, such as `2` or `0.3`; empty for a layer alone.
///
/// It has [`LEVELS`](Self::LEVELS) levels at most. A network of more doesn't compile where it is written to a file,
/// read from one, or asked for a parameter by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path {
    parts: [u8; Self::LEVELS],
    /// More than `LEVELS`: some are lost.
    depth: u8,
}

impl Path {
    /// The highest number of levels.
    pub const LEVELS: usize = 15;

    /// Part `i` of this. Where there are too many levels, or parts (256), the path is lost for good: it is written as
    /// `?`, and no name fits it.
    #[must_use]
    pub fn part(mut self, i: usize) -> Self {
        match (self.parts.get_mut(usize::from(self.depth)), u8::try_from(i)) {
            (Some(part), Ok(i)) => {
                *part = i;
                self.depth += 1;
            }
            _ => self.depth = u8::MAX,
        }
        self
    }

    /// The levels, unless some are lost.
    pub(crate) fn levels(&self) -> Option<&[u8]> {
        self.parts.get(..usize::from(self.depth))
    }

    /// Whether this is the path of a part of that layer, or its own.
    pub(crate) fn is_in(&self, layer: &Self) -> bool {
        match (self.levels(), layer.levels()) {
            (Some(levels), Some(layer)) => levels.starts_with(layer),
            (None, _) => true,
            _ => false,
        }
    }

    /// Writes the full name of a parameter of the layer there, such as `0.weight`.
    pub(crate) fn write_name(&self, f: &mut impl Write, name: &str) -> Result {
        let dot = if self.depth > 0 { "." } else { "" };
        write!(f, "{self}{dot}{name}")
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Some(levels) = self.levels() else {
            return f.write_str("?");
        };
        for (i, part) in levels.iter().enumerate() {
            write!(f, "{}{part}", if i == 0 { "" } else { "." })?;
        }
        Ok(())
    }
}

/// What a parameter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Factors of products; initialised at random.
    Weight,
    /// Added; starts at 0.
    Bias,
    /// A gain; starts at 1.
    Scale,
    /// Set by the user, not trained: a slope, for example.
    Setting,
    /// Measured from the inputs, not trained: a running mean, for example; starts at 0.
    State,
}

/// Which values a number of a parameter can have. A file in which it has another isn't read, and none is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// All finite ones.
    Real,
    /// Finite ones that aren't negative: a variance.
    NonNegative,
    /// Whole ones that aren't negative: a count.
    Count,
}

impl Domain {
    /// Whether this is one of its values.
    pub fn contains<T: Scalar>(self, value: T) -> bool {
        value.is_finite()
            && match self {
                Self::Real => true,
                Self::NonNegative => value >= T::ZERO,
                Self::Count => value >= T::ZERO && value % T::ONE == T::ZERO,
            }
    }
}

/// What is known of a parameter besides its values. [`Info::new`] has what most parameters don't say;
/// `Info { fan, ..Info::new(..) }` says it.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// Where its layer is.
    pub path: Path,
    /// Its name in the layer, such as `weight`.
    pub name: &'static str,
    /// What it is for.
    pub role: Role,
    /// Its logical shape.
    pub shape: Shape,
    /// How many inputs reach one output, and how many outputs one input reaches: the scale of initialisers. Where a
    /// layer has a start of its own, the first is 2 / variance and the second 0, so that all of those that scale by
    /// them give that variance.
    pub fan: (usize, usize),
    /// Where a number of the logical shape is in memory.
    pub order: Order,
    /// Whether a file holds the transpose: of a matrix that is logically `[input][output]`, `[output][input]` as in
    /// PyTorch.
    pub transposed: bool,
    /// Which values its numbers can have.
    pub domain: Domain,
}

/// How a matrix lies in memory. It may differ between sizes and versions; the logical order, row-major, doesn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Row by row: the logical order.
    ByRow,
    /// Column by column.
    ByColumn,
    /// In blocks of a · b · c numbers, one after another, each of them logically `[a][b][c]` and in memory `[c][b][a]`: weights of
    /// convolutions, and of gates.
    Reversed([usize; 3]),
}

impl Order {
    /// Where the number at row-major position `i` of a `rows` x `columns` matrix is in memory.
    #[inline]
    pub const fn place(self, i: usize, rows: usize, columns: usize) -> usize {
        match self {
            Self::ByRow => i,
            Self::ByColumn => reversed(i, [rows, 1, columns]),
            Self::Reversed(sizes) => reversed(i, sizes),
        }
    }
}

/// [`Order::Reversed`].
#[inline]
const fn reversed(i: usize, [a, b, c]: [usize; 3]) -> usize {
    // Checked, so that there is no panic where the compiler doesn't know that there are any.
    match (i.checked_rem(c), i.checked_div(c)) {
        (Some(at_c), Some(ab)) => match (ab.checked_rem(b), ab.checked_div(b)) {
            (Some(at_b), Some(blocks)) => match (blocks.checked_rem(a), blocks.checked_div(a)) {
                (Some(at_a), Some(block)) => ((block * c + at_c) * b + at_b) * a + at_a,
                _ => i,
            },
            _ => i,
        },
        _ => i,
    }
}

impl Info {
    /// A parameter of which there is nothing more to say: its fan is (1, 1), it lies in memory row by row and in a file
    /// as in its logical shape, and its numbers are any finite ones.
    pub const fn new(path: Path, name: &'static str, role: Role, shape: Shape) -> Self {
        Self { path, name, role, shape, fan: (1, 1), order: Order::ByRow, transposed: false, domain: Domain::Real }
    }

    /// The row-major position in the logical shape of number `i` of the parameter in a file.
    pub(crate) fn logical(&self, i: usize) -> usize {
        match (self.transposed, self.shape.dims()) {
            (true, &[rows, columns]) => reversed(i, [columns, 1, rows]),
            _ => i,
        }
    }

    /// Where the number at row-major position `i` of the logical shape is in memory.
    #[inline]
    pub fn place(&self, i: usize) -> usize {
        match (self.order, self.shape.dims()) {
            (Order::ByColumn, &[rows, columns]) => self.order.place(i, rows, columns),
            (Order::Reversed(sizes), _) => reversed(i, sizes),
            _ => i,
        }
    }
}

impl Display for Info {
    /// The full name, such as `0.weight`.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.path.write_name(f, self.name)
    }
}

/// A parameter and its values.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a, T> {
    /// Name, role and shape.
    pub info: Info,
    values: &'a [T],
}

impl<'a, T: Scalar> Parameter<'a, T> {
    /// A parameter with values as they are in memory.
    #[inline]
    pub fn new<A: Array<T = T>>(info: Info, values: &'a A) -> Self {
        Self { info, values: values.flat() }
    }

    /// A number that the user set.
    #[inline]
    pub fn setting(path: Path, name: &'static str, value: &'a T) -> Self {
        Self::new(Info::new(path, name, Role::Setting, Shape::SCALAR), value)
    }

    /// How many values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value at a row-major position of the logical shape.
    pub fn get(&self, i: usize) -> Option<T> {
        if i < self.values.len() { self.values.get(self.info.place(i)).copied() } else { None }
    }

    /// All values in row-major order of the logical shape.
    pub fn values(&self) -> impl ExactSizeIterator<Item = T> + 'a {
        let Self { info, values } = *self;
        (0..values.len()).map(move |i| values.get(info.place(i)).copied().unwrap_or(T::ZERO))
    }

    /// Whether its full name, such as `0.weight`, is this.
    pub fn is_named(&self, name: &str) -> bool {
        struct Rest<'n>(&'n str);
        impl core::fmt::Write for Rest<'_> {
            fn write_str(&mut self, s: &str) -> Result {
                self.0 = self.0.strip_prefix(s).ok_or(core::fmt::Error)?;
                Ok(())
            }
        }
        let mut rest = Rest(name);
        self.info.path.levels().is_some()
            && core::fmt::write(&mut rest, format_args!("{}", self.info)).is_ok()
            && rest.0.is_empty()
    }
}

/// Hands every parameter to a visitor that needs neither slots nor gradients.
pub fn visit_values<L: Layer>(layer: &mut L, visitor: &mut impl Visitor<L::T, CopiesOf<0>, CopiesOf<0>>) {
    let (mut slots, mut gradient) = (Zeroed::ZERO, Zeroed::ZERO);
    layer.visit_mut(Path::default(), &mut slots, &mut gradient, visitor);
}

/// Hands every parameter and its gradient to a visitor.
pub fn visit_gradients<L: Layer>(
    layer: &mut L,
    gradient: &mut L::Slots<CopiesOf<1>>,
    visitor: &mut impl Visitor<L::T, CopiesOf<0>, CopiesOf<1>>,
) {
    let mut slots = Zeroed::ZERO;
    layer.visit_mut(Path::default(), &mut slots, gradient, visitor);
}

/// What [`Layer::visit_mut`] calls for every parameter, with its `K` slots and its gradient (`G`: one copy, or none).
pub trait Visitor<T, K: Copies, G: Copies> {
    /// One parameter; its values are as [`Info::place`] says.
    fn visit<A: Array<T = T>>(&mut self, info: Info, values: &mut A, slots: &mut K::Of<A>, gradient: &mut G::Of<A>);

    /// A parameter that isn't trained, because its layer is frozen or because it is a [`Role::State`].
    fn visit_frozen<A: Array<T = T>>(&mut self, _info: Info, _values: &mut A) {}

    /// The parameters that come next are those of a [`Frozen`](crate::layer::Frozen) layer. What it returns comes back
    /// to [`leave_frozen`](Self::leave_frozen) behind them.
    fn enter_frozen<L: Layer<T = T>>(&mut self, _path: Path, _layer: &L) -> bool {
        false
    }

    /// The parameters of a frozen layer end.
    fn leave_frozen(&mut self, _entered: bool) {}
}

/// Whether parameters were loaded, set, fitted or drawn: `None` without parameters, false if all are 0. Settings don't
/// count.
pub(crate) fn touched<L: Layer>(layer: &L) -> Option<bool> {
    let mut touched = None;
    layer.visit(Path::default(), &mut |parameter| {
        if parameter.info.role != Role::Setting {
            let some = parameter.values.iter().any(|&value| value != L::T::ZERO);
            touched = Some(some || touched == Some(true));
        }
    });
    touched
}

/// Finds a [`Frozen`](crate::layer::Frozen) layer whose parameters are all 0.
#[derive(Debug)]
pub(crate) struct FindZeros(pub Option<Path>);

impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<0>> for FindZeros {
    fn visit<A: Array<T = T>>(&mut self, _: Info, _: &mut A, _: &mut [A; 0], _: &mut [A; 0]) {}
    fn enter_frozen<L: Layer<T = T>>(&mut self, path: Path, layer: &L) -> bool {
        if self.0.is_none() && touched(layer) == Some(false) {
            self.0 = Some(path);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Order;

    /// Two blocks, `[2][3][4]` each.
    #[test]
    fn reversed_blocks() {
        for i in 0..48 {
            let (block, a, b, c) = (i / 24, i / 12 % 2, i / 4 % 3, i % 4);
            assert_eq!(Order::Reversed([2, 3, 4]).place(i, 0, 0), block * 24 + c * 6 + b * 2 + a);
        }
        assert_eq!(Order::Reversed([0, 3, 4]).place(5, 0, 0), 5);
    }
}
