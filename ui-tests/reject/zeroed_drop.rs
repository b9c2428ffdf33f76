// A struct that needs `Drop` isn't plain memory, even where its fields are.
struct Handle {
    number: u32,
}
stackprop::zeroed!([] Handle { number });

impl Drop for Handle {
    fn drop(&mut self) {
        println!("closed {}", self.number);
    }
}

fn main() {}
