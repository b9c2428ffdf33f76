//! The kernels of recurrent layers give the bits of the products of rows, one by one, with the instructions that were chosen and with none; and
//! the memory that blocks use in turn.

use stackprop::kernel::{
    Kernels, Portable, Rows, RowsMut, Task, add_dots, add_rows, dots, learn_bias, learn_gate, learn_gate_bias,
    learn_rows, mul_rows, run,
};
use stackprop::optimizer::Accumulate;
use stackprop::random::{generator, unit};
use stackprop::storage::{Either, Zeroed};
use stackprop::tensor::{Array, Tensor, take, take_mut};

fn random<A: Array<T = f32>>(seed: usize) -> A {
    let mut rng = generator(seed as u64);
    Tensor::<A>::from_fn(|_| unit::<f32>(&mut rng) - 0.5).0
}

fn bits<A: Array<T = f32>>(a: &[A]) -> impl Iterator<Item = u32> {
    A::flatten(a).iter().map(|v| v.to_bits())
}

/// `n` sequences of three steps, of at most nine.
struct AsRows<const R: usize, const C: usize>(usize);

impl<const R: usize, const C: usize> Task for AsRows<R, C> {
    type Output = ();
    fn run<K: Kernels>(self) {
        let n = self.0;
        let m: [[[f32; C]; R]; 2] = random(1);
        let (a, sums) = (random::<[[[f32; R]; 3]; 9]>(2), random::<[[[f32; C]; 3]; 9]>(3));
        let (a, mut out) = (take(&a, n), sums);
        add_rows::<K, f32, R, C>(Rows::step(a, 1), &m[1], RowsMut::step(&mut out, 2));
        let mut row = [[0.0; C]];
        let mut expected = sums;
        for (a, to) in a.iter().zip(&mut expected) {
            mul_rows::<K, f32, R, C>(&a[1..2], &m[1], None, &mut row);
            to[2].iter_mut().zip(row[0]).for_each(|(to, sum)| *to += sum);
        }
        assert!(bits(&out).eq(bits(&expected)), "add_rows {R} {C} {n}");
        add_rows::<K, f32, R, C>(Rows::step(a, 3), &m[1], RowsMut::step(&mut out, 2));
        assert!(bits(&out).eq(bits(&expected)), "no such step");

        let (q, mut out) = (random::<[[[f32; C]; 3]; 9]>(4), random::<[[[f32; R]; 3]; 9]>(5));
        let (q, rows, mut expected) = (take(&q, n), R / 3..R, out);
        add_dots::<K, f32, R, C>(Rows::step(q, 2), &m[0], rows.clone(), &mut RowsMut::step(&mut out, 0));
        let flat = take_mut(&mut out, n).as_flattened_mut();
        add_dots::<K, f32, R, C>(Rows::all(q.as_flattened()), &m[0], rows.clone(), &mut RowsMut::all(flat));
        let mut row = [[0.0; R]];
        for (q, to) in q.iter().zip(&mut expected) {
            for (from, t) in [(2, 0), (0, 0), (1, 1), (2, 2)] {
                dots::<K, f32, R, C>(&q[from..=from], &m[0], 0..R, None, &mut row);
                rows.clone().for_each(|r| to[t][r] += row[0][r]);
            }
        }
        assert!(bits(&out).eq(bits(&expected)), "add_dots {R} {C} {n}");

        let (p, q) = (take(a, n).as_flattened(), q.as_flattened());
        let (mut gates, mut slots) = (m, [[[[0.0; C]; R]; 2]]);
        learn_gate::<K, f32, _, R, C, 2>(p, q, R / 3..R, 1, &mut gates, &mut slots, &Accumulate);
        let (mut gate, mut slot) = (m[1], [[[0.0_f32; C]; R]]);
        learn_rows::<K, f32, _, _, R, C>(p, q, R / 3..R, &mut gate, &mut slot, &Accumulate);
        assert!(bits(&slots[0]).eq(bits(&[Zeroed::ZERO, slot[0]])), "learn_gate {R} {C} {n}");

        let (mut biases, mut slots, mut slot) = ([[0.0; C]; 2], [[[0.0; C]; 2]], [[0.0; C]]);
        learn_gate_bias::<K, f32, _, C, 2>(q, 1, &mut biases, &mut slots, &Accumulate);
        learn_bias::<K, f32, _, C>(q, &mut [0.0; C], &mut slot, &Accumulate);
        assert!(bits(&slots[0]).eq(bits(&[[0.0; C], slot[0]])), "learn_gate_bias {C} {n}");
    }
}

fn as_rows<const R: usize, const C: usize>() {
    for n in [0, 1, 2, 9] {
        AsRows::<R, C>(n).run::<Portable>();
        run(AsRows::<R, C>(n));
    }
}

#[test]
fn the_bits_of_products_of_rows() {
    as_rows::<1, 1>();
    as_rows::<5, 7>();
    as_rows::<16, 16>();
    as_rows::<18, 33>();
    as_rows::<33, 17>();
    as_rows::<3, 70>();
}

#[test]
fn memory_in_turn_is_zero_at_each_turn() {
    let mut memory = <Either<[u8; 3], Either<[u32; 2], u16>> as Zeroed>::ZERO;
    assert_eq!(size_of_val(&memory), 8 + 4 + 4);
    assert_eq!(memory.first(), &[0; 3]);
    *memory.first() = [255; 3];
    assert_eq!(memory.first(), &[255; 3]);
    assert!(memory.held_second().is_none());
    *memory.second().first() = [7, 8];
    assert_eq!(*memory.second().second(), 0);
    assert_eq!(memory.held_second().and_then(|inner| inner.held_second()), Some(&0));
    assert_eq!(memory.second().first(), &[0; 2]);
    assert_eq!(memory.first(), &[0; 3]);
}
