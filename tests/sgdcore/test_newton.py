"""Second-order methods: one step on a quadratic, quadratic convergence, and their agreement."""

import numpy as np
import pytest

from sgdcore import Objective, layers, losses, models, newton

LOGISTIC = Objective(models.linear(3), losses.logistic(), l2=0.01)


@pytest.fixture
def classes(rng):
    X = rng.normal(size=(60, 3))
    score = X @ np.array([2.0, -1.0, 0.5]) + 0.3 + rng.logistic(size=60)
    return X, np.where(score > 0, 1.0, -1.0)


@pytest.fixture
def curve(rng):
    """A nonlinear model, its samples without noise, and a start near the truth."""
    model = models.mlp((2, 3, None), activation=layers.Tanh())
    truth, X = model.init(rng), rng.normal(size=(40, 2))
    return model, (X, model.predict(truth, X)), truth + 0.05 * rng.normal(size=model.size)


def test_a_quadratic_takes_one_step(rng):
    X, y = rng.normal(size=(30, 4)), rng.normal(size=30)
    for method in (newton.newton, newton.gauss_newton):
        objective = Objective(models.linear(4), losses.squared())
        path = method(objective, rng.normal(size=5), (X, y), steps=1)
        best = np.linalg.lstsq(np.column_stack([X, np.ones(30)]), y)[0]
        np.testing.assert_allclose(path.theta[1], best, rtol=1e-10)
        assert path.theta.shape == (2, 5)
        for theta, loss in zip(path.theta, path.loss, strict=True):
            assert loss == objective.value(theta, X, y)


def test_a_damped_step_is_its_formula(rng):
    X, y = rng.normal(size=(30, 4)), rng.normal(size=30)
    objective, theta = Objective(models.linear(4), losses.squared(), l2=0.2), rng.normal(size=5)
    design = np.column_stack([X, np.ones(30)])
    hessian = design.T @ design / 30 + 0.2 * np.eye(5)
    step = np.linalg.inv(hessian + 1.5 * np.eye(5)) @ objective.grad(theta, X, y)
    path = newton.newton(objective, theta, (X, y), steps=1, damping=1.5)
    np.testing.assert_allclose(path.theta[1], theta - step, rtol=1e-10)


def test_newton_solves_logistic_regression_and_doubles_its_digits(classes):
    path = newton.newton(LOGISTIC, np.zeros(4), classes, steps=8)
    assert np.abs(LOGISTIC.grad(path.theta[-1], *classes)).max() < 1e-10
    error = np.linalg.norm(path.theta - path.theta[-1], axis=1)
    assert error[2] > 0.3
    for before, after in zip(error[2:5], error[3:6], strict=True):
        assert after < 0.5 * before**2
    damped = newton.newton(LOGISTIC, np.zeros(4), classes, steps=8, damping=0.05)
    slower = np.linalg.norm(damped.theta - path.theta[-1], axis=1)
    assert 0.3 < slower[-1] / slower[-2] < 0.9  # a constant factor a step


def test_the_line_search_makes_newton_safe_far_away(classes):
    start = np.array([6.0, 6.0, -6.0, 6.0])
    grad = LOGISTIC.grad(start, *classes)
    full = np.linalg.solve(LOGISTIC.hessian(start, *classes), grad)
    plain = start - full
    assert LOGISTIC.value(plain, *classes) > LOGISTIC.value(start, *classes)  # a full step climbs
    path = newton.newton(LOGISTIC, start, classes, steps=15)
    assert (np.diff(path.loss) <= 0).all()
    assert np.abs(LOGISTIC.grad(path.theta[-1], *classes)).max() < 1e-10
    # The first step is the full one halved, as often as it takes to fall enough.
    length = next(
        length
        for length in 0.5 ** np.arange(40)
        if LOGISTIC.value(start - length * full, *classes)
        <= path.loss[0] - 1e-4 * length * (grad @ full)
    )
    assert length < 1
    np.testing.assert_allclose(path.theta[1], start - length * full, rtol=1e-12)


def test_gauss_newton_fits_a_network(curve):
    model, data, start = curve
    objective = Objective(model, losses.squared())
    path = newton.gauss_newton(objective, start, data, steps=15, damping=1e-8)
    assert path.loss[0] > 1e-4
    assert path.loss[-1] < 1e-9 * path.loss[0]
    assert (np.diff(path.loss) < 0).all()


@pytest.mark.parametrize(
    ("loss", "bound"), [(losses.squared(), np.inf), (losses.huber(0.3), 0.3)]
)
def test_the_gauss_newton_matrix_is_made_of_the_slopes_of_the_model(loss, bound, curve):
    model, (X, y), theta = curve
    y = y + np.linspace(-1, 1, 40)
    h, size = 1e-6, model.size
    slopes = np.array([
        (model.predict(theta + h * e, X) - model.predict(theta - h * e, X)) / (2 * h)
        for e in np.eye(size)
    ])  # fmt: skip
    weights = np.abs(model.predict(theta, X) - y) <= bound
    assert weights.all() == (bound == np.inf)
    expected = sum(weights[i] * np.outer(slopes[:, i], slopes[:, i]) for i in range(40)) / 40
    matrix = Objective(model, loss).gauss_newton(theta, X, y)
    np.testing.assert_allclose(matrix, expected, rtol=1e-6, atol=1e-8)
    penalised = Objective(model, loss, l2=0.7, mask=np.arange(size) % 2)
    expected = matrix + np.diag(0.7 * (np.arange(size) % 2))
    np.testing.assert_allclose(penalised.gauss_newton(theta, X, y), expected, rtol=1e-13)


def test_lbfgs_agrees_with_newton(classes):
    start = np.ones(4)
    path = newton.lbfgs(LOGISTIC, start, classes, steps=100)
    best = newton.newton(LOGISTIC, start, classes, steps=10).theta[-1]
    np.testing.assert_allclose(path.theta[-1], best, rtol=1e-6)
    assert path.theta[0].tolist() == [1, 1, 1, 1]
    assert path.loss.shape == path.theta.shape[:1]
    assert len(newton.lbfgs(LOGISTIC, start, classes, steps=2).theta) == 3


def test_inputs_stay_as_they_are(classes):
    start, copies = np.ones(4), [part.copy() for part in classes]
    for method in (newton.newton, newton.gauss_newton, newton.lbfgs):
        method(LOGISTIC, start, classes, steps=2)
    assert start.tolist() == [1, 1, 1, 1]
    for before, after in zip(copies, classes, strict=True):
        np.testing.assert_array_equal(before, after)


def test_what_newton_cannot_do_is_named(classes, curve):
    flat = Objective(models.linear(3), losses.hinge())
    with pytest.raises(ValueError, match="not positive definite with damping=0: take more damping"):
        newton.newton(flat, np.zeros(4), classes, steps=1)
    newton.newton(flat, np.zeros(4), classes, steps=1, damping=1.0)
    model, data, start = curve
    with pytest.raises(ValueError, match="use hessian_product or gauss_newton"):
        newton.newton(Objective(model, losses.squared()), start, data, steps=1)
    for method in (newton.newton, newton.gauss_newton, newton.lbfgs):
        for bad in (0, 1.5):
            with pytest.raises(ValueError, match="steps must be a whole number >= 1"):
                method(LOGISTIC, np.zeros(4), classes, steps=bad)
    for method in (newton.newton, newton.gauss_newton):
        with pytest.raises(ValueError, match="damping must be"):
            method(LOGISTIC, np.zeros(4), classes, steps=1, damping=-1)
    scores = Objective(models.softmax_regression(3, 2), losses.softmax_cross_entropy())
    with pytest.raises(ValueError, match="one prediction a sample"):
        newton.gauss_newton(scores, np.zeros(8), (classes[0], np.zeros(60, int)), steps=1)
