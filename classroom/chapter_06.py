"""The exercises of chapter 06."""

import numpy as np

from classroom.exercises import Exercise


def line_search(theta, X, y, start, shrink, slope):
    """Armijo's rate for half the mean squared error of a batch; and the losses evaluated."""

    def loss(point):
        return np.mean((X @ point - y) ** 2) / 2

    gradient = X.T @ (X @ theta - y) / len(y)
    here, square = loss(theta), gradient @ gradient
    lr, evaluated = start, 2
    while loss(theta - lr * gradient) > here - slope * lr * square:
        lr, evaluated = lr * shrink, evaluated + 1
    return lr, evaluated


def batches(rng):
    """Batches of several sizes; in the first the first rate is good, in the last it is not."""
    yield np.zeros(1), np.array([[1.0], [0.5]]), np.array([1.0, 1.0]), 0.1, 0.5, 0.1
    for size, d, shrink, slope in ((1, 2, 0.5, 0.5), (4, 3, 0.7, 0.1), (8, 5, 0.3, 0.9)):
        X = rng.standard_normal((size, d))
        yield rng.standard_normal(d), X, rng.standard_normal(size), 2.0, shrink, slope
    yield np.ones(2), np.array([[30.0, 40.0]]), np.array([1.0]), 1.0, 0.5, 0.5


def best_rate(steps, inputs=10):
    """The constant rate with the lowest mean square after so many steps, from distance 1."""
    lr = np.geomspace(1e-5, 2 / (inputs + 2), 20_001)[:-1]
    decay = 1 - 2 * lr + lr**2 * (inputs + 2)
    floor = lr * inputs / (2 - lr * (inputs + 2))
    return lr[(decay**steps + (1 - decay**steps) * floor).argmin()]


EXERCISES = {
    "06-e1": Exercise(
        asked="three rates: for gradient descent, for the mean square, for every run",
        reference=(4 / 5, 10 / 17, 5 / 4),
    ),
    "06-e2": Exercise(
        asked="a function that returns the rate that Armijo's condition accepts, and the count of losses",
        reference=line_search,
        cases=batches,
        about="batches of 1 to 8 samples, 1 to 5 inputs, one with long rows",
    ),
    "06-e3": Exercise(
        asked="the best rate for 100 steps and the one for 10,000, to within 5 %",
        reference=(best_rate(100), best_rate(10_000)),
        rtol=0.05,
    ),
}
