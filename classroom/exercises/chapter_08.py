"""The exercises of chapter 08."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def walk(curvature, theta, rates, beta, look_ahead):
    """Steps on half the sum of curvature times square; ``look_ahead(g, b, old, beta)`` is one."""
    b = np.zeros_like(theta)
    for lr in rates:
        g, old = curvature * theta, b
        b = beta * old + g
        theta = theta - lr * look_ahead(g, b, old, beta)
    return theta


def nesterov(curvature, theta, rates, beta):
    """Nesterov's momentum with the rate outside the buffer."""
    return walk(curvature, theta, rates, beta, lambda g, b, old, beta: g + beta * b)


def valleys(rng):
    """Valleys of one to five directions; the rates of all but the first change."""
    first, second = rng.integers(1, 9, size=2).astype(float)
    # The first two are shown: numbers to reckon with.
    yield np.array([1.0]), np.array([first]), np.array([0.2, 0.1]), 0.5
    yield np.array([2.0]), np.array([second]), np.array([0.1, 0.05, 0.02]), 0.8
    for d, steps, beta in ((2, 4, 0.9), (3, 8, 0.6), (5, 20, 0.95), (4, 12, 0.3)):
        curvature = rng.uniform(0.2, 1.0, d)
        rates = 0.3 * rng.uniform(0.2, 1.0, steps)
        yield curvature, rng.standard_normal(d), rates, beta


def heavy_ball(curvature, theta, rates, beta):
    return walk(curvature, theta, rates, beta, lambda g, b, old, beta: b)


def beta_forgotten(curvature, theta, rates, beta):
    return walk(curvature, theta, rates, beta, lambda g, b, old, beta: g + b)


def gradient_left_out(curvature, theta, rates, beta):
    return walk(curvature, theta, rates, beta, lambda g, b, old, beta: beta * b)


def first_step_not_ahead(curvature, theta, rates, beta):
    theta, b = np.asarray(theta), None
    for lr in rates:
        g = curvature * theta
        step = g if b is None else g + beta * (beta * b + g)
        b = g if b is None else beta * b + g
        theta = theta - lr * step
    return theta


def rate_inside(curvature, theta, rates, beta):
    v = np.zeros_like(theta)
    for lr in rates:
        g = curvature * theta
        v = beta * v - lr * g
        theta = theta + beta * v - lr * g
    return theta


def gradient_weighted(curvature, theta, rates, beta):
    b = np.zeros_like(theta)
    for lr in rates:
        g = curvature * theta
        b = beta * b + (1 - beta) * g
        theta = theta - lr * (g + beta * b)
    return theta


def all_weighted(curvature, theta, rates, beta):
    return nesterov(curvature, theta, (1 - beta) * np.asarray(rates), beta)


def half_gradient(curvature, theta, rates, beta):
    return nesterov(curvature / 2, theta, rates, beta)


def first_step_alone(curvature, theta, rates, beta):
    return nesterov(curvature, theta, rates[:1], beta)


def scalar_product(curvature, theta, rates, beta):
    b = np.zeros_like(theta)
    for lr in rates:
        g = curvature @ theta
        b = beta * b + g
        theta = theta - lr * (g + beta * b)
    return theta


def gradient_never_renewed(curvature, theta, rates, beta):
    b, g = np.zeros_like(theta), curvature * theta
    for lr in rates:
        b = beta * b + g
        theta = theta - lr * (g + beta * b)
    return theta


def beta_before_the_gradient(curvature, theta, rates, beta):
    return walk(curvature, theta, rates, beta, lambda g, b, old, beta: beta * g + b)


def gradient_ahead(curvature, theta, rates, beta):
    v = np.zeros_like(theta)
    for lr in rates:
        v = beta * v - lr * curvature * (theta + beta * v)
        theta = theta + v
    return theta


def look_ahead_without_its_form(curvature, theta, rates, beta):
    b = np.zeros_like(theta)
    for lr in rates:
        b = beta * b + curvature * (theta - lr * beta * b)
        theta = theta - lr * b
    return theta


def step_in_two_parts(curvature, theta, rates, beta):
    b = np.zeros_like(theta)
    for lr in rates:
        b = beta * b + curvature * theta
        theta = theta - lr * b
        theta = theta - lr * beta * b
    return theta


def double_gradient(curvature, theta, rates, beta):
    return nesterov(2 * curvature, theta, rates, beta)


def climbs(curvature, theta, rates, beta):
    return nesterov(curvature, theta, -np.asarray(rates), beta)


def first_rate_always(curvature, theta, rates, beta):
    return nesterov(curvature, theta, np.full(len(rates), rates[0]), beta)


def two_heavy_balls(curvature, theta, rates, beta):
    b = np.zeros_like(theta)
    for lr in rates:
        for _ in range(2):
            b = beta * b + curvature * theta
            theta = theta - lr * b
    return theta


def ahead_twice(curvature, theta, rates, beta):
    b = np.zeros_like(theta)
    for lr in rates:
        g = curvature * (theta - lr * beta * b)
        b = beta * b + g
        theta = theta - lr * (g + beta * b)
    return theta


def steps_needed(restart, *, left=1e-10, distance=False):
    """Steps of Nesterov's method with a growing memory, until so little is left of the loss."""
    lam = np.geomspace(1e-4, 1, 10)
    weights = np.ones(10) if distance else lam
    x = theta = np.ones(10)
    k = t = 0
    while weights @ x**2 > left * weights.sum():
        g = lam * theta
        new = theta - g
        if restart and g @ (new - x) > 0:
            k = 0
        theta = new + k / (k + 3) * (new - x)
        x, k, t = new, k + 1, t + 1
    return t


def steps_of_gradient_descent():
    lam, t = np.geomspace(1e-4, 1, 10), np.arange(100_000)[:, None]
    left = (1 - lam) ** (2 * t) @ lam
    return int((left <= 1e-10 * lam.sum()).argmax())


WITHOUT, WITH = steps_needed(False), steps_needed(True)

EXERCISES = {
    "08-e1": Exercise(
        asked="two limits, the heavy ball's and Nesterov's, and a factor per step",
        reference=(5 / 8, 5 / 12, 1 / 2),
        tests=(
            "Test it: make a hundred steps of the heavy ball on the steepest direction, at a rate "
            "1 % below this one and at one 1 % above. Only the second should run away.",
            "Test it: make a hundred of Nesterov's steps on the steepest direction, at a rate 1 % "
            "below this one and at one 1 % above. Only the second should run away.",
            "Test it: give the 2 by 2 matrix of the heavy ball to `np.linalg.eigvals`, for each "
            "of the two curvatures. How large are the eigenvalues?",
        ),
        mistakes=(
            Mistake(
                "the two limits have changed places",
                (5 / 12, 5 / 8, ...),
                "Which of the two methods takes the larger first step?",
            ),
            Mistake(
                "the first is the limit of gradient descent",
                (1 / 2, ..., ...),
                "With momentum the limit moves. Where does the recursion have a root of −1?",
            ),
            Mistake(
                "L is missing in the limits",
                (5 / 2, 5 / 3, ...),
                "The theorem speaks of ηλ. Which direction leaves first?",
            ),
            Mistake(
                "the first is the end of the plateau, not the limit",
                (9 / 16, ..., ...),
                "Beyond the plateau the factor grows. Has it reached 1 at its end?",
            ),
            Mistake(
                "the second is the limit of gradient descent",
                (..., 1 / 2, ...),
                "Nesterov's limit depends on β.",
            ),
            Mistake(
                "the second is the end of Nesterov's range of complex roots",
                (..., 1 / 4, ...),
                "Beyond ηλ = 1 the roots are real, and may still be smaller than 1.",
            ),
            Mistake(
                "the first is not what the theorem says",
                (3 / 8, ..., ...),
                "At the limit the recursion has a root of −1. Which sign does β get there?",
            ),
            Mistake(
                "both limits are half as large as they should be",
                (5 / 16, 5 / 24, ...),
                "Without momentum, β = 0, both should be 2/L.",
            ),
            Mistake(
                "the factor is β, not what the theorem says",
                (..., ..., 1 / 4),
                "β is the product of the two roots. They are complex here: how large is one?",
            ),
            Mistake(
                "the factor is that of gradient descent",
                (..., ..., 7 / 10),
                "You used |1 − ηλ|. Are the rates ημ and ηL on the plateau?",
            ),
        ),
    ),
    "08-e2": Exercise(
        asked="a function that makes Nesterov's steps and returns the last theta",
        reference=nesterov,
        cases=valleys,
        about="1 to 5 directions, 2 to 20 rates, momentum 0.3 to 0.95",
        mistakes=(
            Mistake(
                "that is the heavy ball",
                heavy_ball,
                "Where does your step look ahead? Adding the gradient to the old buffer does not.",
            ),
            Mistake(
                "the buffer is not multiplied by beta in the step",
                beta_forgotten,
                "How much of the buffer would be left after one more step without a gradient?",
            ),
            Mistake(
                "the gradient itself is missing in the step",
                gradient_left_out,
                "The step has two parts. The buffer is the second.",
            ),
            Mistake(
                "the first step does not look ahead",
                first_step_not_ahead,
                "The first step is like all others, from a buffer of zeros.",
            ),
            Mistake(
                "the rate is inside the buffer",
                rate_inside,
                "When the rate changes, which rate do old gradients get in your buffer? In a "
                "difference of two points, too, they keep the one that they had.",
            ),
            Mistake(
                "the gradient enters the buffer with the weight 1 − beta",
                gradient_weighted,
                "Compare your buffer after one step with the gradient.",
            ),
            Mistake(
                "all steps are 1 − beta times too short",
                all_weighted,
                "With beta at 0.9, is your first step ten times shorter than it should be?",
            ),
            Mistake(
                "the gradient is half as large as it should be",
                half_gradient,
                "Differentiate ½cθ² with respect to θ: what becomes of the ½?",
            ),
            Mistake(
                "only the first rate is used",
                first_step_alone,
                "Where does your `return` stand? Inside the loop it ends the run in the first "
                "step.",
            ),
            Mistake(
                "all coordinates have the same gradient",
                scalar_product,
                "`@` adds up over the coordinates. Each should have its own curvature times its "
                "own θ.",
            ),
            Mistake(
                "the gradient is never computed again",
                gradient_never_renewed,
                "Does θ stay where it is? Print the gradient in every step.",
            ),
            Mistake(
                "beta stands before the gradient, not before the buffer",
                beta_before_the_gradient,
                "How much of the buffer would be left after one more step without a gradient?",
            ),
            Mistake(
                "the gradient is taken at a point ahead of theta",
                gradient_ahead,
                "In the form that is asked, the gradient is taken at θ itself, and the rate stands "
                "outside the buffer.",
            ),
            Mistake(
                "the gradient is taken ahead of theta, and theta is what is returned",
                look_ahead_without_its_form,
                "In the form that is asked, the gradient is taken at θ itself, and θ is the point "
                "that looks ahead.",
            ),
            Mistake(
                "the step is made in two parts",
                step_in_two_parts,
                "You take the whole buffer, and then beta times the buffer. The first part of the "
                "step is the gradient alone.",
            ),
            Mistake(
                "the gradient is twice as large as it should be",
                double_gradient,
                "Differentiate ½cθ² with respect to θ: what becomes of the ½?",
            ),
            Mistake(
                "it climbs",
                climbs,
                "Descent subtracts.",
            ),
            Mistake(
                "the first rate is used in every step",
                first_rate_always,
                "Each step has a rate of its own: go through `rates`.",
            ),
            Mistake(
                "two steps of the heavy ball for each rate",
                two_heavy_balls,
                "One gradient a step is enough.",
            ),
            Mistake(
                "it looks ahead twice",
                ahead_twice,
                "In this form theta is the look-ahead point already. Where is the gradient taken?",
            ),
        ),
    ),
    "08-e3": Exercise(
        asked="two numbers of steps, without restart and with it, counted exactly",
        reference=(WITHOUT, WITH),
        tests=(
            "Test it: print f(x)/f(x₀) after this number of steps without a restart, and after "
            "one fewer. Only the first should be at most 10⁻¹⁰.",
            "Test it: print f(x)/f(x₀) after this number of steps with restarts, and after one "
            "fewer. Only the first should be at most 10⁻¹⁰.",
        ),
        mistakes=(
            Mistake(
                "the two have changed places",
                (WITH, WITHOUT),
                "Is it the one with restarts that is slower?",
            ),
            Mistake(
                "the loss has fallen by a factor of 10⁵ only",
                (steps_needed(False, left=1e-5), steps_needed(True, left=1e-5)),
                "Compare the losses, not their square roots.",
            ),
            Mistake(
                "the distance is measured, not the loss",
                (..., steps_needed(True, distance=True)),
                "Along flat directions a long way is a small loss.",
            ),
            Mistake(
                "one step too few",
                (WITHOUT - 1, WITH - 1),
                "In the first step k is 0. And f is asked at x, not at θ.",
            ),
            Mistake(
                "k counts from 1",
                (WITHOUT - 1, 859),
                "In the first step k is 0, and after a restart it is 0 again.",
            ),
            Mistake(
                "the restart comes one step late",
                (..., 860),
                "Set k to 0, not to 1, and *before* θ is computed. And does your test ask what the "
                "question asks?",
            ),
            Mistake(
                "the gradient is taken at x",
                (7580, 846),
                "The question says where: g is the gradient at which of the two points?",
            ),
            Mistake(
                "the test is not relative",
                (4160, 851),
                "How large is f at the start? The loss has to fall to a share of that.",
            ),
            Mistake(
                "the curvatures are spaced evenly, but not on a log scale",
                (382, 404),
                "Print your ten λ. By which factor does each differ from the next?",
            ),
            Mistake(
                "the memory is one step shorter than asked",
                (5647, 1086),
                "Look at the fraction in front of the last move: what stands below k?",
            ),
            Mistake(
                "the second is gradient descent, which has no memory",
                (..., steps_of_gradient_descent()),
                "You restart nearly always. Which sign of the test says that the move is uphill?",
            ),
            Mistake(
                "that is gradient descent along the flattest direction",
                (115_124, 115_124),
                "Where is the memory, k/(k + 3)? And the loss is a sum over all ten directions.",
            ),
            Mistake(
                "there is no restart in the second",
                (..., WITHOUT),
                "Does your test ever hold? Print the steps in which it does.",
            ),
            Mistake(
                "the first is gradient descent, which has no memory",
                (steps_of_gradient_descent(), ...),
                "Between restarts, or without them, does your k ever grow?",
            ),
        ),
    ),
}
