"""The definitions of the exercises, collected from the modules ``classroom.chapter_NN``.

Each chapter has a module with a dictionary ``EXERCISES`` from the label of an exercise to its
`Exercise`. A question that asks for a value has a reference value; a question that asks for a
function has a reference function and makes its own inputs:

>>> import numpy as np
>>> def mean_square(prediction, target):
...     return np.mean((prediction - target) ** 2)
>>> def pairs(rng):
...     for size in (1, 3, 10):
...         yield rng.normal(size=size), rng.normal(size=size)
>>> EXERCISES = {
...     "01-e1": Exercise(reference=2.5),
...     "01-e2": Exercise(reference=mean_square, cases=pairs, about="vectors of 1 to 10 numbers"),
... }
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

import classroom


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    reference : number, str, array, tuple or callable
        The right answer: a value or, with `cases`, a function.
    cases : callable, optional
        Takes a ``numpy.random.Generator`` and returns or yields the arguments of each call as a
        tuple. Generators among the arguments are copied like everything else.
    rtol : float
        Largest difference that counts as right, as a share of the largest entry expected.
    about : str
        What the cases are, in a few words for the student.
    """

    reference: Any
    cases: Callable[[Generator], Iterable[tuple]] | None = None
    rtol: float = 1e-6
    about: str = ""


def collect():
    """Every exercise of every chapter module, by label."""
    found = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(classroom.__path__)):
        if not module.startswith("chapter_"):
            continue
        exercises = importlib.import_module(f"classroom.{module}").EXERCISES
        prefix = module.removeprefix("chapter_") + "-e"
        for label in exercises:
            if not label.startswith(prefix):
                raise ValueError(f"classroom.{module}: label {label!r} must begin with {prefix!r}")
        found |= exercises
    return found
