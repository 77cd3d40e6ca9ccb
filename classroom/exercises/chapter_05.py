"""The exercises of chapter 05."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def soft(u, threshold):
    return np.sign(u) * np.maximum(np.abs(u) - threshold, 0)


def elastic_step(u, eta, l1, l2):
    """The proximal step of the elastic net: soft thresholding, then a division."""
    return soft(u, eta * l1) / (1 + eta * l2)


def steps(rng):
    """Points of 1 to 20 parameters, and both penalties on, off and strong."""
    large = rng.integers(3, 9, size=1).astype(float)
    for u in (large, -large, large / 20):
        yield u, 0.5, 2.0, 1.0
    yield large, 0.5, 2.0, 0.0
    yield np.append(-large, [0.0, 3.0]), 0.5, 0.0, 2.0
    for eta, l1, l2 in ((0.1, 5.0, 0.5), (2.0, 0.3, 4.0), (0.7, 1.0, 1.0)):
        yield rng.normal(0, 2, 20), eta, l1, l2


def division_first(u, eta, l1, l2):
    return soft(u / (1 + eta * l2), eta * l1)


def gradient_step_on_l2(u, eta, l1, l2):
    return soft(u, eta * l1) * (1 - eta * l2)


def l2_slope_at_u(u, eta, l1, l2):
    return soft(u, eta * l1) - eta * l2 * u


def numbers_only(u, eta, l1, l2):
    return np.sign(u) * max(abs(u) - eta * l1, 0) / (1 + eta * l2)


def threshold_without_rate(u, eta, l1, l2):
    return soft(u, l1) / (1 + eta * l2)


def division_without_rate(u, eta, l1, l2):
    return soft(u, eta * l1) / (1 + l2)


def half_overlooked(u, eta, l1, l2):
    return soft(u, eta * l1) / (1 + 2 * eta * l2)


def sign_lost(u, eta, l1, l2):
    return np.maximum(np.abs(u) - eta * l1, 0) / (1 + eta * l2)


def negative_lost(u, eta, l1, l2):
    return np.maximum(u - eta * l1, 0) / (1 + eta * l2)


def past_zero(u, eta, l1, l2):
    return (u - eta * l1 * np.sign(u)) / (1 + eta * l2)


def hard(u, eta, l1, l2):
    return np.where(np.abs(u) > eta * l1, u, 0) / (1 + eta * l2)


def l1_alone(u, eta, l1, l2):
    return soft(u, eta * l1)


# The largest slope of the squared loss at the mean score, over the ten inputs.
EXERCISES = {
    "05-e1": Exercise(
        asked="four numbers: the ends of ∂f(0), and the two minima",
        reference=(-5, -1, 1, 0),
        tests=(
            "Test it: the lower end is the slope just left of 0, about (f(0) − f(−0.01)) / 0.01.",
            "Test it: the upper end is the slope just right of 0, about (f(0.01) − f(0)) / 0.01.",
            "Test it: compute f at this number, and 0.1 to the left and to the right of it. Is it "
            "lowest in the middle?",
            "Test it: compute the function at this number, and 0.1 to the left and to the right "
            "of it. Is it lowest in the middle?",
        ),
        mistakes=(
            Mistake(
                "the two ends have changed places",
                (-1, -5, ..., ...),
                "The lower end is the smaller number.",
            ),
            Mistake(
                "the sign of the smooth part's slope is flipped",
                (1, 5, ..., ...),
                "Differentiate ½(θ − 3)² and put θ = 0.",
            ),
            Mistake(
                "the upper end has the wrong sign",
                (-5, 1, ..., ...),
                "Just right of 0 the parabola still falls. Does the penalty rise faster?",
            ),
            Mistake(
                "the lower end has the wrong sign",
                (5, ..., ..., ...),
                "Left of 0 both parts fall.",
            ),
            Mistake(
                "the slope of the smooth part is missing",
                (-2, 2, ..., ...),
                "That is the subdifferential of the penalty alone. At 0 the parabola slopes, too.",
            ),
            Mistake(
                "the strength of the penalty is missing",
                (-4, -2, ..., ...),
                "|θ| is multiplied by 2. What does that do to its slopes?",
            ),
            Mistake(
                "the first minimum is the one without the penalty",
                (..., ..., 3, ...),
                "The penalty pulls it towards zero. How far?",
            ),
            Mistake(
                "the penalty pulls the other way",
                (..., ..., 5, ...),
                "Is |θ| smaller or larger there than at 3?",
            ),
            Mistake(
                "zero is passed",
                (..., ..., ..., -1),
                "Left of zero the penalty pulls to the right. Is 0 in the subdifferential at 0?",
            ),
            Mistake(
                "the second minimum is the one without the penalty",
                (..., ..., ..., 1),
                "Compare the values at 1 and at 0.",
            ),
        ),
    ),
    "05-e2": Exercise(
        asked="a function that returns the proximal step of the elastic net",
        reference=elastic_step,
        cases=steps,
        about="1 to 20 parameters, either penalty on and off",
        mistakes=(
            Mistake(
                "the division comes before the thresholding",
                division_first,
                "Write down part 1 of the theorem for v > 0 and solve it for v. What is divided?",
            ),
            Mistake(
                "the L2 part is a gradient step, not a proximal one",
                gradient_step_on_l2,
                "The proximal step uses the slope where it *arrives*. With a huge penalty your "
                "step would shoot past zero.",
            ),
            Mistake(
                "the slope of the L2 part is taken at u",
                l2_slope_at_u,
                "The proximal step uses the slope where it *arrives*: write down part 1 of the "
                "theorem, and solve it for v.",
            ),
            Mistake(
                "it works for single numbers only",
                numbers_only,
                "`if` and `max` ask one question, and an array has many answers. `np.maximum` and "
                "`np.where` ask for each entry.",
            ),
            Mistake(
                "the rate is missing in the threshold",
                threshold_without_rate,
                "A step of length zero must not move anything. Put η = 0 into your function.",
            ),
            Mistake(
                "the rate is missing in the division",
                division_without_rate,
                "A step of length zero must not move anything. Put η = 0 into your function.",
            ),
            Mistake(
                "a factor 2 too much in the division",
                half_overlooked,
                "There is a ½ before the squared norm.",
            ),
            Mistake(
                "the sign is lost",
                sign_lost,
                "What should come out for a negative number, compared with the positive one?",
            ),
            Mistake(
                "negative numbers become zero",
                negative_lost,
                "The penalty treats both sides alike: try u = −3.",
            ),
            Mistake(
                "small numbers pass zero",
                past_zero,
                "What happens to a number that is nearer to zero than the threshold?",
            ),
            Mistake(
                "large numbers are not moved by the threshold",
                hard,
                "The threshold is *soft*: it moves every number towards zero by the same length.",
            ),
            Mistake(
                "the L2 penalty has no effect",
                l1_alone,
                "Set l1 = 0: what should be left of the step?",
            ),
        ),
    ),
    "05-e3": Exercise(
        asked="the smallest λ at which all weights are zero, to within 1 %",
        reference=49.0765,
        rtol=0.01,
        tests=(
            "Test it: run the lasso at this strength, and at 1 % less. All ten weights should be "
            "zero at the first, but not at the second.",
        ),
        mistakes=(
            Mistake(
                "that is the sum over the patients, not the mean",
                266 * 49.0765,
                "The loss is a mean over 266 patients.",
            ),
            Mistake(
                "it is divided by the number of patients twice",
                49.0765 / 266,
                "A mean is taken once. Is yours a mean of means?",
            ),
            Mistake(
                "that is the largest slope with its sign",
                32.5875,
                "A weight may want to go either way. Is the steepest slope a positive one?",
            ),
            Mistake(
                "twice too large, or the norm of all slopes",  # 97.79: it happens to be as large
                2 * 49.0765,
                "`losses.squared()` is *half* the squared error. And the weights go one by one: "
                "which single slope decides?",
            ),
            Mistake(
                "half too small",
                49.0765 / 2,
                "Differentiate ½r² with respect to r: what becomes of the ½?",
            ),
            Mistake(
                "the intercept was counted, or it stood at zero",
                151.5677,
                "The intercept is not penalised: it sits at the mean score, and its slope is zero.",
            ),
            Mistake(
                "at that strength only the first weight goes",
                4.8418,
                "You found the *smallest* slope. When does the last of the ten weights go?",
            ),
            Mistake(
                "that is the mean of the slopes",
                27.9204,
                "Each weight has to stay at zero for itself.",
            ),
        ),
    ),
}
