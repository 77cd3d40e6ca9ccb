"""The exercises of chapter 01."""

import numpy as np

from classroom.exercises import Exercise


def quantile_loss(prediction, target, q):
    """Mean quantile loss, and its gradient with respect to the predictions; 0 at the kink."""
    too_low, too_high = prediction < target, prediction > target
    slope = (1 - q) * too_high - q * too_low
    return np.mean(slope * (prediction - target)), slope / len(target)


def predictions(rng):
    """Predictions, targets and a quantile; in the last case some predictions hit the target."""
    for size, q in ((1, 0.5), (4, 0.9), (20, 0.25)):
        yield rng.normal(size=size), rng.normal(size=size), q
    yield np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 5.0, 3.0, 0.0]), 0.75


EXERCISES = {
    "01-e1": Exercise(
        asked="two numbers, ∂f/∂w and ∂f/∂b at w = 1, b = 0", reference=np.array([0.5, -0.5])
    ),
    "01-e2": Exercise(
        asked="a function that returns the mean quantile loss and its gradient",
        reference=quantile_loss,
        cases=predictions,
        about="1 to 20 predictions, some of them exact",
    ),
    "01-e3": Exercise(
        asked="the smallest of the five n at which ten measurements have the lower median",
        reference=40,
    ),
}
