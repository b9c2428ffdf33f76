//! Updates of weights: gradients that overflow, moments, unequal micro-batches.
