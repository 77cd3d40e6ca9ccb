"""Practice data: what a hand-out without answers has of an exercise.

Where a function is asked, these are the inputs of the book and what comes out of them, for the
right function and for each known mistake. With them `check` judges an answer on these inputs as it
would with the programs, and no program is in them. Where a value is asked, every number would tell
it: what stays is its form, what is asked, and how to test it.
"""

import inspect
import json
from collections import defaultdict

import numpy as np

from classroom.judging import UNWRITTEN, Form, Observation, cases_for, observe_quietly, plain
from classroom.marking.wire import pack, pack_observation, unpack, unpack_observation

TOLD = ("asked", "about", "rtol", "tests")
TOLD_OF_MISTAKES = ("key", "hint", "rtol")
FOR_ALL = "the same for everybody"
# What the chapters say of the name that a student writes, and what is true of it without answers.
OF_THE_NAME = "the inputs that your functions are tried on are then drawn for you alone."
WITHOUT_ANSWERS = (
    "your marks go by it. This copy of the course holds no answers: a function is tried on the "
    "inputs of the book, and a value is judged when you hand it in."
)


def reworded(text):
    """The text of a chapter as it is true where there are no answers."""
    return text.replace(OF_THE_NAME, WITHOUT_ANSWERS)


class Recorded:
    """A function of which some calls are known, with what came of them."""

    def __init__(self, arguments, known):
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(name, kind) for name in arguments]
        )
        self.known = known

    def __call__(self, *arguments):
        value, error, _ = unpack_observation(self.known[as_text(pack(arguments))])
        if error is not None:
            raise type(error.kind, (Exception,), {})(error.message)
        return with_gaps(value)


def as_text(packed):
    return json.dumps(packed)


def with_gaps(value):
    """A value in which ``...`` stands again for any result: on the way it was no plain data."""
    if type(value) is tuple:
        return tuple(map(with_gaps, value))
    return ... if type(value) is type(UNWRITTEN) and value == UNWRITTEN else value


def form(value):
    """A value of the same form, with other entries."""
    if type(value) is tuple:
        return tuple(map(form, value))
    array = np.asarray(value)
    other = {"U": "", "b": False}.get(array.dtype.kind, np.inf)
    return np.full(array.shape, other) if array.ndim else other


def outcomes(function, cases):
    """What comes of a function in each case, in the terms of JSON."""
    seen = [observe_quietly(function, case) for case in cases]
    return [pack_observation(Observation(plain(value), error)) for value, error, _ in seen]


def record(exercise, label):
    """The practice data of an exercise, in the terms of JSON."""
    told = {name: getattr(exercise, name) for name in TOLD}
    if exercise.cases is None:
        return told | {"form": pack(form(exercise.reference))}
    cases = cases_for(exercise, label)
    told["about"] = ", ".join(filter(None, [exercise.about, FOR_ALL]))
    mistakes = [
        {name: getattr(mistake, name) for name in TOLD_OF_MISTAKES}
        | {"answer": outcomes(mistake.answer, cases)}
        for mistake in exercise.mistakes
    ]
    return told | {
        "arguments": list(inspect.signature(exercise.reference).parameters),
        "cases": pack(cases),
        "reference": outcomes(exercise.reference, cases),
        "mistakes": mistakes,
    }


def restore(data):
    """What `Exercise` and `Mistake` are made with, from practice data.

    Raises
    ------
    ValueError, KeyError, TypeError
        If it is none.
    """
    told = {name: data[name] for name in TOLD} | {"tests": tuple(data["tests"])}
    if "form" in data:
        return told | {"reference": Form(unpack(data["form"])), "mistakes": []}
    keys = [as_text(case) for case in data["cases"]["list"]]

    def function(outcomes):
        return Recorded(data["arguments"], dict(zip(keys, outcomes, strict=True)))

    mistakes = [
        {name: mistake[name] for name in TOLD_OF_MISTAKES} | {"answer": function(mistake["answer"])}
        for mistake in data["mistakes"]
    ]
    return told | {
        "reference": function(data["reference"]),
        "cases": lambda rng: unpack(data["cases"]),
        "mistakes": mistakes,
    }


def files(exercises, stem):
    """The practice data of some exercises as files, ``STEM_NN.json``: their contents by name."""
    data = defaultdict(dict)
    for label, exercise in sorted(exercises.items()):
        data[f"{stem}_{label.split('-')[0]}.json"][label] = record(exercise, label)
    return {
        name: (json.dumps(told, ensure_ascii=False) + "\n").encode() for name, told in data.items()
    }
