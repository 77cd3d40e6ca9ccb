"""The exercises of chapter 03."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def batches_of(order, batch_size):
    """Piece after piece of the order; the last may be smaller."""
    return [order[start : start + batch_size] for start in range(0, len(order), batch_size)]


def summed_gradient(theta, X, y):
    return (X @ theta - y) @ X


def epoch(theta, X, y, lr, batch_size, rng):
    """One epoch of mini-batch SGD on half the squared error, in an order drawn from rng."""
    for batch in batches_of(rng.permutation(len(y)), batch_size):
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def data_sets(rng):
    """Data sets with and without a smaller last batch, and the two extreme batch sizes."""
    sizes = (1, 1, 1), (2, 1, 1), (3, 1, 2), (6, 2, 2), (7, 3, 2), (5, 2, 5), (8, 4, 1), (10, 3, 4)
    for n, d, batch_size in sizes:
        X = rng.standard_normal((n, d))
        y = X.sum(axis=-1) + rng.standard_normal(n)
        theta = rng.standard_normal(d)
        if n <= 3:  # these are shown: numbers to reckon with
            X, theta = rng.integers(1, 4, size=(n, d)).astype(float), np.zeros(d)
            y = rng.permutation(3)[:n] + 1.0
        yield theta, X, y, 0.1, batch_size, np.random.default_rng(int(rng.integers(1000)))


def uphill(theta, X, y, lr, batch_size, rng):
    return epoch(theta, X, y, -lr, batch_size, rng)


def twice(theta, X, y, lr, batch_size, rng):
    return epoch(theta, X, y, 2 * lr, batch_size, rng)


def summed(theta, X, y, lr, batch_size, rng):
    for batch in batches_of(rng.permutation(len(y)), batch_size):
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch])
    return theta


def divided_by_batch_size(theta, X, y, lr, batch_size, rng):
    for batch in batches_of(rng.permutation(len(y)), batch_size):
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / batch_size
    return theta


def divided_by_all(theta, X, y, lr, batch_size, rng):
    return summed(theta, X, y, lr / len(y), batch_size, rng)


def factor_x_missing(theta, X, y, lr, batch_size, rng):
    for batch in batches_of(rng.permutation(len(y)), batch_size):
        theta = theta - lr * np.mean(X[batch] @ theta - y[batch])
    return theta


def with_replacement(theta, X, y, lr, batch_size, rng):
    for start in range(0, len(y), batch_size):
        batch = rng.integers(len(y), size=min(batch_size, len(y) - start))
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def full_with_replacement(theta, X, y, lr, batch_size, rng):
    for _ in range(0, len(y), batch_size):
        batch = rng.integers(len(y), size=batch_size)
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def own_generator(theta, X, y, lr, batch_size, rng):
    return epoch(theta, X, y, lr, batch_size, np.random.default_rng(0))


def overlapping(theta, X, y, lr, batch_size, rng):
    order = rng.permutation(len(y))
    for start in range(len(y)):
        batch = order[start : start + batch_size]
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def shuffled_apart(theta, X, y, lr, batch_size, rng):
    X, y = X[rng.permutation(len(y))], y[rng.permutation(len(y))]
    for batch in batches_of(np.arange(len(y)), batch_size):
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def stops_early(theta, X, y, lr, batch_size, rng):
    order = rng.permutation(len(y))
    for start in range(0, len(y) - batch_size, batch_size):
        batch = order[start : start + batch_size]
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def last_batch_dropped(theta, X, y, lr, batch_size, rng):
    order = rng.permutation(len(y))
    for batch in batches_of(order[: len(y) // batch_size * batch_size], batch_size):
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def not_shuffled(theta, X, y, lr, batch_size, rng):
    for batch in batches_of(np.arange(len(y)), batch_size):
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def order_drawn_again(theta, X, y, lr, batch_size, rng):
    for start in range(0, len(y), batch_size):
        batch = rng.permutation(len(y))[start : start + batch_size]
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def order_used_twice(theta, X, y, lr, batch_size, rng):
    order = rng.permutation(len(y))
    X, y = X[order], y[order]
    for batch in batches_of(order, batch_size):
        theta = theta - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return theta


def only_x_shuffled(theta, X, y, lr, batch_size, rng):
    order = rng.permutation(len(y))
    for batch, place in zip(
        batches_of(order, batch_size), batches_of(np.arange(len(y)), batch_size), strict=True
    ):
        theta = theta - lr * summed_gradient(theta, X[batch], y[place]) / len(batch)
    return theta


def gradients_at_the_start(theta, X, y, lr, batch_size, rng):
    new = theta
    for batch in batches_of(rng.permutation(len(y)), batch_size):
        new = new - lr * summed_gradient(theta, X[batch], y[batch]) / len(batch)
    return new


def column_minus_row(theta, X, y, lr, batch_size, rng):
    for batch in batches_of(rng.permutation(len(y)), batch_size):
        residual = (X[batch] @ theta)[:, None] - y[batch]  # (B, 1) - (B,) is (B, B)
        theta = theta - lr * (X[batch].T @ residual).mean(axis=1) / len(batch)
    return theta


# The floor of five unit eigenvalues: 5 lr / (2 - 7 lr) / 2 = 0.05.
EXERCISES = {
    "03-e1": Exercise(
        asked="four numbers: the mean and the variance for B = 1, two variances for B = 2",
        reference=(-2, 8 / 3, 4 / 3, 2 / 3),
        tests=(
            "Test it: write down the gradients of the three samples at θ = 1, one after the "
            "other, and give them to `np.mean`.",
            "Test it: give the gradients of the three samples to `np.var`.",
            "Test it: there are nine ways to draw two samples with replacement. Give the nine "
            "mean gradients to `np.var`.",
            "Test it: there are three pairs of different samples. Give their mean gradients to "
            "`np.var`.",
        ),
        mistakes=(
            Mistake(
                "the sign of the mean is flipped",
                (2, ..., ..., ...),
                "The residual is the prediction minus the target, θx − y.",
            ),
            Mistake(
                "the factor x is missing in the gradients",
                (-4 / 3, ..., ..., ...),
                "Differentiate ½(θx − y)² with respect to θ: the chain rule leaves one x.",
            ),
            Mistake(
                "the gradients are added up, not averaged",
                (-6, ..., ..., ...),
                "Each of the three samples is drawn with probability one third.",
            ),
            Mistake(
                "the variance is divided by n − 1",
                (..., 4, ..., ...),
                "The three samples are the whole population, not an estimate of one.",
            ),
            Mistake(
                "that is the mean of the squares",
                (..., 20 / 3, ..., ...),
                "The variance is about the mean: subtract it before you square.",
            ),
            Mistake(
                "that is the standard deviation",
                (..., (8 / 3) ** 0.5, ..., ...),
                "Asked is the variance. Leave the root away.",
            ),
            Mistake(
                "the last two have changed places",
                (..., ..., 2 / 3, 4 / 3),
                "Drawing the same sample twice tells you nothing new: which variance is larger?",
            ),
            Mistake(
                "the mean of two gradients varies less than one of them",
                (..., ..., 8 / 3, ...),
                "Two slips in opposite directions cancel. By how much does the variance fall?",
            ),
            Mistake(
                "divided by B², not by B",
                (..., ..., 2 / 3, ...),
                "Dividing by B divides the variance by B². But there are B gradients in the sum.",
            ),
            Mistake(
                "drawing two different samples makes it smaller still",
                (..., ..., ..., 4 / 3),
                "List the three pairs of samples and their mean gradients.",
            ),
            Mistake(
                "drawing two different samples does not make it larger",
                (..., ..., ..., 2),
                "The factor is upside down. Can it help to draw the same sample twice?",
            ),
            Mistake(
                "divided by n, which has nothing to do with it",
                (..., ..., ..., 8 / 9),
                "List the three pairs of samples and their mean gradients.",
            ),
            Mistake(
                "n − B is divided by n",
                (..., ..., ..., 4 / 9),
                "With B = 1 the two ways of drawing agree, so the factor has to be 1 there.",
            ),
        ),
    ),
    "03-e2": Exercise(
        asked="a function that returns the new θ after one epoch of mini-batch SGD",
        reference=epoch,
        cases=data_sets,
        about="data sets of 1 to 10 samples, batches of 1 to 5, some with a smaller last one",
        mistakes=(
            Mistake(
                "the step goes uphill",
                uphill,
                "Check two signs: the residual is the prediction minus the target, and the step "
                "subtracts the gradient.",
            ),
            Mistake(
                "a factor 2 too much",
                twice,
                "The loss is *half* the squared error. What becomes of the 2 of the square?",
            ),
            Mistake(
                "the gradient is not divided by the size of the batch",
                summed,
                "The gradient is a mean over the batch. Double every sample: should the step grow?",
            ),
            Mistake(
                "the last batch is divided by batch_size, not by what it holds",
                divided_by_batch_size,
                "With 7 samples and batches of 2, how many samples are in the last batch?",
            ),
            Mistake(
                "divided by the size of the whole data set",
                divided_by_all,
                "Each step sees one batch, and takes the mean over that batch.",
            ),
            Mistake(
                "the smaller last batch is left out",
                last_batch_dropped,
                "An epoch visits every sample once. Does yours, when the batch size does not "
                "divide n?",
            ),
            Mistake(
                "the last batch is always left out",
                stops_early,
                "Where does your `range` end? With 6 samples and batches of 2, print the starts.",
            ),
            Mistake(
                "the factor x is missing",
                factor_x_missing,
                "`np.mean(residual)` is one number, but the gradient has one for each input. The "
                "chain rule leaves an x beside each residual.",
            ),
            Mistake(
                "the samples are drawn with replacement",
                with_replacement,
                "An epoch visits every sample once. Draw one order, and cut it into batches.",
            ),
            Mistake(
                "the samples are drawn with replacement, and the last batch is full",
                full_with_replacement,
                "An epoch visits every sample once. Draw one order, and cut it into batches.",
            ),
            Mistake(
                "the order comes from a generator of your own",
                own_generator,
                "Draw from the `rng` that is handed over, or nobody can repeat your run.",
            ),
            Mistake(
                "the batches overlap",
                overlapping,
                "`range` goes up by 1 unless you say otherwise. How often is each sample seen?",
            ),
            Mistake(
                "X and y are shuffled in two different orders",
                shuffled_apart,
                "After shuffling, does each input still stand beside its own target?",
            ),
            Mistake(
                "the data are not shuffled",
                not_shuffled,
                "You draw an order, or should. Is it used to pick the samples?",
            ),
            Mistake(
                "a new order is drawn for every batch",
                order_drawn_again,
                "With a new order each time, some samples come twice and others never. Draw once.",
            ),
            Mistake(
                "the order is used twice",
                order_used_twice,
                "Once the samples are shuffled, the batches are `start : start + batch_size` of "
                "them, without looking them up again.",
            ),
            Mistake(
                "X is shuffled, y is not",
                only_x_shuffled,
                "After shuffling, does each input still stand beside its own target?",
            ),
            Mistake(
                "every gradient is taken at the θ of the start",
                gradients_at_the_start,
                "The second batch has to see what the first has changed.",
            ),
            Mistake(
                "every prediction is compared with every target",
                column_minus_row,
                "Print the shape of your residuals. A column minus a row, (B, 1) − (B,), is a "
                "matrix.",
            ),
        ),
    ),
    "03-e3": Exercise(
        asked="the learning rate at which the noise floor is 0.05, to within 5 %",
        reference=2 / 57,
        rtol=0.05,
        tests=(
            "Test it: put your rate into the formula of the floor, with its five eigenvalues. Is "
            "the result above 0.05 or below?",
        ),
        mistakes=(
            Mistake(
                "that is the answer to first order only",
                1 / 25,
                "It would be right if the rate were tiny. The exact floor has the rate in its "
                "denominator as well. How large is the floor when you run it at your rate?",
            ),
            Mistake(
                "the half before the noise is missing",
                1 / 53.5,
                "Risk is half the squared error here. Look at the factor before the fraction.",
            ),
            Mistake(
                "that is the answer for a single input",
                2 / 13,
                "Five inputs make more noise than one: the sum goes over all the eigenvalues.",
            ),
            Mistake(
                "the half is there twice",
                1 / 16,
                "In the formula the half of the risk is already there. How large is the floor when "
                "you run it at your rate?",
            ),
            Mistake(
                "that is the floor, not the rate",
                1 / 20,
                "Put it in as a rate: the floor it leads to is larger.",
            ),
            Mistake(
                "there the noise floor is infinite",
                2 / 7,
                "You found where the denominator is zero: the largest stable rate.",
            ),
        ),
    ),
}
