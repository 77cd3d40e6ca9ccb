"""The exercises of chapter 04."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def gradients(theta, X, y):
    """Gradient of each sample's half squared error, in rows."""
    return (X @ theta - y)[:, None] * X


def accumulated(theta, pieces):
    """Gradient of the mean of half the squared error, and its noise scale, piece by piece."""
    total, squares, count = np.zeros_like(theta), 0.0, 0
    for X, y in pieces:
        each = gradients(theta, X, y)
        total += each.sum(axis=0)
        squares += (each**2).sum()
        count += len(y)
    gradient = total / count
    length = gradient @ gradient
    return gradient, (squares / count - length) / length


def mini_batches(rng):
    """Mini-batches cut into pieces of equal and of different sizes; one can be read once only."""
    for d, lengths in ((1, (1, 1)), (2, (1, 2))):  # these are shown: numbers to reckon with
        inputs = (rng.integers(1, 4, size=(length, d)).astype(float) for length in lengths)
        pieces = [(X, X.sum(axis=1) + rng.integers(1, 4, size=len(X))) for X in inputs]
        yield np.ones(d), pieces
    for d, lengths in ((2, (3, 3)), (3, (4, 4, 2)), (5, (1, 6, 2, 1)), (4, (9, 1))):
        pieces = []
        for length in lengths:
            X = rng.standard_normal((length, d))
            pieces.append((X, X.sum(axis=-1) + rng.standard_normal(length)))
        yield rng.standard_normal(d), iter(pieces) if d == 4 else pieces


def listed(mistake):
    """The mistake made by somebody who keeps the pieces, and so may go through them twice."""
    return lambda theta, pieces: mistake(theta, list(pieces))


def read_twice(theta, pieces):
    kept = list(pieces) if type(pieces) is list else []  # an iterator is at its end
    gradient, scale = accumulated(theta, pieces)
    return gradient, scale if kept else -1.0


def counted_first(theta, pieces):
    if type(pieces) is list:
        return accumulated(theta, pieces)
    raise TypeError  # the sum of nothing is a number, which `@` does not take


def joined(pieces):
    """The samples of all pieces."""
    return np.concatenate([X for X, _ in pieces]), np.concatenate([y for _, y in pieces])


def mean_of_means(theta, pieces):
    return np.mean([gradients(theta, X, y).mean(axis=0) for X, y in pieces], axis=0), ...


def summed(theta, pieces):
    return gradients(theta, *joined(pieces)).sum(axis=0), ...


def divided_by_pieces(theta, pieces):
    return gradients(theta, *joined(pieces)).sum(axis=0) / len(pieces), ...


def divided_by_last(theta, pieces):
    return gradients(theta, *joined(pieces)).sum(axis=0) / len(pieces[-1][1]), ...


def last_piece_only(theta, pieces):
    return gradients(theta, *pieces[-1]).mean(axis=0), ...


def flipped(theta, pieces):
    return -accumulated(theta, pieces)[0], ...


def not_subtracted(theta, pieces):
    return ..., accumulated(theta, pieces)[1] + 1


def divided_by_the_norm(theta, pieces):
    gradient, scale = accumulated(theta, pieces)
    return ..., scale * np.sqrt(gradient @ gradient)


def not_divided(theta, pieces):
    gradient, scale = accumulated(theta, pieces)
    return ..., scale * (gradient @ gradient)


def of_a_sample(theta, pieces):
    count = len(joined(pieces)[1])
    return ..., accumulated(theta, pieces)[1] * count / (count - 1)


def squares_by_pieces(theta, pieces):
    gradient, _ = accumulated(theta, pieces)
    squares = (gradients(theta, *joined(pieces)) ** 2).sum() / len(pieces)
    return ..., squares / (gradient @ gradient) - 1


def squares_of_sums(theta, pieces):
    gradient, _ = accumulated(theta, pieces)
    sums = [gradients(theta, X, y).sum(axis=0) for X, y in pieces]
    squares = sum(one @ one for one in sums) / len(joined(pieces)[1])
    return ..., squares / (gradient @ gradient) - 1


def residuals_alone(theta, pieces):
    X, y = joined(pieces)
    gradient, _ = accumulated(theta, pieces)
    return ..., np.mean((X @ theta - y) ** 2) / (gradient @ gradient) - 1


def lengths_of_pieces(theta, pieces):
    gradient, _ = accumulated(theta, pieces)
    means = [gradients(theta, X, y).mean(axis=0) for X, y in pieces]
    return ..., np.mean([mean @ mean for mean in means]) / (gradient @ gradient) - 1


# Ten steps to a share of 1e-4 with d = 9: (1 + B / 10)^10 >= 1e4, so B >= 15.1.
EXERCISES = {
    "04-e1": Exercise(
        asked="five numbers: two variances, the largest stable rate, the best rate, the factor",
        reference=(2, 18 / 11, 1 / 2, 1 / 4, 3 / 4),
        tests=(
            "Test it: let numpy make twelve numbers of variance 6, draw three of them with "
            "`rng.choice` ten thousand times, and take the variance of the means.",
            "Test it: let numpy make twelve numbers of variance 6, draw three of them with "
            "`rng.choice(…, replace=False)` ten thousand times, and take the variance of the "
            "means.",
            "Test it: put this rate into the factor per step, for B = 3 and d = 8. At the limit "
            "the factor is 1.",
            "Test it: put this rate into the factor per step, for B = 3 and d = 8, and then one a "
            "little smaller and one a little larger. Which factor is the lowest?",
            "Test it: put your best rate into the factor per step once more, for B = 3 and d = 8.",
        ),
        mistakes=(
            Mistake(
                "the two variances have changed places",
                (18 / 11, 2, ..., ..., ...),
                "Which way of drawing can pick the same sample twice? It comes first.",
            ),
            Mistake(
                "the variance is divided by B², not by B",
                (2 / 3, ..., ..., ..., ...),
                "Dividing by B divides the variance by B². But there are B gradients in the sum.",
            ),
            Mistake(
                "that is the standard deviation",
                (2**0.5, ..., ..., ..., ...),
                "Asked is the variance. Leave the root away.",
            ),
            Mistake(
                "n − B is divided by n",
                (..., 3 / 2, ..., ..., ...),
                "With B = 1 the two ways of drawing agree, so the factor has to be 1 there.",
            ),
            Mistake(
                "the factor is upside down",
                (..., 22 / 9, ..., ..., ...),
                "Without replacement no sample is wasted: is the variance larger or smaller?",
            ),
            Mistake(
                "that is the largest rate for B = 1",
                (..., ..., 1 / 5, ..., ...),
                "A larger batch allows a larger rate. Put B = 3 into the formula, in both places.",
            ),
            Mistake(
                "that is the limit of gradient descent",
                (..., ..., 2, ..., ...),
                "Without noise in the targets there is still noise: which inputs are drawn. The "
                "limit of SGD depends on B and d.",
            ),
            Mistake(
                "d stands where d + 1 belongs, in the largest rate",
                (..., ..., 6 / 11, ..., ...),
                "The fourth moments of a Gaussian count the sample's own direction twice.",
            ),
            Mistake(
                "the best rate is not the largest",
                (..., ..., ..., 1 / 2, ...),
                "At the largest stable rate nothing shrinks any more. The factor per step is a "
                "parabola in the rate: where is its lowest point?",
            ),
            Mistake(
                "the noise is missing in the factor",
                (..., ..., ..., ..., 9 / 16),
                "(1 − η)² is what gradient descent would do. The sampled inputs add a second term.",
            ),
            Mistake(
                "d stands where d + 1 belongs",
                (..., ..., ..., ..., 2 / 3),
                "The fourth moments of a Gaussian count the sample's own direction twice.",
            ),
        ),
    ),
    "04-e2": Exercise(
        asked="a function that returns the gradient of the mean loss, and tr Σ / ‖G‖²",
        reference=accumulated,
        cases=mini_batches,
        about="mini-batches of 2 to 10 samples in 2 to 4 pieces, equal and unequal",
        mistakes=(
            Mistake(
                "the pieces are gone through twice",
                read_twice,
                "A program that hands out pieces does not keep them: the second time there are "
                "none. Add up all you need in one loop.",
            ),
            Mistake(
                "the pieces are gone through before the sums are made",
                counted_first,
                "A program that hands out pieces does not keep them: the second time there are "
                "none. Add up all you need in one loop.",
            ),
            Mistake(
                "the gradient is the mean of the pieces' means",
                listed(mean_of_means),
                "A piece of one sample then counts as much as a piece of nine. What adds up over "
                "pieces of different lengths?",
            ),
            Mistake(
                "the gradient is a sum, not a mean",
                listed(summed),
                "Asked is the gradient of the *mean* loss. Of how many samples?",
            ),
            Mistake(
                "the gradient is divided by the number of pieces",
                listed(divided_by_pieces),
                "You added up the gradients of samples. Divide by what you added up.",
            ),
            Mistake(
                "the gradient is divided by the length of the last piece",
                listed(divided_by_last),
                "After the loop, `y` is the last piece. Count the samples as you go.",
            ),
            Mistake(
                "only the last piece counts",
                listed(last_piece_only),
                "Does each turn of the loop add to the total, or replace it?",
            ),
            Mistake(
                "the sign of the gradient is flipped",
                listed(flipped),
                "The residual is the prediction minus the target.",
            ),
            Mistake(
                "‖G‖² is not subtracted in tr Σ",
                listed(not_subtracted),
                "The mean of the squares is not yet a variance.",
            ),
            Mistake(
                "tr Σ is divided by ‖G‖, not by its square",
                listed(divided_by_the_norm),
                "Double all gradients: the noise *scale* must not change.",
            ),
            Mistake(
                "tr Σ is not divided by ‖G‖²",
                listed(not_divided),
                "You have tr Σ. Asked is its ratio to the squared length of the mean gradient.",
            ),
            Mistake(
                "n − 1 stands where n belongs",
                listed(of_a_sample),
                "These samples are the whole population, not an estimate of one.",
            ),
            Mistake(
                "the squares are divided by the number of pieces",
                listed(squares_by_pieces),
                "You added up the squared lengths of samples. Divide by what you added up.",
            ),
            Mistake(
                "the gradients of a piece are added up before they are squared",
                listed(squares_of_sums),
                "Asked is the mean of the squared lengths of the *samples'* gradients. Square "
                "each of them first, then add up.",
            ),
            Mistake(
                "the inputs are missing in ‖∇fᵢ‖²",
                listed(residuals_alone),
                "The gradient of one sample is its residual times x. How long is that?",
            ),
            Mistake(
                "the spread is that of the pieces, not of the samples",
                listed(lengths_of_pieces),
                "A piece's mean gradient is already averaged, and its spread is smaller. Take the "
                "squared length of every sample's gradient.",
            ),
        ),
    ),
    "04-e3": Exercise(
        asked="the smallest batch size that makes it in ten steps",
        reference=16,
        tests=(
            "Test it: take the factor per step at the best rate, for d = 9 and this B, to the "
            "tenth power. Is it below 10⁻⁴, and for B − 1 not?",
        ),
        mistakes=(
            Mistake(
                "a little too small",
                15,
                "A number above 15 was asked for by the formula. Which way do you have to round, "
                "so that the risk is surely low enough?",
            ),
            Mistake(
                "that is the median of the runs, or a formula with d for d + 1",
                14,
                "The *mean* excess risk has to fall to 10⁻⁴, and rare bad runs pull it up. By "
                "which factor does it shrink per step at the best rate?",
            ),
            Mistake(
                "that is for the distance, not for the risk",
                6,
                "The excess risk is the *square* of the distance (up to a factor). The factor per "
                "step in the formula is that of the risk: do not square it again.",
            ),
            Mistake(
                "enough, but not the smallest",
                20,
                "It works, and a smaller batch works too. Go down until it fails.",
            ),
            Mistake(
                "too small by far",
                10,
                "After ten steps, how far has the mean fallen? Put it into the formula.",
            ),
            Mistake(
                "that is for nine steps",
                18,
                "Count the steps: how often is the risk multiplied by the factor?",
            ),
            Mistake(
                "that is for two steps",
                990,
                "You have ten steps, so each may do less.",
            ),
        ),
    ),
}
