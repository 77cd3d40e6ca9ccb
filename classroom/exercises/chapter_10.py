"""The exercises of chapter 10."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def saga(X, y, theta, lr, order):
    """Steps of SAGA on half the mean squared residual, from a table of zeros."""
    table = np.zeros((len(y), len(theta)))
    for i in order:
        fresh = (X[i] @ theta - y[i]) * X[i]
        step = fresh - table[i] + table.mean(axis=0)
        table[i] = fresh
        theta = theta - lr * step
    return theta


def regressions(rng):
    """Regressions of one to five inputs, in round numbers; every order draws a sample twice."""
    sizes = (
        (2, 1, [0, 1, 0, 1]),
        (3, 1, [2, 2, 0]),
        (2, 2, [0, 1, 0]),
        (4, 2, [0, 1, 0, 3, 1]),
        (6, 3, None),
        (10, 5, None),
    )
    for n, d, order in sizes:
        X, y = rng.uniform(0.5, 1.5, (n, d)).round(2), rng.uniform(0.5, 2.0, n).round(2)
        order = rng.integers(n, size=3 * n).tolist() if order is None else order
        yield X, y, rng.standard_normal(d).round(2), 0.1, order


def stepping(direction, *, keep=True):
    """Steps along ``direction(fresh, old, table)``, the table as it is before the step."""

    def run(X, y, theta, lr, order):
        theta, table = np.asarray(theta), np.zeros((len(y), len(theta)))
        for i in order:
            fresh = (X[i] @ theta - y[i]) * X[i]
            step = direction(fresh, table[i].copy(), table.copy())
            if keep:
                table[i] = fresh
            theta = theta - lr * step
        return theta

    return run


def mean_of_the_new_table(X, y, theta, lr, order):
    table = np.zeros((len(y), len(theta)))
    for i in order:
        old, table[i] = table[i].copy(), (X[i] @ theta - y[i]) * X[i]
        theta = theta - lr * (table[i] - old + table.mean(axis=0))
    return theta


def sag(X, y, theta, lr, order):
    table = np.zeros((len(y), len(theta)))
    for i in order:
        table[i] = (X[i] @ theta - y[i]) * X[i]
        theta = theta - lr * table.mean(axis=0)
    return theta


def renewed_after_the_step(X, y, theta, lr, order):
    table = np.zeros((len(y), len(theta)))
    for i in order:
        fresh = (X[i] @ theta - y[i]) * X[i]
        theta = theta - lr * (fresh - table[i] + table.mean(axis=0))
        table[i] = (X[i] @ theta - y[i]) * X[i]
    return theta


def square_of_the_tail_mean(k, *, before=True, young=True, power=2):
    """Mean square of the mean of the last k of 1000 iterates, in one direction."""
    curvature, lr, e, steps = 1 / 20, 1 / 2, 50.0, 1000
    rho = 1 - lr * curvature
    left = rho ** (power * (steps - k))
    square = left * e**2 + before * lr**2 * (1 - left) / (1 - rho**power)
    weights = 1 - young * rho ** np.arange(1, k + 1)
    noise = (weights**2).sum() / (k * curvature) ** 2
    return (rho * (1 - rho**k) / (k * lr * curvature)) ** 2 * square + noise


def best_tail(**forgotten):
    squares = np.array([square_of_the_tail_mean(k, **forgotten) for k in range(1, 1001)])
    return int(squares.argmin()) + 1, squares[-1] / squares.min()


BEST, TIMES = best_tail()

EXERCISES = {
    "10-e1": Exercise(
        asked="two limits, the noise's and the start's, and a number of steps",
        reference=(8, 56, 392),
        tests=(
            "Test it: for T = 1000, add the squares of the 1000 weights in a loop, and multiply.",
            "Test it: add up e_t = (7/8)^t · 8 for t from 1 to 1000 in a loop.",
            "Test it: put your T into both parts, with your two limits. Are they equal?",
        ),
        mistakes=(
            Mistake(
                "the noise is divided by λ, not by what the theorem says",
                (4, ..., ...),
                "How far does one kick of the noise move the sum of all later iterates?",
            ),
            Mistake(
                "the first is the last iterate's floor",
                (8 / 15, ..., ...),
                "That is what a single iterate ends at. Here T times a mean square is asked.",
            ),
            Mistake(
                "v is taken for a standard deviation",
                (16, ..., ...),
                "v is the mean square of the noise. It is squared already.",
            ),
            Mistake(
                "the rate has stayed in the first",
                (1 / 2, ..., ...),
                "A kick moves θ by η times itself. By how much does it move the sum of all later "
                "iterates?",
            ),
            Mistake(
                "the second is squared",
                (..., 56**2, ...),
                "Here the mean of ē is asked, not the mean of its square.",
            ),
            Mistake(
                "ρ is missing in the second",
                (..., 64, ...),
                "The mean begins with the iterate after the first step.",
            ),
            Mistake(
                "the rate is missing in the second",
                (..., 14, ...),
                "A geometric sum: what is 1 − ρ?",
            ),
            Mistake(
                "the curvature is missing in the second",
                (..., 28, ...),
                "A geometric sum: what is 1 − ρ?",
            ),
            Mistake(
                "the start's part is not squared",
                (..., ..., 7),
                "The noise's part is a mean square. What is the start's part to be compared as?",
            ),
            Mistake(
                "T is that of a start without ρ",
                (..., ..., 512),
                "Use your second answer as it is.",
            ),
            Mistake(
                "T is the square root of what it should be",
                (..., ..., 392**0.5),
                "One part falls like 1/T², the other like 1/T. What does their ratio fall like?",
            ),
        ),
    ),
    "10-e2": Exercise(
        asked="a function that makes SAGA's steps and returns the last theta",
        reference=saga,
        cases=regressions,
        about="2 to 10 samples of 1 to 5 inputs, 3 to 30 steps",
        mistakes=(
            Mistake(
                "the mean is that of the table with the new row",
                mean_of_the_new_table,
                "Which table does the mean belong to, the one before the step or after it?",
            ),
            Mistake(
                "that is SAG: the new gradient counts only 1/n",
                sag,
                "Is the mean of your step over all samples the full gradient? If you keep the old "
                "row: `old = table[i]` is a view, and changes with the table.",
            ),
            Mistake(
                "the sign of the correction is turned",
                stepping(lambda fresh, old, table: fresh + old - table.mean(axis=0)),
                "What is taken off must have the mean that is given back.",
            ),
            Mistake(
                "the old row is not taken off",
                stepping(lambda fresh, old, table: fresh + table.mean(axis=0)),
                "What is given back must have been taken off.",
            ),
            Mistake(
                "the mean of the table is not given back",
                stepping(lambda fresh, old, table: fresh - old),
                "What is taken off has a mean.",
            ),
            Mistake(
                "the table's sum is given back, not its mean",
                stepping(lambda fresh, old, table: fresh - old + table.sum(axis=0)),
                "What is the mean of the old rows over all samples?",
            ),
            Mistake(
                "one mean is given back to all inputs",
                stepping(lambda fresh, old, table: fresh - old + table.mean()),
                "`table.mean()` is a single number. How many has the mean of the rows?",
            ),
            Mistake(
                "plain SGD: the table stays at zero",
                stepping(lambda fresh, old, table: fresh, keep=False),
                "When is a row of the table renewed?",
            ),
            Mistake(
                "the row is renewed with the gradient after the step",
                renewed_after_the_step,
                "One gradient a step is enough: which one?",
            ),
        ),
    ),
    "10-e3": Exercise(
        asked="a number of iterates, and how many times larger the mean of all is, to within 1 %",
        reference=(BEST, TIMES),
        rtol=0.01,
        tests=(
            "Test it: compute the mean square for this k, and for 3 % less and 3 % more. Is yours "
            "the lowest?",
            "Test it: simulate a thousand runs with normal noise, and compare the mean squares of "
            "both means.",
        ),
        mistakes=(
            Mistake(
                "the noise before the tail is forgotten",
                best_tail(before=False),
                "When the tail begins, the run has collected noise. What is its mean square?",
            ),
            Mistake(
                "the mean square shrinks by ρ a step, not by its square",
                best_tail(power=1),
                "A step makes ρ times e of e. What does it make of its square?",
            ),
            Mistake(
                "the mean of all iterates is not the best",
                (1000, 1),
                "How much of the start is left in it? Try half of the run.",
            ),
            Mistake(
                "the number of skipped steps, not of averaged ones",
                (1000 - BEST, ...),
                "How many iterates does the best mean have, and how many does it skip?",
            ),
            Mistake(
                "young noise is counted in full",
                best_tail(young=False),
                "A kick in the last steps has hardly been seen by the mean.",
            ),
            Mistake(
                "the ratio is upside down",
                (..., 1 / TIMES),
                "Is the mean of all better than the best?",
            ),
            Mistake(
                "the ratio of lengths, not of mean squares",
                (..., TIMES**0.5),
                "No square root is needed.",
            ),
        ),
    ),
}
