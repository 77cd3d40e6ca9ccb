r"""Estimators: how the gradient of a step is made from the data.

An estimator is two functions. ``estimator.init(objective, theta, data)`` makes its state, and

``grad, state, evaluations = estimator.estimate(objective, theta, data, batch, state, rngs)``

estimates the gradient at ``theta`` from the samples ``batch``, indices of shape ``(..., B)``, or
``None`` for all of them in their order. ``evaluations`` counts per-sample gradients; without data,
calls of the problem.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sgdcore._checks import require_count


class Estimator(NamedTuple):
    """An estimator of the gradient: ``init`` and ``estimate``.

    One that needs no more than the samples of the batch says so with ``batch_only``. Then
    :func:`sgdcore.train` may fetch the samples of several steps at once, and pass those of a step,
    ``X`` of shape ``(..., B, d)``, as ``data`` whose ``batch`` is ``None``.
    """

    init: Callable
    estimate: Callable
    batch_only: bool = False


class Anchor(NamedTuple):
    """The state of :func:`svrg`: steps made, the snapshot, and the full gradient there."""

    step: int
    theta: np.ndarray
    grad: np.ndarray


class Table(NamedTuple):
    """The state of :func:`sag` and :func:`saga`: the last gradient of every sample, their sum, and
    which samples have one. A step writes its rows in place: a copy would cost a pass over the data.
    """

    grads: np.ndarray
    total: np.ndarray
    filled: np.ndarray


def minibatch():
    r"""The mean gradient of the batch.

    .. math:: g_t = \frac1B \sum_{i \in S_t} \nabla f_i(\theta_t)

    Returns
    -------
    Estimator
        Its state is empty.

    Notes
    -----
    Unbiased at fixed :math:`\theta` if every sample is equally likely. Introduced in chapter 03.
    """

    def estimate(objective, theta, data, batch, state, rngs):
        samples = take(data, batch)
        return gradient(objective, theta, samples, rngs), state, count(samples)

    return Estimator(lambda objective, theta, data: (), estimate, batch_only=True)


def accumulate(micro_batch):
    r"""The mini-batch's gradient, added up from micro-batches that fit memory.

    .. math:: g_t = \sum_k \frac{B_k}{B}\, g^{(k)}, \qquad
              g^{(k)} = \frac{1}{B_k} \sum_{i \in S^{(k)}} \nabla f_i(\theta_t)

    Parameters
    ----------
    micro_batch : int
        Samples of a micro-batch, at least 1; the last one is smaller where it does not divide B.

    Returns
    -------
    Estimator
        Its state is empty.

    Raises
    ------
    ValueError
        If ``micro_batch`` is not a whole number of at least 1, or there are no data.

    Notes
    -----
    The same step as :func:`minibatch` to rounding, except where samples of a batch see each other
    (batch normalisation), or draw from one stream (dropout). Introduced in chapter 04.
    """
    micro_batch = require_count("micro_batch", micro_batch)

    def estimate(objective, theta, data, batch, state, rngs):
        _require_data("accumulate", data)
        size = len(data[1]) if batch is None else batch.shape[-1]
        grad = 0.0
        for start in range(0, size, micro_batch):
            rows = slice(start, start + micro_batch)
            if batch is None:
                X, y = data[0][rows], data[1][rows]
            else:
                X, y = take(data, batch[..., rows])
            grad = grad + gradient(objective, theta, (X, y), rngs) * (y.shape[-1] / size)
        return grad, state, size

    return Estimator(lambda objective, theta, data: (), estimate)


def svrg(every):
    r"""Stochastic variance-reduced gradient: correct a sample by what it was at a snapshot.

    .. math:: g_t = \frac1B \sum_{i \in S_t} \bigl(\nabla f_i(\theta_t) -
              \nabla f_i(\tilde\theta)\bigr) + \nabla f(\tilde\theta)

    The snapshot :math:`\tilde\theta` is the iterate of every m-th step. The estimate is unbiased,
    and exact at the snapshot.

    Parameters
    ----------
    every : int
        m, at least 1; an epoch, or two, is usual.

    Returns
    -------
    Estimator
        Its state is an :class:`Anchor`. A step evaluates 2B gradients, a snapshot n more.

    Raises
    ------
    ValueError
        If ``every`` is not a whole number of at least 1, or there are no data.

    Notes
    -----
    Source: Johnson and Zhang (2013), with the last iterate as snapshot.
    """
    every = require_count("every", every)

    def init(objective, theta, data):
        _require_data("svrg", data)
        return Anchor(0, theta, np.zeros_like(theta))

    def estimate(objective, theta, data, batch, state, rngs):
        evaluations = 0
        if state.step % every == 0:
            state = Anchor(state.step, theta, gradient(objective, theta, data, rngs))
            evaluations = len(data[1])
        samples = take(data, batch)
        here = gradient(objective, theta, samples, rngs)
        there = gradient(objective, state.theta, samples, rngs)
        evaluations += 2 * count(samples)
        return here - there + state.grad, state._replace(step=state.step + 1), evaluations

    return Estimator(init, estimate)


def sag():
    r"""Stochastic average gradient: the mean of the last gradient seen of every sample.

    .. math:: g_t = \frac{1}{m} \sum_{j} \gamma_j, \qquad
              \gamma_j = \nabla f_j(\theta_{\tau_j})

    where :math:`\tau_j \le t` is the last step that drew sample j, and m the number of samples
    seen so far. Biased, with a variance that vanishes.

    Returns
    -------
    Estimator
        Its state is a :class:`Table`, of R·n·P numbers.

    Raises
    ------
    ValueError
        If there are no data.

    Notes
    -----
    Source: Le Roux, Schmidt and Bach (2012); dividing by the samples seen as scikit-learn does.
    """

    def estimate(objective, theta, data, batch, state, rngs):
        _, state, size = _refresh(objective, theta, data, batch, state)
        seen = state.filled.sum(axis=-1, dtype=theta.dtype)[..., None]
        return state.total / seen, state, size

    return Estimator(_empty_table, estimate)


def saga():
    r"""SAG made unbiased: the new gradient counts fully against the old one of its sample.

    .. math:: g_t = \frac1B \sum_{i \in S_t} \bigl(\nabla f_i(\theta_t) - \gamma_i\bigr)
              + \frac1n \sum_{j=1}^n \gamma_j

    with the table :math:`\gamma` before the step; entries never drawn count 0.

    Returns
    -------
    Estimator
        Its state is a :class:`Table`, of R·n·P numbers.

    Raises
    ------
    ValueError
        If there are no data.

    Notes
    -----
    Source: Defazio, Bach and Lacoste-Julien (2014).
    """

    def estimate(objective, theta, data, batch, state, rngs):
        mean = state.total / len(data[1])
        change, state, size = _refresh(objective, theta, data, batch, state)
        return change.mean(axis=-2) + mean, state, size

    return Estimator(_empty_table, estimate)


def take(data, batch):
    """The arguments of ``value_and_grad``: (X, y) of the batch, or nothing without data.

    Parameters
    ----------
    data : pair (X, y) or None
    batch : array of int, shape (..., B), or None
        Without it, all samples.

    Returns
    -------
    tuple
    """
    if data is None:
        return ()
    if batch is None:
        return data
    X, y = data
    batch = batch.astype(np.intp)  # what NumPy would do twice below
    # ``take`` is quicker, but would copy a strided X whole.
    rows = X.take(batch, axis=0) if X.flags.c_contiguous else X[batch]
    return rows, y.take(batch)


def gradient(objective, theta, samples, rngs):
    """The gradient on these samples, without the value where the objective can do without it.

    Parameters
    ----------
    objective : object
        With ``value_and_grad``, and perhaps with a quicker ``grad`` of the same arguments.
    theta : array of shape (..., P)
    samples : tuple
        As :func:`take` makes it.
    rngs : array of numpy.random.Generator

    Returns
    -------
    array of shape (..., P)
    """
    if hasattr(objective, "grad"):
        return objective.grad(theta, *samples, rngs=rngs)
    return objective.value_and_grad(theta, *samples, rngs=rngs)[1]


def count(samples):
    """How many per-sample gradients a call on these arguments evaluates; 1 without data."""
    return samples[1].shape[-1] if samples else 1


def _require_data(name, data):
    if data is None:
        raise ValueError(f"{name} needs data, a pair (X, y): a problem has no samples")


def _empty_table(objective, theta, data):
    _require_data("a table of gradients", data)
    n = len(data[1])
    *leading, size = theta.shape
    return Table(
        np.zeros((*leading, n, size), dtype=theta.dtype),
        np.zeros_like(theta),
        np.zeros((*leading, n), dtype=bool),
    )


def _refresh(objective, theta, data, batch, state):
    """The change of the batch's rows, the table with the new ones, and their number."""
    n = len(data[1])
    batch = np.arange(n) if batch is None else batch
    rows = np.broadcast_to(batch, (*theta.shape[:-1], batch.shape[-1]))
    X, y = take(data, batch)
    fresh = objective.per_sample_grad(theta, X, y)
    change = fresh - np.take_along_axis(state.grads, rows[..., None], axis=-2)
    # A sample that was drawn twice is one row: each of its copies counts a half.
    copies = (rows[..., :, None] == rows[..., None, :]).sum(axis=-1, dtype=theta.dtype)
    total = state.total + (change / copies[..., None]).sum(axis=-2)
    np.put_along_axis(state.grads, rows[..., None], fresh, axis=-2)
    np.put_along_axis(state.filled, rows, True, axis=-1)
    return change, state._replace(total=total), rows.shape[-1]
