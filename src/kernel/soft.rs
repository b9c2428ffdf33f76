//! Processors without an FPU, where a product and a sum are some 150 instructions: zeros are cheaper to find than to add.

/// `a · b + sum`, rounded twice, without arithmetic where a factor is 0: inputs that are off, and units that ReLU turned off. Half of a training
/// step is such. The bits are those of the arithmetic.
#[inline(always)]
pub fn mul_add(a: f32, b: f32, sum: f32) -> f32 {
    f32::from_bits(mul_add_bits(a.to_bits(), b.to_bits(), sum.to_bits()))
}

/// In bits, because the compiler makes a comparison of floating-point numbers, which is a call, of one that it knows to be of their bits.
#[inline(never)]
fn mul_add_bits(a: u32, b: u32, sum: u32) -> u32 {
    const INFINITY: u32 = f32::INFINITY.to_bits() << 1;
    const MINUS_ZERO: u32 = (-0.0_f32).to_bits();
    // Without their signs.
    let (x, y) = (a << 1, b << 1);
    if (x == 0 || y == 0) && x | y < INFINITY && sum != MINUS_ZERO {
        return sum;
    }
    let product = f32::from_bits(a) * f32::from_bits(b);
    // A first product needs no sum; but of -0 it makes 0.
    if sum == 0 && product.to_bits() != MINUS_ZERO {
        return product.to_bits();
    }
    (product + f32::from_bits(sum)).to_bits()
}

#[cfg(test)]
mod tests {
    use super::mul_add;

    #[test]
    fn skips_no_bit() {
        let numbers = [0.0, 1.0, 1.5, 3e38, 1e-30, 1e-45, f32::INFINITY, f32::NAN];
        let both = || numbers.into_iter().flat_map(|x| [x, -x]);
        for a in both() {
            for b in both() {
                for sum in both() {
                    let (exact, result) = (a * b + sum, mul_add(a, b, sum));
                    let same = exact.to_bits() == result.to_bits() || exact.is_nan() && result.is_nan();
                    assert!(same, "{a} * {b} + {sum}: {result} instead of {exact}");
                }
            }
        }
    }
}
