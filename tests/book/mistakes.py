"""By what each code mistake of the field guide shows itself.

A notebook shows a code mistake by cells tagged ``mistake:05:broken`` and ``mistake:05:fixed``. The
cells of one tag, put together, are a program that runs by itself in an empty namespace. The test
runs both programs: the symptom must be there for the broken one and not for the fixed one, and the
fixed one must run to its end.

A symptom is a function of an `Outcome`. Two forms cover most::

    5: leaves(lambda names: names["residual"].shape == (5, 5)),
    3: raises(ValueError, "could not be broadcast"),
"""

import contextlib
import io
from dataclasses import dataclass

import numpy as np

# The mistakes that each notebook must show, broken and fixed or measured.
HOMES = {
    "02": {1, 5, 6, 7, 27, 28},
    "03": {2, 3, 4, 14, 15, 16, 20, 22, 33, 34},
    "04": {18},
    "05": {17, 19, 26},
    "06": {21, 35, 36},
    "07": {8, 9, 10, 32},
    "14": {11, 12, 13, 23, 24, 25},
    "15": set(),
    "mistakes": {29, 30},
}


@dataclass(frozen=True)
class Outcome:
    """What a program did: the names it left, what it printed, and the exception that ended it."""

    names: dict
    printed: str
    error: Exception | None


def outcome(source):
    """Run a program in an empty namespace."""
    names, error = {"__name__": "mistake"}, None
    with contextlib.redirect_stdout(io.StringIO()) as stdout, np.errstate(all="ignore"):
        try:
            exec(compile(source, "<mistake>", "exec"), names)
        except Exception as raised:
            error = raised
    return Outcome(names, stdout.getvalue(), error)


def raises(kind, text):
    """The program ends in an exception of this kind, whose message holds ``text``."""
    return lambda outcome: isinstance(outcome.error, kind) and text in str(outcome.error)


def leaves(condition):
    """The program runs to its end and the names it leaves fulfil ``condition``."""
    return lambda outcome: outcome.error is None and bool(condition(outcome.names))


SYMPTOMS = {
    1: leaves(lambda names: names["loss"][-1] > names["loss"][0]),
    2: leaves(lambda names: np.median(abs(names["theta"] - names["least_squares"])) > 1),
    3: raises(ValueError, "doesn't match the broadcast shape"),
    4: leaves(lambda names: abs(names["residual"].mean()) > 0.5),
    5: leaves(lambda n: n["residual"].shape == (5, 5) and n["targets"].shape == (100, 100)),
    6: leaves(lambda names: names["loss"][-1] > names["loss"][0]),
    7: leaves(lambda n: n["loss_gap"] < 0.01 and n["parameter_error"] > 0.1),
    8: raises(ValueError, "mismatch in its core dimension"),
    9: leaves(lambda names: names["used"][20] < 1e-9),
    10: leaves(lambda names: names["left"] > 0.05),
    11: leaves(lambda names: names["accuracy"].max() < 0.25),
    13: leaves(lambda names: max(names["with_pixels"], names["with_labels"]) < 0.25),
    14: leaves(lambda names: names["first"] != names["second"]),
    15: leaves(lambda names: not names["seen"].all()),
    18: leaves(lambda names: names["loss"][-1] > names["loss"][0]),
}
