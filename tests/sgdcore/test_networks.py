"""Whole models: gradients, runs, dtypes and shapes of all that are registered; known numbers."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sgdcore import Objective, gradcheck, layers, losses, models, optimizers, train
from sgdcore.data import generators
from tests.sgdcore.registry import MODELS

DRAWS = ("cnn with dropout", "normalised")
NORMALISES = ("normalised", "resnet")
ON_ITS_OWN = [name for name in MODELS if name not in DRAWS + NORMALISES]


def noise(runs=()):
    """Fresh generators, one a run, that draw the same every time."""
    return generators(np.arange(np.prod(runs, dtype=int)).reshape(runs), "noise")


@pytest.fixture
def margins(monkeypatch):
    """How far every ReLU was from its kink, and every max-pool from a tie, since the last clear."""
    found = []

    def watch(kind, margin):
        forward = kind.forward

        def watched(self, params, x, rngs=None):
            y, cache = forward(self, params, x, rngs)
            found.append(margin(self, x, y))
            return y, cache

        monkeypatch.setattr(kind, "forward", watched)

    def to_tie(pool, x, y):
        pixels = np.sort([p for p in pool._pixels(x)], axis=0)
        # A window of zeros behind a ReLU is a tie that no small step breaks.
        return np.where(pixels[-1] == 0, np.inf, pixels[-1] - pixels[-2]).min()

    watch(layers.ReLU, lambda self, x, y: np.abs(x).min())
    watch(layers.LeakyReLU, lambda self, x, y: np.abs(x).min())
    watch(layers.MaxPool2d, to_tie)
    return found


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n", [2, 5])
def test_gradients_agree_with_differences_away_from_kinks_and_ties(name, n, margins):
    model = MODELS[name]()
    for seed in range(100):
        rng = np.random.default_rng(seed)
        theta = model.init(rng) + 0.1 * rng.normal(size=model.size)
        X = rng.normal(size=(n, model.inputs))
        margins.clear()
        prediction, _ = model.forward(theta, X, rngs=noise())
        if min(margins, default=1.0) > 3e-4:
            break
    else:
        pytest.fail("no starting point is far enough from kinks and ties")
    weight = rng.normal(size=prediction.shape)

    def value_and_grad(theta):
        prediction, cache = model.forward(theta, X, rngs=noise())
        return (prediction * weight).sum(), model.backward(theta, cache, weight)

    assert gradcheck(value_and_grad, theta, rng=rng) < 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_blocks_cover_theta_once(name):
    model = MODELS[name]()
    covered = np.concatenate([np.arange(model.size)[block.where] for block in model.blocks])
    assert covered.tolist() == list(range(model.size))
    assert len({block.name for block in model.blocks}) == len(model.blocks)
    for block in model.blocks:
        assert np.prod(block.shape, dtype=int) == len(np.arange(model.size)[block.where])
    start = model.init(np.random.default_rng(0))
    assert start.shape == (model.size,)
    assert start.dtype == np.float64
    np.testing.assert_array_equal(start, model.init(np.random.default_rng(0)))


@settings(max_examples=25, deadline=None)
@given(
    runs=st.sampled_from([(1,), (3,), (2, 2)]),
    batch=st.integers(2, 9),
    shared=st.booleans(),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize("name", MODELS)
def test_each_run_is_the_run_alone_and_inputs_and_dtypes_stay(
    name, runs, batch, shared, dtype, seed
):
    rng = np.random.default_rng(seed)
    model = MODELS[name]()
    theta = rng.normal(size=(*runs, model.size)).astype(dtype)
    X = rng.normal(size=(*(() if shared else runs), batch, model.inputs)).astype(dtype)
    prediction, cache = model.forward(theta, X, rngs=noise(runs))
    slope = rng.normal(size=prediction.shape).astype(dtype)
    copies = [a.copy() for a in (theta, X, slope)]

    def results(theta, X, slope, rngs):
        prediction, cache = model.forward(theta, X, rngs=rngs)
        stats = model.statistics(theta, X)
        return (
            prediction,
            model.backward(theta, cache, slope),
            model.predict(theta, X, stats=stats),
        )

    together = results(theta, X, slope, noise(runs))
    assert together[0].shape[: len(runs) + 1] == (*runs, batch)
    assert together[1].shape == theta.shape
    for run in np.ndindex(runs):
        own = X if shared else X[run]
        for all_runs, alone in zip(
            together, results(theta[run], own, slope[run], noise(runs)[run]), strict=True
        ):
            assert alone.dtype == dtype
            np.testing.assert_array_equal(all_runs[run], alone)
    for before, after in zip(copies, (theta, X, slope), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", MODELS)
def test_the_dtype_of_theta_decides(name, rng):
    model = MODELS[name]()
    theta = rng.normal(size=model.size).astype(np.float32)
    X = rng.normal(size=(3, model.inputs))
    prediction, cache = model.forward(theta, X, rngs=noise())
    assert prediction.dtype == np.float32
    grad = model.backward(theta, cache, np.ones(prediction.shape))
    assert grad.dtype == np.float32


@pytest.mark.parametrize("name", ON_ITS_OWN)
def test_per_sample_gradients_are_those_of_batches_of_one_and_average_to_the_whole(name, rng):
    model = MODELS[name]()
    theta, X = rng.normal(size=(2, model.size)), rng.normal(size=(6, model.inputs))
    if model.predict(theta, X).ndim == 2:
        objective, y = Objective(model, losses.squared()), rng.normal(size=6)
    else:
        objective, y = Objective(model, losses.softmax_cross_entropy()), rng.integers(3, size=6)
    each = objective.per_sample_grad(theta, X, y)
    assert each.shape == (2, 6, model.size)
    for i in range(6):
        _, alone = objective.value_and_grad(theta, X[i : i + 1], y[i : i + 1])
        np.testing.assert_array_equal(each[:, i], alone)
    _, whole = objective.value_and_grad(theta, X, y)
    np.testing.assert_allclose(each.mean(axis=1), whole, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ON_ITS_OWN)
def test_without_dropout_and_normalisation_evaluation_is_training(name, rng):
    model = MODELS[name]()
    theta, X = rng.normal(size=model.size), rng.normal(size=(5, model.inputs))
    np.testing.assert_array_equal(model.predict(theta, X), model.forward(theta, X)[0])


def test_statistics_of_the_batch_make_evaluation_training(rng):
    model = MODELS["resnet"]()
    theta, X = rng.normal(size=model.size), rng.normal(size=(8, model.inputs))
    stats = model.statistics(theta, X)
    in_training = model.forward(theta, X)[0]
    np.testing.assert_array_equal(model.predict(theta, X, stats=stats), in_training)
    # In evaluation a sample does not depend on its batch.
    alone = model.predict(theta, X[2:3], stats=stats)
    np.testing.assert_allclose(alone[0], in_training[2], rtol=1e-12)
    assert not np.allclose(model.forward(theta, X[2:4])[0][0], in_training[2])


def test_statistics_are_found_in_evaluation_mode(rng):
    model = MODELS["normalised"]()
    theta, X = rng.normal(size=model.size), rng.normal(size=(8, model.inputs))
    first, second = (model.predict(theta, X, stats=model.statistics(theta, X)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_step_of_backpropagation_by_hand():
    # x = (1, 2), three ReLU units, of which the last is off; ŷ = 1, y = 3.
    model = models.mlp((2, 3, None))
    theta = np.array([0.5, -1, -1, 0.25, 1, 0, 0, -0.5, 0, 2, -4, 5, 1.0])
    objective = Objective(model, losses.squared())
    value, grad = objective.value_and_grad(theta, np.array([[1.0, 2.0]]), np.array([3.0]))
    assert value == 2.0
    assert grad.tolist() == [-4, 8, 0, -8, 16, 0, -4, 8, 0, -2, -1, 0, -2]
    stepped, _ = optimizers.sgd().update(grad, (), theta, 0.1)
    expected = [0.9, -1.8, -1, 1.05, -0.6, 0, 0.4, -1.3, 0, 2.2, -3.9, 5, 1.2]
    np.testing.assert_allclose(stepped, expected, rtol=1e-14)


def test_the_network_of_the_article_is_counted_without_making_it():
    tracemalloc.start()
    model = models.cnn((3, 224, 224), (32, 64, 128), 10, hidden=(1024,), padding=0, dropout=0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**5
    assert model.size == 88_709_194
    shapes = {block.name: block.shape for block in model.blocks}
    assert shapes == {
        "conv1.weights": (32, 3, 3, 3),
        "conv1.intercept": (32,),
        "conv2.weights": (64, 32, 3, 3),
        "conv2.intercept": (64,),
        "conv3.weights": (128, 64, 3, 3),
        "conv3.intercept": (128,),
        "dense1.weights": (26 * 26 * 128, 1024),
        "dense1.intercept": (1024,),
        "dense2.weights": (1024, 10),
        "dense2.intercept": (10,),
    }
    assert 26 * 26 * 128 * 1024 + 1024 == 88_605_696


def test_blocks_are_named_after_their_layers():
    model = models.resnet((1, 8, 8), (2, 4), 10, blocks=2)
    names = [block.name for block in model.blocks]
    assert names[:4] == ["conv1.weights", "norm1.scale", "norm1.shift", "residual1.conv1.weights"]
    assert "residual3.shortcut.conv1.weights" in names
    assert "residual4.shortcut.conv1.weights" not in names
    assert names[-2:] == ["dense1.weights", "dense1.intercept"]
    assert sum(name.startswith("residual4") for name in names) == 6


def test_the_slices_of_the_blocks_are_what_they_are_named(rng):
    model = models.mlp((3, 4, 2), activation=layers.Tanh())
    theta, X = rng.normal(size=model.size), rng.normal(size=(5, 3))
    part = {block.name: theta[block.where].reshape(block.shape) for block in model.blocks}
    hidden = np.tanh(X @ part["dense1.weights"] + part["dense1.intercept"])
    expected = hidden @ part["dense2.weights"] + part["dense2.intercept"]
    np.testing.assert_allclose(model.predict(theta, X), expected, rtol=1e-13)


def test_images_enter_channel_by_channel_and_row_by_row(rng):
    # A 1 by 1 convolution whose channels copy the image, flattened again.
    model = models.Sequential((2, 3, 4), [layers.Conv2d(2, 1, intercept=False), layers.Flatten()])
    X = rng.normal(size=(5, 24))
    np.testing.assert_array_equal(model.predict(np.array([1.0, 0.0, 0.0, 1.0]), X), X)
    swapped = np.concatenate([X[:, 12:], X[:, :12]], axis=1)
    np.testing.assert_array_equal(model.predict(np.array([0.0, 1.0, 1.0, 0.0]), X), swapped)


def test_a_mlp_without_hidden_layers_is_softmax_regression(rng):
    network, model = models.mlp((4, 3)), models.softmax_regression(4, 3)
    theta, X, y = rng.normal(size=15), rng.normal(size=(7, 4)), rng.integers(3, size=7)
    loss = losses.softmax_cross_entropy()
    ours = Objective(network, loss).value_and_grad(theta, X, y)
    for a, b in zip(ours, Objective(model, loss).value_and_grad(theta, X, y), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_integers_may_be_data_and_not_theta(rng):
    model = models.cnn((1, 4, 4), (2,), 3)
    theta = model.init(rng).astype(np.float32)
    prediction, cache = model.forward(theta, rng.normal(size=(5, 16)))
    assert prediction.dtype == np.float32
    assert model.backward(theta, cache, np.ones((5, 3))).dtype == np.float32
    assert model.predict(theta, np.ones((5, 16), dtype=int)).dtype == np.float32
    with pytest.raises(ValueError, match="theta must be floats, got dtype int64"):
        model.predict(np.ones(model.size, dtype=int), np.ones((5, 16)))


def test_targets_may_have_runs_that_the_parameters_do_not(rng):
    model, loss = models.cnn((1, 4, 4), (2,), None), losses.squared()
    theta, X, y = model.init(rng), rng.normal(size=(5, 16)), rng.normal(size=(3, 5))
    value, grad = Objective(model, loss).value_and_grad(theta, X, y)
    assert value.shape == (3,)
    assert grad.shape == (3, model.size)
    for run in range(3):
        alone = Objective(model, loss).value_and_grad(theta, X, y[run])
        np.testing.assert_array_equal(grad[run], alone[1])


def test_the_weights_suit_the_activation():
    def spread(activation, **options):
        model = models.mlp((400, 100, 1), activation=activation, **options)
        weights = model.init(np.random.default_rng(0))[model.blocks[0].where]
        return weights.std()

    he, xavier = np.sqrt(2 / 400), np.sqrt(2 / 500)
    for activation in (None, layers.ReLU(), layers.LeakyReLU()):
        assert spread(activation) == pytest.approx(he, rel=0.02)
    for activation in (layers.Tanh(), layers.Sigmoid()):
        assert spread(activation) == pytest.approx(xavier, rel=0.02)
    assert spread(layers.Tanh(), init=layers.he) == pytest.approx(he, rel=0.02)


def test_he_keeps_the_size_of_signals_through_thirty_layers(rng):
    X = rng.normal(size=(20, 200))

    def size(init):
        model = models.mlp((200,) * 31, init=init)
        return (model.predict(model.init(np.random.default_rng(0)), X) ** 2).mean()

    assert 0.2 < size(layers.he) < 5
    assert size(layers.xavier) < 1e-6  # half the signal is lost in every ReLU


@pytest.mark.parametrize("name", MODELS)
def test_wrong_shapes_are_named(name):
    model = MODELS[name]()
    d, P = model.inputs, model.size
    for method in (model.forward, model.predict, model.statistics):
        if method == model.statistics and name in ON_ITS_OWN[:3]:
            continue  # a linear model has none and does not look
        with pytest.raises(ValueError, match=rf"theta must have .*{P}\), got \({P + 1},\)"):
            method(np.zeros(P + 1), np.zeros((2, d)))
        with pytest.raises(ValueError, match=rf"X must have .*{d}\), got \(2, {d + 1}\)"):
            method(np.zeros(P), np.zeros((2, d + 1)))
        with pytest.raises(ValueError, match=rf"X must have .*{d}\), got \({d},\)"):
            method(np.zeros(P), np.zeros(d))


@pytest.mark.parametrize("name", DRAWS)
def test_dropout_without_generators_is_named(name):
    model = MODELS[name]()
    with pytest.raises(ValueError, match="pass rngs"):
        model.forward(np.zeros(model.size), np.zeros((2, model.inputs)))


@pytest.mark.parametrize("name", NORMALISES)
def test_evaluation_without_statistics_is_named(name):
    model = MODELS[name]()
    with pytest.raises(ValueError, match=r"pass stats=model.statistics\(theta, X\)"):
        model.predict(np.zeros(model.size), np.zeros((2, model.inputs)))


def test_statistics_are_those_of_every_layer_however_many(rng):
    model = models.Sequential(2, [layers.Dense(2), *[layers.ReLU() for _ in range(300)]])
    theta, X = model.init(rng), rng.normal(size=(4, 2))
    stats = model.statistics(theta, X)
    evaluated = model.predict(theta, X, stats=stats)
    np.testing.assert_array_equal(evaluated, model.predict(theta, X))
    for other in (stats[:-1], [*stats, None]):
        with pytest.raises(ValueError, match="stats must be those of the same model"):
            model.predict(theta, X, stats=other)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: models.mlp((4,)), "needs the number of inputs and of outputs"),
        (lambda: models.mlp((4, 0, 3)), "outputs must be a whole number >= 1, got 0"),
        (lambda: models.softmax_regression(4, 1), "classes must be a whole number >= 2, got 1"),
        (lambda: models.Sequential((3, 4), [layers.Dense(2)]), r"\(C, H, W\), got \(3, 4\)"),
        (lambda: models.Sequential(2.5, [layers.Dense(2)]), "inputs must be a whole number"),
        (lambda: models.Sequential(4, []), "at least one layer with parameters"),
        (lambda: models.Sequential(4, [layers.ReLU()]), "at least one layer with parameters"),
        (lambda: models.Sequential(4, [layers.Dense]), "a network is made of layers"),
        (
            lambda: models.Sequential((1, 4, 4), [layers.Conv2d(2)]),
            r"must end in features .* \(1, 4, 4\) into \(2, 2, 2\)",
        ),
        (
            lambda: models.Sequential((1, 4, 4), [layers.Dense(2)]),
            r"Dense takes samples of shape \(d,\), got \(1, 4, 4\): put Flatten",
        ),
        (lambda: models.cnn((1, 4, 4), (2, 2, 2), 3), r"smaller than the 2 by 2 window of MaxPool"),
        (lambda: models.cnn((1, 4, 4), (2,), 3, dropout=1), "dropout must be"),
        (lambda: models.cnn((4,), (2,), 3), r"Conv2d takes images .* got samples of shape \(4,\)"),
        (lambda: models.resnet((1, 4, 4), (), 3), "channels must be a list of 1 or more"),
        (lambda: models.resnet((1, 4, 4), (2,), 3, blocks=0), "blocks must be"),
    ],
)
def test_networks_that_cannot_be_built_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_network_with_batch_norm_and_dropout_trains_and_records(rng):
    X, labels = rng.normal(size=(60, 12)), rng.integers(3, size=60)
    hidden = [layers.Dense(8), layers.BatchNorm(), layers.ReLU(), layers.Dropout(0.2)]
    network = models.Sequential(12, [*hidden, layers.Dense(3)])
    objective = Objective(network, losses.softmax_cross_entropy())
    history = train(
        objective, network.init(rng), optimizers.momentum(0.9), (X, labels),
        lr=0.05, batch_size=10, epochs=20, seeds=range(2), record_every=30,
    )  # fmt: skip
    assert (history.loss[:, -1] < 0.8 * history.loss[:, 0]).all()
    stats = network.statistics(history.final, X)
    scores = network.predict(history.final, X, stats=stats)
    expected = losses.softmax_cross_entropy().value(scores, labels)
    np.testing.assert_allclose(history.loss[:, -1], expected, rtol=1e-12)
