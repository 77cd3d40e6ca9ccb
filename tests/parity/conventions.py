"""The documented ways from one library's convention to ours, each an optimiser made of ours.

They only change what our optimiser is given, a gradient, a rate, a state or an epsilon, and never
repeat its formula: so a replay through them still tests our formula.
"""

import numpy as np

from sgdcore.losses import Loss
from sgdcore.optimizers import Optimizer, adagrad, amsgrad, clip_norm, muon

# Where a library has its epsilon somewhere else, ours must be above 0 and not matter.
NOTHING = 1e-300


def rate_inside(optimizer):
    """The rate enters the buffer with the gradient: Keras, and networks of scikit-learn."""
    return Optimizer(
        optimizer.init,
        lambda grad, state, theta, lr: optimizer.update(lr * grad, state, theta, 1.0),
    )


def scores_for_probabilities(eps=1e-7):
    r"""Keras's cross-entropy of scores that it takes for probabilities, mistake 11.

    .. math:: -\log \operatorname{clip}(z_y / \textstyle\sum_j z_j,\ \epsilon,\ 1 - \epsilon)
    """

    def shares(scores, labels):
        total = scores.sum(axis=-1)
        own = np.take_along_axis(scores, labels[..., None], axis=-1)[..., 0]
        return own, total, own / total

    def value(scores, labels):
        _, _, share = shares(scores, labels)
        return -np.log(np.clip(share, eps, 1 - eps)).mean(axis=-1)

    def grad(scores, labels):
        own, total, share = shares(scores, labels)
        of_label = labels[..., None] == np.arange(scores.shape[-1])
        slope = 1 / total[..., None] - of_label / own[..., None]
        clipped = (share < eps) | (share > 1 - eps)
        return np.where(clipped[..., None], 0, slope) / scores.shape[-2]

    return Loss(value, grad)


def by_step(make):
    """An optimiser whose settings change: ``make(t)`` is that of step t; the state goes on."""

    def update(grad, state, theta, lr):
        step, inner = state
        theta, inner = make(step).update(grad, inner, theta, lr)
        return theta, (step + 1, inner)

    return Optimizer(lambda theta: (0, make(0).init(theta)), update)


def adagrad_from_a_tenth(eps=1e-7):
    """AdaGrad of optax and Keras has √(s + ε) for √s + ε, and its sum s starts at 0.1."""
    optimizer = adagrad(NOTHING)

    def init(theta):
        state = optimizer.init(theta)
        return state._replace(value=state.value + 0.1 + eps)

    return Optimizer(init, optimizer.update)


def epsilon_hat(make, beta2=0.999, eps=1e-7):
    r"""Keras and scikit-learn add ε to √v before the correction for the start, not after it.

    Ours adds it after, so at step t it has to be :math:`\epsilon / \sqrt{1 - \beta_2^{t+1}}`.
    """
    return by_step(lambda t: make(eps=eps / np.sqrt(1 - beta2 ** (t + 1))))


def epsilon_in_root(optimizer, alpha, eps):
    r"""RMSprop of optax and Keras has √(v + ε) for √v + ε.

    As v is a running average, :math:`v + \epsilon` is the running average of
    :math:`g^2 + \epsilon` that starts at :math:`\epsilon`.
    """

    def update(grad, state, theta, lr):
        raised = state._replace(second=state.second + (1 - alpha) / alpha * eps)
        return optimizer.update(grad, raised, theta, lr)

    def init(theta):
        state = optimizer.init(theta)
        return state._replace(second=state.second + eps)

    return Optimizer(init, update)


def corrected_maximum(beta2):
    """AMSGrad of optax takes the largest of the corrected second moments, not of the raw ones.

    Ours divides the largest by the correction of the step; multiplying by the ratio of two
    corrections first keeps the older ones at their own.
    """
    optimizer = amsgrad(beta2=beta2)

    def update(grad, state, theta, lr):
        step = state.moments.step
        if step:
            ratio = (1 - beta2 ** (step + 1)) / (1 - beta2**step)
            state = state._replace(largest=ratio * state.largest)
        return optimizer.update(grad, state, theta, lr)

    return Optimizer(optimizer.init, update)


def torch_clip(optimizer, bound):
    """PyTorch clips by the norm plus 1e-6."""

    def update(grad, state, theta, lr):
        norm = max(np.sqrt(grad @ grad), NOTHING)
        return clip_norm(optimizer, bound * norm / (norm + 1e-6)).update(grad, state, theta, lr)

    return Optimizer(optimizer.init, update)


def in_two(first, second):
    """LARS of optax has a buffer that sums whole steps, rate and ratio included.

    The step of the first optimiser, its rate included, is the gradient of the second.
    """

    def update(grad, state, theta, lr):
        moved, inner = first.update(grad, state[0], theta, lr)
        theta, outer = second.update(theta - moved, state[1], theta, 1.0)
        return theta, (inner, outer)

    return Optimizer(lambda theta: (first.init(theta), second.init(theta)), update)


def corrected_muon(blocks, beta=0.95):
    r"""Muon of optax corrects the buffer and the gradient for their start at 0.

    Its look-ahead is :math:`g_t + \beta r_t b_t` up to a factor, which the iteration does not
    see, with :math:`r_t = (1 - \beta^{t+1}) / (1 - \beta^{t+2})`. Ours, :math:`g_t + \beta b_t`,
    becomes that if it is given the last buffer times :math:`r (1 + \beta) / (1 + \beta r)`. All of
    it is made large, so that the 1e-7 by which ours guards the norm does not matter.
    """
    optimizer, large = muon(blocks, beta), 1e8

    def update(grad, state, theta, lr):
        buffer, rest = state
        step, grad = buffer.step, large * grad
        ratio = (1 - beta ** (step + 1)) / (1 - beta ** (step + 2))
        given = buffer._replace(value=buffer.value * ratio * (1 + beta) / (1 + beta * ratio))
        theta, (_, rest) = optimizer.update(grad, (given, rest), theta, lr)
        kept = buffer._replace(step=step + 1, value=beta * buffer.value + grad)
        return theta, (kept, rest)

    return Optimizer(optimizer.init, update)
