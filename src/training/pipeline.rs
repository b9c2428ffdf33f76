//! An epoch of single samples in which the update from one and the forward pass of the next are one pass over the first layer.

use core::slice::from_ref;

use super::trainer::compare;
use super::{Batch, EpochError, Fused, StepError, Trainer};
use crate::kernel::{self, Kernels, Task};
use crate::layer::{Apart, Context, Layer, No};
use crate::loss::{Compares, Loss};
use crate::optimizer::Optimizer;
use crate::random::{Shuffle, mix};
use crate::scalar::Scalar;
use crate::storage::{Aligned, Buffer, Zeroed};
use crate::tensor::{Tensor, take};
use crate::total::Total;

impl<N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>> Trainer<N, L, O, 1, Fused> {
    /// [`epoch`](Self::epoch) in the same order and with the same bits, for a first layer that is too large for the nearest cache: the update
    /// from one sample and the forward pass of the next visit its weights once. `pair` holds both samples.
    ///
    /// # Errors
    /// [`EpochError`]: the steps before that sample were made, that one wasn't.
    pub fn pipelined_epoch<Y: Zeroed>(
        &mut self,
        pair: &mut Batch<N::In, Y, 2>,
        samples: usize,
        mut sample: impl FnMut(usize, &mut Tensor<N::In>) -> Y,
    ) -> Result<N::T, EpochError>
    where
        L: Compares<N::Out, Y>,
    {
        let order = Shuffle::new(samples, self.seed ^ mix(self.steps));
        let mut sum = Total::ZERO;
        for done in 0..=samples {
            let Batch { inputs: Tensor([a, b]), targets: [ta, tb] } = &mut *pair;
            let (now, next, target) = if done % 2 == 0 { (b, a, ta) } else { (a, b, tb) };
            let mut checked = Ok(());
            if done < samples {
                *target = sample(order.at(done), Tensor::from_mut(next));
                checked = self.check_learning(from_ref(next), from_ref(target));
            }
            let some = |x, wanted| take(from_ref(x), usize::from(wanted));
            let x = [some(now, done > 0), some(next, done < samples && checked.is_ok())];
            let loss = kernel::run(Turn { trainer: self, x, target });
            checked.map_err(|error| EpochError { done, index: error.sample().map(|_| order.at(done)), error })?;
            sum.add(loss.map_err(|error| EpochError { done, index: None, error })?);
        }
        Ok(if samples > 0 { sum.value() / N::T::from_usize(samples) } else { N::T::ZERO })
    }
}

/// Backward of one sample, if there is one, and forward of the next, if there is one: its loss, or 0.
struct Turn<'t, N: Layer, L: Loss<N::Out>, O: Optimizer<T = N::T>, Y> {
    trainer: &'t mut Trainer<N, L, O, 1, Fused>,
    x: [&'t [N::In]; 2],
    target: &'t Y,
}

impl<N: Layer, L: Compares<N::Out, Y>, O: Optimizer<T = N::T>, Y> Task for Turn<'_, N, L, O, Y> {
    type Output = Result<N::T, StepError>;
    #[inline(always)]
    fn run<K: Kernels>(self) -> Self::Output {
        let Self { trainer, x: [now, next], target } = self;
        let (rule, context) = (trainer.optimizer.rule(trainer.steps, N::T::ONE), trainer.context());
        let Trainer { network, slots, saved: Aligned(saved), grad: Aligned(grad), steps, seed, loss, .. } = trainer;
        *steps += u64::from(!now.is_empty());
        let y = match (now, next) {
            ([_], [_]) => {
                let contexts = [context, Context::new(*seed, *steps)];
                network.turn::<K, O::Rule>([now, next], saved.kept(), grad.flat(), slots, &rule, contexts)
            }
            ([_], _) => {
                network.backward::<K, Apart, 1, No, O::Rule>(now, saved.kept(), grad.flat(), slots, &rule, context);
                network.observe::<Apart, 1>(saved.kept(), 1);
                return Ok(N::T::ZERO);
            }
            (_, [_]) => network.forward::<K, Apart, 1>(next, saved.kept(), context),
            _ => return Ok(N::T::ZERO),
        };
        compare::<K, N, L, Y, 1>(loss, y, from_ref(target), 1, grad)
    }
}
