"""Source S1: its program as printed diverges, and repaired it reaches least squares."""

import numpy as np
import pytest

from tests.book.mistakes import outcome
from tests.book.notebooks import notebook

TOLERANCE = 1e-2  # in each parameter, as the chapter states


def program(kind, seed=0):
    """The program of the cells tagged ``source:S1:kind``, with another seed if asked for."""
    source = notebook("04").program(f"source:S1:{kind}")
    assert source.count("default_rng(0)") == 1
    return source.replace("default_rng(0)", f"default_rng({seed})")


def test_s1_as_printed_diverges():
    ran = outcome(program("broken"))
    assert ran.error is None
    names = ran.names
    assert abs(names["theta"]) > 1e6
    assert names["loss"](names["theta"], names["x"], names["y"]) > 1e12


@pytest.mark.parametrize("seed", range(10))
def test_s1_repaired_reaches_least_squares(seed):
    ran = outcome(program("repaired", seed))
    assert ran.error is None
    x, y = ran.names["x"], ran.names["y"]
    columns = np.column_stack([x, np.ones(len(x))])
    exact = np.linalg.lstsq(columns, y, rcond=None)[0]
    np.testing.assert_allclose(ran.names["theta"], exact, rtol=0, atol=TOLERANCE)


def test_s1_repaired_has_the_gradient_of_its_loss():
    """Both of the source's faults are in the gradient: finite differences see either."""
    rng = np.random.default_rng(1)
    repaired, broken = outcome(program("repaired")).names, outcome(program("broken")).names
    theta, h = rng.standard_normal(2), 1e-6

    def slope(loss, theta, *data):
        differences = [loss(theta + h * e, *data) - loss(theta - h * e, *data) for e in np.eye(2)]
        return np.array(differences) / (2 * h)

    data = repaired["X"], repaired["y"]
    numerical = slope(repaired["loss"], theta, *data)
    np.testing.assert_allclose(repaired["grad"](theta, *data), numerical, rtol=1e-6)

    x, y = broken["x"], broken["y"]
    numerical = (broken["loss"](h, x, y) - broken["loss"](-h, x, y)) / (2 * h)
    assert abs(broken["grad"](0.0, x, y).mean() - numerical) > 0.1 * abs(numerical)
