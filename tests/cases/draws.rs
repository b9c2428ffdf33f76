//! Random numbers: orders, starting weights, what reset leaves alone.
