//! Windows of a motion sensor on the wrist, in flash: the data of `examples/motion.rs`.

use stackprop::prelude::*;

/// 20 steps of 6 channels.
pub type Window = [[f32; 6]; 20];
/// People 1 to 7: windows `0..TRAIN`.
pub const TRAIN: usize = 785;
/// People 8 to 10: those after them.
pub const TEST: usize = 364;

/// Acceleration and turn rate, six channels of 20 steps; a channel's range is 32768.
static WINDOWS: &[[[[u8; 2]; 20]; 6]] =
    include_bytes!("../../examples/data/imu_watch_x_1149x6x20_i16le.bin").as_chunks().0.as_chunks().0.as_chunks().0;
static EXERCISES: &[u8; TRAIN + TEST] = include_bytes!("../../examples/data/imu_watch_y_1149_u8.bin");
const PEOPLE: &[u8; TRAIN + TEST] = include_bytes!("../../examples/data/imu_watch_subject_1149_u8.bin");

/// Where each window is: first those of people 1 to 7.
static ORDER: [u16; TRAIN + TEST] = {
    let (mut order, mut train, mut test, mut i) = ([0; TRAIN + TEST], 0, TRAIN, 0);
    while i < PEOPLE.len() {
        let place = if PEOPLE[i] < 8 { &mut train } else { &mut test };
        order[*place] = i as u16;
        *place += 1;
        i += 1;
    }
    assert!(train == TRAIN && test == TRAIN + TEST);
    order
};

/// Writes window `i` into the input; returns the exercise.
#[inline(never)]
pub fn sample(i: usize, x: &mut Tensor<Window>) -> u8 {
    let Some(i) = ORDER.get(i).copied().map(usize::from) else { return 0 };
    let (Some(window), Some(&exercise)) = (WINDOWS.get(i), EXERCISES.get(i)) else { return 0 };
    for (channel, numbers) in window.iter().enumerate() {
        for (x, &bytes) in x.0.iter_mut().zip(numbers) {
            if let Some(x) = x.get_mut(channel) {
                *x = f32::from(i16::from_le_bytes(bytes)) * (1.0 / 16_384.0);
            }
        }
    }
    exercise
}
