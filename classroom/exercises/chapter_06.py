"""The exercises of chapter 06."""

import numpy as np

from classroom.exercises import Exercise, Mistake
from classroom.judging import NoEnd

MOST_LOSSES = 1000  # of a search that ends


def loss_at(theta, X, y):
    return np.mean((X @ theta - y) ** 2) / 2


def gradient_at(theta, X, y):
    return X.T @ (X @ theta - y) / len(y)


def search(theta, X, y, start, shrink, gradient, demand):
    """The first rate at which the loss has fallen by ``demand(rate)``; and the losses evaluated."""
    here, lr, evaluated = loss_at(theta, X, y), start, 2
    while loss_at(theta - lr * gradient, X, y) > here - demand(lr):
        lr, evaluated = lr * shrink, evaluated + 1
        if evaluated > MOST_LOSSES:
            raise NoEnd
    return lr, evaluated


def line_search(theta, X, y, start, shrink, slope):
    """Armijo's rate for half the mean squared error of a batch; and the losses evaluated."""
    gradient = gradient_at(theta, X, y)
    return search(theta, X, y, start, shrink, gradient, lambda lr: slope * lr * gradient @ gradient)


def batches(rng):
    """Batches of several sizes; in the first the first rate is good, in the last it is not."""
    scale = rng.integers(90, 111) / 100
    yield np.zeros(1), np.array([[1.0], [0.5]]), np.array([1.0, 1.0]), scale / 10, 0.5, 0.1
    yield np.zeros(1), np.array([[1.0], [3.0]]), np.array([2.0, 1.0]), scale, 0.5, 0.5
    yield np.zeros(1), np.array([[3.0]]), np.array([2.0]), scale, 0.7, 0.9
    # Here even a demand without the rate is met, but not at the first rate.
    yield np.zeros(2), np.array([[0.5, 0.5]]), np.array([2.0]), 8 * scale, 0.5, 0.5
    shapes = (
        (4, 3, 0.7, 0.1),
        (8, 5, 0.3, 0.9),
        (6, 4, 0.9, 0.4),
        (9, 2, 0.9, 0.6),
    )
    for size, d, shrink, slope in shapes:
        X = rng.standard_normal((size, d))
        yield rng.standard_normal(d), X, rng.standard_normal(size), 2.0, shrink, slope
    yield np.ones(2), np.array([[30.0, 40.0]]), np.array([1.0]), scale, 0.5, 0.5


def gradient_summed(theta, X, y, start, shrink, slope):
    gradient = len(y) * gradient_at(theta, X, y)
    square = gradient @ gradient
    return search(
        theta, X, y, start, shrink, gradient, lambda lr: slope * lr * square / len(y) ** 2
    )


def all_summed(theta, X, y, start, shrink, slope):
    root = np.sqrt(len(y))
    return line_search(theta, root * X, root * y, start, shrink, slope)


def loss_doubled(theta, X, y, start, shrink, slope):
    return line_search(theta, X, y, start, shrink, slope / 2)


def gradient_doubled(theta, X, y, start, shrink, slope):
    rate, evaluated = line_search(theta, X, y, 2 * start, shrink, slope)
    return rate / 2, evaluated


def norm_not_squared(theta, X, y, start, shrink, slope):
    gradient = gradient_at(theta, X, y)
    length = np.linalg.norm(gradient)
    return search(theta, X, y, start, shrink, gradient, lambda lr: slope * lr * length)


def uphill(theta, X, y, start, shrink, slope):
    gradient = gradient_at(theta, X, y)
    return search(
        theta, X, y, start, shrink, -gradient, lambda lr: slope * lr * gradient @ gradient
    )


def rise_allowed(theta, X, y, start, shrink, slope):
    return line_search(theta, X, y, start, shrink, -slope)


def loss_summed(theta, X, y, start, shrink, slope):
    return line_search(theta, X, y, start, shrink, slope / len(y))


def first_rate_skipped(theta, X, y, start, shrink, slope):
    rate, evaluated = line_search(theta, X, y, start * shrink, shrink, slope)
    return rate, evaluated


def any_decrease(theta, X, y, start, shrink, slope):
    return line_search(theta, X, y, start, shrink, 0.0)


def rate_forgotten(theta, X, y, start, shrink, slope):
    gradient = gradient_at(theta, X, y)
    return search(theta, X, y, start, shrink, gradient, lambda lr: slope * gradient @ gradient)


def never_shrunk(theta, X, y, start, shrink, slope):
    if line_search(theta, X, y, start, shrink, slope)[1] > 2:
        raise NoEnd
    return start, 2


def gradient_alone_summed(theta, X, y, start, shrink, slope):
    gradient = len(y) * gradient_at(theta, X, y)
    return search(
        theta, X, y, start, shrink, gradient, lambda lr: slope * lr * (gradient @ gradient)
    )


def slope_left_out(theta, X, y, start, shrink, slope):
    return line_search(theta, X, y, start, shrink, 1.0)


def complement_of_shrink(theta, X, y, start, shrink, slope):
    return line_search(theta, X, y, start, 1 - shrink, slope)


def last_trial_compared(theta, X, y, start, shrink, slope):
    gradient = gradient_at(theta, X, y)
    here, lr, evaluated = loss_at(theta, X, y), start, 2
    while (new := loss_at(theta - lr * gradient, X, y)) > here - slope * lr * gradient @ gradient:
        here, lr, evaluated = new, lr * shrink, evaluated + 1
    return lr, evaluated


def tried_rates_alone(theta, X, y, start, shrink, slope):
    return ..., line_search(theta, X, y, start, shrink, slope)[1] - 1


def shrinkings_alone(theta, X, y, start, shrink, slope):
    return ..., line_search(theta, X, y, start, shrink, slope)[1] - 2


def one_loss_too_many(theta, X, y, start, shrink, slope):
    return ..., line_search(theta, X, y, start, shrink, slope)[1] + 1


def shrunk_once_more(theta, X, y, start, shrink, slope):
    return line_search(theta, X, y, start, shrink, slope)[0] * shrink, ...


def point_instead_of_rate(theta, X, y, start, shrink, slope):
    rate, _ = line_search(theta, X, y, start, shrink, slope)
    return theta - rate * gradient_at(theta, X, y), ...


def best_rate(steps, inputs=10):
    """The constant rate with the lowest mean square after so many steps, from distance 1."""
    lr = np.geomspace(1e-5, 2 / (inputs + 2), 20_001)[:-1]
    decay = 1 - 2 * lr + lr**2 * (inputs + 2)
    floor = lr * inputs / (2 - lr * (inputs + 2))
    return lr[(decay**steps + (1 - decay**steps) * floor).argmin()]


EXERCISES = {
    "06-e1": Exercise(
        asked="three rates: for gradient descent, for the mean square, for every run",
        reference=(4 / 5, 10 / 17, 5 / 4),
        tests=(
            "Test it: which factor does the error get in a step of this rate on the *mean* loss? "
            "At the limit it is −1.",
            "Test it: average the square of the factor over x = 1 and x = 2, at this rate. At the "
            "limit it is 1.",
            "Test it: multiply the factors for x = 1 and x = 2, at this rate. At the limit the "
            "product is 1 or −1.",
        ),
        mistakes=(
            Mistake(
                "the first two have changed places",
                (10 / 17, 4 / 5, ...),
                "Gradient descent has no noise. Should its limit be the lower of the two?",
            ),
            Mistake(
                "that is the limit for the steepest sample alone",
                (1 / 2, ..., ...),
                "Gradient descent sees the *mean* loss: average its curvature over both values of "
                "x.",
            ),
            Mistake(
                "the mean of x is squared, not the other way round",
                (8 / 9, ..., ...),
                "The curvature is the mean of x². Square first, then average.",
            ),
            Mistake(
                "a factor 2 is missing in the first limit",
                (2 / 5, ..., ...),
                "At 1/L the error is gone in one step. A larger rate overshoots, and may still "
                "converge. Or did you add up x² instead of averaging it?",
            ),
            Mistake(
                "there the mean square falls fastest",
                (..., 5 / 17, ...),
                "You found the bottom of the parabola. Where is it back at 1?",
            ),
            Mistake(
                "the mean of x⁴ is not the square of the mean of x²",
                (..., 4 / 5, ...),
                "Square the factor first, then average it over both values of x.",
            ),
            Mistake(
                "the mean square does not need every factor below 1",
                (..., 1 / 2, ...),
                "A step that stretches is outweighed by one that shrinks. Average the squared "
                "factor over both values of x.",
            ),
            Mistake(
                "that is the limit of gradient descent",
                (..., ..., 4 / 5),
                "There every step has the same factor. Here the factors of the samples multiply.",
            ),
            Mistake(
                "a run does not need every factor below 1",
                (..., ..., 1 / 2),
                "In the long run each factor comes equally often. What has to be below 1 is their "
                "product.",
            ),
            Mistake(
                "that is the limit for the smaller x alone",
                (..., ..., 2),
                "Half of the samples have x = 2. What do they do at that rate?",
            ),
        ),
    ),
    "06-e2": Exercise(
        asked="a function that returns the rate that Armijo's condition accepts, and the losses",
        reference=line_search,
        cases=batches,
        about="batches of 1 to 9 samples, 1 to 5 inputs, one with long rows",
        mistakes=(
            Mistake(
                "the gradient is not divided by the size of the batch",
                gradient_summed,
                "Your step is that of the sum, the loss that of the mean.",
            ),
            Mistake(
                "the loss and the gradient are sums, not means",
                all_summed,
                "Double the batch: the rate that is accepted should stay the same.",
            ),
            Mistake(
                "the half is missing in the loss",
                loss_doubled,
                "Loss and gradient have to belong together. Differentiate your loss.",
            ),
            Mistake(
                "the gradient is twice too large",
                gradient_doubled,
                "The loss is *half* the mean squared error. What becomes of the 2 of the square?",
            ),
            Mistake(
                "the length of the gradient is not squared",
                norm_not_squared,
                "To first order, a step of rate η lowers the loss by η times what?",
            ),
            Mistake(
                "the step goes uphill",
                uphill,
                "The loss is tried at theta *minus* the step. For a tiny rate, is it lower?",
            ),
            Mistake(
                "a rise of the loss is accepted",
                rise_allowed,
                "The demand is *subtracted* from the loss at theta: it has to fall by that.",
            ),
            Mistake(
                "the loss is a sum, the gradient a mean",
                loss_summed,
                "Loss and gradient have to belong together. Which of them is divided by n?",
            ),
            Mistake(
                "the first rate is never tried",
                first_rate_skipped,
                "Test `start` itself, and shrink only if the test fails.",
            ),
            Mistake(
                "any decrease is accepted",
                any_decrease,
                "Where does `slope` stand in your condition?",
            ),
            Mistake(
                "the rate is missing in the demand",
                rate_forgotten,
                "A smaller step may lower the loss by less. What in your condition says so?",
            ),
            Mistake(
                "it does not end where the first rate fails",
                never_shrunk,
                "Can the condition of your loop ever become false? From one trial to the next the "
                "rate should change, and nothing else.",
            ),
            Mistake(
                "the gradient is a sum, the loss a mean",
                gradient_alone_summed,
                "Loss and gradient have to belong together. Which of them is divided by n?",
            ),
            Mistake(
                "the slope is missing in the demand",
                slope_left_out,
                "Where does `slope` stand in your condition?",
            ),
            Mistake(
                "the rate is shrunk by the share that should be left",
                complement_of_shrink,
                "Try `shrink` at 0.9. What should be left of the rate?",
            ),
            Mistake(
                "the loss is compared with that of the last trial",
                last_trial_compared,
                "The demand is on the way from theta. Which loss is the same in every trial?",
            ),
            Mistake(
                "the loss at theta is not counted",
                tried_rates_alone,
                "You compare with one more loss than those of the rates tried.",
            ),
            Mistake(
                "the shrinkings are counted, not the losses",
                shrinkings_alone,
                "If the first rate is accepted at once, how many losses did you need?",
            ),
            Mistake(
                "one loss too many is counted",
                one_loss_too_many,
                "If the first rate is accepted at once, how many losses did you need?",
            ),
            Mistake(
                "the rate is shrunk once more after the condition holds",
                shrunk_once_more,
                "Test first, and shrink only if the test fails.",
            ),
            Mistake(
                "the first result is the new point, not the rate",
                point_instead_of_rate,
                "The line search chooses the rate. Somebody else takes the step.",
            ),
        ),
    ),
    "06-e3": Exercise(
        asked="the best rate for 100 steps and the one for 10,000, to within 5 %",
        reference=(best_rate(100), best_rate(10_000)),
        rtol=0.05,
        tests=(
            "Test it: put this rate into the formula for 100 steps, and then one 10 % below and "
            "one 10 % above. Which excess is the lowest?",
            "Test it: put this rate into the formula for 10,000 steps, and then one 10 % below "
            "and one 10 % above. Which excess is the lowest?",
        ),
        mistakes=(
            Mistake(
                "the two have changed places",
                (best_rate(10_000), best_rate(100)),
                "With more time, can you afford a smaller rate or a larger one?",
            ),
            Mistake(
                "the fastest rate is not the best: its noise floor is high",
                (1 / 12, ...),
                "You minimised the factor per step alone. After 100 steps the floor counts.",
            ),
            Mistake(
                "that is the largest stable rate",
                (1 / 6, ...),
                "There the mean excess does not fall at all. Put a smaller rate into the formula.",
            ),
            Mistake(
                "the grid is too coarse",
                (0.03, 0.001),
                "Try a finer grid around each of the two.",
            ),
            Mistake(
                "the first is for one input",
                (best_rate(100, 1), ...),
                "Ten inputs make more noise than one. Where does d stand in the formula?",
            ),
            Mistake(
                "the second is for one input",
                (..., best_rate(10_000, 1)),
                "Ten inputs make more noise than one. Where does d stand in the formula?",
            ),
            Mistake(
                "the second is a hundredth of the first",
                (..., best_rate(100) / 100),
                "It looks natural, but measure it: the best rate does not fall quite as fast as "
                "the time grows.",
            ),
        ),
    ),
}
