"""The one training loop, and the one way to choose a learning rate."""

import contextlib
import copy
import itertools
import sys
import zlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import NamedTuple

import numpy as np

from sgdcore._checks import (
    require_array,
    require_choice,
    require_count,
    require_finite,
    require_flag,
    require_floats,
    require_instance,
    require_number,
    shown,
)
from sgdcore.averaging import Observer
from sgdcore.data import SAMPLINGS, Sampler, generators
from sgdcore.estimators import Estimator, count, minibatch, take
from sgdcore.objectives import Objective, stepping
from sgdcore.optimizers import Optimizer
from sgdcore.problems import Problem
from sgdcore.rates import Rule, fixed, scheduled

# The loss on all the data is summed over this many samples at a time, so that recording needs
# little memory beside the data. The number may not depend on how many runs there are.
ROWS_AT_ONCE = 2048
# Steps that take few numbers are fetched together, about so many numbers at once. Where that makes
# fewer steps than this, nothing was gained when it was measured.
FETCHED_AT_ONCE = 2**14
STEPS_AT_ONCE = 8
# Whether a run that is resumed has its old data is told by about so many samples, spread evenly: a
# checksum of all would cost more than a run of one step.
ROWS_COMPARED = 100


# Whether a run that diverges is news. In a search for the best rate it is an answer like any other.
_REPORTING = ContextVar("reporting", default=True)


class History(NamedTuple):
    """What :func:`train` recorded: T records of runs with leading shape ``(...)``.

    Attributes
    ----------
    step : array of shape (T,)
        Steps made before the record; 0 is the starting point.
    loss : array of shape (..., T)
        The objective on *all* the training data, not on the last mini-batch.
    lr : array of shape (..., T)
        The learning rate of the step that follows the record; of the last one, of the step before.
    gradient_evaluations : array of shape (T,)
        Per-sample gradients evaluated so far; without data, calls of the problem.
    evaluation : array of shape (..., T) or None
        What ``evaluate`` returned.
    theta : array of shape (..., T, P) or None
        The iterates, if asked for.
    observed : tuple of arrays of shape (..., T, P)
        What each observer read.
    final : array of shape (..., P)
        The last iterate.
    state : State
        All that is needed to go on: pass the history as ``resume``.
    """

    step: np.ndarray
    loss: np.ndarray
    lr: np.ndarray
    gradient_evaluations: np.ndarray
    evaluation: np.ndarray | None
    theta: np.ndarray | None
    observed: tuple
    final: np.ndarray
    state: object

    @property
    def diverged(self):
        """Runs whose last iterate is not finite, a boolean array of shape ``(...)``."""
        return ~np.isfinite(self.final).all(axis=-1)


class State(NamedTuple):
    """Where a training run stands: its iterate, and the states of all that takes part."""

    step: int
    evaluations: int
    theta: np.ndarray
    optimizer: object
    estimator: object
    observers: tuple
    rule: object
    sampler: Sampler | None
    noise: np.ndarray
    settings: dict
    makers: dict


class Tuned(NamedTuple):
    """What :func:`tune` found: the best rate, and the median score of every rate of the grid.

    The rates beside the best one tell how much the grid itself decides. Ask
    :meth:`decides` before you say that one method beats another.
    """

    lr: float
    grid: np.ndarray
    score: np.ndarray

    @property
    def neighbours(self):
        """The scores at the rate below the best one and at the rate above it."""
        best = int(np.argmin(self.score))
        return self.score[[best - 1, best + 1]]

    def decides(self, difference):
        """Whether the grid, not the method, may decide a ``difference`` between two methods.

        True where the score of a neighbour of the best rate differs by more than that from the
        best score: the true best rate may lie in between, and a finer grid may turn the result.
        ``difference`` is in the units of the score.
        """
        difference = abs(require_number("difference", difference))
        return bool((self.neighbours - self.score.min()).max() > difference)


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
    estimator=None,
    observers=(),
    evaluate=None,
    record_every=1,
    record_theta=False,
    progress=False,
    resume=None,
):
    r"""Minimise an objective, for many runs at once.

    .. math:: \theta_{t+1} = \theta_t - \eta_t\, u(g_t), \qquad
              g_t = \frac1B \sum_{i \in S_t} \nabla f_i(\theta_t)

    where u is the optimiser's, and the sum another estimator's if one is given. The runs are the
    leading axes: their shape is the broadcast of the leading shapes of ``theta0`` and ``lr`` and
    the shape of ``seeds``. Run r is, bit for bit, the run that it would be alone. A run that
    diverges records inf or nan, the others go on, and one line on standard error says so at the
    end. So it does for a run that never moved, since its steps are too small for the dtype.

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
    lr : float, array of shape (..., 1), schedule, or rule of :mod:`sgdcore.rates`
        The learning rate, cast to the dtype of ``theta0``.
    batch_size : int, optional
        Samples a step, B. Without it every step uses all of them, in their own order.
    epochs, steps : int
        How long: passes over the data, or steps. Give one of the two.
    seeds : int or array of int
        One a run. A run's randomness depends on its seed alone.
    sampling : {"permutation", "replacement", "once", "given"}
        See :class:`sgdcore.data.Sampler`.
    estimator : Estimator, optional
        One of :mod:`sgdcore.estimators`; the mini-batch's mean gradient if not given.
    observers : sequence of Observer
        Of :mod:`sgdcore.averaging`.
    evaluate : callable, optional
        ``theta -> (...,)``, evaluated at every record, for example the loss on validation data.
    record_every : int
        Record the start, every so many steps, and the end. A record costs a pass over the data.
    record_theta : bool
        Whether to keep the iterates of the records.
    progress : bool
        Whether to show a progress bar on standard error, if that is a terminal.
    resume : History, optional
        Go on where this one ended, for ``epochs`` or ``steps`` more, with the same data, batch
        size, sampling, ``theta0`` and ``seeds``. The rate and the optimiser's settings may change,
        the kinds of optimiser, rate, estimator and observers may not. The result has its records
        too.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If shapes do not fit or a setting is out of its range; the message quotes them.
    """
    require_instance("optimizer", optimizer, Optimizer, "optimizers.sgd()")
    _require_task(objective, data)
    estimator = minibatch() if estimator is None else estimator
    require_instance("estimator", estimator, Estimator, "estimators.minibatch()")
    if isinstance(observers, Observer) or callable(observers):
        raise ValueError("observers must be a list, such as [averaging.polyak_ruppert()]")
    require_instance("observers", observers, list | tuple, "[averaging.polyak_ruppert()]")
    for observer in observers:
        require_instance("an observer", observer, Observer, "averaging.polyak_ruppert()")
    if evaluate is not None:
        require_instance("evaluate", evaluate, Callable, "lambda theta: loss(theta)")
    if resume is not None:
        require_instance("resume", resume, History, "the history that train returned")
    theta0 = require_array("theta0", theta0, "f", "floats (..., P)")
    if theta0.ndim == 0:
        raise ValueError(f"theta0 must be floats (..., P), got {theta0.dtype} of {theta0.shape}")
    require_finite("theta0", theta0)
    require_choice("sampling", sampling, SAMPLINGS)
    record_every = require_count("record_every", record_every)
    record_theta = require_flag("record_theta", record_theta)
    progress = require_flag("progress", progress)
    if data is None and batch_size is not None:
        raise ValueError(f"batch_size needs data, got batch_size={shown(batch_size)} and no data")
    data = _samples(data)
    batch_size = None if batch_size is None else require_count("batch_size", batch_size)
    steps = _number_of_steps(steps, epochs, data, batch_size)
    rule = _rule_of(lr, theta0.dtype)
    seeds = require_array("seeds", seeds, "iu", "whole numbers >= 0")
    theta = _spread(theta0, rule, seeds)
    state = State(
        step=0,
        evaluations=0,
        theta=theta,
        optimizer=optimizer.init(theta),
        estimator=estimator.init(objective, theta, data),
        observers=tuple(observer.init(theta.copy()) for observer in observers),
        rule=rule.init(theta.shape[:-1]),
        sampler=_sampler(data, batch_size, seeds, sampling),
        noise=generators(seeds, "noise"),
        settings=_settings(theta0, data, batch_size, seeds, sampling),
        makers={
            "optimizer": _maker(optimizer.update),
            "estimator": _maker(estimator.estimate),
            "observers": tuple(_maker(observer.update) for observer in observers),
            "rule": _maker(rule.rate),
        },
    )
    if resume is not None:
        _require_same(resume.state, state)
        state = copy.deepcopy(resume.state)  # so that a history can be resumed twice
    recorder = _Recorder(objective, data, evaluate, record_theta, observers, resume)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        state, still = _loop(
            objective, optimizer, data, rule, estimator, observers, state, steps, record_every,
            recorder, progress,
        )  # fmt: skip
    history = recorder.history(state)
    _report(history, data, still)
    return history


def _loop(
    objective, optimizer, data, rule, estimator, observers, state, steps, record_every,
    recorder, progress,
):  # fmt: skip
    """Make the steps and the records; return the state after them, and which runs stand still."""
    first, evaluations, theta, moved, estimated, observed, ruled, sampler, noise, *same = state
    rate = None
    served = _served(data, sampler, steps, estimator.batch_only)
    # The first step checks shapes and dtypes for all that find them as they were.
    start, sound, task = theta, objective, objective
    if estimator.batch_only and data is not None:
        sound = stepping(objective, theta, *data)

    def loss_at(point):
        return objective.value(point, *take(samples, batch))

    for t in _with_progress(range(first, first + steps), progress):
        if t % record_every == 0:
            ruled = rule.record(ruled, recorder.record(t, evaluations, theta, observed))
        samples, batch = next(served)
        grad, estimated, cost = estimator.estimate(task, theta, samples, batch, estimated, noise)
        rate, ruled, looks = rule.rate(ruled, t, theta, grad, loss_at)
        if t % record_every == 0:
            recorder.rate(rate)
        before, memory = theta, moved
        theta, moved = optimizer.update(grad, memory, before, rate)
        task = sound if _alike(theta, start) else objective
        evaluations += cost
        if looks:
            evaluations += looks * count(take(samples, batch))
        if observers:
            watched = theta.view()
            watched.flags.writeable = False
            observed = tuple(
                observer.update(seen, watched)
                for observer, seen in zip(observers, observed, strict=True)
            )
    t = first + steps
    recorder.record(t, evaluations, theta, observed)
    recorder.rate(rate)
    state = State(t, evaluations, theta, moved, estimated, observed, ruled, sampler, noise, *same)
    # Many runs end where the last step did not move: where they cannot get nearer to the minimum.
    still = (theta == before).all(axis=-1)
    if np.count_nonzero(still):
        still = still & (theta == state.settings["theta0"]).all(axis=-1)
    if np.count_nonzero(still):
        still = still & _could_move(optimizer, grad, memory, theta)
    return state, still


def _alike(one, other):
    """Whether two arrays are of one kind; a step of a user's optimiser may change it."""
    return type(one) is type(other) and one.shape == other.shape and one.dtype == other.dtype


def _served(data, sampler, steps, batch_only):
    """For every step the samples and, of those, the batch's indices, or None for all of them."""
    if sampler is None:
        return itertools.repeat((data, None))
    at_once = FETCHED_AT_ONCE // (1 + sampler.rngs.size * sampler.batch_size * data[0].shape[-1])
    if not batch_only or at_once < STEPS_AT_ONCE:
        return ((data, batch) for batch in sampler)
    return ((samples, None) for samples in _fetched(data, sampler, steps, at_once))


def _fetched(data, sampler, steps, at_once):
    """The samples of one step after the other, fetched for so many steps at once."""
    while steps:
        batches = sampler.ahead(min(steps, at_once))
        steps -= len(batches)
        yield from zip(*take(data, batches), strict=True)


def _could_move(optimizer, grad, memory, theta):
    """The runs that a far larger rate would move: it was no minimum that kept them.

    Gradients of the size of rounding errors do not count, nor does rounding in a projection.
    """
    small = np.finfo(theta.dtype).eps ** 0.5
    far, _ = optimizer.update(grad, memory, theta, theta.dtype.type(1 / small**2))
    moved = ~np.isclose(far, theta, rtol=small, atol=0).all(axis=-1)
    return moved & (np.abs(grad).max(axis=-1) > small)


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
    require_instance("run", run, Callable, "a function (lr, seeds) -> scores")
    grid = require_floats("grid", grid).astype(float)
    seeds = require_array("seeds", seeds, "iuf", "whole numbers >= 0")
    if grid.ndim != 1 or grid.size < 3 or not (np.diff(grid) > 0).all() or not grid[0] > 0:
        raise ValueError(f"grid must be at least three rising rates above 0, got {shown(grid)}")
    if seeds.ndim != 1 or not seeds.size or seeds.dtype.kind == "f":
        raise ValueError(f"seeds must be a sequence of at least one seed, got {shown(seeds)}")
    with _divergence_expected():
        scores = run(grid[:, None, None], seeds)
    scores = require_floats("the scores that run returns", scores)
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

    def __init__(self, objective, data, evaluate, record_theta, observers, earlier):
        self.objective, self.data, self.evaluate = objective, data, evaluate
        self.record_theta, self.observers, self.earlier = record_theta, observers, earlier
        self.rows, self.rates = [], []

    def record(self, step, evaluations, theta, observed):
        """Add a record, and return what a rule may look at."""
        runs = theta.shape[:-1]
        evaluation = None
        loss = _one_a_run("the objective", _loss_on(self.objective, self.data, theta), runs)
        if self.evaluate:
            evaluation = _one_a_run("evaluate", self.evaluate(theta.copy()), runs)
        # What is recorded is copied: a function may write what it returns into one array, or
        # change what it was given.
        self.rows.append(
            (
                step,
                loss,
                evaluations,
                evaluation,
                theta.copy() if self.record_theta else None,
                tuple(
                    np.array(observer.read(seen))
                    for observer, seen in zip(self.observers, observed, strict=True)
                ),
            )
        )
        return loss if evaluation is None else evaluation

    def rate(self, rate):
        """Add the rate of the step that follows the last record."""
        rate = np.asarray(rate)
        row = np.empty(self.rows[-1][1].shape, rate.dtype)
        row[..., None] = rate
        self.rates.append(row)

    def history(self, state):
        """All records, after those of the run that was resumed."""
        step, loss, evaluations, evaluation, theta, observed = zip(*self.rows, strict=True)
        new = History(
            step=np.array(step),
            loss=np.stack(loss, axis=-1),
            lr=np.stack(self.rates, axis=-1),
            gradient_evaluations=np.array(evaluations),
            evaluation=np.stack(evaluation, axis=-1) if self.evaluate else None,
            theta=np.stack(theta, axis=-2) if self.record_theta else None,
            observed=tuple(np.stack(each, axis=-2) for each in zip(*observed, strict=True)),
            final=state.theta.copy(),
            state=state,
        )
        return new if self.earlier is None else _joined(self.earlier, new)


def _joined(old, new):
    """Two histories as one. The old one's last record is the new one's first."""

    def join(before, after, axis):
        if before is None or after is None:
            return None
        kept = before.take(range(before.shape[axis] - 1), axis=axis)
        return np.concatenate([kept, after], axis=axis)

    return new._replace(
        step=join(old.step, new.step, -1),
        loss=join(old.loss, new.loss, -1),
        lr=join(old.lr, new.lr, -1),
        gradient_evaluations=join(old.gradient_evaluations, new.gradient_evaluations, -1),
        evaluation=join(old.evaluation, new.evaluation, -1),
        theta=join(old.theta, new.theta, -2),
        observed=tuple(join(a, b, -2) for a, b in zip(old.observed, new.observed, strict=True)),
    )


@contextlib.contextmanager
def _divergence_expected():
    token = _REPORTING.set(False)
    try:
        yield
    finally:
        _REPORTING.reset(token)


def _report(history, data, still):
    """One line on standard error that says which runs have diverged, when, and at which rate.

    Where the data are not finite, it is they that are named: no rate could help. A second line says
    which runs never moved.
    """
    if not _REPORTING.get():
        return
    if np.count_nonzero(still):
        last = np.full(still.shape, len(history.step) - 1)
        print(
            f"stood still: {_runs(history, still, last)}, every step too small for "
            f"{history.final.dtype}",
            file=sys.stderr,
        )
    lost = history.diverged
    if not np.count_nonzero(lost):
        return
    for name, values in zip("Xy", data or (), strict=False):
        bad = ~np.isfinite(values)
        if bad.any():
            where = tuple(map(int, np.argwhere(bad)[0]))
            print(f"diverged: {name} holds {values[where]} at index {where}", file=sys.stderr)
            return
    bad = ~np.isfinite(history.loss)
    records = np.where(bad.any(axis=-1), bad.argmax(axis=-1), bad.shape[-1] - 1)
    print(f"diverged: {_runs(history, lost, records)}", file=sys.stderr)


def _runs(history, chosen, records):
    """Three of the chosen runs, each with the step and the rate of its record."""
    runs = [
        f"{'run ' + ', '.join(map(str, where)) + ' ' if where else ''}by step "
        f"{history.step[records[where]]} (lr {history.lr[where][0]:.3g})"
        for where in map(tuple, np.argwhere(chosen))
    ]
    more = f" and {len(runs) - 3} more" if len(runs) > 3 else ""
    return "; ".join(runs[:3]) + more


def _with_progress(steps, progress):
    if not (progress and sys.stderr.isatty()):
        return steps
    from tqdm import tqdm

    return tqdm(steps, unit="step")


def _samples(data):
    if data is None:
        return None
    try:
        X, y = data
    except (TypeError, ValueError):
        raise ValueError("data must be a pair (X, y)") from None
    X = require_array("X of data", X, "biuf", "real numbers")
    y = require_array("y of data", y, "biuf", "real numbers")
    if X.ndim != 2 or y.ndim != 1 or len(X) != len(y) or not len(y):
        raise ValueError(f"data must be X (n, d) and y (n,), got shapes {X.shape} and {y.shape}")
    return X, y


def _number_of_steps(steps, epochs, data, batch_size):
    if (steps is None) == (epochs is None):
        raise ValueError(
            "give either steps or epochs, "
            f"got steps={shown(steps)} and epochs={shown(epochs)}"
        )
    if steps is not None:
        return require_count("steps", steps)
    if data is None:
        raise ValueError(f"epochs need data, got epochs={shown(epochs)} and no data: give steps")
    n = len(data[1])
    return require_count("epochs", epochs) * -(-n // (batch_size or n))


def _rule_of(lr, dtype):
    """The learning rate as a rule, in the dtype of the parameters."""
    if isinstance(lr, Rule):
        return lr
    return scheduled(lr) if callable(lr) else fixed(lr, dtype)


def _require_task(objective, data):
    """An objective is a function of parameters and data, a problem of the parameters alone."""
    for method in ("value", "value_and_grad"):
        uncalled = objective in (Objective, Problem)
        if uncalled or not callable(getattr(objective, method, None)):
            require_instance("objective", objective, Objective, "Objective(model, loss)")
    if isinstance(objective, Objective) and data is None:
        raise ValueError("an objective needs data: pass the pair (X, y) as data")
    if isinstance(objective, Problem) and data is not None:
        raise ValueError("a problem has no data: leave data out")


def _settings(theta0, data, batch_size, seeds, sampling):
    """What a run that is resumed must have been begun with, in a form that can be compared."""
    return {
        "theta0": theta0.copy(),
        "data": _fingerprint(data),
        "batch_size": batch_size,
        "seeds": seeds.tolist(),
        "sampling": sampling,
    }


def _fingerprint(data):
    """The shapes of the data, and a checksum of some of the samples."""
    if data is None:
        return None
    X, y = data
    some = slice(None, None, -(-len(y) // ROWS_COMPARED))
    return X.shape, y.shape, zlib.crc32(y[some].tobytes(), zlib.crc32(X[some].tobytes()))


def _maker(function):
    """The name of the function that made this one, of an optimiser in wrappers the inmost."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return getattr(function, "__qualname__", type(function).__name__).partition(".")[0]


def _require_same(old, new):
    """Raise a ValueError unless a run that ended in the state ``old`` can go on as this one."""
    for name, before in old.settings.items():
        now = new.settings[name]
        same = before == now
        if isinstance(before, np.ndarray):
            same = before.dtype == now.dtype and np.array_equal(before, now)
        if not same:
            raise ValueError(
                f"resume goes on with the {name} it began with: "
                f"that was {shown(before)}, now it is {shown(now)}"
            )
    for name in old.makers:
        before, now = (
            (state.makers[name], _form(getattr(state, name))) for state in (old, new)
        )
        # Without a state there is nothing to misread: another kind may take over.
        if before != now and not before[1] == now[1] == _form(()):
            raise ValueError(
                f"resume must go on with the kind of {name} it began with: that was "
                f"{before[0]} with the state {before[1]}, now it is {now[0]} with {now[1]}"
            )


def _one_a_run(name, values, runs):
    """A copy of what a function returned; a ValueError unless it is one number a run."""
    expected = f"one number a run, shape {runs}"
    array = require_array(f"what {name} returns", values, "biuf", expected)
    if array.shape != runs:
        raise ValueError(f"what {name} returns must be {expected}, got shape {array.shape}")
    return array.copy()


def _form(state):
    """The kinds and the shapes of a state, without its numbers."""
    if isinstance(state, np.ndarray):
        return f"array {state.shape}"
    if isinstance(state, tuple):
        return f"{type(state).__name__}({', '.join(map(_form, state))})"
    return type(state).__name__


def _spread(theta, rule, seeds):
    """The starting point of every run."""
    rate = rule.shape
    if rate and rate[-1] != 1:
        raise ValueError(f"lr must be a number or have shape (..., 1), got shape {rate}")
    try:
        leading = np.broadcast_shapes(theta.shape[:-1], rate[:-1], seeds.shape)
    except ValueError:
        raise ValueError(
            "the runs do not broadcast: "
            f"theta0 has shape {theta.shape}, lr {rate}, seeds {seeds.shape}"
        ) from None
    if 0 in leading:
        raise ValueError(f"there must be at least one run, got runs of shape {leading}")
    start = np.empty((*leading, theta.shape[-1]), theta.dtype)
    start[...] = theta
    return start


def _sampler(data, batch_size, seeds, sampling):
    if data is None or batch_size is None:
        return None
    return Sampler(len(data[1]), batch_size, generators(seeds, "sampling"), sampling)


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
