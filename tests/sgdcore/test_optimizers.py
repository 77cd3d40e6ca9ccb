"""Optimisers against their formulas in naive loops, and the identities between them."""

import math

import numpy as np
import pytest
import scipy.linalg

from sgdcore import Objective, losses, models, optimizers, problems, train
from sgdcore.models import Block
from sgdcore.objectives import project_ball

BLOCKS = (
    Block("tall", slice(0, 6), (3, 2)),
    Block("vector", slice(6, 9), (3,)),
    Block("wide", slice(9, 17), (2, 2, 2)),  # counts as a matrix of 2 by 4
)
MATRICES = ((slice(0, 6), (3, 2)), (slice(9, 17), (2, 4)))
STEPS = 30


@pytest.fixture
def walked(rng):
    """A start, gradients of changing size, and changing rates."""
    grads = rng.normal(size=(STEPS, 17)) * np.exp(rng.normal(size=(STEPS, 1)))
    return rng.normal(size=17), grads, rng.uniform(0.01, 0.1, STEPS)


def walk(optimizer, theta, grads, rates):
    state, path = optimizer.init(theta), []
    for grad, lr in zip(grads, rates, strict=True):
        theta, state = optimizer.update(grad, state, theta, lr)
        path.append(theta)
    return np.stack(path)


# One coordinate at a time: the iterates x of gradients g and rates lr, as plain numbers.


def naive_sgd(x, steps):
    for g, lr in steps:
        x = x - lr * g
        yield x


def naive_sign(x, steps):
    for g, lr in steps:
        x = x - lr * math.copysign(1, g)
        yield x


def naive_momentum(x, steps, mu=0.8, dampening=0.3):
    b = None
    for g, lr in steps:
        b = g if b is None else mu * b + (1 - dampening) * g
        x = x - lr * b
        yield x


def naive_nesterov(x, steps, mu=0.8):
    b = 0.0
    for g, lr in steps:
        b = mu * b + g
        x = x - lr * (g + mu * b)
        yield x


def naive_adagrad(x, steps, eps=0.05):
    s = 0.0
    for g, lr in steps:
        s += g * g
        x = x - lr * g / (math.sqrt(s) + eps)
        yield x


def naive_rmsprop(x, steps, alpha=0.7, eps=0.05, centred=False):
    v = mean = 0.0
    for g, lr in steps:
        v = alpha * v + (1 - alpha) * g * g
        mean = alpha * mean + (1 - alpha) * g if centred else 0.0
        x = x - lr * g / (math.sqrt(v - mean * mean) + eps)
        yield x


def naive_adam(x, steps, beta1=0.6, beta2=0.8, eps=0.05, amsgrad=False, decay=0.0):
    m = v = largest = 0.0
    for t, (g, lr) in enumerate(steps, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        largest = max(largest, v)
        m_hat = m / (1 - beta1**t)
        v_hat = (largest if amsgrad else v) / (1 - beta2**t)
        x = x - lr * decay * x - lr * m_hat / (math.sqrt(v_hat) + eps)
        yield x


def naive_lion(x, steps, beta1=0.6, beta2=0.8):
    m = 0.0
    for g, lr in steps:
        x = x - lr * math.copysign(1, beta1 * m + (1 - beta1) * g)
        m = beta2 * m + (1 - beta2) * g
        yield x


def naive_schedule_free(x, steps, beta=0.4):
    z, bases = x, []
    for g, lr in steps:
        z = z - lr * g
        bases.append(z)
        yield (1 - beta) * z + beta * sum(bases) / len(bases)


def naive_coupled(x, steps, decay=0.3, mu=0.8):
    b = 0.0
    for g, lr in steps:
        b = mu * b + g + decay * x
        x = x - lr * b
        yield x


def naive_decoupled(x, steps, decay=0.3, mu=0.8):
    b = 0.0
    for g, lr in steps:
        b = mu * b + g
        x = (1 - lr * decay) * x - lr * b
        yield x


def naive_clipped(x, steps, bound=0.5):
    return naive_momentum(x, [(max(-bound, min(bound, g)), lr) for g, lr in steps])


def naive_proximal(x, steps, weight=0.7):
    for g, lr in steps:
        x = x - lr * g
        x = 0.0 if abs(x) <= lr * weight else x - math.copysign(lr * weight, x)
        yield x


MOMENTUM = optimizers.momentum(0.8)
COORDINATEWISE = {
    "sgd": (optimizers.sgd(), naive_sgd),
    "sign": (optimizers.sign(), naive_sign),
    "momentum": (
        MOMENTUM, lambda x, steps: naive_momentum(x, steps, dampening=0.0)
    ),
    "dampened": (optimizers.momentum(0.8, dampening=0.3), naive_momentum),
    "nesterov": (optimizers.nesterov(0.8), naive_nesterov),
    "adagrad": (optimizers.adagrad(0.05), naive_adagrad),
    "rmsprop": (optimizers.rmsprop(0.7, 0.05), naive_rmsprop),
    "centred": (
        optimizers.rmsprop(0.7, 0.05, centred=True),
        lambda x, steps: naive_rmsprop(x, steps, centred=True),
    ),
    "adam": (optimizers.adam(0.6, 0.8, 0.05), naive_adam),
    "amsgrad": (
        optimizers.amsgrad(0.6, 0.8, 0.05), lambda x, steps: naive_adam(x, steps, amsgrad=True)
    ),
    "adamw": (
        optimizers.adamw(0.6, 0.8, 0.05, weight_decay=0.3),
        lambda x, steps: naive_adam(x, steps, decay=0.3),
    ),
    "lion": (optimizers.lion(0.6, 0.8), naive_lion),
    "schedule-free": (optimizers.schedule_free(0.4), naive_schedule_free),
    "coupled": (optimizers.coupled_decay(MOMENTUM, 0.3), naive_coupled),
    "decoupled": (optimizers.decoupled_decay(MOMENTUM, 0.3), naive_decoupled),
    "clipped": (
        optimizers.clip_value(optimizers.momentum(0.8, dampening=0.3), 0.5), naive_clipped
    ),
    "proximal": (optimizers.proximal_l1(optimizers.sgd(), 0.7), naive_proximal),
}  # fmt: skip
DEFAULTS = {
    "adagrad": (optimizers.adagrad(), lambda x, steps: naive_adagrad(x, steps, eps=1e-10)),
    "rmsprop": (optimizers.rmsprop(), lambda x, steps: naive_rmsprop(x, steps, 0.99, 1e-8)),
    "adam": (optimizers.adam(), lambda x, steps: naive_adam(x, steps, 0.9, 0.999, 1e-8)),
    "amsgrad": (
        optimizers.amsgrad(),
        lambda x, steps: naive_adam(x, steps, 0.9, 0.999, 1e-8, amsgrad=True),
    ),
    "adamw": (
        optimizers.adamw(), lambda x, steps: naive_adam(x, steps, 0.9, 0.999, 1e-8, decay=0.01)
    ),
    "lion": (optimizers.lion(), lambda x, steps: naive_lion(x, steps, 0.9, 0.99)),
    "schedule-free": (
        optimizers.schedule_free(), lambda x, steps: naive_schedule_free(x, steps, 0.9)
    ),
}  # fmt: skip


def assert_coordinatewise(optimizer, naive, walked):
    theta, grads, rates = walked
    path = walk(optimizer, theta, grads, rates)
    for j in range(theta.size):
        steps = list(zip(grads[:, j].tolist(), rates.tolist(), strict=True))
        expected = list(naive(float(theta[j]), steps))
        np.testing.assert_allclose(path[:, j], expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", COORDINATEWISE)
def test_each_coordinate_follows_the_naive_loop(name, walked):
    assert_coordinatewise(*COORDINATEWISE[name], walked)


@pytest.mark.parametrize("name", DEFAULTS)
def test_the_defaults_are_those_of_the_docstring(name, walked):
    assert_coordinatewise(*DEFAULTS[name], walked)


def test_a_gradient_that_does_not_change_has_no_negative_variance(walked):
    # Rounding makes some of the differences v - ḡ² negative, and the step must not be nan.
    theta, grads, _ = walked
    optimizer = optimizers.rmsprop(0.5, 1e-3, centred=True)
    grads = np.broadcast_to(grads[0], (60, theta.size))
    state = optimizer.init(theta)
    for grad in grads:
        theta, state = optimizer.update(grad, state, theta, 0.01)
    assert (state.second - state.first**2 < 0).any()
    assert np.isfinite(theta).all()


# One vector or one block at a time, as plain lists.


def length(vector):
    return math.sqrt(sum(float(x) ** 2 for x in vector))


def test_normalised_steps_have_the_length_of_the_rate(walked):
    theta, grads, rates = walked
    path = walk(optimizers.normalised(), theta, grads, rates)
    for grad, lr, after in zip(grads, rates, path, strict=True):
        theta = np.array([x - lr * g / length(grad) for x, g in zip(theta, grad, strict=True)])
        np.testing.assert_allclose(after, theta, rtol=1e-12)
    still, _ = optimizers.normalised().update(np.zeros(2), (), np.ones(2), 0.1)
    assert still.tolist() == [1, 1]


def test_clipping_by_norm_is_the_naive_loop(walked):
    theta, grads, rates = walked
    clipped = [g * min(1, 3.0 / length(g)) for g in grads]
    assert 5 < sum(length(g) > 3.0 for g in grads) < 25  # both cases occur
    expected = walk(MOMENTUM, theta, np.array(clipped), rates)
    path = walk(optimizers.clip_norm(MOMENTUM, 3.0), theta, grads, rates)
    np.testing.assert_allclose(path, expected, rtol=1e-12)


def naive_trust(step, weights, trust):
    w, u = length(weights), length(step)
    return [trust * w / u * x if w > 0 and u > 0 else x for x in step]


def test_lars_is_the_naive_loop_over_blocks(walked):
    theta, grads, rates = walked
    path = walk(optimizers.lars(BLOCKS, 0.8, trust=0.02, weight_decay=0.3), theta, grads, rates)
    buffer = np.zeros(17)
    for grad, lr, after in zip(grads, rates, path, strict=True):
        for block in BLOCKS:
            where = block.where
            step = [g + 0.3 * w for g, w in zip(grad[where], theta[where], strict=True)]
            buffer[where] = 0.8 * buffer[where] + naive_trust(step, theta[where], 0.02)
        theta = theta - lr * buffer
        np.testing.assert_allclose(after, theta, rtol=1e-11, atol=1e-13)


def test_lamb_is_the_naive_loop_over_blocks(walked):
    theta, grads, rates = walked
    path = walk(optimizers.lamb(BLOCKS, 0.6, 0.8, 0.05, weight_decay=0.3), theta, grads, rates)
    m = v = np.zeros(17)
    for t, (grad, lr, after) in enumerate(zip(grads, rates, path, strict=True), start=1):
        m, v = 0.6 * m + 0.4 * grad, 0.8 * v + 0.2 * grad**2
        adam = m / (1 - 0.6**t) / (np.sqrt(v / (1 - 0.8**t)) + 0.05)
        step = adam + 0.3 * theta
        for block in BLOCKS:
            where = block.where
            step[where] = naive_trust(step[where], theta[where], 1.0)
        theta = theta - lr * step
        np.testing.assert_allclose(after, theta, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("make", [optimizers.lars, optimizers.lamb])
def test_the_ratio_is_left_out_where_a_length_is_zero(make):
    theta, grad = np.zeros(17), np.ones(17)
    theta[9:] = 1.0  # the first two blocks are 0
    grad[9:] = 0.0  # and so is the gradient of the last
    optimizer = make(BLOCKS)
    with np.errstate(all="raise"):
        after, _ = optimizer.update(grad, optimizer.init(theta), theta, 0.1)
    np.testing.assert_allclose(after[:9], -0.1, rtol=1e-5)  # lamb's eps is 1e-6
    np.testing.assert_array_equal(after[9:], 1.0)


def orthogonal_by_svd(matrix, iterations=5):
    """Newton–Schulz acts on the singular values alone, as a polynomial of each."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / (math.sqrt((matrix**2).sum()) + 1e-7)
    for _ in range(iterations):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return left * values @ right


def test_muon_is_its_polynomial_of_the_singular_values(walked):
    theta, grads, rates = walked
    path = walk(optimizers.muon(BLOCKS, 0.8), theta, grads, rates)
    vector = walk(optimizers.adam(), theta, grads, rates)[:, 6:9]
    np.testing.assert_array_equal(path[:, 6:9], vector)
    buffer = np.zeros(17)
    for grad, lr, after in zip(grads, rates, path, strict=True):
        buffer = 0.8 * buffer + grad
        ahead = grad + 0.8 * buffer
        for where, shape in MATRICES:
            step = orthogonal_by_svd(ahead[where].reshape(shape))
            theta[where] -= lr * step.ravel()
            np.testing.assert_allclose(after[where], theta[where], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("shape", "outputs_per_input"),
    [((6, 6), 1), ((8, 3), 1), ((3, 8), 8 / 3), ((1, 5), 5), ((5, 1), 1), ((6, 2, 1), 3)],
)
def test_muon_brings_singular_values_near_one(shape, outputs_per_input, rng):
    # Of values from 0.005 to 1 times the length, five iterations make 0.68 to 1.14 (by a fine grid
    # of the polynomial), so the step is that of an orthogonal matrix give or take a third.
    rows, columns = shape[:2]
    size = rows * columns
    optimizer = optimizers.muon((Block("matrix", slice(0, size), shape),))
    for scale in (1e-3, 1, 1e3):
        left, values, right = np.linalg.svd(rng.normal(size=(rows, columns)), full_matrices=False)
        values = np.linspace(0.05, 1, len(values))
        grad = scale * ((left * values) @ right).ravel()
        theta = np.zeros(size)
        after, _ = optimizer.update(grad, optimizer.init(theta), theta, 1.0)
        step = -after.reshape(rows, columns) / math.sqrt(outputs_per_input)
        made = np.linalg.svd(step, compute_uv=False)
        assert ((made > 0.68) & (made < 1.14)).all()
        assert (np.diag(left.T @ step @ right.T) > 0.68).all()  # the singular vectors stay


def test_muon_steps_further_with_a_kernel_of_more_outputs_than_inputs(rng):
    # As kernels the rows are the outputs, 20 for 16 inputs; as dense weights they are the inputs.
    grad, where = rng.normal(size=320), slice(0, 320)
    kernel, dense = (
        first_step(optimizers.muon((Block("block", where, shape),)), grad)
        for shape in ((20, 4, 4), (20, 16))
    )
    np.testing.assert_allclose(kernel, math.sqrt(20 / 16) * dense, rtol=1e-12)


def test_muon_takes_more_iterations_and_another_method_for_the_rest(walked):
    theta, grads, rates = walked
    muon = optimizers.muon(BLOCKS, 0.0, iterations=2, otherwise=optimizers.sgd())
    after = walk(muon, theta, grads[:1], rates[:1])[0]
    expected = theta - rates[0] * grads[0]
    for where, shape in MATRICES:
        step = orthogonal_by_svd(grads[0, where].reshape(shape), 2).ravel()
        expected[where] = theta[where] - rates[0] * step
    np.testing.assert_allclose(after, expected, rtol=1e-10, atol=1e-12)


def test_shampoo_is_its_formula_with_roots_from_scipy(walked):
    theta, grads, rates = walked
    path = walk(optimizers.shampoo(BLOCKS, 0.05), theta, grads, rates)
    vector = walk(optimizers.adagrad(), theta, grads, rates)[:, 6:9]
    np.testing.assert_array_equal(path[:, 6:9], vector)

    def inverse_fourth_root(matrix):
        return np.linalg.inv(scipy.linalg.sqrtm(scipy.linalg.sqrtm(matrix)))

    for where, shape in MATRICES:
        left, right = 0.05 * np.eye(shape[0]), 0.05 * np.eye(shape[1])
        weights = theta[where].reshape(shape)
        for grad, lr, after in zip(grads, rates, path, strict=True):
            G = grad[where].reshape(shape)
            left, right = left + G @ G.T, right + G.T @ G
            weights = weights - lr * inverse_fourth_root(left) @ G @ inverse_fourth_root(right)
            np.testing.assert_allclose(after[where], weights.ravel(), rtol=1e-8, atol=1e-10)


def first_step(optimizer, grad):
    theta = np.zeros_like(grad)
    return optimizer.update(grad, optimizer.init(theta), theta, 1.0)[0]


def test_shampoo_by_hand():
    # A diagonal G: L = R = diag(eps + g²), so the step is g / √(eps + g²).
    square = (Block("matrix", slice(0, 4), (2, 2)),)
    step = first_step(optimizers.shampoo(square, 7.0), np.array([3.0, 0.0, 0.0, -1.0]))
    np.testing.assert_allclose(step, [-3 / 4, 0, 0, 1 / math.sqrt(8)], rtol=1e-12, atol=1e-15)
    step = first_step(optimizers.shampoo(square), np.array([0.01, 0.0, 0.0, 0.1]))
    np.testing.assert_allclose(step, [-1 / math.sqrt(2), 0, 0, -0.1 / math.sqrt(0.0101)])
    # G = u vᵀ: u is an eigenvector of L, v of R, both of eps + |u|²|v|².
    u, v = np.array([1.0, 2.0, -2.0]), np.array([3.0, 4.0])
    outer = (Block("matrix", slice(0, 6), (3, 2)),)
    step = first_step(optimizers.shampoo(outer, 31.0), np.outer(u, v).ravel())
    np.testing.assert_allclose(step, -np.outer(u, v).ravel() / 16, rtol=1e-12)  # √(31 + 9 · 25)


@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e2), (np.float64, 1e7)])
def test_rounding_does_not_blow_up_shampoo(dtype, size, rng):
    # G is of rank 4: rounding may make the four eigenvalues eps of L negative. The singular values
    # of the step are s / √(eps + s²), below 1.
    blocks = (Block("matrix", slice(0, 32), (8, 4)),)
    grad = (size * rng.normal(size=32)).astype(dtype)
    step = first_step(optimizers.shampoo(blocks), grad)
    values = np.linalg.svd(step.reshape(8, 4), compute_uv=False)
    np.testing.assert_allclose(values, 1, rtol=1e-2)


# Identities.


def test_momentum_zero_is_sgd_and_so_is_nesterov_zero(walked):
    expected = walk(optimizers.sgd(), *walked)
    for make in (optimizers.momentum, optimizers.nesterov):
        np.testing.assert_array_equal(walk(make(0.0), *walked), expected)


def test_momentum_keeps_the_rate_outside_the_buffer():
    # g = 1, mu = 0.9, rates 0.1 then 0.01: -0.119 here and in PyTorch, -0.2 in Keras.
    path = walk(optimizers.momentum(0.9), np.zeros(1), np.ones((2, 1)), (0.1, 0.01))
    assert path[1, 0] == pytest.approx(-0.119, rel=1e-14)


def test_nesterov_is_the_look_ahead_point_at_a_constant_rate():
    # Sutskever et al.: v ← μv - η ∇f(x + μv), x ← x + v. The optimiser's theta is x + μv.
    problem, mu, lr = problems.quadratic(10.0, 4, rng=np.random.default_rng(3)), 0.8, 0.3
    theta = np.array([1.0, -1.0, 2.0, 0.5])
    x, v = theta.copy(), np.zeros(4)
    optimizer = optimizers.nesterov(mu)
    state = optimizer.init(theta)
    for _ in range(STEPS):
        v = mu * v - lr * problem.grad(x + mu * v)
        x = x + v
        theta, state = optimizer.update(problem.grad(theta), state, theta, lr)
        np.testing.assert_allclose(theta, x + mu * v, rtol=1e-10, atol=1e-12)


def test_rmsprop_with_adams_correction_is_adam_without_momentum(walked):
    theta, grads, rates = walked
    expected = walk(optimizers.adam(0.0, 0.9, 1e-3), theta, grads, rates)
    state = optimizers.rmsprop().init(theta)
    for t, (grad, lr) in enumerate(zip(grads, rates, strict=True), start=1):
        # √(v / c) + eps = (√v + √c eps) / √c
        root = math.sqrt(1 - 0.9**t)
        corrected = optimizers.rmsprop(0.9, 1e-3 * root)
        theta, state = corrected.update(grad, state, theta, lr * root)
        np.testing.assert_allclose(theta, expected[t - 1], rtol=1e-12, atol=1e-14)


def test_amsgrad_is_adam_while_the_second_moment_grows(walked):
    theta, grads, rates = walked
    growing = np.sort(np.abs(grads), axis=0)
    paths = [walk(make(), theta, growing, rates) for make in (optimizers.adam, optimizers.amsgrad)]
    np.testing.assert_array_equal(*paths)
    shrinking = growing[::-1]
    adam, amsgrad = (
        walk(make(0.9, 0.5), theta, shrinking, rates)
        for make in (optimizers.adam, optimizers.amsgrad)
    )
    travelled = [np.abs(np.diff(path, axis=0)).sum(axis=0) for path in (adam, amsgrad)]
    assert (travelled[1] < 0.9 * travelled[0]).all()


@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.sign(), optimizers.normalised(), optimizers.lion(),
        optimizers.adagrad(1e-30), optimizers.rmsprop(eps=1e-30),
        optimizers.rmsprop(eps=1e-30, centred=True), optimizers.adam(eps=1e-30),
        optimizers.amsgrad(eps=1e-30), optimizers.adamw(eps=1e-30),
        optimizers.lars(BLOCKS), optimizers.lamb(BLOCKS, eps=1e-30),
        optimizers.shampoo(BLOCKS, 1e-30), optimizers.muon(BLOCKS, otherwise=optimizers.sign()),
    ],
)  # fmt: skip
def test_scaled_gradients_make_the_same_steps(optimizer, walked):
    theta, grads, rates = walked
    if optimizer.init(theta).__class__.__name__ == "Factors":
        # shampoo's first step is of rank 2 on the left, where only eps decides
        grads[0, :6] = [1, 0, 0, 1, 0, 0]
    plain = walk(optimizer, theta, grads, rates)
    scaled = walk(optimizer, theta, 1000 * grads, rates)
    np.testing.assert_allclose(scaled, plain, rtol=1e-5, atol=1e-5)


def test_adam_is_scale_invariant_bit_for_bit(walked):
    theta, grads, rates = walked
    adam = optimizers.adam(eps=1e-200)  # lost beside every √v, as a power of two is in rounding
    plain = walk(adam, theta, grads, rates)
    np.testing.assert_array_equal(walk(adam, theta, 1024 * grads, rates), plain)
    assert np.abs(walk(optimizers.sgd(), theta, 1024 * grads, rates) - plain).max() > 1


@pytest.mark.parametrize(
    ("optimizer", "turns_with_the_axes"),
    [
        (optimizers.sgd(), True), (optimizers.momentum(0.9), True),
        (optimizers.nesterov(0.9), True), (optimizers.normalised(), True),
        (optimizers.clip_norm(optimizers.sgd(), 0.1), True),
        (optimizers.adam(), False), (optimizers.adagrad(), False), (optimizers.sign(), False),
        (optimizers.rmsprop(), False), (optimizers.clip_value(optimizers.sgd(), 0.1), False),
    ],
)  # fmt: skip
def test_rotating_the_axes_changes_adam_and_not_gradient_descent(optimizer, turns_with_the_axes):
    rng = np.random.default_rng(4)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    hessian, theta = np.diag([0.1, 0.5, 1.0]), np.array([1.0, -2.0, 1.5])

    def minimise(matrix, point):
        state, path = optimizer.init(point), []
        for _ in range(20):
            point, state = optimizer.update(matrix @ point, state, point, 0.1)
            path.append(point)
        return np.stack(path)

    straight = minimise(hessian, theta)
    turned = minimise(turn @ hessian @ turn.T, turn @ theta) @ turn
    difference = np.abs(straight - turned).max()
    assert difference < 1e-12 if turns_with_the_axes else difference > 0.01


@pytest.mark.parametrize("make", [optimizers.sign, optimizers.lion])
def test_sign_and_lion_step_by_the_rate_in_every_coordinate(make, walked):
    theta, grads, rates = walked
    path = np.vstack([theta, walk(make(), theta, grads, rates)])
    expected = np.broadcast_to(rates[:, None], grads.shape)
    np.testing.assert_allclose(np.abs(np.diff(path, axis=0)), expected, rtol=1e-12)
    still, _ = make().update(np.zeros(17), make().init(theta), theta, 0.1)
    np.testing.assert_array_equal(still, theta)


def test_adam_first_steps_by_the_rate_whatever_the_gradient():
    step = first_step(optimizers.adam(eps=1e-30), np.array([1e-6, -3.0, 1e6]))
    np.testing.assert_allclose(step, [-1, 1, -1], rtol=1e-12)


# Weight decay, clipping, projection.


def test_coupled_and_decoupled_decay_are_one_for_sgd_and_two_for_momentum(walked):
    def apart(optimizer):
        coupled = walk(optimizers.coupled_decay(optimizer, 0.4), *walked)
        decoupled = walk(optimizers.decoupled_decay(optimizer, 0.4), *walked)
        return np.abs(coupled - decoupled).max()

    assert apart(optimizers.sgd()) < 1e-12
    assert apart(optimizers.momentum(0.9)) > 0.01
    assert apart(optimizers.adam()) > 0.01


@pytest.mark.parametrize("masked", [False, True])
def test_coupled_decay_is_the_gradient_of_the_l2_penalty(masked, rng):
    X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    model = models.linear(3)
    mask = optimizers.block_mask(model.blocks, lambda block: block.name == "weights")
    mask = mask if masked else None
    options = {"lr": 0.05, "batch_size": 4, "steps": STEPS, "record_theta": True}
    decayed = train(
        Objective(model, losses.squared()), np.ones(4),
        optimizers.coupled_decay(optimizers.adam(), 0.4, mask), (X, y), **options,
    )  # fmt: skip
    penalised = train(
        Objective(model, losses.squared(), l2=0.4, mask=mask), np.ones(4),
        optimizers.adam(), (X, y), **options,
    )  # fmt: skip
    np.testing.assert_allclose(decayed.theta, penalised.theta, rtol=1e-12)


def test_a_mask_decays_the_chosen_blocks_only():
    mask = optimizers.block_mask(BLOCKS, lambda block: len(block.shape) > 1)
    assert mask.tolist() == [1] * 6 + [0] * 3 + [1] * 8
    theta, zero = np.arange(1.0, 18), np.zeros(17)
    for wrap in (optimizers.coupled_decay, optimizers.decoupled_decay):
        after = wrap(optimizers.sgd(), 0.5, mask).update(zero, (), theta, 0.1)[0]
        np.testing.assert_allclose(after, theta * (1 - 0.05 * mask), rtol=1e-15)
    adamw = optimizers.adamw(weight_decay=0.5, mask=mask)
    after = adamw.update(zero, adamw.init(theta), theta, 0.1)[0]
    np.testing.assert_allclose(after, theta * (1 - 0.05 * mask), rtol=1e-15)
    shrunk = optimizers.proximal_l1(optimizers.sgd(), 5.0, mask).update(zero, (), theta, 0.1)[0]
    np.testing.assert_allclose(shrunk, theta - 0.5 * mask, rtol=1e-15)
    for other, named in ((mask, "17"), (np.ones(1), "1")):
        with pytest.raises(ValueError, match=rf"mask must have shape \(3,\), got \({named},\)"):
            optimizers.coupled_decay(optimizers.sgd(), 0.5, other).update(
                np.zeros((2, 3)), (), np.zeros((2, 3)), 0.1
            )


def test_clipping_at_its_bounds():
    by_norm = optimizers.clip_norm(optimizers.sgd(), 5.0)
    by_value = optimizers.clip_value(optimizers.sgd(), 5.0)

    def step(optimizer, grad):
        return (-optimizer.update(np.array(grad), (), np.zeros(2), 1.0)[0]).tolist()

    assert step(by_norm, [3.0, -4.0]) == [3, -4]  # its length is the bound
    assert step(by_norm, [0.3, 0.4]) == [0.3, 0.4]
    assert step(by_norm, [6.0, -8.0]) == [3, -4]
    assert step(by_norm, [0.0, 0.0]) == [0, 0]
    assert step(by_value, [5.0, -5.0]) == [5, -5]
    assert step(by_value, [7.0, -0.5]) == [5, -0.5]
    together = by_norm.update(np.array([[6.0, 8.0], [0.3, 0.4]]), (), np.zeros((2, 2)), 1.0)[0]
    np.testing.assert_allclose(together, [[-3, -4], [-0.3, -0.4]])  # each run its own length


def test_proximal_steps_solve_the_lasso_with_exact_zeros(rng):
    X = rng.normal(size=(60, 8))
    y = X @ np.array([2.0, -1.5, 0, 0, 0, 1.0, 0, 0]) + 3.0 + 0.1 * rng.normal(size=60)
    model, weight, lr = models.linear(8), 0.2, 0.3
    mask = optimizers.block_mask(model.blocks, lambda block: block.name == "weights")
    smooth = Objective(model, losses.squared())
    optimizer = optimizers.proximal_l1(optimizers.sgd(), weight, mask)
    theta = train(smooth, np.zeros(9), optimizer, (X, y), lr=lr, steps=400).final
    grad = smooth.grad(theta, X, y)
    # Optimal: the slope is -λ sign(θ) where θ is not 0, within ±λ where it is, 0 for the intercept.
    zero = theta[:8] == 0
    assert zero.tolist() == [False, False, True, True, True, False, True, True]
    np.testing.assert_allclose(grad[:8][~zero], -weight * np.sign(theta[:8][~zero]), rtol=1e-10)
    assert (np.abs(grad[:8][zero]) < weight).all()
    assert abs(grad[8]) < 1e-12
    # Which is: a proximal step leaves it where it is.
    mapped = (theta - optimizer.update(grad, (), theta, lr)[0]) / lr
    assert np.abs(mapped).max() < 1e-12
    # The subgradient method does not reach a zero.
    rough = Objective(model, losses.squared(), l1=weight, mask=mask)
    final = train(rough, np.zeros(9), optimizers.sgd(), (X, y), lr=lr, steps=400).final
    assert (final[:8] != 0).all()


def test_a_projected_method_stays_inside_and_finds_the_edge():
    problem = problems.quadratic(1.0)
    far = problems.Problem(
        np.array([3.0, 4.0]),
        lambda theta: problem.value(theta - np.array([3.0, 4.0])),
        lambda theta, rngs: problem.grad(theta - np.array([3.0, 4.0])),
    )
    optimizer = optimizers.projected(optimizers.momentum(0.5), lambda theta: project_ball(theta, 1))
    path = train(far, np.zeros(2), optimizer, lr=0.2, steps=40, record_theta=True).theta
    assert (np.linalg.norm(path, axis=-1) <= 1 + 1e-14).all()
    np.testing.assert_allclose(path[-1], [0.6, 0.8], rtol=1e-12)


@pytest.mark.parametrize("bad", [-0.1, 1, 1.5, np.nan, "much"])
def test_shares_out_of_range_are_named(bad):
    for make, names in (
        (optimizers.momentum, ("mu", "dampening")),
        (optimizers.nesterov, ("mu",)),
        (optimizers.rmsprop, ("alpha",)),
        (optimizers.adam, ("beta1", "beta2")),
        (optimizers.amsgrad, ("beta1", "beta2")),
        (optimizers.adamw, ("beta1", "beta2")),
        (optimizers.lion, ("beta1", "beta2")),
        (optimizers.schedule_free, ("beta",)),
        (lambda **share: optimizers.muon(BLOCKS, **share), ("mu",)),
        (lambda **share: optimizers.lars(BLOCKS, **share), ("mu",)),
        (lambda **share: optimizers.lamb(BLOCKS, **share), ("beta1", "beta2")),
    ):
        for name in names:
            other = {"mu": 0.9} if name == "dampening" else {}
            with pytest.raises(ValueError, match=f"{name} must be"):
                make(**{name: bad}, **other)


@pytest.mark.parametrize("bad", [0, -1, np.nan, np.inf])
def test_settings_that_must_be_above_zero_are_named(bad):
    sgd = optimizers.sgd()
    for make, name in (
        (optimizers.adagrad, "eps"),
        (optimizers.rmsprop, "eps"),
        (optimizers.adam, "eps"),
        (optimizers.amsgrad, "eps"),
        (lambda eps: optimizers.shampoo(BLOCKS, eps), "eps"),
        (lambda eps: optimizers.lamb(BLOCKS, eps=eps), "eps"),
        (lambda trust: optimizers.lars(BLOCKS, trust=trust), "trust"),
        (lambda bound: optimizers.clip_norm(sgd, bound), "bound"),
        (lambda bound: optimizers.clip_value(sgd, bound), "bound"),
    ):
        with pytest.raises(ValueError, match=f"{name} must be"):
            make(**{name: bad})


def test_negative_decay_and_odd_counts_are_named():
    for make in (
        lambda weight_decay: optimizers.adamw(weight_decay=weight_decay),
        lambda weight_decay: optimizers.lars(BLOCKS, weight_decay=weight_decay),
        lambda weight_decay: optimizers.lamb(BLOCKS, weight_decay=weight_decay),
        lambda weight_decay: optimizers.coupled_decay(optimizers.sgd(), weight_decay),
        lambda weight_decay: optimizers.decoupled_decay(optimizers.sgd(), weight_decay),
    ):
        with pytest.raises(ValueError, match="weight_decay must be"):
            make(-0.1)
    with pytest.raises(ValueError, match="weight must be"):
        optimizers.proximal_l1(optimizers.sgd(), -0.1)
    for bad in (0, 2.5):
        with pytest.raises(ValueError, match="iterations must be"):
            optimizers.muon(BLOCKS, iterations=bad)


def test_preconditioned_sgd_steps_along_p_times_the_gradient(rng):
    axes, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    for P in (axes * [0.1, 1.0, 3.0, 10.0] @ axes.T, np.array([0.1, 1.0, 3.0, 10.0])):
        matrix = np.diag(P) if P.ndim == 1 else P
        optimizer = optimizers.preconditioned(optimizers.sgd(), P)
        theta, grad = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
        stepped, _ = optimizer.update(grad, optimizer.init(theta), theta, 0.3)
        np.testing.assert_allclose(stepped, theta - 0.3 * grad @ matrix, rtol=1e-12)


@pytest.mark.parametrize("diagonal", [False, True])
def test_preconditioned_is_the_optimiser_in_other_coordinates(diagonal, rng):
    axes = np.eye(3) if diagonal else np.linalg.qr(rng.normal(size=(3, 3)))[0]
    scales = np.array([0.5, 1.0, 4.0])
    root = axes * scales @ axes.T  # P^(1/2)
    for make in (lambda: optimizers.adam(), lambda: optimizers.schedule_free(0.8)):
        P = scales**2 if diagonal else root @ root
        outer, inner = optimizers.preconditioned(make(), P), make()
        theta = rng.normal(size=3)
        u = np.linalg.solve(root, theta)
        state, inner_state = outer.init(theta), inner.init(u)
        for _ in range(5):
            grad = rng.normal(size=3)
            theta, state = outer.update(grad, state, theta, 0.1)
            u, inner_state = inner.update(root @ grad, inner_state, u, 0.1)
            np.testing.assert_allclose(theta, root @ u, rtol=1e-10)


def test_preconditioned_by_the_inverse_hessian_is_one_step_of_newton(rng):
    problem = problems.quadratic(1e4, 5, rng=rng)
    optimizer = optimizers.preconditioned(optimizers.sgd(), np.linalg.inv(problem.hessian))
    theta = rng.normal(size=5)
    theta, _ = optimizer.update(problem.grad(theta), optimizer.init(theta), theta, 1.0)
    np.testing.assert_allclose(theta, 0, atol=1e-9)


@pytest.mark.parametrize(
    "bad",
    [0.0, [1.0, 0.0], [1.0, -1.0], [[1.0, 2.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]],
     [[1.0, 0.0]], [[1.0], [0.0]], [1.0, np.nan], "1", None, np.ones((2, 2, 2))],
)  # fmt: skip
def test_a_matrix_that_cannot_precondition_is_refused(bad):
    with pytest.raises(ValueError, match="^P must "):
        optimizers.preconditioned(optimizers.sgd(), bad)
    optimizer = optimizers.preconditioned(optimizers.sgd(), [1.0, 2.0])
    for call in (
        lambda: optimizer.init(np.ones(3)),
        lambda: optimizer.update(np.ones(3), (), np.ones(3), 0.1),
    ):
        with pytest.raises(ValueError, match=r"theta must have shape \(..., 2\), got \(3,\)"):
            call()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_what_rounding_leaves_of_a_zero_or_of_a_symmetry_does_not_precondition(scale):
    def made(P):
        return optimizers.preconditioned(optimizers.sgd(), scale * np.array(P))

    eps = np.finfo(float).eps
    made(np.diag([3 * eps, 1.0]))
    made([[1.0, 1e-8], [0.0, 1.0]])
    made(np.eye(300))
    for P in (np.diag([1.5 * eps, 1.0]), [[1.0, 2e-8], [0.0, 1.0]]):
        with pytest.raises(ValueError, match="^P must be symmetric and positive definite"):
            made(P)


@pytest.mark.parametrize(
    "project",
    [lambda theta: theta[:1], lambda theta: theta[None], lambda theta: np.append(theta, theta)],
)
def test_a_projection_that_changes_the_shape_is_named(project):
    optimizer = optimizers.projected(optimizers.sgd(), project)
    with pytest.raises(ValueError, match=r"project must return the shape of theta, \(3,\), got"):
        optimizer.update(np.ones(3), (), np.ones(3), 0.1)


def test_a_mask_has_one_axis():
    for mask in (1.0, np.ones((2, 3))):
        with pytest.raises(ValueError, match="mask must have shape"):
            optimizers.coupled_decay(optimizers.sgd(), 0.1, mask)


@pytest.mark.parametrize("wrong", [bool, int, complex])
def test_theta_and_its_gradient_are_both_floats(wrong):
    floats, others = np.ones(3), np.ones(3, wrong)
    named = f"must be floats, an array .* got dtype {others.dtype}"
    for grad, theta in ((floats, others), (others, others)):
        with pytest.raises(ValueError, match=f"theta {named}"):
            optimizers.sgd().update(grad, (), theta, 0.1)
    with pytest.raises(ValueError, match=f"grad {named}"):
        optimizers.sgd().update(others, (), floats, 0.1)
