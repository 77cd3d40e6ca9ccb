"""The exercises of chapter 15."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def normalised(z, scale, shift, mean, deviation):
    return scale * (z - mean) / deviation + shift


def batch_norm(z, scale, shift, eps, stats=None):
    """Batch normalisation of (B, d): with the batch's own statistics, or with given ones."""
    mean, variance = (z.mean(axis=0), z.var(axis=0)) if stats is None else stats
    return normalised(z, scale, shift, mean, np.sqrt(variance + eps))


def batches(rng):
    """Batches in training mode and in evaluation mode, and one sample in evaluation mode."""
    low, gap = rng.integers(1, 5, size=2)
    yield np.array([[low], [low + 2 * gap]]) * 1.0, np.array([2.0]), np.array([1.0]), 0.1
    two = np.array([[low, 9.0], [low + 2 * gap, 5.0]])  # two features, of different means
    yield two, np.array([2.0, 1.0]), np.array([0.0, 3.0]), 0.1
    yield rng.normal(2, 3, (8, 3)), rng.normal(size=3), rng.normal(size=3), 0.1
    z, mean, scale, shift = rng.integers(1, 9, size=(4, 1)).astype(float)
    yield z[None] + mean, scale, shift, 1.0, (mean, np.array([3.0]))  # the root of 3 + 1
    for size, d in ((1, 2), (4, 3)):
        z = rng.normal(2, 3, (size, d))
        stats = rng.normal(size=d), rng.uniform(1, 4, d)
        yield z, rng.normal(size=d), rng.normal(size=d), 0.1, stats


def eps_outside(z, scale, shift, eps, stats=None):
    mean, variance = (z.mean(axis=0), z.var(axis=0)) if stats is None else stats
    return normalised(z, scale, shift, mean, np.sqrt(variance) + eps)


def eps_missing(z, scale, shift, eps, stats=None):
    return batch_norm(z, scale, shift, 0.0, stats)


def root_missing(z, scale, shift, eps, stats=None):
    mean, variance = (z.mean(axis=0), z.var(axis=0)) if stats is None else stats
    return normalised(z, scale, shift, mean, variance + eps)


def one_less(z, scale, shift, eps, stats=None):
    mean, variance = (z.mean(axis=0), z.var(axis=0, ddof=1)) if stats is None else stats
    return normalised(z, scale, shift, mean, np.sqrt(variance + eps))


def over_everything(z, scale, shift, eps, stats=None):
    return batch_norm(z, scale, shift, eps, (z.mean(), z.var()) if stats is None else stats)


def over_features(z, scale, shift, eps, stats=None):
    own = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
    return batch_norm(z, scale, shift, eps, own if stats is None else stats)


def always_the_batch(z, scale, shift, eps, stats=None):
    return batch_norm(z, scale, shift, eps)


def scale_and_shift_swapped(z, scale, shift, eps, stats=None):
    return batch_norm(z, shift, scale, eps, stats)


def scale_and_shift_missing(z, scale, shift, eps, stats=None):
    return batch_norm(z, 1.0, 0.0, eps, stats)


def mean_kept(z, scale, shift, eps, stats=None):
    _, variance = (None, z.var(axis=0)) if stats is None else stats
    return normalised(z, scale, shift, 0.0, np.sqrt(variance + eps))


def eps_in_training_alone(z, scale, shift, eps, stats=None):
    return batch_norm(z, scale, shift, eps if stats is None else 0.0, stats)


def stats_swapped(z, scale, shift, eps, stats=None):
    return batch_norm(z, scale, shift, eps, None if stats is None else stats[::-1])


def variance_as_deviation(z, scale, shift, eps, stats=None):
    if stats is None:
        return batch_norm(z, scale, shift, eps)
    return normalised(z, scale, shift, *stats)


def deviation_given(z, scale, shift, eps, stats=None):
    if stats is None:
        return batch_norm(z, scale, shift, eps)
    return batch_norm(z, scale, shift, eps, (stats[0], stats[1] ** 2))


def gradient_cosines(alpha, shortcut):
    """The cosines of the Jacobians of orthogonal inputs after 1, 2, 3, … blocks."""
    rho, chi, weight = 0.0, 1.0, shortcut + alpha**2
    while True:
        angle = np.arccos(min(rho, 1.0))
        chi *= (shortcut + alpha**2 * (1 - angle / np.pi)) / weight
        aligned = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
        rho = (shortcut * rho + alpha**2 * aligned) / weight
        yield float(chi)


def blocks_until(limit, alpha, shortcut):
    """The least number of blocks after which the cosine is below a limit."""
    cosines = enumerate(gradient_cosines(alpha, shortcut), start=1)
    return next(count for count, chi in cosines if chi < limit)


def cosine_after(depth, alpha):
    """The cosine after so many residual blocks."""
    return next(
        chi for count, chi in enumerate(gradient_cosines(alpha, 1), start=1) if count == depth
    )


PLAIN, RESIDUAL = blocks_until(0.01, 1, 0), blocks_until(0.01, 1, 1)

EXERCISES = {
    "15-e1": Exercise(
        asked="four numbers: the factor, the paths, the share, the mean number of branches",
        reference=(625 / 256, 16, 256 / 625, 4 / 5),
        tests=(
            "Test it: `np.ndindex(2, 2, 2, 2)` lists the paths, with a 1 for every branch. Weight "
            "each by α² to the power of its branches, and add up the weights.",
            "Test it: count what `np.ndindex(2, 2, 2, 2)` lists: at each of four blocks a path "
            "goes through the branch or past it.",
            "Test it: `np.ndindex(2, 2, 2, 2)` lists the paths. Weight each by α² to the power of "
            "its branches: which share of the sum has the first?",
            "Test it: `np.ndindex(2, 2, 2, 2)` lists the paths. Weight each by α² to the power of "
            "its branches, and average the number of branches with `np.average`.",
        ),
        mistakes=(
            Mistake(
                "α is not squared in the factor",
                (81 / 16, ..., ..., ...),
                "Asked is the mean of the *squared* norm: the branch adds α² times what came in.",
            ),
            Mistake(
                "the blocks are added up, but they multiply",
                (2, ..., ..., ...),
                "Each block multiplies what the block before it gave out.",
            ),
            Mistake(
                "there are more paths than blocks",
                (..., 4, ..., ...),
                "At each block a path may go through the branch or past it.",
            ),
            Mistake(
                "there are more paths than numbers of branches",
                (..., 5, ..., ...),
                "A path may go through 0, 1, …, 4 branches, but there are several paths of the "
                "same length.",
            ),
            Mistake(
                "the blocks keep their order",
                (..., 24, ..., ...),
                "A path meets the blocks one after the other. At each it has two ways to go on.",
            ),
            Mistake(
                "that is the factor of one block",
                (5 / 4, ..., ..., ...),
                "There are four of them, one after the other.",
            ),
            Mistake(
                "the paths do not all have the same share",
                (..., ..., 1 / 16, ...),
                "A path through k branches is weighted by α² to the power k.",
            ),
            Mistake(
                "α is not squared in the share",
                (..., ..., 16 / 81, ...),
                "The share is one of the mean *squared* norm.",
            ),
            Mistake(
                "the mean has to be weighted",
                (..., ..., ..., 2),
                "Half of the blocks would be right if each path weighed the same.",
            ),
            Mistake(
                "the weights do not add up to 1",
                (..., ..., ..., 1),
                "At each block the branch has the weight α² and the shortcut the weight 1. Which "
                "share is the branch's?",
            ),
            Mistake(
                "α is not squared in the mean",
                (..., ..., ..., 4 / 3),
                "The weights are those of the squared norm.",
            ),
        ),
    ),
    "15-e2": Exercise(
        asked="a function that returns the normalised batch, in training and in evaluation mode",
        reference=batch_norm,
        cases=batches,
        about="batches of 1 to 8 samples with 1 to 3 features, in both modes",
        mistakes=(
            Mistake(
                "ε stands outside the root",
                eps_outside,
                "Look where the root ends in the definition.",
            ),
            Mistake(
                "ε is missing",
                eps_missing,
                "What happens to a feature that is the same in all samples?",
            ),
            Mistake(
                "it divides by the variance, not by its root",
                root_missing,
                "After normalising, each feature should have (nearly) variance 1. Check yours.",
            ),
            Mistake(
                "the variance is divided by B − 1",
                one_less,
                "The batch is not an estimate of anything here: its own variance should become 1.",
            ),
            Mistake(
                "one mean and variance for all features",
                over_everything,
                "`z.mean()` without an axis mixes features of different size. How many means are "
                "there?",
            ),
            Mistake(
                "the mean goes over the features, not over the batch",
                over_features,
                "Each feature is normalised over the samples. Which axis is the batch?",
            ),
            Mistake(
                "evaluation mode uses the batch's own statistics",
                always_the_batch,
                "With `stats`, what comes out for a sample must not depend on the other samples.",
            ),
            Mistake(
                "scale and shift have changed places",
                scale_and_shift_swapped,
                "One is multiplied, the other added.",
            ),
            Mistake(
                "scale and shift are missing",
                scale_and_shift_missing,
                "The definition has one more step after the division.",
            ),
            Mistake(
                "the mean is not subtracted",
                mean_kept,
                "With scale 1 and shift 0, which mean should each feature have?",
            ),
            Mistake(
                "ε is missing in evaluation mode",
                eps_in_training_alone,
                "The definition is the same in both modes, but for where mean and variance come "
                "from.",
            ),
            Mistake(
                "the given mean and variance have changed places",
                stats_swapped,
                "Which of the two comes first in `stats`? Look at the question.",
            ),
            Mistake(
                "it divides by the given variance, not by its root",
                variance_as_deviation,
                "`stats` holds the mean and the *variance*. What stands in the denominator?",
            ),
            Mistake(
                "the given variance is squared",
                deviation_given,
                "`stats` holds the mean and the *variance*.",
            ),
        ),
    ),
    "15-e3": Exercise(
        asked="three numbers: the plain blocks, the residual blocks, the cosine",
        reference=(PLAIN, RESIDUAL, cosine_after(1000, 1000**-0.5)),
        tests=(
            "Test it: print χ after this number of plain blocks, and after one fewer. Only the "
            "first should be below 0.01.",
            "Test it: print χ after this number of residual blocks, and after one fewer. Only the "
            "first should be below 0.01.",
            "Test it: print χ and ρ after each of the first three residual blocks, and work them "
            "out by hand. Is α² one thousandth?",
        ),
        mistakes=(
            Mistake(
                "the new ρ is used before its time",
                (24, 47, 0.633868),
                "χ of the next block needs ρ *before* that block. Update χ first, or keep the old "
                "ρ.",
            ),
            Mistake(
                "κ₀ and κ₁ have changed places",
                (16, 37, 0.564259),
                "Which of the two functions belongs to the derivative of ReLU, a step?",
            ),
            Mistake(
                "the cosine is that of the outputs, not of the gradients",
                (..., ..., 0.253704),
                "ρ is the cosine between the outputs of two inputs. Asked is χ, that of the "
                "Jacobians.",
            ),
            Mistake(
                "the blocks are counted from 0",
                (PLAIN - 1, RESIDUAL - 1, ...),
                "The first entry of a list has the index 0, but it comes after one block.",
            ),
            Mistake(
                "one block too many",
                (PLAIN + 1, RESIDUAL + 1, ...),
                "Which χ is the first below 0.01, and how many blocks lie behind it?",
            ),
            Mistake(
                "one plain block too many",
                (PLAIN + 1, ..., ...),
                "Print χ after each block. Which is the first below 0.01?",
            ),
            Mistake(
                "one plain block too few",
                (PLAIN - 1, ..., ...),
                "Print χ after each block. Which is the first below 0.01?",
            ),
            Mistake(
                "one residual block too many",
                (..., RESIDUAL + 1, ...),
                "Print χ after each block. Which is the first below 0.01?",
            ),
            Mistake(
                "one residual block too few",
                (..., RESIDUAL - 1, ...),
                "Print χ after each block. Which is the first below 0.01?",
            ),
            Mistake(
                "the first two have changed places",
                (RESIDUAL, PLAIN, ...),
                "The shortcut keeps gradients alike for longer.",
            ),
            Mistake(
                "α is 1/N, not its root",
                (..., ..., cosine_after(1000, 1 / 1000)),
                "α² = 1/N. What is α?",
            ),
            Mistake(
                "α was left at 1",
                (..., ..., cosine_after(1000, 1)),
                "The third question has another α than the second.",
            ),
            Mistake(
                "one block too few",
                (..., ..., cosine_after(999, 1000**-0.5)),
                "χ₀ = 1 comes before the first block. How many updates lead to χ_N?",
            ),
        ),
    ),
}
