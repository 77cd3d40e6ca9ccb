"""Test functions: objectives without data, whose minimum is known.

A problem has ``value(theta)`` and ``value_and_grad(theta, rngs=None)`` for ``theta`` of shape
``(..., P)``, like an objective without its data, and the point ``minimum``, shape ``(P,)``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sgdcore._checks import require_count, require_number, require_parameter
from sgdcore.data import draw_normal


@dataclass(frozen=True, eq=False)
class Problem:
    """A function with a known minimum.

    Parameters
    ----------
    minimum : array of shape (P,)
        The minimiser; its last axis is the number of parameters.
    function : callable
        ``theta -> value``, from ``(..., P)`` to ``(...,)``.
    gradient : callable
        ``(theta, rngs) -> gradient``, shape ``(..., P)``; a noisy problem draws from ``rngs``, an
        array of generators, one a run.
    """

    minimum: np.ndarray
    function: Callable
    gradient: Callable

    def value(self, theta):
        """The exact value at ``theta`` ``(..., P)``, shape ``(...,)``."""
        theta = np.asarray(theta)
        require_parameter("theta", theta, self.minimum.size)
        return self.function(theta)

    def value_and_grad(self, theta, *, rngs=None):
        """The exact value, and the gradient, noisy if the problem is, ``(..., P)``."""
        theta = np.asarray(theta)
        return self.value(theta), self.gradient(theta, rngs)


@dataclass(frozen=True, eq=False)
class Quadratic(Problem):
    """A quadratic; ``hessian`` ``(P, P)`` is its constant Hessian H."""

    hessian: np.ndarray


def quadratic(condition, dimension=2, *, rng=None):
    r"""A convex quadratic of given condition number, with L = 1.

    .. math:: f(\theta) = \tfrac12 (\theta - \theta^*)^\top H (\theta - \theta^*)

    The eigenvalues of H are spaced evenly on a log scale from :math:`1/\kappa` to 1, and
    :math:`\theta^* = 0`.

    Parameters
    ----------
    condition : float
        The condition number :math:`\kappa = L/\mu`, at least 1.
    dimension : int
        Number P of parameters, at least 2, since one eigenvalue has no spread.
    rng : numpy.random.Generator, optional
        Draws a rotation of the axes. Without it H is diagonal, smallest eigenvalue first.

    Returns
    -------
    Quadratic

    Raises
    ------
    ValueError
        If ``condition`` or ``dimension`` is out of its range.

    Notes
    -----
    Introduced in chapter 02.
    """
    condition = require_number("condition", condition, at_least=1)
    dimension = require_count("dimension", dimension, at_least=2)
    axes = np.eye(dimension)
    if rng is not None:
        axes, _ = np.linalg.qr(rng.standard_normal((dimension, dimension)))
    hessian = axes * np.geomspace(1 / condition, 1, dimension) @ axes.T
    minimum = np.zeros(dimension)

    def slope(theta):
        return ((theta - minimum)[..., None, :] @ hessian)[..., 0, :]

    return Quadratic(
        minimum=minimum,
        function=lambda theta: 0.5 * np.vecdot(theta - minimum, slope(theta)),
        gradient=lambda theta, rngs: slope(theta),
        hessian=hessian,
    )


def rosenbrock():
    r"""Rosenbrock's curved valley (1960).

    .. math:: f(x, y) = (1 - x)^2 + 100\,(y - x^2)^2

    Returns
    -------
    Problem
        With its only minimum, of value 0, at (1, 1).
    """

    def function(theta):
        x, y = theta[..., 0], theta[..., 1]
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def gradient(theta, rngs):
        x, y = theta[..., 0], theta[..., 1]
        d_x = -2 * (1 - x) - 400 * x * (y - x**2)
        d_y = 200 * (y - x**2)
        return np.stack([d_x, d_y], axis=-1)

    return Problem(np.array([1.0, 1.0]), function, gradient)


def beale():
    r"""Beale's function (1958): a flat plain with steep edges.

    .. math:: f(x, y) = \sum_{k=1}^{3} \bigl(c_k - x\,(1 - y^k)\bigr)^2, \qquad
              c = (1.5,\ 2.25,\ 2.625)

    Returns
    -------
    Problem
        With its minimum, of value 0, at (3, 0.5).
    """
    constants, powers = np.array([1.5, 2.25, 2.625]), np.array([1, 2, 3])

    def residuals(theta):
        x, y = theta[..., :1], theta[..., 1:]
        return constants - x * (1 - y**powers), x, y

    def function(theta):
        r, _, _ = residuals(theta)
        return (r**2).sum(axis=-1)

    def gradient(theta, rngs):
        r, x, y = residuals(theta)
        d_x = (-2 * r * (1 - y**powers)).sum(axis=-1)
        d_y = (2 * r * x * powers * y ** (powers - 1)).sum(axis=-1)
        return np.stack([d_x, d_y], axis=-1)

    return Problem(np.array([3.0, 0.5]), function, gradient)


def gaussian_regression(eigenvalues, *, noise, batch_size, minimum=None):
    r"""Linear regression on fresh Gaussian samples: every step sees new data.

    .. math:: x \sim N(0, \operatorname{diag}(\lambda)), \qquad
              y = x^\top \theta^* + \sigma \varepsilon, \quad \varepsilon \sim N(0, 1)

    The value is the true risk under half the squared error,

    .. math:: f(\theta) = \tfrac12 \sum_j \lambda_j (\theta_j - \theta^*_j)^2 + \tfrac12 \sigma^2,

    and the gradient that of the mean loss on B fresh samples, an unbiased estimate of
    :math:`\nabla f`.

    Parameters
    ----------
    eigenvalues : array of shape (P,)
        Variances :math:`\lambda_j` of the inputs, the eigenvalues of the Hessian; above 0.
    noise : float
        Standard deviation :math:`\sigma` of the target, at least 0.
    batch_size : int
        Number B of fresh samples a gradient.
    minimum : array of shape (P,), optional
        The true parameters :math:`\theta^*`; zeros if not given.

    Returns
    -------
    Problem
        Its ``value_and_grad`` needs ``rngs``, which :func:`sgdcore.train` passes.

    Raises
    ------
    ValueError
        If a setting is out of its range, or by ``value_and_grad`` without ``rngs``.

    Notes
    -----
    Introduced in chapter 03.
    """
    eigenvalues = np.asarray(eigenvalues, dtype=float)
    if eigenvalues.ndim != 1 or not eigenvalues.size or not (eigenvalues > 0).all():
        raise ValueError(f"eigenvalues must be numbers above 0, shape (P,), got {eigenvalues}")
    noise = require_number("noise", noise, at_least=0)
    batch_size = require_count("batch_size", batch_size)
    minimum = np.zeros_like(eigenvalues) if minimum is None else np.asarray(minimum, dtype=float)
    if minimum.shape != eigenvalues.shape:
        raise ValueError(f"minimum must have shape {eigenvalues.shape}, got {minimum.shape}")
    scales = np.sqrt(eigenvalues)

    def function(theta):
        return 0.5 * ((theta - minimum) ** 2 * eigenvalues).sum(axis=-1) + 0.5 * noise**2

    def gradient(theta, rngs):
        if rngs is None:
            raise ValueError("a noisy problem needs rngs, an array of generators, one a run")
        draws = draw_normal(rngs, (batch_size, eigenvalues.size + 1))
        X, errors = draws[..., :-1] * scales, noise * draws[..., -1]
        residual = (X @ (theta - minimum)[..., None])[..., 0] - errors  # ŷ - y
        return (residual[..., None, :] @ X)[..., 0, :] / batch_size

    return Problem(minimum, function, gradient)
