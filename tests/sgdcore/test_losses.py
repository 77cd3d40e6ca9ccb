"""Every loss against its formula in a naive loop, against differences, and at its borders."""

import math

import numpy as np
import pytest

from sgdcore import losses


def naive_logistic(z, y):
    margin = y * z
    return math.log1p(math.exp(-margin)) if margin > 0 else -margin + math.log1p(math.exp(margin))


def naive_huber(prediction, target):
    r = abs(prediction - target)
    return 0.5 * r * r if r <= 0.7 else 0.7 * (r - 0.35)


def naive_cross_entropy(scores, label):
    weights = [math.exp(z) for z in scores]
    return -math.log(weights[label] / sum(weights))


REAL = {
    "squared": (losses.squared(), lambda p, t: (p - t) ** 2 / 2),
    "absolute": (losses.absolute(), lambda p, t: abs(p - t)),
    "huber": (losses.huber(0.7), naive_huber),
}
SIGNED = {
    "logistic": (losses.logistic(), naive_logistic),
    "hinge": (losses.hinge(), lambda z, y: max(0.0, 1 - y * z)),
}
SCALAR = REAL | SIGNED


def scalar_case(name, rng, shape=(3, 5)):
    """Predictions away from every kink of every loss, and targets."""
    prediction = rng.uniform(-3, 3, shape)
    if name in SIGNED:
        target = rng.choice([-1.0, 1.0], shape)
        prediction = np.where(np.abs(target * prediction - 1) < 0.01, prediction + 0.1, prediction)
    else:
        target = prediction + rng.choice([-1, 1], shape) * rng.choice([0.1, 0.5, 0.9, 2.0], shape)
    return prediction, target


@pytest.mark.parametrize("name", SCALAR)
def test_value_is_the_mean_of_a_naive_loop(name, rng):
    loss, naive = SCALAR[name]
    prediction, target = scalar_case(name, rng)
    expected = [
        sum(naive(p, t) for p, t in zip(*rows, strict=True)) / 5
        for rows in zip(prediction, target, strict=True)
    ]
    np.testing.assert_allclose(loss.value(prediction, target), expected, rtol=1e-13)


@pytest.mark.parametrize("name", SCALAR)
def test_grad_is_the_slope_of_the_mean(name, rng):
    loss, _ = SCALAR[name]
    prediction, target = scalar_case(name, rng, (5,))
    h = 1e-6
    expected = [
        (loss.value(prediction + h * e, target) - loss.value(prediction - h * e, target)) / (2 * h)
        for e in np.eye(5)
    ]
    np.testing.assert_allclose(loss.grad(prediction, target), expected, atol=1e-9)


@pytest.mark.parametrize("name", SCALAR)
def test_curvature_is_the_slope_of_the_slope(name, rng):
    loss, _ = SCALAR[name]
    prediction, target = scalar_case(name, rng)
    h = 1e-6
    ahead, behind = loss.grad(prediction + h, target), loss.grad(prediction - h, target)
    expected = 5 * (ahead - behind) / (2 * h)  # of each sample, where grad is that of the mean
    with np.errstate(all="raise"):
        np.testing.assert_allclose(loss.curvature(prediction, target), expected, atol=1e-8)
    assert losses.huber(0.7).curvature(np.array([0.7]), np.array([0.0])) == 1


@pytest.mark.parametrize("name", SCALAR)
def test_a_prediction_of_zero_and_a_target_of_zero_are_no_special_case(name):
    loss, _ = SCALAR[name]
    target = np.array([-1.0, 1.0]) if name in SIGNED else np.zeros(2)
    with np.errstate(all="raise"):
        for function in loss:
            assert np.isfinite(function(np.zeros(2), target)).all()


def test_cross_entropy_is_the_mean_of_a_naive_loop_and_grad_its_slope(rng):
    loss = losses.softmax_cross_entropy()
    scores, labels = rng.normal(size=(4, 6, 3)), rng.integers(3, size=(4, 6))
    expected = [
        sum(naive_cross_entropy(z, k) for z, k in zip(*rows, strict=True)) / 6
        for rows in zip(scores, labels, strict=True)
    ]
    np.testing.assert_allclose(loss.value(scores, labels), expected, rtol=1e-13)
    h, grad = 1e-6, loss.grad(scores, labels)
    for b, k in np.ndindex(6, 3):
        step = np.zeros_like(scores)
        step[:, b, k] = h
        ahead, behind = loss.value(scores + step, labels), loss.value(scores - step, labels)
        np.testing.assert_allclose(grad[:, b, k], (ahead - behind) / (2 * h), atol=1e-9)


def test_an_untrained_classifier_scores_log_k():
    value = losses.softmax_cross_entropy().value(np.zeros((7, 10)), np.arange(7))
    assert value == pytest.approx(math.log(10), rel=1e-15)


@pytest.mark.parametrize("extreme", [1e9, -1e9, 800.0, -800.0])
def test_extreme_scores_stay_finite(extreme):
    with np.errstate(all="raise", under="ignore"):
        for y in (-1.0, 1.0):
            z, target = np.array([extreme]), np.array([y])
            expected = max(0.0, -y * extreme)
            assert losses.logistic().value(z, target) == pytest.approx(expected, abs=1e-300)
            assert losses.logistic().grad(z, target)[0] == (-y if y * extreme < 0 else 0)
            assert np.isfinite(losses.huber().value(z, target))
        scores = np.array([[extreme, 0.0]])
        cross_entropy = losses.softmax_cross_entropy()
        assert cross_entropy.value(scores, np.array([0])) == max(0.0, -extreme)
        assert np.isfinite(cross_entropy.grad(scores, np.array([0]))).all()


def test_small_tails_keep_their_digits():
    z, y = np.array([50.0]), np.array([1.0])
    assert losses.logistic().value(z, y) == pytest.approx(math.exp(-50), rel=1e-12)
    assert losses.logistic().grad(z, y)[0] == pytest.approx(-math.exp(-50), rel=1e-12)


def test_the_kink_has_slope_zero():
    assert losses.absolute().grad(np.array([2.0]), np.array([2.0]))[0] == 0
    assert losses.hinge().grad(np.array([1.0]), np.array([1.0]))[0] == 0
    assert losses.hinge().grad(np.array([-1.0]), np.array([-1.0]))[0] == 0


def test_huber_is_smooth_where_its_parts_meet():
    loss, target = losses.huber(2.0), np.array([0.0])
    inside, outside = np.array([2.0 - 1e-9]), np.array([2.0 + 1e-9])
    assert loss.value(inside, target) == pytest.approx(loss.value(outside, target), abs=1e-8)
    assert loss.grad(inside, target)[0] == pytest.approx(loss.grad(outside, target)[0], abs=1e-8)


@pytest.mark.parametrize("name", SCALAR)
@pytest.mark.parametrize("method", ["value", "grad"])
def test_the_silent_broadcast_is_an_error(name, method):
    function = getattr(SCALAR[name][0], method)
    with pytest.raises(ValueError, match=r"\(5, 1\).*\(5,\)"):
        function(np.ones((5, 1)), np.ones(5))
    with pytest.raises(ValueError, match=r"\(5,\).*\(1,\)"):
        function(np.ones(5), np.ones(1))
    with pytest.raises(ValueError, match=r"runs.*\(3, 5\).*\(2, 5\)"):
        function(np.ones((3, 5)), np.ones((2, 5)))
    for target in (np.ones(5), np.float64(1)):
        with pytest.raises(ValueError, match="batch axis"):
            function(np.float64(1), target)


@pytest.mark.parametrize("name", SIGNED)
def test_labels_other_than_plus_and_minus_one_are_an_error(name):
    for wrong, named in (([0.0, 1.0], "0.0"), ([1.0, 2.0], "2.0"), ([-1.0, 3.0, 0.5], "3.0")):
        with pytest.raises(ValueError, match=f"-1 or \\+1.*{named}"):
            SIGNED[name][0].value(np.ones(len(wrong)), np.array(wrong))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.eye(4, dtype=int), "same B"),
        (np.array([0]), "same B"),
        (np.int64(0), "same B"),
        (np.array([0.0, 1.0]), "integers"),
        (np.array([0, 4]), "from 0 to 3"),
        (np.array([-1, 0]), "from 0 to 3"),
        (np.array([0, 1, 2]), r"\(2, 4\).*\(3,\)"),
    ],
)
def test_bad_class_labels_are_an_error(labels, message):
    with pytest.raises(ValueError, match=message):
        losses.softmax_cross_entropy().value(np.zeros((2, 4)), labels)
    with pytest.raises(ValueError, match=message):
        losses.softmax_cross_entropy().grad(np.zeros((2, 4)), labels)


def test_scores_of_one_sample_without_a_batch_are_an_error():
    with pytest.raises(ValueError, match=r"\(\.\.\., B, K\).*\(3,\)"):
        losses.softmax_cross_entropy().value(np.zeros(3), np.array([0]))


@pytest.mark.parametrize("delta", [0, -1, np.nan, np.inf, "wide"])
def test_huber_rejects_a_bad_delta(delta):
    with pytest.raises(ValueError, match="delta must be"):
        losses.huber(delta)


def test_huber_turns_into_a_line_at_one_by_default():
    assert losses.huber().grad(np.array([0.9, 5.0]), np.zeros(2)).tolist() == [0.45, 0.5]


@pytest.mark.parametrize("batch", [3, 5, 300])
def test_runs_broadcast_on_either_side(batch, rng):
    prediction, target = rng.normal(size=(4, batch)), rng.normal(size=batch)
    assert losses.squared().value(prediction, target).shape == (4,)
    assert losses.squared().grad(target, prediction).shape == (4, batch)
    scores, labels = rng.normal(size=(batch, 3)), rng.integers(3, size=(4, batch))
    assert losses.softmax_cross_entropy().grad(scores, labels).shape == (4, batch, 3)


@pytest.mark.parametrize("name", SCALAR)
def test_float32_stays_float32(name, rng):
    prediction, target = (a.astype(np.float32) for a in scalar_case(name, rng))
    assert SCALAR[name][0].value(prediction, target).dtype == np.float32
    assert SCALAR[name][0].grad(prediction, target).dtype == np.float32


@pytest.mark.parametrize("runs", [(), (3,)])
@pytest.mark.parametrize(("batch", "classes"), [(0, 2), (2, 0), (0, 0)])
def test_a_batch_without_samples_or_classes_is_an_error(runs, batch, classes):
    scores, labels = np.zeros((*runs, batch, classes)), np.zeros((*runs, batch), int)
    with pytest.raises(ValueError, match="at least one sample and one class"):
        losses.softmax_cross_entropy().value(scores, labels)
    for loss in (losses.squared(), losses.absolute()):
        with pytest.raises(ValueError, match="at least one sample, got targets of shape"):
            loss.value(np.zeros((*runs, 0)), np.zeros((*runs, 0)))
