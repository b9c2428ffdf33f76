// Arrays are the library's own: one of a struct that holds a reference would let safe code write the reference's bytes.
#![deny(unsafe_code)]
use stackprop::storage::{Buffer, Zeroed};
use stackprop::tensor::{Array, Shape};

#[derive(Clone, Copy)]
struct Odd {
    reference: Option<&'static u32>,
}
stackprop::zeroed!([] Odd { reference });

impl Array for Odd {
    type T = f32;
    const LEN: usize = 2;
    const SHAPE: Shape = <f32 as Array>::SHAPE;
    fn flatten(_: &[Self]) -> &[f32] {
        &[]
    }
    fn flatten_mut(_: &mut [Self]) -> &mut [f32] {
        &mut []
    }
    fn group(_: &[f32]) -> &[Self] {
        &[]
    }
    fn group_mut(_: &mut [f32]) -> &mut [Self] {
        &mut []
    }
}

fn main() {
    let mut odd = [Odd::ZERO];
    Buffer::<f32>::flat(&mut odd)[0] = 1.0;
    println!("{:?}", odd[0].reference);
}
