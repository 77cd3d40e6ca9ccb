"""Wrong answers to every exercise, as students give them: slips, half-truths, guesses.

They were written from the questions, not from the catalogue of mistakes.
"""

import numpy as np

from classroom.exercises.chapter_15 import PLAIN, RESIDUAL, cosine_after

LARGEST_STEPS = 10_000


# ---- 01


def price_without_minus(prediction, target, q):
    low, high = prediction < target, prediction > target
    error = np.abs(prediction - target)
    return np.mean(np.where(low, q, 1 - q) * error), (q * low + (1 - q) * high) / len(target)


def gradient_first(prediction, target, q):
    below = prediction < target
    loss = np.where(below, q * (target - prediction), (1 - q) * (prediction - target))
    slope = np.where(below, -q, np.where(prediction > target, 1 - q, 0))
    return slope / len(target), loss.mean()


def kink_overlooked(prediction, target, q):
    error = target - prediction
    loss = np.maximum(q * error, (q - 1) * error)
    return loss.mean(), np.where(error > 0, -q, 1 - q) / len(error)


# ---- 02


def descent(X, y, lr, stop):
    """Descent from zero until ``stop(gradient, theta)``."""
    theta = np.zeros(X.shape[1])
    for steps in range(LARGEST_STEPS):
        gradient = X.T @ (X @ theta - y) / len(y)
        if stop(gradient, theta):
            return theta, steps
        theta = theta - lr * gradient
    return theta, LARGEST_STEPS


def smallest_curvature(X, y):
    return np.linalg.eigvalsh(X.T @ X / len(y)).min()


def squared_norm(X, y, lr, error):
    mu = smallest_curvature(X, y)
    return descent(X, y, lr, lambda gradient, theta: gradient @ gradient <= mu * error)


def true_distance(X, y, lr, error):
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    return descent(X, y, lr, lambda gradient, theta: np.linalg.norm(theta - best) <= error)


def largest_entry(X, y, lr, error):
    mu = smallest_curvature(X, y)
    return descent(X, y, lr, lambda gradient, theta: np.abs(gradient).max() <= mu * error)


# ---- 03


def step(theta, X, y, lr):
    return theta - lr * X.T @ (X @ theta - y) / len(y)


def overlapping(theta, X, y, lr, batch_size, rng):
    order = rng.permutation(len(y))
    for start in range(len(y)):
        batch = order[start : start + batch_size]
        theta = step(theta, X[batch], y[batch], lr)
    return theta


def shuffled_apart(theta, X, y, lr, batch_size, rng):
    X, y = X[rng.permutation(len(y))], y[rng.permutation(len(y))]
    for start in range(0, len(y), batch_size):
        theta = step(theta, X[start : start + batch_size], y[start : start + batch_size], lr)
    return theta


def stops_early(theta, X, y, lr, batch_size, rng):
    order = rng.permutation(len(y))
    for start in range(0, len(y) - batch_size, batch_size):
        batch = order[start : start + batch_size]
        theta = step(theta, X[batch], y[batch], lr)
    return theta


# ---- 04


def means_of_pieces(theta, pieces):
    gradients, squares = [], []
    for X, y in pieces:
        each = (X @ theta - y)[:, None] * X
        gradients.append(each.mean(axis=0))
        squares.append((each**2).sum(axis=1).mean())
    G = np.mean(gradients, axis=0)
    return G, (np.mean(squares) - G @ G) / (G @ G)


def squares_by_pieces(theta, pieces):
    total, squares, n = 0, 0, 0
    for X, y in pieces:
        each = (X @ theta - y)[:, None] * X
        total = total + each.sum(axis=0)
        squares += np.sum(each**2)
        n += len(y)
    G = total / n
    return G, (squares / len(pieces) - G @ G) / (G @ G)


def scale_first(theta, pieces):
    X = np.concatenate([X for X, _ in pieces])
    y = np.concatenate([y for _, y in pieces])
    each = (X @ theta - y)[:, None] * X
    G = each.mean(axis=0)
    return each.var(axis=0).sum() / (G @ G), G


def two_loops(theta, pieces):
    n = sum(len(y) for _, y in pieces)
    G = sum((X @ theta - y) @ X for X, y in pieces) / n
    squares = sum(((X @ theta - y) ** 2 * (X**2).sum(axis=1)).sum() for X, y in pieces) / n
    return G, (squares - G @ G) / (G @ G)


def squares_in_a_second_loop(theta, pieces):
    total, n = np.zeros(len(theta)), 0
    for X, y in pieces:
        total += (X @ theta - y) @ X
        n += len(y)
    G, squares = total / n, 0
    for X, y in pieces:
        squares += ((X @ theta - y) ** 2 * (X**2).sum(axis=1)).sum() / n
    return G, (squares - G @ G) / (G @ G)


# ---- 05


def soft(u, threshold):
    return np.sign(u) * np.maximum(np.abs(u) - threshold, 0)


def divided_before(u, eta, l1, l2):
    return soft(u / (1 + eta * l2), eta * l1)


def l2_slope_at_u(u, eta, l1, l2):
    return soft(u, eta * l1) - eta * l2 * u


def python_max(u, eta, l1, l2):
    return np.sign(u) * max(abs(u) - eta * l1, 0) / (1 + eta * l2)


# ---- 06


def loss(theta, X, y):
    return np.mean((X @ theta - y) ** 2) / 2


def slope_added(theta, X, y, start, shrink, slope):
    g = X.T @ (X @ theta - y) / len(y)
    lr, count = start, 2
    while loss(theta - lr * g, X, y) > loss(theta, X, y) + slope * lr * g @ g:
        lr, count = lr * shrink, count + 1
    return lr, count


def loss_is_a_sum(theta, X, y, start, shrink, slope):
    g = X.T @ (X @ theta - y) / len(y)
    lr, count = start, 2
    while len(y) * loss(theta - lr * g, X, y) > len(y) * loss(theta, X, y) - slope * lr * g @ g:
        lr, count = lr * shrink, count + 1
    return lr, count


def shrinks_first(theta, X, y, start, shrink, slope):
    g = X.T @ (X @ theta - y) / len(y)
    lr, count = start, 1
    while True:
        lr, count = lr * shrink, count + 1
        if loss(theta - lr * g, X, y) <= loss(theta, X, y) - slope * lr * g @ g:
            return lr, count


def rate_forgotten(theta, X, y, start, shrink, slope):
    g = X.T @ (X @ theta - y) / len(y)
    lr, count = start, 2
    while loss(theta - lr * g, X, y) > loss(theta, X, y) - slope * (g @ g):
        lr, count = lr * shrink, count + 1
    return lr, count


def never_shrunk(theta, X, y, start, shrink, slope):
    g = X.T @ (X @ theta - y) / len(y)
    lr, count = start, 2
    while loss(theta - lr * g, X, y) > loss(theta, X, y) - slope * lr * g @ g:
        count += 1
    return lr, count


def gradient_of_the_sum(theta, X, y, start, shrink, slope):
    g = X.T @ (X @ theta - y)
    lr, count = start, 2
    while loss(theta - lr * g, X, y) > loss(theta, X, y) - slope * lr * g @ g:
        lr, count = lr * shrink, count + 1
    return lr, count


def last_loss_compared(theta, X, y, start, shrink, slope):
    g = X.T @ (X @ theta - y) / len(y)
    lr, count, here = start, 2, loss(theta, X, y)
    new = loss(theta - lr * g, X, y)
    while new > here - slope * lr * g @ g:
        here, lr, count = new, lr * shrink, count + 1
        new = loss(theta - lr * g, X, y)
    return lr, count


# ---- 07


def wave_too_long(t, peak, warmup, steps):
    t = np.asarray(t, float)
    done = np.clip((t - warmup) / steps, 0, 1)
    return np.where(t < warmup, peak * t / max(warmup, 1), peak * (1 + np.cos(np.pi * done)) / 2)


def one_if(t, peak, warmup, steps):
    if t < warmup:
        return peak * t / warmup
    if t > steps:
        return 0.0
    return peak * (1 + np.cos(np.pi * (t - warmup) / (steps - warmup))) / 2


def one_by_one(t, peak, warmup, steps):
    out = []
    for s in t:
        if s < warmup:
            out.append(peak * s / warmup)
        else:
            done = min(1, (s - warmup) / (steps - warmup))
            out.append(peak * (1 + np.cos(np.pi * done)) / 2)
    return np.array(out)


def degrees(t, peak, warmup, steps):
    t = np.asarray(t, float)
    done = np.clip((t - warmup) / (steps - warmup), 0, 1)
    return np.where(t < warmup, peak * t / max(warmup, 1), peak * (1 + np.cos(180 * done)) / 2)


# ---- 08


def momentum_run(curvature, theta, rates, beta, step):
    b = np.zeros(len(theta))
    for lr in rates:
        g = curvature * theta
        b = beta * b + g
        theta = theta - lr * step(g, b, beta)
    return theta


def heavy_ball(curvature, theta, rates, beta):
    return momentum_run(curvature, theta, rates, beta, lambda g, b, beta: b)


def beta_on_the_gradient(curvature, theta, rates, beta):
    return momentum_run(curvature, theta, rates, beta, lambda g, b, beta: b + beta * g)


def rate_in_the_buffer(curvature, theta, rates, beta):
    b = np.zeros(len(theta))
    for lr in rates:
        g = curvature * theta
        b = beta * b + lr * g
        theta = theta - (lr * g + beta * b)
    return theta


def no_half_left(curvature, theta, rates, beta):
    return momentum_run(curvature / 2, theta, rates, beta, lambda g, b, beta: g + beta * b)


def returns_in_the_loop(curvature, theta, rates, beta):
    b = np.zeros(len(theta))
    for lr in rates:
        g = curvature * theta
        b = beta * b + g
        theta = theta - lr * (g + beta * b)
        return theta


def matrix_product(curvature, theta, rates, beta):
    b = 0
    for lr in rates:
        g = curvature @ theta
        b = beta * b + g
        theta = theta - lr * (g + beta * b)
    return theta


def one_gradient(curvature, theta, rates, beta):
    b, g = np.zeros(len(theta)), curvature * theta
    for lr in rates:
        b = beta * b + g
        theta = theta - lr * (g + beta * b)
    return theta


def textbook_nesterov(curvature, theta, rates, beta):
    v = np.zeros(len(theta))
    for lr in rates:
        g = curvature * (theta + beta * v)
        v = beta * v - lr * g
        theta = theta + v
    return theta


# ---- 09


def adam_run(theta, gradients, lr, decay, mask, *, first=0, share=0.1, held=1.0, pulls=0.0):
    m = v = 0
    for t, g in enumerate(gradients, first + 1):
        g = g + pulls * decay * mask * theta
        m = 0.9 * m + share * g
        v = 0.999 * v + 0.001 * g**2
        step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        theta = (1 - (1 - pulls) * lr * decay * mask) * theta - lr * held ** (1 - mask) * step
    return theta


def decay_as_gradient(theta, gradients, lr, decay, mask):
    return adam_run(theta, gradients, lr, decay, mask, pulls=1.0)


def counts_from_zero(theta, gradients, lr, decay, mask):
    return adam_run(theta, gradients, lr, decay, mask, first=-1)


def first_average_summed(theta, gradients, lr, decay, mask):
    return adam_run(theta, gradients, lr, decay, mask, share=1.0)


def step_masked(theta, gradients, lr, decay, mask):
    return adam_run(theta, gradients, lr, decay, mask, held=0.0)


def two_names(theta, gradients, lr, decay, mask):
    m = v = np.zeros(len(theta))
    for t, g in enumerate(gradients, 1):
        m *= 0.9
        m += 0.1 * g
        v *= 0.999
        v += 0.001 * g**2
        step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        theta = (1 - lr * decay * mask) * theta - lr * step
    return theta


# ---- 10


def row_is_a_view(X, y, theta, lr, order):
    table = np.zeros(X.shape)
    for i in order:
        old = table[i]
        table[i] = (X[i] @ theta - y[i]) * X[i]
        theta = theta - lr * (table[i] - old + table.mean(axis=0))
    return theta


def mean_of_all_entries(X, y, theta, lr, order):
    table = np.zeros(X.shape)
    for i in order:
        fresh = (X[i] @ theta - y[i]) * X[i]
        theta = theta - lr * (fresh - table[i] + table.mean())
        table[i] = fresh
    return theta


def running_sum(X, y, theta, lr, order):
    table, mean = np.zeros(X.shape), np.zeros(len(theta))
    for i in order:
        fresh = (X[i] @ theta - y[i]) * X[i]
        theta = theta - lr * (fresh - table[i] + mean)
        mean = mean + fresh - table[i]
        table[i] = fresh
    return theta


def tail(ks, *, shrink=(1 - 1 / 40) ** 2, noise=None):
    """The best of these tails, and how many times larger the mean square of all iterates is."""
    rho, squares = 1 - 1 / 40, []
    for k in ks:
        square = 50.0**2
        for _ in range(1000 - k):
            square = shrink * square + 1 / 4
        left = rho * (1 - rho**k) / (k / 40)
        each = ((1 - rho ** np.arange(1, k + 1)) ** 2).sum() / (k / 20) ** 2
        squares.append(left**2 * square + (noise(k) if noise else each))
    return int(ks[np.argmin(squares)]), squares[-1] / min(squares)


# ---- 11


def as_in_the_chapter(H, g, steps, z=lambda r: r):
    """The chapter's program with one line more."""
    s, r = np.zeros(len(g)), g
    p = z(r)
    for _ in range(steps):
        Hp = H @ p
        length = (r @ r) / (p @ Hp)
        s = s + length * p
        before, r = r, r - length * Hp
        p = z(r) + (r @ r) / (before @ before) * p
    return s


def old_products(H, g, steps):
    return as_in_the_chapter(H, g, steps, lambda r: r / np.diagonal(H))


def u_returned(H, g, steps):
    root = np.sqrt(np.diagonal(H))
    return as_in_the_chapter(H / np.outer(root, root), g / root, steps)


def right_side_kept(H, g, steps):
    root = np.sqrt(np.diagonal(H))
    return as_in_the_chapter(H / np.outer(root, root), g, steps) / root


def from_one_side(H, g, steps):
    D = np.diag(1 / np.diagonal(H))
    return as_in_the_chapter(D @ H, D @ g, steps)


def no_roots(H, g, steps):
    D = np.diag(1 / np.diagonal(H))
    return D @ as_in_the_chapter(D @ H @ D, D @ g, steps)


def diagonal_for_its_inverse(H, g, steps):
    root = np.sqrt(np.diagonal(H))
    return root * as_in_the_chapter(H * np.outer(root, root), root * g, steps)


def steepest_with_jacobi(H, g, steps):
    s = np.zeros(len(g))
    for _ in range(steps):
        r = g - H @ s
        z = r / np.diagonal(H)
        s = s + (r @ z) / (z @ H @ z) * z
    return s


def first_direction_kept(H, g, steps):
    s, r = np.zeros(len(g)), g.copy()
    p = r
    for _ in range(steps):
        z = r / np.diagonal(H)
        length = (r @ z) / (p @ H @ p)
        s, before = s + length * p, r @ z
        r = r - length * H @ p
        z = r / np.diagonal(H)
        p = z + (r @ z) / before * p
    return s


def first_step_to_the_other_side():
    return np.tanh(3) / 6 - 1 / np.cosh(3) ** 2


# ---- 12


def mean_subtracted(scores, labels):
    shifted = scores - scores.mean(axis=1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    return -np.log(p[rows, labels]).mean(), (p - np.eye(scores.shape[1])[labels]) / len(labels)


def gradient_before_loss(scores, labels):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    truth = np.eye(scores.shape[1])[labels]
    return (np.exp(log_p) - truth) / len(labels), -(log_p * truth).sum(axis=1).mean()


def gradient_of_the_label_alone(scores, labels):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    truth = np.eye(scores.shape[1])[labels]
    return -(log_p * truth).sum(axis=1).mean(), truth * (np.exp(log_p) - 1) / len(labels)


def one_loss_a_sample(scores, labels):
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    truth = np.eye(scores.shape[1])[labels]
    return -(log_p * truth).sum(axis=1), np.exp(log_p) - truth


def small_number_added(scores, labels):
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    truth = np.eye(scores.shape[1])[labels]
    return -np.log(p[truth == 1] + 1e-15).mean(), (p - truth) / len(labels)


def by_rows(scores, labels, *, largest=None, total=None, columns=None, high=np.inf):
    """Written out with a slip: what is subtracted, divided by, picked, or cut off."""
    scores = np.clip(scores, -high, high)
    z = scores - (scores.max(axis=1, keepdims=True) if largest is None else largest(scores))
    e = np.exp(z)
    total = e.sum(axis=1, keepdims=True) if total is None else total(e)
    log_p, p = z - np.log(total), e / total
    rows = np.arange(len(labels))
    if columns == "all":
        loss = -log_p[:, labels].mean()
        p[:, labels] -= 1
    else:
        labels = labels if columns is None else labels + columns
        loss = -log_p[rows, labels].mean()
        p[rows, labels] -= 1
    return loss, p / len(labels)


def largest_of_a_column(scores, labels):
    return by_rows(scores, labels, largest=lambda z: z.max(axis=0, keepdims=True))


def no_keepdims(scores, labels):
    return by_rows(scores, labels, largest=lambda z: z.max(axis=1), total=lambda e: e.sum(axis=1))


def largest_without_keepdims(scores, labels):
    return by_rows(scores, labels, largest=lambda z: z.max(axis=1))


def sums_without_keepdims(scores, labels):
    return by_rows(scores, labels, total=lambda e: e.sum(axis=1))


def all_rows_added(scores, labels):
    return by_rows(scores, labels, total=lambda e: e.sum())


def all_rows_alike(scores, labels):
    return by_rows(scores, labels, largest=lambda z: z.max(), total=lambda e: e.sum())


def all_rows_added_plainly(scores, labels):
    return by_rows(scores, labels, largest=lambda z: 0, total=lambda e: e.sum())


def all_columns(scores, labels):
    return by_rows(scores, labels, columns="all")


def gradient_in_all_columns(scores, labels):
    return by_rows(scores, labels)[0], by_rows(scores, labels, columns="all")[1]


def columns_before(scores, labels):
    return by_rows(scores, labels, columns=-1)


def cut_at_500(scores, labels):
    return by_rows(scores, labels, high=500)


def cut_at_30(scores, labels):
    return by_rows(scores, labels, high=30)


def all_rows_added_to_p(scores, labels):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p, truth = e / e.sum(), np.eye(scores.shape[1])[labels]
    return -np.log(p[truth == 1]).mean(), (p - truth) / len(labels)


def p_cut_after_overflow(scores, labels):
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    truth = np.eye(scores.shape[1])[labels]
    return -np.log(np.clip(p, 1e-12, 1)[truth == 1]).mean(), (p - truth) / len(labels)


# ---- 13


def two_layers_backwards(X, y, W1, b1, w2, b2, count=None):
    """Sample by sample, as from the formulas for a single one."""
    parts = [np.zeros(W1.shape), np.zeros(len(b1)), np.zeros(len(w2)), 0.0]
    for x, target in zip(X, y, strict=True):
        h = np.tanh(x @ W1 + b1)
        residual = h @ w2 + b2 - target
        inner = residual * w2 * (1 - h**2)
        new = [np.outer(x, inner), inner, residual * h, residual]
        parts = [part + each for part, each in zip(parts, new, strict=True)]
    return tuple(part / (len(y) if count is None else count) for part in parts)


def summed_over_samples(X, y, W1, b1, w2, b2):
    return two_layers_backwards(X, y, W1, b1, w2, b2, count=1)


def last_sample_only(X, y, W1, b1, w2, b2):
    return two_layers_backwards(X[-1:], y[-1:], W1, b1, w2, b2)


def slope_of_a_signal(X, y, W1, b1, w2, b2):
    h = np.tanh(X @ W1 + b1)
    g = (h @ w2 + b2 - y) / len(y)
    inner = g[:, None] * w2 * (1 - np.tanh(h) ** 2)
    return X.T @ inner, inner.sum(axis=0), h.T @ g, g.sum()


def means_everywhere(X, y, W1, b1, w2, b2):
    h = np.tanh(X @ W1 + b1)
    g = (h @ w2 + b2 - y) / len(y)
    inner = g[:, None] * w2 * (1 - h**2)
    return X.T @ inner, inner.mean(axis=0), h.T @ g, g.mean()


def last_intercept(count):
    """The gradient of b2 from the residuals, divided as often as said."""

    def answer(X, y, W1, b1, w2, b2):
        first, bias, second, last = two_layers_backwards(X, y, W1, b1, w2, b2)
        return first, bias, second, last * len(y) ** (1 - count)

    return answer


b2_not_averaged, b2_averaged_twice = last_intercept(0), last_intercept(2)


def target_minus_prediction(X, y, W1, b1, w2, b2):
    h = np.tanh(X @ W1 + b1)
    g = (y - h @ w2 - b2) / len(y)
    inner = g[:, None] * w2 * (1 - h**2)
    return X.T @ inner, inner.sum(axis=0), h.T @ g, g.sum()


def stepped_too_early(X, y, W1, b1, w2, b2):
    h = np.tanh(X @ W1 + b1)
    g = (h @ w2 + b2 - y) / len(y)
    w2_gradient = h.T @ g
    inner = g[:, None] * (w2 - 0.1 * w2_gradient) * (1 - h**2)
    return X.T @ inner, inner.sum(axis=0), w2_gradient, g.sum()


# ---- 14


def by_mask(x, g):
    h, w = g.shape
    windows = x.reshape(h, 2, w, 2)
    mask = windows == windows.max(axis=(1, 3), keepdims=True)
    return (mask * g[:, None, :, None]).reshape(x.shape)


def integers_kept(x, g):
    out = np.zeros_like(x)
    for i, j in np.ndindex(g.shape):
        k, m = divmod(x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].argmax(), 2)
        out[2 * i + k, 2 * j + m] = g[i, j]
    return out


def stride_one(x, g):
    out = np.zeros_like(x)
    for i in range(g.shape[0]):
        for j in range(g.shape[1]):
            k, m = np.unravel_index(x[i : i + 2, j : j + 2].argmax(), (2, 2))
            out[i + k, j + m] += g[i, j]
    return out


def pooled_forward(x, g):
    h, w = g.shape
    return x.reshape(h, 2, w, 2).max(axis=(1, 3)) * g


# ---- 15


def eps_on_the_deviation(z, scale, shift, eps, stats=None):
    mean, std = (z.mean(axis=0), z.std(axis=0)) if stats is None else (stats[0], stats[1] ** 0.5)
    return scale * (z - mean) / (std + eps) + shift


def variance_as_deviation(z, scale, shift, eps, stats=None):
    if stats is None:
        return scale * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + eps) + shift
    return scale * (z - stats[0]) / stats[1] + shift


def eps_in_training_alone(z, scale, shift, eps, stats=None):
    if stats is None:
        return scale * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + eps) + shift
    return scale * (z - stats[0]) / np.sqrt(stats[1]) + shift


# ---- 16


def mean_loss(w, b, X, y):
    return 0.5 * np.mean((X @ w + b - y) ** 2)


def masks_counted_once(w, b, X, y, rho):
    found = []
    for mask in np.ndindex(*[2] * X.shape[1]):
        found.append(mean_loss(w, b, X * np.array(mask) / (1 - rho), y))
    return np.mean(found)


def divided_in_the_end(w, b, X, y, rho):
    total = 0.0
    for mask in np.ndindex(*[2] * X.shape[1]):
        kept = sum(mask)
        chance = (1 - rho) ** kept * rho ** (X.shape[1] - kept)
        total += chance * mean_loss(w, b, X * np.array(mask), y)
    return total


def half_left_out(w, b, X, y, rho):
    penalty = rho / (1 - rho) * (X**2).mean(axis=0)
    return mean_loss(w, b, X, y) + penalty @ w**2


def root_of_the_mean_square(w, b, X, y, rho):
    penalty = rho / (1 - rho) * np.sqrt((X**2).mean(axis=0))
    return mean_loss(w, b, X, y) + 0.5 * penalty @ w**2


def loop_over_masks(w, b, X, y, rho, *, dropped=None, scale=None):
    """One mask for all samples; the two are the chance to be dropped and the divisor."""
    dropped = rho if dropped is None else dropped
    scale = 1 - rho if scale is None else scale
    total = 0.0
    for mask in np.ndindex(*[2] * X.shape[1]):
        chance = np.prod([1 - dropped if kept else dropped for kept in mask])
        total += chance * mean_loss(w, b, X * np.array(mask) / scale, y)
    return total


def chances_exchanged(w, b, X, y, rho):
    return loop_over_masks(w, b, X, y, rho, dropped=1 - rho)


def divided_by_rho(w, b, X, y, rho):
    return loop_over_masks(w, b, X, y, rho, scale=rho)


def multiplied_in_place_of_divided(w, b, X, y, rho):
    return loop_over_masks(w, b, X, y, rho, scale=1 / (1 - rho))


def mask_variance(w, b, X, y, rho):
    return mean_loss(w, b, X, y) + 0.5 * rho * (1 - rho) * (X**2).mean(axis=0) @ w**2


def absolute_weights(w, b, X, y, rho):
    return mean_loss(w, b, X, y) + 0.5 * rho / (1 - rho) * (X**2).mean(axis=0) @ abs(w)


def masks_at_random(w, b, X, y, rho):
    kept = np.random.default_rng(7).random((4000, *X.shape)) > rho
    return mean_loss(w, b, X * kept / (1 - rho), y)


def samples_needed(noise, size=60):
    """The third exercise with another number for the noise's variance."""

    def error(n):
        if n < size:
            return 1 - n / size + noise * (1 + n / (size - n - 1))
        return noise * (1 + size / (n - size - 1))

    low = min(range(1, size - 1), key=error)
    return low, next(n for n in range(size + 2, 1000) if error(n) < error(low))


# ---- 17


def loop_that_stops_early(y, p, h):
    return np.array([[*y[t - p + 1 : t + 1][::-1], y[t + h]] for t in range(p - 1, len(y) - h - 1)])


def in_order_of_time(y, p, h):
    view = np.lib.stride_tricks.sliding_window_view(y, p + h)
    return np.column_stack([view[:, :p], view[:, -1]])


def horizon_counted_from_today(y, p, h):
    return np.array([[*y[t - p + 1 : t + 1][::-1], y[t + h - 1]] for t in range(p - 1, len(y) - h)])


def lags_of_the_chapter(y, p, h):
    past = [y[p - k : len(y) - k] for k in range(1, p + 1)]
    return np.stack([*past, y[p:]], axis=1)


def rolled(y, p, h):
    return np.stack([np.roll(y, k) for k in range(p)] + [np.roll(y, -h)], axis=1)[p - 1 :]


def the_whole_window(y, p, h):
    return np.array([y[t - p + 1 : t + h + 1] for t in range(p - 1, len(y) - h)])


# ---- 18


def nearest_centre(X, centres):
    return np.linalg.norm(X[:, None] - centres, axis=-1).argmin(axis=1)


def averages_of_weighted_points(X, w, centres):
    owner = nearest_centre(X, centres)
    weighted = X * w[:, None]
    return np.array(
        [
            weighted[owner == k].mean(axis=0) if (owner == k).any() else centres[k]
            for k in range(len(centres))
        ]
    )


def rows_repeated(X, w, centres):
    return np.array(
        averages_of_weighted_points(
            X := np.repeat(X, w.astype(int), axis=0), np.ones(len(X)), centres
        )
    )


def weights_of_all(X, w, centres):
    owner = nearest_centre(X, centres)
    return np.array(
        [
            (w * (owner == k)) @ X / w.sum() if (owner == k).any() else centres[k]
            for k in range(len(centres))
        ]
    )


def mean_of_nothing(X, w, centres):
    owner = nearest_centre(X, centres)
    own = (owner == np.arange(len(centres))[:, None]) * w
    return own @ X / own.sum(axis=1, keepdims=True)


def sums_of_one_at_least(X, w, centres):
    own = (nearest_centre(X, centres) == np.arange(len(centres))[:, None]) * w
    total = own.sum(axis=1, keepdims=True)
    return np.where(total > 0, own @ X / np.maximum(total, 1), centres)


def every_point_moves_its_centre(X, w, centres):
    centres, given = centres.astype(float), 0 * centres[:, 0]
    for x, weight in zip(X, w, strict=True):
        k = nearest_centre(x[None], centres)[0]
        given[k] += weight
        centres[k] += weight / given[k] * (x - centres[k])
    return centres


def steps_until_it_stops(X, w, centres):
    for _ in range(30):
        own = (nearest_centre(X, centres) == np.arange(len(centres))[:, None]) * w
        total = own.sum(axis=1, keepdims=True)
        centres = np.where(total > 0, own @ X / np.where(total > 0, total, 1), centres)
    return centres


def weights_rounded(X, w, centres):
    return rows_repeated(X, np.round(w), centres)


def old_centre_is_a_point(X, w, centres):
    own = (nearest_centre(X, centres) == np.arange(len(centres))[:, None]) * w
    return (centres + own @ X) / (1 + own.sum(axis=1, keepdims=True))


def nearest_by_weight(X, w, centres):
    owner = (w[:, None] * abs(X[:, None] - centres).sum(axis=-1)).argmin(axis=1)
    return np.array(
        [
            np.average(X[owner == k], axis=0, weights=w[owner == k])
            if (owner == k).any()
            else centres[k]
            for k in range(len(centres))
        ]
    )


# ---- 19


def laplace(counts, below, gamma):
    return (counts + gamma) / (counts.sum(axis=1, keepdims=True) + gamma * counts.shape[1])


def shares_alone(counts, below, gamma):
    return counts / counts.sum(axis=1, keepdims=True)


def kinds_by_nonzero(counts, below, gamma):
    kinds = np.array([len(np.unique(row)) for row in counts])[:, None]
    return (counts + gamma * kinds * below) / (counts.sum(axis=1, keepdims=True) + gamma * kinds)


def straight_from_the_formula(counts, below, gamma):
    N, D = counts.sum(axis=1)[:, None], np.count_nonzero(counts, axis=1)[:, None]
    return (counts + gamma * D * below) / (N + gamma * D)


def start_of_one(counts, below, gamma):
    return (counts + gamma * below) / (counts.sum(axis=1, keepdims=True) + gamma)


# ---- 20


def logistic(s):
    return np.exp(s) / (1 + np.exp(s))


def game_in_turn(z, lr, gamma):
    theta, psi = z
    theta += lr * psi * logistic(psi * theta)
    psi -= lr * (theta * logistic(psi * theta) + gamma * psi)
    return np.array([theta, psi])


def both_go_down(z, lr, gamma):
    slope = -logistic(z[0] * z[1])
    return z - lr * np.array([z[1] * slope, z[0] * slope + gamma * z[1]])


def twice_the_penalty(z, lr, gamma):
    theta, psi = z
    p = logistic(psi * theta)
    return np.array([theta + lr * p * psi, psi - lr * p * theta - 2 * lr * gamma * psi])


def decay_of_both(z, lr, gamma):
    p = logistic(z[0] * z[1])
    return (1 - lr * gamma) * z + lr * p * np.array([z[1], -z[0]])


def belief_of_data(z, lr, gamma):
    theta, psi = z
    p = logistic(-psi * theta)
    return np.array([theta + lr * p * psi, psi - lr * (p * theta + gamma * psi)])


# ---- 21


def slope_of(w, y):
    residual = w[0] * w[1] - y
    return np.array([residual * w[1], residual * w[0]])


def climb_of_any_length(w, y, lr, rho):
    return w - lr * slope_of(w + rho * slope_of(w, y), y)


def walks_on_from_the_top(w, y, lr, rho):
    g = slope_of(w, y)
    w = w + rho * g / np.sqrt((g**2).sum())
    return w - lr * slope_of(w, y)


def root_forgotten(w, y, lr, rho):
    g = slope_of(w, y)
    return w - lr * slope_of(w + rho * g / (g**2).sum(), y)


def looks_ahead(w, y, lr, rho):
    g = slope_of(w, y)
    return w - lr * slope_of(w - rho * g / np.linalg.norm(g), y)


def residual_kept(w, y, lr, rho):
    residual = w[0] * w[1] - y
    g = residual * w[::-1]
    return w - lr * residual * (w + rho * g / np.linalg.norm(g))[::-1]


def two_steps(w, y, lr, rho):
    g = slope_of(w, y)
    up = w + rho * g / np.linalg.norm(g)
    return w - lr * slope_of(w, y) - lr * slope_of(up, y)


# ---- 22


def table_of_true_rows(labels, said, new, K):
    C = np.array([[np.mean(said[labels == k] == j) for j in range(K)] for k in range(K)])
    return np.linalg.inv(C) @ np.bincount(new, minlength=K) / len(new)


def called_and_true_exchanged(labels, said, new, K):
    C = np.zeros((K, K))
    np.add.at(C, (labels, said), 1)
    return np.linalg.solve(C / C.sum(axis=0), np.bincount(new, minlength=K) / len(new))


def who_is_behind_a_prediction(labels, said, new, K):
    behind = np.array([np.bincount(labels[said == j], minlength=K) for j in range(K)], float)
    behind /= behind.sum(axis=1, keepdims=True)
    return np.mean(behind[new], axis=0)


def new_not_divided(labels, said, new, K):
    C = np.array([[np.mean(said[labels == k] == j) for k in range(K)] for j in range(K)])
    return np.linalg.solve(C, np.bincount(new, minlength=K))


def weights_of_the_classes(labels, said, new, K):
    joint = np.array([[np.mean((said == j) & (labels == k)) for k in range(K)] for j in range(K)])
    return np.linalg.solve(joint, np.bincount(new, minlength=K) / len(new))


# ---- 23


def clip_the_mean(grads, C, sigma, noise):
    g = grads.mean(axis=0)
    return g * min(1, C / np.linalg.norm(g)) + sigma * C * noise / len(grads)


def always_of_length(grads, C, sigma, noise):
    rows = [C * g / np.linalg.norm(g) for g in grads]
    return (np.sum(rows, axis=0) + sigma * C * noise) / len(grads)


def noise_of_sigma(grads, C, sigma, noise):
    rows = [g * min(1.0, C / (np.linalg.norm(g) + 1e-12)) for g in grads]
    return (np.sum(rows, axis=0) + sigma * noise) / len(grads)


def noise_on_the_mean(grads, C, sigma, noise):
    rows = [g * min(1.0, C / (np.linalg.norm(g) + 1e-12)) for g in grads]
    return np.mean(rows, axis=0) + sigma * C * noise


def entries_clipped(grads, C, sigma, noise):
    return np.minimum(np.maximum(grads, -C), C).mean(axis=0) + sigma * C * noise / len(grads)


def norm_without_axis(grads, C, sigma, noise):
    kept = grads / np.maximum(1, np.linalg.norm(grads) / C)
    return (kept.sum(axis=0) + sigma * C * noise) / len(grads)


def ratio_upside_down(grads, C, sigma, noise):
    rows = [g * min(1.0, np.linalg.norm(g) / C) for g in grads]
    return (np.sum(rows, axis=0) + sigma * C * noise) / len(grads)


def noise_before_clipping(grads, C, sigma, noise):
    noisy = grads + sigma * C * noise
    length = np.linalg.norm(noisy, axis=1, keepdims=True)
    return (noisy / np.maximum(1, length / C)).mean(axis=0)


# ---- 24


def where_it_is_highest(here, ahead, behind):
    middle = 0.5 * (ahead + behind)
    return np.angle((here - middle) + 0.5j * (ahead - behind))


def swing_about_zero(here, ahead, behind):
    return np.angle(-here - 0.5j * (ahead - behind))


def ratio_of_the_weights(here, ahead, behind):
    return np.arctan(0.5 * (ahead - behind) / (here - 0.5 * (ahead + behind)))


def down_by_the_slope(here, ahead, behind):
    return 0.5 * (behind - ahead)


def against_the_highest(here, ahead, behind):
    return -where_it_is_highest(here, ahead, behind)


def whole_difference(here, ahead, behind):
    return np.angle(0.5 * (ahead + behind) - here - 1j * (ahead - behind))


Y, W_SLIP = [[7, 0], [2, 5]], [[2, 0], [5, 2]]
X_PLUS = [[1, -1, 0], [2, 1, -1], [0, 2, 0]]
X_RIGHT = [[1, -1, 0], [2, -1, 1], [0, -2, 0]]

# ---- 25


def kernel_to_torch(kernel):
    return np.moveaxis(kernel, (3, 2), (0, 1))


def only_the_kernel(kernel, dense, height, width):
    return kernel_to_torch(kernel), dense.T


def both_just_transposed(kernel, dense, height, width):
    return kernel.T, dense.T


def turned_for_torch(kernel, dense, height, width):
    images = dense.T.reshape(-1, height, width, kernel.shape[3])
    return kernel_to_torch(np.flip(kernel, (0, 1))), images.transpose(0, 3, 1, 2).reshape(
        dense.shape[::-1]
    )


def columns_before_rows(kernel, dense, height, width):
    images = dense.T.reshape(-1, height, width, kernel.shape[3])
    return kernel_to_torch(kernel), images.transpose(0, 3, 2, 1).reshape(dense.shape[::-1])


def filters_unfolded_first(kernel, dense, height, width):
    images = dense.T.reshape(-1, kernel.shape[3], height, width)
    return kernel_to_torch(kernel), images.transpose(0, 2, 3, 1).reshape(dense.shape[::-1])


def everything_reshaped(kernel, dense, height, width):
    shape = (kernel.shape[3], kernel.shape[2], *kernel.shape[:2])
    return kernel.reshape(shape), dense.reshape(dense.shape[::-1])


ANSWERS = {
    "01-e1": [
        (1.0, -1.0),  # not divided by 2
        (-2.5, -1.5),  # residuals −2 and −1: the second the wrong way round
        (-0.5, 0.5),  # the direction of the step
        (-2, 3),  # two samples' shares of the first
        (0.5, 0.5),  # the point after a step
    ],
    "01-e2": [price_without_minus, gradient_first, kink_overlooked],
    "01-e3": [15, 30, 60],
    "02-e1": [
        (1, -0.5, 4 / 3, 1, 0.5),  # the Hessian without its factor 2: eigenvalues ½ and 3/2
        (1, -0.5, 0.5, 0.5, 1),  # eigenvalues 0 and 4
        (1, -0.5, 2 / 3, 0.5, 1 / 3),  # μ/L as the factor
    ],
    "02-e2": [squared_norm, true_distance, largest_entry],
    "02-e3": [
        1.1,  # a grid of 0.1
        0.8,  # covariance by variance
        1.152,  # set 1
    ],
    "03-e1": [
        (-2, 8 / 3, 4 / 3, 2),  # n / (n − 1) the wrong way
        (2, 8 / 3, 4 / 3, 2 / 3),
        (-2, 4, 2, 1),  # np.var(…, ddof=1), and on with it
    ],
    "03-e2": [overlapping, shuffled_apart, stops_early],
    "03-e3": [
        0.03,  # read off a run
        0.0625,  # the half twice
        0.05,
    ],
    "04-e1": [
        (2, 1.64, 0.5, 0.25, 0.75),
        (2, 18 / 11, 6 / 11, 3 / 11, 8 / 11),  # d for d + 1 throughout
        (2, 18 / 11, 1 / 2, 1 / 4, 9 / 16),
    ],
    "04-e2": [
        means_of_pieces,
        squares_by_pieces,
        scale_first,
        two_loops,
        squares_in_a_second_loop,
    ],
    "04-e3": [15, 14, 20],
    "05-e1": [
        (-5, -1, 1, -1),
        (-4, -2, 2, 0),  # the strength 2 forgotten throughout
        (1, 5, 5, 3),  # the slope of the parabola with the wrong sign throughout
    ],
    "05-e2": [divided_before, l2_slope_at_u, python_max],
    "05-e3": [50, 60, 151.57, 32.59, 97.8],
    "06-e1": [
        (4 / 5, 10 / 17, 1 / 2),
        (4 / 5, 10 / 17, 2),  # the limit for x = 1
        (4 / 5, 4 / 5, 5 / 4),  # the mean of x⁴ as the square of the mean of x²
    ],
    "06-e2": [
        slope_added,
        loss_is_a_sum,
        shrinks_first,
        rate_forgotten,
        never_shrunk,
        gradient_of_the_sum,
        last_loss_compared,
    ],
    "06-e3": [
        (0.02, 0.0005),  # a coarse grid
        (0.03, 0.001),  # a coarser one
        (1 / 12, 1 / 12),
        (0.0176, 0.000176),
    ],
    "07-e1": [(1 / 11, 1 / 2), (1 / 10, 0), (9 / 10, 1 / 2)],
    "07-e2": [wave_too_long, one_if, degrees, one_by_one],
    "07-e3": [300, 674, 250],
    "08-e1": [
        (3 / 8, 5 / 12, 1 / 2),  # 2(1 − β)/L
        (5 / 16, 5 / 24, 1 / 2),  # 1/L for 2/L
        (5 / 8, 5 / 12, 1 / 4),
    ],
    "08-e2": [
        heavy_ball,
        beta_on_the_gradient,
        rate_in_the_buffer,
        no_half_left,
        returns_in_the_loop,
        matrix_product,
        one_gradient,
        textbook_nesterov,
    ],
    "08-e3": [
        (4163, 865),  # k from 1
        (4164, 860),  # the restart one step late
        (7580, 846),  # the gradient at x
        (382, 404),  # np.linspace
        (4164, 4164),  # the restart never used
        (4164, 66848),  # its sign the wrong way round
        (5647, 1086),  # k/(k + 2)
    ],
    "09-e1": [(-1, -3 / 2, -6, -1 / 4), (1, 3 / 2, 1 / 4, 6), (1 / 8, 9 / 8, 9 / 2, 1 / 32)],
    "09-e2": [
        decay_as_gradient,
        counts_from_zero,
        first_average_summed,
        step_masked,
        two_names,
    ],
    "09-e3": [
        (16, 16),
        (1 / 16, 1 / 4),
        (256, 16.4),  # noise of 1/B
        (4, 2),  # distances, not losses
        (15 / 16, 3 / 4),
    ],
    "10-e1": [
        (4, 56, 784),  # v/λ, and on with it
        (8, 64, 512),  # the mean begins with the start, and on with it
        (16, 56, 196),  # v as a standard deviation, and on with it
    ],
    "10-e2": [row_is_a_view, mean_of_all_entries, running_sum],
    "10-e3": [
        tail(range(100, 1001, 100)),  # a coarse grid
        tail(range(1, 1001), shrink=1 - 1 / 40),  # ρ for its square
        tail(range(1, 1001), noise=lambda k: 400 / k),  # the limit v/λ² over k
    ],
    "11-e1": [
        (1 / 3, 3, 3),  # the length of the step
        (2 / 3, np.linalg.cond([[1, 1 / 4], [1, 1]]), 3),  # np.linalg.cond of D H
        (0, 3, 5),
    ],
    "11-e2": [
        as_in_the_chapter,
        old_products,
        u_returned,
        right_side_kept,
        from_one_side,
        no_roots,
        diagonal_for_its_inverse,
        steepest_with_jacobi,
        first_direction_kept,
    ],
    "11-e3": [
        (first_step_to_the_other_side(), 22),
        (0.2, 22),  # a grid of 0.1
        (0.174, 21),  # the steps counted from 0
    ],
    "12-e1": [
        (-1 / 4, 1 / 12, np.log(100)),  # the label taken for +1
        (3 / 4, 1 / 11, np.log(100)),  # the odds
        (3 / 4, 9 / 108.9, np.log(100)),  # the odds times 1 %, not 1 to 99
        (3 / 4, 1 / 12, np.log(100) / 2),  # the larger margin
        (3 / 4, 0.018, np.log(100)),  # 0.9 times 1 % over 50 %
        (3 / 4, 0.09, np.log(100)),  # the odds times 1 %
        (3 / 4, 0.18 / 1.18, np.log(100)),  # the odds times 1 % over 50 %
    ],
    "12-e2": [
        mean_subtracted,
        gradient_before_loss,
        gradient_of_the_label_alone,
        one_loss_a_sample,
        small_number_added,
        largest_of_a_column,
        no_keepdims,
        largest_without_keepdims,
        sums_without_keepdims,
        all_rows_added,
        all_rows_alike,
        all_rows_added_plainly,
        all_rows_added_to_p,
        all_columns,
        gradient_in_all_columns,
        columns_before,
        cut_at_500,
        cut_at_30,
        p_cut_after_overflow,
    ],
    "12-e3": [
        (34, 3.04),  # counted from 1
        (33, 1 / 3.0423),
        (33, 3.1),  # a coarse grid
        (3, 3.04),  # a rate of 1
        (33, 0.1),  # the training samples: the end of a grid
        (33, 0.01),
        (33, 0.5),
    ],
    "13-e1": [
        (-12, -8, -20, 4),  # the third unit is on
        (-4, -8, 0, -6),  # w₁ without v₁
        (-12, -8, 0, -12),  # x through the first unit alone
        (12, 8, 0, 6),  # the target less the prediction
        (-12, 2, 0, -6),  # of h₂
    ],
    "13-e2": [
        summed_over_samples,
        last_sample_only,
        slope_of_a_signal,
        means_everywhere,
        b2_not_averaged,
        b2_averaged_twice,
        target_minus_prediction,
        stepped_too_early,
    ],
    "13-e3": [
        (1.677, 1.067, 1.173),  # s
        (2, 0.759, 0.834),  # the s² of ReLUs throughout
        (2.81, 0.379, 0.417),  # the means alone
        (2.81, 1.067, 2.345),  # by √q
        (3.21, 1.22, 1.34),  # the variance of φ
        (2.81, 1.067, 1.067),  # ε taken to grow as the gradient does
        (2.81, 1.173, 1.173),
    ],
    "14-e1": [
        (Y, W_SLIP, X_PLUS),  # g with two pluses
        (Y, [[0, 0], [1, 0]], [[1, -1], [2, -1]]),  # the gradient of x as large as W
        ([[-2, 3], [4, -1]], [[0, 0], [1, 0]], X_RIGHT),
    ],
    "14-e2": [by_mask, stride_one, pooled_forward, integers_kept],
    "14-e3": [(5, 14_687_050), (6, 7_350_000), (3, 88_709_194)],
    "15-e1": [
        (81 / 16, 16, 16 / 81, 4 / 3),  # α never squared
        (625 / 256, 16, 1 / 16, 2),  # all paths alike
        (625 / 256, 16, 256 / 625, 1),
    ],
    "15-e2": [eps_on_the_deviation, variance_as_deviation, eps_in_training_alone],
    "15-e3": [
        (PLAIN - 1, RESIDUAL - 1, cosine_after(1000, 1000**-0.5)),
        (PLAIN, RESIDUAL, 0.63),
        (PLAIN, RESIDUAL, cosine_after(1000, 1 / 1000)),
    ],
    "16-e1": [
        (3 / 4, 1000, 9 / 2, 1 / 4),  # the square of the mean
        (1 - np.exp(-3), 1000, 13 / 2, 1 / 4),
        (3 / 4, 20, 13 / 3, 1 / 2),  # no rate, ρ alone, a deviation
        (3 / 4, 1000, 3 / 2, 1 / 4),  # the mean of the inputs
        (3 / 4, 1000, 3, 1 / 4),
        (3 / 4, 1000, 26 / 9, 1 / 4),  # ρ(1 − ρ)
    ],
    "16-e2": [
        masks_counted_once,
        divided_in_the_end,
        half_left_out,
        root_of_the_mean_square,
        chances_exchanged,
        divided_by_rho,
        multiplied_in_place_of_divided,
        mask_variance,
        absolute_weights,
        masks_at_random,
    ],
    "16-e3": [
        (30, 81),
        (29, 80),
        (59, 62),
        samples_needed(0.25**0.5),
        samples_needed(1.25),
        (1, 81),  # v = 1.25 below 60 alone
    ],
    "17-e1": [
        (22 / 3, 0.5, 11.6),  # the mean
        (7.25, 1.0, 11.8),  # the half forgotten, one error
        (4.5, 0.5, 13.6),
        (7.25, 0.5, 13.4),  # the step by the excess
        (7, 0.25, 11.6),  # q/2, no start
    ],
    "17-e2": [
        loop_that_stops_early,
        in_order_of_time,
        horizon_counted_from_today,
        lags_of_the_chapter,
        rolled,
        the_whole_window,
    ],
    "17-e3": [(1.0, 23.98), (0.95, 24.7), (1.5, 424.0), (1.0, 0.0), (1.5, 212.0)],
    "18-e1": [
        (2.5, 5 / 7, 8 / 3),  # no half, the plain mean
        (1.75, 100 / 140, 4.2),
        (1.25, 10 / 18, 4.2),
        (1.25, 5 / 7, 5),  # counts of 1 and 2
        (0.625, 5 / 7, 4.2),  # a quarter for a half
        (1.25, 36 / 140, 4.2),  # the point 6
        (1.25, 100 / 136, 4.2),  # the point 2 left out
        (1.25, 5 / 7, 4.875),  # the count not raised
        (1.25, 5 / 7, 62 / 14),  # weights that grow like squares
    ],
    "18-e2": [
        averages_of_weighted_points,
        rows_repeated,
        weights_of_all,
        mean_of_nothing,
        nearest_by_weight,
        sums_of_one_at_least,
        every_point_moves_its_centre,
        steps_until_it_stops,
        weights_rounded,
        old_centre_is_a_point,
    ],
    "18-e3": [(5, 46 / 165), (30, 44 / 165), (5, 44), (4, 44 / 165), (5, 0.2), (10, 33 / 165)],
    "19-e1": [
        (2, 1 / 24, 4 / 5),
        (2 / 3, 1 / 9, 2 / 3),  # a uniform start, no temperature
        (0.4621, 0.0417, 0.8),  # nats
        (2 / 3, 1 / 7, 4 / 5),  # add one
        (0.792, 1 / 24, 4 / 5),  # no end mark
        (2 / 3, 1 / 24, 0.586),  # the temperature 2
        (2 / 3, 1 / 12, 4 / 5),  # A counted twice
    ],
    "19-e2": [laplace, shares_alone, kinds_by_nonzero, straight_from_the_formula, start_of_one],
    "19-e3": [(0.001, 1.838), (0.1, 2.4505), (1, 4.0997), (0.1, 4.6826), (0.1, 3.5254)],
    "20-e1": [
        (1 + 2.5**2, 4.5, 20.3125),  # y goes down
        (31.25, 5.5, 20.3125),
        (31.25, 4.5, 25 * 1.25**2),
        (31.25**0.5, 4.5, 20.3125**0.5),
        (25 * (1 + 0.5) ** 2, 4.5, 20.3125),  # a factor of 1 + η
    ],
    "20-e2": [
        game_in_turn,
        both_go_down,
        twice_the_penalty,
        decay_of_both,
        belief_of_data,
    ],
    "20-e3": [
        (0.887, 0.124),
        (0.995, 0.887),
        (0.062, 0.887),
        (0.124, 0.598),
        (0.124, 1.0),
        (0.0623, 0.9406),  # the squares differentiated without their 2
        (0.0758, 0.9235),  # y goes down its own square
    ],
    "21-e1": [
        (0.8, 10, 45 / 16),  # the approximation
        (1, 7, 45 / 16),  # log 1000, rounded up
        (1, 10, 93 / 32),  # η²r
        (2, 9, 45 / 16),
        (1, 10, 3),
        (1, 10, 53 / 16),  # the sharpness
        (0.5, 10, 45 / 16),  # η/2 for η²/2
    ],
    "21-e2": [
        climb_of_any_length,
        walks_on_from_the_top,
        root_forgotten,
        looks_ahead,
        residual_kept,
        two_steps,
    ],
    "21-e3": [(1.536, 1.394), (1.311, 1.474), (1.596, 2.099), (1.394, 1.687), (1.5, 1.5)],
    "22-e1": [
        (6**-0.5, 4.14, 7 / 13, 1.22),  # the root of ρ, and on with it
        (1 / 3, 2, 7 / 13, 1),  # after the look
        (1 / 3, 1.2, 1 / 2, 3 / 2),  # the noise floor, and 1/(t + 1)
        (1 / 3, 1 / 2, 7 / 13, 1 / 6),  # σ² forgotten, and the rate times the move
    ],
    "22-e2": [
        table_of_true_rows,
        called_and_true_exchanged,
        who_is_behind_a_prediction,
        new_not_divided,
        weights_of_the_classes,
    ],
    "22-e3": [
        (0.362, 0.078),  # after the look
        (0.41, 0.044),  # the lag alone
        (0.329, 0.165),  # σ for σ²
        (0.163, 0.25),  # the formula of the random walk
    ],
    "23-e1": [
        (2, 1, 4 / 5, 16.5),  # as with fresh gradients and one step
        (1, 1 / 2, 1 / 5, 11),  # half of the limit, 1/K, the mean of the minima
        (0.618, 1 / 4, 4, 15),  # τ = 2, the mean age
        (1 / 2, 1 / 4, 5 / 6, 10.3125),  # no factor 2, K/(K + 1), after one round
        (1, 1 / 4, 4 / 5, 18.857),  # four local steps
    ],
    "23-e2": [
        clip_the_mean,
        always_of_length,
        noise_of_sigma,
        noise_on_the_mean,
        entries_clipped,
        noise_before_clipping,
        norm_without_axis,
        ratio_upside_down,
    ],
    "23-e3": [
        (1.99, 340),  # one step
        (199, 340),  # T for √T
        (24.2, 400),  # √(2 log(1.25/δ)), and the square of ε
        (19.9, 200),  # proportional to ε
        (19.9, 184),  # to μ
        (19.9, 240),  # the steps to come
    ],
    "25-e1": [
        (0.4, 0.1, 0.05, 0.005),  # the ratio upside down
        (1.6, 0.01, 0.05, 0.005),  # the half alone
        (0.8, 0.02, 0.95, 0.01),  # everything left as it is
        (1.6, 0.1, 0.05, 0.00909),  # no correction
        (1.7, 0.1, 0.05, 0.005),  # a rate added
    ],
    "25-e2": [
        only_the_kernel,
        both_just_transposed,
        turned_for_torch,
        columns_before_rows,
        filters_unfolded_first,
        everything_reshaped,
    ],
    "25-e3": [
        (0.8, 0.5, 0.6617),  # the rate outside
        (0.5333, 0.5, 0.5804),  # the decay in the gradient, two lines read
        (0.8167, 0.5, 0.5425),  # the ratio of two moves
        (0.8, 0.05, 0.5425),  # the decay with its rate
        (0.797, 0.5556, 0.5425),  # the decay of what the step has left
        (0.8, 0.5, 0.5),  # guessed
    ],
    "24-e1": [
        (0.001, 1 / 2, -1.5, 27 / 4096),  # h cubed, and three factors
        (0.1, 1, -0.2 - 2.44**0.5, 9 / 512),  # the whole difference, and on with it
        (0.1, 1 / np.pi, -0.7, 9 / 64),  # over the distance; the lowest that was seen
        (0.002 ** (1 / 3), -1 / 2, -1.3, 1 / 32),  # about zero, and cosines squared
        ((2e-6) ** (1 / 3), 1 / 2, -1.4, (9 / 512) ** 0.5),  # the noise squared, no slope
    ],
    "24-e2": [
        where_it_is_highest,
        swing_about_zero,
        ratio_of_the_weights,
        down_by_the_slope,
        against_the_highest,
        whole_difference,
    ],
    "24-e3": [
        (0.538, 0.00878),  # twenty factors
        (0.552, 0.096),  # the root
        (0.752, 0.01726),  # cosines squared
        (0.546, 0.00913),  # squared after the mean
    ],
}
