r"""Averages of the iterates: observers, which watch a run and leave its trajectory alone.

An observer is three functions: ``init(theta)`` makes its state from the starting point,
``update(state, theta)`` sees the iterate after every step, and ``read(state)`` gives the average,
in the shape of ``theta``. :func:`sgdcore.train` records it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sgdcore._checks import require_count, require_number


class Observer(NamedTuple):
    """An observer of the iterates: ``init``, ``update`` and ``read``."""

    init: Callable
    update: Callable
    read: Callable


class Average(NamedTuple):
    """The state of an average: the number of steps seen, and the average so far."""

    step: int
    theta: np.ndarray


def polyak_ruppert(start=0):
    r"""The mean of the iterates after the steps from ``start`` on.

    .. math:: \bar\theta_T = \frac{1}{T - s} \sum_{t=s+1}^{T} \theta_t

    Until then it is the iterate itself.

    Parameters
    ----------
    start : int
        s, the steps before the averaging begins, at least 0.

    Returns
    -------
    Observer

    Raises
    ------
    ValueError
        If ``start`` is not a whole number of at least 0.

    Notes
    -----
    Source: Polyak and Juditsky (1992). It is what scikit-learn's ``average`` does.
    """
    start = require_count("start", start, at_least=0)

    def update(state, theta):
        step = state.step + 1
        if step <= start + 1:
            return Average(step, theta)
        return Average(step, state.theta + (theta - state.theta) / (step - start))

    return Observer(_copy, update, lambda state: state.theta)


def exponential(decay):
    r"""A running average that forgets.

    .. math:: \bar\theta_{t+1} = \delta\, \bar\theta_t + (1 - \delta)\, \theta_{t+1}, \qquad
              \bar\theta_0 = \theta_0

    Parameters
    ----------
    decay : float
        :math:`\delta`, from 0 to below 1.

    Returns
    -------
    Observer

    Raises
    ------
    ValueError
        If the decay is out of its range.

    Notes
    -----
    Differs from: optax starts at 0 and corrects for it; PyTorch starts at a copy as here.
    """
    decay = require_number("decay", decay, at_least=0, below=1)

    def update(state, theta):
        return Average(state.step + 1, decay * state.theta + (1 - decay) * theta)

    return Observer(_copy, update, lambda state: state.theta)


def _copy(theta):
    return Average(0, theta.copy())
