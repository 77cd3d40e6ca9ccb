"""Test functions: objectives without data, whose minimum is known.

A problem has ``value(theta)`` and ``value_and_grad(theta, rngs=None)`` for ``theta`` of shape
``(..., P)``, like an objective without its data, and the point ``minimum``, shape ``(P,)``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sgdcore._checks import (
    require_count,
    require_finite,
    require_floats,
    require_instance,
    require_number,
    require_parameter,
    require_rng,
    shown,
)
from sgdcore.data import draw_normal, draw_uniform


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
        """The exact value at ``theta`` ``(..., P)``, shape ``(...,)``, in the dtype of theta."""
        theta = self._point(theta)
        return np.asarray(self.function(theta)).astype(theta.dtype, copy=False)[()]

    def value_and_grad(self, theta, *, rngs=None):
        """The exact value, and the gradient, noisy if the problem is, ``(..., P)``."""
        return self.value(theta), self.grad(theta, rngs=rngs)

    def grad(self, theta, *, rngs=None):
        """The gradient of :meth:`value_and_grad` alone."""
        theta = self._point(theta)
        return self.gradient(theta, rngs).astype(theta.dtype, copy=False)

    def _point(self, theta):
        theta = require_floats("theta", theta)
        require_parameter("theta", theta, self.minimum.size)
        return theta


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
        require_rng(rng)
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
    # Copies, so that the problem stays as it is whatever becomes of what it was made from.
    eigenvalues = require_floats("eigenvalues", eigenvalues).astype(float)
    require_finite("eigenvalues", eigenvalues)
    if eigenvalues.ndim != 1 or not eigenvalues.size or not (eigenvalues > 0).all():
        raise ValueError(
            f"eigenvalues must be numbers above 0, shape (P,), got {shown(eigenvalues)}"
        )
    noise = require_number("noise", noise, at_least=0)
    batch_size = require_count("batch_size", batch_size)
    minimum = np.zeros_like(eigenvalues) if minimum is None else minimum
    minimum = require_floats("minimum", minimum).astype(float)
    if minimum.shape != eigenvalues.shape:
        raise ValueError(f"minimum must have shape {eigenvalues.shape}, got {minimum.shape}")
    require_finite("minimum", minimum)
    scales = np.sqrt(eigenvalues)

    def function(theta):
        return 0.5 * ((theta - minimum) ** 2 * eigenvalues).sum(axis=-1) + 0.5 * noise**2

    def gradient(theta, rngs):
        _require_rngs(rngs)
        draws = draw_normal(rngs, (batch_size, eigenvalues.size + 1))
        X, errors = draws[..., :-1] * scales, noise * draws[..., -1]
        residual = (X @ (theta - minimum)[..., None])[..., 0] - errors  # ŷ - y
        return (residual[..., None, :] @ X)[..., 0, :] / batch_size

    return Problem(minimum, function, gradient)


def saddle(power=4):
    r"""A saddle at the origin between two minima.

    .. math:: f(x, y) = \tfrac12 x^2 - \tfrac12 y^2 + \frac{1}{p}\, y^p

    Parameters
    ----------
    power : int
        p, even, at least 4.

    Returns
    -------
    Problem
        With minima at (0, 1), its ``minimum``, and (0, -1); the gradient is 0 at (0, 0) too.

    Raises
    ------
    ValueError
        If ``power`` is not an even whole number of at least 4.
    """
    power = require_count("power", power, at_least=4)
    if power % 2:
        raise ValueError(f"power must be even, got {power}")

    def function(theta):
        x, y = theta[..., 0], theta[..., 1]
        return 0.5 * x**2 - 0.5 * y**2 + y**power / power

    def gradient(theta, rngs):
        x, y = theta[..., 0], theta[..., 1]
        return np.stack([x, y ** (power - 1) - y], axis=-1)

    return Problem(np.array([0.0, 1.0]), function, gradient)


def double_well(tilt=0.2):
    r"""Two valleys, the left one deeper.

    .. math:: f(x) = \tfrac14 x^4 - \tfrac12 x^2 + c\,x

    Parameters
    ----------
    tilt : float
        c, above 0 and below :math:`2/\sqrt{27} \approx 0.385`, where the right valley vanishes.

    Returns
    -------
    Problem
        With its lower minimum, on the left, as ``minimum``.

    Raises
    ------
    ValueError
        If ``tilt`` is out of its range.
    """
    tilt = require_number("tilt", tilt, above=0, below=2 / 27**0.5)
    lower = np.roots([1.0, 0.0, -1.0, tilt]).real.min()
    return Problem(
        np.array([lower]),
        lambda theta: (0.25 * theta**4 - 0.5 * theta**2 + tilt * theta)[..., 0],
        lambda theta, rngs: theta**3 - theta + tilt,
    )


def himmelblau():
    r"""Himmelblau's function (1972): four minima of one depth.

    .. math:: f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2

    Returns
    -------
    Problem
        With the minimum, of value 0, at (3, 2).
    """

    def residuals(theta):
        x, y = theta[..., 0], theta[..., 1]
        return x**2 + y - 11, x + y**2 - 7, x, y

    def function(theta):
        first, second, _, _ = residuals(theta)
        return first**2 + second**2

    def gradient(theta, rngs):
        first, second, x, y = residuals(theta)
        return np.stack([4 * x * first + 2 * second, 2 * first + 4 * y * second], axis=-1)

    return Problem(np.array([3.0, 2.0]), function, gradient)


def rastrigin(dimension=2):
    r"""Rastrigin's function (1974): a bowl with a regular grid of minima.

    .. math:: f(\theta) = 10\,P + \sum_{j=1}^{P} \bigl(\theta_j^2 - 10 \cos 2\pi\theta_j\bigr)

    Parameters
    ----------
    dimension : int
        P, at least 1.

    Returns
    -------
    Problem
        With its lowest minimum, of value 0, at 0.

    Raises
    ------
    ValueError
        If ``dimension`` is not a whole number of at least 1.

    Notes
    -----
    Source: Rastrigin (1974) for P = 2; for any P Mühlenbein, Schomisch and Born (1991).
    """
    dimension = require_count("dimension", dimension)

    def function(theta):
        return (theta**2 + 10 * (1 - np.cos(2 * np.pi * theta))).sum(axis=-1)

    def gradient(theta, rngs):
        return 2 * theta + 20 * np.pi * np.sin(2 * np.pi * theta)

    return Problem(np.zeros(dimension), function, gradient)


def prototypes():
    r"""Shapes in one variable that a method should be able to cope with.

    After Schaul, Antonoglou and Silver (2014), with formulas of our own: each is one difficulty
    alone, to be combined with the noises below.

    Returns
    -------
    dict of Problem
        ``bowl`` :math:`\tfrac12 x^2`, ``kink`` :math:`|x|`, ``bend`` (slope -1 left of 0, -0.1 up
        to its minimum's wall at 10), ``cliff`` (a wall of slope 100 beside a gentle bowl),
        ``plateau`` :math:`\log(1 + x^2)`, flat far away, and ``bump``
        :math:`1 - e^{-x^2/2}`, whose gradient vanishes far away.
    """

    def one(minimum, function, slope):
        return Problem(
            np.array([minimum]),
            lambda theta: function(theta[..., 0]),
            lambda theta, rngs: slope(theta),
        )

    return {
        "bowl": one(0.0, lambda x: 0.5 * x**2, lambda x: 1.0 * x),
        "kink": one(0.0, np.abs, np.sign),
        "bend": one(
            10.0,
            lambda x: np.maximum(np.maximum(1.0 - x, 1.0 - 0.1 * x), 10.0 * (x - 10.0)),
            lambda x: np.where(x < 0, -1.0, np.where(x < 10, -0.1, np.where(x > 10, 10.0, 0.0))),
        ),
        "cliff": one(
            0.0,
            lambda x: 0.5 * x**2 + 100.0 * np.maximum(-1.0 - x, 0.0),
            lambda x: x - np.where(x < -1, 100.0, 0.0),
        ),
        "plateau": one(0.0, lambda x: np.log1p(x**2), lambda x: 2 * x / (1 + x**2)),
        "bump": one(
            0.0, lambda x: 1 - np.exp(-0.5 * x**2), lambda x: x * np.exp(-0.5 * x**2)
        ),
    }


def noisy(problem, noise):
    """A problem whose gradient is disturbed; its value stays exact.

    Parameters
    ----------
    problem : Problem
    noise : callable
        ``(gradient, rngs) -> gradient``, one of the four below.

    Returns
    -------
    Problem
        Its gradient needs ``rngs``, which :func:`sgdcore.train` passes.

    Raises
    ------
    ValueError
        By its gradient, without ``rngs``.
    """

    require_instance("problem", problem, Problem, "problems.rosenbrock()")
    require_instance("noise", noise, Callable, "problems.additive(0.1)")

    def gradient(theta, rngs):
        _require_rngs(rngs)
        return noise(problem.gradient(theta, rngs), rngs)

    return Problem(problem.minimum, problem.function, gradient)


def additive(scale):
    r"""Noise :math:`g + \sigma\varepsilon`, :math:`\varepsilon \sim N(0, I)`; unbiased.

    Parameters
    ----------
    scale : float
        :math:`\sigma`, above 0.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If ``scale`` is not above 0.
    """
    scale = require_number("scale", scale, above=0)
    return lambda grad, rngs: grad + scale * draw_normal(rngs, grad.shape[-1:])


def multiplicative(scale):
    r"""Noise :math:`g\,(1 + \sigma\varepsilon)`; unbiased, and gone where the gradient is 0.

    Parameters
    ----------
    scale : float
        :math:`\sigma`, above 0.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If ``scale`` is not above 0.
    """
    scale = require_number("scale", scale, above=0)
    return lambda grad, rngs: grad * (1 + scale * draw_normal(rngs, grad.shape[-1:]))


def outliers(scale):
    r"""Cauchy noise :math:`g + s\,\varepsilon/\varepsilon'`: it has no mean and no variance.

    Parameters
    ----------
    scale : float
        s, the median size of the noise, above 0.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If ``scale`` is not above 0.
    """
    scale = require_number("scale", scale, above=0)

    def disturb(grad, rngs):
        draws = draw_normal(rngs, (2, *grad.shape[-1:]))
        return grad + scale * draws[..., 0, :] / draws[..., 1, :]

    return disturb


def dropped(share):
    r"""Each coordinate of the gradient is 0 with probability q, and 1/(1 - q) times itself else.

    Parameters
    ----------
    share : float
        q, above 0 and below 1.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If ``share`` is out of its range.
    """
    share = require_number("share", share, above=0, below=1)

    def disturb(grad, rngs):
        return grad * (draw_uniform(rngs, grad.shape[-1:]) >= share) / (1 - share)

    return disturb


def _require_rngs(rngs):
    """Raise a ValueError unless these are generators, one a run."""
    if rngs is None:
        raise ValueError("a noisy problem needs rngs, an array of generators, one a run")
