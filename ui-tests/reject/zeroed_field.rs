// Each field must be valid when it is all zeros.
#![forbid(unsafe_code)]

struct Named {
    name: &'static str,
}
stackprop::zeroed!([] Named { name });

fn main() {}
