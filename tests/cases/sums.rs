//! Sums and means of many numbers, and of numbers far from 0.
