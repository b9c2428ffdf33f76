//! Which instructions the kernels use: chosen here, once a step.

use super::{Lanes, Pair};
use crate::sealed::Sealed;

/// The vectors that kernels use. Every layer hands this type on, so that below the choice all is known to the compiler.
///
/// It is sealed: whoever names a type of instructions promises that the machine has them.
pub trait Kernels: Sealed + Copy + 'static {
    /// A vector of `f32`.
    type F32: Lanes<f32>;
    /// A vector of `f64`.
    type F64: Lanes<f64>;
    /// Sixteen `f32`: the lanes of a dot product.
    type F32x16: Lanes<f32>;
    /// Sixteen `f64`: the lanes of a dot product.
    type F64x16: Lanes<f64>;
    /// How many vectors the processor holds.
    const REGISTERS: usize;
    /// The same with vectors of half the width, for rows that are shorter than a vector.
    type Narrow: Kernels;

    /// Whether products take an activation into their epilogue; else it is a pass of its own.
    #[doc(hidden)]
    const FUSES: bool = true;

    /// Does a task in a function that is compiled for these instructions: where another thread begins.
    ///
    /// # Safety
    /// The machine has them. It has in code that these kernels run in.
    #[doc(hidden)]
    unsafe fn begin<T: Task>(task: T) -> T::Output {
        task.run::<Self>()
    }

    /// Has the processor fetch what will be read from `at` soon, if that is there.
    #[doc(hidden)]
    #[inline(always)]
    fn prefetch<T>(_at: *const T) {}

    // Loops of an instruction set's own, for one sample. Each says whether it did the work; if not, nothing has changed. `ROWS` is how many rows
    // the matrix has, `rows` how many of them are meant.

    /// `out[r] = Σ꜀ a[c] · m[r][c] + bias[r]`, c in 1, 4 or 16 interleaved sums.
    ///
    /// # Safety
    /// They are there.
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn dots<T: 'static, const CHAINS: usize, const ROWS: usize, const COLUMNS: usize>(
        _a: *const T,
        _m: *const T,
        _rows: usize,
        _bias: Option<*const T>,
        _out: *mut T,
    ) -> bool {
        false
    }

    /// `out[c] = Σᵣ a[r] · m[r][c]`, r in so many interleaved sums.
    ///
    /// # Safety
    /// They are there, and at least one row.
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn sums<T: 'static, const CHAINS: usize, const ROWS: usize, const COLUMNS: usize>(
        _a: *const T,
        _m: *const T,
        _out: *mut T,
    ) -> bool {
        false
    }

    /// Updates `m[r][c]` and its slots from the gradient `p[r] · q[c]`.
    ///
    /// # Safety
    /// They are there, and as many slots as the formula has, or null.
    #[doc(hidden)]
    #[inline(always)]
    unsafe fn learn<T: 'static, const ROWS: usize, const COLUMNS: usize>(
        _formula: Formula<T>,
        _p: *const T,
        _q: *const T,
        _m: *mut T,
        _rows: usize,
        _slots: [*mut T; 2],
    ) -> bool {
        false
    }

    /// e^(x - max x), max x, and the sum of the former in four interleaved sums.
    #[doc(hidden)]
    #[inline(always)]
    fn exponentials<T: 'static, const N: usize>(_x: &[T; N], _to: &mut [T; N], _max: &mut T, _sum: &mut T) -> bool {
        false
    }
}

/// An update whose formula kernels may know.
#[derive(Clone, Copy, Debug)]
pub enum Formula<T> {
    /// None that they know.
    Other,
    /// w ← w - rate · g.
    Descent {
        /// The learning rate.
        rate: T,
    },
    /// v ← μ · v + g; w ← w - rate · v.
    Momentum {
        /// The learning rate.
        rate: T,
        /// μ.
        momentum: T,
    },
    /// Adam's, with β₁, 1 - β₁, β₂, 1 - β₂, 1 / (1 - β₂ᵗ), ε, η / (1 - β₁ᵗ), and what is left of a weight before its update.
    Adam([T; 8]),
}

/// What every target has: one number at a time. This is the definition of every kernel.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Sealed for Portable {}

impl Kernels for Portable {
    type F32 = f32;
    type F64 = f64;
    type F32x16 = Pair<Pair<Pair<Pair<f32>>>>;
    type F64x16 = Pair<Pair<Pair<Pair<f64>>>>;
    const REGISTERS: usize = 16;
    type Narrow = Self;
}

/// Something to do with the best instructions there are: a step, or an inference.
pub trait Task {
    /// What comes out.
    type Output;
    /// Does it.
    fn run<K: Kernels>(self) -> Self::Output;
}

/// Does a task with the best instructions that this machine has.
#[inline]
#[cfg(not(any(
    all(target_arch = "x86_64", any(feature = "std", target_feature = "avx2")),
    all(target_arch = "aarch64", target_feature = "neon", target_endian = "little")
)))]
pub fn run<T: Task>(task: T) -> T::Output {
    task.run::<super::cortex_m::CortexM>()
}

/// Does a task with NEON, which the target always has; `STACKPROP_KERNELS=portable` turns it off, for tests.
#[inline]
#[cfg(all(target_arch = "aarch64", target_feature = "neon", target_endian = "little"))]
pub fn run<T: Task>(task: T) -> T::Output {
    #[cfg(feature = "std")]
    {
        static PORTABLE: std::sync::LazyLock<bool> =
            std::sync::LazyLock::new(|| std::env::var("STACKPROP_KERNELS").is_ok_and(|limit| limit == "portable"));
        if *PORTABLE {
            return task.run::<Portable>();
        }
    }
    task.run::<super::neon::Neon>()
}

#[cfg(all(target_arch = "x86_64", any(feature = "std", target_feature = "avx2")))]
pub use self::x86::run;
#[cfg(all(target_arch = "x86_64", any(feature = "std", target_feature = "avx2")))]
pub(super) use self::x86::{avx2, avx512};

#[cfg(all(target_arch = "x86_64", any(feature = "std", target_feature = "avx2")))]
mod x86 {
    use super::super::x86::{Avx2, Avx512};
    use super::{Kernels, Portable, Task};

    /// An instruction set that kernels were written for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[repr(u8)]
    enum Choice {
        Unknown,
        Portable,
        Avx2,
        Avx512,
    }

    /// Does a task with the best instructions that this machine has.
    ///
    /// Inlined, so that a task is made where it is read: a copy of it, in vectors, would wait until its fields are in the cache, longer
    /// than the inference of a tiny network takes.
    #[inline(always)]
    pub fn run<T: Task>(task: T) -> T::Output {
        match choice() {
            // SAFETY: the processor was asked.
            #[cfg(not(debug_assertions))]
            Choice::Avx512 => unsafe { avx512(task) },
            // SAFETY: the processor was asked. One with AVX-512 has these, too: in debug builds they are enough, and a third set of kernels would
            // take long to compile.
            #[cfg_attr(not(debug_assertions), allow(unreachable_patterns))]
            Choice::Avx512 | Choice::Avx2 => unsafe { avx2::<Avx2, T>(task) },
            Choice::Portable | Choice::Unknown => portable(task),
        }
    }

    /// A function of its own, so that what is inlined stays small.
    #[inline(never)]
    fn portable<T: Task>(task: T) -> T::Output {
        task.run::<Portable>()
    }

    #[cfg_attr(debug_assertions, allow(dead_code, reason = "debug builds leave AVX-512 to the tests of kernels"))]
    #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
    pub fn avx512<T: Task>(task: T) -> T::Output {
        task.run::<Avx512>()
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn avx2<K: Kernels, T: Task>(task: T) -> T::Output {
        task.run::<K>()
    }

    #[cfg(not(feature = "std"))]
    #[inline(always)]
    fn choice() -> Choice {
        if cfg!(all(target_feature = "avx512f", target_feature = "avx512vl", target_feature = "avx512bw")) {
            Choice::Avx512
        } else {
            Choice::Avx2
        }
    }

    /// Asked once; `STACKPROP_KERNELS=portable`, `avx2` or `avx512` limits it, for tests.
    #[cfg(feature = "std")]
    #[inline(always)]
    fn choice() -> Choice {
        use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
        static CHOICE: AtomicU8 = AtomicU8::new(Choice::Unknown as u8);

        #[cold]
        fn ask() -> u8 {
            let limit = std::env::var("STACKPROP_KERNELS");
            let limit = limit.as_deref().unwrap_or("avx512");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq");
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let choice = if limit == "avx512" && avx512 && avx2 {
                Choice::Avx512
            } else if limit != "portable" && avx2 {
                Choice::Avx2
            } else {
                Choice::Portable
            };
            CHOICE.store(choice as u8, Relaxed);
            choice as u8
        }

        let mut choice = CHOICE.load(Relaxed);
        if choice == Choice::Unknown as u8 {
            choice = ask();
        }
        match choice {
            3 => Choice::Avx512,
            2 => Choice::Avx2,
            _ => Choice::Portable,
        }
    }
}
