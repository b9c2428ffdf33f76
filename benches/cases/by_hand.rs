//! What a program that uses a matrix library writes itself: softmax with cross-entropy, and Adam.

use ::ndarray::NdFloat;

use super::Optimizer;

/// Turns rows of logits into the gradient of the mean loss, and returns that loss.
pub fn softmax_cross_entropy<T: NdFloat>(logits: &mut [T], labels: &[u8]) -> T {
    let classes = logits.len() / labels.len();
    let scale = T::one() / number(labels.len() as f64);
    let mut loss = T::zero();
    for (row, &label) in logits.chunks_exact_mut(classes).zip(labels) {
        let label = usize::from(label);
        let max = row.iter().fold(row[0], |max, &x| if x > max { x } else { max });
        let surprise = max - row[label];
        let mut sum = T::zero();
        for x in &mut *row {
            *x = (*x - max).exp();
            sum += *x;
        }
        let factor = scale / sum;
        for x in &mut *row {
            *x *= factor;
        }
        row[label] -= scale;
        loss += sum.ln() + surprise;
    }
    loss * scale
}

/// The numbers of one step. For SGD `correction` is not used.
#[derive(Clone, Copy)]
pub struct Pace<T> {
    /// Learning rate; for Adam divided by 1 - β₁ᵗ.
    pub rate: T,
    /// 1 / (1 - β₂ᵗ).
    correction: T,
}

/// An optimizer and its step count.
pub struct Pacer {
    optimizer: Optimizer,
    steps: i32,
}

impl Pacer {
    pub fn new(optimizer: Optimizer) -> Self {
        Self { optimizer, steps: 0 }
    }

    /// The next step's numbers.
    pub fn next<T: NdFloat>(&mut self) -> Pace<T> {
        match self.optimizer {
            Optimizer::Sgd(rate) => Pace { rate: number(rate), correction: T::one() },
            Optimizer::Adam(rate) => {
                self.steps = self.steps.saturating_add(1);
                let decayed = |beta: f64| T::one() - number::<T>(beta).powi(self.steps);
                Pace { rate: number::<T>(rate) / decayed(0.9), correction: T::one() / decayed(0.999) }
            }
        }
    }
}

/// Gradient and moments of a parameter under Adam. SGD has none: its product is added to the weights.
pub struct Moments<T> {
    pub gradient: Vec<T>,
    m: Vec<T>,
    v: Vec<T>,
}

impl<T: NdFloat> Moments<T> {
    /// For so many numbers, if the optimizer needs them.
    pub fn new(optimizer: Optimizer, len: usize) -> Option<Self> {
        let zeros = || vec![T::zero(); len];
        matches!(optimizer, Optimizer::Adam(_)).then(|| Self { gradient: zeros(), m: zeros(), v: zeros() })
    }

    /// Adam's update, from the gradient.
    pub fn update(&mut self, weights: &mut [T], pace: Pace<T>) {
        let (beta1, beta2, epsilon) = (number::<T>(0.9), number::<T>(0.999), number::<T>(1e-7));
        let (rest1, rest2) = (T::one() - beta1, T::one() - beta2);
        for (((w, m), v), &g) in weights.iter_mut().zip(&mut self.m).zip(&mut self.v).zip(&self.gradient) {
            *m = beta1 * *m + rest1 * g;
            *v = beta2 * *v + rest2 * g * g;
            *w -= pace.rate * *m / ((*v * pace.correction).sqrt() + epsilon);
        }
    }
}

/// The nearest number.
fn number<T: NdFloat>(value: f64) -> T {
    T::from(value).expect("a floating-point number")
}
