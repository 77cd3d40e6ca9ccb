"""The questions that several files ask of their input, and the ValueErrors that answer them."""

import math

import numpy as np


def require_number(name, value, *, above=None, at_least=None, below=None):
    """Raise a ValueError unless ``value`` is a finite number inside the range; return it."""
    expected = " and ".join(
        f"{sign} {bound}"
        for sign, bound in ((">", above), (">=", at_least), ("<", below))
        if bound is not None
    )
    expected = f"a finite number {expected}".rstrip()
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be {expected}, got {value!r}") from None
    inside = (
        math.isfinite(number)
        and (above is None or number > above)
        and (at_least is None or number >= at_least)
        and (below is None or number < below)
    )
    if not inside:
        raise ValueError(f"{name} must be {expected}, got {value!r}")
    return number


def require_count(name, value, *, at_least=1):
    """Raise a ValueError unless ``value`` is a whole number of at least ``at_least``; return it."""
    try:
        whole = int(value) == value
    except (TypeError, ValueError):
        whole = False
    if not whole or value < at_least:
        raise ValueError(f"{name} must be a whole number >= {at_least}, got {value!r}")
    return int(value)


def require_parameter(name, theta, size):
    """Raise a ValueError unless the last axis of the array ``theta`` has length ``size``."""
    if theta.ndim == 0 or theta.shape[-1] != size:
        raise ValueError(f"{name} must have shape (..., {size}), got {theta.shape}")


def require_rate(lr):
    """Raise a ValueError unless ``lr`` is a rate above 0, or one a run; return it as an array."""
    rate = np.asarray(lr, dtype=float)
    if not (np.isfinite(rate) & (rate > 0)).all():
        raise ValueError(f"lr must be finite and > 0, got {lr!r}")
    if rate.ndim and rate.shape[-1] != 1:
        raise ValueError(f"lr must be a number or have shape (..., 1), got shape {rate.shape}")
    return rate
