//! Files of weights: what is refused, and in which order numbers stand.
