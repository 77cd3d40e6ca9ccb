"""Objectives: a model and a loss, as one function of ``theta`` on data."""

from dataclasses import dataclass

import numpy as np

from sgdcore.losses import Loss


@dataclass(frozen=True)
class Objective:
    r"""The mean loss of a model on data, the function that training makes small.

    .. math:: f(\theta) = \frac1B \sum_{i=1}^{B} \ell\bigl(\hat y(\theta, x_i),\, y_i\bigr)

    Parameters
    ----------
    model : object
        A model of :mod:`sgdcore.models`.
    loss : Loss
        A loss of :mod:`sgdcore.losses`.

    Notes
    -----
    ``theta`` has shape ``(..., P)``, ``X`` ``(..., B, d)``, ``y`` ``(..., B)``; the leading axes
    are runs and broadcast, so values have shape ``(...,)`` and gradients ``(..., P)``. Wrong
    shapes raise a ValueError that quotes them. Introduced in chapter 01.
    """

    model: object
    loss: Loss

    def value(self, theta, X, y):
        """Mean loss on the samples, shape ``(...,)``."""
        return self.loss.value(self.model.predict(theta, X), y)

    def value_and_grad(self, theta, X, y, *, rngs=None):
        """Mean loss ``(...,)`` and its gradient with respect to ``theta``, ``(..., P)``."""
        prediction, cache = self.model.forward(theta, X, rngs=rngs)
        value = self.loss.value(prediction, y)
        return value, self.model.backward(theta, cache, self.loss.grad(prediction, y))

    def per_sample_grad(self, theta, X, y):
        r"""The gradients :math:`\nabla f_i(\theta)` of the samples one by one, ``(..., B, P)``.

        Every sample is a batch of its own, and the samples take the place of a leading axis.
        """
        theta, X, y = np.asarray(theta), np.asarray(X), np.asarray(y)
        return self.value_and_grad(theta[..., None, :], X[..., None, :], y[..., None])[1]
