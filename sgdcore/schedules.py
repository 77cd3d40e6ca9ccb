r"""Schedules: the learning rate :math:`\eta_t` as a function of the step t = 0, 1, 2, …

A schedule is called with the 0-based step, a number or an array of them. Its base rate
:math:`\eta_0` may be an array of shape ``(..., 1)``, one rate a run; the result then has that
shape. Every schedule with a length T stays at its last rate from step T on. A rate, a length or a
factor out of its range raises a ValueError.

Rates that depend on more than the step, such as reduce-on-plateau, are in :mod:`sgdcore.rates`.
"""

import math

import numpy as np

from sgdcore._checks import (
    LARGEST_COUNT,
    require_count,
    require_flag,
    require_floats,
    require_number,
    require_rate,
    require_schedule,
    shown,
)


def constant(lr):
    r"""The same rate at every step, :math:`\eta_t = \eta_0`.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The rate :math:`\eta_0`, above 0.

    Raises
    ------
    ValueError
        If a rate is not a finite number above 0.
    """
    lr = require_rate(lr)
    return lambda t: lr + 0.0 * _steps(t)


def inverse_time(lr, decay):
    r"""Decay like 1/t, the classical rate of Robbins and Monro (1951).

    .. math:: \eta_t = \frac{\eta_0}{1 + \delta t}

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The first rate :math:`\eta_0`, above 0.
    decay : float
        :math:`\delta` per step, above 0; after :math:`1/\delta` steps the rate has halved.

    Raises
    ------
    ValueError
        If a rate or the decay is not a finite number above 0.

    Notes
    -----
    Differs from: Keras divides t by a number of steps first, which is the same with another
    ``decay``.
    """
    lr, decay = require_rate(lr), require_number("decay", decay, above=0)
    return lambda t: lr / (1.0 + decay * _steps(t))


def power(lr, exponent):
    r"""Decay like a power of the step.

    .. math:: \eta_t = \frac{\eta_0}{(t + 1)^p}

    For :math:`\tfrac12 < p \le 1` the rates sum to infinity and their squares do not: the
    conditions of Robbins and Monro (1951).

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The first rate :math:`\eta_0`, above 0.
    exponent : float
        p, above 0.

    Raises
    ------
    ValueError
        If a rate or the exponent is not a finite number above 0.

    Notes
    -----
    It is scikit-learn's "invscaling".
    """
    lr, exponent = require_rate(lr), require_number("exponent", exponent, above=0)
    return lambda t: lr / (_steps(t) + 1.0) ** exponent


def exponential(lr, decay, *, every=1, staircase=False):
    r"""Decay by a constant factor every so many steps.

    .. math:: \eta_t = \eta_0\, \delta^{t/s}, \qquad \text{or} \quad
              \eta_0\, \delta^{\lfloor t/s \rfloor} \text{ as a staircase}

    The rates have a finite sum: a run can only travel so far.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The first rate :math:`\eta_0`, above 0.
    decay : float
        The factor :math:`\delta`, above 0 and below 1.
    every : int
        s, the steps in which the rate decays by the factor.
    staircase : bool
        Whether it drops at once at the end of every s steps, or a little at every step.

    Raises
    ------
    ValueError
        If a rate is not a finite number above 0, the factor not above 0 and below 1, or ``every``
        not a whole number of at least 1.
    """
    lr, decay = require_rate(lr), require_number("decay", decay, above=0, below=1)
    every, staircase = require_count("every", every), require_flag("staircase", staircase)

    def schedule(t):
        passed = _steps(t) / every
        return lr * decay ** (np.floor(passed) if staircase else passed)

    return schedule


def linear(lr, steps, *, end=0.0):
    r"""A straight line, :math:`\eta_t = \eta_0 + (\eta_T - \eta_0)\, t / T`.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The first rate :math:`\eta_0`, above 0.
    steps : int
        T, at least 1.
    end : float
        The last rate :math:`\eta_T`, at least 0.

    Raises
    ------
    ValueError
        If a setting is out of its range.
    """
    return polynomial(lr, steps, exponent=1.0, end=end)


def polynomial(lr, steps, *, exponent=2.0, end=0.0):
    r"""A power of the time that is left.

    .. math:: \eta_t = \eta_T + (\eta_0 - \eta_T) \left(1 - \frac{t}{T}\right)^p

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The first rate :math:`\eta_0`, above 0.
    steps : int
        T, at least 1.
    exponent : float
        p, above 0.
    end : float
        The last rate :math:`\eta_T`, at least 0.

    Raises
    ------
    ValueError
        If a setting is out of its range.
    """
    lr, steps = require_rate(lr), require_count("steps", steps)
    exponent = require_number("exponent", exponent, above=0)
    end = require_number("end", end, at_least=0)
    return lambda t: end + (lr - end) * (1.0 - np.minimum(_steps(t) / steps, 1.0)) ** exponent


def cosine(lr, steps, *, end=0.0, restarts=0, factor=1):
    r"""Half a cosine wave from the first rate to the last.

    .. math:: \eta_t = \eta_T + \tfrac12 (\eta_0 - \eta_T)
              \left(1 + \cos \frac{\pi t}{T}\right)

    With restarts, the wave begins again at :math:`\eta_0` when it has ended, each time
    ``factor`` times as long.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The first rate :math:`\eta_0`, above 0.
    steps : int
        T, the length of the (first) wave, at least 1.
    end : float
        The last rate :math:`\eta_T`, at least 0.
    restarts : int
        How often it begins again.
    factor : int
        By how much each wave is longer than the one before.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    Source: Loshchilov and Hutter (2017), SGDR. Differs from: PyTorch's ``CosineAnnealingLR`` rises
    again after T.
    """
    lr, steps = require_rate(lr), require_count("steps", steps)
    end = require_number("end", end, at_least=0)
    restarts = require_count("restarts", restarts, at_least=0)
    factor = require_count("factor", factor)
    # As floats, since whole numbers would wrap round; longer than any run is long enough.
    lengths = np.minimum(steps * float(factor) ** np.arange(restarts + 1), LARGEST_COUNT)
    starts = np.cumsum(lengths) - lengths

    def schedule(t):
        t = _steps(t)
        wave = np.searchsorted(starts, t, side="right") - 1
        share = np.minimum((t - starts[wave]) / lengths[wave], 1.0)
        return end + 0.5 * (lr - end) * (1.0 + np.cos(math.pi * share))

    return schedule


def piecewise(lr, boundaries, factors):
    r"""Constant pieces: :math:`\eta_t = \eta_0 \prod_{k:\, t \ge b_k} \delta_k`.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The first rate :math:`\eta_0`, above 0.
    boundaries : sequence of int
        The steps :math:`b_k` from which a factor counts, rising, at least 1.
    factors : sequence of float
        The factors :math:`\delta_k`, above 0, one a boundary.

    Raises
    ------
    ValueError
        If a setting is out of its range, or the two sequences differ in length.

    Notes
    -----
    Differs from: in Keras the step t = b still has the old rate.
    """
    lr = require_rate(lr)
    boundaries = require_floats("boundaries", boundaries).astype(float)
    factors = require_floats("factors", factors)
    if boundaries.ndim != 1 or boundaries.shape != factors.shape:
        raise ValueError(
            "boundaries and factors must be sequences of one length: "
            f"shapes {boundaries.shape} and {factors.shape}"
        )
    if (np.diff(boundaries, prepend=0) <= 0).any() or (boundaries % 1 != 0).any():
        raise ValueError(
            f"boundaries must rise and be at least 1, all whole, got {shown(boundaries)}"
        )
    if not ((factors > 0) & (factors < np.inf)).all():
        raise ValueError(f"factors must be above 0, got {shown(factors)}")
    levels = np.cumprod(np.concatenate([[1.0], factors]))
    return lambda t: lr * levels[np.searchsorted(boundaries, _steps(t), side="right")]


def warmup(schedule, steps, *, start=0.0):
    r"""Rise in a straight line before a schedule, which then begins at its own step 0.

    .. math:: \eta_t = \eta_{\text{start}} + (\eta'_0 - \eta_{\text{start}})\, \frac{t}{W}
              \quad (t < W), \qquad \eta_t = \eta'_{t - W} \quad (t \ge W)

    Parameters
    ----------
    schedule : callable
        The schedule :math:`\eta'` that follows.
    steps : int
        W, at least 1.
    start : float
        The rate at step 0, at least 0. The first step is then no step if it is 0.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    Source: Goyal et al. (2017), section 2.2, "gradual warmup".
    Differs from: optax's warm-up and cosine counts the warm-up into the length; Keras does not,
    and neither do we.
    """
    require_schedule(schedule)
    steps = require_count("steps", steps)
    start = require_number("start", start, at_least=0)

    def with_warmup(t):
        t = _steps(t)
        rising = start + (schedule(0) - start) * t / steps
        return np.where(t < steps, rising, schedule(np.maximum(t - steps, 0)))

    return with_warmup


def warmup_stable_decay(lr, *, warmup_steps, stable_steps, decay_steps, end=0.0):
    """Rise, stay, and fall, each in a straight line.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The rate in the middle, above 0.
    warmup_steps, stable_steps, decay_steps : int
        The lengths of the three parts, at least 1.
    end : float
        The last rate, at least 0.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    Source: Hu et al. (2024), MiniCPM.
    Differs from: the paper leaves the form of the fall open, and takes an exponential one.
    """
    stable_steps = require_count("stable_steps", stable_steps)
    lr, fall = require_rate(lr), linear(lr, decay_steps, end=end)
    return warmup(lambda t: fall(np.maximum(_steps(t) - stable_steps, 0)), warmup_steps)


def one_cycle(lr, steps, *, rise=0.3, divide=25.0, end=0.0):
    r"""Up to the highest rate and down again, each half a cosine wave.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The highest rate, above 0.
    steps : int
        The length of the whole cycle, at least 2.
    rise : float
        The share of the steps in which the rate rises, above 0 and below 1.
    divide : float
        The first rate is the highest divided by this, above 1.
    end : float
        The last rate, at least 0.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    Source: Smith and Topin (2019), with the cosine in place of straight lines that fastai and
    PyTorch use. Differs from: PyTorch counts one step less up and down, and ends at the first rate
    divided by 1e4.
    """
    lr, steps = require_rate(lr), require_count("steps", steps, at_least=2)
    rise = require_number("rise", rise, above=0, below=1)
    divide = require_number("divide", divide, above=1)
    up = max(1, min(steps - 1, round(rise * steps)))
    fall, start = cosine(lr, steps - up, end=end), lr / divide

    def schedule(t):
        t = _steps(t)
        rising = start + 0.5 * (lr - start) * (1.0 - np.cos(math.pi * t / up))
        return np.where(t < up, rising, fall(np.maximum(t - up, 0)))

    return schedule


def _steps(t):
    """The steps as floats; a ValueError unless they are numbers of at least 0."""
    if (type(t) is int or isinstance(t, float)) and 0 <= t <= LARGEST_COUNT:
        return np.asarray(t, dtype=float)  # what train asks for, quickly
    steps = np.asarray(require_floats("t", t), dtype=float)
    if np.count_nonzero(steps >= 0) < steps.size:
        raise ValueError(f"t must be a step, 0 or above, got {shown(t)}")
    return steps
