"""Plain data as text, for the way into the sandbox and back.

What comes back was written by a program that nobody trusts: `unpack` makes nothing from it but
numbers, words, arrays of fixed types, lists, iterators over them and tuples, and raises
``ValueError`` otherwise.
"""

import base64
import copy
from math import prod

import numpy as np

from classroom.judging import ITERATOR, Failure, Foreign, Observation

MOST_CHARACTERS = 1_000_000  # of an array of words
DTYPES = {np.dtype(kind).str for kind in "? b B h H i I l L q Q e f d F D".split()}


def pack(value):
    """A plain value, a fresh iterator or a fresh generator, in the terms of JSON."""
    kind = type(value)
    if kind is ITERATOR:
        return {"iterator": [pack(part) for part in copy.copy(value)]}
    if kind in (list, tuple):
        return {kind.__name__: [pack(part) for part in value]}
    if kind is complex:
        return {"complex": [value.real, value.imag]}
    if kind is Foreign:
        return {"foreign": value.kind}
    if kind is np.random.Generator:
        return {"generator": value.bit_generator.seed_seq.entropy}
    if kind is np.ndarray or isinstance(value, np.generic):
        return _pack_array(np.asarray(value), "array" if kind is np.ndarray else "scalar")
    return value


def _pack_array(array, kind):
    if array.dtype.kind in "fc" and array.dtype.str not in DTYPES:  # long doubles
        array = array.astype(float if array.dtype.kind == "f" else complex)
    if array.dtype.kind == "U":
        return {kind: "U", "shape": array.shape, "data": [str(word) for word in array.flat]}
    data = base64.b64encode(array.tobytes()).decode()
    return {kind: array.dtype.str, "shape": array.shape, "data": data}


def unpack(packed):
    """The value that `pack` was given.

    Raises
    ------
    ValueError
        If ``packed`` is not of that form.
    """
    if packed is None or type(packed) in (bool, int, float, str):
        return packed
    match packed:
        case {"list": list(parts), **rest} if not rest:
            return [unpack(part) for part in parts]
        case {"iterator": list(parts), **rest} if not rest:
            return iter([unpack(part) for part in parts])
        case {"tuple": list(parts), **rest} if not rest:
            return tuple(unpack(part) for part in parts)
        case {"complex": [float(real), float(imaginary)], **rest} if not rest:
            return complex(real, imaginary)
        case {"foreign": str(kind), **rest} if not rest:
            return Foreign(kind)
        case {"generator": int(seed), **rest} if not rest and seed >= 0:
            return np.random.default_rng(seed)
        case {"array": str(dtype), "shape": list(shape), "data": data}:
            return _unpack_array(dtype, shape, data)
        case {"scalar": str(dtype), "shape": [], "data": data}:
            return _unpack_array(dtype, [], data)[()]
    raise ValueError("expected packed plain data")


def _unpack_array(dtype, shape, data):
    if len(shape) > 32 or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("expected a shape")
    if dtype == "U" and type(data) is list and all(type(word) is str for word in data):
        # Every word takes the room of the longest.
        if len(data) * max(map(len, data), default=0) > MOST_CHARACTERS:
            raise ValueError("expected fewer or shorter words")
        return np.array(data, dtype=str).reshape(shape)
    if dtype not in DTYPES or type(data) is not str:
        raise ValueError("expected an array of numbers or words")
    raw = base64.b64decode(data, validate=True)
    if len(raw) != prod(shape) * np.dtype(dtype).itemsize:
        raise ValueError("expected as many bytes as the shape says")
    if np.dtype(dtype) == bool:  # no other bytes than 0 and 1
        return (np.frombuffer(raw, np.uint8) != 0).reshape(shape)
    return np.frombuffer(raw, dtype).reshape(shape).copy()


def pack_observation(observation):
    """An observation in the terms of JSON."""
    return [pack(observation.value), observation.error, observation.changed]


def unpack_observation(packed):
    """The observation that `pack_observation` was given.

    Raises
    ------
    ValueError
        If it is of another form.
    """
    match packed:
        case [value, None, list(changed)]:
            return Observation(unpack(value), changed=tuple(changed))
        case [None, [kind, message, line, source], list(changed)]:
            return Observation(error=Failure(kind, message, line, source), changed=tuple(changed))
    raise ValueError("expected a value, an error and the arguments that were changed")
