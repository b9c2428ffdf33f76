//! A batch that is filled sample by sample.

use crate::budget::Text;
use crate::layer::size::positive_of;
use crate::storage::Zeroed;
use crate::tensor::{Array, Tensor};

/// Room for `BATCH` samples, 1 at least, of type `In` and their targets: what an epoch fills again and again.
///
/// A batch of small samples can be a variable, which starts as [`ZERO`](Self::ZERO). A large one, such as sixteen
/// images of 224 x 224 pixels, is a `static` or [`boxed`](Self::boxed): a variable is on the stack, and a build without
/// optimisation has a second one there while it starts. `clone()` returns its copy by value;
/// [`boxed_copy`](Zeroed::boxed_copy) doesn't.
#[derive(Clone)]
#[expect(missing_debug_implementations)]
pub struct Batch<In, Target, const BATCH: usize> {
    /// The inputs.
    pub inputs: Tensor<[In; BATCH]>,
    /// The targets.
    pub targets: [Target; BATCH],
}
crate::storage::zeroed!([In: Zeroed, Target: Zeroed, const BATCH: usize] Batch<In, Target, BATCH> { inputs, targets });

impl<In: Array, Target: Zeroed, const BATCH: usize> Batch<In, Target, BATCH> {
    /// Refuses, in a build, room for no sample.
    const CHECK: () = positive_of(Text::new("Batch<In, Target, ").number(BATCH).text(">"), &["BATCH"], &[BATCH]);
    /// An empty batch, for a `static`, or for a variable if it is small.
    pub const ZERO: Self = {
        let () = Self::CHECK;
        <Self as Zeroed>::ZERO
    };

    /// An empty batch in a new box, without passing through the stack.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn boxed() -> std::boxed::Box<Self> {
        const { Self::CHECK }
        <Self as Zeroed>::boxed()
    }

    /// Fills its front with samples `from..to` of an order; returns how many that are.
    pub(crate) fn fill(
        &mut self,
        from: usize,
        to: usize,
        order: impl Fn(usize) -> usize,
        sample: &mut impl FnMut(usize, &mut Tensor<In>) -> Target,
    ) -> usize {
        const { Self::CHECK }
        let slots = self.inputs.0.iter_mut().zip(&mut self.targets);
        let mut count = 0;
        for ((input, target), i) in slots.zip(from..to) {
            *target = sample(order(i), Tensor::from_mut(input));
            count += 1;
        }
        count
    }
}
