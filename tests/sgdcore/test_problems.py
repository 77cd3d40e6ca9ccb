"""Test functions: their minima, their gradients, and the noise of the noisy one."""

import numpy as np
import pytest

from sgdcore import gradcheck, problems
from sgdcore.data import generators

PROBLEMS = {
    "quadratic": problems.quadratic(50.0, 4),
    "rotated": problems.quadratic(50.0, 4, rng=np.random.default_rng(1)),
    "rosenbrock": problems.rosenbrock(),
    "beale": problems.beale(),
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
    assert value == 0
    assert (grad == 0).all()
    around = problem.minimum + 0.5 * rng.normal(size=(200, problem.minimum.size))
    assert (problem.value(around) > 0).all()


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
