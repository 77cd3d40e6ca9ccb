"""The exercises of chapter 21."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def gradient(w, y):
    return (w[0] * w[1] - y) * w[::-1]


def climbed(w, y, rho, *, length=np.linalg.norm, sign=1.0):
    """The point from which SAM takes its gradient; a mistake is passed in."""
    g = gradient(w, y)
    return w + sign * rho * g / length(g)


def sam_step(w, y, lr, rho):
    return w - lr * gradient(climbed(w, y, rho), y)


def plain_step(w, y, lr, rho):
    return w - lr * gradient(w, y)


def from_the_top(w, y, lr, rho):
    up = climbed(w, y, rho)
    return up - lr * gradient(up, y)


def returns_the_top(w, y, lr, rho):
    return climbed(w, y, rho)


def not_normalised(w, y, lr, rho):
    return w - lr * gradient(climbed(w, y, rho, length=lambda g: 1.0), y)


def squared_length(w, y, lr, rho):
    return w - lr * gradient(climbed(w, y, rho, length=lambda g: g @ g), y)


def sum_of_absolute_values(w, y, lr, rho):
    return w - lr * gradient(climbed(w, y, rho, length=lambda g: abs(g).sum()), y)


def largest_entry(w, y, lr, rho):
    return w - lr * gradient(climbed(w, y, rho, length=lambda g: abs(g).max()), y)


def by_signs(w, y, lr, rho):
    return w - lr * gradient(w + rho * np.sign(gradient(w, y)), y)


def downhill_first(w, y, lr, rho):
    return w - lr * gradient(climbed(w, y, rho, sign=-1.0), y)


def uphill_step(w, y, lr, rho):
    return w + lr * gradient(climbed(w, y, rho), y)


def by_the_length_of_w(w, y, lr, rho):
    return w - lr * gradient(climbed(w, y, rho, length=lambda g: np.linalg.norm(w)), y)


def climbs_by_the_rate_too(w, y, lr, rho):
    return w - lr * gradient(climbed(w, y, lr * rho), y)


def weights_not_swapped(w, y, lr, rho):
    """The gradient as residual times w, not times the other weight."""
    g = (w[0] * w[1] - y) * w
    up = w + rho * g / np.linalg.norm(g)
    return w - lr * (up[0] * up[1] - y) * up


def old_residual(w, y, lr, rho):
    return w - lr * (w[0] * w[1] - y) * climbed(w, y, rho)[::-1]


def old_weights(w, y, lr, rho):
    up = climbed(w, y, rho)
    return w - lr * (up[0] * up[1] - y) * w[::-1]


def top_gradient_normalised(w, y, lr, rho):
    g = gradient(climbed(w, y, rho), y)
    return w - lr * g / np.linalg.norm(g)


def without_the_half(w, y, lr, rho):
    return w - 2 * lr * gradient(climbed(w, y, rho), y)


def plus_the_label(w, y, lr, rho):
    return sam_step(w, -y, lr, rho)


def gradient_alone(w, y, lr, rho):
    return gradient(climbed(w, y, rho), y)


def one_after_the_other(w, y, lr, rho):
    """The second weight is moved with the residual of the new first one."""
    up = climbed(w, y, rho)
    first = w[0] - lr * (up[0] * up[1] - y) * up[1]
    return np.array([first, w[1] - lr * (first * up[1] - y) * first])


def both_gradients(w, y, lr, rho):
    return w - lr * (gradient(w, y) + gradient(climbed(w, y, rho), y)) / 2


def steps(rng):
    """One that can be done by hand; then random weights of both signs."""
    yield rng.permutation([3.0, 4.0]), 2.0, 0.1, 0.5
    for _ in range(5):
        w = rng.uniform(0.5, 2, 2).round(2) * rng.choice([-1, 1], 2)
        yield (
            w,
            round(float(w[0] * w[1]) + int(rng.choice([-1, 1])) * rng.uniform(0.8, 2), 2),
            round(rng.uniform(0.05, 0.3), 2),
            round(rng.uniform(0.1, 0.4), 2),
        )


TILT = 0.1
RIDGE = float(np.sort(np.roots([1, 0, -1, TILT]).real)[1])


def loud(lr, *, power=2, factor=2, of_noise=2, border=RIDGE):
    """The noise on the left at which both sides get half of the time; a mistake is passed in."""
    theta = np.linspace(-2.8, 2.4, 10_401)

    def right(q):
        s = (q + 1) / 2 - (q - 1) / 2 * np.tanh(3 * theta)
        slope = (theta**3 - theta + TILT) / s**of_noise
        V = np.append(0, np.cumsum((slope[1:] + slope[:-1]) / 2)) * (theta[1] - theta[0])
        p = np.exp(-factor / lr * (V - V.min())) / s**power
        return p[theta > border].sum() / p.sum()

    low, high = 1.0, 20.0
    while high - low > 1e-7:
        middle = (low + high) / 2
        low, high = (middle, high) if right(middle) < 0.5 else (low, middle)
    return low


LARGE, SMALL = loud(0.2), loud(0.05)

EXERCISES = {
    "21-e1": Exercise(
        asked="a rate, a number of steps and an imbalance",
        reference=(1.0, 10.0, 45 / 16),
        tests=(
            "Test it: at your rate the two factors of the step must have the product 1.",
            "Test it: multiply out the distance after that many steps, and after one less.",
            "Test it: compute the new w first, and then its imbalance.",
        ),
        mistakes=(
            Mistake(
                "the rate is from the approximation for small rates",
                (0.8, ..., ...),
                "It is exact only as the rate goes to zero. Write down the two factors themselves.",
            ),
            Mistake(
                "the rate is the limit 2/L of the steeper sample",
                (2.0, ..., ...),
                "That limit is about growth in every step. Here one sample's step always grows.",
            ),
            Mistake(
                "the rate is the limit 2/L of the sample that pulls to zero",
                (4.0, ..., ...),
                "Both samples count. What do two steps, one of each, multiply by?",
            ),
            Mistake(
                "a sign is wrong: the sample with the curvature -1 moves away from zero",
                (-1.0, ..., ...),
                "A step multiplies by one minus the rate times the curvature, for each sample.",
            ),
            Mistake(
                "the steps are as many as on a plateau",
                (..., 1000.0, ...),
                "Does the step stay as long as it is at the start?",
            ),
            Mistake(
                "the steps are counted with the natural logarithm",
                (..., 7.0, ...),
                "By which factor does one step multiply the distance?",
            ),
            Mistake(
                "the number of steps is not whole",
                (..., np.log2(1000), ...),
                "It is a number of steps: when is the distance at least 1 for the first time?",
            ),
            Mistake(
                "the distance is still below 1 after that many steps",
                (..., 9.0, ...),
                "Multiply it out once more.",
            ),
            Mistake(
                "the steps are one too many",
                (..., 11.0, ...),
                "Is the distance below 1 one step before?",
            ),
            Mistake(
                "the imbalance is that before the step",
                (..., ..., 3.0),
                "It stays only if the residual is zero, or the steps are infinitely small.",
            ),
            Mistake(
                "the imbalance shrinks by the rate times the residual, not by its square",
                (..., ..., 9 / 4),
                "Look at the factor of the law once more: which of its letters are squared?",
            ),
            Mistake(
                "the residual is squared, the rate is not",
                (..., ..., 3 / 2),
                "Look at the factor of the law once more: which of its letters are squared?",
            ),
            Mistake(
                "the rate is squared, the residual is not",
                (..., ..., 93 / 32),
                "Look at the factor of the law once more: which of its letters are squared?",
            ),
            Mistake(
                "the imbalance has grown",
                (..., ..., 51 / 16),
                "Which sign has the square in the law?",
            ),
            Mistake(
                "the label was taken for 1, as in the valley",
                (..., ..., 189 / 64),
                "What is the residual if the label is 0?",
            ),
            Mistake(
                "that is the sharpness, the sum of the squares",
                (..., ..., 53 / 16),
                "The imbalance says which weight is the larger one. Sum or difference?",
            ),
            Mistake(
                "the weights are not squared",
                (..., ..., 5 / 4),
                "How is the imbalance defined?",
            ),
            Mistake(
                "the second weight was moved with the new first one",
                (..., ..., 703 / 256),
                "Both weights move at once, from where they are.",
            ),
        ),
    ),
    "21-e2": Exercise(
        asked="a function that returns w after one step of SAM",
        reference=sam_step,
        cases=steps,
        about="6 cases, two weights of either sign",
        mistakes=(
            Mistake(
                "it is a plain step of gradient descent",
                plain_step,
                "Where is the gradient to be taken?",
            ),
            Mistake(
                "the step begins at the top of the climb",
                from_the_top,
                "The climb only shows where to take the gradient. From where does the step go?",
            ),
            Mistake(
                "it returns the top of the climb",
                returns_the_top,
                "The second half is missing: the step itself.",
            ),
            Mistake(
                "the climb is as long as the gradient",
                not_normalised,
                "The distance climbed is rho, whatever the length of the gradient.",
            ),
            Mistake(
                "the gradient is divided by the square of its length",
                squared_length,
                "How long is your climb? It should be rho.",
            ),
            Mistake(
                "the length is a sum of absolute values",
                sum_of_absolute_values,
                "The length of a vector is the root of a sum of squares.",
            ),
            Mistake(
                "the length is the largest entry",
                largest_entry,
                "The length of a vector is the root of a sum of squares.",
            ),
            Mistake(
                "the climb goes by the signs of the gradient",
                by_signs,
                "It goes along the gradient, whose entries are not equally large.",
            ),
            Mistake(
                "it goes down before it takes the gradient",
                downhill_first,
                "It climbs first: in which direction does the gradient point?",
            ),
            Mistake(
                "the step goes up",
                uphill_step,
                "The climb goes up, the step goes down.",
            ),
            Mistake(
                "the gradient is divided by the length of w",
                by_the_length_of_w,
                "Whose length must become 1, before rho stretches it?",
            ),
            Mistake(
                "the climb is multiplied by the learning rate",
                climbs_by_the_rate_too,
                "The distance climbed is rho. The rate belongs to the step alone.",
            ),
            Mistake(
                "each weight is moved by itself, not by the other one",
                weights_not_swapped,
                "Take the derivative with respect to the first weight: what stays?",
            ),
            Mistake(
                "the residual is still that of w",
                old_residual,
                "The whole gradient is taken at the top: its residual too.",
            ),
            Mistake(
                "only the residual is that of the top",
                old_weights,
                "The whole gradient is taken at the top: its weights too.",
            ),
            Mistake(
                "the gradient of the step is normalised as well",
                top_gradient_normalised,
                "Only the climb has a fixed length.",
            ),
            Mistake(
                "the half of the loss was forgotten",
                without_the_half,
                "The derivative of a half square has no factor 2.",
            ),
            Mistake(
                "it returns the gradient, not the new w",
                gradient_alone,
                "Now make the step.",
            ),
            Mistake(
                "the second weight is moved with the new first one",
                one_after_the_other,
                "Both weights move at once, by the gradient at the top.",
            ),
            Mistake(
                "the step uses the mean of two gradients, that of w and that of the top",
                both_gradients,
                "The gradient at w only shows where to climb.",
            ),
            Mistake(
                "the label is added in the residual",
                plus_the_label,
                "The residual is prediction minus label.",
            ),
        ),
    ),
    "21-e3": Exercise(
        asked="two deviations of the noise on the left, to within half a per cent",
        reference=(LARGE, SMALL),
        rtol=0.005,
        tests=(
            "Test it: the share of the density to the right of the ridge must be one half.",
            "Test it: the share of the density to the right of the ridge must be one half.",
        ),
        mistakes=(
            Mistake(
                "the two answers are in the other order",
                (SMALL, LARGE),
                "Which of the two rates was asked for first?",
            ),
            Mistake(
                "the factor one over s squared in front is missing",
                (..., loud(0.05, power=0)),  # at the larger rate there is no such q
                "What stands before the exponential?",
            ),
            Mistake(
                "the factor in front is one over s, not over its square",
                (loud(0.2, power=1), loud(0.05, power=1)),
                "What stands before the exponential?",
            ),
            Mistake(
                "the exponent has a 1 in place of the 2",
                (loud(0.2, factor=1), loud(0.05, factor=1)),
                "Look at the exponent of the density once more.",
            ),
            Mistake(
                "in V the force is divided by s, not by its square",
                (loud(0.2, of_noise=1), loud(0.05, of_noise=1)),
                "By which power of the noise is the force divided?",
            ),
            Mistake(
                "the sides are those of zero, not of the ridge",
                (loud(0.2, border=0.0), ...),
                "Where is the ridge? The valley's tilt has moved it.",
            ),
            Mistake(
                "that is how much less noise there is on the right, the ratio turned round",
                (1 / LARGE, 1 / SMALL),
                "The noise on the right is 1, and that on the left is asked for.",
            ),
            Mistake(
                "that is a variance, not a deviation",
                (LARGE**2, SMALL**2),
                "s is a standard deviation, and so is q.",
            ),
        ),
    ),
}
