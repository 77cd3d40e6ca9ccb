"""Averages against naive means of the recorded iterates; the trajectory does not notice them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcore import Objective, averaging, losses, models, optimizers, problems, train

REGRESSION = Objective(models.linear(2), losses.squared())


def run(observers=(), *, optimizer=None, **options):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    settings = {"lr": 0.1, "batch_size": 3, "steps": 25, "seeds": range(4), "record_theta": True}
    optimizer = optimizers.momentum(0.8) if optimizer is None else optimizer
    settings |= options
    return train(REGRESSION, np.ones(3), optimizer, (X, y), observers=observers, **settings)


def test_observers_leave_the_trajectory_alone_bit_for_bit():
    plain = run()
    watched = run([averaging.polyak_ruppert(), averaging.exponential(0.9)])
    for name in ("theta", "loss", "lr", "gradient_evaluations", "final"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(watched, name))
    assert plain.observed == ()
    assert [seen.shape for seen in watched.observed] == [(4, 26, 3)] * 2


@pytest.mark.parametrize("start", [0, 1, 7, 24, 25, 100])
@pytest.mark.parametrize("every", [1, 4])
def test_polyak_ruppert_is_the_naive_mean(start, every):
    iterates = run().theta
    history = run([averaging.polyak_ruppert(start)], record_every=every)
    for k, step in enumerate(history.step):
        if step <= start:
            np.testing.assert_array_equal(history.observed[0][:, k], iterates[:, step])
        else:
            expected = sum(iterates[:, t] for t in range(start + 1, step + 1)) / (step - start)
            np.testing.assert_allclose(history.observed[0][:, k], expected, rtol=1e-12)


def test_the_exponential_average_is_its_recursion():
    history = run([averaging.exponential(0.7)])
    average = np.ones(3)
    for k in range(26):
        if k:
            average = 0.7 * average + 0.3 * history.theta[:, k]
        np.testing.assert_allclose(
            history.observed[0][:, k], np.broadcast_to(average, (4, 3)), rtol=1e-13
        )
    np.testing.assert_array_equal(run([averaging.exponential(0)]).observed[0], history.theta)


@settings(max_examples=50, deadline=None)
@given(
    iterates=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), start=st.integers(0, 10)
)
def test_the_mean_forgets_everything_before_its_start(iterates, start):
    observer = averaging.polyak_ruppert(start)
    state = observer.init(np.array([1e18]))  # beside which the iterates are lost
    for point in iterates:
        state = observer.update(state, np.array([point]))
    late = iterates[start:] or iterates[-1:]
    expected = sum(late) / len(late)
    assert observer.read(state)[0] == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(("share", "kept"), [(1, 25), (0.5, 13), (0.28, 7), (0.001, 1)])
def test_the_tail_is_the_naive_mean_of_the_last_iterates(share, kept):
    history = run([averaging.tail(25, share)])
    expected = sum(history.theta[:, t] for t in range(26 - kept, 26)) / kept
    np.testing.assert_allclose(history.observed[0][:, -1], expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("steps", "share", "kept"),
    [(100, 0.07, 7), (10**7, 0.07, 700_000), (100, 0.070_000_000_02, 8)],
)
def test_rounding_adds_no_iterate_to_the_tail_and_takes_none_from_it(steps, share, kept):
    # 0.07 · 10⁷ is 1.2e-10 above a whole number; the last share is meant to be 2e-9 above it.
    observer = averaging.tail(steps, share)
    state = observer.init(np.array([5.0]))._replace(step=steps - kept)
    for point, expected in ((1.0, 1.0), (3.0, 2.0)):
        state = observer.update(state, np.array([point]))
        assert observer.read(state) == expected


@pytest.mark.parametrize("start", range(4))
def test_the_first_iterate_of_a_mean_is_taken_as_it_is(start):
    observer = averaging.polyak_ruppert(start)
    state = observer.init(np.array([1e18]))
    for point in [1e18] * start + [3.0]:
        state = observer.update(state, np.array([point]))
    assert observer.read(state) == 3


@pytest.mark.parametrize("exponent", [0, 1, 3])
def test_the_polynomial_average_weighs_by_rising_powers_of_the_step(exponent):
    # The recursion of Shamir and Zhang unrolled: weights t (t + 1) ... (t + p - 1).
    history = run([averaging.polynomial(exponent)])
    for last in range(1, 26):
        weights = [math.prod(range(t, t + exponent)) for t in range(1, last + 1)]
        iterates = history.theta[:, 1 : last + 1]
        expected = np.average(iterates, axis=1, weights=weights)
        np.testing.assert_allclose(history.observed[0][:, last], expected, rtol=1e-12)
    np.testing.assert_array_equal(history.observed[0][:, 0], history.theta[:, 0])


def test_the_usual_exponent_is_3():
    usual, given = run([averaging.polynomial(), averaging.polynomial(3)]).observed
    np.testing.assert_array_equal(usual, given)


def test_averaging_reduces_the_noise_of_a_constant_rate():
    problem = problems.gaussian_regression([1.0, 0.5], noise=1.0, batch_size=1)
    history = train(
        problem, np.zeros(2), optimizers.sgd(), lr=0.1, steps=400, seeds=range(200),
        observers=[averaging.polyak_ruppert(200)], record_every=400,
    )  # fmt: skip
    # For a linear stochastic approximation the mean of T late iterates has covariance about
    # H⁻¹ S H⁻¹ / T, here σ²/(λ T) = 1/200 and 1/100; the last iterate about ησ²/2 = 0.05.
    last, mean = (history.final**2).mean(axis=0), (history.observed[0][:, -1] ** 2).mean(axis=0)
    assert (mean < last / 3).all()
    np.testing.assert_allclose(mean, [1 / 200, 1 / 100], rtol=0.5)


def test_an_update_changes_neither_state_nor_iterate():
    for observer in (
        averaging.polyak_ruppert(2), averaging.exponential(0.5), averaging.tail(6),
        averaging.polynomial(3),
    ):  # fmt: skip
        start = np.ones(2)
        state = observer.init(start)
        for k in range(6):
            theta = np.full(2, float(k))
            before = state.theta.copy()
            new = observer.update(state, theta)
            assert (state.step, new.step) == (k, k + 1)
            np.testing.assert_array_equal(state.theta, before)
            assert theta.tolist() == [k, k]
            state = new
        assert start.tolist() == [1, 1]


def test_the_average_of_the_schedule_free_method_is_its_recursion():
    # The mean of the base iterates z, and the gradients are taken between it and z.
    problem, beta, lr = problems.quadratic(5.0), 0.8, 0.5
    theta = np.array([1.0, -1.0])
    optimizer = optimizers.schedule_free(beta)
    state, z, bases = optimizer.init(theta), theta, []
    for _ in range(40):
        z = z - lr * problem.grad(theta)
        bases.append(z)
        theta, state = optimizer.update(problem.grad(theta), state, theta, lr)
        mean = sum(bases) / len(bases)
        np.testing.assert_allclose(state.average, mean, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(state.base, z, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(theta, (1 - beta) * z + beta * mean, rtol=1e-12, atol=1e-15)


def test_schedule_free_without_interpolation_is_averaged_sgd():
    free = run(optimizer=optimizers.schedule_free(0.0))
    averaged = run([averaging.polyak_ruppert()], optimizer=optimizers.sgd())
    np.testing.assert_allclose(free.theta, averaged.theta, rtol=1e-12)
    np.testing.assert_allclose(
        free.state.optimizer.average, averaged.observed[0][:, -1], rtol=1e-12
    )


def test_bad_settings_are_named():
    for bad in (-1, 1.5, "late"):
        with pytest.raises(ValueError, match="start must be a whole number >= 0"):
            averaging.polyak_ruppert(bad)
    for bad in (-0.1, 1, np.nan):
        with pytest.raises(ValueError, match="decay must be"):
            averaging.exponential(bad)
    for bad in (0, -1, 1.5):
        with pytest.raises(ValueError, match="steps must be a whole number >= 1"):
            averaging.tail(bad, 0.5)
    for bad in (0, 1.1, np.nan, "half"):
        with pytest.raises(ValueError, match="share must be"):
            averaging.tail(10, bad)
    for bad in (-0.1, np.inf, None):
        with pytest.raises(ValueError, match="exponent must be"):
            averaging.polynomial(bad)
