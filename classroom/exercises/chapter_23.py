"""The exercises of chapter 23."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

from classroom.exercises import Exercise, Mistake


def lengths(grads):
    return np.sqrt((grads**2).sum(axis=1, keepdims=True))


def shortened(grads, C):
    return grads / np.maximum(1, lengths(grads) / C)


def private_gradient(grads, C, sigma, noise):
    return (shortened(grads, C).sum(axis=0) + sigma * C * noise) / len(grads)


def not_divided(grads, C, sigma, noise):
    return shortened(grads, C).sum(axis=0) + sigma * C * noise


def noise_not_divided(grads, C, sigma, noise):
    return shortened(grads, C).mean(axis=0) + sigma * C * noise


def noise_without_length(grads, C, sigma, noise):
    return (shortened(grads, C).sum(axis=0) + sigma * noise) / len(grads)


def noise_without_sigma(grads, C, sigma, noise):
    return (shortened(grads, C).sum(axis=0) + C * noise) / len(grads)


def variance_for_deviation(grads, C, sigma, noise):
    return (shortened(grads, C).sum(axis=0) + np.sqrt(sigma * C) * noise) / len(grads)


def variance_as_factor(grads, C, sigma, noise):
    return (shortened(grads, C).sum(axis=0) + (sigma * C) ** 2 * noise) / len(grads)


def no_noise(grads, C, sigma, noise):
    return shortened(grads, C).mean(axis=0)


def noise_a_sample(grads, C, sigma, noise):
    return shortened(grads, C).mean(axis=0) + sigma * C * noise / np.sqrt(len(grads))


def not_shortened(grads, C, sigma, noise):
    return (grads.sum(axis=0) + sigma * C * noise) / len(grads)


def the_mean_shortened(grads, C, sigma, noise):
    return shortened(grads.mean(axis=0, keepdims=True), C)[0] + sigma * C * noise / len(grads)


def the_sum_shortened(grads, C, sigma, noise):
    total = shortened(grads.sum(axis=0, keepdims=True), C)[0]
    return (total + sigma * C * noise) / len(grads)


def the_result_shortened(grads, C, sigma, noise):
    noisy = grads.mean(axis=0) + sigma * C * noise / len(grads)
    return shortened(noisy[None], C)[0]


def each_number_clipped(grads, C, sigma, noise):
    return (np.clip(grads, -C, C).sum(axis=0) + sigma * C * noise) / len(grads)


def short_ones_stretched(grads, C, sigma, noise):
    unit = grads / np.maximum(lengths(grads), 1e-300)
    return (C * unit.sum(axis=0) + sigma * C * noise) / len(grads)


def stretched_to_nan(grads, C, sigma, noise):
    with np.errstate(invalid="ignore"):
        unit = grads / lengths(grads)
    return (C * unit.sum(axis=0) + sigma * C * noise) / len(grads)


def nan_at_zero(grads, C, sigma, noise):
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = grads * np.minimum(C, lengths(grads)) / lengths(grads)
    return (kept.sum(axis=0) + sigma * C * noise) / len(grads)


def long_ones_dropped(grads, C, sigma, noise):
    kept = grads * (lengths(grads) <= C)
    return (kept.sum(axis=0) + sigma * C * noise) / len(grads)


def another_length(grads, C, sigma, noise):
    """The sum of absolute values in place of the length."""
    size = abs(grads).sum(axis=1, keepdims=True)
    kept = grads / np.maximum(1, size / C)
    return (kept.sum(axis=0) + sigma * C * noise) / len(grads)


def one_length_for_all(grads, C, sigma, noise):
    """The length of the whole array, where each row has its own."""
    kept = grads / max(1, np.sqrt((grads**2).sum()) / C)
    return (kept.sum(axis=0) + sigma * C * noise) / len(grads)


def upside_down(grads, C, sigma, noise):
    kept = grads * np.minimum(1, lengths(grads) / C)
    return (kept.sum(axis=0) + sigma * C * noise) / len(grads)


def squared_length(grads, C, sigma, noise):
    kept = grads / np.maximum(1, lengths(grads) ** 2 / C)
    return (kept.sum(axis=0) + sigma * C * noise) / len(grads)


def columns_shortened(grads, C, sigma, noise):
    return private_gradient_of(shortened(grads.T, C).T, C, sigma, noise)


def private_gradient_of(kept, C, sigma, noise):
    return (kept.sum(axis=0) + sigma * C * noise) / len(kept)


def batches(rng):
    """Two samples by hand; a long one, a short one and zero; up to 12 samples."""
    yield np.array([[6.0, 8.0], [0.3, 0.4]]), 2.0, 0.5, np.array([1.0, -1.0])
    yield np.array([[3.0, 0.0, 4.0], [0.0, 0.0, 0.0], [0.5, -0.2, 0.1]]), 1.5, 3.0, np.ones(3)
    for n, P, C in ((4, 2, 0.7), (7, 3, 2.0), (12, 5, 1.3)):
        grads = rng.standard_normal((n, P)) * rng.uniform(0.1, 4, (n, 1))
        grads[0] *= 3 * C / lengths(grads)[0]
        grads[1] *= 0.4 * C / lengths(grads)[1]
        yield grads, C, float(rng.uniform(0.3, 3)), rng.standard_normal(P)


# What a mu of T steps costs, and what a budget allows.
def delta_of(epsilon, mu):
    return ndtr(mu / 2 - epsilon / mu) - np.exp(epsilon + log_ndtr(-mu / 2 - epsilon / mu))


def mu_for(epsilon, delta=1e-5):
    return brentq(lambda mu: delta_of(epsilon, mu) - delta, 1e-4, 100, xtol=1e-14)


SIGMA = 10 / mu_for(2.0)
STEPS = (SIGMA * mu_for(4.0)) ** 2
ONCE = 1 / mu_for(2.0)
# The rule of the textbooks for one release, and prices that are simply added up.
RULE = np.sqrt(2 * np.log(1.25e5)) / 2
ADDED = 1 / mu_for(2.0 / 100, 1e-5 / 100)

EXERCISES = {
    "23-e1": Exercise(
        asked="a limit, a rate, a momentum coefficient and a place",
        reference=(1.0, 1 / 4, 4 / 5, 15.0),
        tests=(
            "Test it: `aged` of the chapter with a delay of 1, a little below and a little above.",
            "Test it: which h makes the last entry of `aged` with a delay of 1 smallest?",
            "Test it: `dampened` of the chapter against the mean of `many` for five workers.",
            "Test it: `local_rounds` of the chapter with the two gradients.",
        ),
        mistakes=(
            Mistake(
                "the limit is that of fresh gradients",
                (2.0, ..., ..., ...),
                "The gradient is one step old. Where are the roots of the quadratic equation?",
            ),
            Mistake(
                "the limit is that of two steps of age",
                ((np.sqrt(5) - 1) / 2, ..., ..., ...),
                "Two workers in turns: how old is each gradient?",
            ),
            Mistake(
                "the factor two before the sine is missing",
                (1 / 2, ..., ..., ...),
                "Put your h into the recursion. Does the error grow just above it?",
            ),
            Mistake(
                "the limit is where the ringing begins",
                (1 / 4, ..., ..., ...),
                "There the roots become complex. Are they outside the unit circle?",
            ),
            Mistake(
                "the fastest h is half of the limit",
                (..., 1 / 2, ..., ...),
                "So it is with fresh gradients. Where do the two roots meet?",
            ),
            Mistake(
                "the fastest h is that of fresh gradients",
                (..., 1.0, ..., ...),
                "With an old gradient that is the limit. Where do the two roots meet?",
            ),
            Mistake(
                "that is the coefficient of six workers",
                (..., ..., 5 / 6, ...),
                "With which probability is the next update by the same worker?",
            ),
            Mistake(
                "that is the coefficient of four workers",
                (..., ..., 3 / 4, ...),
                "With which probability is the next update by the same worker?",
            ),
            Mistake(
                "the coefficient is one minus the right one",
                (..., ..., 1 / 5, ...),
                "Many workers remember long. Does your coefficient grow with their number?",
            ),
            Mistake(
                "the coefficient is the mean age of a gradient",
                (..., ..., 4.0, ...),
                "A momentum coefficient is below 1.",
            ),
            Mistake(
                "they end at the minimum of f, as with one local step",
                (..., ..., ..., 16.5),
                "Two steps apart: what has each forgotten of the common point?",
            ),
            Mistake(
                "they end at the mean of the two minima, as after endless local steps",
                (..., ..., ..., 11.0),
                "After two steps neither has arrived. How far has each come?",
            ),
            Mistake(
                "that is where the first round ends",
                (..., ..., ..., 22 * 15 / 32),
                "One round from zero. Repeat it until nothing changes.",
            ),
            Mistake(
                "the weights are what is left of the way, not what is gone",
                (..., ..., ..., 22 * (1 / 16) / (10 / 16)),
                "Who goes farther towards its own minimum pulls more.",
            ),
            Mistake(
                "the weights belong to the other hospital",
                (..., ..., ..., 22 * 7 / 22),
                "Which of the two has the larger curvature, and so comes nearer to its minimum?",
            ),
            Mistake(
                "they end at the second hospital's own minimum",
                (..., ..., ..., 22.0),
                "Does the first hospital not pull?",
            ),
        ),
    ),
    "23-e2": Exercise(
        asked="a function that returns the private gradient, P numbers",
        reference=private_gradient,
        cases=batches,
        about="2 to 12 samples of 2 to 5 numbers",
        mistakes=(
            Mistake(
                "the sum is not divided by the number of samples",
                not_divided,
                "A mean gradient was asked for.",
            ),
            Mistake(
                "the noise is not divided by the number of samples",
                noise_not_divided,
                "It is added to the sum, before the division.",
            ),
            Mistake(
                "the noise does not grow with C",
                noise_without_length,
                "What must the noise hide? A gradient of which length?",
            ),
            Mistake(
                "sigma is missing in the noise",
                noise_without_sigma,
                "Try another sigma: does your result change?",
            ),
            Mistake(
                "the noise has σC for its variance",
                variance_for_deviation,
                "σC is the standard deviation.",
            ),
            Mistake(
                "the noise is multiplied by its variance",
                variance_as_factor,
                "By what must a standard normal number be multiplied to have the deviation σC?",
            ),
            Mistake("there is no noise", no_noise, "Clipping alone protects nobody."),
            Mistake(
                "the noise is as large as if each sample had its own",
                noise_a_sample,
                "One draw of noise is added, to the sum.",
            ),
            Mistake(
                "nothing is shortened",
                not_shortened,
                "One sample could move the sum as far as it likes.",
            ),
            Mistake(
                "the mean is shortened, not each sample",
                the_mean_shortened,
                "How much can a single sample change before you shorten?",
            ),
            Mistake(
                "the sum is shortened, not each sample",
                the_sum_shortened,
                "How much can a single sample change before you shorten?",
            ),
            Mistake(
                "the noisy mean is shortened, not each sample",
                the_result_shortened,
                "How much can a single sample change before you shorten?",
            ),
            Mistake(
                "each number is clipped, not the length of the row",
                each_number_clipped,
                "How long can a row be if each of its numbers is at most C?",
            ),
            Mistake(
                "short rows are stretched to the length C",
                short_ones_stretched,
                "Rows that are not too long stay as they are.",
            ),
            Mistake(
                "every row gets the length C, and a row of zeros breaks it",
                stretched_to_nan,
                "Rows that are not too long stay as they are, and one may be zero.",
            ),
            Mistake(
                "a row of zeros breaks it",
                nan_at_zero,
                "Divide by something that is never zero.",
            ),
            Mistake(
                "long rows are dropped",
                long_ones_dropped,
                "They are shortened, and keep their direction.",
            ),
            Mistake(
                "the length is a sum of absolute values",
                another_length,
                "The length is the root of the sum of squares.",
            ),
            Mistake(
                "the square of the length is compared with C",
                squared_length,
                "The length is the root of the sum of squares.",
            ),
            Mistake(
                "one length is taken for all rows together",
                one_length_for_all,
                "`np.linalg.norm` needs an axis to give a length for each row.",
            ),
            Mistake(
                "the factor is upside down: short rows are shortened",
                upside_down,
                "With which factor does a row of the length 2C get the length C?",
            ),
            Mistake(
                "columns are shortened, not rows",
                columns_shortened,
                "A sample is a row.",
            ),
        ),
    ),
    "23-e3": Exercise(
        asked="the least sigma and the number of steps, to within 1 %",
        reference=(SIGMA, STEPS),
        tests=(
            "Test it: put μ = 10/σ into `delta_of`, with ε = 2. Is it δ?",
            "Test it: put μ = √T/σ into `delta_of`, with ε = 4. Is it δ?",
        ),
        rtol=0.01,
        mistakes=(
            Mistake(
                "that is the noise for a single step",
                (ONCE, ...),
                "A hundred steps show the sample a hundred times.",
            ),
            Mistake(
                "the noise grows with the number of steps, not with its root",
                (100 * ONCE, ...),
                "How do independent noises add up?",
            ),
            Mistake(
                "the noise shrinks with the steps",
                (ONCE / 10, ...),
                "More steps tell more.",
            ),
            Mistake(
                "that is the textbook's rule for one step, which is no longer proved at this ε",
                (RULE, ...),
                "The chapter has the exact price of all the steps together.",
            ),
            Mistake(
                "that is the textbook's rule times the root of the steps",
                (10 * RULE, ...),
                "The chapter has the exact price, and it is lower.",
            ),
            Mistake(
                "ε and δ were divided among the steps",
                (ADDED, ...),
                "So the prices would simply add up. The chapter has the exact one.",
            ),
            Mistake(
                "σ is upside down",
                (1 / SIGMA, ...),
                "Less ε, more noise: which of the two is divided by the other?",
            ),
            Mistake(
                "that is the σ for ε = 4",
                (10 / mu_for(4.0), ...),
                "The first question is about ε = 2.",
            ),
            Mistake(
                "the steps grow with ε",
                (..., 200.0),
                "Only √T/σ counts. What is the μ of ε = 4?",
            ),
            Mistake(
                "the steps grow with the square of ε",
                (..., 400.0),
                "That is nearly right. μ is not quite proportional to ε: find it.",
            ),
            Mistake(
                "the steps grow with μ, not with its square",
                (..., 100 * mu_for(4.0) / mu_for(2.0)),
                "Only √T/σ counts.",
            ),
            Mistake(
                "those are the additional steps",
                (..., STEPS - 100),
                "Asked are the steps in all.",
            ),
            Mistake(
                "those are the steps at ε = 2",
                (..., 100.0),
                "With more ε you may go on.",
            ),
        ),
    ),
}
