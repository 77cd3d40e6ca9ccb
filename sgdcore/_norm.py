"""The Euclidean length, for entries of any size."""

import contextvars
from functools import cache

import numpy as np

# Squares may overflow without a warning in it. To run in a copy of it is far quicker than a
# ``with np.errstate``, and a step may be no slower for the sake of gradients that are rare.
_QUIET = contextvars.copy_context()
_QUIET.run(np.seterr, all="ignore")


def norm(vector):
    """Euclidean length over the last axis, which is kept; no overflow or underflow on the way."""
    square = _QUIET.copy().run(np.vecdot, vector, vector)
    # Below, squares have lost digits or vanished; above, they are infinite.
    safe = (square > _smallest_square(square.dtype)) & (square < np.inf)
    if safe if safe.ndim == 0 else np.count_nonzero(safe) == safe.size:  # quicker than all()
        return np.sqrt(square)[..., None]
    largest = np.abs(vector).max(axis=-1)
    unit = np.where((largest > 0) & np.isfinite(largest), largest, 1)
    scaled = vector / unit[..., None]
    length = np.sqrt(np.vecdot(scaled, scaled))
    # A length beyond the largest number counts as that: dividing by infinity would lose the vector.
    room = np.finfo(square.dtype).max / np.maximum(unit, 1)
    length = np.where(np.isfinite(largest), np.minimum(length, room) * unit, largest)
    return np.where(safe, np.sqrt(square), length)[..., None]


@cache
def _smallest_square(dtype):
    """From here on a square has all its digits."""
    info = np.finfo(dtype)
    return info.tiny / info.eps
