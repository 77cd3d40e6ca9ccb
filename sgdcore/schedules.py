r"""Schedules: the learning rate :math:`\eta_t` as a function of the step t = 0, 1, 2, …

A schedule is called with the 0-based step, a number or an array of them. Its base rate may be an
array of shape ``(..., 1)``, one rate a run; the result then has that shape.
"""

import numpy as np

from sgdcore._checks import require_number


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
    lr = _require_rate(lr)
    return lambda t: lr + 0.0 * np.asarray(t)


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
    lr, decay = _require_rate(lr), require_number("decay", decay, above=0)
    return lambda t: lr / (1.0 + decay * np.asarray(t))


def exponential(lr, decay):
    r"""Decay by a constant factor a step.

    .. math:: \eta_t = \eta_0\, \delta^{t}

    The rates sum to at most :math:`\eta_0 / (1 - \delta)`: a run can only travel so far.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The first rate :math:`\eta_0`, above 0.
    decay : float
        The factor :math:`\delta`, above 0 and below 1.

    Raises
    ------
    ValueError
        If a rate is not a finite number above 0, or the factor not above 0 and below 1.

    Notes
    -----
    Differs from: Keras and optax divide t by a number of steps first: ``decay ** (1 / steps)``
    here.
    """
    lr, decay = _require_rate(lr), require_number("decay", decay, above=0, below=1)
    return lambda t: lr * decay ** np.asarray(t, dtype=float)


def _require_rate(lr):
    rate = np.asarray(lr, dtype=float)
    if not (np.isfinite(rate) & (rate > 0)).all():
        raise ValueError(f"lr must be finite and > 0, got {lr!r}")
    if rate.ndim and rate.shape[-1] != 1:
        raise ValueError(f"lr must be a number or have shape (..., 1), got shape {rate.shape}")
    return rate
