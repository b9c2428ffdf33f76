// Each field must be named.
#![forbid(unsafe_code)]

struct Named {
    name: &'static str,
    length: usize,
}
stackprop::zeroed!([] Named { length });

fn main() {}
