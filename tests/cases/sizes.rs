//! Sizes: counts beyond 32 bits, batches that are too small.
