"""The programs of source S4, as chapter 07 repairs them, reach the least-squares answer.

Its cells tagged ``source:S4:broken`` and ``source:S4:repaired`` are two programs that begin with
the same data; each runs by itself in an empty namespace.
"""

import numpy as np
import pytest

from tests.book.mistakes import SYMPTOMS, outcome
from tests.book.notebooks import notebook

RATES = {"constant", "exponential", "linear"}
TOLERANCE = {"constant": 0.2, "exponential": 0.04, "linear": 0.04}


@pytest.fixture(scope="module")
def broken():
    return outcome(notebook("07").program("source:S4:broken"))


@pytest.fixture(scope="module")
def repaired():
    return outcome(notebook("07").program("source:S4:repaired"))


def test_data_as_printed_crash():
    assert SYMPTOMS[8](outcome(notebook("07").program("mistake:08:broken")))


def test_broken_constant_rate_runs_away(broken):
    assert broken.error is None
    assert np.linalg.norm(broken.names["theta_constant"]) > 1e70


def test_broken_decaying_rate_hides_the_climb(broken):
    theta, least_squares = broken.names["theta_decaying"], broken.names["least_squares"]
    assert np.abs(theta).max() < 10, "it looks like a result"
    climbed = np.linalg.norm(theta - least_squares) / np.linalg.norm(least_squares)
    assert climbed > 1, "it ends farther from least squares than it began"
    assert broken.names["eta"] < 1e-300, "its rate has compounded away"


def test_least_squares_is_numpys(repaired):
    X, y = repaired.names["X"], repaired.names["y"]
    assert X.shape == (100, 2) and y.shape == (100,)
    answer = np.linalg.lstsq(X, y)[0]
    assert np.allclose(repaired.names["least_squares"], answer, rtol=1e-12)


@pytest.mark.parametrize("rate", sorted(RATES))
def test_repaired_reaches_least_squares(repaired, rate):
    assert repaired.error is None
    ends = {rule.__name__: theta for rule, theta in repaired.names["theta"].items()}
    assert set(ends) == RATES
    assert ends[rate].shape == (64, 2)
    answer = np.linalg.lstsq(repaired.names["X"], repaired.names["y"])[0]
    distance = np.linalg.norm(ends[rate] - answer, axis=-1)
    assert distance.max() < TOLERANCE[rate]
