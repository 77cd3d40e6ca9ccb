"""Check a gradient against differences of the value."""

from collections.abc import Callable

import numpy as np

from sgdcore._checks import (
    require_array,
    require_count,
    require_finite,
    require_instance,
    require_number,
    require_rng,
)


def gradcheck(value_and_grad, theta, *, rng, directions=8, step=1e-6):
    r"""Largest relative error of a gradient, by central differences in random directions.

    For unit vectors v drawn from the sphere,

    .. math:: \nabla f(\theta)^\top v \approx \frac{f(\theta + hv) - f(\theta - hv)}{2h}

    with an error of order :math:`h^2` from the curvature and :math:`\epsilon/h` from rounding.

    Parameters
    ----------
    value_and_grad : callable
        ``theta -> (value, grad)`` with shapes ``()`` and ``(P,)``.
    theta : array of shape (P,)
        Where to check, in float64.
    rng : numpy.random.Generator
        Draws the directions.
    directions : int
        How many.
    step : float
        The h above, in the unit of ``theta``.

    Returns
    -------
    float
        The largest error, relative to the larger of the two slopes (and at least 1e-8); about
        1e-8 for a right gradient at a smooth point, of order 1 for a wrong one; infinite if a
        slope is not a number.

    Raises
    ------
    ValueError
        If ``theta`` is not a float64 vector, the gradient has another shape, or a setting is out
        of its range.
    """
    require_instance("value_and_grad", value_and_grad, Callable, "problem.value_and_grad")
    require_rng(rng)
    theta = require_array("theta", theta, "f", "a float64 array of shape (P,)")
    if theta.ndim != 1 or theta.dtype != np.float64:
        raise ValueError(
            f"theta must be a float64 array of shape (P,), got {theta.dtype} of {theta.shape}"
        )
    require_finite("theta", theta)
    step = require_number("step", step, above=0)
    try:
        _, grad = value_and_grad(theta)
    except TypeError:
        raise ValueError("value_and_grad must return a pair (value, grad)") from None
    grad = require_array("the gradient", grad, "f", "floats")
    if grad.shape != theta.shape:
        raise ValueError(f"the gradient must have theta's shape {theta.shape}, got {grad.shape}")
    errors = []
    for _ in range(require_count("directions", directions)):
        v = rng.standard_normal(theta.shape)
        v /= np.sqrt(v @ v)
        ahead, behind = value_and_grad(theta + step * v)[0], value_and_grad(theta - step * v)[0]
        measured, claimed = (ahead - behind) / (2 * step), grad @ v
        scale = max(abs(measured), abs(claimed), 1e-8)
        with np.errstate(invalid="ignore"):  # inf / inf, which the end takes for infinite
            errors.append(abs(measured - claimed) / scale)
    return float(np.nan_to_num(np.max(errors), nan=np.inf))
