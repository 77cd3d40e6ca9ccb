"""What people type by mistake: each slip gets one sentence that says what was expected."""

import importlib
import inspect
import re

import numpy as np
import pytest

from sgdcore import (
    Objective,
    averaging,
    data,
    estimators,
    gradcheck,
    layers,
    losses,
    models,
    newton,
    objectives,
    optimizers,
    problems,
    rates,
    schedules,
    train,
    tune,
)
from sgdcore._checks import shown

# The functions of the same names hide the modules.
gradcheck_module, train_module = (
    importlib.import_module(f"sgdcore.{name}") for name in ("gradcheck", "train")
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


# Values that are wrong wherever a whole number, a number, ... is expected.
NAN, INF, HUGE = float("nan"), float("inf"), 10**400
RAGGED, TEXT, COMPLEX = [1, [2]], np.array(["a", "b"]), np.array([1j, 2])
THINGS = (None, "0.5", {}, object(), optimizers.sgd, slice(1), HUGE)
COUNT = (*THINGS, True, 1j, NAN, INF, -1, 1.5, [], RAGGED, np.array([1, 2]), 10**5000)
SHARE = (*THINGS, True, 1j, NAN, INF, -1, 1.5, [], RAGGED, np.array([0.1, 0.2]))
NUMBER = tuple(value for value in SHARE if value is not INF and not isinstance(value, float | int))
ABOVE_0 = (*NUMBER, 0, -1, HUGE, NAN, INF)
AT_LEAST_0 = (*NUMBER, -1, HUGE, NAN, INF)
RATE = (*THINGS[:-4], HUGE, True, 1j, NAN, INF, -1, 0, [], RAGGED, TEXT, COMPLEX, [0.1, 0.2])
ARRAY = (*THINGS, 1j, RAGGED, TEXT, COMPLEX)
VECTOR = (*ARRAY, [], np.zeros(0), 1.5, np.zeros((2, 2, 2, 7)))
FLAG = (None, "False", 0, 1.0, [], np.array([True, False]))
WORD = (*THINGS, "onec", ["once"], TEXT, 0)
RNG = ("rng", 0, np.random, [1])
MADE = (0, "sgd", [], optimizers.sgd, losses.squared, averaging.exponential)
FUNCTION = (None, 0, "f", [])

CHAIN = models.mlp((2, 4, 3))
START = CHAIN.init(np.random.default_rng(0))
LINEAR, SGD, THETA = models.linear(2), optimizers.sgd(), np.ones(3)
LABELS, SCORES = np.array([0, 1, 2, 0, 1, 2]), np.linspace(-1, 1, 18).reshape(6, 3)
SIGNS = np.sign(Y + 0.1)
RNGS = data.generators(0, "noise")
PARTS = data.split(np.ones((20, 2)), np.arange(20.0), rng=np.random.default_rng(0))
TWO = {"prediction": (Y, VECTOR), "target": (Y, VECTOR)}
SCORED = {"scores": (SCORES, VECTOR), "labels": (LABELS, (*VECTOR, Y))}
SAMPLES = {"X": (X, VECTOR), "y": (Y, VECTOR)}
POINT = {"theta": (THETA, VECTOR)}
BLOCKS = {"blocks": (CHAIN.blocks, (*THINGS, [], [1], CHAIN))}
WRAPPED = {"optimizer": (SGD, (None, *MADE))}
MASKED = {"weight_decay": (0.1, AT_LEAST_0), "mask": (THETA, (*ARRAY[1:], [NAN], 1.0))}
STATES = (*THINGS, (), THETA)
BASE = {"lr": (0.1, RATE)}
NEWTON = {
    "objective": (LINE, (None, BOWL, Objective)),
    "theta0": (THETA, (*VECTOR, [NAN] * 3)),
    "data": ((X, Y), (None, X, (X,), "XY")),
    "steps": (2, (*COUNT, 0)),
}


def step(optimizer, kept):
    return (
        optimizer.update,
        {
            "grad": (THETA, (*VECTOR, [1.0] * 3, THETA.astype(int), THETA[:2])),
            "state": (optimizer.init(THETA), kept),
            "theta": (THETA, (*VECTOR, [1.0] * 3, THETA.astype(int), THETA[:2])),
            "lr": (0.1, (*THINGS, 1j, [], RAGGED, TEXT, COMPLEX, np.ones(3))),
        },
    )


def settings(function, **arguments):
    return function, arguments


# name -> the call, and for every argument a right value and the wrong ones. A name is that of the
# public function, with a method or more after it.
SWEEP = {
    "losses.huber": settings(losses.huber, delta=(1.0, ABOVE_0)),
    "losses.softmax": settings(losses.softmax, scores=(SCORES, (*ARRAY, [], 1.5))),
    **{
        f"losses.{name}().{method}": (getattr(getattr(losses, name)(), method), TWO)
        for name in ("squared", "absolute", "huber")
        for method in ("value", "grad", "curvature")
    },
    **{
        f"losses.{name}().{method}": (
            getattr(getattr(losses, name)(), method),
            {"prediction": (Y, VECTOR), "target": (SIGNS, (*VECTOR, Y, Y > 0))},
        )
        for name in ("logistic", "hinge")
        for method in ("value", "grad", "curvature")
    },
    "losses.softmax_cross_entropy().value": (losses.softmax_cross_entropy().value, SCORED),
    "losses.softmax_cross_entropy().grad": (losses.softmax_cross_entropy().grad, SCORED),
    "models.linear": settings(
        models.linear, inputs=(2, (*COUNT, 0)), outputs=(3, (*COUNT[1:], 0)), intercept=(True, FLAG)
    ),
    "models.softmax_regression": settings(
        models.softmax_regression, inputs=(2, COUNT), classes=(3, (*COUNT, 1))
    ),
    "models.mlp": settings(
        models.mlp,
        sizes=((2, 4, 3), (*THINGS, 3, [], [3], [2, "4"], [2, 0, 3], RAGGED, X)),
        activation=(layers.Tanh(), (0, "relu", layers.ReLU)),
        init=(layers.he, FUNCTION[1:]),
    ),
    "models.cnn": settings(
        models.cnn,
        inputs=((1, 8, 8), (*THINGS, 8, (8, 8), (1, 8, 0), [1, 8, "8"])),
        channels=((2,), (*THINGS, 3, [0], ["3"], RAGGED)),
        outputs=(3, (*COUNT[1:], 0)),
        hidden=((4,), (*THINGS, 3, [0], ["3"], RAGGED)),
        kernel=(3, (*COUNT, 0)),
        padding=(1, (*COUNT, 3)),
        dropout=(0.5, (*SHARE, 1)),
    ),
    "models.resnet": settings(
        models.resnet,
        inputs=((1, 8, 8), (*THINGS, 8, (8, 8), (1, 8, 0))),
        channels=((2,), (*THINGS, 3, [], [0], ["3"], RAGGED)),
        outputs=(3, (*COUNT[1:], 0)),
        blocks=(1, (*COUNT, 0)),
    ),
    "models.Sequential": settings(
        models.Sequential,
        inputs=(2, (*COUNT, 0)),
        layers=([layers.Dense(2)], (*THINGS, [], [1], layers.Dense(2), [layers.Dense])),
    ),
    "models.mlp().predict": settings(
        CHAIN.predict,
        theta=(START, (*VECTOR, START.astype(int), START[:-1])),
        X=(X, (*VECTOR, X[:, :1])),
        stats=(None, (0, "stats", [1], X)),
    ),
    "models.mlp().init": settings(CHAIN.init, rng=(np.random.default_rng(0), (None, *RNG))),
    "models.linear().predict": settings(
        LINEAR.predict, theta=(THETA, (*VECTOR, THETA[:2])), X=(X, (*VECTOR, X[:, :1]))
    ),
    "layers.Dense": settings(
        layers.Dense, outputs=(3, (*COUNT, 0)), intercept=(True, FLAG), init=(layers.he, FUNCTION)
    ),
    "layers.Conv2d": settings(
        layers.Conv2d,
        channels=(3, (*COUNT, 0)), kernel=(3, (*COUNT, 0)), stride=(1, (*COUNT, 0)),
        padding=(1, COUNT), intercept=(True, FLAG), init=(layers.he, FUNCTION),
    ),
    "layers.MaxPool2d": settings(layers.MaxPool2d, size=(2, (*COUNT, 0))),
    "layers.LeakyReLU": settings(layers.LeakyReLU, slope=(0.1, (*SHARE, 1))),
    "layers.Dropout": settings(layers.Dropout, rate=(0.1, (*SHARE, 1))),
    "layers.BatchNorm": settings(layers.BatchNorm, eps=(0.1, ABOVE_0)),
    "layers.Chain": settings(layers.Chain, layers=([layers.ReLU()], (*THINGS, [1], [layers.ReLU]))),
    "layers.Residual": settings(
        layers.Residual,
        branch=([layers.ReLU()], (*THINGS, [1], [layers.ReLU])),
        shortcut=([], (*THINGS, [1], [layers.ReLU])),
    ),
    "objectives.Objective": settings(
        Objective,
        model=(LINEAR, (None, "linear", models.linear)),
        loss=(losses.squared(), (None, "squared", losses.squared)),
        l2=(0.1, AT_LEAST_0), l1=(0.1, AT_LEAST_0), mask=(THETA, (*VECTOR[1:], [1, NAN, 1])),
    ),
    **{
        f"objectives.Objective().{method}": (getattr(LINE, method), POINT | SAMPLES)
        for method in (
            "value", "value_and_grad", "grad", "per_sample_grad", "hessian", "gauss_newton",
        )
    },
    "objectives.Objective().hessian_product": (
        LINE.hessian_product, POINT | {"vector": (THETA, (*VECTOR, THETA[:2]))} | SAMPLES
    ),
    "objectives.soft_threshold": settings(
        objectives.soft_threshold, theta=(THETA, ARRAY), amount=(0.1, (*ARRAY, -1, NAN, [1, 2]))
    ),
    "objectives.project_ball": settings(
        objectives.project_ball, theta=(THETA, (*ARRAY, [], 1.5)), radius=(1.0, AT_LEAST_0)
    ),
    "objectives.project_box": settings(
        objectives.project_box,
        theta=(THETA, (*ARRAY, [], 1.5)),
        low=(-1, (*ARRAY, 2, NAN, [-1, -1])), high=(1, (*ARRAY, -2, NAN, [1, 1])),
    ),
    "problems.quadratic": settings(
        problems.quadratic,
        condition=(10, (*NUMBER, HUGE, NAN, 0.5)), dimension=(2, (*COUNT, 1)),
        rng=(np.random.default_rng(0), RNG),
    ),
    "problems.quadratic().grad": settings(BOWL.grad, theta=(THETA[:2], (*VECTOR, THETA))),
    "problems.quadratic().value": settings(BOWL.value, theta=(THETA[:2], (*VECTOR, THETA))),
    "problems.gaussian_regression": settings(
        problems.gaussian_regression,
        eigenvalues=([1, 2], (*VECTOR, [1, 0], [1, NAN], X)), noise=(0.1, AT_LEAST_0),
        batch_size=(2, (*COUNT, 0)), minimum=([0, 1], (*VECTOR[1:], [0], [0, NAN])),
    ),
    "problems.saddle": settings(problems.saddle, power=(4, (*COUNT, 3, 5))),
    "problems.double_well": settings(problems.double_well, tilt=(0.2, (*SHARE, 0, 0.4))),
    "problems.rastrigin": settings(problems.rastrigin, dimension=(2, (*COUNT, 0))),
    "problems.noisy": settings(
        problems.noisy,
        problem=(BOWL, (None, LINE, problems.rosenbrock)),
        noise=(problems.additive(0.1), FUNCTION),
    ),
    "problems.noisy().grad": settings(
        problems.noisy(BOWL, problems.additive(0.1)).grad,
        theta=(THETA[:2], VECTOR), rngs=(RNGS, (None, *RNG, RAGGED)),
    ),
    "problems.additive": settings(problems.additive, scale=(0.1, ABOVE_0)),
    "problems.multiplicative": settings(problems.multiplicative, scale=(0.1, ABOVE_0)),
    "problems.outliers": settings(problems.outliers, scale=(0.1, ABOVE_0)),
    "problems.dropped": settings(problems.dropped, share=(0.1, (*SHARE, 0, 1))),
    "optimizers.momentum": settings(
        optimizers.momentum, mu=(0.9, (*SHARE, 1)), dampening=(0.1, (*SHARE, 1))
    ),
    "optimizers.nesterov": settings(optimizers.nesterov, mu=(0.9, (*SHARE, 1))),
    "optimizers.adagrad": settings(optimizers.adagrad, eps=(1e-8, ABOVE_0)),
    "optimizers.rmsprop": settings(
        optimizers.rmsprop, alpha=(0.9, (*SHARE, 1)), eps=(1e-8, ABOVE_0), centred=(True, FLAG)
    ),
    **{
        f"optimizers.{name}": settings(
            getattr(optimizers, name),
            beta1=(0.9, (*SHARE, 1)), beta2=(0.9, (*SHARE, 1)), eps=(1e-8, ABOVE_0),
        )
        for name in ("adam", "amsgrad", "adamw")
    },
    "optimizers.adamw, decay": (optimizers.adamw, MASKED),
    "optimizers.lion": settings(
        optimizers.lion, beta1=(0.9, (*SHARE, 1)), beta2=(0.9, (*SHARE, 1))
    ),
    "optimizers.muon": (
        optimizers.muon,
        BLOCKS | {
            "mu": (0.9, (*SHARE, 1)), "iterations": (5, (*COUNT, 0)), "otherwise": (SGD, MADE),
        },
    ),
    "optimizers.shampoo": (optimizers.shampoo, BLOCKS | {"eps": (1e-4, ABOVE_0)}),
    "optimizers.lars": (
        optimizers.lars,
        BLOCKS | {
            "mu": (0.9, (*SHARE, 1)), "trust": (1e-3, ABOVE_0), "weight_decay": (0.1, AT_LEAST_0),
        },
    ),
    "optimizers.lamb": (optimizers.lamb, BLOCKS | {"weight_decay": (0.1, AT_LEAST_0)}),
    "optimizers.schedule_free": settings(optimizers.schedule_free, beta=(0.9, (*SHARE, 1))),
    "optimizers.coupled_decay": (optimizers.coupled_decay, WRAPPED | MASKED),
    "optimizers.decoupled_decay": (optimizers.decoupled_decay, WRAPPED | MASKED),
    "optimizers.clip_norm": (optimizers.clip_norm, WRAPPED | {"bound": (1.0, ABOVE_0)}),
    "optimizers.clip_value": (optimizers.clip_value, WRAPPED | {"bound": (1.0, ABOVE_0)}),
    "optimizers.proximal_l1": (
        optimizers.proximal_l1, WRAPPED | {"weight": (0.1, AT_LEAST_0), "mask": MASKED["mask"]}
    ),
    "optimizers.projected": (optimizers.projected, WRAPPED | {"project": (np.sign, FUNCTION)}),
    "optimizers.preconditioned": (
        optimizers.preconditioned, WRAPPED | {"P": (THETA, (*VECTOR, [1, 0, 1], X))}
    ),
    "optimizers.block_mask": (optimizers.block_mask, BLOCKS | {"chosen": (bool, FUNCTION)}),
    "optimizers.sgd().update": step(optimizers.sgd(), ()),
    "optimizers.normalised().update": step(optimizers.normalised(), ()),
    **{
        f"optimizers.{name}().update": step(optimizer, STATES)
        for name, optimizer in (
            ("momentum", optimizers.momentum(0.9)), ("adagrad", optimizers.adagrad()),
            ("rmsprop", optimizers.rmsprop()), ("adam", optimizers.adam()),
            ("amsgrad", optimizers.amsgrad()), ("lion", optimizers.lion()),
            ("schedule_free", optimizers.schedule_free()),
            ("clip_norm", optimizers.clip_norm(optimizers.adam(), 1.0)),
        )
    },
    "optimizers.adam().init": settings(
        optimizers.adam().init, theta=(THETA, (*ARRAY, THETA.astype(int)))
    ),
    "schedules.constant": (schedules.constant, BASE),
    "schedules.constant()": settings(schedules.constant(0.1), t=(3, (*ARRAY, NAN, -1))),
    "schedules.cosine()": settings(schedules.cosine(0.1, 5), t=(3, (*ARRAY, NAN, -1))),
    "schedules.inverse_time": (schedules.inverse_time, BASE | {"decay": (0.1, ABOVE_0)}),
    "schedules.power": (schedules.power, BASE | {"exponent": (0.5, ABOVE_0)}),
    "schedules.exponential": (
        schedules.exponential,
        BASE | {
            "decay": (0.9, (*SHARE, 0, 1)), "every": (2, (*COUNT, 0)), "staircase": (True, FLAG),
        },
    ),
    "schedules.linear": (
        schedules.linear, BASE | {"steps": (5, (*COUNT, 0)), "end": (0.0, AT_LEAST_0)}
    ),
    "schedules.polynomial": (
        schedules.polynomial,
        BASE | {"steps": (5, COUNT), "exponent": (2.0, ABOVE_0), "end": (0.0, AT_LEAST_0)},
    ),
    "schedules.cosine": (
        schedules.cosine,
        BASE | {
            "steps": (5, COUNT), "end": (0.0, AT_LEAST_0), "restarts": (1, COUNT),
            "factor": (2, (*COUNT, 0)),
        },
    ),
    "schedules.piecewise": (
        schedules.piecewise,
        BASE | {
            "boundaries": ([2, 5], (*VECTOR, [2, 2], [0, 1], [1, 2.5], [1, NAN], [2])),
            "factors": ([0.1, 0.1], (*VECTOR, [0.1, 0], [0.1, NAN], [0.1])),
        },
    ),
    "schedules.warmup": settings(
        schedules.warmup,
        schedule=(schedules.constant(0.1), (*FUNCTION, 0.1, schedules.constant)),
        steps=(5, (*COUNT, 0)), start=(0.0, AT_LEAST_0),
    ),
    "schedules.warmup_stable_decay": (
        schedules.warmup_stable_decay,
        BASE | {
            "warmup_steps": (2, (*COUNT, 0)), "stable_steps": (2, (*COUNT, 0)),
            "decay_steps": (2, (*COUNT, 0)), "end": (0.0, AT_LEAST_0),
        },
    ),
    "schedules.one_cycle": (
        schedules.one_cycle,
        BASE | {
            "steps": (10, (*COUNT, 1)), "rise": (0.3, (*SHARE, 0, 1)),
            "divide": (25.0, (*NUMBER, 1, NAN, HUGE)), "end": (0.0, AT_LEAST_0),
        },
    ),
    "rates.scheduled": settings(
        rates.scheduled, schedule=(schedules.constant(0.1), (*FUNCTION, 0.1, schedules.cosine))
    ),
    "rates.fixed": (rates.fixed, BASE | {"dtype": (np.dtype(float), ())}),
    "rates.polyak": settings(
        rates.polyak, minimum=(0.0, (*NUMBER, NAN, INF, HUGE)), bound=(1.0, ABOVE_0[:-1])
    ),
    "rates.line_search": settings(
        rates.line_search,
        start=(1.0, ABOVE_0), shrink=(0.5, (*SHARE, 0, 1)), slope=(0.1, (*SHARE, 0, 1)),
        trials=(5, (*COUNT, 0)),
    ),
    "rates.reduce_on_plateau": (
        rates.reduce_on_plateau,
        BASE | {
            "factor": (0.1, (*SHARE, 0, 1)), "patience": (3, COUNT),
            "improvement": (0.1, (*SHARE, 1)),
        },
    ),
    "estimators.accumulate": settings(estimators.accumulate, micro_batch=(2, (*COUNT, 0))),
    "estimators.svrg": settings(estimators.svrg, every=(2, (*COUNT, 0))),
    "averaging.polyak_ruppert": settings(averaging.polyak_ruppert, start=(1, COUNT)),
    "averaging.tail": settings(
        averaging.tail, steps=(10, (*COUNT, 0)), share=(0.5, (*SHARE, 0))
    ),
    "averaging.polynomial": settings(averaging.polynomial, exponent=(3, AT_LEAST_0)),
    "averaging.exponential": settings(averaging.exponential, decay=(0.5, (*SHARE, 1))),
    "averaging.exponential().init": settings(
        averaging.exponential(0.5).init, theta=(THETA, ARRAY)
    ),
    "newton.newton": (newton.newton, NEWTON | {"damping": (0.1, AT_LEAST_0)}),
    "newton.gauss_newton": (newton.gauss_newton, NEWTON | {"damping": (0.1, AT_LEAST_0)}),
    "newton.lbfgs": (newton.lbfgs, NEWTON),
    "data.generators": settings(
        data.generators, seeds=(0, (*ARRAY, -1, 1.5, True)), stream=("init", WORD)
    ),
    "data.draw_normal": settings(
        data.draw_normal, rngs=(RNGS, (None, *RNG, RAGGED)), shape=((2,), (*THINGS, 2, [2]))
    ),
    "data.draw_uniform": settings(
        data.draw_uniform, rngs=(RNGS, (None, *RNG, RAGGED)), shape=((2,), (*THINGS, 2, [2]))
    ),
    "data.Sampler": settings(
        data.Sampler,
        n=(5, (*COUNT, 0, 1)), batch_size=(2, (*COUNT, 0, 6)), rngs=(RNGS, (None, *RNG)),
        sampling=("once", WORD),
    ),
    "data.split": settings(
        data.split,
        X=(PARTS.train[0], (None, RAGGED, 1.0, [])), y=(PARTS.train[1], (None, RAGGED, 1.0, [])),
        rng=(np.random.default_rng(0), (None, *RNG)),
        validation=(0.2, (*SHARE, 0, 1, 0.9)), test=(0.2, (*SHARE, 0, 1, 0.9)),
    ),
    "data.standardise": settings(data.standardise, parts=(PARTS, (*THINGS, (X, Y)))),
    "data.line": settings(
        data.line,
        rng=(np.random.default_rng(0), (None, *RNG)), n=(5, (*COUNT, 0)),
        slope=(1.0, (*NUMBER, NAN)), intercept=(1.0, (*NUMBER, NAN)), noise=(0.1, AT_LEAST_0),
        inputs=("normal", WORD),
    ),
    "data.five_points": settings(data.five_points, which=(1, (*WORD, 3, "1"))),
    "data.diabetes": settings(data.diabetes, seed=(0, COUNT)),
    "data.breast_cancer": settings(data.breast_cancer, seed=(0, COUNT)),
    "data.digits": settings(data.digits, seed=(0, COUNT)),
    "gradcheck.gradcheck": settings(
        gradcheck,
        value_and_grad=(BOWL.value_and_grad, (*FUNCTION, BOWL.value, lambda theta: (0, None))),
        theta=(THETA[:2], (*VECTOR, [1, 2], [NAN, 1.0])),
        rng=(np.random.default_rng(0), (None, *RNG)),
        directions=(2, (*COUNT, 0)), step=(1e-6, ABOVE_0),
    ),
    "train.train": settings(
        train,
        objective=(LINE, (None, 0, "f", BOWL, Objective, losses.squared())),
        theta0=(THETA, (*VECTOR, [1, 2, 3], [1.0, NAN, 1.0], THETA[:2], np.ones((0, 3)))),
        optimizer=(SGD, (None, *MADE)),
        data=((X, Y), (None, 0, X, (X,), (X, Y, Y), (X, Y[:-1]), (Y, X), (X, Y.astype(str)))),
        lr=(0.1, (*RATE, schedules.constant, schedules.cosine)),
        batch_size=(2, (*COUNT[1:], 0, 7)),
        steps=(2, (*COUNT, 0)),
        seeds=(0, (*ARRAY, -1, 1.5, True, [])),
        sampling=("once", WORD),
        estimator=(estimators.minibatch(), (*MADE, estimators.minibatch)),
        observers=([], (None, *MADE[:2], averaging.exponential(0.5), [averaging.exponential])),
        evaluate=(None, FUNCTION[1:]),
        record_every=(1, (*COUNT, 0)),
        record_theta=(True, FLAG),
        progress=(False, FLAG),
        resume=(None, (0, "last", THETA, ())),
    ),
    "train.train, epochs": settings(
        lambda epochs: run(steps=None, epochs=epochs), epochs=(2, (*COUNT, 0))
    ),
    "train.train, what a schedule returns": settings(
        lambda lr: run(lr=lambda t: lr), lr=(0.1, (*RATE[:9], RAGGED, TEXT, COMPLEX, [0.1, 0.2]))
    ),
    "train.train, what evaluate returns": settings(
        lambda value: run(evaluate=lambda theta: value), value=(1.0, (*ARRAY, [], THETA))
    ),
    "train.train, what project returns": settings(
        lambda theta: run(optimizer=optimizers.projected(SGD, lambda _: theta)),
        theta=(THETA, VECTOR),
    ),
    "train.train, a problem": settings(
        lambda **given: run(BOWL, THETA[:2], samples=None, **given),
        batch_size=(None, (1, "5")), steps=(2, COUNT), sampling=("once", WORD),
    ),
    "train.tune": settings(
        tune,
        run=(lambda lr, seeds: np.tile([[3.0], [1.0], [2.0]], (1, 2)), FUNCTION),
        grid=([0.1, 0.2, 0.3], (*VECTOR, [0.1, 0.2], [0.3, 0.2, 0.1], [0, 1, 2], [0.1, 0.2, NAN])),
        seeds=([0, 1], (*VECTOR, [0.5, 1.5])),
    ),
    "train.tune, what run returns": settings(
        lambda scores: tune(lambda lr, seeds: scores, [0.1, 0.2, 0.3], [0]),
        scores=([[3], [1], [2]], (*VECTOR, [3, 1, 2])),
    ),
    "train.Tuned.decides": settings(
        train_module.Tuned(0.2, np.array([0.1, 0.2, 0.3]), np.array([3.0, 1.0, 2.0])).decides,
        difference=(0.1, (*NUMBER, NAN, HUGE)),
    ),
}  # fmt: skip
# Parts of the loop and of the layers, which call them with what is already checked; and figures,
# whose arguments are those of Matplotlib.
UNSWEPT = {
    "estimators.take", "estimators.gradient", "estimators.count", "layers.he", "layers.xavier",
    "objectives.shrunk", "objectives.stepping", "problems.Problem", "problems.Quadratic",
    "models.Linear",
}  # fmt: skip


def test_every_public_function_that_takes_something_is_swept():
    modules = (
        averaging, data, estimators, gradcheck_module, layers, losses, models, newton, objectives,
        optimizers, problems, rates, schedules, train_module,
    )  # fmt: skip
    public = {
        f"{module.__name__.removeprefix('sgdcore.')}.{name}"
        for module in modules
        for name, thing in inspect.getmembers(module, callable)
        if thing.__module__ == module.__name__
        and not name.startswith("_")
        and not (inspect.isclass(thing) and issubclass(thing, tuple))
        and inspect.signature(thing).parameters
    }
    assert public - UNSWEPT - set(SWEEP) == set()
    assert UNSWEPT <= public


@pytest.mark.parametrize("name", SWEEP)
def test_a_wrong_value_of_any_argument_is_named(name):
    call, arguments = SWEEP[name]
    right = {argument: value for argument, (value, _) in arguments.items()}
    call(**right)
    for argument, (_, wrong) in arguments.items():
        for value in wrong:
            try:
                call(**right | {argument: value})
            except ValueError as error:
                message = str(error)
                assert re.search("must|need|broadcast|takes|has no|give|made of", message), message
                assert "\n" not in message
                assert len(message) < 400
            else:
                pytest.fail(f"{name} takes {argument}={shown(value)}")


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


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, bool])
def test_projections_of_whole_numbers_are_those_of_floats(dtype):
    theta = np.array([[3, 4], [0, 1]]).astype(dtype)
    for project in (
        lambda theta: objectives.project_ball(theta, 1.0),
        lambda theta: objectives.project_box(theta, -0.5, 0.5),
        lambda theta: objectives.soft_threshold(theta, 2),
    ):
        inside = project(theta)
        assert inside.dtype == float
        np.testing.assert_array_equal(inside, project(theta.astype(float)))
    assert objectives.soft_threshold(np.array([-128], np.int8), 1) == -127


def test_the_waves_of_a_cosine_do_not_wrap_round():
    schedule = schedules.cosine(1.0, 10, restarts=40, factor=1000)
    assert schedule(10_010 + 5_000_000) == pytest.approx(0.5)
    np.testing.assert_array_equal(np.diff(schedule(np.arange(10, 10_010))) < 0, True)


@pytest.mark.parametrize("size", [1e200, 1e-200, 1.0])
def test_a_hessian_product_is_linear_in_a_vector_of_any_size(size):
    vector = size * np.array([1.0, -2.0, 0.5])
    expected = LINE.hessian(np.zeros(3), X, Y) @ vector
    product = LINE.hessian_product(np.zeros(3), vector, X, Y)
    np.testing.assert_allclose(product, expected, rtol=1e-8)


def test_what_is_recorded_stays_as_it_is():
    """Functions that write what they return into one array, or change what they are given."""
    kept, rate, average, place = (np.zeros(shape) for shape in (2, (2, 1), (2, 3), (2, 3)))

    def evaluate(theta):
        kept[:] = theta.sum(axis=-1)
        theta[:] = 7
        return kept

    def follow(state, theta):
        average[:] = theta
        return average

    def schedule(t):
        rate[:] = 0.1 / (t + 1)
        return rate

    def in_place(theta):
        return np.clip(theta, -10, 10, out=place)

    def record(**options):
        return run(
            theta0=np.ones((2, 3)), lr=schedule, seeds=[0, 1], steps=4, record_theta=True,
            optimizer=optimizers.projected(optimizers.sgd(), in_place), **options,
        )  # fmt: skip

    observer = averaging.Observer(lambda theta: average, follow, lambda state: state)
    history, plain = record(evaluate=evaluate, observers=[observer]), record()
    for name in ("loss", "theta", "final", "lr"):
        np.testing.assert_array_equal(getattr(history, name), getattr(plain, name))
    np.testing.assert_array_equal(history.evaluation, plain.theta.sum(axis=-1))
    np.testing.assert_array_equal(history.observed[0][:, 1:], plain.theta[:, 1:])
    np.testing.assert_array_equal(history.lr[0], 0.1 / np.array([1, 2, 3, 4, 4]))


def test_an_observer_cannot_change_what_it_watches():
    def push(state, theta):
        theta += 1
        return state

    observer = averaging.Observer(lambda theta: theta, push, lambda state: state)
    with pytest.raises(ValueError, match="read-only"):
        run(observers=[observer])


def test_the_end_of_a_history_may_be_changed_before_it_is_resumed():
    first, again = run(), run()
    first.final[:] = 7
    np.testing.assert_array_equal(run(resume=first).final, run(resume=again).final)


def test_what_a_thing_was_made_from_may_change_afterwards():
    boundaries, eigenvalues, minimum, mask = [np.array([1.0, 2.0]) for _ in range(4)]
    base = np.full((1, 1), 0.1)
    schedule = schedules.piecewise(base, boundaries, [0.5, 0.5])
    problem = problems.gaussian_regression(
        eigenvalues, noise=0, batch_size=1, minimum=minimum
    )
    penalised = Objective(models.linear(1), losses.squared(), l2=1.0, mask=mask)

    def seen():
        theta = np.array([3.0, 4.0])
        return schedule(1), problem.value(theta), penalised.value(theta, X[:, :1], Y)

    before = [np.copy(value) for value in seen()]
    for array in (boundaries, eigenvalues, minimum, mask, base):
        array[...] = 5
    for old, new in zip(before, seen(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_muon_leaves_theta_alone_where_the_rest_stands_still():
    freeze = optimizers.Optimizer(lambda theta: (), lambda grad, state, theta, lr: (theta, state))
    optimizer = optimizers.muon(CHAIN.blocks, otherwise=freeze)
    theta = START.copy()
    moved, _ = optimizer.update(np.ones_like(theta), optimizer.init(theta), theta, 0.1)
    np.testing.assert_array_equal(theta, START)
    assert (moved != theta).any()


def test_a_gradient_of_a_prototype_is_no_view_of_its_argument():
    for problem in problems.prototypes().values():
        theta = np.array([3.0])
        assert not np.shares_memory(problem.grad(theta), theta)


STILL = {
    "Adam in single precision": (optimizers.adam(), np.float32, 1e-9),
    "Adam in half precision": (optimizers.adam(eps=1e-4), np.float16, 1e-5),
    "SGD in double precision": (optimizers.sgd(), np.float64, 1e-18),
    "a rate of 0": (optimizers.sgd(), np.float64, lambda t: 0.0),
}


@pytest.mark.parametrize("name", STILL)
def test_one_line_says_that_a_run_never_moved(name, capsys):
    optimizer, dtype, lr = STILL[name]
    start = np.array([[1.0, 1.0], [0.0, 0.0]], dtype)  # the second is at the minimum
    history = run(BOWL, start, optimizer, None, lr=lr, steps=50)
    np.testing.assert_array_equal(history.final, start)
    said = capsys.readouterr().err
    rate = f"{float(history.lr[0, 0]):.3g}"
    expected = f"run 0 by step 50 (lr {rate}), every step too small for {np.dtype(dtype)}"
    assert said == f"stood still: {expected}\n"
    run(BOWL, start, optimizer, None, lr=lr, steps=50, resume=history)
    assert capsys.readouterr().err == said.replace("step 50", "step 100")


FITTED = np.linalg.lstsq(np.column_stack([X, np.ones(6)]), Y, rcond=None)[0]
NOT_STILL = {
    "at the minimum": {"theta0": FITTED},
    "held by a penalty": {
        "theta0": np.zeros(3), "optimizer": optimizers.proximal_l1(optimizers.sgd(), 5.0)},
    "held by a ball": {
        "objective": BOWL, "samples": None, "theta0": np.array([0.6, 0.8]), "lr": 1e-3,
        "optimizer": optimizers.projected(
            optimizers.sgd(), lambda theta: np.array([0.6, 0.8]) + 0 * theta)},
    "back where it began": {
        "objective": BOWL, "samples": None, "theta0": np.array([0.0, 1.0]), "lr": 2.0, "steps": 4},
    "moved a little": {"theta0": np.ones(3), "lr": 1e-15},
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_STILL)
def test_nothing_is_said_of_a_run_that_is_where_it_belongs(name, capsys):
    run(**NOT_STILL[name])
    assert capsys.readouterr().err == ""


def test_a_search_is_not_told_of_runs_that_stand_still(capsys):
    def score(lr, seeds):
        return -run(lr=lr, seeds=seeds, theta0=np.ones(3)).loss[..., -1]

    with pytest.raises(ValueError, match="edge"):
        tune(score, [1e-30, 1e-20, 1e-18], [0, 1])
    assert capsys.readouterr().err == ""


def test_a_rate_must_be_one_in_the_dtype_of_theta_too():
    start = np.ones(3, np.float16)
    for lr in (1e-9, 1e9):
        with pytest.raises(ValueError, match="lr must be finite and > 0 in float16 too"):
            run(theta0=start, lr=lr)
    with pytest.raises(ValueError, match="lr at step 1 must be finite and >= 0 in float16"):
        run(theta0=start, lr=lambda t: 0.1 if t == 0 else 1e6)


def test_a_schedule_is_checked_at_every_step_as_a_rule_too():
    for wrong in (np.nan, np.inf, -0.1, None, "0.1", 0.1j, np.full((2, 1), 0.1), [[0.1], [0.1]]):
        for lr in (
            lambda t, wrong=wrong: 0.1 if t < 2 else wrong,
            rates.scheduled(lambda t, wrong=wrong: np.float32(0.1) if t < 2 else wrong),
        ):
            with pytest.raises(ValueError, match="lr (at step 2 must|had shape .* at step 2)"):
                run(lr=lr)


TAKEN_OVER = [
    (optimizers.sgd(), optimizers.sign()),
    (optimizers.momentum(0.9), optimizers.momentum(0.5)),
    (optimizers.momentum(0.9), optimizers.clip_norm(optimizers.momentum(0.9), 1.0)),
]


@pytest.mark.parametrize(("old", "new"), TAKEN_OVER)
def test_resume_honours_another_optimiser_that_reads_the_state_alike(old, new):
    first = run(optimizer=old)
    second = run(optimizer=new, resume=first)
    theta, state = first.final, first.state.optimizer
    for _ in range(3):
        theta, state = new.update(LINE.grad(theta, X, Y), state, theta, 0.1)
    np.testing.assert_array_equal(second.final, theta)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"optimizer": optimizers.lion()}, "optimizer .*that was adagrad .*now it is lion"),
        (
            {"observers": [averaging.exponential(0.5)]},
            "observers .*that was .*polyak_ruppert.*now it is .*exponential",
        ),
        ({"theta0": np.zeros(3, np.float32)}, "theta0 .*now it is .*float32"),
        ({"batch_size": None}, "batch_size .*that was 2, now it is None"),
        ({"samples": (X[:5], Y[:5])}, "data "),
        ({"samples": (X, Y + np.eye(6)[3])}, "data "),
    ],
)
def test_resume_names_old_and_new(change, named):
    settings = {
        "optimizer": optimizers.adagrad(), "observers": [averaging.polyak_ruppert()],
        "batch_size": 2,
    }  # fmt: skip
    first = run(**settings)
    with pytest.raises(ValueError, match=named):
        run(**settings | {"resume": first} | change)
