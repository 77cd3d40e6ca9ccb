"""Penalties, Hessians, proximal steps and projections, against loops and differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcore import Objective, gradcheck, layers, losses, models
from sgdcore.objectives import project_ball, project_box, soft_threshold

MODEL = models.linear(3)
MASK = np.array([1.0, 0.0, 1.0, 0.0])


@pytest.fixture
def samples(rng):
    X = rng.normal(size=(12, 3))
    return X, np.where(rng.normal(size=12) > 0, 1.0, -1.0)


def naive_penalty(theta, l2, l1, mask):
    value = sum(m * (l2 * t * t / 2 + l1 * abs(t)) for t, m in zip(theta, mask, strict=True))
    slope = [m * (l2 * t + l1 * float(np.sign(t))) for t, m in zip(theta, mask, strict=True)]
    return value, np.array(slope)


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize(("l2", "l1"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.7), (0.3, 0.7)])
def test_penalties_are_their_sums(l2, l1, mask, samples, rng):
    plain = Objective(MODEL, losses.squared())
    objective = Objective(MODEL, losses.squared(), l2=l2, l1=l1, mask=mask)
    theta = rng.normal(size=(2, 4))
    theta[0, 2] = 0.0  # at the kink the subgradient is 0
    value, grad = objective.value_and_grad(theta, *samples)
    np.testing.assert_array_equal(value, objective.value(theta, *samples))
    np.testing.assert_array_equal(grad, objective.grad(theta, *samples))
    each = objective.per_sample_grad(theta, *samples)
    np.testing.assert_allclose(each.mean(axis=-2), grad, rtol=1e-12)
    for run in range(2):
        of_value, of_grad = naive_penalty(theta[run], l2, l1, np.ones(4) if mask is None else mask)
        bare, slope = plain.value_and_grad(theta[run], *samples)
        assert value[run] == pytest.approx(bare + of_value, rel=1e-13)
        np.testing.assert_allclose(grad[run], slope + of_grad, rtol=1e-12, atol=1e-14)


def test_penalised_gradients_agree_with_differences(samples, rng):
    objective = Objective(MODEL, losses.logistic(), l2=0.3, l1=0.7, mask=MASK)
    start = np.array([0.5, -1.0, -2.0, 3.0])  # away from the kinks
    error = gradcheck(lambda theta: objective.value_and_grad(theta, *samples), start, rng=rng)
    assert error < 1e-6


def differences(objective, theta, samples, h=1e-5):
    """The Hessian from differences of gradients, column by column."""
    columns = [
        (objective.grad(theta + h * e, *samples) - objective.grad(theta - h * e, *samples))
        / (2 * h)
        for e in np.eye(theta.size)
    ]
    return np.array(columns).T


HESSIANS = {
    "squared": losses.squared(),
    "logistic": losses.logistic(),
    "huber": losses.huber(0.8),
    "hinge": losses.hinge(),
    "absolute": losses.absolute(),
}


@pytest.mark.parametrize("name", HESSIANS)
@pytest.mark.parametrize("penalised", [False, True])
def test_the_hessian_agrees_with_differences_of_gradients(name, penalised, samples, rng):
    penalty = {"l2": 0.3, "l1": 0.2, "mask": MASK} if penalised else {}
    objective = Objective(MODEL, HESSIANS[name], **penalty)
    theta = rng.normal(size=(2, 4))
    hessian = objective.hessian(theta, *samples)
    assert hessian.shape == (2, 4, 4)
    assert hessian[0].any() == (penalised or name not in ("hinge", "absolute"))
    for run in range(2):
        expected = differences(objective, theta[run], samples)
        np.testing.assert_allclose(hessian[run], expected, rtol=1e-7, atol=1e-9)
        np.testing.assert_array_equal(hessian[run], objective.hessian(theta[run], *samples))
        np.testing.assert_allclose(hessian[run], hessian[run].T, rtol=1e-13, atol=1e-16)


def test_the_hessian_product_is_the_hessian_times_the_vector(samples, rng):
    objective = Objective(MODEL, losses.logistic(), l2=0.3)
    theta, vector = rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    hessian = objective.hessian(theta, *samples)
    for scale in (1e-6, 1.0, 1e6):
        product = objective.hessian_product(theta, scale * vector, *samples)
        expected = scale * (hessian @ vector[..., None])[..., 0]
        np.testing.assert_allclose(product, expected, rtol=1e-7, atol=1e-9 * scale)
    still = objective.hessian_product(theta[0], np.zeros(4), *samples)
    assert still.tolist() == [0, 0, 0, 0]


def test_the_hessian_of_a_network_is_symmetric_and_curves_the_loss(rng):
    model = models.mlp((2, 3, None), activation=layers.Tanh())
    objective = Objective(model, losses.squared())
    X, y, theta = rng.normal(size=(9, 2)), rng.normal(size=9), model.init(rng)
    u, v = rng.normal(size=(2, model.size))
    uv = u @ objective.hessian_product(theta, v, X, y)
    vu = v @ objective.hessian_product(theta, u, X, y)
    assert uv == pytest.approx(vu, rel=1e-6)
    h = 1e-4
    up, here, down = (objective.value(theta + s * h * u, X, y) for s in (1, 0, -1))
    product = u @ objective.hessian_product(theta, u, X, y)
    assert product == pytest.approx((up - 2 * here + down) / h**2, rel=1e-4)


def test_float32_stays_float32(samples):
    X, y = (part.astype(np.float32) for part in samples)
    theta = np.ones((2, 4), dtype=np.float32)
    for loss in HESSIANS.values():
        objective = Objective(MODEL, loss, l2=0.3, l1=0.2, mask=MASK)
        results = (
            *objective.value_and_grad(theta, X, y), objective.per_sample_grad(theta, X, y),
            objective.hessian(theta, X, y), objective.hessian_product(theta, theta, X, y),
        )  # fmt: skip
        assert {result.dtype for result in results} == {np.dtype(np.float32)}
    for result in (
        soft_threshold(theta, 0.1), project_ball(theta, 0.5), project_box(theta, -0.5, 0.5)
    ):  # fmt: skip
        assert result.dtype == np.float32


def test_bad_settings_are_named(samples):
    for bad in (-0.1, np.nan, "some"):
        with pytest.raises(ValueError, match="l2 must be"):
            Objective(MODEL, losses.squared(), l2=bad)
        with pytest.raises(ValueError, match="l1 must be"):
            Objective(MODEL, losses.squared(), l1=bad)
    with pytest.raises(ValueError, match=r"mask must have shape \(4,\)"):
        Objective(MODEL, losses.squared(), l2=1.0, mask=np.ones(3))
    network = Objective(models.mlp((3, 2, None)), losses.squared())
    with pytest.raises(ValueError, match="that of a linear model"):
        network.hessian(np.zeros(network.model.size), *samples)
    scores = Objective(models.softmax_regression(3, 2), losses.softmax_cross_entropy())
    with pytest.raises(ValueError, match="one prediction a sample"):
        scores.hessian(np.zeros(8), samples[0], np.zeros(12, dtype=int))


NUMBERS = st.floats(-10, 10)


@settings(max_examples=100, deadline=None)
@given(point=NUMBERS, amount=st.floats(0, 5), other=NUMBERS)
def test_the_soft_threshold_is_nearest_after_paying_for_size(point, amount, other):
    def cost(z):
        return 0.5 * (z - point) ** 2 + amount * abs(z)

    result = float(soft_threshold(np.array([point]), amount)[0])
    assert cost(result) <= cost(other) + 1e-12
    assert cost(result) <= cost(0.0) + 1e-12
    assert (result == 0) == (abs(point) <= amount)


VECTORS = st.lists(NUMBERS, min_size=3, max_size=3).map(np.array)


@settings(max_examples=100, deadline=None)
@given(theta=VECTORS, other=VECTORS, radius=st.floats(0.01, 20))
def test_the_projection_on_a_ball_is_the_nearest_point(theta, other, radius):
    result = project_ball(theta, radius)
    assert np.linalg.norm(result) <= radius * (1 + 1e-14)
    np.testing.assert_allclose(project_ball(result, radius), result, rtol=1e-14)
    if np.linalg.norm(theta) <= radius * (1 - 1e-12):
        np.testing.assert_array_equal(result, theta)
    inside = other * min(1, radius / max(np.linalg.norm(other), 1e-300))
    assert np.linalg.norm(theta - result) <= np.linalg.norm(theta - inside) + 1e-12
    # No point of the set lies beyond the tangent plane.
    assert (theta - result) @ (inside - result) <= 1e-9


@settings(max_examples=100, deadline=None)
@given(theta=VECTORS, other=VECTORS)
def test_the_projection_on_a_box_is_the_nearest_point(theta, other):
    low, high = np.array([-1.0, 0.0, -3.0]), np.array([1.0, 2.0, -2.0])
    result = project_box(theta, low, high)
    assert ((low <= result) & (result <= high)).all()
    np.testing.assert_array_equal(project_box(result, low, high), result)
    inside = np.minimum(np.maximum(other, low), high)
    assert np.linalg.norm(theta - result) <= np.linalg.norm(theta - inside)


def test_projections_take_runs():
    theta = np.array([[3.0, 4.0], [0.3, 0.4]])
    np.testing.assert_allclose(project_ball(theta, 1.0), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-15)
    assert project_box(theta, -0.35, 0.35).tolist() == [[0.35, 0.35], [0.3, 0.35]]
    assert soft_threshold(theta, np.array([[3.5], [0.35]])).tolist() == [
        [0.0, 0.5], [0.0, pytest.approx(0.05)]
    ]  # fmt: skip
    assert theta.tolist() == [[3.0, 4.0], [0.3, 0.4]]
