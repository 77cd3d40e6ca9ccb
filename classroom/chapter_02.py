"""The exercises of chapter 02."""

import numpy as np

from classroom.exercises import Exercise

MOST_STEPS = 10_000


def descend(X, y, lr, error):
    """Gradient descent from zero until the gradient norm guarantees the error; and its steps."""
    mu = np.linalg.eigvalsh(X.T @ X / len(y))[0]
    theta = np.zeros(X.shape[1])
    for steps in range(MOST_STEPS):
        gradient = X.T @ (X @ theta - y) / len(y)
        if np.linalg.norm(gradient) <= mu * error:
            return theta, steps
        theta = theta - lr * gradient
    return theta, MOST_STEPS


def regressions(rng):
    """Least-squares problems of several sizes, scales and rates; in the first zero is the best."""
    yield np.array([[1.0], [2.0]]), np.zeros(2), 0.1, 0.01
    for n, d, share, error in ((6, 1, 0.5, 1e-2), (20, 3, 0.9, 1e-3), (40, 5, 0.3, 1e-4)):
        X = rng.standard_normal((n, d)) * rng.uniform(0.5, 2, d)
        y = X @ rng.standard_normal(d) + rng.standard_normal(n)
        limit = 2 / np.linalg.eigvalsh(X.T @ X / n)[-1]
        yield X, y, share * limit, error


EXERCISES = {
    "02-e1": Exercise(
        asked="five numbers: θ₁ and θ₂ after the step, the limit, the best rate, the factor",
        reference=np.array([1, -1 / 2, 2 / 3, 1 / 2, 1 / 2]),
        rtol=1e-3,
    ),
    "02-e2": Exercise(
        asked="a function that returns θ, once it is surely within the error, and the steps taken",
        reference=descend,
        cases=regressions,
        about="2 to 40 points, 1 to 5 inputs",
    ),
    "02-e3": Exercise(
        asked="the number c that makes κ smallest, to within 0.01", reference=1.04, rtol=0.01
    ),
}
