//! Layers alone: a [`Workspace`] for inference, and a [`Tape`] that goes forward and backward and keeps the gradients.

use crate::budget::Text;
use crate::kernel::{self, Kernels, Task};
use crate::layer::plan::Memory;
use crate::layer::size::positive_of;
use crate::layer::{Apart, Context, Infer, Keep, Layer, No, Yes, checked};
use crate::optimizer::{Accumulate, CopiesOf};
use crate::parameter::{Info, Parameter, Path, Visitor, visit_gradients};
use crate::scalar::Scalar;
use crate::storage::{Activations, Aligned, Buffer, Max, Zeroed, batch};
use crate::tensor::{Array, Tensor};
use crate::training::ShowGradient;

/// The memory that inference of a layer or network needs, for up to `B` samples at a time, 1 at least. The network may
/// be a `static` in flash.
#[expect(missing_debug_implementations)]
pub struct Workspace<L: Infer, const B: usize = 1> {
    memory: Memory<L, Apart, B>,
}
crate::storage::zeroed!([L: Infer, const B: usize] Workspace<L, B> { memory });

impl<L: Infer, const B: usize> Workspace<L, B> {
    /// Refuses, in a build, room for no sample, wrong sizes, and a network that may lack something.
    const CHECK: () = {
        positive_of(Text::new("Workspace<L, ").number(B).text(">"), &["B"], &[B]);
        complete::<L>();
    };
    /// An empty workspace, for a `static`.
    pub const ZERO: Self = {
        let () = Self::CHECK;
        <Self as Zeroed>::ZERO
    };
    /// Its size.
    pub const BYTES: usize = size_of::<Self>();

    /// An empty workspace in a new box, without passing through the stack.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn boxed() -> std::boxed::Box<Self> {
        <Self as Zeroed>::boxed()
    }

    /// The output for one sample.
    pub fn infer<'a>(&'a mut self, layer: &'a L, x: &'a Tensor<L::In>) -> &'a Tensor<L::Out> {
        const { Self::CHECK }
        match infer::<L, B>(layer, core::slice::from_ref(&x.0), &mut self.memory).first() {
            Some(y) => Tensor::from_ref(y),
            None => unreachable!(),
        }
    }

    /// The outputs for a batch.
    pub fn infer_batch<'a>(&'a mut self, layer: &'a L, x: &'a Tensor<[L::In; B]>) -> &'a Tensor<[L::Out; B]> {
        const { Self::CHECK }
        match batch(infer::<L, B>(layer, &x.0, &mut self.memory)) {
            Some(y) => y,
            None => unreachable!(),
        }
    }
}

/// Refuses networks that may lack something: no error could say so.
const fn complete<L: Infer>() {
    const LACKS: &str =
        "a network with a `FrozenRef` may lack its trunk: here, take trunk and head one after the other";
    assert!(checked::<L>().references == 0, "{}", LACKS);
}

/// Inference, to be dispatched.
struct Use<'t, L: Infer, const B: usize> {
    layer: &'t L,
    x: &'t [L::In],
    memory: &'t mut Memory<L, Apart, B>,
}

impl<'t, L: Infer, const B: usize> Task for Use<'t, L, B> {
    type Output = &'t [L::Out];
    #[inline(always)]
    fn run<K: Kernels>(self) -> Self::Output {
        self.layer.infer::<K, Apart, B>(Activations::given(self.x, self.memory)).outlive()
    }
}

/// Inference with the best instructions there are.
#[inline]
pub(crate) fn infer<'a, L: Infer, const B: usize>(
    layer: &'a L,
    x: &'a [L::In],
    memory: &'a mut Memory<L, Apart, B>,
) -> &'a [L::Out] {
    kernel::run(Use { layer, x, memory })
}

/// Forward and backward of a layer or network alone, for batches of `B`, with the gradients of its parameters: for learning, testing,
/// and training by hand.
///
/// - [`backward`](Self::backward) gives the gradient at the input that it is given, as often as it is called: row after
///   row of a Jacobian, for example.
/// - Every [`forward`](Self::forward) draws new dropout masks, and backward has those of the last one.
/// - Running statistics change where [`observe`](Self::observe) is called, and nowhere else.
/// - Parameters are expected to stay from forward to backward: what forward kept is of the old ones.
///
/// ```
/// # use stackprop::prelude::*;
/// let mut dense: Dense<2, 3> = Dense::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.0; 3]);
/// let mut tape = Tape::<_, 1>::ZERO;
/// let x = Matrix::new([[1.0, -1.0]]);
/// assert_eq!(tape.forward(&dense, &x).0, [[-3.0, -3.0, -3.0]]);
/// assert_eq!(tape.backward(&mut dense, &x, &Matrix::new([[1.0, 0.0, 0.0]])).0, [[1.0, 4.0]]);
/// let mut dw = Matrix::<2, 3>::ZERO;
/// assert!(tape.gradient(&mut dense, "weight", &mut dw));
/// assert_eq!(dw.0, [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]);
/// ```
#[expect(missing_debug_implementations)]
pub struct Tape<L: Layer, const B: usize> {
    saved: Aligned<L::Saved<Apart, B>>,
    grad: Aligned<Max<L::Wide<B>, [L::In; B]>>,
    gradient: L::Slots<CopiesOf<1>>,
    seed: u64,
    /// Forward passes since the seed was set.
    passes: u64,
    /// The seed of the last forward pass, and how many had been made before.
    last: [u64; 2],
    /// Of the input of the last forward pass.
    checksum: u64,
    /// Whether `saved` is as that pass left it.
    fresh: bool,
    /// Whether `saved` is as a backward pass after it left it.
    used: bool,
}
crate::storage::zeroed!([L: Layer, const B: usize] Tape<L, B> {
    saved, grad, gradient, seed, passes, last, checksum, fresh, used
});

impl<L: Layer, const B: usize> Tape<L, B> {
    /// Refuses, in a build, batches of no sample, wrong sizes, and a network that may lack something.
    const CHECK: () = {
        positive_of(Text::new("Tape<L, ").number(B).text(">"), &["B"], &[B]);
        complete::<L>();
    };
    /// An empty tape.
    pub const ZERO: Self = {
        let () = Self::CHECK;
        <Self as Zeroed>::ZERO
    };

    /// An empty tape in a new box, without passing through the stack.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn boxed() -> std::boxed::Box<Self> {
        const { Self::CHECK }
        <Self as Zeroed>::boxed()
    }

    /// Sets what dropout masks depend on, beside the number of forward passes since: the n-th has the masks of step n
    /// of a trainer with this seed. So the same masks come again after the same seed. It is 0 at first.
    pub fn set_seed(&mut self, seed: u64) {
        (self.seed, self.passes) = (seed, 0);
    }

    /// The output in training.
    pub fn forward<'a>(&'a mut self, layer: &L, x: &'a Tensor<[L::In; B]>) -> &'a Tensor<[L::Out; B]> {
        const { Self::CHECK }
        self.last = [self.seed, self.passes];
        self.passes = self.passes.wrapping_add(1);
        match batch(self.pass(layer, x)) {
            Some(y) => y,
            None => unreachable!(),
        }
    }

    /// dx, from dy. The gradients of the parameters are added to those that are there.
    ///
    /// After a [`forward`](Self::forward) with the same input it uses what that one kept, and uses it up. A second
    /// backward with that input makes the forward pass again, with the same masks, and gives the same gradient; one
    /// with another input, or without any forward, makes its own first.
    pub fn backward(&mut self, layer: &mut L, x: &Tensor<[L::In; B]>, dy: &Tensor<[L::Out; B]>) -> &Tensor<[L::In; B]> {
        const { Self::CHECK }
        self.refresh(layer, x);
        for (grad, dy) in self.grad.0.flat().iter_mut().zip(dy.as_slice()) {
            *grad = *dy;
        }
        let context = self.context();
        kernel::run(Backward { tape: self, layer, x: &x.0, context });
        (self.fresh, self.used) = (false, true);
        match batch(L::In::group(self.grad.0.flat())) {
            Some(dx) => dx,
            None => unreachable!(),
        }
    }

    /// Has the layer learn its running statistics from a batch, as a trainer does at the end of each step. Each call
    /// adds the batch once.
    ///
    /// By hand it comes after [`backward`](Self::backward) with the same input. Without one it goes forward and
    /// backward by itself, with a dy of 0, and changes nothing else: so statistics can be measured without training,
    /// too.
    ///
    /// ```
    /// # use stackprop::prelude::*;
    /// type Net = (Dense<2, 3>, BatchNorm<3>, Dropout<3>);
    /// let mut net = Net::ZERO;
    /// let (mut tape, x) = (Tape::<Net, 4>::ZERO, Matrix::from_fn(|i| i as f32));
    /// tape.forward(&net, &x);
    /// tape.backward(&mut net, &x, &Matrix::filled(1.0));
    /// tape.observe(&mut net, &x);
    /// assert_eq!(net.1.updates(), 1.0);
    /// ```
    pub fn observe(&mut self, layer: &mut L, x: &Tensor<[L::In; B]>) {
        const { Self::CHECK }
        if !(self.used && self.checksum == checksum(x)) {
            self.refresh(layer, x);
            self.grad.0.flat().fill(L::T::ZERO);
            let context = self.context();
            kernel::run(Keeping { tape: self, layer, x: &x.0, context });
            (self.fresh, self.used) = (false, true);
        }
        layer.observe::<Apart, B>(&self.saved.0, B);
    }

    /// What the masks of the last forward pass depend on.
    fn context(&self) -> Context {
        Context::new(self.last[0], self.last[1])
    }

    /// A forward pass with the masks of the last one.
    fn pass<'a>(&'a mut self, layer: &L, x: &'a Tensor<[L::In; B]>) -> &'a mut [L::Out] {
        (self.checksum, self.fresh, self.used) = (checksum(x), true, false);
        let context = self.context();
        kernel::run(Forward::<L, B> { layer, x: &x.0, saved: &mut self.saved.0, context })
    }

    /// Makes a forward pass, unless the last one was of this input, and was not used up.
    fn refresh(&mut self, layer: &L, x: &Tensor<[L::In; B]>) {
        if !(self.fresh || self.used) || self.checksum != checksum(x) {
            self.forward(layer, x);
        } else if self.used {
            self.pass(layer, x);
        }
    }

    /// Shows the gradient of every parameter.
    pub fn gradients(&mut self, layer: &mut L, mut visitor: impl FnMut(Parameter<'_, L::T>)) {
        let mut show = ShowGradient(&mut visitor);
        visit_gradients(layer, &mut self.gradient, &mut show);
    }

    /// Copies the gradient of the parameter of a name, such as `weight` or `0.weight`; false if there isn't exactly one
    /// of that name and size. With more [levels](Path::LEVELS) than a name has, it doesn't compile.
    pub fn gradient<A: Array<T = L::T>>(&mut self, layer: &mut L, name: &str, gradient: &mut Tensor<A>) -> bool {
        let mut found = Found::new::<L>(name);
        self.gradients(layer, |parameter| found.copy(&parameter, gradient));
        found.times == 1
    }

    /// Sets all gradients to 0.
    pub fn clear(&mut self, layer: &mut L) {
        struct Clear;
        impl<T: Scalar> Visitor<T, CopiesOf<0>, CopiesOf<1>> for Clear {
            fn visit<A: Array<T = T>>(&mut self, _: Info, _: &mut A, _: &mut [A; 0], [gradient]: &mut [A; 1]) {
                gradient.flat_mut().fill(T::ZERO);
            }
        }
        visit_gradients(layer, &mut self.gradient, &mut Clear);
    }
}

/// A forward pass in training, to be dispatched.
struct Forward<'l, 't, L: Layer, const B: usize> {
    layer: &'l L,
    x: &'t [L::In],
    saved: &'t mut L::Saved<Apart, B>,
    context: Context,
}

impl<'t, L: Layer, const B: usize> Task for Forward<'_, 't, L, B> {
    type Output = &'t mut [L::Out];
    #[inline(always)]
    fn run<K: Kernels>(self) -> Self::Output {
        self.layer.forward::<K, Apart, B>(self.x, self.saved, self.context)
    }
}

/// A backward pass, to be dispatched.
struct Backward<'t, L: Layer, const B: usize> {
    tape: &'t mut Tape<L, B>,
    layer: &'t mut L,
    x: &'t [L::In],
    context: Context,
}

impl<L: Layer, const B: usize> Task for Backward<'_, L, B> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self) {
        let Self { tape: Tape { saved: Aligned(saved), grad: Aligned(grad), gradient, .. }, layer, x, context } = self;
        layer.backward::<K, Apart, B, Yes, Accumulate>(x, saved, grad.flat(), gradient, &Accumulate, context);
    }
}

/// A backward pass that changes no parameter and keeps no gradient, to be dispatched.
struct Keeping<'t, L: Layer, const B: usize> {
    tape: &'t mut Tape<L, B>,
    layer: &'t mut L,
    x: &'t [L::In],
    context: Context,
}

impl<L: Layer, const B: usize> Task for Keeping<'_, L, B> {
    type Output = ();
    #[inline(always)]
    fn run<K: Kernels>(self) {
        let Self { tape: Tape { saved: Aligned(saved), grad: Aligned(grad), .. }, layer, x, context } = self;
        let mut none = Zeroed::ZERO;
        layer.backward::<K, Apart, B, No, Keep>(x, saved, grad.flat(), &mut none, &Keep, context);
    }
}

/// Tells inputs apart: of their bits, one after the other, each step a rotation and a product with an odd number (as
/// FxHash has them).
fn checksum<A: Array>(x: &Tensor<A>) -> u64 {
    let step = |sum: u64, bits: u64| (sum.rotate_left(5) ^ bits).wrapping_mul(0x517c_c1b7_2722_0a95);
    x.as_slice().iter().fold(0, |sum, x| step(sum, x.to_f64().to_bits()))
}

/// Copies the parameter of a name, such as `weight` or `0.weight`; false if there isn't exactly one of that name and
/// size. With more [levels](Path::LEVELS) than a name has, it doesn't compile.
pub fn parameter<L: Layer, A: Array<T = L::T>>(layer: &L, name: &str, values: &mut Tensor<A>) -> bool {
    let mut found = Found::new::<L>(name);
    layer.visit(Path::default(), &mut |parameter| found.copy(&parameter, values));
    found.times == 1
}

/// How often a parameter of this name was found.
struct Found<'n> {
    name: &'n str,
    times: usize,
}

impl<'n> Found<'n> {
    fn new<L: Layer>(name: &'n str) -> Self {
        // Names of all parameters are different, or it doesn't compile.
        let _ = const { L::STRUCTURE };
        Self { name, times: 0 }
    }

    fn copy<A: Array>(&mut self, parameter: &Parameter<'_, A::T>, values: &mut Tensor<A>) {
        if parameter.len() == A::LEN && parameter.is_named(self.name) {
            for (value, new) in values.as_mut_slice().iter_mut().zip(parameter.values()) {
                *value = new;
            }
            self.times += 1;
        }
    }
}
