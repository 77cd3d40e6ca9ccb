"""The exercises of chapter 04."""

import numpy as np

from classroom.exercises import Exercise


def accumulated(theta, pieces):
    """Gradient of the mean of half the squared error, and its noise scale, piece by piece."""
    total, squares, count = np.zeros_like(theta), 0.0, 0
    for X, y in pieces:
        residual = X @ theta - y
        total += residual @ X
        squares += (residual**2 * (X**2).sum(axis=-1)).sum()
        count += len(y)
    gradient = total / count
    length = gradient @ gradient
    return gradient, (squares / count - length) / length


def mini_batches(rng):
    """Mini-batches cut into pieces of equal and of different sizes."""
    for d, lengths in ((1, (2,)), (2, (3, 3)), (3, (4, 4, 2)), (5, (1, 6, 2, 1)), (4, (9, 1))):
        pieces = []
        for length in lengths:
            X = rng.standard_normal((length, d))
            pieces.append((X, X.sum(axis=-1) + rng.standard_normal(length)))
        yield rng.standard_normal(d), pieces


# Ten steps to a share of 1e-4 with d = 9: (1 + B / 10)^10 >= 1e4, so B >= 15.1.
EXERCISES = {
    "04-e1": Exercise(
        asked="five numbers: two variances, the largest stable rate, the best rate, the factor",
        reference=(2, 18 / 11, 1 / 2, 1 / 4, 3 / 4),
    ),
    "04-e2": Exercise(
        asked="a function that returns the gradient of the mean loss, and tr Σ / ‖G‖²",
        reference=accumulated,
        cases=mini_batches,
        about="mini-batches of 2 to 10 samples in 1 to 4 pieces, equal and unequal",
    ),
    "04-e3": Exercise(asked="the smallest batch size that makes it in ten steps", reference=16),
}
