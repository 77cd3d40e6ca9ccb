"""The exercises of chapter 07."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def share_done(t, warmup, steps):
    """The share of the fall that is done, 0 to 1."""
    return np.clip((np.asarray(t, dtype=float) - warmup) / (steps - warmup), 0, 1)


def half_wave(done):
    return (1 + np.cos(np.pi * done)) / 2


def after_warmup(t, peak, warmup, falling):
    """A straight line up to the peak, then what falls from it."""
    rising = peak * np.asarray(t, dtype=float) / max(warmup, 1)
    return np.where(t < np.asarray(warmup), rising, falling)


def rate(t, peak, warmup, steps):
    """A straight line up to the peak, then half a cosine wave down to zero."""
    return after_warmup(t, peak, warmup, peak * half_wave(share_done(t, warmup, steps)))


def runs(rng):
    """Single steps, whole runs and what comes after them, with and without a warm-up."""
    first = int(rng.integers(2, 6)) * 2
    for peak, warmup, steps in ((1.0, first, 3 * first), (0.3, 1, 7), (0.05, 0, 12)):
        for t in (0, warmup // 2, warmup, (warmup + steps) // 2, steps, steps + 3):
            yield t, peak, warmup, steps
        yield np.arange(steps + 5), peak, warmup, steps
        yield rng.integers(0, 2 * steps, size=(3, 2)), peak, warmup, steps


def steps_after_warmup(t, peak, warmup, steps):
    return rate(t, peak, warmup, warmup + steps)


def rises_again(t, peak, warmup, steps):
    done = (np.asarray(t, dtype=float) - warmup) / (steps - warmup)
    return after_warmup(t, peak, warmup, peak * half_wave(done))


def whole_wave(t, peak, warmup, steps):
    falling = peak * np.cos(np.pi * share_done(t, warmup, steps))
    return after_warmup(t, peak, warmup, falling)


def quarter_wave(t, peak, warmup, steps):
    falling = peak * np.cos(np.pi / 2 * share_done(t, warmup, steps))
    return after_warmup(t, peak, warmup, falling)


def in_degrees(t, peak, warmup, steps):
    falling = peak * (1 + np.cos(180 * share_done(t, warmup, steps))) / 2
    return after_warmup(t, peak, warmup, falling)


def half_forgotten(t, peak, warmup, steps):
    falling = peak * 2 * half_wave(share_done(t, warmup, steps))
    return after_warmup(t, peak, warmup, falling)


def straight_down(t, peak, warmup, steps):
    return after_warmup(t, peak, warmup, peak * (1 - share_done(t, warmup, steps)))


def wave_from_zero(t, peak, warmup, steps):
    return after_warmup(t, peak, warmup, peak * half_wave(share_done(t, 0, steps)))


def one_step_ahead(t, peak, warmup, steps):
    rising = peak * (np.asarray(t, dtype=float) + 1) / max(warmup, 1)
    return np.where(t < np.asarray(warmup), rising, rate(t, peak, warmup, steps))


def numbers_only(t, peak, warmup, steps):
    if t < warmup:
        return peak * t / warmup
    return peak * half_wave(share_done(t, warmup, steps))


def arrays_only(t, peak, warmup, steps):
    if np.ndim(t) > 1:
        raise ValueError  # a row is no single step
    list(t)
    return rate(t, peak, warmup, steps)


def division_by_no_warmup(t, peak, warmup, steps):
    rising = peak * t / warmup
    return np.where(t < np.asarray(warmup), rising, rate(t, peak, warmup, steps))


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


BEST = decay_steps()

EXERCISES = {
    "07-e1": Exercise(
        asked="two numbers: θ after nine steps, and the limit",
        reference=(1 / 10, 1 / 2),
        tests=(
            "Test it: multiply the nine factors in a loop, `for t in range(9)`.",
            "Test it: multiply the first ten factors in a loop, then the first hundred, then the "
            "first thousand. Where does the product go?",
        ),
        mistakes=(
            Mistake(
                "one step too many",
                (1 / 11, ...),
                "θ₉ comes after the steps with t = 0 to 8. How many factors are there?",
            ),
            Mistake(
                "one step too few",
                (1 / 9, ...),
                "θ₉ comes after the steps with t = 0 to 8. How many factors are there?",
            ),
            Mistake(
                "that is the last factor alone",
                (9 / 10, ...),
                "Every step multiplies by its own factor: write down the first three, and cancel.",
            ),
            Mistake(
                "the steps go uphill",
                (11 / 2, ...),
                "The gradient of ½θ² is θ, and the step subtracts it: by which factor is θ "
                "multiplied?",
            ),
            Mistake(
                "it does not arrive",
                (..., 0),
                "The sum of these rates is finite. Can a product of such factors be zero?",
            ),
            Mistake(
                "the steps do more than that",
                (..., 1),
                "The first step alone takes a quarter away. Cancel numerators and denominators.",
            ),
            Mistake(
                "the rates are added, but factors multiply",
                (..., 2 - np.pi**2 / 6),
                "Each step takes its share of what is *left*, not of the start.",
            ),
            Mistake(
                "that is a good approximation, but not the limit",
                (..., np.exp(1 - np.pi**2 / 6)),
                "1 − η is only nearly e^(−η), and the first rates are not small. Write 1 − 1/k² as "
                "a fraction and factor it.",
            ),
        ),
    ),
    "07-e2": Exercise(
        asked="a function that returns the rate at step t, or at every step of an array",
        reference=rate,
        cases=runs,
        about="three runs, with and without a warm-up, at single steps and at many",
        mistakes=(
            Mistake(
                "the steps are counted after the warm-up",
                steps_after_warmup,
                "At t = steps the rate has to be 0. `steps` counts the whole run.",
            ),
            Mistake(
                "the rate rises again after the end",
                rises_again,
                "A cosine comes back. What should the rate be at t = steps + 3?",
            ),
            Mistake(
                "the rate falls below zero",
                whole_wave,
                "A cosine goes from 1 to −1. Yours has to go from peak to 0: shift and stretch it.",
            ),
            Mistake(
                "that is a quarter of a wave",
                quarter_wave,
                "Half a wave is flat at both ends. Yours hits zero at full speed.",
            ),
            Mistake(
                "the cosine is given degrees",
                in_degrees,
                "`np.cos` takes radians: half a wave is π long, not 180.",
            ),
            Mistake(
                "the fall begins at twice the peak",
                half_forgotten,
                "1 + cos goes from 2 to 0. From where to where should it go?",
            ),
            Mistake(
                "the fall is a straight line",
                straight_down,
                "The fall is half a cosine wave: flat at first, and flat in the end.",
            ),
            Mistake(
                "the wave begins at step 0, not after the warm-up",
                wave_from_zero,
                "At t = warmup the rate has to be `peak`. Which share of the fall is done there?",
            ),
            Mistake(
                "the warm-up is one step ahead",
                one_step_ahead,
                "At t = 0 the rate has to be 0, and at t = warmup `peak`.",
            ),
            Mistake(
                "it works for single numbers only",
                numbers_only,
                "`if` asks one question, and an array has many answers. `np.where` asks for each "
                "entry.",
            ),
            Mistake(
                "it works for arrays of one axis only",
                arrays_only,
                "`t` may be one number, and a loop goes through the rows of an array. numpy's "
                "functions take all of them.",
            ),
            Mistake(
                "it divides by a warm-up of length 0",
                division_by_no_warmup,
                "`warmup` may be 0. Both branches of `np.where` are computed, the one that is not "
                "chosen as well.",
            ),
        ),
    ),
    "07-e3": Exercise(
        asked="the length of the decay with the least mean excess, to within 2 %",
        reference=BEST,
        rtol=0.02,
        tests=(
            "Test it: compute the mean excess for this T_d, and for 3 % less and 3 % more. Is "
            "yours the lowest?",
        ),
        mistakes=(
            Mistake(
                "that is the step where the decay begins",
                1000 - BEST,
                "T_d is the number of steps that the decay takes, counted from the end.",
            ),
            Mistake(
                "that is a share, not a number of steps",
                BEST / 1000,
                "Multiply by the length of the run.",
            ),
            Mistake(
                "the flat direction is left out, or starts too near",
                1000,
                "For the steep direction alone a long decay is best. But the flat one has hardly "
                "arrived: give `mean_excess` both curvatures, and the "
                "start at distance 10.",
            ),
            Mistake(
                "the steep direction is left out",
                224,
                "For the flat direction alone a short decay is best. But the steep one makes the "
                "noise: give `mean_excess` both curvatures.",
            ),
            Mistake(
                "the noise is left out",
                1,
                "Without noise nothing is won by a decay. The noise has variance 1.",
            ),
        ),
    ),
}
