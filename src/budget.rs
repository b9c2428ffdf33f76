//! RAM budgets that the compiler checks, with both sizes in the message.

/// Fails to compile where a type needs more bytes than a budget, and says both numbers.
///
/// ```
/// # use stackprop::prelude::*;
/// type Training = Trainer<(Dense<64, 32>, ReLU<32>, Dense<32, 10>), SoftmaxCrossEntropy<10>, Adam, 32>;
/// stackprop::budget!(Training, 48 * 1024);
/// ```
#[macro_export]
macro_rules! budget {
    ($type:ty, $bytes:expr) => {
        const _: () = $crate::budget::check(stringify!($type), ::core::mem::size_of::<$type>(), $bytes);
    };
}

/// The check behind [`budget!`](crate::budget!).
#[track_caller]
pub const fn check(name: &str, needs: usize, budget: usize) {
    if needs > budget {
        Text::new("budget: `")
            .text(name)
            .text("` needs ")
            .number(needs)
            .text(" bytes, the budget is ")
            .number(budget)
            .panic();
    }
}

/// Text that is put together at compile time, for the message of a failed check.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations)]
pub struct Text {
    bytes: [u8; 256],
    len: usize,
}

impl Text {
    /// A text that begins with `start`.
    pub const fn new(start: &str) -> Self {
        Self { bytes: [0; 256], len: 0 }.text(start)
    }

    /// The name of a type with its sizes: "Conv1d<20, 6, 18, 16, 3>".
    pub const fn type_name(name: &str, sizes: &[usize]) -> Self {
        let mut text = Self::new(name).text("<");
        let mut i = 0;
        while i < sizes.len() {
            text = text.text(if i == 0 { "" } else { ", " }).number(sizes[i]);
            i += 1;
        }
        text.text(">")
    }

    /// Appends a text; what does not fit is cut.
    pub const fn text(mut self, text: &str) -> Self {
        let mut i = 0;
        while i < text.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = text.as_bytes()[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    /// Appends a number.
    pub const fn number(self, n: usize) -> Self {
        let digit = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"][n % 10];
        if n < 10 { self.text(digit) } else { self.number(n / 10).text(digit) }
    }

    /// The text.
    pub const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "a size is wrong",
        }
    }

    /// Fails with this text, where the caller is.
    #[track_caller]
    pub const fn panic(&self) -> ! {
        panic!("{}", self.as_str())
    }
}
