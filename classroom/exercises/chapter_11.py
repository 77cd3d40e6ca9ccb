"""The exercises of chapter 11."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def solve(H, g, steps, *, beta=None, length=None, product=None):
    """Conjugate gradients; what a mistake changes is passed in."""
    s, r = np.zeros_like(g), np.array(g)
    p = r
    for _ in range(steps):
        Hp = H @ (p if product is None else product(p, r))
        along = (r @ r) / (p @ Hp) if length is None else length(r, p, Hp)
        s = s + along * p
        before, r = r, r - along * Hp
        ratio = (r @ r) / (before @ before) if beta is None else beta(r, before)
        p = r + ratio * p
    return s


def systems(rng):
    """One to six equations in round numbers; at most as many steps.

    So no residual vanishes before the last step.
    """
    yield np.array([[2.0]]), rng.uniform(0.5, 2.0, 1).round(2), 1
    a, b = rng.permutation([2.0, 3.0])
    for steps in (1, 2):  # can be followed by hand
        yield np.array([[a, 1.0], [1.0, b]]), np.array([float(rng.integers(1, 4)), 0.0]), steps
    for d, steps in ((2, 1), (2, 2), (3, 2), (4, 3), (6, 4)):
        A = rng.standard_normal((d, d))
        H = A @ A.T / d + np.diag(rng.uniform(0.3, 1.0, d))
        yield H.round(2), rng.standard_normal(d).round(2), steps


def steepest(H, g, steps):
    return solve(H, g, steps, beta=lambda r, before: 0.0)


def beta_upside_down(H, g, steps):
    return solve(H, g, steps, beta=lambda r, before: (before @ before) / (r @ r + 1e-300))


def beta_without_squares(H, g, steps):
    return solve(H, g, steps, beta=lambda r, before: np.sqrt((r @ r) / (before @ before)))


def beta_of_one(H, g, steps):
    return solve(H, g, steps, beta=lambda r, before: 1.0)


def first_direction_overwritten(H, g, steps):
    s, r = np.zeros_like(g), np.array(g)
    p = r
    for _ in range(steps):
        Hp, before = H @ p, r @ r
        along = before / (p @ Hp)
        s = s + along * p
        r -= along * Hp  # into p as well, as long as the two are one array
        p = r + (r @ r) / before * p
    return s


def length_without_curvature(H, g, steps):
    return solve(H, g, steps, length=lambda r, p, Hp: (r @ r) / (p @ p))


def length_from_p(H, g, steps):
    return solve(H, g, steps, length=lambda r, p, Hp: (p @ p) / (p @ Hp))


def product_of_residual(H, g, steps):
    return solve(H, g, steps, product=lambda p, r: r)


def uphill(H, g, steps):
    return -solve(H, g, steps)


def changed(*, along=None, residual=None, direction=None):
    """Conjugate gradients in which one of the three lines of a step is another."""

    def run(H, g, steps):
        s, r = np.zeros_like(g), np.array(g)
        p = r
        for _ in range(steps):
            length = along(H, r, p) if along else (r @ r) / (p @ H @ p)
            s, before = s + length * p, r @ r
            r = residual(H, r, p, length) if residual else r - length * (H @ p)
            beta = (r @ r) / before
            p = direction(g, r, p, beta) if direction else r + beta * p
        return s

    return run


def one_name_for_both_residuals(H, g, steps):
    s, r = np.zeros_like(g), np.array(g)
    p = r
    for _ in range(steps):
        Hp, before = H @ p, r
        length = (r @ r) / (p @ Hp)
        s = s + length * p
        r -= length * Hp  # into ``before`` as well
        p = r + (r @ r) / (before @ before) * p
    return s


def descent(H, g, steps):
    s = np.zeros_like(g)
    for _ in range(steps):
        s = s + (g - H @ s) / np.linalg.eigvalsh(H)[-1]
    return s


def one_too_many(H, g, steps):
    s, r, p = np.array(g), g - H @ g, g - H @ g
    for _ in range(steps):
        if not r @ r > 0:
            break
        Hp = H @ p
        along = (r @ r) / (p @ Hp)
        s, before, r = s + along * p, r, r - along * Hp
        p = r + (r @ r) / (before @ before) * p
    return s


def damped(theta, damping):
    """Newton's step on log cosh with a damped second derivative."""
    return theta - np.tanh(theta) / (1 / np.cosh(theta) ** 2 + damping)


def least_damping(reach=2.0):
    """Above which no step from a point between 0 and 3 is ``reach`` times as long as its way."""
    theta = np.linspace(1e-3, 3, 300_001)
    return float((np.tanh(theta) / (reach * theta) - 1 / np.cosh(theta) ** 2).max())


def steps_needed(damping, level=1e-6, start=3.0):
    theta, t = start, 0
    while abs(theta) > level:
        theta, t = damped(theta, damping), t + 1
    return t


LEAST, NO_OVERSHOOT = least_damping(), least_damping(reach=1.0)
INTO_REACH = float(np.tanh(3) / (3 + 1.0886594924826531) - 1 / np.cosh(3) ** 2)
FIRST_STEP_ONLY = float(np.tanh(3) / 6 - 1 / np.cosh(3) ** 2)
STEPS = steps_needed(1.0)

EXERCISES = {
    "11-e1": Exercise(
        asked="a factor per step, a condition number and a number of steps",
        reference=(2 / 3, 3.0, 3.0),
        tests=(
            "Test it: make Newton's step from θ = 1 and divide where it ends by 1.",
            "Test it: scale the matrix in numpy, and divide its two eigenvalues.",
            "Test it: run the chapter's conjugate gradients on such a diagonal matrix.",
        ),
        mistakes=(
            Mistake(
                "the factor is that of a quadratic, where Newton arrives at once",
                (0.0, ..., ...),
                "Is the second derivative the same everywhere?",
            ),
            Mistake(
                "the factor is what is taken away, not what is left",
                (1 / 3, ..., ...),
                "You have the length of the step over θ. Where does the step end?",
            ),
            Mistake(
                "the step is added, not subtracted",
                (4 / 3, ..., ...),
                "Newton's step goes against the gradient.",
            ),
            Mistake(
                "that is how many times shorter, not the factor",
                (3 / 2, ..., ...),
                "Divide where the step ends by where it began.",
            ),
            Mistake(
                "that is the largest eigenvalue",
                (..., 3 / 2, ...),
                "A condition number compares two eigenvalues.",
            ),
            Mistake(
                "that is the root of the condition number",
                (..., 3**0.5, ...),
                "Here the ratio of the eigenvalues is asked, not of their roots.",
            ),
            Mistake(
                "the condition number is that of H, before Jacobi, or of D H D",
                (..., float((5 + 13**0.5) / (5 - 13**0.5)), ...),
                "After Jacobi both diagonal entries are 1.",
            ),
            Mistake(
                "a ratio of singular values, not of eigenvalues",
                (..., float(np.linalg.cond([[1, 1 / 4], [1, 1]])), ...),
                "D H is not symmetric, and `np.linalg.cond` takes singular values. P^(1/2) stands "
                "on both sides.",
            ),
            Mistake(
                "the condition number is upside down",
                (..., 1 / 3, ...),
                "Can a condition number be below 1?",
            ),
            Mistake(
                "the off-diagonal entry was divided by H₁₁, not by the root of H₁₁ H₂₂",
                (..., 5 / 3, ...),
                "P^(1/2) stands on both sides: each side gives one root.",
            ),
            Mistake(
                "only the ratio of the diagonal is left",
                (..., 4.0, ...),
                "That is what Jacobi removes. What about the entry off the diagonal?",
            ),
            Mistake(
                "the off-diagonal entry was forgotten",
                (..., 1.0, ...),
                "A diagonal cannot remove correlation.",
            ),
            Mistake(
                "the steps are as many as directions",
                (..., ..., 5.0),
                "Do equal eigenvalues need a root of the polynomial each?",
            ),
            Mistake(
                "one less than the number of directions",
                (..., ..., 4.0),
                "Which eigenvalues must the polynomial vanish at?",
            ),
            Mistake(
                "that is Newton's number of steps",
                (..., ..., 1.0),
                "Conjugate gradients see H through products only.",
            ),
            Mistake(
                "the eigenvalues that stand alone were counted",
                (..., ..., 2.0),
                "An eigenvalue that comes twice still counts once.",
            ),
        ),
    ),
    "11-e2": Exercise(
        asked="a function that returns the point of conjugate gradients after some steps",
        reference=solve,
        cases=systems,
        about="1 to 6 equations, 1 to 4 steps",
        mistakes=(
            Mistake(
                "every step goes along the residual: that is steepest descent",
                steepest,
                "The next direction also contains a part of the last one.",
            ),
            Mistake(
                "beta is upside down",
                beta_upside_down,
                "When the residual has become small, should the old direction count more?",
            ),
            Mistake(
                "the old direction is added whole",
                beta_of_one,
                "Which two residuals does beta compare? Keep the old square before r is new.",
            ),
            Mistake(
                "the first direction changes with the residual",
                first_direction_overwritten,
                "After `p = r` both names belong to one array, and `r -= …` writes into it.",
            ),
            Mistake(
                "beta is a ratio of lengths, not of their squares",
                beta_without_squares,
                "Which power makes the new direction conjugate to the old one?",
            ),
            Mistake(
                "the length of the step knows no curvature",
                length_without_curvature,
                "Along p the function is a parabola. Where is its minimum?",
            ),
            Mistake(
                "the length of the step has p twice above the line",
                length_from_p,
                "The slope along p is rᵀp, which equals rᵀr. It is not pᵀp.",
            ),
            Mistake(
                "the length takes the curvature along the residual",
                changed(along=lambda H, r, p: (r @ r) / (r @ H @ r)),
                "You move along p, so the curvature along p decides.",
            ),
            Mistake(
                "the residual grows by the step, it does not shrink",
                changed(residual=lambda H, r, p, length: r + length * (H @ p)),
                "The residual is g − H s. What does a step of s do to it?",
            ),
            Mistake(
                "beta has the wrong sign",
                changed(direction=lambda g, r, p, beta: r - beta * p),
                "Put p = r + β p_old into pᵀ H p_old = 0, and solve for β.",
            ),
            Mistake(
                "every direction begins with g, not with the residual",
                changed(direction=lambda g, r, p, beta: g + beta * p),
                "The new direction is made of the new residual and the old direction.",
            ),
            Mistake(
                "beta compares with the first residual, not with the last",
                changed(direction=lambda g, r, p, beta: r + (r @ r) / (g @ g) * p),
                "Which two residuals does beta compare?",
            ),
            Mistake(
                "both residuals are one array, so beta is always 1",
                one_name_for_both_residuals,
                "After `before = r` both names belong to one array, and `r -= …` writes into it.",
            ),
            Mistake(
                "that is the solution, whatever the number of steps",
                lambda H, g, steps: np.linalg.solve(H, g),
                "After one step the method is not there yet.",
            ),
            Mistake(
                "one step is missing",
                lambda H, g, steps: solve(H, g, steps - 1),
                "How often does your loop run?",
            ),
            Mistake(
                "that is gradient descent",
                descent,
                "The length of a step and the next direction come from the vectors themselves.",
            ),
            Mistake(
                "H is multiplied with the residual, not with the direction",
                product_of_residual,
                "You move along p. How does the gradient change along p?",
            ),
            Mistake(
                "the sign is wrong",
                uphill,
                "The result should solve H s = g, not H s = −g.",
            ),
            Mistake(
                "it starts from g, not from zero",
                one_too_many,
                "Before the first step s is a vector of zeros.",
            ),
        ),
    ),
    "11-e3": Exercise(
        asked="the least damping, and the steps that damping 1 takes, both to within 1 %",
        reference=(LEAST, float(STEPS)),
        tests=(
            "Test it: with 2 % more damping a long run must end at 0, with 2 % less it must not.",
            "Test it: is |θ| above the level one step earlier?",
        ),
        rtol=0.01,
        mistakes=(
            Mistake(
                "the first step is safe with this damping, a later one is not",
                (FIRST_STEP_ONLY, ...),
                "With your damping, run 1000 steps. Does it end, or go to and fro?",
            ),
            Mistake(
                "the first step need not land where full steps would converge",
                (INTO_REACH, ...),
                "The next step is damped too. With less damping, does the run still end at 0?",
            ),
            Mistake(
                "without damping it runs away from 3",
                (0, ...),
                "Full steps converge below the border of the chapter only. Where is 3?",
            ),
            Mistake(
                "that is safe, but far from the least",
                (0.5, ...),
                "Try half of it.",
            ),
            Mistake(
                "with that damping no step overshoots, which is more than is needed",
                (NO_OVERSHOOT, ...),
                "Must the step stay on its side of the minimum?",
            ),
            Mistake(
                "the loss is below the level, not the point",
                (..., float(steps_needed(1.0, level=2e-6**0.5))),
                "Stop by |θ|, not by what is left of f.",
            ),
            Mistake(
                "those are the steps without damping, from where that converges",
                (..., float(steps_needed(0.0, start=1.08))),
                "Damping 1 halves the error near the minimum, it does not cube it.",
            ),
            Mistake(
                "the start counts as a step",
                (..., float(STEPS + 1)),
                "Before the first step the count is 0.",
            ),
            Mistake(
                "the last step is not counted",
                (..., float(STEPS - 1)),
                "The number of the first step is 1. What does your counter say after it?",
            ),
        ),
    ),
}
