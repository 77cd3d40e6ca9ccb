"""The exercises of chapter 13."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def two_layers(X, y, W1, b1, w2, b2, *, slope=None, residual=None, out=None, back=None, kept=None):
    """The gradient of a network of two layers; what a mistake changes is passed in."""
    z = X @ W1 + b1
    h = np.tanh(z)
    g = (h @ w2 + b2 - y) / len(y)
    if residual is not None:
        g = residual(g, y)
    through = np.outer(g, w2) if out is None else out(g, w2)
    through = through * (1 - h**2 if slope is None else slope(h, z))
    first = X.T @ through if back is None else back(X, through)
    second = (h if kept is None else kept(h, z)).T @ g
    return first, through.sum(axis=0), second, g.sum()


def networks(rng):
    """One sample and one unit, then up to five samples and as many units as inputs."""
    for n, d, units in ((1, 1, 1), (2, 1, 2), (3, 2, 3), (5, 4, 4)):
        yield (
            rng.integers(1, 5, (n, d)) / 2 * rng.choice([-1, 1], (n, d)),
            rng.integers(-3, 4, n) / 2,
            rng.integers(1, 4, (d, units)) / 2 * rng.choice([-1, 1], (d, units)),
            rng.integers(1, 4, units) / 4 * rng.choice([-1, 1], units),
            rng.integers(2, 5, units) / 2 * rng.choice([-1, 1], units),
            rng.integers(1, 4) / 4,
        )


def slope_at_the_wrong_place(X, y, W1, b1, w2, b2):
    return two_layers(X, y, W1, b1, w2, b2, slope=lambda h, z: 1 - np.tanh(h) ** 2)


def slope_from_the_score(X, y, W1, b1, w2, b2):
    return two_layers(X, y, W1, b1, w2, b2, slope=lambda h, z: 1 - z**2)


def slope_missing(X, y, W1, b1, w2, b2):
    return two_layers(X, y, W1, b1, w2, b2, slope=lambda h, z: 1)


def slope_not_squared(X, y, W1, b1, w2, b2):
    return two_layers(X, y, W1, b1, w2, b2, slope=lambda h, z: 1 - h)


def slope_of_the_sigmoid(X, y, W1, b1, w2, b2):
    return two_layers(X, y, W1, b1, w2, b2, slope=lambda h, z: h * (1 - h))


def mean_twice(X, y, W1, b1, w2, b2):
    return tuple(part / len(y) for part in two_layers(X, y, W1, b1, w2, b2))


def no_mean(X, y, W1, b1, w2, b2):
    return tuple(part * len(y) for part in two_layers(X, y, W1, b1, w2, b2))


def no_half(X, y, W1, b1, w2, b2):
    return tuple(part * 2 for part in two_layers(X, y, W1, b1, w2, b2))


def sign_turned(X, y, W1, b1, w2, b2):
    return tuple(-part for part in two_layers(X, y, W1, b1, w2, b2))


def target_left_out(X, y, W1, b1, w2, b2):
    return two_layers(X, y, W1, b1, w2, b2, residual=lambda g, y: g + y / len(y))


def weights_out_left_out(X, y, W1, b1, w2, b2):
    return two_layers(X, y, W1, b1, w2, b2, out=lambda g, w2: np.outer(g, np.ones_like(w2)))


def scores_for_signals(X, y, W1, b1, w2, b2):
    return two_layers(X, y, W1, b1, w2, b2, kept=lambda h, z: z)


def intercepts_times(of_first, of_last):
    """The intercepts' gradients as often as a function of the number of samples says."""

    def answer(X, y, W1, b1, w2, b2):
        first, bias, second, last = two_layers(X, y, W1, b1, w2, b2)
        return first, bias * of_first(len(y)), second, last * of_last(len(y))

    return answer


def once(n):
    return 1


def summed(n):
    return n


def averaged(n):
    return 1 / n


def tanh_at_the_end(X, y, W1, b1, w2, b2):
    z = X @ W1 + b1
    h = np.tanh(z)
    top = np.tanh(h @ w2 + b2)
    g = (top - y) * (1 - top**2) / len(y)
    through = np.outer(g, w2) * (1 - h**2)
    return X.T @ through, through.sum(axis=0), h.T @ g, g.sum()


def intercept_forgotten(X, y, W1, b1, w2, b2):
    return two_layers(X, y, W1, 0 * b1, w2, b2)


def silu(z):
    return z / (1 + np.exp(-z))


def silu_slope(z):
    gate = 1 / (1 + np.exp(-z))
    return gate * (1 + z * (1 - gate))


def normal_mean(function, q=1.0):
    """The mean over a normal number of variance q, by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    return float(weights @ function(np.sqrt(q) * nodes) / weights.sum())


def mean_square(q):
    return normal_mean(lambda z: silu(z) ** 2, q)


S2 = 1 / mean_square(1.0)
SLOPE2 = normal_mean(lambda z: silu_slope(z) ** 2)
GROWTH = S2 * (mean_square(1 + 1e-4) - mean_square(1 - 1e-4)) / 2e-4

EXERCISES = {
    "13-e1": Exercise(
        asked="four slopes: of w₁, of v₂, of w₃ and of x",
        reference=(-12.0, -8.0, 0.0, -6.0),
        tests=(
            "Test it: change w₁ by 0.001 in a small program, and divide the change of ℓ by 0.001.",
            "Test it: change v₂ by 0.001 in a small program, and divide the change of ℓ by 0.001.",
            "Test it: change w₃ by 0.001 in a small program, and divide the change of ℓ by 0.001.",
            "Test it: change x by 0.001 in a small program, and divide the change of ℓ by 0.001.",
        ),
        mistakes=(
            Mistake(
                "every sign is turned",
                (12.0, 8.0, ..., 6.0),
                "The slope at the output is ŷ − y. Is ŷ above or below the target?",
            ),
            Mistake(
                "the ½ of the loss was left out",
                (-24.0, -16.0, ..., -12.0),
                "What is the derivative of ½ r²?",
            ),
            Mistake(
                "the slope at the output was left out",
                (6.0, 4.0, ..., 3.0),
                "Those are slopes of ŷ. How does ℓ depend on ŷ?",
            ),
            Mistake(
                "the weight out of the first unit was left out",
                (-4.0, ..., ..., ...),
                "Between h₁ and ŷ stands v₁.",
            ),
            Mistake(
                "the input was left out",
                (-6.0, ..., ..., ...),
                "How does h₁ change when w₁ does, at this x?",
            ),
            Mistake(
                "that is the slope of v₁",
                (-2.0, ..., ..., ...),
                "Asked is the weight before the unit, not the one behind it.",
            ),
            Mistake(
                "v₂ is multiplied by the weight, not by the signal",
                (..., -6.0, ..., ...),
                "What is v₂ multiplied by in ŷ?",
            ),
            Mistake(
                "that is the slope of h₂",
                (..., 2.0, ..., ...),
                "ŷ contains the product v₂h₂. Which factor is left when you differentiate by v₂?",
            ),
            Mistake(
                "the third unit is taken as if it were on",
                (..., ..., -20.0, ...),
                "What is h₃ at x = 2, and what is it a little beside?",
            ),
            Mistake(
                "x counts the unit that is off",
                (..., ..., ..., 4.0),
                "Which units let a small change of x through?",
            ),
            Mistake(
                "x has one way only",
                (..., ..., ..., -12.0),
                "How many units that are on does x enter?",
            ),
            Mistake(
                "x has one way only, the second",
                (..., ..., ..., 6.0),
                "How many units that are on does x enter?",
            ),
            Mistake(
                "the ways are added without their signs",
                (..., ..., ..., -18.0),
                "v₂ is negative.",
            ),
        ),
    ),
    "13-e2": Exercise(
        asked="the gradients with respect to W1, b1, w2 and b2",
        reference=two_layers,
        cases=networks,
        about="1 to 5 samples, 1 to 4 inputs and units",
        mistakes=(
            Mistake(
                "the slope of tanh is taken at h, not at z",
                slope_at_the_wrong_place,
                "h is tanh z already. Write tanh'(z) with h alone.",
            ),
            Mistake(
                "the slope of tanh is 1 − z²",
                slope_from_the_score,
                "The square is that of tanh z.",
            ),
            Mistake(
                "the slope of tanh is missing",
                slope_missing,
                "Between h and X W1 + b1 stands a tanh. What does it do to a small change?",
            ),
            Mistake(
                "the slope of tanh is 1 − h",
                slope_not_squared,
                "At h = −1 a tanh is flat. Is your slope 0 there?",
            ),
            Mistake(
                "the slope is that of the sigmoid",
                slope_of_the_sigmoid,
                "At z = 0 a tanh has the slope 1.",
            ),
            Mistake(
                "the mean is taken twice",
                mean_twice,
                "How often does 1/n stand in the loss?",
            ),
            Mistake(
                "a sum over the samples, no mean",
                no_mean,
                "Does your gradient double when every sample comes twice?",
            ),
            Mistake(
                "the ½ of the loss is missing",
                no_half,
                "What is the derivative of ½ r²?",
            ),
            Mistake(
                "every sign is turned",
                sign_turned,
                "A prediction that is too large must have a positive slope.",
            ),
            Mistake(
                "the target is left out",
                target_left_out,
                "The slope at the output is a residual.",
            ),
            Mistake(
                "w2 is left out on the way back",
                weights_out_left_out,
                "A unit with a small weight out has little to say about the loss.",
            ),
            Mistake(
                "w2 gets the scores before the tanh",
                scores_for_signals,
                "What is w2 multiplied by on the way forward?",
            ),
            Mistake(
                "b1 gets a mean of what is divided by n already",
                intercepts_times(averaged, once),
                "The intercept goes to every sample. What comes back is added up.",
            ),
            Mistake(
                "b2 gets a mean of what is divided by n already",
                intercepts_times(once, averaged),
                "The intercept goes to every sample. What comes back is added up.",
            ),
            Mistake(
                "both intercepts get a mean of what is divided by n already",
                intercepts_times(averaged, averaged),
                "An intercept goes to every sample. What comes back is added up.",
            ),
            Mistake(
                "b1 gets a sum over the samples, and the loss is a mean",
                intercepts_times(summed, once),
                "If every sample comes twice, the loss stays. What does your gradient of b1 do?",
            ),
            Mistake(
                "b2 gets a sum over the samples, and the loss is a mean",
                intercepts_times(once, summed),
                "If every sample comes twice, the loss stays. What does your gradient of b2 do?",
            ),
            Mistake(
                "both intercepts get sums over the samples, and the loss is a mean",
                intercepts_times(summed, summed),
                "If every sample comes twice, the loss stays. What do your gradients of b1 and b2 "
                "do?",
            ),
            Mistake(
                "the last layer has a tanh too",
                tanh_at_the_end,
                "The prediction is a weighted sum of the signals, and may exceed 1.",
            ),
            Mistake(
                "b1 was forgotten on the way forward",
                intercept_forgotten,
                "What stands inside the tanh?",
            ),
        ),
    ),
    "13-e3": Exercise(
        asked="s², and the factors of the gradient's mean square and of ε, to within 1 %",
        reference=(S2, S2 * SLOPE2, GROWTH),
        tests=(
            "Test it: draw a million z with variance 1. Is s² times the mean of φ(z)² about 1?",
            "Test it: draw a million z. What is s² times the mean of φ'(z)²?",
            "Test it: draw a million z, and compare s² times the mean of φ(√1.1 z)² with 1.",
        ),
        rtol=0.01,
        mistakes=(
            Mistake(
                "that is s, not s²",
                (S2**0.5, ..., ...),
                "The variance of a weight is s² over the number of inputs.",
            ),
            Mistake(
                "that is the mean of φ², not what makes up for it",
                (1 / S2, ..., ...),
                "s² times this mean must be 1.",
            ),
            Mistake(
                "that is the rule for ReLUs",
                (2.0, ..., ...),
                "How much of z² does this φ leave, on average?",
            ),
            Mistake(
                "the mean was squared, in place of a mean of squares",
                (1 / normal_mean(silu) ** 2, ..., ...),
                "φ(Z)² is squared first and averaged then.",
            ),
            Mistake(
                "the variance of φ was taken, its mean taken off",
                (1 / (mean_square(1.0) - normal_mean(silu) ** 2), ..., ...),
                "The next layer sums all of φ(Z), its mean too.",
            ),
            Mistake(
                "s² is missing in the gradient's factor",
                (..., SLOPE2, ...),
                "The way back goes through the same weights.",
            ),
            Mistake(
                "that is the factor of the length",
                (..., (S2 * SLOPE2) ** 0.5, ...),
                "Asked is the mean square.",
            ),
            Mistake(
                "the mean slope was squared",
                (..., S2 * normal_mean(silu_slope) ** 2, ...),
                "φ'(Z)² is squared first and averaged then.",
            ),
            Mistake(
                "the signal keeps its size, the gradient does not",
                (..., 1.0, ...),
                "Only for ReLUs are the two factors the same.",
            ),
            Mistake(
                "the mean of φ'² was taken with the s² of ReLUs",
                (..., 2 * SLOPE2, ...),
                "Use your own s².",
            ),
            Mistake(
                "that is the factor of ε, not the gradient's",
                (..., GROWTH, ...),
                "Which of the two contains φ'(Z)², and which the derivative of φ(√q Z)² by q?",
            ),
            Mistake(
                "ε does not grow as the gradient does",
                (..., ..., S2 * SLOPE2),
                "Differentiate s² E φ(√q Z)² with respect to q, at q = 1. There φ stands beside "
                "φ', not φ' squared. For ReLUs the two agree; here they do not.",
            ),
            Mistake(
                "s² is missing in the factor of ε",
                (..., ..., GROWTH / S2),
                "Differentiate the whole right side, s² included.",
            ),
            Mistake(
                "that is the derivative with respect to √q",
                (..., ..., 2 * GROWTH),
                "ε is a change of q.",
            ),
            Mistake(
                "1 stays at 1, but what is beside 1 need not stay beside it",
                (..., ..., 1.0),
                "Put 1.1 into the formula: by how much is the result above 1?",
            ),
            Mistake(
                "that is how the fixed value moves, not the deviation",
                (..., ..., GROWTH - 1),
                "By which factor is ε multiplied, whole?",
            ),
        ),
    ),
}
