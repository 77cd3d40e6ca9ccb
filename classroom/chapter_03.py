"""The exercises of chapter 03."""

import numpy as np

from classroom.exercises import Exercise


def epoch(theta, X, y, lr, batch_size, rng):
    """One epoch of mini-batch SGD on half the squared error, in an order drawn from rng."""
    order = rng.permutation(len(y))
    for start in range(0, len(y), batch_size):
        batch = order[start : start + batch_size]
        residual = X[batch] @ theta - y[batch]
        theta = theta - lr * (residual @ X[batch]) / len(batch)
    return theta


def data_sets(rng):
    """Data sets with and without a smaller last batch, and the two extreme batch sizes."""
    for n, d, batch_size in ((1, 1, 1), (6, 2, 2), (7, 3, 2), (5, 2, 5), (8, 4, 1), (10, 3, 4)):
        X = rng.standard_normal((n, d))
        y = X.sum(axis=-1) + rng.standard_normal(n)
        yield (
            rng.standard_normal(d),
            X,
            y,
            0.1,
            batch_size,
            np.random.default_rng(int(rng.integers(1000))),
        )


# The floor of five unit eigenvalues: 5 lr / (2 - 7 lr) / 2 = 0.05.
EXERCISES = {
    "03-e1": Exercise(
        asked="four numbers: the mean and the variance for B = 1, two variances for B = 2",
        reference=(-2, 8 / 3, 4 / 3, 2 / 3),
    ),
    "03-e2": Exercise(
        asked="a function that returns the new θ after one epoch of mini-batch SGD",
        reference=epoch,
        cases=data_sets,
        about="data sets of 1 to 10 samples, batches of 1 to 5, some with a smaller last one",
    ),
    "03-e3": Exercise(
        asked="the learning rate at which the noise floor is 0.05, to within 5 %",
        reference=2 / 57,
        rtol=0.05,
    ),
}
