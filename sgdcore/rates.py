r"""Rates that look: learning rates that depend on more than the step.

A schedule knows the step alone. A rule of this file is asked before every step, and sees the
gradient and the loss of the mini-batch, or the losses recorded so far. Like an optimiser it is a
few pure functions and a state:

* ``rule.init(runs)``: its state, for runs of this leading shape;
* ``rule.rate(state, t, theta, grad, loss_at)``: the rate, a number or of shape ``(..., 1)``, the
  state, and how many losses of the batch it evaluated; ``loss_at(theta)`` is the loss of the same
  batch;
* ``rule.record(state, metric)``: the state after a record of :func:`sgdcore.train`, whose
  ``evaluation``, or where there is none its loss, is ``metric``, shape ``(...)``;
* ``rule.shape``: the shape of its rates, before they meet the runs.

A rule is passed to :func:`sgdcore.train` as ``lr``.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sgdcore._checks import (
    require_array,
    require_count,
    require_number,
    require_rate,
    require_schedule,
    shown,
)

# Up to here a rate is finite in half precision too.
SMALL_IN_ANY_DTYPE = 65504.0


class Rule(NamedTuple):
    """A rate that looks: ``init``, ``rate`` and ``record``, and the ``shape`` of its rates."""

    init: Callable
    rate: Callable
    record: Callable
    shape: tuple = ()


def scheduled(schedule):
    """A schedule as a rule, which looks at the step alone.

    Parameters
    ----------
    schedule : callable
        One of :mod:`sgdcore.schedules`, or any function of the step.

    Returns
    -------
    Rule
        Its rates have the dtype of ``theta``.

    Raises
    ------
    ValueError
        Now or at a later step, if the schedule returns anything but finite rates of at least 0,
        always of the shape that they have at step 0: below 0 a run would climb without a word.
    """
    require_schedule(schedule)
    shape = _sound(schedule(0), 0, np.dtype(float)).shape

    def rate(state, t, theta, grad, loss_at):
        lr = schedule(t)
        # Most schedules return one float. For it this is the whole check, and a quick one.
        if isinstance(lr, float) and not shape and 0 <= lr <= SMALL_IN_ANY_DTYPE:
            return np.asarray(lr, theta.dtype), state, 0
        lr = _sound(lr, t, theta.dtype)
        if lr.shape != shape:
            raise ValueError(f"lr had shape {shape} at step 0, has {lr.shape} at step {t}")
        return lr, state, 0

    return Rule(_no_state, rate, _ignore_record, shape)


def fixed(lr, dtype):
    """A rate that stays as it is, as a rule.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        Above 0.
    dtype : dtype
        That of ``theta``.

    Returns
    -------
    Rule

    Raises
    ------
    ValueError
        If a rate is not finite and above 0, in this dtype too.
    """
    cast = rate = require_rate(lr)
    if rate.dtype != dtype:
        with np.errstate(over="ignore"):
            cast = rate.astype(dtype)
        if not (np.isfinite(cast) & (cast > 0)).all():
            raise ValueError(f"lr must be finite and > 0 in {cast.dtype} too, got {shown(lr)}")

    def same(state, t, theta, grad, loss_at):
        return cast, state, 0

    return Rule(_no_state, same, _ignore_record, cast.shape)


class Plateau(NamedTuple):
    """The state of :func:`reduce_on_plateau`, one number a run."""

    lr: np.ndarray
    best: np.ndarray
    waited: np.ndarray


def polyak(*, minimum=0.0, bound=np.inf):
    r"""Polyak's step: as long as the gap to the minimum and the gradient say.

    .. math:: \eta_t = \min\left(\frac{f_t(\theta_t) - f^*}{\lVert g_t \rVert^2},\;
              \eta_{\max}\right)

    It is the rate after which a convex f, if it were linear, would be at its minimum. Under
    interpolation, where every sample's loss reaches :math:`f^*`, it works on mini-batches too.

    Parameters
    ----------
    minimum : float
        :math:`f^*`, the least value of the (mini-batch) loss.
    bound : float
        :math:`\eta_{\max}`, above 0; it matters where the gradient is nearly 0.

    Returns
    -------
    Rule

    Raises
    ------
    ValueError
        If ``bound`` is not above 0, or ``minimum`` not a finite number.

    Notes
    -----
    Source: Polyak (1969); for mini-batches Loizou et al. (2021), with c = 1.
    """
    minimum = require_number("minimum", minimum)
    if not (isinstance(bound, float) and bound == math.inf):
        bound = require_number("bound", bound, above=0)

    def rate(state, t, theta, grad, loss_at):
        square = np.vecdot(grad, grad)
        gap = np.maximum(loss_at(theta) - minimum, 0)
        lr = np.minimum(gap / np.where(square > 0, square, 1), bound)
        return lr[..., None], state, 1

    return Rule(_no_state, rate, _ignore_record)


def line_search(*, start=1.0, shrink=0.5, slope=0.1, trials=20):
    r"""Armijo's line search on the mini-batch: shrink the rate until the loss falls enough.

    .. math:: f_t(\theta_t - \eta g_t) \le f_t(\theta_t) - c\, \eta\, \lVert g_t \rVert^2

    Every run shrinks its own rate, from ``start``, until the condition holds or the trials are
    used up.

    Parameters
    ----------
    start : float
        The first rate of every step, above 0.
    shrink : float
        What it is multiplied by, above 0 and below 1.
    slope : float
        c, above 0 and below 1.
    trials : int
        How many rates are tried at the most.

    Returns
    -------
    Rule
        Every loss that it tries counts like a gradient of the same samples. Runs side by side
        share one count: that of the run that tries the most.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    Source: Armijo (1966); on mini-batches Vaswani et al. (2019), whose step is along the gradient:
    use it with :func:`sgdcore.optimizers.sgd`.
    """
    start = require_number("start", start, above=0)
    shrink = require_number("shrink", shrink, above=0, below=1)
    slope = require_number("slope", slope, above=0, below=1)
    trials = require_count("trials", trials)

    def rate(state, t, theta, grad, loss_at):
        square, here, looks = np.vecdot(grad, grad), loss_at(theta), 1
        lr = np.full(theta.shape[:-1], start, dtype=theta.dtype)
        for _ in range(trials):
            looks += 1
            enough = loss_at(theta - lr[..., None] * grad) <= here - slope * lr * square
            if enough.all():
                break
            # A run that has found its rate keeps it; the others go on.
            lr = np.where(enough, lr, shrink * lr)
        return lr[..., None], state, looks

    return Rule(_no_state, rate, _ignore_record)


def reduce_on_plateau(lr, *, factor=0.1, patience=10, improvement=1e-4):
    r"""Multiply the rate by a factor when the recorded loss has stopped falling.

    A record counts as better if it is below :math:`(1 - \delta)` times the best so far. After
    more than ``patience`` records in a row that are not, the rate drops, and the count begins
    anew.

    Parameters
    ----------
    lr : float or array of shape (..., 1)
        The first rate, above 0.
    factor : float
        Above 0 and below 1.
    patience : int
        Records that may pass without a better one, at least 0.
    improvement : float
        :math:`\delta`, from 0 to below 1.

    Returns
    -------
    Rule
        It looks at every record of :func:`sgdcore.train`: at its ``evaluation``, or where there is
        none at its loss.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    The form is that of PyTorch's ``ReduceLROnPlateau`` with its relative threshold.
    Differs from: PyTorch leaves the rate as it is where a drop would be of 1e-8 (its ``eps``) or
    less.
    """
    first = require_rate(lr)
    factor = require_number("factor", factor, above=0, below=1)
    patience = require_count("patience", patience, at_least=0)
    improvement = require_number("improvement", improvement, at_least=0, below=1)

    def init(runs):
        start = first[..., 0] if first.ndim else first
        return Plateau(
            np.broadcast_to(start, runs), np.full(runs, np.inf), np.zeros(runs, dtype=int)
        )

    def rate(state, t, theta, grad, loss_at):
        return state.lr[..., None].astype(theta.dtype), state, 0

    def record(state, metric):
        better = metric < (1 - improvement) * state.best
        waited = np.where(better, 0, state.waited + 1)
        drop = waited > patience
        return Plateau(
            lr=np.where(drop, factor * state.lr, state.lr),
            best=np.where(better, metric, state.best),
            waited=np.where(drop, 0, waited),
        )

    return Rule(init, rate, record, first.shape)


def _no_state(runs):
    return ()


def _ignore_record(state, metric):
    return state


def _sound(lr, t, dtype):
    """What a schedule returned at step t, as an array; a ValueError unless all are rates."""
    array = lr
    if not isinstance(lr, np.ndarray) or lr.dtype.kind != "f":
        array = require_array(f"lr at step {t}", lr, "iuf", "finite and >= 0")
    array = np.asarray(array, dtype)
    if np.count_nonzero((array >= 0) & (array < np.inf)) < array.size:
        raise ValueError(
            f"lr at step {t} must be finite and >= 0 in {array.dtype}, got {shown(lr)}"
        )
    return array
