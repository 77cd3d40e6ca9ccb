"""The exercises of chapter 08."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def walk(curvature, theta, rates, beta, look_ahead):
    """Steps on half the sum of curvature times square; ``look_ahead(g, b, old, beta)`` is one."""
    b = np.zeros_like(theta)
    for lr in rates:
        g, old = curvature * theta, b
        b = beta * old + g
        theta = theta - lr * look_ahead(g, b, old, beta)
    return theta


def nesterov(curvature, theta, rates, beta):
    """Nesterov's momentum with the rate outside the buffer."""
    return walk(curvature, theta, rates, beta, lambda g, b, old, beta: g + beta * b)


def valleys(rng):
    """Valleys of one to five directions; the rates of all but the first change."""
    yield np.array([1.0]), np.array([rng.uniform(0.5, 2.0)]), np.array([0.1, 0.1]), 0.5
    yield np.array([2.0]), np.array([rng.uniform(0.5, 2.0)]), np.array([0.1, 0.05, 0.02]), 0.8
    for d, steps, beta in ((2, 4, 0.9), (3, 8, 0.6), (5, 20, 0.95), (4, 12, 0.3)):
        curvature = rng.uniform(0.2, 1.0, d)
        rates = 0.3 * rng.uniform(0.2, 1.0, steps)
        yield curvature, rng.standard_normal(d), rates, beta


def heavy_ball(curvature, theta, rates, beta):
    return walk(curvature, theta, rates, beta, lambda g, b, old, beta: b)


def beta_forgotten(curvature, theta, rates, beta):
    return walk(curvature, theta, rates, beta, lambda g, b, old, beta: g + b)


def gradient_left_out(curvature, theta, rates, beta):
    return walk(curvature, theta, rates, beta, lambda g, b, old, beta: beta * b)


def first_step_not_ahead(curvature, theta, rates, beta):
    theta, b = np.asarray(theta), None
    for lr in rates:
        g = curvature * theta
        step = g if b is None else g + beta * (beta * b + g)
        b = g if b is None else beta * b + g
        theta = theta - lr * step
    return theta


def rate_inside(curvature, theta, rates, beta):
    v = np.zeros_like(theta)
    for lr in rates:
        g = curvature * theta
        v = beta * v - lr * g
        theta = theta + beta * v - lr * g
    return theta


def gradient_weighted(curvature, theta, rates, beta):
    b = np.zeros_like(theta)
    for lr in rates:
        g = curvature * theta
        b = beta * b + (1 - beta) * g
        theta = theta - lr * (g + beta * b)
    return theta


def all_weighted(curvature, theta, rates, beta):
    return nesterov(curvature, theta, (1 - beta) * np.asarray(rates), beta)


def two_heavy_balls(curvature, theta, rates, beta):
    b = np.zeros_like(theta)
    for lr in rates:
        for _ in range(2):
            b = beta * b + curvature * theta
            theta = theta - lr * b
    return theta


def ahead_twice(curvature, theta, rates, beta):
    b = np.zeros_like(theta)
    for lr in rates:
        g = curvature * (theta - lr * beta * b)
        b = beta * b + g
        theta = theta - lr * (g + beta * b)
    return theta


def steps_needed(restart, *, left=1e-10, distance=False):
    """Steps of Nesterov's method with a growing memory, until so little is left of the loss."""
    lam = np.geomspace(1e-4, 1, 10)
    weights = np.ones(10) if distance else lam
    x = theta = np.ones(10)
    k = t = 0
    while weights @ x**2 > left * weights.sum():
        g = lam * theta
        new = theta - g
        if restart and g @ (new - x) > 0:
            k = 0
        theta = new + k / (k + 3) * (new - x)
        x, k, t = new, k + 1, t + 1
    return t


def steps_of_gradient_descent():
    lam, t = np.geomspace(1e-4, 1, 10), np.arange(100_000)[:, None]
    left = (1 - lam) ** (2 * t) @ lam
    return int((left <= 1e-10 * lam.sum()).argmax())


WITHOUT, WITH = steps_needed(False), steps_needed(True)

EXERCISES = {
    "08-e1": Exercise(
        asked="two limits, the heavy ball's and Nesterov's, and a factor per step",
        reference=(5 / 8, 5 / 12, 1 / 2),
        mistakes=(
            Mistake(
                "the two limits have changed places",
                (5 / 12, 5 / 8, ...),
                "Which of the two methods takes the larger first step?",
            ),
            Mistake(
                "the first is the limit of gradient descent",
                (1 / 2, ..., ...),
                "With momentum the limit moves. Where does the recursion have a root of −1?",
            ),
            Mistake(
                "L is missing in the limits",
                (5 / 2, 5 / 3, ...),
                "The theorem speaks of ηλ. Which direction leaves first?",
            ),
            Mistake(
                "the first is the end of the plateau, not the limit",
                (9 / 16, ..., ...),
                "Beyond the plateau the factor grows. Has it reached 1 at its end?",
            ),
            Mistake(
                "the second is the limit of gradient descent",
                (..., 1 / 2, ...),
                "Nesterov's limit depends on β.",
            ),
            Mistake(
                "the second is the end of Nesterov's range of complex roots",
                (..., 1 / 4, ...),
                "Beyond ηλ = 1 the roots are real, and may still be smaller than 1.",
            ),
            Mistake(
                "the factor is β, not what the theorem says",
                (..., ..., 1 / 4),
                "β is the product of the two roots. They are complex here: how large is one?",
            ),
            Mistake(
                "the factor is that of gradient descent",
                (..., ..., 7 / 10),
                "You used |1 − ηλ|. Are the rates ημ and ηL on the plateau?",
            ),
        ),
    ),
    "08-e2": Exercise(
        asked="a function that makes Nesterov's steps and returns the last theta",
        reference=nesterov,
        cases=valleys,
        about="1 to 5 directions, 2 to 20 rates, momentum 0.3 to 0.95",
        mistakes=(
            Mistake(
                "that is the heavy ball",
                heavy_ball,
                "Where does your step look ahead? Adding the gradient to the old buffer does not.",
            ),
            Mistake(
                "the buffer is not multiplied by beta in the step",
                beta_forgotten,
                "How much of the buffer would be left after one more step without a gradient?",
            ),
            Mistake(
                "the gradient itself is missing in the step",
                gradient_left_out,
                "The step has two parts. The buffer is the second.",
            ),
            Mistake(
                "the first step does not look ahead",
                first_step_not_ahead,
                "The first step is like all others, from a buffer of zeros.",
            ),
            Mistake(
                "the rate is inside the buffer",
                rate_inside,
                "When the rate changes, which rate do old gradients get in your buffer?",
            ),
            Mistake(
                "the gradient enters the buffer with the weight 1 − beta",
                gradient_weighted,
                "Compare your buffer after one step with the gradient.",
            ),
            Mistake(
                "all steps are 1 − beta times too short",
                all_weighted,
                "With beta at 0.9, is your first step ten times shorter than it should be?",
            ),
            Mistake(
                "two steps of the heavy ball for each rate",
                two_heavy_balls,
                "One gradient a step is enough.",
            ),
            Mistake(
                "it looks ahead twice",
                ahead_twice,
                "In this form theta is the look-ahead point already. Where is the gradient taken?",
            ),
        ),
    ),
    "08-e3": Exercise(
        asked="two numbers of steps, without restart and with it, to within 1 %",
        reference=(WITHOUT, WITH),
        rtol=0.01,
        mistakes=(
            Mistake(
                "the two have changed places",
                (WITH, WITHOUT),
                "Is it the one with restarts that is slower?",
            ),
            Mistake(
                "the loss has fallen by a factor of 10⁵ only",
                (steps_needed(False, left=1e-5), steps_needed(True, left=1e-5)),
                "Compare the losses, not their square roots.",
            ),
            Mistake(
                "the distance is measured, not the loss",
                (..., steps_needed(True, distance=True)),
                "Along flat directions a long way is a small loss.",
            ),
            Mistake(
                "the first is gradient descent, which has no memory",
                (steps_of_gradient_descent(), ...),
                "Between restarts, or without them, does your k ever grow?",
            ),
        ),
    ),
}
