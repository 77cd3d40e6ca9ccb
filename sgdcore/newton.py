r"""Second-order methods on all the data, for comparison: a few costly steps.

They minimise an objective from one starting point, shape ``(P,)``, and return a :class:`Path`.
"""

from typing import NamedTuple

import numpy as np

from sgdcore._checks import (
    require_count,
    require_finite,
    require_floats,
    require_instance,
    require_number,
)
from sgdcore.objectives import Objective


class Path(NamedTuple):
    """The iterates of a method, ``theta`` ``(T, P)``, and the objective at each, ``loss`` (T,)."""

    theta: np.ndarray
    loss: np.ndarray


def newton(objective, theta0, data, *, steps, damping=0.0):
    r"""Newton's method, with a line search that makes it safe.

    .. math:: \theta_{t+1} = \theta_t - \alpha_t\, \bigl(\nabla^2 f(\theta_t) + \lambda I\bigr)^{-1}
              \nabla f(\theta_t)

    where :math:`\alpha_t` is the first of 1, ½, ¼, … that lowers f by at least 1e-4 of what the
    slope promises.

    Parameters
    ----------
    objective : Objective
        With a Hessian: a linear model with one output.
    theta0 : array of shape (P,)
    data : pair (X, y)
    steps : int
        At least 1.
    damping : float
        :math:`\lambda`, at least 0.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If a setting is out of its range, or the damped Hessian is not positive definite.

    Notes
    -----
    Source: Nocedal and Wright (2006), chapter 3. Introduced in chapter 02.
    """

    def curvature(theta):
        return objective.hessian(theta, *data)

    return _descend(objective, theta0, data, steps, damping, curvature)


def gauss_newton(objective, theta0, data, *, steps, damping=0.0):
    r"""Gauss–Newton: Newton's method without the curvature of the model.

    .. math:: \nabla^2 f \approx \frac1n J^\top \operatorname{diag}(\ell'')\, J, \qquad
              J_{ij} = \frac{\partial \hat y_i}{\partial \theta_j}

    With ``damping`` it is the method of Levenberg and Marquardt with a fixed parameter. The steps
    are those of :func:`newton`.

    Parameters
    ----------
    objective : Objective
        Whose loss takes one prediction a sample.
    theta0 : array of shape (P,)
    data : pair (X, y)
    steps : int
        At least 1.
    damping : float
        :math:`\lambda`, at least 0.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If a setting is out of its range, or the damped matrix is not positive definite.

    Notes
    -----
    Source: Nocedal and Wright (2006), chapter 10.
    """
    def curvature(theta):
        return objective.gauss_newton(theta, *data)

    return _descend(objective, theta0, data, steps, damping, curvature)


def lbfgs(objective, theta0, data, *, steps):
    """SciPy's L-BFGS on all the data, the peer to compare with.

    Parameters
    ----------
    objective : Objective
    theta0 : array of shape (P,)
    data : pair (X, y)
    steps : int
        Iterations at the most.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        If ``steps`` is not a whole number of at least 1, or ``theta0`` not one starting point.

    Notes
    -----
    Source: Liu and Nocedal (1989). ``scipy.optimize.minimize`` has it in the form for bounded
    parameters, of Byrd, Lu, Nocedal and Zhu (1995); here there are no bounds.
    """
    from scipy.optimize import minimize

    path = [_start(objective, theta0, data)]
    minimize(
        lambda theta: objective.value_and_grad(theta, *data),
        path[0],
        jac=True,
        method="L-BFGS-B",
        callback=lambda theta: path.append(theta.copy()),
        options={"maxiter": require_count("steps", steps), "ftol": 0.0, "gtol": 1e-12},
    )
    return _path(objective, path, data)


def _descend(objective, theta0, data, steps, damping, curvature):
    damping = require_number("damping", damping, at_least=0)
    theta = _start(objective, theta0, data)
    path = [theta]
    for _ in range(require_count("steps", steps)):
        value, grad = objective.value_and_grad(theta, *data)
        matrix = curvature(theta) + damping * np.eye(theta.size)
        try:
            np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            raise ValueError(
                f"the Hessian is not positive definite with damping={damping:g}: take more damping"
            ) from None
        direction = np.linalg.solve(matrix, grad)
        theta = theta - _step_length(objective, theta, direction, value, grad, data) * direction
        path.append(theta)
    return _path(objective, path, data)


def _start(objective, theta0, data):
    """The starting point; a ValueError unless it is one, of an objective with data."""
    require_instance("objective", objective, Objective, "Objective(model, loss)")
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise ValueError("data must be a pair (X, y)")
    theta = require_floats("theta0", theta0).astype(float)
    if theta.ndim != 1:
        raise ValueError(f"theta0 must be one starting point (P,), got shape {theta.shape}")
    require_finite("theta0", theta)
    return theta


def _step_length(objective, theta, direction, value, grad, data):
    """The first of 1, ½, ¼, … that lowers the objective enough; 0 if rounding lets none."""
    promised = 1e-4 * (grad @ direction)
    for length in 0.5 ** np.arange(40):
        if objective.value(theta - length * direction, *data) <= value - length * promised:
            return length
    return 0.0


def _path(objective, path, data):
    theta = np.stack(path)
    return Path(theta, np.array([objective.value(point, *data) for point in theta]))
