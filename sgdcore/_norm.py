"""The Euclidean length, for entries of any size."""

import numpy as np


def norm(vector):
    """Euclidean length over the last axis, which is kept; no overflow or underflow on the way."""
    with np.errstate(over="ignore"):
        square = np.vecdot(vector, vector)
    info = np.finfo(square.dtype)
    # Below, squares have lost digits or vanished; above, they are infinite.
    safe = (square > info.tiny / info.eps) & (square < np.inf)
    if safe.all():
        return np.sqrt(square)[..., None]
    largest = np.abs(vector).max(axis=-1)
    unit = np.where((largest > 0) & np.isfinite(largest), largest, 1)
    scaled = vector / unit[..., None]
    length = np.sqrt(np.vecdot(scaled, scaled))
    # A length beyond the largest number counts as that: dividing by infinity would lose the vector.
    room = info.max / np.maximum(unit, 1)
    length = np.where(np.isfinite(largest), np.minimum(length, room) * unit, largest)
    return np.where(safe, np.sqrt(square), length)[..., None]
