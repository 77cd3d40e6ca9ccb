"""The training loop: exact trajectories and moments, runs alone, honest records, clear errors."""

import io
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcore import (
    Objective,
    averaging,
    data,
    estimators,
    losses,
    models,
    optimizers,
    problems,
    rates,
    schedules,
    train,
    tune,
)

REGRESSION = Objective(models.linear(3), losses.squared())


@pytest.fixture
def samples(rng):
    X = rng.normal(size=(50, 3))
    return X, X @ np.array([1.0, -2.0, 0.5]) + 0.3 * rng.normal(size=50)


def naive_sgd(X, y, order, lr, theta, mu=0.0):
    """One run of SGD on squared loss with an intercept, in loops; ``order`` lists the batches."""
    w, b = list(theta[:-1]), theta[-1]
    buffer = [0.0] * len(theta)
    for batch in order:
        grad = [0.0] * len(theta)
        for i in batch:
            residual = sum(w[j] * X[i, j] for j in range(len(w))) + b - y[i]
            for j in range(len(w)):
                grad[j] += residual * X[i, j] / len(batch)
            grad[-1] += residual / len(batch)
        buffer = [mu * v + g for v, g in zip(buffer, grad, strict=True)]
        w = [wj - lr * v for wj, v in zip(w, buffer[:-1], strict=True)]
        b -= lr * buffer[-1]
    return np.array([*w, b])


@pytest.mark.parametrize("sampling", data.SAMPLINGS)
@pytest.mark.parametrize("batch_size", [1, 3, 50])
@pytest.mark.parametrize("mu", [0.0, 0.9])
def test_training_is_the_naive_loop(sampling, batch_size, mu, samples):
    X, y = samples
    sampler = data.Sampler(50, batch_size, data.generators(7, "sampling"), sampling)
    order = [next(sampler).copy() for _ in range(60)]
    optimizer = optimizers.momentum(mu) if mu else optimizers.sgd()
    history = train(
        REGRESSION, np.zeros(4), optimizer, samples,
        lr=0.02, batch_size=batch_size, steps=60, seeds=7, sampling=sampling,
    )  # fmt: skip
    expected = naive_sgd(X, y, order, 0.02, np.zeros(4), mu)
    np.testing.assert_allclose(history.final, expected, rtol=1e-11)


@pytest.mark.parametrize("rotated", [False, True])
def test_gradient_descent_on_a_quadratic_is_a_matrix_power(rotated, rng):
    problem = problems.quadratic(30.0, 5, rng=rng if rotated else None)
    start = rng.normal(size=5)
    history = train(
        problem, start, optimizers.sgd(), lr=1.7, steps=40, record_theta=True, record_every=10
    )
    for k, theta in zip(history.step, history.theta, strict=True):
        power = np.linalg.matrix_power(np.eye(5) - 1.7 * problem.hessian, int(k))
        np.testing.assert_allclose(theta, power @ start, rtol=1e-10, atol=1e-14)


def test_sgd_follows_the_exact_recursion_of_its_second_moments():
    # For e = θ - θ*, Gaussian inputs with variances λ, B fresh samples a step:
    #   E[e_j²] ← (1 - ηλ_j)² E[e_j²] + η²/B (λ_j Σ_k λ_k E[e_k²] + λ_j² E[e_j²] + λ_j σ²)
    eigenvalues, noise, batch, lr, runs, steps = np.array([1.0, 0.2]), 0.7, 2, 0.3, 4000, 60
    problem = problems.gaussian_regression(eigenvalues, noise=noise, batch_size=batch)
    start = np.array([1.0, -1.0])
    history = train(
        problem, start, optimizers.sgd(),
        lr=lr, steps=steps, seeds=range(runs), record_theta=True, record_every=20,
    )  # fmt: skip
    moment, expected = start**2, {0: start**2}
    for t in range(1, steps + 1):
        spread = eigenvalues * (eigenvalues @ moment + noise**2) + eigenvalues**2 * moment
        moment = (1 - lr * eigenvalues) ** 2 * moment + lr**2 / batch * spread
        expected[t] = moment
    for k, step in enumerate(history.step):
        squares = history.theta[:, k] ** 2
        error = squares.std(axis=0) / np.sqrt(runs)
        assert (np.abs(squares.mean(axis=0) - expected[int(step)]) <= 4 * error).all()


@settings(max_examples=40, deadline=None)
@given(
    batch_size=st.sampled_from([None, 1, 2, 7, 8, 32, 50]),
    sampling=st.sampled_from(data.SAMPLINGS),
    momentum=st.booleans(),
    loss=st.sampled_from(["squared", "hinge", "cross-entropy"]),
    decays=st.booleans(),
    run=st.integers(0, 8),
)
def test_run_r_of_many_is_the_run_alone_bit_for_bit(
    batch_size, sampling, momentum, loss, decays, run
):
    rng = np.random.default_rng(5)
    X, labels = rng.normal(size=(50, 3)), rng.integers(3, size=50)
    chosen, y = {
        "squared": (losses.squared(), rng.normal(size=50)),
        "hinge": (losses.hinge(), np.where(labels > 1, 1.0, -1.0)),
        "cross-entropy": (losses.softmax_cross_entropy(), labels),
    }[loss]
    model = models.linear(3, outputs=3 if loss == "cross-entropy" else None)
    rates = np.geomspace(0.01, 0.1, 9)[:, None]
    starts = rng.normal(size=(9, model.size))

    def run_of(theta0, lr, seeds):
        return train(
            Objective(model, chosen), theta0,
            optimizers.momentum(0.9) if momentum else optimizers.sgd(), (X, y),
            lr=schedules.inverse_time(lr, 0.1) if decays else lr,
            batch_size=batch_size, steps=40, seeds=seeds, sampling=sampling, record_every=7,
        )  # fmt: skip

    together = run_of(starts, rates, np.arange(9))
    alone = run_of(starts[run], rates[run, 0], run)
    np.testing.assert_array_equal(together.final[run], alone.final)
    np.testing.assert_array_equal(together.loss[run], alone.loss)
    np.testing.assert_array_equal(together.lr[run], alone.lr)


def test_noisy_problems_train_run_by_run_too():
    problem = problems.gaussian_regression([1.0, 0.2], noise=1.0, batch_size=3)
    options = {"lr": 0.1, "steps": 50}
    together = train(problem, np.ones(2), optimizers.sgd(), seeds=range(6), **options)
    alone = train(problem, np.ones(2), optimizers.sgd(), seeds=4, **options)
    np.testing.assert_array_equal(together.final[4], alone.final)
    assert len(np.unique(together.final[:, 0])) == 6


def test_the_runs_are_the_broadcast_of_start_rate_and_seeds(samples):
    history = train(
        REGRESSION, np.zeros(4), optimizers.sgd(), samples,
        lr=np.full((2, 1, 1), 0.01), batch_size=5, epochs=2, seeds=range(3),
        record_theta=True, record_every=6, evaluate=lambda theta: theta[..., 0],
    )  # fmt: skip
    assert history.step.tolist() == [0, 6, 12, 18, 20]
    assert history.gradient_evaluations.tolist() == [0, 30, 60, 90, 100]
    assert history.loss.shape == history.lr.shape == history.evaluation.shape == (2, 3, 5)
    assert history.theta.shape == (2, 3, 5, 4)
    assert history.final.shape == (2, 3, 4)
    np.testing.assert_array_equal(history.theta[..., -1, :], history.final)
    np.testing.assert_array_equal(history.evaluation, history.theta[..., 0])


def test_the_recorded_loss_is_the_one_on_all_the_data(samples):
    X, y = samples
    history = train(
        REGRESSION, np.zeros(4), optimizers.sgd(), samples,
        lr=0.05, batch_size=4, epochs=1, record_theta=True,
    )  # fmt: skip
    expected = [REGRESSION.value(theta, X, y) for theta in history.theta]
    np.testing.assert_allclose(history.loss, expected, rtol=1e-13)


def test_the_loss_on_more_samples_than_fit_in_a_block_is_the_mean(rng):
    X = rng.normal(size=(10_001, 2))
    y = rng.normal(size=10_001)
    objective, theta = Objective(models.linear(2), losses.squared()), rng.normal(size=(3, 3))
    history = train(
        objective, theta, optimizers.sgd(), (X, y),
        lr=0.1, batch_size=1, steps=1, seeds=range(3),
    )  # fmt: skip
    np.testing.assert_allclose(history.loss[:, 0], objective.value(theta, X, y), rtol=1e-13)


def test_a_last_smaller_batch_counts_what_it_evaluates(samples):
    history = train(
        REGRESSION, np.zeros(4), optimizers.sgd(), samples, lr=0.1, batch_size=20, epochs=2
    )
    assert history.gradient_evaluations.tolist() == [0, 20, 40, 50, 70, 90, 100]


def test_a_schedule_sets_the_rate_of_every_step():
    problem = problems.quadratic(2.0)
    schedule = schedules.exponential(0.5, 0.9)
    history = train(problem, np.ones(2), optimizers.sgd(), lr=schedule, steps=5)
    np.testing.assert_allclose(history.lr, 0.5 * 0.9 ** np.array([0, 1, 2, 3, 4, 4]), rtol=1e-14)
    factor = np.prod(1 - 0.5 * 0.9 ** np.arange(5))
    assert history.final[1] == pytest.approx(factor, rel=1e-12)  # the eigenvalue 1


def test_a_run_that_diverges_leaves_the_others_alone(samples):
    rates = np.array([[0.05], [1e3]])
    history = train(REGRESSION, np.zeros(4), optimizers.sgd(), samples, lr=rates, steps=300)
    assert not np.isfinite(history.loss[1, -1])
    alone = train(REGRESSION, np.zeros(4), optimizers.sgd(), samples, lr=0.05, steps=300)
    np.testing.assert_array_equal(history.loss[0], alone.loss)


def test_float32_stays_float32(samples):
    X, y = (part.astype(np.float32) for part in samples)
    history = train(
        REGRESSION, np.zeros(4, dtype=np.float32), optimizers.momentum(0.9), (X, y),
        lr=schedules.constant(0.1), batch_size=5, epochs=1,
    )  # fmt: skip
    assert history.final.dtype == history.loss.dtype == np.float32


def test_inputs_stay_as_they_are(samples):
    start, copies = np.ones(4), [part.copy() for part in samples]
    train(REGRESSION, start, optimizers.sgd(), samples, lr=0.1, batch_size=5, epochs=1)
    assert start.tolist() == [1, 1, 1, 1]
    for before, after in zip(copies, samples, strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_memory_mapped_file_will_do(samples, tmp_path):
    X, y = samples
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    options = {"lr": 0.1, "batch_size": 5, "epochs": 2, "seeds": range(3)}
    from_file = train(REGRESSION, np.zeros(4), optimizers.sgd(), (mapped, y), **options)
    in_memory = train(REGRESSION, np.zeros(4), optimizers.sgd(), samples, **options)
    np.testing.assert_array_equal(from_file.final, in_memory.final)


def test_a_strided_input_is_not_copied_whole(rng):
    wide = rng.normal(size=(20_000, 4))
    y = wide[:, 3].copy()
    options = {"lr": 0.01, "batch_size": 2, "steps": 30, "record_every": 30}
    tracemalloc.start()
    strided = train(REGRESSION, np.zeros(4), optimizers.sgd(), (wide[:, :3], y), **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < wide.nbytes / 2
    whole = np.ascontiguousarray(wide[:, :3])
    packed = train(REGRESSION, np.zeros(4), optimizers.sgd(), (whole, y), **options)
    np.testing.assert_array_equal(strided.final, packed.final)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"theta0": np.zeros(4, dtype=int)}, "theta0 must be floats"),
        ({"theta0": 0.0}, "theta0 must be floats"),
        ({"theta0": np.zeros(3)}, r"theta must have shape \(\.\.\., 4\), got \(3,\)"),
        ({"lr": -0.1}, "lr must be finite and > 0, got -0.1"),
        ({"lr": np.nan}, "lr must be finite and > 0"),
        ({"lr": np.array([0.1, 0.2])}, r"shape \(\.\.\., 1\), got shape \(2,\)"),
        ({"lr": np.full((2, 1), 0.1), "seeds": range(3)}, r"lr \(2, 1\), seeds \(3,\)"),
        ({"batch_size": 51}, "at most the 50 samples, got 51"),
        ({"batch_size": 0}, "batch_size must be a whole number >= 1"),
        ({"epochs": 0}, "epochs must be a whole number >= 1"),
        ({"epochs": None}, "either steps or epochs"),
        ({"steps": 5}, "either steps or epochs"),
        ({"epochs": None, "steps": 1.5}, "steps must be a whole number"),
        ({"seeds": -1}, "seeds must be whole numbers"),
        ({"sampling": "random"}, "sampling must be one of"),
        ({"record_every": 0}, "record_every must be a whole number"),
        ({"data": np.zeros((50, 3))}, "data must be a pair"),
        ({"data": (np.zeros((50, 3)), np.zeros(49))}, r"\(50, 3\) and \(49,\)"),
        ({"data": (np.zeros((50, 3)), np.zeros((50, 1)))}, r"\(50, 3\) and \(50, 1\)"),
        ({"evaluate": lambda theta: theta}, r"one number a run, shape \(\), got shape \(4,\)"),
    ],
)
def test_bad_input_is_named(change, message, samples):
    settings = {
        "theta0": np.zeros(4), "data": samples, "lr": 0.1, "batch_size": 5, "epochs": 1,
    } | change  # fmt: skip
    with pytest.raises(ValueError, match=message):
        train(REGRESSION, settings.pop("theta0"), optimizers.sgd(), **settings)


def test_a_problem_takes_steps_and_no_batches():
    problem = problems.quadratic(2.0)
    with pytest.raises(ValueError, match="epochs need data"):
        train(problem, np.ones(2), optimizers.sgd(), lr=0.1, epochs=3)
    with pytest.raises(ValueError, match="batch_size needs data"):
        train(problem, np.ones(2), optimizers.sgd(), lr=0.1, steps=3, batch_size=2)


def race(lr, seeds):
    """Scores of the quadratic after five steps: the best rate is near 2 / (L + μ)."""
    problem = problems.quadratic(4.0)
    history = train(problem, np.ones(2), optimizers.sgd(), lr=lr, steps=5, seeds=seeds)
    return history.loss[..., -1]


def test_tune_finds_the_best_rate_of_the_grid():
    grid = np.array([0.1, 0.4, 1.6, 6.4])
    tuned = tune(race, grid, range(3))
    assert tuned.lr == 1.6
    np.testing.assert_array_equal(tuned.grid, grid)
    expected = [np.median(race(lr, np.arange(3))) for lr in grid]
    np.testing.assert_allclose(tuned.score, expected, rtol=1e-14)


def test_tune_says_when_the_grid_may_decide_a_comparison():
    losses = {0.1: 0.40, 0.3: 0.10, 0.9: 0.25, 2.7: np.inf}

    def scores(lr, seeds):
        return np.array([[losses[rate]] * len(seeds) for rate in lr[:, 0, 0]])

    tuned = tune(scores, list(losses), range(2))
    np.testing.assert_array_equal(tuned.neighbours, [0.40, 0.25])
    # The worse neighbour is .30 above the best score: smaller differences are the grid's.
    assert tuned.decides(0.2) and tuned.decides(-0.2)
    assert not tuned.decides(0.35)


def test_tune_counts_a_diverged_run_as_infinitely_bad():
    def scores(lr, seeds):
        table = np.broadcast_to((np.log(lr[:, 0]) - np.log(0.1)) ** 2, (5, 3)).copy()
        table[2] = [-np.inf, np.nan, -1]  # lowest, if nan and -inf were let through
        return table

    assert tune(scores, np.geomspace(1e-3, 10, 5), range(3)).lr == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ([0.1, 0.2, 0.4], "0.4 lies at the edge of the grid from 0.1 to 0.4"),
        ([1.6, 3.2, 6.4], "1.6 lies at the edge"),
        ([0.1, 0.2], "at least three rising rates"),
        ([0.1, 0.4, 0.2], "at least three rising rates"),
        ([0.0, 0.1, 0.2], "at least three rising rates"),
    ],
)
def test_tune_refuses_a_grid_that_cannot_show_a_best_rate(grid, message):
    with pytest.raises(ValueError, match=message):
        tune(race, grid, range(2))


def test_tune_names_what_run_got_wrong():
    with pytest.raises(ValueError, match="no rate of the grid"):
        tune(lambda lr, seeds: np.full((3, 2), np.nan), [1, 2, 3], range(2))
    with pytest.raises(ValueError, match=r"shape \(3, 2\), got \(3,\)"):
        tune(lambda lr, seeds: np.zeros(3), [1, 2, 3], range(2))
    with pytest.raises(ValueError, match="at least one seed"):
        tune(race, [0.4, 1.6, 6.4], [])


# Going on where a history ended.


def observing():
    return [averaging.polyak_ruppert(5), averaging.exponential(0.9)]


RESUMED = {
    "momentum": {"optimizer": optimizers.momentum(0.9)},
    "dampened": {"optimizer": optimizers.momentum(0.9, dampening=0.5)},
    "adam": {"optimizer": optimizers.adam()},
    "schedule-free": {"optimizer": optimizers.schedule_free()},
    "svrg": {"estimator": estimators.svrg(7)},
    "saga": {"estimator": estimators.saga()},
    "sag": {"estimator": estimators.sag()},
    "accumulate": {"estimator": estimators.accumulate(3)},
    "observers": {"observers": observing()},
    "plateau": {"lr": rates.reduce_on_plateau(0.1, patience=0, factor=0.5, improvement=0.01)},
    "line search": {"lr": rates.line_search()},
    "schedule": {"lr": schedules.cosine(0.1, 30)},
    "full batch": {"batch_size": None},
}


def assert_same_history(one, other):
    for field in ("step", "loss", "lr", "gradient_evaluations", "evaluation", "theta", "final"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field), err_msg=field)
    for seen, too in zip(one.observed, other.observed, strict=True):
        np.testing.assert_array_equal(seen, too)


@pytest.mark.parametrize("sampling", data.SAMPLINGS)
@pytest.mark.parametrize("name", RESUMED)
def test_resumed_is_uninterrupted_bit_for_bit(name, sampling, samples):
    # 12 steps end inside an epoch of 8 batches, the last of which is smaller.
    settings = {"lr": 0.05, "batch_size": 7, "seeds": range(2), "sampling": sampling}
    settings |= {"record_every": 4, "record_theta": True} | RESUMED[name]
    optimizer = settings.pop("optimizer", optimizers.sgd())
    settings["evaluate"] = lambda theta: (theta**2).sum(axis=-1)

    def run(steps, resume=None):
        return train(
            REGRESSION, np.ones(4), optimizer, samples, steps=steps, resume=resume, **settings
        )

    whole, first = run(31), run(12)
    kept = first.theta.copy(), first.final.copy()
    again = [run(19, first), run(19, first)]
    for resumed in again:
        assert_same_history(resumed, whole)
    np.testing.assert_array_equal(first.theta, kept[0])
    np.testing.assert_array_equal(first.final, kept[1])
    thrice = run(1, run(18, first))
    assert_same_history(thrice, whole)
    # Interrupted between two records, the records are still those of the whole.
    assert_same_history(run(21, run(10)), whole)


def test_a_noisy_problem_resumes_too():
    problem = problems.noisy(problems.beale(), problems.additive(0.5))
    start = np.array([1.0, 0.2])

    def run(steps, resume=None):
        options = {"lr": 0.01, "steps": steps, "seeds": range(3), "resume": resume}
        return train(problem, start, optimizers.adam(), **options)

    whole, resumed = run(30), run(18, run(12))
    np.testing.assert_array_equal(resumed.loss, whole.loss)
    np.testing.assert_array_equal(resumed.final, whole.final)


def test_epochs_go_on_where_they_ended(samples):
    options = {"lr": 0.05, "batch_size": 7, "seeds": range(2)}
    whole = train(REGRESSION, np.ones(4), optimizers.sgd(), samples, epochs=5, **options)
    first = train(REGRESSION, np.ones(4), optimizers.sgd(), samples, epochs=2, **options)
    resumed = train(
        REGRESSION, np.ones(4), optimizers.sgd(), samples, epochs=3, resume=first, **options
    )
    assert resumed.step[-1] == 5 * 8
    assert resumed.gradient_evaluations[-1] == 5 * 50
    np.testing.assert_array_equal(resumed.loss, whole.loss)


# How a step is made quick: samples fetched for several steps, shapes checked at the first.


class Own(Objective):
    """The same function, but none whose methods ``train`` knows: it is checked at every step."""


STEPS = {
    "float64": {},
    "float32": {"dtype": np.float32},
    "float32 on float64": {"theta": np.float32},
    "whole numbers": {"X": np.int16, "y": np.uint8},
    "through the origin": {"model": models.linear(3, intercept=False)},
    "penalties": {"l2": 0.1, "l1": 0.05, "mask": np.array([1.0, 1, 1, 0])},
    "absolute": {"loss": losses.absolute()},
    "huber": {"loss": losses.huber(0.5)},
    "logistic": {"loss": losses.logistic(), "y": np.sign},
    "hinge": {"loss": losses.hinge(), "y": np.sign},
    "network": {"model": models.mlp((3, 4, None))},
    "classes": {
        "model": models.softmax_regression(3, 3),
        "loss": losses.softmax_cross_entropy(),
        "y": lambda y: (y > 0).astype(int) + (y > 1),
    },
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("batch_size", [1, 7, None])
@pytest.mark.parametrize("seeds", [0, [0, 1, 2]])
def test_a_quick_step_is_a_checked_step_bit_for_bit(name, batch_size, seeds, samples):
    options = dict(STEPS[name])
    model, loss = options.pop("model", models.linear(3)), options.pop("loss", losses.squared())
    dtype = options.pop("dtype", float)
    X, y = (array.astype(dtype) for array in samples)
    X, y = options.pop("X", np.array)(3 * X), options.pop("y", np.array)(3 * y)
    start = model.init(np.random.default_rng(0)).astype(options.pop("theta", dtype))
    plain = estimators.Estimator(*estimators.minibatch()[:2])  # one step after the other
    settings = {"lr": 0.02, "batch_size": batch_size, "steps": 60, "seeds": seeds}
    settings |= {"record_theta": True, "record_every": 7}
    quick, own, one_by_one = (
        train(kind(model, loss, **options), start, optimizers.sgd(), (X, y), **settings, **more)
        for kind, more in ((Objective, {}), (Own, {}), (Own, {"estimator": plain}))
    )
    for other in (own, one_by_one):
        assert_same_history(quick, other)
    assert quick.final.dtype == own.final.dtype == start.dtype


def test_samples_are_fetched_for_many_steps_or_one_with_the_same_result(samples, monkeypatch):
    loop = sys.modules["sgdcore.train"]
    options = {"lr": 0.05, "batch_size": 7, "epochs": 3, "seeds": [0, 1], "record_theta": True}
    histories, fetched = [], []
    take = loop.take
    monkeypatch.setattr(loop, "take", lambda *what: fetched.append(what[1]) or take(*what))
    for numbers in (1, 43 * 8, 2**14):
        monkeypatch.setattr(loop, "FETCHED_AT_ONCE", numbers)
        histories.append(train(REGRESSION, np.ones(4), optimizers.sgd(), samples, **options))
    for history in histories[1:]:
        assert_same_history(history, histories[0])
    # 43 numbers a step and one more: at once are eight steps, or as many as an epoch has.
    assert [batches.shape for batches in fetched] == 2 * 3 * [(7, 2, 7), (1, 2, 1)]


def test_a_shape_that_an_optimiser_changes_is_still_named(samples):
    def update(grad, state, theta, lr):
        return (theta - lr * grad if state < 5 else theta[:3]), state + 1

    late = optimizers.Optimizer(lambda theta: 0, update)
    options = {"lr": 0.05, "batch_size": 2, "steps": 20, "record_every": 9}
    with pytest.raises(ValueError, match=r"theta must have shape \(\.\.\., 4\), got \(3,\)"):
        train(REGRESSION, np.ones(4), late, samples, **options)


def test_a_dtype_that_an_optimiser_changes_is_still_that_of_the_steps(samples):
    def update(grad, state, theta, lr):
        return (theta - lr * grad).astype(np.float32), state

    small = optimizers.Optimizer(lambda theta: (), update)
    options = {"lr": 0.05, "batch_size": 2, "steps": 20, "record_theta": True}
    quick, own = (
        train(kind(models.linear(3), losses.squared()), np.ones(4), small, samples, **options)
        for kind in (Objective, Own)
    )
    assert_same_history(quick, own)


def test_what_a_class_of_the_users_own_computes_counts_at_every_step(samples):
    class Doubled(models.Linear):
        def forward(self, theta, X, *, rngs=None):
            prediction, cache = super().forward(theta, X)
            return 2 * prediction, cache

        def backward(self, theta, cache, grad):
            return super().backward(theta, cache, 2 * grad)

    class Turned(Objective):
        def grad(self, theta, X, y, *, rngs=None):
            return -super().grad(theta, X, y)

    def run(objective):
        options = {"lr": 0.01, "batch_size": 2, "steps": 9}
        return train(objective, np.zeros(4), optimizers.sgd(), samples, **options)

    loss = losses.squared()
    cubed = losses.Loss(loss.value, lambda prediction, target: loss.grad(prediction, target) ** 3)
    for parts in ((Doubled(3, None, True), loss), (models.linear(3), cubed)):
        assert_same_history(run(Objective(*parts)), run(Own(*parts)))
        assert not np.array_equal(run(Objective(*parts)).final, run(REGRESSION).final)
    assert (np.diff(run(Turned(models.linear(3), loss)).loss) > 0).mean() > 0.5


# What a record does, and what it does not.


@pytest.mark.parametrize("every", [2, 7, 100])
def test_recording_seldom_does_not_change_the_trajectory(every, samples):
    options = {
        "lr": schedules.power(0.1, 0.5), "batch_size": 7, "steps": 30, "seeds": range(2),
        "record_theta": True, "estimator": estimators.saga(),
    }  # fmt: skip
    often = train(REGRESSION, np.ones(4), optimizers.adam(), samples, **options)
    seldom = train(
        REGRESSION, np.ones(4), optimizers.adam(), samples, record_every=every, **options
    )
    assert seldom.step.tolist() == sorted({*range(0, 30, every), 30})
    np.testing.assert_array_equal(seldom.theta, often.theta[:, seldom.step])
    np.testing.assert_array_equal(seldom.loss, often.loss[:, seldom.step])
    np.testing.assert_array_equal(seldom.lr, often.lr[:, np.minimum(seldom.step, 29)])
    expected = often.gradient_evaluations[seldom.step]
    np.testing.assert_array_equal(seldom.gradient_evaluations, expected)


def test_every_epoch_visits_every_sample_once(samples):
    seen = []

    def spy(objective, theta, data, batch, state, rngs):
        seen.append(batch.copy())
        return estimators.minibatch().estimate(objective, theta, data, batch, state, rngs)

    for sampling in ("permutation", "once"):
        seen.clear()
        train(
            REGRESSION, np.ones(4), optimizers.sgd(), samples, lr=0.05, batch_size=7, epochs=3,
            seeds=range(2), sampling=sampling,
            estimator=estimators.Estimator(lambda objective, theta, data: (), spy),
        )  # fmt: skip
        epochs = [np.concatenate(seen[k : k + 8], axis=-1) for k in (0, 8, 16)]
        for order in epochs:
            assert np.sort(order, axis=-1).tolist() == [list(range(50))] * 2
            assert order[0].tolist() != order[1].tolist()
        assert (epochs[0].tolist() == epochs[1].tolist()) == (sampling == "once")


def test_evaluate_sees_the_iterates(samples):
    history = train(
        REGRESSION, np.ones(4), optimizers.sgd(), samples, lr=0.05, batch_size=7, steps=9,
        seeds=range(2), record_every=3, record_theta=True,
        evaluate=lambda theta: np.abs(theta).max(axis=-1),
    )  # fmt: skip
    np.testing.assert_array_equal(history.evaluation, np.abs(history.theta).max(axis=-1))


# Progress and divergence.


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_silent_where_there_is_no_terminal(samples, capsys, monkeypatch):
    def run(progress):
        options = {"lr": 0.05, "batch_size": 7, "steps": 30, "progress": progress}
        return train(REGRESSION, np.ones(4), optimizers.sgd(), samples, **options)

    quiet = run(True)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr", Terminal())
    shown = run(True)
    assert "30/30" in sys.stderr.getvalue()
    np.testing.assert_array_equal(shown.loss, quiet.loss)
    monkeypatch.setattr("sys.stderr", Terminal())
    run(False)
    assert sys.stderr.getvalue() == ""


def diverging(lr, **options):
    """Gradient descent on x²/2 and y²/8: x grows by 1 - lr, past 1e308."""
    problem = problems.quadratic(4.0)
    return train(problem, np.ones(2), optimizers.sgd(), lr=lr, **options)


def test_nothing_is_said_when_no_run_diverged(capsys):
    diverging(np.array([[0.5], [1.9]]), steps=50)
    assert capsys.readouterr() == ("", "")


def test_one_line_says_which_runs_diverged_when_and_at_which_rate(capsys):
    history = diverging(np.array([[0.5], [101.0], [1.0], [11.0]]), steps=400)
    assert history.diverged.tolist() == [False, True, False, True]
    out, err = capsys.readouterr()
    assert out == ""
    # The loss is ½ 100^2t + …, beyond 1e308 from t = 78 on; 10^2t at t = 155.
    assert err == "diverged: run 1 by step 78 (lr 101); run 3 by step 155 (lr 11)\n"
    diverging(np.array([[0.5], [101.0]]), steps=400, record_every=50)
    assert capsys.readouterr().err == "diverged: run 1 by step 100 (lr 101)\n"


def test_a_single_run_that_diverged_is_said_to_have(capsys):
    history = diverging(101.0, steps=400)
    assert history.diverged
    assert history.diverged.shape == ()
    assert capsys.readouterr().err == "diverged: by step 78 (lr 101)\n"


def test_many_diverged_runs_still_make_one_line(capsys):
    rates_of = np.full((2, 1, 1), 101.0) + np.zeros((2, 3, 1))
    history = diverging(rates_of, steps=400)
    assert history.diverged.all()
    err = capsys.readouterr().err
    assert err.startswith("diverged: run 0, 0 by step 78 (lr 101); run 0, 1 by step 78 (lr 101); ")
    assert err.endswith("run 0, 2 by step 78 (lr 101) and 3 more\n")
    assert err.count("\n") == 1


def test_a_rate_of_each_run_is_recorded(samples):
    lr = schedules.inverse_time(np.array([[0.1], [0.2]]), 0.5)
    history = train(
        REGRESSION, np.ones(4), optimizers.sgd(), samples, lr=lr, batch_size=7, steps=4
    )
    expected = [[r / (1 + 0.5 * t) for t in (0, 1, 2, 3, 3)] for r in (0.1, 0.2)]
    np.testing.assert_allclose(history.lr, expected, rtol=1e-14)


def test_tune_does_not_report_the_rates_that_diverge(capsys):
    tune(race, [0.4, 1.6, 1e200], range(2))
    assert capsys.readouterr().err == ""
    race(np.array([[[1e200]]]), np.arange(2))
    assert capsys.readouterr().err.startswith("diverged: ")
