"""Source S3: its program diverges in a wrong shape, and repaired it solves both data sets."""

import numpy as np
import pytest

from sgdcore import data
from tests.book.mistakes import outcome
from tests.book.notebooks import notebook

SETS = {"set 1": 1, "set 2": 2}
TOLERANCE = 1e-4  # in each parameter
SEEDS = range(10)


def ran(kind, seed=0):
    """What the cells tagged ``source:S3:kind`` leave behind, started from this seed."""
    source = notebook("sources").program(f"source:S3:{kind}")
    assert source.count("default_rng(0)") == 1
    result = outcome(source.replace("default_rng(0)", f"default_rng({seed})"))
    assert result.error is None
    return result.names


@pytest.mark.parametrize("kind", ["broken", "repaired"])
def test_s3_has_the_data_of_the_source(kind):
    names = ran(kind)
    assert set(names["inputs"]) == set(SETS)
    for name, which in SETS.items():
        inputs, targets = data.five_points(which)
        assert (names["inputs"][name] == inputs).all() and (names["y"] == targets).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_s3_as_printed_diverges_in_a_wrong_shape(seed):
    for theta in ran("broken", seed)["results"].values():
        assert theta.shape == (2, 5)
        assert np.abs(theta).max() > 1e200


def test_s3_as_printed_grows_as_its_curvature_says():
    """Each step multiplies the error by 1 + ηL: the cause is the sign."""
    names = ran("broken")
    for name, theta in names["results"].items():
        X = names["inputs"][name]
        L = np.linalg.eigvalsh(X.T @ X / len(X))[-1]
        powers = np.log10(np.abs(theta).max())
        assert powers == pytest.approx(1000 * np.log10(1 + 0.01 * L), abs=2)


@pytest.mark.parametrize("seed", SEEDS)
def test_s3_repaired_reaches_least_squares(seed):
    names = ran("repaired", seed)
    for name, theta in names["results"].items():
        exact = np.linalg.lstsq(names["inputs"][name], names["y"])[0]
        np.testing.assert_allclose(theta, exact, rtol=0, atol=TOLERANCE)


def test_s3_never_prints_the_result_that_it_quotes():
    quoted = np.array([1.53, 2.23])
    for seed in SEEDS:
        for theta in ran("repaired", seed)["results"].values():
            assert np.abs(theta - quoted).max() > 1
