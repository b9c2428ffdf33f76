// Kernels write through the pointers that copies of a parameter give, so these are the library's own.
use stackprop::kernel::Lanes;
use stackprop::optimizer::Copies;
use stackprop::storage::Zeroed;

struct Odd;

impl Copies for Odd {
    type Of<A: Zeroed> = ();
    fn each<A: Zeroed>(_: &mut (), _: impl FnMut(&mut A)) {}
    fn starts<T, A: Zeroed>(_: *mut ()) -> [*mut T; 2] {
        [std::ptr::dangling_mut(); 2]
    }
    unsafe fn load<T, A: Zeroed, V: Lanes<T>>(_: *const (), _: usize, _: usize) {}
    unsafe fn store<T, A: Zeroed, V: Lanes<T>>(_: *mut (), _: usize, _: usize, _: ()) {}
}

fn main() {}
