"""The definitions of the exercises, collected from the modules ``chapter_NN`` of this folder.

In a hand-out without answers there is ``chapter_NN.json`` in the place of each, its practice data
(`classroom.practice`). A teacher's own exercises stand in ``exercises_NN.py`` in another folder.

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
import importlib.util
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.random import Generator

from classroom.practice import restore

HERE = Path(__file__).parent


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
        The right answer: a value or, with `cases`, a function. In practice data a `Form`
        (`classroom.judging`) stands for a value.
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


def collect(folder=None):
    """Every exercise of the course, by label, and those in the files of a teacher's folder.

    Parameters
    ----------
    folder : Path, optional
        Where there may be ``exercises_NN.py``, or ``exercises_NN.json`` with practice data.

    Raises
    ------
    ValueError
        If one of its files is none, or if a label is not that of its file, or is there twice.
    """
    files = files_of(HERE, "chapter")
    if folder is not None:
        files += files_of(folder, "exercises")
    found = {}
    for path in files:
        exercises = _practice(path) if path.suffix == ".json" else _definitions(path)
        prefix = path.stem.rpartition("_")[2] + "-e"
        for label in exercises:
            if not label.startswith(prefix):
                raise ValueError(f"{path.name}: label {label!r} must begin with {prefix!r}")
            if label in found:
                raise ValueError(f"{path.name}: there is an exercise {label!r} already")
        found |= exercises
    return found


def has_answers():
    """Whether this copy of the course holds the answers, and so can draw inputs for a student."""
    return any(path.suffix == ".py" for path in files_of(HERE, "chapter"))


def files_of(folder, stem):
    """The files of a folder that hold exercises."""
    kinds = ("py", "json")
    return sorted(path for kind in kinds for path in folder.glob(f"{stem}_[0-9][0-9].{kind}"))


def _definitions(path):
    """The exercises that a module defines."""
    if path.parent == HERE:
        return importlib.import_module(f"{__name__}.{path.stem}").EXERCISES
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"{path.name} does not run: {type(error).__name__}: {error}") from error
    exercises = getattr(module, "EXERCISES", None)
    if type(exercises) is not dict or {type(one) for one in exercises.values()} != {Exercise}:
        raise ValueError(f"{path.name}: expected EXERCISES, a dictionary from labels to Exercise")
    return exercises


def _practice(path):
    """The exercises that practice data tell of."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        told = {label: restore(one) for label, one in data.items()}
        return {
            label: Exercise(**one | {"mistakes": tuple(Mistake(**m) for m in one["mistakes"])})
            for label, one in told.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is damaged: get it once more") from error
