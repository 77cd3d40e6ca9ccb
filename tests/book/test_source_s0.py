"""Source S0: its program as printed stops at the first step, and repaired it fits its line."""

import numpy as np
import pytest

from tests.book.mistakes import outcome, raises
from tests.book.notebooks import notebook

TOLERANCE = 0.1  # in each parameter: a constant rate hovers
SEEDS = range(10)


def program(kind, seed=0):
    """The program of the cells tagged ``source:S0:kind``, with another seed if asked for."""
    source = notebook("sources").program(f"source:S0:{kind}")
    seeded = {"broken": "random.seed({})", "repaired": "default_rng({})"}[kind]
    assert source.count(seeded.format(0)) == 1
    return source.replace(seeded.format(0), seeded.format(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_s0_as_printed_stops_at_its_first_step(seed):
    ran = outcome(program("broken", seed))
    assert raises(ValueError, "doesn't match the broadcast shape (100,1)")(ran)
    assert ran.names["theta"].shape == (1, 1) and (ran.names["theta"] == 0).all()
    assert ran.names["gradient"].shape == (100, 1)
    assert ran.printed == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_s0_repaired_reaches_least_squares(seed):
    ran = outcome(program("repaired", seed))
    assert ran.error is None
    x, y = ran.names["x"], ran.names["y"]
    exact = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y)[0]
    np.testing.assert_allclose(ran.names["theta"], exact, rtol=0, atol=TOLERANCE)
