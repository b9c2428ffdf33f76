//! Metrics: outputs that aren't finite, one logit, arrays as targets.
