"""The exercises of chapter 02."""

import numpy as np

from classroom.exercises import Exercise, Mistake

MOST_STEPS = 1000


def curvatures(X, y):
    """Eigenvalues of the Hessian, in rising order."""
    return np.linalg.eigvalsh(X.T @ X / len(y))


def walk(X, y, lr, small_enough, scale=1.0, most=MOST_STEPS):
    """Gradient descent from zero until a test of the gradient holds; and its steps."""
    theta = np.zeros(X.shape[1])
    for steps in range(most):
        gradient = scale * X.T @ (X @ theta - y) / len(y)
        if small_enough(gradient):
            return theta, steps
        theta = theta - lr * gradient
    return theta, most


def below(limit):
    """The test whether the norm of a vector is at most ``limit``."""
    return lambda gradient: np.linalg.norm(gradient) <= limit


def descend(X, y, lr, error):
    """Gradient descent from zero until the gradient norm guarantees the error; and its steps."""
    return walk(X, y, lr, below(curvatures(X, y)[0] * error))


def regressions(rng):
    """Least-squares problems of several sizes, scales and rates; in the first zero is the best."""
    yield np.array([[1.0], [2.0]]), np.zeros(2), 0.1, 0.01
    yield np.array([[1.0], [2.0]]), rng.integers(1, 9, size=2).astype(float), 0.1, 0.01
    # Two inputs: the same curvature in every direction, and two that the rate treats alike.
    yield np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([rng.integers(4, 9), 0.0]), 0.1, 0.01
    yield np.array([[3.0, 0.0], [0.0, 1.0]]), np.array([6.0, rng.integers(4, 9)]), 0.4, 0.01
    # A flat valley, once with a rate that arrives in hundreds of steps, and once with one that
    # does not in those allowed.
    valley, flat_target = np.array([[1.0, 0.0], [0.0, 0.1]]), rng.integers(1, 9)
    yield valley, np.array([1.0, flat_target]), 3.0, 0.01
    yield valley, np.array([1.0, flat_target]), 1.0, 0.01
    X = rng.standard_normal((40, 5)) * rng.uniform(0.5, 2, 5)
    y = X @ rng.standard_normal(5) + rng.standard_normal(40)
    yield X, y, 0.6 / curvatures(X, y)[-1], 1e-4


def gradient_summed(X, y, lr, error):
    return walk(X, y, lr, below(curvatures(X, y)[0] * error), scale=len(y))


def all_summed(X, y, lr, error):
    return walk(X, y, lr, below(len(y) * curvatures(X, y)[0] * error), scale=len(y))


def hessian_summed(X, y, lr, error):
    return walk(X, y, lr, below(len(y) * curvatures(X, y)[0] * error))


def uphill(X, y, lr, error):
    return walk(X, y, -lr, below(curvatures(X, y)[0] * error))


def norm_against_error(X, y, lr, error):
    return walk(X, y, lr, below(error))


def squared_norm(X, y, lr, error):
    limit = curvatures(X, y)[0] * error
    return walk(X, y, lr, lambda gradient: gradient @ gradient <= limit)


def largest_entry(X, y, lr, error):
    limit = curvatures(X, y)[0] * error
    return walk(X, y, lr, lambda gradient: np.abs(gradient).max() <= limit)


def true_distance(X, y, lr, error):
    def near(gradient):  # H e = g, for the error e
        return np.linalg.norm(np.linalg.solve(X.T @ X / len(y), gradient)) <= error

    return walk(X, y, lr, near)


def step_against_error(X, y, lr, error):
    return walk(X, y, lr, below(error / lr))


def largest_curvature(X, y, lr, error):
    return walk(X, y, lr, below(curvatures(X, y)[-1] * error))


def error_over_curvature(X, y, lr, error):
    return walk(X, y, lr, below(error / curvatures(X, y)[0]))


def next_decrease(X, y, lr, error):
    H = X.T @ X / len(y)

    def hardly_falls(gradient):  # f(θ) − f(θ − ηg) of a quadratic
        return lr * gradient @ gradient - lr**2 / 2 * gradient @ H @ gradient <= error

    return walk(X, y, lr, hardly_falls)


def one_more(X, y, lr, theta, steps):
    return theta - lr * X.T @ (X @ theta - y) / len(y), steps + 1


def last_decrease(X, y, lr, error):
    return one_more(X, y, lr, *next_decrease(X, y, lr, error))


def tested_after_the_step(X, y, lr, error):
    return one_more(X, y, lr, *descend(X, y, lr, error))


def beyond_the_cap(X, y, lr, error):
    return walk(X, y, lr, below(curvatures(X, y)[0] * error), most=10 * MOST_STEPS)


def counted_from_one(X, y, lr, error):
    theta, steps = descend(X, y, lr, error)
    return theta, steps + 1


EXERCISES = {
    "02-e1": Exercise(
        asked="five numbers: θ₁ and θ₂ after the step, the limit, the best rate, the factor",
        reference=(1, -1 / 2, 2 / 3, 1 / 2, 1 / 2),
        rtol=1e-3,
        tests=(
            "Test your gradient: f(2.01, 0) − f(2, 0) is about a hundredth of its first entry. "
            "Then subtract a quarter of it from 2.",
            "Test your gradient: f(2, 0.01) − f(2, 0) is about a hundredth of its second entry. "
            "Then subtract a quarter of it from 0.",
            "Test it: run a hundred steps from (2, 0) with a rate 1 % below your limit, and with "
            "one 1 % above it.",
            "Test it: run ten steps from (2, 0) at this rate, at one 10 % below and at one 10 % "
            "above. Where do you end nearest to (0, 0)?",
            "Test it: run a few steps from (2, 0) at your best rate, and print the distance from "
            "(0, 0) after each. By how much does it shrink?",
        ),
        mistakes=(
            Mistake(
                "the step goes uphill",
                (3, 1 / 2, ..., ..., ...),
                "Descent subtracts the gradient. Is f lower where you arrived?",
            ),
            Mistake(
                "the mixed term is missing in the gradient",
                (1, 0, ..., ..., ...),
                "The term θ₁θ₂ has a derivative with respect to θ₂ as well. Is it zero at (2, 0)?",
            ),
            Mistake(
                "the limit is taken from the smallest eigenvalue",
                (..., ..., 2, ..., ...),
                "Which direction blows up first when the rate grows, the flat or the steep one?",
            ),
            Mistake(
                "the limit is half of what it should be",
                (..., ..., 1 / 3, ..., ...),
                "At the rate 1/L the steepest direction arrives in one step. It may overshoot, and "
                "still converge. How far?",
            ),
            Mistake(
                "the limit is twice what it should be",
                (..., ..., 4 / 3, ..., ...),
                "Differentiate θ₁² twice. The Hessian is not the matrix of the quadratic form.",
            ),
            Mistake(
                "the eigenvalues are not right",
                (..., ..., 1 / 2, ..., ...),
                "On the diagonal of the Hessian stand two 2s; what stands beside them? Eigenvalues "
                "add up to the sum of the diagonal.",
            ),
            Mistake(
                "a number on the diagonal is no eigenvalue",
                (..., ..., 1, ..., ...),
                "Beside the diagonal stand numbers that are not zero. Which vectors does the "
                "Hessian only stretch?",
            ),
            Mistake(
                "1/L is safe, but not the best rate",
                (..., ..., ..., 1 / 3, ...),
                "The best rate shrinks the steepest and the flattest direction equally fast.",
            ),
            Mistake(
                "that is the factor at the rate 1/L",
                (..., ..., ..., ..., 2 / 3),
                "Put your *best* rate into |1 − ηh|, for both eigenvalues h.",
            ),
            Mistake(
                "μ/L is not yet the factor",
                (..., ..., ..., ..., 1 / 3),
                "Put your best rate into |1 − ηh|, for both eigenvalues h.",
            ),
            Mistake(
                "that is the factor of f, not of the error",
                (..., ..., ..., ..., 1 / 4),
                "f is quadratic: when the error halves, f falls to a quarter. Asked is the error.",
            ),
        ),
    ),
    "02-e2": Exercise(
        asked="a function that returns θ, once it is surely within the error, and the steps taken",
        reference=descend,
        cases=regressions,
        about="2 to 40 points, 1 to 5 inputs",
        mistakes=(
            Mistake(
                "the gradient is not divided by the number of samples",
                gradient_summed,
                "The loss is half the *mean* squared error. With the sum, the given rate is n "
                "times too large.",
            ),
            Mistake(
                "neither the gradient nor the Hessian is divided by the number of samples",
                all_summed,
                "The stopping test does not notice, but the rate does: the loss is half the *mean* "
                "squared error.",
            ),
            Mistake(
                "the Hessian is not divided by the number of samples",
                hessian_summed,
                "Your gradient is that of the mean. μ must belong to the same function.",
            ),
            Mistake(
                "the step goes uphill",
                uphill,
                "Print the norm of the gradient for the first few steps: should it grow?",
            ),
            Mistake(
                "the gradient norm is compared with the error itself",
                norm_against_error,
                "A small gradient does not mean that θ is near: in a flat valley it is small far "
                "away. Which number in the guarantee says how flat?",
            ),
            Mistake(
                "the norm is squared",
                squared_norm,
                "`g @ g` is the square of the norm. Which one is in the guarantee?",
            ),
            Mistake(
                "the largest entry of the gradient is compared, not its norm",
                largest_entry,
                "Each entry may be small, and the vector still longer than that.",
            ),
            Mistake(
                "the distance itself is compared, not what guarantees it",
                true_distance,
                "You worked out the best parameters to know when you are near them. Then no "
                "descent is needed: the test may use the gradient and the smallest eigenvalue.",
            ),
            Mistake(
                "the length of the step is compared, and it depends on the rate",
                step_against_error,
                "Halve the rate and your steps are half as long, at the same place. The guarantee "
                "is about the gradient.",
            ),
            Mistake(
                "the last decrease of the loss is compared with the error",
                last_decrease,
                "A loss that hardly falls any more can be far from its minimum, and θ farther. "
                "The guarantee is about the gradient.",
            ),
            Mistake(
                "the decrease that the next step would bring is compared with the error",
                next_decrease,
                "A loss that hardly falls any more can be far from its minimum, and θ farther. "
                "The guarantee is about the gradient.",
            ),
            Mistake(
                "the error is divided by μ, not multiplied",
                error_over_curvature,
                "The flatter the valley, the smaller the gradient has to be. Does your limit fall "
                "when μ does?",
            ),
            Mistake(
                "the largest eigenvalue stands where the smallest belongs",
                largest_curvature,
                "The guarantee has to hold in the flattest direction, where a small gradient "
                "hides the longest way.",
            ),
            Mistake(
                "it goes on beyond the steps allowed",
                beyond_the_cap,
                "However far it still is: after how many steps has it to give back where it is?",
            ),
            Mistake(
                "one step too many",
                tested_after_the_step,
                "What happens if zero is already good enough? Test before you step.",
            ),
            Mistake(
                "θ is right, but one step too many is counted",
                counted_from_one,
                "How many steps lie behind you when you look at the gradient for the first time?",
            ),
        ),
    ),
    "02-e3": Exercise(
        asked="the number c that makes κ smallest, to within 0.01",
        reference=1.04,
        rtol=0.01,
        tests=(
            "Test it: compute κ at your c, at c − 0.02 and at c + 0.02. Is yours the smallest of "
            "the three?",
        ),
        mistakes=(
            Mistake(
                "close, but κ was not measured for this matrix",
                1.0,
                "Is it a guess, or was a column of ones in the matrix? Compute κ of the two "
                "columns alone on a grid of 0.01 or finer.",
            ),
            Mistake(
                "the two columns have changed places",
                0.935,
                "Keep the first input, and subtract c times it from the second.",
            ),
            Mistake(
                "that is the slope of a fit with an intercept",
                0.8,
                "It makes the columns uncorrelated *after* their means are subtracted. In κ no "
                "means are subtracted.",
            ),
            Mistake(
                "that is the answer for set 1",
                1.152,
                "The question is about `data.five_points(2)`.",
            ),
            Mistake(
                "there κ is largest",
                0.0,
                "With c = 0 nothing has changed yet. Is κ better when it is small or large?",
            ),
            Mistake(
                "that is the end of the range",
                2.0,
                "Draw κ against c. Where is the bottom of the valley?",
            ),
        ),
    ),
}
