"""The one training loop, and the one way to choose a learning rate."""

from typing import NamedTuple

import numpy as np

from sgdcore._checks import require_count
from sgdcore.data import Sampler, generators

# The loss on all the data is summed over this many samples at a time, so that recording needs
# little memory beside the data. The number may not depend on how many runs there are.
ROWS_AT_ONCE = 4096


class History(NamedTuple):
    """What :func:`train` recorded: T records of runs with leading shape ``(...)``.

    Attributes
    ----------
    step : array of shape (T,)
        Steps made before the record; 0 is the starting point.
    loss : array of shape (..., T)
        The objective on *all* the training data, not on the last mini-batch.
    lr : array of shape (..., T)
        The learning rate of the step that follows the record.
    gradient_evaluations : array of shape (T,)
        Per-sample gradients evaluated so far; without data, calls of the problem.
    evaluation : array of shape (..., T) or None
        What ``evaluate`` returned.
    theta : array of shape (..., T, P) or None
        The iterates, if asked for.
    final : array of shape (..., P)
        The last iterate.
    state : object
        The optimiser's last state.
    """

    step: np.ndarray
    loss: np.ndarray
    lr: np.ndarray
    gradient_evaluations: np.ndarray
    evaluation: np.ndarray | None
    theta: np.ndarray | None
    final: np.ndarray
    state: object


class Tuned(NamedTuple):
    """What :func:`tune` found: the best rate, and the median score of every rate of the grid."""

    lr: float
    grid: np.ndarray
    score: np.ndarray


def train(
    objective,
    theta0,
    optimizer,
    data=None,
    *,
    lr,
    batch_size=None,
    epochs=None,
    steps=None,
    seeds=0,
    sampling="permutation",
    evaluate=None,
    record_every=1,
    record_theta=False,
):
    r"""Minimise an objective, for many runs at once.

    .. math:: \theta_{t+1} = \theta_t - \eta_t\, u(g_t), \qquad
              g_t = \frac1B \sum_{i \in \text{batch } t} \nabla f_i(\theta_t)

    where u is the optimiser's. The runs are the leading axes: their shape is the broadcast of the
    leading shapes of ``theta0`` and ``lr`` and the shape of ``seeds``. Run r is, bit for bit, the
    run that it would be alone. A run that diverges records inf or nan, and the others go on.

    Parameters
    ----------
    objective : Objective or Problem
        An objective with ``data``, a problem without.
    theta0 : array of shape (..., P)
        The starting point.
    optimizer : Optimizer
        One of :mod:`sgdcore.optimizers`.
    data : pair (X, y), optional
        n samples, ``X`` of shape ``(n, d)`` and ``y`` ``(n,)``; a memory-mapped file will do.
    lr : float, array of shape (..., 1), or schedule
        The learning rate, cast to the dtype of ``theta0``.
    batch_size : int, optional
        Samples a step, B. Without it every step uses all of them, in their own order.
    epochs, steps : int
        How long: passes over the data, or steps. Give one of the two.
    seeds : int or array of int
        One a run. A run's randomness depends on its seed alone.
    sampling : {"permutation", "replacement", "once"}
        See :class:`sgdcore.data.Sampler`.
    evaluate : callable, optional
        ``theta -> (...,)``, evaluated at every record, for example the loss on validation data.
    record_every : int
        Record the start, every so many steps, and the end. A record costs a pass over the data.
    record_theta : bool
        Whether to keep the iterates of the records.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If shapes do not fit or a setting is out of its range; the message quotes them.
    """
    theta = np.asarray(theta0)
    if not np.issubdtype(theta.dtype, np.floating) or theta.ndim == 0:
        raise ValueError(f"theta0 must be floats (..., P), got {theta.dtype} of {theta.shape}")
    record_every = require_count("record_every", record_every)
    if data is None and batch_size is not None:
        raise ValueError(f"batch_size needs data, got batch_size={batch_size} and no data")
    data = _samples(data)
    steps = _number_of_steps(steps, epochs, data, batch_size)
    seeds = np.asarray(seeds)
    rate = _rate_of(lr, theta.dtype)
    leading = _leading_shape(theta, rate(0), seeds)
    theta = np.broadcast_to(theta, (*leading, theta.shape[-1])).copy()
    noise = generators(seeds, "noise")
    batches = _batches(data, batch_size, seeds, sampling)
    state = optimizer.init(theta)
    recorder = _Recorder(objective, data, evaluate, record_theta)

    with np.errstate(over="ignore", invalid="ignore"):
        evaluations = 0
        for t in range(steps):
            if t % record_every == 0:
                recorder.record(t, theta, rate(t), evaluations)
            batch = next(batches)
            _, grad = objective.value_and_grad(theta, *batch, rngs=noise)
            theta, state = optimizer.update(grad, state, theta, rate(t))
            evaluations += batch[1].shape[-1] if batch else 1
        recorder.record(steps, theta, rate(steps), evaluations)
    return recorder.history(theta, state)


def tune(run, grid, seeds):
    """Choose the learning rate with the lowest median score, the same budget for every method.

    Parameters
    ----------
    run : callable
        ``(lr, seeds) -> score``, lower is better. It gets all rates at once, ``lr`` of shape
        ``(G, 1, 1)`` and ``seeds`` of shape ``(S,)``, ready for :func:`train`, and returns the
        scores, shape ``(G, S)``. A score that is not finite counts as infinitely bad.
    grid : array of shape (G,)
        The rates to try, rising, at least three.
    seeds : sequence of int
        The seeds to try them on. Report results on other seeds.

    Returns
    -------
    Tuned

    Raises
    ------
    ValueError
        If the best rate lies at the edge of the grid, where a better one may lie outside; if no
        rate works; or if ``grid`` or the scores have a wrong shape.
    """
    grid, seeds = np.asarray(grid, dtype=float), np.asarray(seeds)
    if grid.ndim != 1 or grid.size < 3 or not (np.diff(grid) > 0).all() or not grid[0] > 0:
        raise ValueError(f"grid must be at least three rising rates above 0, got {grid}")
    if seeds.ndim != 1 or not seeds.size:
        raise ValueError(f"seeds must be a sequence of at least one seed, got {seeds}")
    scores = np.asarray(run(grid[:, None, None], seeds))
    if scores.shape != (grid.size, seeds.size):
        raise ValueError(
            f"run must return scores of shape {(grid.size, seeds.size)}, got {scores.shape}"
        )
    # The middle of an even number of scores may be a mean of two, and inf - inf is not a number.
    score = np.quantile(
        np.where(np.isfinite(scores), scores, np.inf), 0.5, axis=-1, method="inverted_cdf"
    )
    best = int(np.argmin(score))
    if not np.isfinite(score[best]):
        raise ValueError(f"no rate of the grid from {grid[0]:g} to {grid[-1]:g} works")
    if best in (0, grid.size - 1):
        raise ValueError(
            f"the best rate {grid[best]:g} lies at the edge of the grid from {grid[0]:g} to "
            f"{grid[-1]:g}: extend the grid beyond it"
        )
    return Tuned(float(grid[best]), grid, score)


class _Recorder:
    """Collects the records of a training run and stacks them at the end."""

    def __init__(self, objective, data, evaluate, record_theta):
        self.objective, self.data, self.evaluate = objective, data, evaluate
        self.record_theta = record_theta
        self.rows = []

    def record(self, step, theta, lr, evaluations):
        evaluation = np.asarray(self.evaluate(theta)) if self.evaluate else None
        if evaluation is not None and evaluation.shape != theta.shape[:-1]:
            raise ValueError(
                f"evaluate must return one number a run, shape {theta.shape[:-1]}, "
                f"got shape {evaluation.shape}"
            )
        self.rows.append(
            (
                step,
                _loss_on(self.objective, self.data, theta),
                np.broadcast_to(lr, (*theta.shape[:-1], 1))[..., 0],
                evaluations,
                evaluation,
                theta if self.record_theta else None,
            )
        )

    def history(self, final, state):
        step, loss, lr, evaluations, evaluation, theta = zip(*self.rows, strict=True)
        return History(
            step=np.array(step),
            loss=np.stack(loss, axis=-1),
            lr=np.stack(lr, axis=-1),
            gradient_evaluations=np.array(evaluations),
            evaluation=np.stack(evaluation, axis=-1) if self.evaluate else None,
            theta=np.stack(theta, axis=-2) if self.record_theta else None,
            final=final,
            state=state,
        )


def _samples(data):
    if data is None:
        return None
    try:
        X, y = data
    except (TypeError, ValueError):
        raise ValueError("data must be a pair (X, y)") from None
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim != 2 or y.ndim != 1 or len(X) != len(y) or not len(y):
        raise ValueError(f"data must be X (n, d) and y (n,), got shapes {X.shape} and {y.shape}")
    return X, y


def _number_of_steps(steps, epochs, data, batch_size):
    if (steps is None) == (epochs is None):
        raise ValueError(f"give either steps or epochs, got steps={steps} and epochs={epochs}")
    if steps is not None:
        return require_count("steps", steps)
    if data is None:
        raise ValueError(f"epochs need data, got epochs={epochs} and no data: give steps")
    n = len(data[1])
    return require_count("epochs", epochs) * -(-n // (batch_size or n))


def _rate_of(lr, dtype):
    """The learning rate as a function of the step, in the dtype of the parameters."""
    if callable(lr):
        return lambda t: np.asarray(lr(t), dtype=dtype)
    fixed = np.asarray(lr, dtype=dtype)
    if not (np.isfinite(fixed) & (fixed > 0)).all():
        raise ValueError(f"lr must be finite and > 0, got {lr!r}")
    return lambda t: fixed


def _leading_shape(theta, rate, seeds):
    if rate.ndim and rate.shape[-1] != 1:
        raise ValueError(f"lr must be a number or have shape (..., 1), got shape {rate.shape}")
    try:
        return np.broadcast_shapes(theta.shape[:-1], rate.shape[:-1], seeds.shape)
    except ValueError:
        raise ValueError(
            "the runs do not broadcast: "
            f"theta0 has shape {theta.shape}, lr {rate.shape}, seeds {seeds.shape}"
        ) from None


def _batches(data, batch_size, seeds, sampling):
    """An iterator over the arguments of ``value_and_grad``: (X, y) of a batch, or nothing."""
    if data is None:
        while True:
            yield ()
    X, y = data
    if batch_size is None:
        while True:
            yield data
    for index in Sampler(len(y), batch_size, generators(seeds, "sampling"), sampling):
        yield _rows(X, index), y.take(index)


def _rows(X, index):
    """The rows of X, copied without touching the others; ``take`` would copy a strided X whole."""
    return X.take(index, axis=0) if X.flags.c_contiguous else X[index]


def _loss_on(objective, data, theta):
    """The mean loss over all samples, summed block by block."""
    if data is None:
        return objective.value(theta)
    X, y = data
    n = len(y)
    total = 0.0
    for start in range(0, n, ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        total = total + objective.value(theta, X[rows], y[rows]) * (len(y[rows]) / n)
    return total
