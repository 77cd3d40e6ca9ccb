"""The exercises of chapter 16."""

from itertools import product

import numpy as np

from classroom.exercises import Exercise, Mistake


def losses(w, b, X, y):
    return 0.5 * np.mean((X @ w + b - y) ** 2)


def penalty(w, X):
    return 0.5 * np.sum(np.mean(X**2, axis=0) * w**2)


def dropped(w, b, X, y, rho):
    """The objective with dropout on the inputs, on average over the masks."""
    return losses(w, b, X, y) + rho / (1 - rho) * penalty(w, X)


def models(rng):
    """One to four inputs, one to three samples, in round numbers; no rate is ½."""
    yield np.array([2.0]), 1.0, np.array([[1.0]]), np.array([4.0]), 0.2
    for n, d, rho in ((2, 1, 0.2), (2, 2, 0.4), (3, 2, 0.75), (3, 4, 0.1)):
        w = rng.choice([-1, 1], d) * rng.uniform(0.5, 2.0, d)
        X = rng.uniform(-2.0, 3.0, (n, d))
        b, y = rng.uniform(0.5, 2.0), rng.uniform(-2.0, 2.0, n)
        yield w.round(2), round(b, 2), X.round(2), y.round(2), rho


def without_dropout(w, b, X, y, rho):
    return losses(w, b, X, y)


def rate_alone(w, b, X, y, rho):
    return losses(w, b, X, y) + rho * penalty(w, X)


def rate_upside_down(w, b, X, y, rho):
    return losses(w, b, X, y) + (1 - rho) / rho * penalty(w, X)


def penalty_twice(w, b, X, y, rho):
    return losses(w, b, X, y) + 2 * rho / (1 - rho) * penalty(w, X)


def no_halves(w, b, X, y, rho):
    return 2 * dropped(w, b, X, y, rho)


def square_of_the_mean(w, b, X, y, rho):
    return losses(w, b, X, y) + 0.5 * rho / (1 - rho) * np.sum((X.mean(axis=0) * w) ** 2)


def variances(w, b, X, y, rho):
    return losses(w, b, X, y) + 0.5 * rho / (1 - rho) * np.sum(X.var(axis=0) * w**2)


def inputs_left_out(w, b, X, y, rho):
    return losses(w, b, X, y) + 0.5 * rho / (1 - rho) * np.sum(w**2)


def summed(w, b, X, y, rho):
    return losses(w, b, X, y) + len(y) * rho / (1 - rho) * penalty(w, X)


def summed_whole(w, b, X, y, rho):
    return len(y) * dropped(w, b, X, y, rho)


def mean_over_inputs(w, b, X, y, rho):
    return losses(w, b, X, y) + rho / (1 - rho) * penalty(w, X) / len(w)


def intercept_too(w, b, X, y, rho):
    return dropped(w, b, X, y, rho) + 0.5 * rho / (1 - rho) * b**2


def not_scaled_up(w, b, X, y, rho):
    return losses((1 - rho) * w, b, X, y) + rho * (1 - rho) * penalty(w, X)


def over_masks(w, b, X, y, chance, scale):
    """The mean over listed masks, one for all samples; ``chance`` is that to be kept."""
    total = 0.0
    for mask in map(np.array, product((0, 1), repeat=len(w))):
        share = np.where(mask, chance, 1 - chance).prod()
        total += share * losses(w * mask * scale, b, X, y)
    return total


def masks_alike(w, b, X, y, rho):
    return over_masks(w, b, X, y, 0.5, 1 / (1 - rho))


def chances_exchanged(w, b, X, y, rho):
    return over_masks(w, b, X, y, rho, 1 / (1 - rho))


def divided_by_rate(w, b, X, y, rho):
    return over_masks(w, b, X, y, 1 - rho, 1 / rho)


def chances_exchanged_unscaled(w, b, X, y, rho):
    return over_masks(w, b, X, y, rho, 1)


def multiplied(w, b, X, y, rho):
    return over_masks(w, b, X, y, 1 - rho, 1 - rho)


def variance_of_the_mask(w, b, X, y, rho):
    return losses(w, b, X, y) + rho * (1 - rho) * penalty(w, X)


def factor_squared(w, b, X, y, rho):
    return losses(w, b, X, y) + rho / (1 - rho) ** 2 * penalty(w, X)


def lengths(w, b, X, y, rho):
    return losses(w, b, X, y) + 0.5 * rho / (1 - rho) * np.sum(np.mean(X**2, axis=0) * np.abs(w))


def signed(w, b, X, y, rho):
    return losses(w, b, X, y) + 0.5 * rho / (1 - rho) * np.sum(np.mean(X**2, axis=0) * w)


def roots(w, b, X, y, rho):
    squares = np.sqrt(np.mean(X**2, axis=0))
    return losses(w, b, X, y) + 0.5 * rho / (1 - rho) * np.sum(squares * w**2)


def drawn(w, b, X, y, rho, draws=5000):
    kept = np.random.default_rng(0).random((draws, *X.shape)) >= rho
    return losses(w, b, X * kept / (1 - rho), y)


def one_mask_for_all_inputs(w, b, X, y, rho):
    return losses(w, b, X, y) + 0.5 * rho / (1 - rho) * np.mean((X @ w) ** 2)


def error(n, P=60, variance=0.25, one=1):
    """The theorem's mean squared error, all inputs used; ``one`` is what it subtracts."""
    if n < P:
        return 1 - n / P + variance * (1 + n / (P - n - one))
    return variance * (1 + P / (n - P - one))


def counts(variance=0.25, one=1):
    """The best number of samples below 60, and the first above that beats it."""
    low = min(range(1, 59), key=lambda n: error(n, variance=variance, one=one))
    least = error(low, variance=variance, one=one)
    beats = (n for n in range(62, 10_000) if error(n, variance=variance, one=one) < least)
    return float(low), float(next(beats))


LOW, HIGH = counts()
BEATS_NOTHING = next(n for n in range(62, 200) if error(n) < 1.25)

EXERCISES = {
    "16-e1": Exercise(
        asked="a factor, a number of steps and two strengths",
        reference=(3 / 4, 1000.0, 13 / 2, 1 / 4),
        tests=(
            "Test it: minimise ½ · 3 (θ − 1)² + ½ θ² by hand. Where is the minimum?",
            "Test it: η t λ should be 1.",
            "Test it: list the two masks of one input, with their probabilities, and take means.",
            "Test it: what is the mean of (w (x + noise) − y)²? Which part holds the noise?",
        ),
        mistakes=(
            Mistake(
                "the factor is what the penalty takes away, not what it leaves",
                (1 / 4, ..., ..., ...),
                "A larger λ must make the factor smaller.",
            ),
            Mistake(
                "the factor is that of the stopped run",
                (float(1 - np.exp(-3)), ..., ..., ...),
                "Ridge has no exponential: set a derivative to zero.",
            ),
            Mistake(
                "the factor counts the penalty twice, or half of it",
                (3 / 5, ..., ..., ...),
                "The ½ of the penalty cancels when you differentiate.",
            ),
            Mistake(
                "the factor is upside down",
                (4 / 3, ..., ..., ...),
                "Does a penalty pull towards zero, or away from it?",
            ),
            Mistake(
                "the rate is left out of the time",
                (..., 20.0, ..., ...),
                "A step of half the length takes you half as far. Where is η?",
            ),
            Mistake(
                "the steps are upside down",
                (..., 1 / 1000, ..., ...),
                "A weaker penalty means a longer run.",
            ),
            Mistake(
                "the rate stands above the line",
                (..., 0.4, ..., ...),
                "With shorter steps the same way takes more of them.",
            ),
            Mistake(
                "λ stands above the line",
                (..., 2.5, ..., ...),
                "A weaker penalty means a longer run.",
            ),
            Mistake(
                "the square of the mean was taken, not the mean of the squares",
                (..., ..., 9 / 2, ...),
                "Square each input first.",
            ),
            Mistake(
                "the variance of the input was taken, not its mean square",
                (..., ..., 2.0, ...),
                "Dropping replaces an input by 0, not by its mean.",
            ),
            Mistake(
                "the inputs are left out",
                (..., ..., 1 / 2, ...),
                "ρ/(1 − ρ) alone is for standardised inputs, with the mean square 1.",
            ),
            Mistake(
                "the mean of the input was taken, not its mean square",
                (..., ..., 3 / 2, ...),
                "The penalty comes from a variance. Which power of the input is in it?",
            ),
            Mistake(
                "that is the mean of the input",
                (..., ..., 3.0, ...),
                "The penalty is ρ/(1 − ρ) times a mean square.",
            ),
            Mistake(
                "the root of the mean square was taken",
                (..., ..., 13**0.5 / 2, ...),
                "The penalty comes from a variance. Which power of the input is in it?",
            ),
            Mistake(
                "the ½ was put in twice",
                (..., ..., 13 / 4, ...),
                "The penalty is written ½ λ w², so its ½ is not part of λ.",
            ),
            Mistake(
                "the variance is that of a mask which is 0 or 1",
                (..., ..., 26 / 9, ...),
                "What is kept is divided by 1 − ρ. What does this do to ρ(1 − ρ)?",
            ),
            Mistake(
                "1 − ρ stands for ρ/(1 − ρ)",
                (..., ..., 26 / 3, ...),
                "At ρ = 0 nothing is dropped, so nothing may be penalised.",
            ),
            Mistake(
                "the rate stands for ρ/(1 − ρ)",
                (..., ..., 13 / 3, ...),
                "What is kept is divided by 1 − ρ. What does this do to the variance?",
            ),
            Mistake(
                "ρ and 1 − ρ are exchanged",
                (..., ..., 26.0, ...),
                "At ρ = 0 nothing is dropped, so nothing may be penalised.",
            ),
            Mistake(
                "the inputs were summed, not averaged",
                (..., ..., 13.0, ...),
                "The objective is a mean over samples.",
            ),
            Mistake(
                "the standard deviation stands for the variance",
                (..., ..., ..., 0.5),
                "The penalty is a mean square.",
            ),
            Mistake(
                "the ½ of the noise's penalty was put in twice",
                (..., ..., ..., 1 / 8),
                "The penalty is written ½ λ w², so its ½ is not part of λ.",
            ),
            Mistake(
                "the noise is multiplied with the input",
                (..., ..., ..., 13 / 4),
                "Added noise does not know how large the input is.",
            ),
        ),
    ),
    "16-e2": Exercise(
        asked="a function that returns the objective with dropout, averaged over all masks",
        reference=dropped,
        cases=models,
        about="1 to 4 inputs, 1 to 3 samples",
        mistakes=(
            Mistake(
                "dropout adds nothing",
                without_dropout,
                "The mean prediction stays. Does the mean of its square?",
            ),
            Mistake(
                "the rate stands for ρ/(1 − ρ)",
                rate_alone,
                "What is kept is divided by 1 − ρ, so it varies more.",
            ),
            Mistake(
                "ρ and 1 − ρ are exchanged",
                rate_upside_down,
                "ρ is the share that is dropped: at ρ = 0 nothing may be added.",
            ),
            Mistake(
                "the penalty lacks its ½",
                penalty_twice,
                "The ½ of the loss stands before the variance of the prediction, too.",
            ),
            Mistake(
                "the ½ of the loss is missing",
                no_halves,
                "The course's squared loss is ½ (ŷ − y)².",
            ),
            Mistake(
                "the mean of the inputs was squared",
                square_of_the_mean,
                "Square each input first, then take the mean over the samples.",
            ),
            Mistake(
                "the variance of the inputs stands for their mean square",
                variances,
                "Dropping replaces an input by 0, not by its mean.",
            ),
            Mistake(
                "the penalty does not know the inputs",
                inputs_left_out,
                "A large input that is dropped changes the prediction more than a small one.",
            ),
            Mistake(
                "the penalty is summed over the samples",
                summed,
                "Every sample has its own mask, and the objective is the mean over the samples.",
            ),
            Mistake(
                "everything is summed over the samples",
                summed_whole,
                "The objective is the mean over the samples.",
            ),
            Mistake(
                "the penalty is averaged over the inputs",
                mean_over_inputs,
                "The inputs' contributions to the prediction add up, and so do their variances.",
            ),
            Mistake(
                "the intercept is penalised, too",
                intercept_too,
                "Only inputs are dropped.",
            ),
            Mistake(
                "what is kept was not scaled up",
                not_scaled_up,
                "Divide the inputs that are kept by 1 − ρ.",
            ),
            Mistake(
                "all masks count the same",
                masks_alike,
                "A mask that drops k of d inputs has the probability ρᵏ(1 − ρ)ᵈ⁻ᵏ.",
            ),
            Mistake(
                "one draw drops all inputs of a sample together",
                one_mask_for_all_inputs,
                "The masks of two inputs are independent, so their variances add.",
            ),
            Mistake(
                "the masks' chances are exchanged: inputs are kept with the chance ρ",
                chances_exchanged,
                "At a small ρ most inputs are kept. Which of your masks is the most likely then?",
            ),
            Mistake(
                "the masks' chances are exchanged, and what is kept is not scaled up",
                chances_exchanged_unscaled,
                "At a small ρ most inputs are kept. Which of your masks is the most likely then?",
            ),
            Mistake(
                "what is kept is divided by ρ",
                divided_by_rate,
                "An input is kept with the chance 1 − ρ. Which divisor keeps its mean?",
            ),
            Mistake(
                "what is kept is multiplied by 1 − ρ",
                multiplied,
                "An input is kept with the chance 1 − ρ. Must it be larger or smaller to keep its "
                "mean?",
            ),
            Mistake(
                "the penalty has the variance of the mask alone",
                variance_of_the_mask,
                "The variance of a mask that is 0 or 1 is ρ(1 − ρ). Here it is divided by 1 − ρ. "
                "What does that do to its variance?",
            ),
            Mistake(
                "the penalty has ρ/(1 − ρ)²",
                factor_squared,
                "The variance of a mask that is 0 or 1 is ρ(1 − ρ). Divided by what squared?",
            ),
            Mistake(
                "the penalty has |w|, not w²",
                lengths,
                "A variance is multiplied by the square of a factor.",
            ),
            Mistake(
                "the penalty has w, not w²",
                signed,
                "A variance is multiplied by the square of a factor.",
            ),
            Mistake(
                "the penalty has the roots of the mean squares",
                roots,
                "A variance is a square. Is there a root in the theorem?",
            ),
            Mistake(
                "near everywhere and exact nowhere: were masks drawn at random?",
                drawn,
                "Drawn masks give the mean but roughly. List all of them with their chances, or "
                "use the theorem.",
                rtol=0.1,
            ),
        ),
    ),
    "16-e3": Exercise(
        asked="the best number of samples below 60, and the first above 60 that beats it",
        reference=(LOW, HIGH),
        tests=(
            "Test it: the error one sample before and one after must be higher.",
            "Test it: one sample fewer must not beat the best number below 60.",
        ),
        mistakes=(
            Mistake(
                "the number below 60 comes from a denominator without the −1",
                (counts(one=0)[0], ...),
                "Look at P − n − 1 in the theorem.",
            ),
            Mistake(
                "0.25 was taken for the standard deviation",
                counts(variance=0.25**2),
                "The noise has the variance 0.25.",
            ),
            Mistake(
                "the root of 0.25 was taken for the variance",
                counts(variance=0.5),
                "The variance is 0.25 itself. Which of the two stands in the theorem?",
            ),
            Mistake(
                "the root of 0.25 was taken for the number below 60",
                (counts(variance=0.5)[0], ...),
                "The variance is 0.25 itself. Which of the two stands in the theorem?",
            ),
            Mistake(
                "v was taken as 1.25: the inputs were counted as noise",
                counts(variance=1.25),
                "v is σ² + 1 − q. How large is q where all inputs are used?",
            ),
            Mistake(
                "v was taken as 1.25 for the number below 60",
                (counts(variance=1.25)[0], ...),
                "v is σ² + 1 − q. How large is q where all inputs are used?",
            ),
            Mistake(
                "0.25 was squared for the number below 60",
                (counts(variance=0.25**2)[0], ...),
                "The noise has the variance 0.25.",
            ),
            Mistake(
                "that is the largest number below 60 that the theorem covers, not the best",
                (58.0, ...),
                "Print the error for every n from 1 to 58. Where is it least?",
            ),
            Mistake(
                "with one sample less than inputs the mean is infinite",
                (59.0, ...),
                "Between n = P − 1 and n = P + 1 neither line of the theorem holds.",
            ),
            Mistake(
                "without noise more data always help",
                (..., 62.0),
                "Put the noise into both lines of the theorem.",
            ),
            Mistake(
                "it beats a model without data, not the best number below 60",
                (..., float(BEATS_NOTHING)),
                "Compare with the least error below 60.",
            ),
            Mistake(
                "the samples are counted from 60 on",
                (..., HIGH - 60),
                "Give the whole number of samples.",
            ),
            Mistake(
                "that is the last number that does not beat it",
                (..., HIGH - 1),
                "Is it less, and does your denominator have its −1?",
            ),
        ),
    ),
}
