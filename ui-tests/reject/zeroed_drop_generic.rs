// A generic struct that needs `Drop` is refused where it is made.
use stackprop::prelude::*;

struct Handle<const N: usize> {
    numbers: [u32; N],
}
stackprop::zeroed!([const N: usize] Handle<N> { numbers });

impl<const N: usize> Drop for Handle<N> {
    fn drop(&mut self) {
        println!("closed {:?}", self.numbers);
    }
}

fn main() {
    let _ = Handle::<3>::boxed();
}
