"""What people type by mistake: each slip gets one sentence that says what was expected."""

import numpy as np
import pytest

from sgdcore import (
    Objective,
    averaging,
    data,
    estimators,
    layers,
    losses,
    models,
    newton,
    objectives,
    optimizers,
    problems,
    schedules,
    train,
)

X = np.linspace(-1, 1, 12).reshape(6, 2)
Y = X @ [1.0, 2.0]
LINE = Objective(models.linear(2), losses.squared())
BOWL = problems.quadratic(10)


def run(objective=LINE, theta0=(0.0, 0.0, 0.0), optimizer=None, samples=(X, Y), **changes):
    settings = {"lr": 0.1, "steps": 3} | changes
    optimizer = optimizers.sgd() if optimizer is None else optimizer
    return train(objective, np.asarray(theta0), optimizer, samples, **settings)


def growing(t):
    return 0.1 if t == 0 else np.full((2, 1), 0.1)


SLIPS = {
    "an optimiser that is not called": (
        lambda: run(optimizer=optimizers.sgd), "optimizer must be .*function sgd itself: call it"),
    "the same in a wrapper": (
        lambda: optimizers.clip_norm(optimizers.sgd, 1.0), "optimizer must be .*call it"),
    "a loss that is not called": (
        lambda: Objective(models.linear(2), losses.squared), "loss must be .*call it"),
    "a model that is not called": (
        lambda: Objective(models.linear, losses.squared()), "model must be .*call it"),
    "an estimator that is not called": (
        lambda: run(estimator=estimators.minibatch), "estimator must be .*call it"),
    "an observer that is not called": (
        lambda: run(observers=[averaging.polyak_ruppert]), "observer must be .*call it"),
    "an observer outside a list": (
        lambda: run(observers=averaging.polyak_ruppert()), "observers must be a list"),
    "an objective without data": (lambda: run(samples=None), "an objective needs data"),
    "a problem with data": (
        lambda: run(BOWL, theta0=(1.0, 1.0)), "a problem has no data"),
    "no objective": (lambda: run(None), "objective must be"),
    "endless": (lambda: run(steps=np.inf), "steps must be a whole number"),
    "nearly endless": (lambda: run(steps=10**30), "steps must be a whole number"),
    "steps in quotes": (lambda: run(steps="5"), "steps must be a whole number .*'5'"),
    "a yes for a number": (lambda: run(steps=True), "steps must be a whole number .*True"),
    "a batch in quotes": (lambda: run(batch_size="5"), "batch_size must be a whole number"),
    "a rate in quotes": (lambda: run(lr="0.1"), "lr must be finite and > 0, got '0.1'"),
    "a complex rate": (lambda: run(lr=0.1 + 0j), "lr must be finite"),
    "a schedule below zero": (
        lambda: run(lr=lambda t: 0.1 - 0.1 * t), r"lr at step 2 must be finite and >= 0"),
    "a schedule that is nan": (lambda: run(lr=lambda t: np.nan), "lr at step 0 must be finite"),
    "a schedule that returns nothing": (lambda: run(lr=lambda t: None), "lr at step 0 .*None"),
    "a schedule that changes shape": (lambda: run(lr=growing), "lr had shape"),
    "a start that is nan": (
        lambda: run(theta0=(0.0, np.nan, 0.0)), r"theta0 must be finite, got nan at index \(1,\)"),
    "evaluate returns nothing": (
        lambda: run(evaluate=lambda theta: None),
        "what evaluate returns must be one number a run, .*got None"),
    "Newton on several runs": (
        lambda: newton.newton(LINE, np.zeros((4, 3)), (X, Y), steps=2), "one starting point"),
    "a rate for a schedule": (lambda: schedules.warmup(0.1, 5), "schedule must be"),
    "one size": (lambda: models.mlp(3), "sizes must be"),
    "layers without a list": (
        lambda: models.Sequential(3, layers.Dense(2)), "layers must be"),
    "a seed for a generator": (lambda: data.split(X, Y, rng=0), "rng must be"),
    "the same for a start": (lambda: models.mlp((2, 3, 2)).init(0), "rng must be"),
    "text as targets": (lambda: losses.squared().value(Y, Y.astype(str)), "target must be real"),
    "complex predictions": (lambda: losses.squared().value(Y + 0j, Y), "prediction must be real"),
    "bool labels of a two-class loss": (
        lambda: losses.logistic().value(Y, Y > 0), "targets must be -1 or \\+1"),
    "a number in quotes": (lambda: optimizers.momentum("0.9"), "mu must be a finite number"),
    "a negative radius": (lambda: objectives.project_ball(Y, -1.0), "radius must be"),
    "whole numbers as parameters": (
        lambda: optimizers.sgd().update(np.ones(2), (), np.ones(2, dtype=int), 0.1),
        "theta must be floats"),
    "an eps that is zero in this dtype": (
        lambda: optimizers.adam(eps=1e-46).init(np.zeros(2, np.float32)), "eps=1e-46 is 0"),
    "a dtype in which eps is zero": (
        lambda: optimizers.adam().init(np.zeros(2, np.float16)), "is 0 in float16"),
}  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_named_in_one_sentence(slip):
    call, expected = SLIPS[slip]
    with pytest.raises(ValueError, match=expected) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_a_count_may_be_a_float_that_is_whole():
    history = run(batch_size=len(Y) / 2, steps=None, epochs=2.0)
    assert history.step[-1] == 4


@pytest.mark.parametrize("sampling", data.SAMPLINGS)
def test_batches_handed_out_stay_as_they_are(sampling):
    sampler = data.Sampler(4, 2, data.generators(0, "sampling"), sampling)
    kept, copies = [], []
    for _ in range(3000):
        kept.append(next(sampler))
        copies.append(kept[-1].copy())
    np.testing.assert_array_equal(kept, copies)
    with pytest.raises(ValueError, match="read-only"):
        kept[0][0] = 3


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, bool])
def test_losses_of_whole_numbers_are_those_of_floats(dtype):
    prediction, target = np.array([1, 0, 1]).astype(dtype), np.array([0, 1, 1]).astype(dtype)
    for loss in (losses.squared(), losses.absolute(), losses.huber(0.5)):
        for each in (loss.value, loss.grad):
            expected = each(prediction.astype(float), target.astype(float))
            np.testing.assert_array_equal(each(prediction, target), expected)
    assert losses.absolute().value(np.array([1], np.uint8), np.array([2], np.uint8)) == 1
    assert losses.squared().value(np.array([0], np.int8), np.array([20], np.int8)) == 200
    ones = np.ones(1, np.uint8)
    assert losses.logistic().value(ones, ones) == pytest.approx(np.log1p(np.exp(-1)) / 1)
    assert losses.logistic().grad(ones, ones) < 0


SIZES = [
    (np.float64, 1e200), (np.float64, 1e-200), (np.float64, 1e-310), (np.float32, 1e25),
    (np.float32, 1e-25), (np.float16, 300.0), (np.float16, 1e-4),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "size"), SIZES)
def test_directions_survive_any_size(dtype, size):
    grad = np.array([3.0, 4.0], dtype) * dtype(size)
    tolerance = 0.01 if dtype == np.float16 or size < 1e-300 else 1e-6
    theta = np.zeros(2, dtype)
    unit, _ = optimizers.normalised().update(grad, (), theta, dtype(1))
    np.testing.assert_allclose(unit, [-0.6, -0.8], rtol=tolerance)
    if size > 1:
        clipped = optimizers.clip_norm(optimizers.sgd(), 1.0)
        step, _ = clipped.update(grad, clipped.init(theta), theta, dtype(1))
        np.testing.assert_allclose(step, [-0.6, -0.8], rtol=tolerance)
        ball = objectives.project_ball(grad, 1.0)
        np.testing.assert_allclose(ball, [0.6, 0.8], rtol=tolerance)


def test_the_ball_of_radius_zero_is_a_point():
    np.testing.assert_array_equal(objectives.project_ball(np.array([[3.0, 4.0], [0, 0]]), 0), 0)


CHANGES = {
    "batch_size": {"batch_size": 3},
    "data": {"samples": (2 * X, Y)},
    "seeds": {"seeds": 1},
    "sampling": {"sampling": "once"},
    "theta0": {"theta0": (1.0, 0.0, 0.0)},
}


@pytest.mark.parametrize("name", CHANGES)
def test_resume_names_a_change_that_it_cannot_honour(name):
    first = run(batch_size=2)
    with pytest.raises(ValueError, match=f"the {name} it began with: that was .*, now it is "):
        run(**{"batch_size": 2, "resume": first} | CHANGES[name])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("optimizer", {"optimizer": optimizers.adam()}),
        ("estimator", {"estimator": estimators.svrg(5)}),
        ("observers", {"observers": [averaging.polyak_ruppert()]}),
    ],
)
def test_resume_goes_on_with_the_same_kinds(name, change):
    first = run(batch_size=2)
    with pytest.raises(ValueError, match=f"the kind of {name} it began with"):
        run(batch_size=2, resume=first, **change)


def test_resume_honours_another_rate_and_other_settings():
    first = run(optimizer=optimizers.momentum(0.9))
    second = run(optimizer=optimizers.momentum(0.5), lr=0.01, resume=first)
    assert second.lr[-1] == 0.01 and second.step[-1] == 6


def test_data_that_are_not_finite_are_named_and_not_the_rate(capsys):
    spoilt = X.copy()
    spoilt[4, 1] = np.nan
    run(samples=(spoilt, Y))
    said = capsys.readouterr().err
    assert said == "diverged: X holds nan at index (4, 1)\n"
