"""The definitions of the exercises, collected from the modules ``chapter_NN`` of this folder.

Each chapter has a module with a dictionary ``EXERCISES`` from the label of an exercise to its
`Exercise`. A question that asks for a value has a reference value; a question that asks for a
function has a reference function and makes its own inputs:

>>> import numpy as np
>>> def mean_square(prediction, target):
...     return np.mean((prediction - target) ** 2)
>>> def sum_of_squares(prediction, target):
...     return np.sum((prediction - target) ** 2)
>>> def pairs(rng):
...     for size in (1, 3, 10):
...         yield rng.normal(size=size), rng.normal(size=size)
>>> EXERCISES = {
...     "01-e1": Exercise(
...         asked="one number, the loss",
...         reference=2.5,
...         mistakes=(Mistake("the half is missing", 5.0, "Look at the definition of the loss."),),
...     ),
...     "01-e2": Exercise(
...         asked="the mean square of the residuals",
...         reference=mean_square,
...         cases=pairs,
...         about="vectors of 1 to 10 numbers",
...         mistakes=(
...             Mistake("a sum, no mean", sum_of_squares, "Does it grow with the batch size?"),
...         ),
...     ),
... }
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give.

    It is recognised when a student's answer agrees with it in every case, in value or in the type
    of the exception.

    Attributes
    ----------
    key : str
        What is wrong, in a few words that stand after "wrong —"; unique in its exercise.
    answer : number, str, array, tuple or callable
        The wrong answer. ``...`` in a tuple stands for any result in that place.
    hint : str
        What to think about. It must not contain the solution.
    rtol : float, optional
        How near to `answer` is meant, where it is not known exactly, in place of the exercise's.
    """

    key: str
    answer: Any
    hint: str
    rtol: float | None = None


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    asked : str
        What is asked, in one line.
    reference : number, str, array, tuple or callable
        The right answer: a value or, with `cases`, a function.
    cases : callable, optional
        Takes a ``numpy.random.Generator`` and returns or yields the arguments of each call as a
        tuple: plain data, iterators over lists of it, and generators made by
        ``np.random.default_rng`` of a whole number.
        One of the cases should be very small: the smallest that fails is shown.
    rtol : float
        Largest difference that counts as right, as a share of the largest entry expected.
    about : str
        What the cases are, in a few words for the student.
    mistakes : tuple of Mistake
        The wrong answers that are recognised, the first match counts.
    tests : tuple of str
        How to test a value, result by result: the hint where a wrong one is no known mistake. A
        function needs none, as it is shown a case.
    """

    asked: str
    reference: Any
    cases: Callable[[Generator], Iterable[tuple]] | None = None
    rtol: float = 1e-6
    about: str = ""
    mistakes: tuple[Mistake, ...] = ()
    tests: tuple[str, ...] = ()


def collect():
    """Every exercise of every chapter module, by label."""
    found = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        exercises = importlib.import_module(f"{__name__}.{module}").EXERCISES
        prefix = module.removeprefix("chapter_") + "-e"
        for label in exercises:
            if not label.startswith(prefix):
                raise ValueError(f"{module}: label {label!r} must begin with {prefix!r}")
        found |= exercises
    return found
