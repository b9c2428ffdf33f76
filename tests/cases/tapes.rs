//! Layers by hand: a second backward pass, running statistics, new masks; the gradient checker.
