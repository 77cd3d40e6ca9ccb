"""The exercises of chapter 01."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def slopes(prediction, target, q):
    """Slope of each sample's quantile loss; 0 at the kink."""
    return (1 - q) * (prediction > target) - q * (prediction < target)


def quantile_loss(prediction, target, q):
    """Mean quantile loss, and its gradient with respect to the predictions; 0 at the kink."""
    slope = slopes(prediction, target, q)
    return np.mean(slope * (prediction - target)), slope / len(target)


def predictions(rng):
    """Too low, exact, both, and more of them."""
    low, hit, high = (rng.integers(1, 9, size=1).astype(float) for _ in range(3))
    yield low, low + 2, 0.25
    yield hit, hit.copy(), 0.25
    yield np.append(low, high), np.append(low + 3, high - 1), 0.75
    for size, q in ((4, 0.9), (20, 0.3)):
        yield rng.normal(size=size), rng.normal(size=size), q
    target = rng.normal(size=6)
    yield target + [0, 1, 0, -1, 2, 0], target, 0.6


def gradient_of_the_sum(prediction, target, q):
    return ..., slopes(prediction, target, q)


def gradient_flipped(prediction, target, q):
    return ..., -slopes(prediction, target, q) / len(target)


def sides_swapped(prediction, target, q):
    return quantile_loss(prediction, target, 1 - q)


def slope_at_the_kink(prediction, target, q):
    return ..., np.where(prediction < target, -q, 1 - q) / len(target)


def one_slope(prediction, target, q):
    return ..., np.mean(slopes(prediction, target, q))


def minus_lost(prediction, target, q):
    return ..., np.abs(slopes(prediction, target, q)) / len(target)


def loss_summed(prediction, target, q):
    return np.sum(slopes(prediction, target, q) * (prediction - target)), ...


def loss_of_each(prediction, target, q):
    return slopes(prediction, target, q) * (prediction - target), ...


def loss_negative(prediction, target, q):
    return -np.mean(np.abs(slopes(prediction, target, q) * (prediction - target))), ...


EXERCISES = {
    "01-e1": Exercise(
        asked="two numbers, ∂f/∂w and ∂f/∂b at w = 1, b = 0",
        reference=(0.5, -0.5),
        tests=(
            "Test it: compute the objective at w = 1.01 and at w = 1, with b = 0 in both. The "
            "difference is about a hundredth of this number.",
            "Test it: compute the objective at b = 0.01 and at b = 0, with w = 1 in both. The "
            "difference is about a hundredth of this number.",
        ),
        mistakes=(
            Mistake(
                "the sign is flipped, or the two are in the wrong order",
                (-0.5, 0.5),
                "A residual is the prediction minus the target. The gradient points uphill; the "
                "minus of the descent step comes later. The slope w stands first.",
            ),
            Mistake(
                "twice too large",
                (1.0, -1.0),
                "The objective is the *mean* of *half* the squared errors. Did you add up the two "
                "samples without dividing, or forget the half?",
            ),
            Mistake(
                "half too small",
                (0.25, -0.25),
                "Differentiate ½r² with respect to r: what becomes of the ½? Divide by the number "
                "of samples once only.",
            ),
            Mistake(
                "the factor x is missing in the slope",
                (-0.5, ...),
                "Move w a little: by how much does the prediction of the sample with x = 3 move? "
                "The chain rule puts that factor before its residual.",
            ),
            Mistake(
                "those are the two samples' shares of the first number",
                (-2, 3),
                "Each number is a mean over both samples. The second is the slope in b.",
            ),
            Mistake(
                "the second number has the wrong sign, or that is where a step leads",
                (..., 0.5),
                "Is that the gradient, or the point after a step? Raise b a little: the sample "
                "that is too low gains more than the other loses. Does the objective rise or fall?",
            ),
            Mistake(
                "the second number is not divided by the number of samples",
                (..., -1.0),
                "Both are slopes of one objective, and that is a mean.",
            ),
            Mistake(
                "one residual has the wrong sign",
                (-2.5, -1.5),
                "A residual is the prediction minus the target, for each sample. Which of the two "
                "predictions is above its target?",
            ),
            Mistake(
                "the residuals have lost their signs",
                (2.5, 1.5),
                "One prediction is too low and the other too high: they pull in opposite ways.",
            ),
            Mistake(
                "the residuals are multiplied by y instead of x",
                (-2.0, ...),
                "The prediction is wx + b. What stands beside w in it?",
            ),
        ),
    ),
    "01-e2": Exercise(
        asked="a function that returns the mean quantile loss and its gradient",
        reference=quantile_loss,
        cases=predictions,
        about="1 to 20 predictions, some of them exact",
        mistakes=(
            Mistake(
                "the gradient is not divided by the number of samples",
                gradient_of_the_sum,
                "The loss is a mean. If one prediction moves, by how much does the mean move?",
            ),
            Mistake(
                "the sign of the gradient is flipped",
                gradient_flipped,
                "Raise a prediction that is too low. Does the loss rise or fall? The derivative is "
                "with respect to the prediction, not the target.",
            ),
            Mistake(
                "the slope of a prediction that is too low has lost its minus",
                minus_lost,
                "Raise a prediction that is too low: does the price rise or fall?",
            ),
            Mistake(
                "q and 1 − q are swapped",
                sides_swapped,
                "Look at the two lines of the definition: which price belongs to a prediction "
                "that is too low?",
            ),
            Mistake(
                "the slope at the kink is not 0",
                slope_at_the_kink,
                "What does your function give for a prediction that hits its target exactly?",
            ),
            Mistake(
                "the gradient is averaged to one number",
                one_slope,
                "There is one partial derivative for each prediction.",
            ),
            Mistake(
                "the loss is a sum, not a mean",
                loss_summed,
                "Give your function the same samples twice. A mean does not change.",
            ),
            Mistake(
                "the losses are not averaged",
                loss_of_each,
                "The first result is one number: the mean of what you have.",
            ),
            Mistake(
                "the loss is negative",
                loss_negative,
                "A price is never below zero. Check the sign of each residual against the line of "
                "the definition that you use it in.",
            ),
        ),
    ),
    "01-e3": Exercise(
        asked="the smallest of the five n at which ten measurements have the lower median",
        reference=40,
        tests=("Print both medians for this n, and for the next smaller one.",),
        mistakes=(
            Mistake(
                "that is where *one* measurement wins, or the loss on the training patients",
                15,
                "A lower loss is better. And the loss has to be measured on patients that the fit "
                "has not seen: `validation_loss` does so.",
            ),
            Mistake(
                "more patients than parameters are not enough",
                20,
                "With eleven parameters a fit to twenty patients exists, but is it good? Print "
                "both medians for every n.",
            ),
            Mistake(
                "at this n the ten measurements still lose",
                30,
                "They are close there. Did you take the *median* over all 64 seeds?",
            ),
            Mistake(
                "that is not the smallest",
                60,
                "Ten measurements win there, too. Where do they win first?",
            ),
        ),
    ),
}
