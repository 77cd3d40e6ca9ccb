"""Rates that look: their conditions checked on the step they chose, and naive counters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcore import Objective, estimators, losses, models, optimizers, problems, rates, train

REGRESSION = Objective(models.linear(3), losses.squared())


@pytest.fixture
def exact(rng):
    """Samples that a line fits, so that every batch's loss can be 0."""
    X = rng.normal(size=(40, 3))
    return X, X @ np.array([1.0, -2.0, 0.5]) + 0.7


def naive_backtracking(loss, theta, grad, start, shrink, slope, trials):
    """The rate, whether it satisfies Armijo's condition, and the losses it took."""
    here, square, lr, count = loss(theta), sum(float(g) ** 2 for g in grad), start, 1
    for _ in range(trials):
        count += 1
        if loss(theta - lr * grad) <= here - slope * lr * square:
            return lr, True, count
        lr *= shrink
    return lr, False, count


def test_polyak_halves_the_distance_on_a_round_quadratic():
    # f = ½|θ|², so the rate is f / |θ|² = ½ at every step.
    start = np.array([[1.0, -2.0], [30.0, 4.0]])
    history = train(
        problems.quadratic(1.0), start, optimizers.sgd(), lr=rates.polyak(), steps=10,
    )  # fmt: skip
    np.testing.assert_allclose(history.lr, 0.5, rtol=1e-14)
    np.testing.assert_allclose(history.final, start / 2**10, rtol=1e-13)
    # One call for the gradient, one for the loss.
    assert history.gradient_evaluations.tolist() == list(range(0, 21, 2))


def test_polyak_is_its_formula_on_every_batch(exact):
    seen = []

    def spy(objective, theta, data, batch, state, rngs):
        grad, state, cost = estimators.minibatch().estimate(
            objective, theta, data, batch, state, rngs
        )
        seen.append((theta, batch.copy(), grad))
        return grad, state, cost

    estimator = estimators.Estimator(lambda objective, theta, data: (), spy)
    history = train(
        REGRESSION, np.zeros(4), optimizers.sgd(), exact,
        lr=rates.polyak(minimum=-0.02, bound=1.0), batch_size=5, steps=40, estimator=estimator,
    )  # fmt: skip
    assert 3 < (history.lr == 1.0).sum() < 38  # both cases occur
    for lr, (theta, batch, grad) in zip(history.lr, seen, strict=False):
        loss = REGRESSION.value(theta, exact[0][batch], exact[1][batch])
        expected = min((loss + 0.02) / sum(g * g for g in grad), 1.0)
        assert lr == pytest.approx(expected, rel=1e-13)


def test_polyak_interpolates_without_a_rate_to_tune(exact):
    history = train(
        REGRESSION, np.zeros(4), optimizers.sgd(), exact,
        lr=rates.polyak(bound=10.0), batch_size=2, steps=600, seeds=range(3), record_every=600,
    )  # fmt: skip
    assert (history.loss[:, -1] < 1e-20).all()


def test_polyak_rests_where_there_is_nothing_to_gain():
    problem = problems.quadratic(4.0)
    start = np.array([[0.0, 0.0], [1.0, 1.0]])
    history = train(problem, start, optimizers.sgd(), lr=rates.polyak(), steps=3)
    assert history.final[0].tolist() == [0, 0]
    # Below the minimum it was told of, a run stands still instead of climbing.
    high = train(problem, np.ones(2), optimizers.sgd(), lr=rates.polyak(minimum=9.0), steps=3)
    assert high.final.tolist() == [1, 1]
    assert high.lr.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("trials", [1, 3, 20])
def test_the_line_search_is_the_naive_backtracking(trials, rng):
    problem = problems.rosenbrock()
    settings = {"start": 1.0, "shrink": 0.6, "slope": 0.3, "trials": trials}
    rule = rates.line_search(**settings)
    thetas = rng.normal(size=(5, 2))
    grads = problem.grad(thetas)
    found, _, looks = rule.rate((), 0, thetas, grads, problem.value)
    naive = [
        naive_backtracking(problem.value, theta, grad, **settings)
        for theta, grad in zip(thetas, grads, strict=True)
    ]
    assert found.shape == (5, 1)
    np.testing.assert_allclose(found[:, 0], [lr for lr, _, _ in naive], rtol=1e-14)
    assert looks == max(count for _, _, count in naive)
    for run in range(5):
        alone, _, own = rule.rate((), 0, thetas[run], grads[run], problem.value)
        np.testing.assert_array_equal(alone, found[run])
        assert own == naive[run][2]


@pytest.mark.parametrize("batch_size", [4, None])
def test_the_line_search_holds_armijos_condition_and_counts_what_it_tries(batch_size, exact):
    shrink, slope = 0.5, 0.2
    rule = rates.line_search(start=4.0, shrink=shrink, slope=slope)
    seen = []

    def spy(state, t, theta, grad, loss_at):
        lr, state, looks = rule.rate(state, t, theta, grad, loss_at)
        square, here = grad @ grad, loss_at(theta)
        assert loss_at(theta - lr * grad) <= here - slope * lr * square
        if lr[0] < 4.0:  # the rate before would not have done
            before = lr / shrink
            assert loss_at(theta - before * grad) > here - slope * before * square
        seen.append((float(lr[0]), looks))
        return lr, state, looks

    history = train(
        REGRESSION, np.ones(4), optimizers.sgd(), exact,
        lr=rule._replace(rate=spy), batch_size=batch_size, steps=30,
    )  # fmt: skip
    assert history.lr[:-1].tolist() == [lr for lr, _ in seen]
    tried = [round(np.log2(4.0 / lr)) + 1 for lr, _ in seen]
    assert [looks for _, looks in seen] == [1 + n for n in tried]
    batch = batch_size or 40
    expected = np.cumsum([0] + [batch * (1 + looks) for _, looks in seen])
    assert history.gradient_evaluations.tolist() == expected.tolist()


def test_a_loss_counts_once_whatever_the_gradient_costs(exact):
    # SVRG evaluates two gradients of each of the 4 samples, at first 40 more; a loss is 4 samples.
    history = train(
        REGRESSION, np.ones(4), optimizers.sgd(), exact,
        lr=rates.polyak(bound=0.1), batch_size=4, steps=2, estimator=estimators.svrg(10),
    )  # fmt: skip
    assert history.gradient_evaluations.tolist() == [0, 40 + 8 + 4, 40 + 2 * (8 + 4)]


def naive_plateau(lr, metrics, factor, patience, improvement):
    """The rate after every metric, counted as PyTorch documents its ReduceLROnPlateau."""
    best, bad, made = float("inf"), 0, []
    for metric in metrics:
        if metric < best * (1 - improvement):
            best, bad = metric, 0
        else:
            bad += 1
        if bad > patience:
            lr, bad = lr * factor, 0
        made.append(lr)
    return made


@settings(max_examples=80, deadline=None)
@given(
    metrics=st.lists(
        st.lists(
            st.sampled_from([2.0, 1.99985, 1.7, 1.0, 0.99995, 0.9, 0.5, float("nan")]),
            min_size=2, max_size=2,
        ),
        min_size=1, max_size=25,
    ),
    patience=st.integers(0, 3),
    factor=st.floats(0.1, 0.9),
    improvement=st.sampled_from([0.0, 1e-4, 0.2]),
)  # fmt: skip
def test_reduce_on_plateau_is_the_naive_counter_run_by_run(metrics, patience, factor, improvement):
    rule = rates.reduce_on_plateau(
        np.array([[0.4], [0.2]]), factor=factor, patience=patience, improvement=improvement
    )
    state, theta = rule.init((2,)), np.zeros((2, 3))
    made = []
    for metric in metrics:
        state = rule.record(state, np.array(metric))
        lr, state, looks = rule.rate(state, 0, theta, theta, None)
        assert looks == 0
        made.append(lr[:, 0])
    for run, first in enumerate((0.4, 0.2)):
        own = [metric[run] for metric in metrics]
        expected = naive_plateau(first, own, factor, patience, improvement)
        np.testing.assert_allclose(np.array(made)[:, run], expected, rtol=1e-12)


def test_the_worked_case_of_pytorchs_documentation():
    # "With patience 0 the first epoch is a baseline; the rate drops after a second, worse epoch",
    # and again after every one that is no better.
    rule = rates.reduce_on_plateau(1.0, factor=0.5, patience=0)
    state, made = rule.init(()), []
    for metric in (3.0, 4.0, 3.5, 2.0):
        state = rule.record(state, np.array(metric))
        made.append(float(rule.rate(state, 0, np.zeros(2), None, None)[0][0]))
    assert made == [1.0, 0.5, 0.25, 0.25]


def test_a_plateau_looks_at_the_evaluation_or_else_at_the_loss(exact):
    def rates_of(evaluate, record_every):
        history = train(
            REGRESSION, np.zeros(4), optimizers.sgd(), exact,
            lr=rates.reduce_on_plateau(0.1, factor=0.5, patience=1),
            batch_size=5, steps=8, record_every=record_every, evaluate=evaluate,
        )  # fmt: skip
        return history.lr.tolist()

    # An evaluation that never falls: the first record is the best, the second waits, ...
    flat = rates_of(lambda theta: np.ones(theta.shape[:-1]), 1)
    assert flat == [0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125, 0.0125]
    flat = rates_of(lambda theta: np.ones(theta.shape[:-1]), 2)
    assert flat == [0.1, 0.1, 0.05, 0.05, 0.05]
    assert rates_of(None, 1) == [0.1] * 9  # the loss keeps falling


def test_rules_stay_float32(exact):
    data = tuple(part.astype(np.float32) for part in exact)
    for rule in (rates.polyak(), rates.line_search(), rates.reduce_on_plateau(0.1)):
        history = train(
            REGRESSION, np.zeros(4, dtype=np.float32), optimizers.sgd(), data,
            lr=rule, batch_size=5, steps=5, seeds=range(2),
        )  # fmt: skip
        assert history.final.dtype == history.lr.dtype == np.float32


@pytest.mark.parametrize(
    "rule",
    [
        rates.polyak(), rates.line_search(start=2.0),
        rates.reduce_on_plateau(np.array([[0.1], [0.3], [0.2]]), patience=0, factor=0.5),
    ],
)  # fmt: skip
def test_run_r_is_the_run_alone(rule, exact):
    starts = np.arange(12.0).reshape(3, 4)
    options = {"batch_size": 5, "steps": 30}
    together = train(
        REGRESSION, starts, optimizers.sgd(), exact, lr=rule, seeds=range(3), **options
    )
    if rule.shape:
        rule = rates.reduce_on_plateau(0.3, patience=0, factor=0.5)
    alone = train(REGRESSION, starts[1], optimizers.sgd(), exact, lr=rule, seeds=1, **options)
    np.testing.assert_array_equal(together.lr[1], alone.lr)
    np.testing.assert_array_equal(together.final[1], alone.final)


def test_bad_settings_are_named():
    for bad in (0, -1, np.nan):
        with pytest.raises(ValueError, match="bound must be"):
            rates.polyak(bound=bad)
        with pytest.raises(ValueError, match="start must be"):
            rates.line_search(start=bad)
        with pytest.raises(ValueError, match="trials must be"):
            rates.line_search(trials=bad)
        with pytest.raises(ValueError, match="lr must be"):
            rates.reduce_on_plateau(bad)
    for bad in (0, 1, np.nan):
        with pytest.raises(ValueError, match="shrink must be"):
            rates.line_search(shrink=bad)
        with pytest.raises(ValueError, match="slope must be"):
            rates.line_search(slope=bad)
        with pytest.raises(ValueError, match="factor must be"):
            rates.reduce_on_plateau(0.1, factor=bad)
    with pytest.raises(ValueError, match="patience must be"):
        rates.reduce_on_plateau(0.1, patience=-1)
    for bad in (-0.1, 1):
        with pytest.raises(ValueError, match="improvement must be"):
            rates.reduce_on_plateau(0.1, improvement=bad)
    with pytest.raises(ValueError, match=r"have shape \(\.\.\., 1\), got shape \(2,\)"):
        rates.reduce_on_plateau(np.array([0.1, 0.2]))
