"""Optimisers and schedules against their formulas written out."""

import numpy as np
import pytest

from sgdcore import optimizers, schedules

OPTIMIZERS = {
    "sgd": optimizers.sgd(),
    "momentum": optimizers.momentum(0.9),
    "dampened": optimizers.momentum(0.9, dampening=0.3),
}


def test_sgd_is_its_formula():
    theta, state = optimizers.sgd().update(np.array([2.0, -4.0]), (), np.array([1.0, 1.0]), 0.25)
    assert theta.tolist() == [0.5, 2.0]
    assert state == ()


def test_momentum_keeps_the_rate_outside_the_buffer():
    # g = 1, mu = 0.9, rates 0.1 then 0.01: -0.119 here and in PyTorch, -0.2 in Keras.
    optimizer, theta = optimizers.momentum(0.9), np.zeros(1)
    state = optimizer.init(theta)
    for lr in (0.1, 0.01):
        theta, state = optimizer.update(np.ones(1), state, theta, lr)
    assert theta[0] == pytest.approx(-0.119, rel=1e-14)


def test_the_first_step_is_not_dampened():
    optimizer, theta = optimizers.momentum(0.5, dampening=0.25), np.zeros(1)
    state = optimizer.init(theta)
    theta, state = optimizer.update(np.array([4.0]), state, theta, 1.0)
    assert theta[0] == -4.0
    theta, state = optimizer.update(np.array([8.0]), state, theta, 1.0)
    assert state.buffer[0] == 0.5 * 4 + 0.75 * 8
    assert theta[0] == -4.0 - 8.0


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_is_pure_and_each_run_is_the_run_alone(name, rng):
    optimizer = OPTIMIZERS[name]
    theta, grads = rng.normal(size=(3, 4)), rng.normal(size=(5, 3, 4))
    lr = np.array([[0.1], [0.2], [0.3]])
    copies = theta.copy(), grads.copy(), lr.copy()
    together, state = theta, optimizer.init(theta)
    for grad in grads:
        together, state = optimizer.update(grad, state, together, lr)
    for run in range(3):
        alone, state = theta[run], optimizer.init(theta[run])
        for grad in grads:
            alone, state = optimizer.update(grad[run], state, alone, lr[run, 0])
        np.testing.assert_array_equal(together[run], alone)
    for before, after in zip(copies, (theta, grads, lr), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_float32_stays_float32(name):
    theta = np.ones(2, dtype=np.float32)
    optimizer = OPTIMIZERS[name]
    state = optimizer.init(theta)
    for _ in range(2):
        theta, state = optimizer.update(theta, state, theta, np.float32(0.1))
    assert theta.dtype == np.float32


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_shapes_that_do_not_fit_are_an_error(name):
    optimizer, theta = OPTIMIZERS[name], np.zeros((3, 2))
    state = optimizer.init(theta)
    with pytest.raises(ValueError, match=r"\(2,\).*\(3, 2\)"):
        optimizer.update(np.zeros(2), state, theta, 0.1)
    with pytest.raises(ValueError, match=r"lr has shape \(3,\).*\(3, 2\)"):
        optimizer.update(np.zeros((3, 2)), state, theta, np.full(3, 0.1))
    with pytest.raises(ValueError, match=r"lr has shape \(4, 3, 1\)"):
        optimizer.update(np.zeros((3, 2)), state, theta, np.full((4, 3, 1), 0.1))


@pytest.mark.parametrize("bad", [-0.1, 1, 1.5, np.nan])
def test_momentum_rejects_bad_coefficients(bad):
    with pytest.raises(ValueError, match="mu must be"):
        optimizers.momentum(bad)
    with pytest.raises(ValueError, match="dampening must be"):
        optimizers.momentum(0.9, dampening=bad)


def test_schedules_are_their_formulas():
    for t in (0, 1, 10, 1000):
        assert schedules.constant(0.3)(t) == 0.3
        assert schedules.inverse_time(0.3, 0.1)(t) == pytest.approx(0.3 / (1 + 0.1 * t), rel=1e-15)
        assert schedules.exponential(0.3, 0.9)(t) == pytest.approx(0.3 * 0.9**t, rel=1e-12)


@pytest.mark.parametrize(
    "make",
    [
        schedules.constant,
        lambda lr: schedules.inverse_time(lr, 0.5),
        lambda lr: schedules.exponential(lr, 0.5),
    ],
)
def test_a_schedule_takes_arrays_of_steps_and_of_rates(make):
    steps, rates = np.arange(4), np.array([[0.1], [0.2]])
    assert make(0.1)(steps).shape == (4,)
    assert make(rates)(3).shape == (2, 1)
    table = make(rates)(steps)
    for r, t in np.ndindex(2, 4):
        assert table[r, t] == pytest.approx(float(make(rates[r, 0])(t)), rel=1e-15)
    for bad in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="lr must be finite and > 0"):
            make(bad)
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        make(np.array([0.1, 0.2]))


def test_schedules_reject_a_bad_decay():
    for bad in (0, -0.1, np.nan):
        with pytest.raises(ValueError, match="decay must be"):
            schedules.inverse_time(0.1, bad)
    for bad in (0, 1, 1.1):
        with pytest.raises(ValueError, match="decay must be"):
            schedules.exponential(0.1, bad)
