"""The exercises of chapter 10."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def saga(X, y, theta, lr, order):
    """Steps of SAGA on half the mean squared residual, from residuals of zero."""
    residuals, mean = np.zeros(len(y)), np.zeros(len(theta))
    for i in order:
        fresh = X[i] @ theta - y[i]
        change = (fresh - residuals[i]) * X[i]
        residuals[i] = fresh
        theta = theta - lr * (change + mean)
        mean = mean + change / len(y)
    return theta


def regressions(rng):
    """Regressions of one to five inputs, in round numbers; every order draws a sample twice."""
    X, y = rng.integers(1, 3, (2, 1)).astype(float), rng.permutation([1.0, 3.0])
    yield X, y, np.zeros(1), 0.5, [0, 1, 0]  # can be followed by hand
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


def a_number_for_every_input(X, y, theta, lr, order):
    """The residual is stored, and taken off and given back as if it were the gradient."""
    theta, kept = np.asarray(theta), np.zeros(len(y))
    for i in order:
        residual = X[i] @ theta - y[i]
        step = residual * X[i] - kept[i] + kept.mean()
        kept[i] = residual
        theta = theta - lr * step
    return theta


def running(add, *, renew=True):
    """Steps with a running mean, to which ``add(fresh, change, n)`` is added, x apart."""

    def run(X, y, theta, lr, order):
        residuals, mean = np.zeros(len(y)), np.zeros(len(theta))
        for i in order:
            fresh = X[i] @ theta - y[i]
            change = fresh - residuals[i]
            if renew:
                residuals[i] = fresh
            theta = theta - lr * (change * X[i] + mean)
            mean = mean + add(fresh, change, len(y)) * X[i]
        return theta

    return run


def stores_the_step(X, y, theta, lr, order):
    theta, table = np.asarray(theta), np.zeros((len(y), len(theta)))
    for i in order:
        step = (X[i] @ theta - y[i]) * X[i] - table[i] + table.mean(axis=0)
        table[i] = step
        theta = theta - lr * step
    return theta


def filled_at_the_start(X, y, theta, lr, order):
    theta, table = np.asarray(theta), (X @ theta - y)[:, None] * X
    for i in order:
        fresh = (X[i] @ theta - y[i]) * X[i]
        step = fresh - table[i] + table.mean(axis=0)
        table[i] = fresh
        theta = theta - lr * step
    return theta


def mean_of_the_rows_seen(X, y, theta, lr, order):
    theta, table, seen = np.asarray(theta), np.zeros((len(y), len(theta))), set()
    for i in order:
        fresh = (X[i] @ theta - y[i]) * X[i]
        step = fresh - table[i] + table.sum(axis=0) / max(len(seen), 1)
        table[i] = fresh
        seen.add(i)
        theta = theta - lr * step
    return theta


def full_gradient(X, y, theta, lr, order):
    for _ in order:
        theta = theta - lr * (X @ theta - y) @ X / len(y)
    return theta


def renewed_after_the_step(X, y, theta, lr, order):
    table = np.zeros((len(y), len(theta)))
    for i in order:
        fresh = (X[i] @ theta - y[i]) * X[i]
        theta = theta - lr * (fresh - table[i] + table.mean(axis=0))
        table[i] = (X[i] @ theta - y[i]) * X[i]
    return theta


def square_of_the_tail_mean(
    k, *, before=True, young=True, power=2, fed=1 / 4, start=50.0**2, late=0
):
    """Mean square of the mean of the last k of 1000 iterates, in one direction."""
    curvature, lr, steps = 1 / 20, 1 / 2, 1000
    rho = 1 - lr * curvature
    left = rho ** (power * (steps - k + late))
    square = left * start + before * fed * (1 - left) / (1 - rho**power)
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
                "the noise is divided by ηλ, not by λ",
                (128, ..., ...),
                "A kick moves θ by η times itself. By how much does it move the sum of all later "
                "iterates?",
            ),
            Mistake(
                "that is the noise of a single step",
                (2, ..., ...),
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
                "the rate has stayed in the first, or λ stands above the line",
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
                "the start is squared in the second",
                (..., 448, ...),
                "Here the mean of ē is asked, not the mean of its square.",
            ),
            Mistake(
                "the mean goes to zero, but T times the mean does not",
                (..., 0, ...),
                "The sum of e_t over all steps: is it finite? Is it zero?",
            ),
            Mistake(
                "the second is the error after one step",
                (..., 7, ...),
                "That is e_1. All later ones belong to the sum as well.",
            ),
            Mistake(
                "ρ is 1 − η, without the curvature",
                (..., 48, ...),
                "By what does a step multiply the error? The gradient there is λe.",
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
                "the two limits are multiplied, not compared",
                (..., ..., 56**2 * 8),
                "One part is a limit over T², the other a limit over T. When are they equal?",
            ),
            Mistake(
                "the noise is missing in the third",
                (..., ..., 56**2),
                "The start's part is to be as large as the noise's. Where is the noise's limit?",
            ),
            Mistake(
                "the quotient for T is upside down",
                (..., ..., 8 / 56**2),
                "Can a number of steps be below 1?",
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
                "the step is the old mean alone",
                stepping(lambda fresh, old, table: table.mean(axis=0)),
                "What is new and what is old are the same here: `old = table[i]` is a view, and "
                "changes with the table.",
            ),
            Mistake(
                "the residual is stored and used as if it were the gradient",
                a_number_for_every_input,
                "A stored number is no gradient yet: what must it be multiplied by?",
            ),
            Mistake(
                "the mean takes in the new gradient, but keeps the old one",
                running(lambda fresh, change, n: fresh / n),
                "A row of the table is replaced. By how much does the mean of the rows change?",
            ),
            Mistake(
                "the residual kept is never renewed",
                running(lambda fresh, change, n: change / n, renew=False),
                "What is taken off when the same sample is drawn again?",
            ),
            Mistake(
                "the step is stored, not the gradient",
                stores_the_step,
                "γ is the gradient of a sample, when it was last drawn.",
            ),
            Mistake(
                "the table begins with the gradients at the start, not with zeros",
                filled_at_the_start,
                "How many gradients have you evaluated before the first step?",
            ),
            Mistake(
                "the mean is taken over the samples seen so far",
                mean_of_the_rows_seen,
                "A sample that was never drawn has a row of zeros, and it counts.",
            ),
            Mistake(
                "every step takes the full gradient",
                full_gradient,
                "A step evaluates one gradient, that of sample i.",
            ),
            Mistake(
                "the gradients are twice too large",
                lambda X, y, theta, lr, order: saga(X, y, theta, 2 * lr, order),
                "The loss has a factor ½. What does its derivative have?",
            ),
            Mistake(
                "the sign of the residual is turned",
                lambda X, y, theta, lr, order: saga(X, y, theta, -lr, order),
                "Where the prediction is too high, the gradient of the loss points up.",
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
                "the noise is fed in with η, not with its square",
                best_tail(fed=1 / 2),
                "A step moves θ by ηξ. What is the mean square of that?",
            ),
            Mistake(
                "the tail begins one iterate too late",
                best_tail(late=1),
                "The mean of the last k iterates begins with the one after e_{T−k}.",
            ),
            Mistake(
                "the start is not squared",
                best_tail(start=50.0),
                "Everything here is a mean square, the start too.",
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
