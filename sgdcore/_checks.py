"""The questions that several files ask of their input, and the ValueErrors that answer them."""

import math
from numbers import Real

import numpy as np

# Beyond it not every whole number has a float of its own.
LARGEST_COUNT = 2**53


def _is_real(value):
    """Whether this is one real number; True and "0.1" are none, though ``float`` takes them."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "iuf"
    return isinstance(value, Real) and not isinstance(value, bool)


def require_number(name, value, *, above=None, at_least=None, below=None):
    """Raise a ValueError unless ``value`` is a finite number inside the range; return it."""
    expected = " and ".join(
        f"{sign} {bound}"
        for sign, bound in ((">", above), (">=", at_least), ("<", below))
        if bound is not None
    )
    expected = f"a finite number {expected}".rstrip()
    number = float(value) if _is_real(value) else math.nan
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
    whole = _is_real(value) and at_least <= value <= LARGEST_COUNT and int(value) == value
    if not whole:
        raise ValueError(f"{name} must be a whole number >= {at_least}, got {value!r}")
    return int(value)


def require_instance(name, value, kind, example):
    """Raise a ValueError unless ``value`` is of this kind, such as ``example``."""
    if isinstance(value, kind):
        return
    got = repr(value)
    if callable(value) and hasattr(value, "__name__"):
        got = f"the function {value.__name__} itself: call it"
    raise ValueError(f"{name} must be such as {example}, got {got}")


def require_rng(rng):
    """Raise a ValueError unless ``rng`` is a Generator of numpy."""
    require_instance("rng", rng, np.random.Generator, "numpy.random.default_rng(0)")


def require_finite(name, values):
    """Raise a ValueError if an entry of the array is nan or infinite, and say which."""
    bad = ~np.isfinite(values)
    if bad.any():
        where = tuple(map(int, np.argwhere(bad)[0]))
        raise ValueError(f"{name} must be finite, got {values[where]} at index {where}")


def require_parameter(name, theta, size):
    """Raise a ValueError unless the last axis of the array ``theta`` has length ``size``."""
    if theta.ndim == 0 or theta.shape[-1] != size:
        raise ValueError(f"{name} must have shape (..., {size}), got {theta.shape}")


def require_rate(lr):
    """Raise a ValueError unless ``lr`` is a rate above 0, or one a run; return it as an array."""
    rate = np.asarray(lr)
    if rate.dtype.kind not in "iuf" or not (np.isfinite(rate) & (rate > 0)).all():
        raise ValueError(f"lr must be finite and > 0, got {lr!r}")
    rate = rate.astype(float)
    if rate.ndim and rate.shape[-1] != 1:
        raise ValueError(f"lr must be a number or have shape (..., 1), got shape {rate.shape}")
    return rate
