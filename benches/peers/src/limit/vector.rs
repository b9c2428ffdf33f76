//! Loops at the limit of one core, in the widest vectors that it has.

/// Multiplications and additions of one repetition of [`multiply_add`]. Every backend does so many.
pub const OPERATIONS: f64 = (2 * CHAINS * LANES * ROUNDS) as f64;

/// Sums that don't wait for each other: enough for two units and a latency of five.
const CHAINS: usize = 12;
/// Numbers that a chain counts, in one vector or several.
const LANES: usize = 16;
const ROUNDS: usize = 1000;

/// Calls the version for the widest vectors.
macro_rules! widest {
    ($function:ident($($argument:expr),*)) => {{
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                // SAFETY: the processor has AVX-512F.
                return unsafe { avx512::$function($($argument),*) };
            }
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                // SAFETY: the processor has AVX2 and FMA.
                return unsafe { avx2::$function($($argument),*) };
            }
        }
        baseline::$function($($argument),*)
    }};
}

/// The vectors that are used.
pub fn name() -> &'static str {
    widest!(name())
}

/// Multiply-adds that need no memory.
pub fn multiply_add(repetitions: u32) {
    widest!(multiply_add(repetitions));
}

/// Reads everything.
pub fn read(values: &[f32], repetitions: u32) {
    widest!(read(values, repetitions));
}

/// Reads, changes and writes everything.
pub fn update(values: &mut [f32], repetitions: u32) {
    widest!(update(values, repetitions));
}

/// The loops, over vectors `$V` of `$WIDTH` numbers. `$fma` is `a * b + c`.
macro_rules! loops {
    ($name:literal, $(#[$feature:meta])* $V:ty, $WIDTH:literal, $set:expr, $load:expr, $store:expr, $fma:expr) => {
        const PARTS: usize = LANES / $WIDTH;

        $(#[$feature])*
        pub fn name() -> &'static str {
            $name
        }

        $(#[$feature])*
        pub fn multiply_add(repetitions: u32) {
            let (factor, term) = (std::hint::black_box($set(0.5)), std::hint::black_box($set(1.0)));
            for _ in 0..repetitions {
                let mut sums: [$V; CHAINS] = [$set(0.0); CHAINS];
                for _ in 0..ROUNDS * PARTS {
                    for sum in &mut sums {
                        *sum = $fma(*sum, factor, term);
                    }
                }
                std::hint::black_box(sums);
            }
        }

        $(#[$feature])*
        pub fn read(values: &[f32], repetitions: u32) {
            let one = std::hint::black_box($set(1.0));
            let mut sums: [$V; CHAINS] = [$set(0.0); CHAINS];
            for _ in 0..repetitions {
                for chunk in std::hint::black_box(values).as_chunks::<{ CHAINS * $WIDTH }>().0 {
                    for (sum, part) in sums.iter_mut().zip(chunk.as_chunks::<$WIDTH>().0) {
                        *sum = $fma(one, $load(part), *sum);
                    }
                }
            }
            std::hint::black_box(sums);
        }

        $(#[$feature])*
        pub fn update(values: &mut [f32], repetitions: u32) {
            let (factor, term) = (std::hint::black_box($set(0.5)), std::hint::black_box($set(0.5)));
            for _ in 0..repetitions {
                for chunk in std::hint::black_box(&mut *values).as_chunks_mut::<{ CHAINS * $WIDTH }>().0 {
                    for part in chunk.as_chunks_mut::<$WIDTH>().0 {
                        let value = $fma($load(part), factor, term);
                        $store(part, value);
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{__m512, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps};

    use super::{CHAINS, LANES, ROUNDS};

    loops!(
        "AVX-512",
        #[target_feature(enable = "avx512f")]
        __m512,
        16,
        _mm512_set1_ps,
        // SAFETY: as many numbers as a vector holds.
        |part: &[f32; 16]| unsafe { _mm512_loadu_ps(part.as_ptr()) },
        // SAFETY: as many numbers as a vector holds.
        |part: &mut [f32; 16], value| unsafe { _mm512_storeu_ps(part.as_mut_ptr(), value) },
        _mm512_fmadd_ps
    );
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{__m256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps};

    use super::{CHAINS, LANES, ROUNDS};

    loops!(
        "AVX2",
        #[target_feature(enable = "avx2,fma")]
        __m256,
        8,
        _mm256_set1_ps,
        // SAFETY: as many numbers as a vector holds.
        |part: &[f32; 8]| unsafe { _mm256_loadu_ps(part.as_ptr()) },
        // SAFETY: as many numbers as a vector holds.
        |part: &mut [f32; 8], value| unsafe { _mm256_storeu_ps(part.as_mut_ptr(), value) },
        _mm256_fmadd_ps
    );
}

/// What every target has: four numbers, that the compiler makes a vector of, multiplied and added one after the other.
mod baseline {
    use super::{CHAINS, LANES, ROUNDS};

    type V = [f32; 4];

    loops!(
        "baseline",
        V,
        4,
        |value: f32| [value; 4],
        |part: &V| *part,
        |part: &mut V, value: V| *part = value,
        |a: V, b: V, c: V| -> V { std::array::from_fn(|i| a[i] * b[i] + c[i]) }
    );
}
