"""The training loop: exact trajectories and moments, runs alone, honest records, clear errors."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcore import (
    Objective,
    data,
    losses,
    models,
    optimizers,
    problems,
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
    np.testing.assert_allclose(history.lr, 0.5 * 0.9 ** np.arange(6), rtol=1e-14)
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
