"""The exercises of chapter 20."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def belief(s):
    return 1 / (1 + np.exp(-s))


def dirac_step(z, lr, gamma):
    theta, psi = z
    p = belief(psi * theta)
    return np.array([theta + lr * p * psi, psi - lr * (p * theta + gamma * psi)])


def generator_ascends(z, lr, gamma):
    return np.array([2 * z[0] - dirac_step(z, lr, gamma)[0], dirac_step(z, lr, gamma)[1]])


def discriminator_descends(z, lr, gamma):
    theta, psi = z
    return dirac_step(z, lr, gamma) + [0, 2 * lr * belief(psi * theta) * theta]


def both_signs(z, lr, gamma):
    return np.array([generator_ascends(z, lr, gamma)[0], discriminator_descends(z, lr, gamma)[1]])


def slopes_swapped(z, lr, gamma):
    theta, psi = z
    p = belief(psi * theta)
    return np.array([theta + lr * p * theta, psi - lr * (p * psi + gamma * psi)])


def alternating(z, lr, gamma):
    first = np.array([dirac_step(z, lr, gamma)[0], z[1]])
    return np.array([first[0], dirac_step(first, lr, gamma)[1]])


def discriminator_first(z, lr, gamma):
    first = np.array([z[0], dirac_step(z, lr, gamma)[1]])
    return np.array([dirac_step(first, lr, gamma)[0], first[1]])


def penalty_forgotten(z, lr, gamma):
    return dirac_step(z, lr, 0.0)


def penalty_climbs(z, lr, gamma):
    return dirac_step(z, lr, -gamma)


def penalty_doubled(z, lr, gamma):
    return dirac_step(z, lr, 2 * gamma)


def penalty_halved(z, lr, gamma):
    return dirac_step(z, lr, gamma / 2)


def penalty_not_differentiated(z, lr, gamma):
    return dirac_step(z, lr, 0.0) - [0, lr * gamma * z[1] ** 2 / 2]


def penalty_on_both(z, lr, gamma):
    return dirac_step(z, lr, 0.0) - lr * gamma * z


def penalty_on_the_generator(z, lr, gamma):
    return dirac_step(z, lr, 0.0) - [lr * gamma * z[0], 0]


def penalty_without_rate(z, lr, gamma):
    return dirac_step(z, lr, 0.0) - [0, gamma * z[1]]


def always_a_half(z, lr, gamma):
    theta, psi = z
    return np.array([theta + lr * psi / 2, psi - lr * (theta / 2 + gamma * psi)])


def no_belief(z, lr, gamma):
    theta, psi = z
    return np.array([theta + lr * psi, psi - lr * (theta + gamma * psi)])


def score_not_differentiated(z, lr, gamma):
    theta, psi = z
    p = belief(psi * theta)
    return np.array([theta + lr * p, psi - lr * (p + gamma * psi)])


def doubt_for_belief(z, lr, gamma):
    theta, psi = z
    p = belief(-psi * theta)
    return np.array([theta + lr * p * psi, psi - lr * (p * theta + gamma * psi)])


def as_in_practice(z, lr, gamma):
    """The generator maximises the log-probability of being taken for data."""
    theta, psi = z
    return np.array([theta + lr * belief(-psi * theta) * psi, dirac_step(z, lr, gamma)[1]])


def order_swapped(z, lr, gamma):
    return dirac_step(z, lr, gamma)[::-1]


def slope_only(z, lr, gamma):
    return (z - dirac_step(z, lr, gamma)) / lr


def games(rng):
    """Small round numbers first, then any."""
    yield np.array([1.0, -2.0]), 0.5, 0.2
    yield np.array([2.0, 1.0]), 0.1, 1.0
    for _ in range(4):
        z = (rng.choice([-1, 1], 2) * rng.uniform(0.5, 2.5, 2)).round(2)
        yield z, round(rng.uniform(0.05, 0.6), 2), round(rng.uniform(0.1, 1.5), 2)


J = np.array([[0.4, 2.0], [-2.0, 0.1]])


def limit(step):
    """The largest rate below which a step, as a matrix of the rate, shrinks; by halving."""
    low, high = 1e-3, 3.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        inside = abs(np.linalg.eigvals(step(middle))).max() < 1
        low, high = (middle, high) if inside else (low, middle)
    return low


def at_the_same_time(lr):
    return np.eye(2) - lr * J


def in_turn(lr, J=J):
    x_moves, y_moves = (np.eye(2) - lr * np.diag(who) @ J for who in ([1, 0], [0, 1]))
    return y_moves @ x_moves


def squares_without_their_2(lr):
    return in_turn(lr, np.array([[0.2, 2.0], [-2.0, 0.05]]))


def square_of_y_descends(lr):
    return in_turn(lr, np.array([[0.4, 2.0], [-2.0, -0.1]]))


def ahead(lr):
    return np.eye(2) - lr * J @ (np.eye(2) - lr * J)


TOGETHER, IN_TURN, AHEAD = (limit(step) for step in (at_the_same_time, in_turn, ahead))
SIZE = float(np.sqrt(np.linalg.det(J)))  # of both eigenvalues, which are a complex pair

EXERCISES = {
    "20-e1": Exercise(
        asked="two sums of squares and a y: simultaneous, y of alternating, extragradient",
        reference=(31.25, 4.5, 20.3125),
        tests=(
            "Test it: the simultaneous step multiplies x² + y² by 1 + η².",
            "Test it: x² + y² − ηxy is the same before and after an alternating step.",
            "Test it: the extragradient step multiplies x² + y² by 1 − η² + η⁴.",
        ),
        mistakes=(
            Mistake(
                "both players go down: y wants the product large",
                (7.25, ..., ...),
                "Which sign has the step of y?",
            ),
            Mistake(
                "both players go up: x wants the product small",
                (55.25, ..., ...),
                "Which sign has the step of x?",
            ),
            Mistake(
                "those are the places after an alternating step",
                (21.25, ..., ...),
                "In a simultaneous step y uses the old x.",
            ),
            Mistake(
                "the first is the distance, not its square",
                (31.25**0.5, ..., ...),
                "The sum of squares was asked for.",
            ),
            Mistake(
                "y has moved at the same time as x",
                (..., 5.5, ...),
                "When y moves, where is x already?",
            ),
            Mistake(
                "that is the y of a game in which both go down",
                (..., 3.5, ...),
                "y wants the product large.",
            ),
            Mistake(
                "the two players have changed their signs",
                (..., 1.5, ...),
                "x wants the product small. Does it go down or up?",
            ),
            Mistake(
                "x has gone up: it wants the product small",
                (..., 6.5, ...),
                "Which sign has the step of x?",
            ),
            Mistake(
                "that is x² + y² after the alternating step, not y",
                (..., 21.25, ...),
                "Only y was asked for.",
            ),
            Mistake(
                "two whole steps were made",
                (..., ..., 39.0625),
                "The second slope moves the start, not the place of the look ahead.",
            ),
            Mistake(
                "that is the place of the look ahead",
                (..., ..., 31.25),
                "Take the slope there, and step from the start.",
            ),
            Mistake(
                "only x has looked ahead",
                (..., ..., 0.25**2 + 5.5**2),
                "y takes its slope at the look ahead too.",
            ),
            Mistake(
                "only y has looked ahead",
                (..., ..., 21.25),
                "x takes its slope at the look ahead too.",
            ),
            Mistake(
                "the last is the distance, not its square",
                (..., ..., 20.3125**0.5),
                "The sum of squares was asked for.",
            ),
        ),
    ),
    "20-e2": Exercise(
        asked="a function that returns z, theta and psi, after one step of both players",
        reference=dirac_step,
        cases=games,
        about="6 games, with psi and theta of both signs",
        mistakes=(
            Mistake(
                "the generator goes the wrong way",
                generator_ascends,
                "The generator wants a high score for its point. Where does the score grow?",
            ),
            Mistake(
                "the discriminator goes the wrong way",
                discriminator_descends,
                "Should the score of a made-up point rise or fall?",
            ),
            Mistake(
                "both players go the wrong way",
                both_signs,
                "Write down V, and who wants it large.",
            ),
            Mistake(
                "each player was given the slope of the other",
                slopes_swapped,
                "Differentiate V by theta: which of the two letters remains in front?",
            ),
            Mistake(
                "the discriminator sees the new theta",
                alternating,
                "Simultaneous: both use the old values.",
            ),
            Mistake(
                "the generator sees the new psi",
                discriminator_first,
                "Simultaneous: both use the old values.",
            ),
            Mistake(
                "the penalty is missing",
                penalty_forgotten,
                "Where is gamma?",
            ),
            Mistake(
                "the penalty makes psi larger",
                penalty_climbs,
                "A penalty is taken from what D maximises. Which way does it pull?",
            ),
            Mistake(
                "the penalty counts twice",
                penalty_doubled,
                "The derivative of half a square has no 2.",
            ),
            Mistake(
                "the penalty counts half",
                penalty_halved,
                "Half of psi² was to be differentiated.",
            ),
            Mistake(
                "that is the penalty itself, not its slope",
                penalty_not_differentiated,
                "Differentiate half of psi² by psi.",
            ),
            Mistake(
                "the penalty pulls the generator too",
                penalty_on_both,
                "The penalty is on the slope of D. Which parameter is that?",
            ),
            Mistake(
                "the penalty pulls the generator instead of the discriminator",
                penalty_on_the_generator,
                "The penalty is on the slope of D. Which parameter is that?",
            ),
            Mistake(
                "the penalty is not multiplied by the rate",
                penalty_without_rate,
                "The penalty is a part of the slope, and the rate multiplies the whole slope.",
            ),
            Mistake(
                "the probability is ½ at every score",
                always_a_half,
                "That is its value at the equilibrium. What is it at the score psi·theta?",
            ),
            Mistake(
                "the slope of the logarithm is missing",
                no_belief,
                "Differentiate log(1 + exp(s)) by s.",
            ),
            Mistake(
                "the slope of the score psi·theta is missing",
                score_not_differentiated,
                "The chain rule: differentiate psi·theta by theta, and by psi.",
            ),
            Mistake(
                "the probability is that of the other answer",
                doubt_for_belief,
                "The slope of log(1 + exp(s)): where is it near 1, at large or at small s?",
            ),
            Mistake(
                "the generator follows the loss used in practice",
                as_in_practice,
                "Here it minimises V itself.",
            ),
            Mistake(
                "that is the field, not the step",
                slope_only,
                "Where are the players after the step?",
            ),
            Mistake(
                "theta and psi are returned in the wrong order",
                order_swapped,
                "Which of the two was to come first?",
            ),
        ),
    ),
    "20-e3": Exercise(
        asked="two rates: the limits of simultaneous and of alternating steps, to within 1 %",
        reference=(TOGETHER, IN_TURN),
        tests=(
            "Test it: run a thousand steps with a rate 2 % below, and 2 % above.",
            "Test it: run a thousand steps with a rate 2 % below, and 2 % above.",
        ),
        rtol=0.01,
        mistakes=(
            Mistake(
                "the two rates have changed places",
                (IN_TURN, TOGETHER),
                "Which of the two allows the larger rate?",
            ),
            Mistake(
                "that is 2 over the size of the eigenvalues",
                (2 / SIZE, ...),
                "The eigenvalues are complex. Their real part decides.",
            ),
            Mistake(
                "that is 1 over the size of the eigenvalues",
                (1 / SIZE, ...),
                "The eigenvalues are complex. Their real part decides.",
            ),
            Mistake(
                "y goes down its own square",
                (2 * 0.15 / (4 - 0.04), ...),
                "y climbs V. Which way does −0.05y² pull it?",
            ),
            Mistake(
                "that is 2 over the larger of the two curvatures",
                (2 / 0.4, ...),
                "The term xy turns. It cannot be left out.",
            ),
            Mistake(
                "that is 2 over the real part of the eigenvalues",
                (2 / 0.25, ...),
                "Divide by the square of the size of the eigenvalues.",
            ),
            Mistake(
                "the 2 is missing",
                (TOGETHER / 2, ...),
                "Look at the limit once more, and at the derivative of 0.2x².",
            ),
            Mistake(
                "that is the limit of the extragradient method",
                (AHEAD, ...),
                "No look ahead here: both step at once from where they are.",
            ),
            Mistake(
                "the second is the limit of the extragradient method",
                (..., AHEAD),
                "No look ahead here: y sees where x has gone, and x does not see y.",
            ),
            Mistake(
                "the derivatives of the squares lack their 2",
                (..., limit(squares_without_their_2)),
                "Differentiate 0.2x² and 0.05y² once more.",
            ),
            Mistake(
                "the square of y has the wrong sign in its step",
                (..., limit(square_of_y_descends)),
                "y climbs V. Which way does −0.05y² pull it?",
            ),
            Mistake(
                "that is the limit without the two squares",
                (..., 1.0),
                "For 2xy alone it would be so. The squares change it.",
            ),
            Mistake(
                "that is the ratio of the two",
                (..., IN_TURN / TOGETHER),
                "The rate itself was asked for.",
            ),
        ),
    ),
}
