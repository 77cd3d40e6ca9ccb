"""The exercises of chapter 22."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def table(labels, said, K):
    """How often samples of class k (column) were called j (row)."""
    counts = np.zeros((K, K))
    for label, word in zip(labels, said, strict=True):
        counts[word, label] += 1
    return counts


def shares(values, K):
    return np.bincount(values, minlength=K) / len(values)


def shares_from_counts(labels, said, new, K):
    counts = table(labels, said, K)
    return np.linalg.solve(counts / counts.sum(axis=0), shares(new, K))


def predictions_counted(labels, said, new, K):
    return shares(new, K)


def old_shares(labels, said, new, K):
    return shares(labels, K)


def joint_solved(labels, said, new, K):
    return np.linalg.solve(table(labels, said, K) / len(labels), shares(new, K))


def counts_solved(labels, said, new, K):
    return np.linalg.solve(table(labels, said, K), shares(new, K))


def rows_of_predictions(labels, said, new, K):
    counts = table(labels, said, K)
    return np.linalg.solve(counts / np.maximum(counts.sum(axis=1), 1)[:, None], shares(new, K))


def bayes_with_old_shares(labels, said, new, K):
    counts = table(labels, said, K)
    return shares(new, K) @ (counts / np.maximum(counts.sum(axis=1), 1)[:, None])


def transposed(labels, said, new, K):
    counts = table(labels, said, K)
    return np.linalg.solve((counts / counts.sum(axis=0)).T, shares(new, K))


def multiplied(labels, said, new, K):
    counts = table(labels, said, K)
    return counts / counts.sum(axis=0) @ shares(new, K)


def numbers_not_shares(labels, said, new, K):
    return len(new) * shares_from_counts(labels, said, new, K)


def clipped(labels, said, new, K):
    return np.clip(shares_from_counts(labels, said, new, K), 0, None)


def clipped_to_one(labels, said, new, K):
    return np.clip(shares_from_counts(labels, said, new, K), 0, 1)


def clipped_and_normed(labels, said, new, K):
    found = clipped(labels, said, new, K)
    return found / found.sum()


def divided_by_the_hits(labels, said, new, K):
    counts = table(labels, said, K)
    return shares(new, K) / np.diag(counts / counts.sum(axis=0))


def corrected_by_the_ratio(labels, said, new, K):
    """The counted share times true over counted share of the held-out samples."""
    return shares(new, K) * shares(labels, K) / np.maximum(shares(said, K), 1e-12)


def classifiers(rng):
    """Two classes and few samples; a share below zero; up to four classes."""
    yield (
        np.array([0, 0, 1]),
        np.array([0, 1, 1]),
        np.array([0, 1, 1, 1, 1][: int(rng.integers(4, 6))]),
        2,
    )
    yield (
        np.array([0, 0, 1, 1, 2, 2]),
        np.array([0, 1, 1, 1, 2, 2]),
        np.array([0, 0, 0, 1, 2]),
        3,
    )
    for K, n in ((2, 20), (3, 30), (4, 40)):
        labels = np.concatenate([np.repeat(np.arange(K), 4), rng.integers(0, K, n - 4 * K)])
        said = np.where(rng.random(n) < 0.25, rng.integers(0, K, n), labels)
        said[: 4 * K] = labels[: 4 * K]  # some of each are right, and one is not
        said[0], said[4] = 1, 0
        new = rng.choice(K, size=n, p=np.arange(K, 0, -1) / (K * (K + 1) / 2))
        yield labels, said, new, K


# The swing: the lag's amplitude is that of one step of the target over |z - (1 - eta)|.
RATES = np.arange(0.001, 1, 0.001)
TURN = np.exp(2j * np.pi / 50)


def swing_error(rates, noise=0.25, before=True, lag=True):
    """Mean square error of SGD in the long run, before a look or after it."""
    gap = abs((TURN - 1) / (TURN - (1 - rates))) ** 2 / 2 * lag
    total = gap + rates * noise / (2 - rates)
    return total if before else (1 - rates) ** 2 * total + rates**2 * noise


def least(error):
    best = error.argmin()
    return RATES[best], error[best]


BEST, ERROR = least(swing_error(RATES))
AFTER = least(swing_error(RATES, before=False))
LOUD = least(swing_error(RATES, noise=0.5))
QUIET = least(swing_error(RATES, noise=0.0625))
# The rate of the theorem for a random walk with the same mean square of a step.
STEP = abs(TURN - 1) ** 2 / 2 / 0.25
WALK = (-STEP + np.sqrt(STEP**2 + 4 * STEP)) / 2

EXERCISES = {
    "22-e1": Exercise(
        asked="a rate, a mean square error, a rate and a lag",
        reference=(1 / 3, 3.0, 7 / 13, 3 / 2),
        tests=(
            "Test it: `best_rate` of the chapter.",
            "Test it: `steady` of the chapter is for σ = 1. What are the units of a square?",
            "Test it: `gains` of the chapter.",
            "Test it: let `follow` of the chapter run on looks that rise evenly, without noise.",
        ),
        mistakes=(
            Mistake(
                "the rate is the root of ρ, right for slow drift only",
                (6**-0.5, ..., ..., ...),
                "How slow is this drift? Solve the equation for the rate exactly.",
            ),
            Mistake(
                "the rate is ρ",
                (1 / 6, ..., ..., ...),
                "ρ says how fast the target moves. The rate solves an equation with ρ in it.",
            ),
            Mistake(
                "σ² was taken for σ in the rate",
                ((-1 / 36 + np.sqrt(1 / 36**2 + 4 / 36)) / 2, ..., ..., ...),
                "ρ is a ratio of variances. Are they given, or their roots?",
            ),
            Mistake(
                "ρ is upside down",
                ((-6 + np.sqrt(60)) / 2, ..., ..., ...),
                "Which of the two variances stands above the line in ρ?",
            ),
            Mistake(
                "the rate is the other root",
                (-1 / 2, ..., ..., ...),
                "A step against the look? Which root is between 0 and 1?",
            ),
            Mistake(
                "the error is that after the look",
                (..., 2.0, ..., ...),
                "Before the look, the target has moved once more.",
            ),
            Mistake(
                "the error is the noise alone, without the lag",
                (..., 6 / 5, ..., ...),
                "Two things add up: noise, and what the drift leaves.",
            ),
            Mistake(
                "the error is that of the surprise, with the noise of the look",
                (..., 9.0, ..., ...),
                "The error is the distance from the target, not from what you see.",
            ),
            Mistake(
                "σ² is missing in the error",
                (..., 1 / 2, ..., ...),
                "Which units has a mean square error?",
            ),
            Mistake(
                "the error is a root",
                (..., np.sqrt(3), ..., ...),
                "The mean square was asked for.",
            ),
            Mistake(
                "the second rate is that of a target that stands still",
                (..., ..., 1 / 2, ...),
                "Between the two looks the target has moved.",
            ),
            Mistake(
                "the second rate is the best constant one",
                (..., ..., 1 / 3, ...),
                "It gets there in the end. What is it after one step?",
            ),
            Mistake(
                "the first rate is given, not the second",
                (..., ..., 1.0, ...),
                "That is where it begins. Make one step of the recursion.",
            ),
            Mistake(
                "the second rate is that of a drift of 1, not of ρ",
                (..., ..., 2 / 3, ...),
                "Divide the drift by the noise.",
            ),
            Mistake(
                "the lag is that after the look",
                (..., ..., ..., 1.0),
                "Before the look, the target has moved once more.",
            ),
            Mistake(
                "the lag is the rate times the move",
                (..., ..., ..., 1 / 6),
                "Does a smaller rate make the lag smaller?",
            ),
            Mistake(
                "the lag is one move",
                (..., ..., ..., 1 / 2),
                "The estimate closes only a share of the gap. Where do gap and move balance?",
            ),
            Mistake(
                "the lag has the wrong sign",
                (..., ..., ..., -3 / 2),
                "Asked was by how much it is behind: a positive number.",
            ),
        ),
    ),
    "22-e2": Exercise(
        asked="a function that returns the shares of the classes among the new samples",
        reference=shares_from_counts,
        cases=classifiers,
        about="3 to 40 samples, 2 to 4 classes",
        mistakes=(
            Mistake(
                "the predictions are only counted",
                predictions_counted,
                "The classifier makes mistakes. How many of each, you know from the old samples.",
            ),
            Mistake(
                "those are the shares of the old samples",
                old_shares,
                "The new samples must have a say.",
            ),
            Mistake(
                "the table holds shares of all samples, not of each class",
                joint_solved,
                "Each column belongs to one true class. What must it sum to?",
            ),
            Mistake(
                "the table holds numbers, not shares of each class",
                counts_solved,
                "Each column belongs to one true class. What must it sum to?",
            ),
            Mistake(
                "the table is normed by predictions, not by classes",
                rows_of_predictions,
                "What stays under label shift: what class k is called, or who is called j?",
            ),
            Mistake(
                "the new predictions are spread by the old shares",
                bayes_with_old_shares,
                "Who is behind a prediction depends on the shares, and those have changed.",
            ),
            Mistake(
                "the table is transposed",
                transposed,
                "Which index is the true class? Look at the sum in the question.",
            ),
            Mistake(
                "the table is multiplied, not solved",
                multiplied,
                "The sum in the question leads from true shares to counted ones. You go back.",
            ),
            Mistake(
                "it returns numbers of samples, not shares",
                numbers_not_shares,
                "Shares sum to 1.",
            ),
            Mistake(
                "shares below zero are cut",
                clipped,
                "Return them as they come out.",
            ),
            Mistake(
                "shares are cut to between 0 and 1",
                clipped_to_one,
                "Return them as they come out.",
            ),
            Mistake(
                "shares below zero are cut and the rest is normed",
                clipped_and_normed,
                "Return them as they come out.",
            ),
            Mistake(
                "the counted share is divided by the share of hits",
                divided_by_the_hits,
                "Some of those who are called j are of another class.",
            ),
            Mistake(
                "the counted share is scaled as in the old samples",
                corrected_by_the_ratio,
                "How many are wrongly called j depends on how many of the others there are.",
            ),
        ),
    ),
    "22-e3": Exercise(
        asked="the best constant rate and its mean square error, to within 2 %",
        reference=(BEST, ERROR),
        tests=(
            "Test it: your error must be larger at a rate a little below it and a little above.",
            "Test it: with the rate near 0 the error must be that of an estimate that stays at 0.",
        ),
        rtol=0.02,
        mistakes=(
            Mistake(
                "the error is that after the look",
                AFTER,
                "Compare the estimate with the target before the look is used.",
            ),
            Mistake(
                "σ was taken for σ²",
                LOUD,
                "Square the standard deviation of the looks.",
            ),
            Mistake(
                "the variance of the looks is too small, as if σ² were squared again",
                QUIET,
                "σ is one half. What is σ²?",
            ),
            Mistake(
                "the rate is that for a random walk with steps of the same size",
                (WALK, ...),
                "A swing does not change direction at random. Try rates, and measure.",
            ),
            Mistake(
                "that is the error without the noise",
                (BEST, swing_error(np.array(BEST), noise=0.0)),
                "Two things add up: lag and noise.",
            ),
            Mistake(
                "that is the error without the lag",
                (BEST, swing_error(np.array(BEST), lag=False)),
                "Two things add up: lag and noise.",
            ),
            Mistake(
                "that is the error of the surprise, with the noise of the look",
                (BEST, ERROR + 0.25),
                "The error is the distance from the target, not from what you see.",
            ),
            Mistake(
                "that is half the mean square, the loss",
                (BEST, ERROR / 2),
                "The mean square error has no half.",
            ),
            Mistake(
                "that is the root of the mean square",
                (BEST, np.sqrt(ERROR)),
                "The mean square was asked for.",
            ),
        ),
    ),
}
