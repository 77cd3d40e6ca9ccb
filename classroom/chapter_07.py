"""The exercises of chapter 07."""

import numpy as np

from classroom.exercises import Exercise


def rate(t, peak, warmup, steps):
    """A straight line up to the peak, then half a cosine wave down to zero."""
    t = np.asarray(t, dtype=float)
    rising = peak * t / max(warmup, 1)
    done = np.clip((t - warmup) / (steps - warmup), 0, 1)
    return np.where(t < warmup, rising, peak * (1 + np.cos(np.pi * done)) / 2)


def runs(rng):
    """Single steps, whole runs and what comes after them, with and without a warm-up."""
    for peak, warmup, steps in ((1.0, 4, 20), (0.3, 1, 7), (0.05, 0, 12), (2.0, 50, 51)):
        for t in (0, warmup, steps):
            yield t, peak, warmup, steps
        yield np.arange(steps + 5), peak, warmup, steps
        yield rng.integers(0, 2 * steps, size=(3, 2)), peak, warmup, steps


def decay_steps(steps=1000, first=0.2, start=10.0):
    """The length of the linear decay with the least mean excess, by the exact recursion."""
    lengths = np.arange(1, steps + 1)
    excess = np.zeros(steps)
    for curvature in (1.0, 0.01):
        moment = np.full(steps, start**2)
        for t in range(steps):
            lr = first * np.minimum(1, (steps - t) / lengths)
            moment = (1 - lr * curvature) ** 2 * moment + lr**2
        excess += 0.5 * curvature * moment
    return int(lengths[excess.argmin()])


EXERCISES = {
    "07-e1": Exercise(
        asked="two numbers: θ after nine steps, and the limit", reference=(1 / 10, 1 / 2)
    ),
    "07-e2": Exercise(
        asked="a function that returns the rate at step t, or at every step of an array",
        reference=rate,
        cases=runs,
        about="four runs, with and without a warm-up, at single steps and at many",
    ),
    "07-e3": Exercise(
        asked="the length of the decay with the least mean excess, to within 2 %",
        reference=decay_steps(),
        rtol=0.02,
    ),
}
