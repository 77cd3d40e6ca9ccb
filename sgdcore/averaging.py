r"""Averages of the iterates: observers, which watch a run and leave its trajectory alone.

An observer is three functions: ``init(theta)`` makes its state from the starting point,
``update(state, theta)`` sees the iterate after every step, and ``read(state)`` gives the average,
in the shape of ``theta``. :func:`sgdcore.train` records it.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sgdcore._checks import require_count, require_floats, require_number


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


def tail(steps, share=0.5):
    r"""The mean of the last share of the iterates.

    .. math:: \bar\theta_T = \frac{1}{k} \sum_{t=T-k+1}^{T} \theta_t, \qquad
              k = \lceil \alpha T \rceil

    Until then it is the iterate itself. It is :func:`polyak_ruppert` from step T - k on.

    Parameters
    ----------
    steps : int
        T, the length of the run, at least 1. In a longer run the mean takes in what follows.
    share : float
        :math:`\alpha`, above 0 and at most 1.

    Returns
    -------
    Observer

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    Source: Rakhlin, Shamir and Sridharan (2012), the "suffix" average. Introduced in chapter 10.
    """
    steps, share = require_count("steps", steps), require_number("share", share, above=0)
    if share > 1:
        raise ValueError(f"share must be at most 1, got {share}")
    # Rounding must not lift a whole number to the next: 0.07 · 100 is a little above 7.
    return polyak_ruppert(steps - math.ceil(round(share * steps, 9)))


def polynomial(exponent=3):
    r"""A running average in which late iterates count more, by a power of their step.

    .. math:: \bar\theta_t = \Bigl(1 - \frac{p + 1}{t + p}\Bigr) \bar\theta_{t-1}
              + \frac{p + 1}{t + p}\, \theta_t

    The weight of :math:`\theta_t` grows as :math:`t (t + 1) \cdots (t + p - 1) \approx t^p`. With
    p = 0 it is the mean of all iterates.

    Parameters
    ----------
    exponent : float
        p, at least 0.

    Returns
    -------
    Observer

    Raises
    ------
    ValueError
        If the exponent is not a finite number of at least 0.

    Notes
    -----
    Source: Shamir and Zhang (2013), section 4, where :math:`\eta` is our p. It needs no length of
    the run, unlike :func:`tail`. Introduced in chapter 10.
    """
    exponent = require_number("exponent", exponent, at_least=0)

    def update(state, theta):
        step = state.step + 1
        weight = (exponent + 1) / (step + exponent)
        return Average(step, (1 - weight) * state.theta + weight * theta)

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
    return Average(0, np.array(require_floats("theta", theta)))
