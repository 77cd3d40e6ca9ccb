"""Streams of random numbers, the order of the samples, splits and data sets."""

import subprocess
import sys

import numpy as np
import pytest
import sklearn.datasets
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcore import data
from sgdcore.data import Sampler, generators


def batches(n, batch_size, sampling, seeds=0, epochs=1):
    sampler = Sampler(n, batch_size, generators(seeds, "sampling"), sampling)
    return [next(sampler).copy() for _ in range(epochs * -(-n // batch_size))]


def test_a_stream_depends_on_its_seed_and_name_alone():
    many = generators([3, 1, 3], "noise")
    alone = generators(3, "noise")
    assert alone.shape == ()
    first = [rng.random(4).tolist() for rng in many]
    assert first[0] == first[2] == alone.item().random(4).tolist()
    assert first[0] != first[1]
    assert first[0] != generators(3, "sampling").item().random(4).tolist()


def test_bad_seeds_and_streams_are_named():
    with pytest.raises(ValueError, match="seeds must be whole numbers >= 0"):
        generators([1, -1], "noise")
    with pytest.raises(ValueError, match="seeds must be whole numbers >= 0"):
        generators(0.5, "noise")
    with pytest.raises(ValueError, match="stream must be one of"):
        generators(0, "dropout")


@settings(max_examples=50, deadline=None)
@given(n=st.integers(1, 40), share=st.floats(0, 1), seed=st.integers(0, 9))
@pytest.mark.parametrize("sampling", ["permutation", "once"])
def test_every_epoch_of_a_shuffle_visits_every_sample_once(sampling, n, share, seed):
    batch_size = 1 + int(share * (n - 1))
    drawn = batches(n, batch_size, sampling, seed, epochs=3)
    per_epoch = len(drawn) // 3
    orders = [np.concatenate(drawn[e * per_epoch : (e + 1) * per_epoch]) for e in range(3)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(n))
    if sampling == "once":
        assert orders[0].tolist() == orders[1].tolist() == orders[2].tolist()


def test_a_new_shuffle_every_epoch_is_new():
    first, second = batches(30, 30, "permutation", epochs=2)
    assert first.tolist() != second.tolist()


def test_the_given_order_is_that_of_the_samples():
    drawn = batches(5, 2, "given", [0, 1], epochs=2)
    assert [batch[0].tolist() for batch in drawn] == 2 * [[0, 1], [2, 3], [4]]
    assert all(batch[0].tolist() == batch[1].tolist() for batch in drawn)


def test_draws_with_replacement_miss_a_share_of_the_samples():
    # (1 - 1/n)^n of them are not seen in n draws: about 1/e.
    n, runs = 100, 400
    order = np.concatenate(batches(n, 1, "replacement", np.arange(runs)), axis=-1)
    seen = np.array([len(set(row.tolist())) for row in order]) / n
    expected = 1 - (1 - 1 / n) ** n
    assert abs(seen.mean() - expected) < 4 * seen.std() / np.sqrt(runs)
    assert all(batch.shape == (7,) for batch in batches(10, 7, "replacement"))


@pytest.mark.parametrize("sampling", data.SAMPLINGS)
def test_a_run_draws_what_it_would_alone(sampling):
    together = np.concatenate(batches(50, 8, sampling, np.arange(4), epochs=30), axis=-1)
    for seed in range(4):
        alone = np.concatenate(batches(50, 8, sampling, seed, epochs=30), axis=-1)
        np.testing.assert_array_equal(together[seed], alone)


@given(
    n=st.integers(1, 40),
    batch_size=st.integers(1, 40),
    steps=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    sampling=st.sampled_from(data.SAMPLINGS),
    seeds=st.sampled_from([3, [3], [0, 1, 2], [[0, 1, 2], [5, 4, 3]]]),
)
def test_batches_ahead_are_those_one_by_one(n, batch_size, steps, sampling, seeds):
    batch_size = min(n, batch_size)
    one, many = (Sampler(n, batch_size, generators(seeds, "sampling"), sampling) for _ in range(2))
    for at_most in steps:
        batches = many.ahead(at_most)
        assert 1 <= len(batches) <= at_most
        for batch in batches:
            np.testing.assert_array_equal(batch, next(one), strict=True)
    # They take turns, too.
    np.testing.assert_array_equal(next(many), next(one), strict=True)
    np.testing.assert_array_equal(many.ahead(1)[0], next(one), strict=True)


def test_as_many_batches_are_handed_out_as_are_asked_for():
    sampler = Sampler(20, 6, generators(range(2), "sampling"), "permutation")
    shapes = [sampler.ahead(2).shape for _ in range(4)]
    assert shapes == [(2, 2, 6), (1, 2, 6), (1, 2, 2), (2, 2, 6)]  # an epoch ends in a smaller one
    assert sampler.ahead(100).shape == (1, 2, 6)


def test_the_sampler_names_bad_settings():
    rngs = generators(0, "sampling")
    with pytest.raises(ValueError, match="sampling must be one of"):
        Sampler(5, 1, rngs, "shuffled")
    with pytest.raises(ValueError, match="batch_size must be at most the 5 samples, got 6"):
        Sampler(5, 6, rngs, "once")
    with pytest.raises(ValueError, match="batch_size must be a whole number >= 1"):
        Sampler(5, 0, rngs, "once")


def test_a_split_keeps_every_sample_once_with_its_target(rng):
    X = np.arange(40.0).reshape(20, 2)
    parts = data.split(X, X.sum(axis=1), rng=rng)
    assert [len(y) for _, y in parts] == [12, 4, 4]
    everything = np.concatenate([part_X for part_X, _ in parts])
    assert sorted(everything[:, 0].tolist()) == X[:, 0].tolist()
    for part_X, part_y in parts:
        np.testing.assert_array_equal(part_X.sum(axis=1), part_y)


def test_a_split_names_bad_settings(rng):
    X, y = np.zeros((10, 1)), np.zeros(10)
    with pytest.raises(ValueError, match=r"\(10, 1\).*\(9,\)"):
        data.split(X, y[:9], rng=rng)
    with pytest.raises(ValueError, match="sum to less than 1"):
        data.split(X, y, rng=rng, validation=0.5, test=0.5)
    with pytest.raises(ValueError, match="test must be"):
        data.split(X, y, rng=rng, test=0)
    with pytest.raises(ValueError, match="too few"):
        data.split(X[:2], y[:2], rng=rng)


def test_standardising_looks_at_the_training_part_alone(rng):
    X = np.column_stack([rng.normal(5, 3, 50), np.full(50, 7.0)])
    parts = data.split(X, X[:, 0], rng=rng)
    scaled = data.standardise(parts)
    np.testing.assert_allclose(scaled.train[0].mean(axis=0), 0, atol=1e-14)
    np.testing.assert_allclose(scaled.train[0].std(axis=0), [1, 0], rtol=1e-12)
    assert abs(scaled.test[0][:, 0].mean()) > 1e-3
    centre, scale = parts.train[0][:, 0].mean(), parts.train[0][:, 0].std()
    np.testing.assert_allclose(scaled.test[0][:, 0], (parts.test[0][:, 0] - centre) / scale)


def test_a_line_has_the_slope_intercept_and_noise_asked_for(rng):
    for inputs, low, high in (("normal", -6, 6), ("uniform", 0, 1)):
        X, y = data.line(rng, n=20_000, slope=3, intercept=-1, noise=0.5, inputs=inputs)
        assert X.shape == (20_000, 1)
        assert low < X.min() < X.max() < high
        (slope, intercept), residual, *_ = np.linalg.lstsq(
            np.column_stack([X[:, 0], np.ones(len(y))]), y, rcond=None
        )
        assert slope == pytest.approx(3, abs=0.06)
        assert intercept == pytest.approx(-1, abs=0.06)
        assert np.sqrt(residual[0] / len(y)) == pytest.approx(0.5, rel=0.03)
    with pytest.raises(ValueError, match="inputs must be"):
        data.line(rng, inputs="even")


def test_the_series_are_those_that_are_known():
    years, numbers = data.sunspots()
    assert (years[0], years[-1], len(numbers)) == (1700, 2008, 309)
    assert (years[numbers.argmax()], numbers.max()) == (1957, 190.2)
    assert years[numbers == 0].tolist() == [1711, 1712, 1810]
    assert numbers.mean() == pytest.approx(49.7521, abs=1e-4)
    years, flow = data.nile()
    assert (years[0], years[-1], len(flow)) == (1871, 1970, 100)
    assert (years[flow.argmin()], flow.min()) == (1913, 456)
    assert flow.mean() == pytest.approx(919.35)
    assert flow.std(ddof=1) == pytest.approx(169.2275, abs=1e-4)


def test_the_five_points():
    for which, last, condition in ((1, 10, 739), (2, 8, 155)):
        X, y = data.five_points(which)
        assert X[-1].tolist() == [9, last]
        assert y.tolist() == [1, 3, 2, 4, 5]
        assert round(np.linalg.cond(X.T @ X)) == condition
    with pytest.raises(ValueError, match="which must be one of"):
        data.five_points(3)


def parts(name, X, y):
    """What a data set does with its table."""
    if name == "digits":
        return data.split(X / 16, y, rng=data._splitter(3))
    y = 2.0 * y - 1 if name == "breast_cancer" else y
    return data.standardise(data.split(X, y, rng=data._splitter(3)))


@pytest.mark.parametrize("name", ["diabetes", "breast_cancer", "digits"])
def test_tables_are_those_that_scikit_learn_loads(name):
    options = {"scaled": False} if name == "diabetes" else {}
    loaded = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True, **options)
    for part, same in zip(getattr(data, name)(seed=3), parts(name, *loaded), strict=True):
        for array, expected in zip(part, same, strict=True):
            assert array.dtype == expected.dtype and array.tobytes() == expected.tobytes()


def test_a_table_costs_no_import_of_scikit_learn():
    code = "import sys; from sgdcore import data; data.diabetes(); print('sklearn' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_the_real_data_sets():
    diabetes, digits = data.diabetes(), data.digits()
    assert sum(len(y) for _, y in diabetes) == 442
    assert diabetes.train[0].shape[1] == 10
    assert {25.0, 346.0} <= set(np.concatenate([y for _, y in diabetes]))
    assert sum(len(y) for _, y in digits) == 1797
    assert digits.train[0].shape[1] == 64
    assert digits.train[0].min() == 0
    assert digits.train[0].max() == 1
    assert set(digits.test[1]) == set(range(10))
    tumours = data.breast_cancer()
    assert tumours.train[0].shape == (341, 30)
    labels = np.concatenate([y for _, y in tumours])
    assert (labels == 1).sum() == 357
    assert (labels == -1).sum() == 212
    assert np.allclose(tumours.train[0].mean(axis=0), 0)
    assert np.array_equal(tumours.test[0], data.breast_cancer(seed=0).test[0])
