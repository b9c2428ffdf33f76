//! The seal on traits that `unsafe` code trusts.

/// What a sealed trait asks of its types. Nobody else can name it, so nobody else can implement such a trait: what it
/// promises is checked in this crate alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is none of the library's own types, and the trait is implemented for those alone",
    label = "the trait is sealed: pointers rely on its numbers"
)]
pub trait Sealed {}
