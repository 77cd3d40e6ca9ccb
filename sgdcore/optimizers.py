r"""Optimisers: how a gradient moves ``theta``.

An optimiser is two pure functions. ``opt.init(theta)`` makes its state, and

``theta, state = opt.update(grad, state, theta, lr)``

makes one step: new arrays, inputs untouched. ``theta`` and ``grad`` have shape ``(..., P)``; the
learning rate ``lr`` is a number or an array of shape ``(..., 1)``, and is never stored in a buffer.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sgdcore._checks import require_number


class Optimizer(NamedTuple):
    """An optimiser: ``init(theta)`` and ``update(grad, state, theta, lr)``."""

    init: Callable
    update: Callable


class MomentumState(NamedTuple):
    """The state of :func:`momentum`: the number of steps made, and the buffer b."""

    step: int
    buffer: np.ndarray


def sgd():
    r"""Gradient descent; stochastic when the gradient is.

    .. math:: \theta_{t+1} = \theta_t - \eta_t\, g_t

    Returns
    -------
    Optimizer
        Its state is empty.

    Raises
    ------
    ValueError
        By ``update``, if the shapes do not fit.

    Notes
    -----
    Source: Cauchy (1847) with the full gradient, Robbins and Monro (1951) with an estimate.
    Introduced in chapters 02 and 03.
    """

    def init(theta):
        return ()

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        return theta - lr * grad, state

    return Optimizer(init, update)


def momentum(mu, dampening=0.0):
    r"""Heavy ball: the step follows a running sum of the past gradients.

    .. math:: b_t = \begin{cases} g_0 & t = 0 \\ \beta\, b_{t-1} + (1 - \tau)\, g_t & t > 0
              \end{cases}, \qquad \theta_{t+1} = \theta_t - \eta_t\, b_t

    Parameters
    ----------
    mu : float
        Momentum coefficient :math:`\beta`, from 0 to below 1.
    dampening : float
        :math:`\tau`, from 0 to below 1; the first step is not dampened.

    Returns
    -------
    Optimizer
        Its state is a :class:`MomentumState`.

    Raises
    ------
    ValueError
        If a coefficient is out of its range; by ``update``, if the shapes do not fit.

    Notes
    -----
    Source: Polyak (1964); the form is that of ``torch.optim.SGD``.
    Differs from: Keras and scikit-learn keep the learning rate inside the buffer,
    :math:`v \leftarrow \beta v - \eta g`, which is the same only while the rate is constant.
    """
    mu = require_number("mu", mu, at_least=0, below=1)
    dampening = require_number("dampening", dampening, at_least=0, below=1)

    def init(theta):
        return MomentumState(0, np.zeros_like(theta))

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        fresh = grad if state.step == 0 else (1 - dampening) * grad
        buffer = mu * state.buffer + fresh
        return theta - lr * buffer, MomentumState(state.step + 1, buffer)

    return Optimizer(init, update)


def _require_fit(grad, theta, lr):
    if grad.shape != theta.shape:
        raise ValueError(
            f"grad and theta must have the same shape: grad has {grad.shape}, theta {theta.shape}"
        )
    shape = np.shape(lr)
    if shape and (shape[-1] != 1 or len(shape) > theta.ndim):
        raise ValueError(
            "lr must be a number or broadcast with (..., 1): "
            f"lr has shape {shape}, theta {theta.shape}"
        )
