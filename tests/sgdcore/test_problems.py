"""Test functions: their minima, their gradients, and the noise of the noisy ones."""

import numpy as np
import pytest

from sgdcore import gradcheck, problems
from sgdcore.data import generators

PROBLEMS = {
    "quadratic": problems.quadratic(50.0, 4),
    "rotated": problems.quadratic(50.0, 4, rng=np.random.default_rng(1)),
    "rosenbrock": problems.rosenbrock(),
    "beale": problems.beale(),
    "saddle": problems.saddle(),
    "saddle, 6": problems.saddle(6),
    "double well": problems.double_well(),
    "himmelblau": problems.himmelblau(),
    "rastrigin": problems.rastrigin(3),
}
PROTOTYPES = problems.prototypes()
# Values by hand, at points on every piece and, where there is a kink, at it.
BY_HAND = {
    "bowl": {-3.0: 4.5, 0.0: 0.0, 2.0: 2.0},
    "kink": {-3.0: 3.0, 0.0: 0.0, 2.0: 2.0},
    "bend": {-2.0: 3.0, 0.0: 1.0, 5.0: 0.5, 10.0: 0.0, 11.0: 10.0},
    "cliff": {-3.0: 204.5, -1.0: 0.5, 0.0: 0.0, 2.0: 2.0},
    "plateau": {-3.0: np.log(10), 0.0: 0.0, 1.0: np.log(2)},
    "bump": {-2.0: 1 - np.exp(-2), 0.0: 0.0, 1.0: 1 - np.exp(-0.5)},
}
SLOPES = {
    "bowl": {-3.0: -3.0, 0.0: 0.0, 2.0: 2.0},
    "kink": {-3.0: -1.0, 0.0: 0.0, 2.0: 1.0},
    "bend": {-2.0: -1.0, 0.0: -0.1, 5.0: -0.1, 10.0: 0.0, 11.0: 10.0},
    "cliff": {-3.0: -103.0, -1.0: -1.0, 0.0: 0.0, 2.0: 2.0},
    "plateau": {-3.0: -0.6, 0.0: 0.0, 1.0: 1.0},
    "bump": {-2.0: -2 * np.exp(-2), 0.0: 0.0, 1.0: np.exp(-0.5)},
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_gradient_agrees_with_differences(name, rng):
    problem = PROBLEMS[name]
    start = problem.minimum + rng.normal(size=problem.minimum.shape)
    assert gradcheck(problem.value_and_grad, start, rng=rng) < 1e-6


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_minimum_is_one(name, rng):
    problem = PROBLEMS[name]
    value, grad = problem.value_and_grad(problem.minimum)
    if "saddle" not in name and name != "double well":
        assert value == 0
    assert np.abs(grad).max() < 1e-14
    around = problem.minimum + 0.5 * rng.normal(size=(200, problem.minimum.size))
    assert (problem.value(around) > value).all()


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_run_is_the_run_alone_and_wrong_shapes_are_named(name, rng):
    problem = PROBLEMS[name]
    theta = rng.normal(size=(3, problem.minimum.size))
    value, grad = problem.value_and_grad(theta)
    for run in range(3):
        alone = problem.value_and_grad(theta[run])
        np.testing.assert_array_equal(value[run], alone[0])
        np.testing.assert_array_equal(grad[run], alone[1])
    with pytest.raises(ValueError, match="theta must have shape"):
        problem.value_and_grad(np.zeros(problem.minimum.size + 1))


@pytest.mark.parametrize("name", ["quadratic", "rotated"])
def test_the_quadratic_has_the_condition_number_asked_for(name):
    eigenvalues = np.linalg.eigvalsh(PROBLEMS[name].hessian)
    np.testing.assert_allclose(eigenvalues, np.geomspace(1 / 50, 1, 4), rtol=1e-12)


def test_published_values():
    assert problems.rosenbrock().value(np.array([-1.2, 1.0])) == pytest.approx(24.2, rel=1e-14)
    assert problems.beale().value(np.array([1.0, 1.0])) == pytest.approx(14.203125, rel=1e-15)
    assert problems.himmelblau().value(np.zeros(2)) == 170
    assert problems.rastrigin(2).value(np.array([0.5, 1.0])) == pytest.approx(21.25, rel=1e-14)


def test_himmelblau_has_four_minima_of_one_depth():
    # The other three to the digits that are published.
    others = [[-2.805118, 3.131312], [-3.779310, -3.283186], [3.584428, -1.848126]]
    value, grad = problems.himmelblau().value_and_grad(np.array(others))
    assert (value < 1e-9).all()
    assert (np.abs(grad) < 1e-4).all()


@pytest.mark.parametrize("power", [4, 6])
def test_the_saddle_has_two_minima_and_a_saddle_between_them(power):
    problem = problems.saddle(power)
    at = problem.value_and_grad(np.array([[0.0, 1.0], [0.0, -1.0], [0.0, 0.0]]))
    np.testing.assert_allclose(at[0], [1 / power - 0.5, 1 / power - 0.5, 0], rtol=1e-15)
    assert (at[1] == 0).all()
    assert problem.value(np.array([0.1, 0.0])) > 0 > problem.value(np.array([0.0, 0.1]))


def test_the_double_well_has_its_lower_minimum_on_the_left():
    for tilt in (1e-3, 0.2, 0.38):
        problem = problems.double_well(tilt)
        points = np.linspace(-2, 2, 4001)[:, None]
        values = problem.value(points)
        assert abs(points[values.argmin(), 0] - problem.minimum[0]) < 1e-3
        slopes = problem.grad(points)[:, 0]
        assert ((slopes[:-1] < 0) & (slopes[1:] >= 0)).sum() == 2  # two valleys


def test_rastrigin_has_a_minimum_in_every_cell():
    problem = problems.rastrigin(1)
    for cell in range(-3, 4):
        near = cell + np.linspace(-0.2, 0.2, 401)[:, None]
        values = problem.value(near)
        assert 0 < values.argmin() < 400
        assert values.min() == pytest.approx(cell**2, rel=0.02, abs=1e-12)


@pytest.mark.parametrize("name", PROTOTYPES)
def test_prototypes_have_the_shapes_of_their_formulas(name):
    problem = PROTOTYPES[name]
    points = np.array(list(BY_HAND[name]))[:, None]
    np.testing.assert_allclose(problem.value(points), list(BY_HAND[name].values()), atol=1e-14)
    np.testing.assert_allclose(problem.grad(points)[:, 0], list(SLOPES[name].values()), rtol=1e-14)
    assert problem.value(problem.minimum) == 0
    assert problem.grad(problem.minimum) == 0
    far = np.linspace(-20, 20, 801)[:, None]
    assert (problem.value(far) >= 0).all()
    away = far[np.abs(far[:, 0] * 2 % 1) > 0.01]  # from every kink
    h = 1e-6
    numeric = (problem.value(away + h) - problem.value(away - h)) / (2 * h)
    np.testing.assert_allclose(problem.grad(away)[:, 0], numeric, rtol=1e-6, atol=1e-6)


NOISES = {
    "additive": (problems.additive(0.7), lambda g: np.full_like(g, 0.7)),
    "multiplicative": (problems.multiplicative(0.7), lambda g: 0.7 * np.abs(g)),
    # g/(1 - q) with probability 1 - q: variance g² q/(1 - q)
    "dropped": (problems.dropped(0.3), lambda g: np.abs(g) * np.sqrt(0.3 / 0.7)),
}


def noisy_gradients(noise, runs=8000):
    problem = problems.noisy(problems.rosenbrock(), noise)
    theta = np.broadcast_to([0.3, -0.5], (runs, 2))
    value, grads = problem.value_and_grad(theta, rngs=generators(np.arange(runs), "noise"))
    exact_value, exact = problems.rosenbrock().value_and_grad(np.array([0.3, -0.5]))
    assert (value == exact_value).all()
    return grads, exact


@pytest.mark.parametrize("name", NOISES)
def test_noise_is_unbiased_and_has_its_variance(name):
    noise, deviation = NOISES[name]
    grads, exact = noisy_gradients(noise)
    expected = deviation(exact)
    assert (np.abs(grads.mean(axis=0) - exact) < 4 * expected / np.sqrt(len(grads))).all()
    np.testing.assert_allclose(grads.std(axis=0), expected, rtol=0.05)
    assert abs(np.corrcoef(grads.T)[0, 1]) < 4 / np.sqrt(len(grads))  # by coordinate


def test_dropped_coordinates_are_zero_or_enlarged():
    grads, exact = noisy_gradients(problems.dropped(0.3), 2000)
    ratio = grads / exact
    kept = np.isclose(ratio, 1 / 0.7)
    assert (kept | (grads == 0)).all()
    assert abs(kept.mean() - 0.7) < 4 * np.sqrt(0.21 / kept.size)


def test_outliers_have_their_median_size_and_heavy_tails():
    # Of a Cauchy variable, P(|c| > k) = 1 - 2/π arctan k; there is no mean to test.
    grads, exact = noisy_gradients(problems.outliers(0.2))
    size = np.abs(grads - exact) / 0.2
    for k in (0.5, 1.0, 10.0, 100.0):
        expected = 1 - 2 / np.pi * np.arctan(k)
        error = np.sqrt(expected * (1 - expected) / size.size)
        assert abs((size > k).mean() - expected) < 4 * error


@pytest.mark.parametrize("noise", [problems.outliers(0.2), *(pair[0] for pair in NOISES.values())])
def test_noise_is_a_run_s_own(noise):
    problem = problems.noisy(problems.beale(), noise)
    theta = np.array([[1.0, 0.2], [0.5, 0.1], [2.0, 0.3]])
    together = problem.grad(theta, rngs=generators(np.arange(3), "noise"))
    alone = problem.grad(theta[1], rngs=generators(1, "noise"))
    np.testing.assert_array_equal(together[1], alone)
    assert theta.tolist() == [[1.0, 0.2], [0.5, 0.1], [2.0, 0.3]]
    with pytest.raises(ValueError, match="needs rngs"):
        problem.grad(theta)


def test_values_and_gradients_come_in_the_dtype_of_theta(rng):
    noisy = {name: problems.noisy(problems.beale(), pair[0]) for name, pair in NOISES.items()}
    fresh = {"fresh": problems.gaussian_regression([1.0, 0.5], noise=1.0, batch_size=2)}
    for name, problem in (PROBLEMS | PROTOTYPES | noisy | fresh).items():
        theta = rng.normal(size=(3, problem.minimum.size)).astype(np.float32)
        value, grad = problem.value_and_grad(theta, rngs=generators(np.arange(3), "noise"))
        assert value.dtype == grad.dtype == np.float32, name
        whole = np.ones(problem.minimum.size, dtype=int)
        assert problem.value(whole) == problem.value(whole.astype(float))


def test_a_fresh_gradient_is_unbiased_and_has_the_variance_of_its_formula():
    eigenvalues, noise, batch, runs = np.array([1.0, 0.3]), 0.5, 4, 40_000
    problem = problems.gaussian_regression(eigenvalues, noise=noise, batch_size=batch)
    e = np.array([1.0, -2.0])  # θ - θ*
    theta = np.broadcast_to(e, (runs, 2))
    _, grads = problem.value_and_grad(theta, rngs=generators(np.arange(runs), "noise"))
    mean = eigenvalues * e
    # E[(x·e)² x_j²] = λ_j e'Λe + 2 λ_j² e_j² for Gaussian x.
    second = eigenvalues * (eigenvalues @ e**2 + noise**2) + 2 * mean**2
    variance = (second - mean**2) / batch
    error = np.sqrt(variance / runs)
    assert (np.abs(grads.mean(axis=0) - mean) < 4 * error).all()
    np.testing.assert_allclose(grads.var(axis=0), variance, rtol=0.05)
    assert problem.value(problem.minimum) == pytest.approx(noise**2 / 2)


def test_bad_settings_are_named():
    for bad in (0.5, np.nan, "big"):
        with pytest.raises(ValueError, match="condition must be"):
            problems.quadratic(bad)
    for bad in (1, 2.5):
        with pytest.raises(ValueError, match="dimension must be"):
            problems.quadratic(10, bad)
    with pytest.raises(ValueError, match="dimension must be"):
        problems.rastrigin(0)
    for bad in (2, 4.5):
        with pytest.raises(ValueError, match="power must be"):
            problems.saddle(bad)
    with pytest.raises(ValueError, match="power must be even, got 5"):
        problems.saddle(5)
    for bad in (0, -0.1, 0.385, np.nan):
        with pytest.raises(ValueError, match="tilt must be"):
            problems.double_well(bad)
    for noise in (problems.additive, problems.multiplicative, problems.outliers):
        for bad in (0, -1, np.nan):
            with pytest.raises(ValueError, match="scale must be"):
                noise(bad)
    for bad in (0, 1, np.nan):
        with pytest.raises(ValueError, match="share must be"):
            problems.dropped(bad)
    for bad in ([], [1, -1], [[1.0]], 3.0):
        with pytest.raises(ValueError, match="eigenvalues must be"):
            problems.gaussian_regression(bad, noise=1, batch_size=1)
    with pytest.raises(ValueError, match="noise must be"):
        problems.gaussian_regression([1.0], noise=-1, batch_size=1)
    with pytest.raises(ValueError, match="batch_size must be"):
        problems.gaussian_regression([1.0], noise=1, batch_size=0)
    with pytest.raises(ValueError, match=r"minimum must have shape \(1,\), got \(2,\)"):
        problems.gaussian_regression([1.0], noise=1, batch_size=1, minimum=[1, 2])
    with pytest.raises(ValueError, match="needs rngs"):
        problems.gaussian_regression([1.0], noise=1, batch_size=1).value_and_grad(np.zeros(1))
