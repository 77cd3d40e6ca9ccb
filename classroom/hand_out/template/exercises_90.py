"""Exercises of your own: what is asked, the right answer, its inputs, the mistakes people make.

The file and the notebook beside it share a number; take one from 50 on, no chapter will have it.
`classroom.exercises` says what each field means, and the chapters there are examples.
"""

import numpy as np

from classroom.exercises import Exercise, Mistake


def clipped(gradient, limit):
    """The gradient, shortened to this length if it is longer."""
    length = np.linalg.norm(gradient)
    return gradient * min(1.0, limit / length) if length > 0 else gradient


def gradients(rng):
    """Arguments of each call: the smallest first, one that is short, one that is zero."""
    yield np.array([3.0, 4.0]) * rng.integers(1, 5), 2.0
    yield np.array([0.3, 0.4]) / rng.integers(1, 5), 2.0
    yield np.zeros(3), 1.0
    for size in (3, 10):
        yield rng.normal(size=size), rng.uniform(0.1, 1.0)


def entry_by_entry(gradient, limit):
    return np.clip(gradient, -limit, limit)


def always_as_long(gradient, limit):
    return gradient * limit / max(np.linalg.norm(gradient), 1e-300)


EXERCISES = {
    "90-e1": Exercise(
        asked="two numbers, the gradient of (a − 3)² + ab at a = 1, b = 2",
        reference=(-2, 1),
        tests=(
            "Test it: compute the function at a = 1.001 and at a = 1, with b = 2 in both.",
            "Test it: compute the function at b = 2.001 and at b = 2, with a = 1 in both.",
        ),
        mistakes=(
            Mistake("the term ab is left out", (-4, ...), "How does ab change with a?"),
            Mistake("the factor 2 of the square is missing", (0, ...), "Differentiate x²."),
            Mistake("that is b, not a", (..., 2), "What stands beside b in ab?"),
        ),
    ),
    "90-e2": Exercise(
        asked="a function that shortens a gradient to a length of at most `limit`",
        reference=clipped,
        cases=gradients,
        about="short, long and zero gradients of 2 to 10 numbers",
        mistakes=(
            Mistake(
                "each entry is clipped on its own",
                entry_by_entry,
                "Does the step still point where the gradient does?",
            ),
            Mistake(
                "a short gradient is made longer",
                always_as_long,
                "What is to happen when the length is below the limit?",
            ),
        ),
    ),
}
