"""The exercises of chapter 05."""

import numpy as np

from classroom.exercises import Exercise


def elastic_step(u, eta, l1, l2):
    """The proximal step of the elastic net: soft thresholding, then a division."""
    shrunk = np.sign(u) * np.maximum(np.abs(u) - eta * l1, 0)
    return shrunk / (1 + eta * l2)


def steps(rng):
    """Points of 1 to 20 parameters, and both penalties on, off and strong."""
    yield np.array([1.5]), 0.5, 2.0, 0.0
    yield np.array([-3.0, 0.0, 3.0]), 1.0, 0.0, 2.0
    yield np.array([-3.0, -1.0, 0.5, 1.0, 4.0]), 0.5, 2.0, 1.0
    for eta, l1, l2 in ((0.1, 5.0, 0.5), (2.0, 0.3, 4.0), (0.7, 1.0, 1.0)):
        yield rng.normal(0, 2, 20), eta, l1, l2


# The largest slope of the squared loss at the mean score, over the ten inputs.
EXERCISES = {
    "05-e1": Exercise(
        asked="four numbers: the ends of ∂f(0), and the two minima", reference=(-5, -1, 1, 0)
    ),
    "05-e2": Exercise(
        asked="a function that returns the proximal step of the elastic net",
        reference=elastic_step,
        cases=steps,
        about="1 to 20 parameters, either penalty on and off",
    ),
    "05-e3": Exercise(
        asked="the smallest λ at which all weights are zero, to within 1 %",
        reference=49.0765,
        rtol=0.01,
    ),
}
