"""The questions that several files ask of their input, and the ValueErrors that answer them."""

import math
from collections.abc import Callable
from numbers import Real
from types import MethodType

import numpy as np

# Beyond it not every whole number has a float of its own.
LARGEST_COUNT = 2**53


def shown(value):
    """What a message says of a value: its repr, on one line and not for pages."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # a whole number of more digits than Python prints
        text = f"a number of {value.bit_length()} bits"
    return text if len(text) < 80 else text[:76] + " ..."


def _is_real(value):
    """Whether this is one real number; True and "0.1" are none, though ``float`` takes them."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "iuf"
    return isinstance(value, Real) and not isinstance(value, bool)


def _as_float(value):
    """The float nearest to a real number; nan if it is none, or too large for one."""
    try:
        return float(value) if _is_real(value) else math.nan
    except OverflowError:
        return math.nan


def require_number(name, value, *, above=None, at_least=None, below=None):
    """Raise a ValueError unless ``value`` is a finite number inside the range; return it."""
    expected = " and ".join(
        f"{sign} {bound}"
        for sign, bound in ((">", above), (">=", at_least), ("<", below))
        if bound is not None
    )
    expected = f"a finite number {expected}".rstrip()
    number = _as_float(value)
    inside = (
        math.isfinite(number)
        and (above is None or number > above)
        and (at_least is None or number >= at_least)
        and (below is None or number < below)
    )
    if not inside:
        raise ValueError(f"{name} must be {expected}, got {shown(value)}")
    return number


def require_count(name, value, *, at_least=1):
    """Raise a ValueError unless ``value`` is a whole number of at least ``at_least``; return it."""
    if type(value) is int and at_least <= value <= LARGEST_COUNT:
        return value  # what is nearly always passed, without asking what kind of number it is
    whole = _is_real(value) and at_least <= value <= LARGEST_COUNT and int(value) == value
    if not whole:
        raise ValueError(f"{name} must be a whole number >= {at_least}, got {shown(value)}")
    return int(value)


def require_counts(name, values, *, least=1):
    """Raise a ValueError unless this is a sequence of at least so many counts; return them."""
    listed = isinstance(values, list | tuple | range)
    if isinstance(values, np.ndarray):
        listed = values.ndim == 1
    if not listed or len(values) < least:
        raise ValueError(f"{name} must be a list of {least} or more numbers, got {shown(values)}")
    return tuple(require_count(f"every one of {name}", value) for value in values)


def require_choice(name, value, choices):
    """Raise a ValueError unless ``value`` is one of the words or numbers that there are."""
    if not np.isscalar(value) or value not in choices:
        raise ValueError(f"{name} must be one of {choices}, got {shown(value)}")


def require_flag(name, value):
    """Raise a ValueError unless ``value`` is True or False: the text "False" would count as yes."""
    if not isinstance(value, bool | np.bool):
        raise ValueError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def require_instance(name, value, kind, example):
    """Raise a ValueError unless ``value`` is of this kind, such as ``example``."""
    if isinstance(value, kind):
        return
    got = shown(value)
    if callable(value) and hasattr(value, "__name__"):
        got = f"the function {value.__name__} itself: call it"
    raise ValueError(f"{name} must be such as {example}, got {got}")


def require_schedule(schedule):
    """Raise a ValueError unless this is a function of the step, and not one that makes such."""
    makes_one = getattr(schedule, "__module__", "") == "sgdcore.schedules" and (
        schedule.__qualname__ == schedule.__name__
    )
    kind = () if makes_one else Callable  # nothing is an instance of ()
    require_instance("schedule", schedule, kind, "schedules.constant(0.1)")


def require_rng(rng):
    """Raise a ValueError unless ``rng`` is a Generator of numpy."""
    require_instance("rng", rng, np.random.Generator, "numpy.random.default_rng(0)")


def require_array(name, values, kinds, expected):
    """Raise a ValueError unless these are an array, or lists like one, of kinds; return it."""
    if isinstance(values, np.ndarray) and values.dtype.kind in kinds:
        return values
    try:
        array = np.asarray(values)
    except ValueError:  # lists of several lengths
        array = np.asarray(None)
    if array.dtype.kind not in kinds:
        got = f"dtype {array.dtype}" if isinstance(values, np.ndarray) else shown(values)
        raise ValueError(f"{name} must be {expected}, got {got}")
    return array


def require_floats(name, values):
    """Raise a ValueError unless these are real numbers; return them as an array of floats.

    Whole numbers of a small type would wrap round in a difference or a square.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        return values  # at once: a step asks this several times
    array = require_array(name, values, "biuf", "real numbers")
    return array if array.dtype.kind == "f" else array.astype(float)


def require_dtype(name, values, dtype):
    """Raise a ValueError unless these are real numbers; return them in this dtype."""
    if isinstance(values, np.ndarray) and values.dtype == dtype:
        return values
    return require_array(name, values, "biuf", "real numbers").astype(dtype, copy=False)


def require_finite(name, values):
    """Raise a ValueError if an entry of the array is nan or infinite, and say which."""
    finite = np.isfinite(values)
    if not finite.all():
        where = tuple(map(int, np.argwhere(~finite)[0]))
        raise ValueError(f"{name} must be finite, got {values[where]} at index {where}")


def require_parameter(name, theta, size):
    """Raise a ValueError unless the last axis of the array ``theta`` has length ``size``."""
    if theta.ndim == 0 or theta.shape[-1] != size:
        raise ValueError(f"{name} must have shape (..., {size}), got {theta.shape}")


def require_vectors(name, values):
    """Raise a ValueError unless these are floats, or numbers to be made such, (..., P)."""
    array = require_floats(name, values)
    if array.ndim == 0 or not array.shape[-1]:
        raise ValueError(f"{name} must have shape (..., P), got {array.shape}")
    return array


def require_rate(lr):
    """Raise a ValueError unless ``lr`` is a rate above 0, or one a run; return it as an array."""
    rate = require_array("lr", lr, "iuf", "finite and > 0")
    if not rate.size or not (np.isfinite(rate) & (rate > 0)).all():
        raise ValueError(f"lr must be finite and > 0, got {shown(lr)}")
    rate = rate.astype(float)
    if rate.ndim and rate.shape[-1] != 1:
        raise ValueError(f"lr must be a number or have shape (..., 1), got shape {rate.shape}")
    return rate


def unchecked(function):
    """The function without the checks of its arguments, for arguments like those it had before.

    That is ``function.unchecked``. A function without one, such as a subclass's own, is returned
    as it is.
    """
    if not hasattr(function, "unchecked"):
        return function
    bare = function.unchecked
    return MethodType(bare, function.__self__) if hasattr(function, "__self__") else bare
