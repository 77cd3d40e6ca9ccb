"""Models: pure functions of one flat parameter vector ``theta`` of shape ``(..., P)``.

A model has a ``size`` P, ``blocks`` that name the slices of ``theta`` and their shapes, and

* ``init(rng)``: a starting point, shape ``(P,)``;
* ``predict(theta, X)``: predictions for inputs ``X`` of shape ``(..., B, d)``;
* ``forward(theta, X, rngs=None)``: the training-mode predictions and what ``backward`` needs;
* ``backward(theta, cache, grad)``: from the gradient with respect to the predictions to the one
  with respect to ``theta``, shape ``(..., P)``.

The leading axes of ``theta`` and ``X`` are runs, and broadcast.
"""

from typing import NamedTuple

import numpy as np

from sgdcore._checks import require_count, require_parameter


class Block(NamedTuple):
    """A named part of ``theta``: ``theta[..., where]`` holds an array of this shape."""

    name: str
    where: slice
    shape: tuple


class Linear:
    r"""The linear model :math:`\hat y = w^\top x + b`, or K of them side by side.

    .. math:: \theta = (w, b), \qquad \hat y_i = \sum_j w_j x_{ij} + b, \qquad
              \nabla_w = \sum_i g_i x_i, \quad \nabla_b = \sum_i g_i

    where :math:`g_i` is the gradient with respect to the prediction of sample i. Made by
    :func:`linear`.
    """

    def __init__(self, inputs, outputs, intercept):
        self.inputs, self.outputs = inputs, outputs
        tail = () if outputs is None else (outputs,)
        weights = inputs * (outputs or 1)
        self.blocks = (Block("weights", slice(0, weights), (inputs, *tail)),)
        self.size = weights
        if intercept:
            self.size += outputs or 1
            self.blocks += (Block("intercept", slice(weights, self.size), tail),)
        self._weights = self.blocks[0].where
        self._intercept = self.blocks[1].where if intercept else None

    def init(self, rng):
        """Zeros, shape ``(P,)``: the problem is convex, so nothing has to be drawn from ``rng``."""
        return np.zeros(self.size)

    def predict(self, theta, X):
        """Predictions ``(..., B)``, or scores ``(..., B, K)``, for inputs ``(..., B, d)``."""
        return self.forward(theta, X)[0]

    def forward(self, theta, X, *, rngs=None):
        """Predictions and the cache of :meth:`backward`; ``rngs`` is not used."""
        theta, X = np.asarray(theta), np.asarray(X)
        require_parameter("theta", theta, self.size)
        if X.ndim < 2 or X.shape[-1] != self.inputs:
            raise ValueError(f"X must have shape (..., B, {self.inputs}), got {X.shape}")
        weights = theta[..., self._weights]
        if self.outputs is None:
            prediction = _rows_dot(X, weights)
        else:
            prediction = X @ weights.reshape(*theta.shape[:-1], self.inputs, self.outputs)
        if self._intercept is not None:
            intercept = theta[..., self._intercept]
            prediction += intercept if self.outputs is None else intercept[..., None, :]
        return prediction, X

    def backward(self, theta, cache, grad):
        """Gradient ``(..., P)`` from the gradient with respect to the predictions."""
        X = cache
        by_output = grad[..., None] if self.outputs is None else grad  # (..., B, K)
        leading = np.broadcast_shapes(by_output.shape[:-2], X.shape[:-2])
        result = np.empty((*leading, self.size), dtype=by_output.dtype)
        result[..., self._weights] = _weight_gradient(X, by_output).reshape(*leading, -1)
        if self._intercept is not None:
            result[..., self._intercept] = by_output.sum(axis=-2)
        return result


def linear(inputs, *, outputs=None, intercept=True):
    r"""A linear model :math:`\hat y = w^\top x + b`.

    Parameters
    ----------
    inputs : int
        Number d of features.
    outputs : int, optional
        K scores a sample, shape ``(..., B, K)``; without it one prediction, shape ``(..., B)``.
    intercept : bool
        Whether there is a b. Without it the line is forced through the origin.

    Returns
    -------
    Linear
        With ``theta`` = the weights, row by row, then the intercept; P = d + 1, or (d + 1) K.

    Raises
    ------
    ValueError
        If ``inputs`` or ``outputs`` is not a whole number of at least 1; by the model, if
        ``theta`` or ``X`` has the wrong last axis.

    Notes
    -----
    Introduced in chapter 01.
    """
    inputs = require_count("inputs", inputs)
    if outputs is not None:
        outputs = require_count("outputs", outputs)
    return Linear(inputs, outputs, intercept)


# A kernel may depend on the batch size, never on the number of runs: so run r of R is, bit for
# bit, the run that it would be alone.


def _rows_dot(X, weights):
    """x_i · w for every row: (..., B, d) and (..., d) give (..., B)."""
    if X.shape[-2] == 1:
        return np.vecdot(X, weights[..., None, :])
    return (X @ weights[..., None])[..., 0]


def _weight_gradient(X, grad):
    """Σ_i x_i g_iᵀ: (..., B, d) and (..., B, K) give (..., d, K)."""
    if X.shape[-2] == 1:
        return X.swapaxes(-1, -2) * grad
    return X.swapaxes(-1, -2) @ grad
