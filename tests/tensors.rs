//! Tensors: construction, views, arithmetic, products, text, comparison and random fills.

use approx::{AbsDiffEq, RelativeEq, UlpsEq, assert_abs_diff_eq, assert_relative_eq, assert_ulps_eq};
use stackprop::prelude::*;
use stackprop::random::generator;
use stackprop::scalar::Scalar;
use stackprop::tensor::{Array, Shape};

mod common;
use common::run::uniform;

/// Made in const.
static EYE: Matrix<2, 2> = Matrix::new([[1.0, 0.0], [0.0, 1.0]]);
const NOTHING: Tensor4<2, 3, 4, 5> = Tensor::ZERO;

#[test]
fn construction() {
    assert_eq!(EYE.0, [[1.0, 0.0], [0.0, 1.0]]);
    assert!(NOTHING.as_slice().iter().all(|&v| v == 0.0));
    assert_eq!(Matrix::<2, 3>::from_fn(|i| i as f32).0, [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]);
    assert_eq!(Vector::<3, f64>::filled(2.5).0, [2.5; 3]);
    assert_eq!(Vector::<3>::default(), Vector::ZERO);
    assert_eq!(Vector::<3>::one_hot(1).0, [0.0, 1.0, 0.0]);
    assert_eq!(Vector::<3>::one_hot(3), Vector::ZERO);
}

#[test]
fn shapes() {
    assert_eq!((Vector::<7>::LEN, Vector::<7>::SHAPE.dims()), (7, [7].as_slice()));
    assert_eq!((Tensor4::<2, 3, 4, 5>::LEN, NOTHING.as_slice().len()), (120, 120));
    assert_eq!(Tensor4::<2, 3, 4, 5>::SHAPE.dims(), [2, 3, 4, 5]);
    assert_eq!(format!("{:?} {:?}", Tensor3::<2, 3, 4>::SHAPE, f32::SHAPE), "2x3x4 scalar");
    assert_eq!(Shape::SCALAR.within(3).within(2), Matrix::<2, 3>::SHAPE);
    assert_eq!(size_of::<Tensor4<2, 3, 4, 5>>(), 480);
}

#[test]
fn indexing_and_rows() {
    let mut m = Matrix::<2, 3>::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    assert_eq!((m[(1, 2)], m[0], m[1][0]), (6.0, [1.0, 2.0, 3.0], 4.0));
    m[(0, 1)] = 7.0;
    m[1][2] = 8.0;
    m.row_mut(1).unwrap()[0] = 9.0;
    assert_eq!(m.as_slice(), [1.0, 7.0, 3.0, 9.0, 5.0, 8.0]);
    assert_eq!(m.row(1), Some(&Vector::new([9.0, 5.0, 8.0])));
    assert!(m.row(2).is_none() && m.row_mut(2).is_none());
    assert_eq!(m.rows().map(Tensor::sum).collect::<Vec<f32>>(), [11.0, 22.0]);
    assert_eq!(m.rows().len(), 2);
    m.as_mut_slice()[0] = 0.5;
    assert_eq!(m[(0, 0)], 0.5);
}

#[test]
#[should_panic(expected = "index out of bounds")]
fn an_index_out_of_range_panics_as_in_an_array() {
    let i = std::hint::black_box(3);
    let _ = Vector::<3>::ZERO[i];
}

#[test]
fn conversions_without_a_copy() {
    let array = [[1.0f32, 2.0], [3.0, 4.0]];
    let view: &Matrix<2, 2> = (&array).into();
    assert!(std::ptr::eq(&raw const view.0, &raw const array));
    let mut array: [[f32; 2]; 2] = Matrix::from(array).into();
    Tensor::from_mut(&mut array).apply(|v| v + 1.0);
    assert_eq!(array, [[2.0, 3.0], [4.0, 5.0]]);
    let mut m = Matrix::new(array);
    m.as_mut()[0][0] = 0.0;
    assert_eq!(m.as_ref(), &[[0.0, 3.0], [4.0, 5.0]]);
}

#[test]
fn map_zip_and_operators() {
    let (a, b) = (Matrix::new([[1.0, -2.0], [3.0, 4.0]]), Matrix::new([[0.5, 2.0], [-1.0, 8.0]]));
    assert_eq!(a.map(|v| v * v).0, [[1.0, 4.0], [9.0, 16.0]]);
    assert_eq!(a.zip(&b, |x, y| x * y).0, [[0.5, -4.0], [-3.0, 32.0]]);
    assert_eq!((a + b).0, [[1.5, 0.0], [2.0, 12.0]]);
    let by_reference = &b;
    assert_eq!(a + by_reference, a + b);
    assert_eq!((a - b).0, [[0.5, -4.0], [4.0, -4.0]]);
    assert_eq!(a - by_reference, a - b);
    assert_eq!((a * 2.0).0, [[2.0, -4.0], [6.0, 8.0]]);
    assert_eq!((a / 2.0).0, [[0.5, -1.0], [1.5, 2.0]]);
    assert_eq!((-a).0, [[-1.0, 2.0], [-3.0, -4.0]]);
    let mut c = a;
    c += &b;
    c -= &a;
    c *= 4.0;
    c /= 2.0;
    assert_eq!(c, b * 2.0);
    c.zip_apply(&a, |x, y| x - 2.0 * y);
    assert_eq!(c, (b - a) * 2.0);
}

#[test]
fn reductions() {
    let v = Vector::new([3.0, -4.0, 0.0, 1.0]);
    assert_eq!((v.sum(), v.mean(), v.max(), v.min()), (0.0, 0.0, 3.0, -4.0));
    assert_eq!(v.dot(&Vector::new([1.0, 2.0, 3.0, 4.0])), -1.0);
    assert_eq!(Vector::new([3.0f64, -4.0]).norm(), 5.0);
    assert_eq!(Matrix::new([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).sum_rows().0, [9.0, 12.0]);
    assert!(v.is_finite());
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert!((0..4).all(|i| !Vector::<4>::from_fn(|j| if i == j { bad } else { 1.0 }).is_finite()));
    }
}

#[test]
fn argmax_takes_the_first_of_equals_and_never_nan() {
    const NAN: f32 = f32::NAN;
    const INF: f32 = f32::INFINITY;
    let cases = [
        ([1.0, 3.0, 3.0, 2.0], 1),
        ([5.0, 5.0, 5.0, 5.0], 0),
        ([NAN, 1.0, 2.0, NAN], 2),
        ([-1.0, NAN, -2.0, -1.0], 0),
        ([NAN, NAN, NAN, -INF], 0),
        ([NAN; 4], 0),
        ([-INF, -INF, f32::MIN, -INF], 2),
        ([0.0, INF, NAN, INF], 1),
        ([-0.0, 0.0, -0.0, 0.0], 0),
    ];
    for (values, at) in cases {
        assert_eq!(Vector::new(values).argmax(), at, "{values:?}");
    }
    assert_eq!(Matrix::new([[1.0, 2.0], [9.0, 3.0]]).argmax(), 2, "a row-major position");
    let v = Vector::new([NAN, 2.0, -3.0]);
    assert_eq!((v.max(), v.min()), (2.0, -3.0));
}

#[test]
fn reshape_keeps_the_order() {
    let m = Matrix::<3, 4>::from_fn(|i| i as f32);
    assert_eq!(m.reshape::<[[f32; 2]; 6]>().as_slice(), m.as_slice());
    assert_eq!(m.reshape::<[[[f32; 2]; 3]; 2]>()[1], [[6.0, 7.0], [8.0, 9.0], [10.0, 11.0]]);
    let flat: &Vector<12> = m.reshape_ref();
    assert!(std::ptr::eq(flat.as_slice(), m.as_slice()));
    assert_eq!(flat.reshape::<[[f32; 4]; 3]>(), m);
}

/// Products against loops in f64, whose terms are exact.
fn products<T: Scalar, const ROWS: usize, const COLS: usize, const N: usize>() {
    let (a, b) = (uniform::<[[T; COLS]; ROWS]>(1), uniform::<[[T; N]; COLS]>(2));
    let (at, bt) = (a.transpose(), b.transpose());
    let exact = |i: usize, j: usize| (0..COLS).map(|k| a[(i, k)].to_f64() * b[(k, j)].to_f64()).sum::<f64>();
    let [mut ab, mut by_rows, mut by_columns] = [Matrix::<ROWS, N, T>::filled(T::from_f64(9.0)); 3];
    a.mul_to(&b, &mut ab);
    at.tr_mul_to(&b, &mut by_rows);
    a.mul_tr_to(&bt, &mut by_columns);
    let mut first = Vector::filled(T::from_f64(9.0));
    a.mul_vector_to(&Vector::new(bt[0]), &mut first);
    let tolerance = T::EPSILON.to_f64() * COLS as f64;
    for (i, j) in (0..ROWS).flat_map(|i| (0..N).map(move |j| (i, j))) {
        for product in [ab, by_rows, by_columns] {
            assert!((product[(i, j)].to_f64() - exact(i, j)).abs() <= tolerance, "{i} {j}");
        }
        assert!((first[i].to_f64() - exact(i, 0)).abs() <= tolerance);
        assert!(at.0.iter().enumerate().all(|(k, row)| row[i] == a[(i, k)]));
    }
    assert_eq!(&a * &b, ab);
    assert_eq!(&a * &Vector::new(bt[0]), first);
    assert_eq!(at.transpose(), a);
}

/// Each of the sizes in each place.
macro_rules! products {
    ($(($rows:literal $cols:literal $n:literal))*) => { $(
        products::<f32, $rows, $cols, $n>();
        products::<f64, $rows, $cols, $n>();
    )* };
}

#[test]
fn products_against_plain_loops() {
    products!((1 1 1) (1 33 1) (33 1 33) (1 7 17) (3 5 7) (5 3 1) (5 17 3) (7 33 5) (17 7 33) (17 5 17) (33 17 1));
    products!((33 33 33) (3 1 5) (7 3 3) (1 5 33) (4 16 16) (8 15 32) (9 64 48));
}

#[test]
fn text_of_vectors_and_matrices() {
    let v = Vector::new([1.0, -2.5, 0.125]);
    assert_eq!(v.to_string(), "[    1,  -2.5, 0.125]");
    assert_eq!(format!("{v:.1}"), "[ 1.0, -2.5,  0.1]");
    assert_eq!(format!("{v:?}"), "Tensor 3 [    1,  -2.5, 0.125]");
    let m = Matrix::new([[1.0, 20.0], [-3.25, f64::NAN]]);
    assert_eq!(m.to_string(), "[[    1,    20]\n [-3.25,   NaN]]");
    assert_eq!(format!("{m:.2}"), "[[ 1.00, 20.00]\n [-3.25,   NaN]]");
    assert_eq!(format!("{m:?}"), "Tensor 2x2\n[[    1,    20]\n [-3.25,   NaN]]");
    assert_eq!(Tensor::<f32>::new(0.5).to_string(), "0.5");
}

#[test]
fn text_of_more_dimensions() {
    let t = Tensor3::<2, 2, 2>::from_fn(|i| i as f32);
    assert_eq!(t.to_string(), "[[[0, 1]\n  [2, 3]]\n [[4, 5]\n  [6, 7]]]");
    let t = Tensor4::<2, 1, 2, 1, f64>::from_fn(|i| i as f64 * 4.0);
    assert_eq!(format!("{t:?}"), "Tensor 2x1x2x1\n[[[[ 0]\n   [ 4]]]\n [[[ 8]\n   [12]]]]");
}

#[test]
fn approximate_comparison() {
    let a = Matrix::new([[1.0f64, 1000.0], [-1.0, 0.0]]);
    let mut b = a;
    b[(0, 1)] += 1e-4;
    assert_abs_diff_eq!(a, b, epsilon = 2e-4);
    assert_relative_eq!(a, b, max_relative = 2e-7);
    assert!(a.abs_diff_ne(&b, 0.5e-4) && a.relative_ne(&b, 1e-9, 0.5e-7));
    let next = a.map(|v| f64::from_bits(v.to_bits() + 1));
    assert_ulps_eq!(a, next, max_ulps = 1, epsilon = 0.0);
    assert!(a.ulps_ne(&next, 0.0, 0));
    let nan = Vector::new([f32::NAN]);
    assert!(nan.abs_diff_ne(&nan, 1.0) && nan.relative_ne(&nan, 1.0, 1.0));
    assert_eq!((Vector::<2, f64>::default_epsilon(), Vector::<2>::default_max_ulps()), (f64::EPSILON, 4));
    assert_eq!(Vector::<2>::default_max_relative(), f32::EPSILON);
}

#[test]
fn random_numbers_never_change() {
    // The top 24 bits of the first words of Xoshiro128++, seeded with 1 through SplitMix64.
    const WORDS: [u32; 8] =
        [8_386_445, 10_098_434, 14_336_295, 9_984_489, 5_065_537, 12_200_699, 15_581_976, 9_087_980];
    let mut u = Vector::<8>::ZERO;
    u.fill_uniform(&mut generator(1), 0.0, 1.0);
    assert_eq!(u.0, WORDS.map(|word| word as f32 / 16_777_216.0));
    let mut u = Vector::<8, f64>::ZERO;
    u.fill_uniform(&mut generator(1), -2.0, 6.0);
    assert_eq!(u.0, WORDS.map(|word| -2.0 + 8.0 * (f64::from(word) / 16_777_216.0)));

    // √(-2 ln(1 - u)) cos(2πv) of each two of them.
    let expected =
        [-0.943_979_550_674_731_3, -1.623_118_457_113_975_2, -0.120_950_216_922_594_56, -2.220_160_864_928_643_7];
    let mut normal = Vector::<4, f64>::ZERO;
    normal.fill_normal(&mut generator(1), 0.0, 1.0);
    assert_abs_diff_eq!(normal, Vector::new(expected), epsilon = 1e-14);
    let mut single = Vector::<4>::ZERO;
    single.fill_normal(&mut generator(1), 1.0, 2.0);
    assert_abs_diff_eq!(single, Vector::new(expected.map(|v| (1.0 + 2.0 * v) as f32)), epsilon = 2e-6);
}

#[test]
fn random_fills_have_their_range_mean_and_variance() {
    const N: usize = 40_000;
    let mut v = Box::new(Vector::<N, f64>::ZERO);
    let moments = |v: &Vector<N, f64>| {
        let mean = v.mean();
        (mean, v.map(|v| (v - mean) * (v - mean)).mean())
    };
    v.fill_uniform(&mut generator(3), -1.0, 3.0);
    assert!(v.min() >= -1.0 && v.max() < 3.0 && v.min() < -0.999 && v.max() > 2.999);
    let (mean, variance) = moments(&v);
    // Four standard errors: 4 · √(16/12 / N), and of the variance 4 · √((16²/80 - (16/12)²) / N).
    assert!((mean - 1.0).abs() < 0.024 && (variance - 16.0 / 12.0).abs() < 0.024, "{mean} {variance}");
    v.fill_normal(&mut generator(3), 0.5, 2.0);
    let (mean, variance) = moments(&v);
    assert!((mean - 0.5).abs() < 0.04 && (variance - 4.0).abs() < 0.12, "{mean} {variance}");
    // Two thirds within one deviation, 95 % within two.
    let within = |d: f64| v.as_slice().iter().filter(|v| (*v - 0.5).abs() < d).count() as f64 / N as f64;
    assert!((within(2.0) - 0.6827).abs() < 0.01 && (within(4.0) - 0.9545).abs() < 0.005);
}

#[test]
fn cosine_of_turns() {
    use stackprop::scalar::Scalar;
    for i in 0..=10_000 {
        let x = f64::from(i) / 10_000.0;
        let expected = (std::f64::consts::TAU * x).cos();
        assert_abs_diff_eq!(x.cos_of_turns(), expected, epsilon = 4.0 * f64::EPSILON);
        assert_abs_diff_eq!(
            (x as f32).cos_of_turns(),
            (std::f64::consts::TAU * f64::from(x as f32)).cos() as f32,
            epsilon = 4.0 * f32::EPSILON
        );
    }
}
