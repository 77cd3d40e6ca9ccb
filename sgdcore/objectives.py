"""Objectives: a model and a loss, and perhaps a penalty, as one function of ``theta`` on data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sgdcore._checks import (
    require_array,
    require_dtype,
    require_finite,
    require_floats,
    require_instance,
    require_number,
    require_vectors,
    shown,
    unchecked,
)
from sgdcore._norm import norm
from sgdcore.losses import Loss
from sgdcore.models import Linear


@dataclass(frozen=True, eq=False)
class Objective:
    r"""The mean loss of a model on data, the function that training makes small.

    .. math:: f(\theta) = \frac1B \sum_{i=1}^{B} \ell\bigl(\hat y(\theta, x_i),\, y_i\bigr)
              + \frac{\lambda_2}{2} \sum_j m_j \theta_j^2 + \lambda_1 \sum_j m_j |\theta_j|

    Parameters
    ----------
    model : object
        A model of :mod:`sgdcore.models`.
    loss : Loss
        A loss of :mod:`sgdcore.losses`.
    l2, l1 : float
        The weights :math:`\lambda_2` and :math:`\lambda_1` of the penalties, at least 0. At
        :math:`\theta_j = 0` the subgradient of the second is 0.
    mask : array of shape (P,), optional
        :math:`m`, 1 where a parameter is penalised and 0 where it is not; all are without it. See
        :func:`sgdcore.optimizers.block_mask`.

    Raises
    ------
    ValueError
        If a weight is below 0 or the mask has another shape; by the methods, if shapes do not fit.

    Notes
    -----
    ``theta`` has shape ``(..., P)``, ``X`` ``(..., B, d)``, ``y`` ``(..., B)``; the leading axes
    are runs and broadcast, so values have shape ``(...,)`` and gradients ``(..., P)``. Introduced
    in chapter 01.
    """

    model: object
    loss: Loss
    l2: float = 0.0
    l1: float = 0.0
    mask: np.ndarray | None = None

    def __post_init__(self):
        require_instance("loss", self.loss, Loss, "losses.squared()")
        if not hasattr(self.model, "size"):
            require_instance("model", self.model, Linear, "models.linear(2)")
        require_number("l2", self.l2, at_least=0)
        require_number("l1", self.l1, at_least=0)
        if self.mask is None:
            return
        mask = require_floats("mask", self.mask)
        require_finite("mask", mask)
        if mask.shape != (self.model.size,):
            raise ValueError(f"mask must have shape {(self.model.size,)}, got {shown(self.mask)}")
        object.__setattr__(self, "mask", mask.copy())  # what the caller does to his is his affair

    def value(self, theta, X, y):
        """Mean loss on the samples plus the penalty, shape ``(...,)``; evaluation mode.

        Dropout is off, and batch normalisation uses the statistics of these samples.
        """
        theta = _point(theta)
        return self.loss.value(self.model.evaluate(theta, X), y) + self._penalty(theta)

    def value_and_grad(self, theta, X, y, *, rngs=None):
        """Value ``(...,)`` and gradient with respect to ``theta`` ``(..., P)``; training mode."""
        theta = _point(theta)
        prediction, cache = self.model.forward(theta, X, rngs=rngs)
        value = self.loss.value(prediction, y) + self._penalty(theta)
        return value, self._backward(theta, prediction, cache, y)

    def grad(self, theta, X, y, *, rngs=None):
        """The gradient of :meth:`value_and_grad` alone, which is all that a step needs."""
        theta = _point(theta)
        prediction, cache = self.model.forward(theta, X, rngs=rngs)
        return self._backward(theta, prediction, cache, y)

    def per_sample_grad(self, theta, X, y):
        r"""The gradients :math:`\nabla f_i(\theta)` of the samples one by one, ``(..., B, P)``.

        Every sample is a batch of its own, and the samples take the place of a leading axis.
        """
        theta, X, y = require_vectors("theta", theta), _samples("X", X, 2), _samples("y", y, 1)
        return self.grad(theta[..., None, :], X[..., None, :], y[..., None])

    def hessian(self, theta, X, y):
        """The Hessian of a linear model, ``(..., P, P)``, where :meth:`gauss_newton` is exact."""
        if not isinstance(self.model, Linear):
            raise ValueError(
                f"the Hessian in closed form is that of a linear model, got {self.model!r}: "
                "use hessian_product or gauss_newton"
            )
        return self.gauss_newton(theta, X, y)

    def gauss_newton(self, theta, X, y):
        r"""The curvature of the loss through the slope of the model, ``(..., P, P)``.

        .. math:: \frac1B \sum_i \ell''(\hat y_i, y_i)\, J_i J_i^\top
                  + \lambda_2 \operatorname{diag}(m), \qquad
                  J_i = \nabla_\theta\, \hat y(\theta, x_i)

        For models with one prediction a sample; of a loss with kinks and of an L1 penalty, the
        curvature of the pieces.
        """
        theta, X, y = require_vectors("theta", theta), _samples("X", X, 2), _samples("y", y, 1)
        prediction, cache = self.model.forward(theta[..., None, :], X[..., None, :])
        if self.loss.curvature is None or prediction.shape[-1] != 1:
            raise ValueError("gauss_newton needs a model and a loss of one prediction a sample")
        slopes = self.model.backward(theta[..., None, :], cache, np.ones_like(prediction))
        if X.shape[-2] != y.shape[-1]:
            raise ValueError(
                f"X and y must have the same number of samples: shapes {X.shape} and {y.shape}"
            )
        curvature = self.loss.curvature(prediction[..., 0], y)
        weighted = slopes * (curvature / curvature.shape[-1])[..., None]
        penalty = self.l2 * self._factors(theta) * np.ones(theta.shape[-1], dtype=theta.dtype)
        return slopes.swapaxes(-1, -2) @ weighted + np.diag(penalty)

    def hessian_product(self, theta, vector, X, y):
        r"""The Hessian times a vector ``(..., P)``, for any model, by central differences.

        .. math:: Hv \approx \frac{\nabla f(\theta + hv) - \nabla f(\theta - hv)}{2h}

        with hv as long as the cube root of the rounding unit, 6e-6 in float64; the relative error
        is then about 1e-9 where f is smooth.
        """
        theta = require_vectors("theta", theta)
        vector = require_vectors("vector", vector)
        if vector.shape[-1] != theta.shape[-1]:
            raise ValueError(
                "vector and theta must have the same last axis: "
                f"vector has shape {vector.shape}, theta {theta.shape}"
            )
        length = norm(vector)
        # The cube root of the rounding unit balances rounding against the third derivative.
        h = np.finfo(theta.dtype).eps ** (1 / 3) / np.where(length > 0, length, 1)
        return (self.grad(theta + h * vector, X, y) - self.grad(theta - h * vector, X, y)) / (2 * h)

    def _factors(self, theta):
        return 1.0 if self.mask is None else np.asarray(self.mask, dtype=theta.dtype)

    def _penalty(self, theta):
        if not (self.l2 or self.l1):
            return 0.0
        each = 0.5 * self.l2 * theta**2 + self.l1 * np.abs(theta)
        return (self._factors(theta) * each).sum(axis=-1)

    def _backward(self, theta, prediction, cache, y):
        grad = self.model.backward(theta, cache, self.loss.grad(prediction, y))
        return self._with_penalty(theta, grad)

    def _with_penalty(self, theta, grad):
        if not (self.l2 or self.l1):
            return grad
        return grad + self._factors(theta) * (self.l2 * theta + self.l1 * np.sign(theta))


class Stepping(NamedTuple):
    """An objective as steps of training see it that need no checks: its ``grad`` alone."""

    grad: Callable


def stepping(objective, theta, X, y):
    """The objective for steps on arrays of these dtypes, whose shapes a first step has checked.

    Parameters
    ----------
    objective : object
    theta, X, y : array
        Of the shapes and dtypes of the steps; their numbers do not matter.

    Returns
    -------
    Stepping
        Where arrays would have to be converted, or a class of the user's own may have a ``grad``
        of its own, the objective itself.
    """
    if type(objective) is not Objective or not theta.dtype == X.dtype == y.dtype:
        return objective
    forward, slope = unchecked(objective.model.forward), unchecked(objective.loss.grad)

    def grad(theta, X, y, *, rngs=None):
        prediction, cache = forward(theta, X, rngs=rngs)
        grad = objective.model.backward(theta, cache, slope(prediction, y))
        return objective._with_penalty(theta, grad)

    return Stepping(grad)


def _point(theta):
    """The parameters as an array; that they are floats is for the model to say."""
    return theta if isinstance(theta, np.ndarray) else require_floats("theta", theta)


def _samples(name, values, axes):
    """An array whose last axes are those of the samples."""
    array = require_array(name, values, "biuf", "real numbers")
    if array.ndim < axes:
        raise ValueError(f"{name} must have {axes} axes or more, got shape {array.shape}")
    return array


def soft_threshold(theta, amount):
    r"""The proximal step of the L1 norm: move towards 0 by an amount, and stop there.

    .. math:: \operatorname{prox}(\theta)_j = \operatorname{sign}(\theta_j)
              \max(|\theta_j| - a_j, 0)

    Parameters
    ----------
    theta : array of shape (..., P)
    amount : float or array that broadcasts
        a, at least 0: the learning rate times the weight of the penalty.

    Returns
    -------
    array of shape (..., P)

    Raises
    ------
    ValueError
        If an amount is below 0, or the shapes do not broadcast.
    """
    theta = require_floats("theta", theta)
    amount = require_dtype("amount", amount, theta.dtype)
    if not (amount >= 0).all():
        raise ValueError(f"amount must be at least 0, got {shown(amount)}")
    _require_fit(theta, amount=amount)
    return shrunk(theta, amount)


def shrunk(theta, amount):
    """:func:`soft_threshold` of what is known to be floats that fit."""
    return np.sign(theta) * np.maximum(np.abs(theta) - amount, 0)


def project_ball(theta, radius):
    r"""The nearest point of the ball :math:`\lVert \theta \rVert \le r`, shape ``(..., P)``.

    Parameters
    ----------
    theta : array of shape (..., P)
    radius : float
        r, at least 0.

    Returns
    -------
    array of shape (..., P)

    Raises
    ------
    ValueError
        If the radius is not a finite number of at least 0.
    """
    radius = require_number("radius", radius, at_least=0)
    theta = require_vectors("theta", theta)
    length = norm(theta)
    outside = length > radius
    return np.where(outside, theta * (radius / np.where(outside, length, 1)), theta)


def project_box(theta, low, high):
    r"""The nearest point of the box :math:`l_j \le \theta_j \le h_j`, shape ``(..., P)``.

    Parameters
    ----------
    theta : array of shape (..., P)
    low, high : float or array that broadcasts
        The bounds, which may be infinite.

    Returns
    -------
    array of shape (..., P)

    Raises
    ------
    ValueError
        If a lower bound lies above its upper bound, or the shapes do not broadcast.
    """
    theta = require_vectors("theta", theta)
    low, high = (
        require_dtype(name, bound, theta.dtype) for name, bound in (("low", low), ("high", high))
    )
    _require_fit(theta, low=low, high=high)
    if not (low <= high).all():
        raise ValueError(f"low must be at most high, got {shown(low)} and {shown(high)}")
    return np.clip(theta, low, high)


def _require_fit(theta, **others):
    """Raise a ValueError unless the others broadcast to the shape of theta."""
    try:
        np.broadcast_shapes(theta.shape, *(other.shape for other in others.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {other.shape}" for name, other in others.items())
        raise ValueError(
            f"the shapes do not broadcast: theta has {theta.shape}, {shapes}"
        ) from None
