//! Numbers between guards: on the last bytes of a page before one that may not be touched, or between numbers that must stay.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};

use crate::scalar::Scalar;
use crate::tensor::Array;

/// A multiple of every target's page.
const PAGE: usize = 1 << 16;
/// Guard numbers before the data, and at most so many after it.
const GUARDS: usize = 16;

/// Some numbers with guards on both sides.
pub struct Guarded<T> {
    memory: *mut u8,
    layout: Layout,
    numbers: *mut T,
    len: usize,
    after: usize,
}

impl<T: Scalar> Guarded<T> {
    /// Copies numbers to the end of a page, with `after` guard numbers between them and the end.
    pub fn new(values: &[T], after: usize) -> Self {
        let (len, after) = (values.len(), after.min(GUARDS));
        let bytes = ((GUARDS + len + after) * size_of::<T>()).next_multiple_of(PAGE);
        let layout = Layout::from_size_align(bytes + PAGE, PAGE).unwrap();
        // SAFETY: the size isn't zero.
        let memory = unsafe { alloc_zeroed(layout) };
        if memory.is_null() {
            handle_alloc_error(layout);
        }
        // SAFETY: `bytes` are enough for all numbers and their guards, and a page follows.
        let numbers = unsafe {
            protect(memory.add(bytes), false);
            let numbers = memory.add(bytes).cast::<T>().sub(len + after);
            for i in 0..GUARDS + len + after {
                *numbers.sub(GUARDS).add(i) = Self::guard();
            }
            numbers.copy_from_nonoverlapping(values.as_ptr(), len);
            numbers
        };
        Self { memory, layout, numbers, len, after }
    }

    fn guard() -> T {
        T::from_f64(-12_345.0)
    }

    /// The numbers; checks that the guards are as they were.
    pub fn get(&self) -> &[T] {
        // SAFETY: `new` wrote all of them.
        let (all, numbers) = unsafe {
            let all = core::slice::from_raw_parts(self.numbers.sub(GUARDS), GUARDS + self.len + self.after);
            (all, core::slice::from_raw_parts(self.numbers, self.len))
        };
        assert!(all[..GUARDS].iter().all(|&v| v == Self::guard()), "written before the beginning");
        assert!(all[GUARDS + self.len..].iter().all(|&v| v == Self::guard()), "written beyond the end");
        numbers
    }

    /// The numbers, to be changed.
    pub fn get_mut(&mut self) -> &mut [T] {
        // SAFETY: `new` wrote them.
        unsafe { core::slice::from_raw_parts_mut(self.numbers, self.len) }
    }

    /// The numbers as arrays.
    pub fn arrays<A: Array<T = T>>(&self) -> &[A] {
        A::group(self.get())
    }

    /// The numbers as arrays, to be changed.
    pub fn arrays_mut<A: Array<T = T>>(&mut self) -> &mut [A] {
        A::group_mut(self.get_mut())
    }

    /// The numbers as one array.
    pub fn array<A: Array<T = T>>(&self) -> &A {
        &self.arrays()[0]
    }

    /// The numbers as one array, to be changed.
    pub fn array_mut<A: Array<T = T>>(&mut self) -> &mut A {
        &mut self.arrays_mut()[0]
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        // SAFETY: as allocated; the allocator gets its last page back as it was.
        unsafe {
            protect(self.memory.add(self.layout.size() - PAGE), true);
            dealloc(self.memory, self.layout);
        }
    }
}

/// Whether a page may be used. Elsewhere than on Linux there are only the guard numbers.
///
/// # Safety
/// It is a page of ours that nothing else uses.
unsafe fn protect(page: *mut u8, usable: bool) {
    #[cfg(target_os = "linux")]
    {
        unsafe extern "C" {
            fn mprotect(address: *mut core::ffi::c_void, bytes: usize, protection: i32) -> i32;
        }
        // SAFETY: the caller's promise. Protection 3 is to read and write, 0 is none.
        let result = unsafe { mprotect(page.cast(), PAGE, if usable { 3 } else { 0 }) };
        assert_eq!(result, 0, "mprotect failed");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (page, usable);
}
