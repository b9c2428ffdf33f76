//! The products of attention against their definition, in guarded memory.

use super::Guarded;
use super::definition::{Sum, check, dots, gradient};
use crate::kernel::{Kernels, scores, slopes, turned, weighted};
use crate::random::mix;
use crate::scalar::Scalar;

/// Around the lanes of vectors and of scores, and the rows of tiles.
pub fn all<K: Kernels, T: Scalar>() {
    for causal in [false, true] {
        products::<K, T, 1, 1, 1, 1>(causal);
        products::<K, T, 5, 6, 2, 3>(causal);
        products::<K, T, 13, 24, 3, 8>(causal);
        products::<K, T, 9, 17, 1, 17>(causal);
        products::<K, T, 4, 66, 2, 33>(causal);
    }
}

fn products<K: Kernels, T: Scalar, const STEPS: usize, const N: usize, const HEADS: usize, const HEAD: usize>(
    causal: bool,
) {
    let mut state = mix((STEPS * 71 + N) as u64);
    let mut numbers = |n: usize| {
        let mut number = || {
            state = mix(state);
            T::from_f64((state >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
        };
        Guarded::new(&(0..n).map(|_| number()).collect::<Vec<T>>(), 0)
    };
    let [a, b, c] = [(); 3].map(|()| numbers(STEPS * N));
    let (mut s, mut out) = (numbers(HEADS * STEPS * STEPS), numbers(STEPS * N));
    let [a, b, c] = [&a, &b, &c].map(|steps| steps.array::<[[T; N]; STEPS]>());
    let scale = T::from_f64(0.5);
    let used = |at: usize| !causal || at % STEPS <= at / STEPS % STEPS;
    // The columns of a head.
    let head = |steps: &[[T; N]; STEPS], h: usize| -> Vec<T> {
        steps.iter().flat_map(|step| step[h * HEAD..(h + 1) * HEAD].to_vec()).collect()
    };

    scores::<K, T, STEPS, N, HEADS, HEAD>([a, b], scale, causal, s.array_mut());
    let expected = (0..HEADS).flat_map(|h| dots(&head(a, h), &head(b, h), (STEPS, HEAD), None));
    let expected = expected.enumerate().map(|(at, sum)| if used(at) { sum.times(scale) } else { Sum::of(T::MIN) });
    check(("scores", STEPS, HEADS, HEAD, causal), s.get(), expected);

    // Probabilities are 0 where nothing is looked at.
    for (at, s) in s.get_mut().iter_mut().enumerate() {
        *s = if used(at) { *s } else { T::ZERO };
    }
    let old = s.get().to_vec();
    for (is_turned, what) in [(false, "weighted"), (true, "turned")] {
        let to = out.array_mut();
        let product =
            if is_turned { turned::<K, T, STEPS, N, HEADS, HEAD> } else { weighted::<K, T, STEPS, N, HEADS, HEAD> };
        product(s.array(), b, causal, to);
        for (h, s) in old.chunks_exact(STEPS * STEPS).enumerate() {
            let across: Vec<T> = (0..STEPS * STEPS).map(|at| s[at % STEPS * STEPS + at / STEPS]).collect();
            let expected = gradient(if is_turned { s } else { &across }, &head(b, h), (STEPS, HEAD));
            check((what, STEPS, HEADS, HEAD, causal), &head(out.array(), h), expected);
        }
    }

    slopes::<K, T, STEPS, N, HEADS, HEAD>([a, b, c], scale, causal, s.array_mut());
    let expected = (0..HEADS * STEPS).flat_map(|row| {
        let (h, i) = (row / STEPS, row % STEPS);
        let columns = h * HEAD..(h + 1) * HEAD;
        let rest: Vec<T> = b.iter().flat_map(|b| columns.clone().map(|d| b[d] - c[i][d])).collect();
        dots(&a[i][columns.clone()], &rest, (STEPS, HEAD), None)
    });
    let expected = expected.zip(&old).enumerate();
    let expected = expected.map(|(at, (sum, &old))| if used(at) { sum.times(scale).times(old) } else { Sum::of(old) });
    check(("slopes", STEPS, HEADS, HEAD, causal), s.get(), expected);
}
