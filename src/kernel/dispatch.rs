//! Which instructions the kernels use: chosen here, once a step.

/// The instructions that kernels may use. Every layer hands this type on, so that below the choice all is known to the compiler.
pub trait Kernels: Copy + 'static {}

/// What every target has.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Kernels for Portable {}

/// Something to do with the best instructions there are: a step, or an inference.
pub trait Task {
    /// What comes out.
    type Output;
    /// Does it.
    fn run<K: Kernels>(self) -> Self::Output;
}

/// Does a task with the best instructions that this machine has.
#[inline]
pub fn run<T: Task>(task: T) -> T::Output {
    task.run::<Portable>()
}
