//! Export: a layer as Rust source.

use core::fmt::{Result, Write};

use super::Infer;

/// A layer that [`export`](crate::weights::export) can write as a constant Rust expression, with its parameters.
///
/// ```
/// # use stackprop::prelude::*;
/// use stackprop::layer::Export;
///
/// let mut source = String::new();
/// Dense::<1, 2>::new([[1.0, -0.5]], [0.0, 2.0]).source(&mut source)?;
/// assert_eq!(source, "Dense::new([[1.0, -0.5]], [0.0, 2.0])");
/// # Ok::<(), std::fmt::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written as Rust source",
    label = "a layer that isn't `Export`",
    note = "a layer of your own needs `impl Export for ..` with one method, `source`; or write its weights to a file, `weights::write`"
)]
pub trait Export: Infer {
    /// Writes the layer as a constant Rust expression, for a file that says `use stackprop::prelude::*`.
    fn source(&self, out: &mut impl Write) -> Result;
}

/// Makes layers that have nothing to write, but their type, [`Export`].
macro_rules! export_type {
    ([$($generics:tt)*] $layer:ty) => {
        impl<$($generics)*> $crate::layer::Export for $layer {
            fn source(&self, out: &mut impl core::fmt::Write) -> core::fmt::Result {
                out.write_str("Zeroed::ZERO")
            }
        }
    };
}
pub(super) use export_type;
