"""The exercises of chapter 11."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def conjugate(H, g, steps, *, beta=None, length=None, product=None, residual=None, turn=1):
    """Conjugate gradients; what a mistake changes is passed in."""
    s, r = np.zeros_like(g), np.array(g)
    p = r
    for _ in range(steps):
        Hp = H @ (p if product is None else product(p, r))
        size = (r @ r) / (p @ Hp) if length is None else length(r, p, Hp)
        s = s + size * p
        before, r = r, r - size * Hp if residual is None else residual(r, size * Hp)
        ratio = (r @ r) / (before @ before) if beta is None else beta(r, before)
        p = r + turn * ratio * p
    return s


def in_coordinates(
    H, g, steps, *, scale=None, matrix=None, right=None, back=None, solver=conjugate, **slip
):
    """The same for u, where s = scale · u: the root of 1 / diag(H), if no mistake changes it."""
    root = np.diagonal(H) ** -0.5
    scale = root if scale is None else scale(root)
    K = scale[:, None] * H * scale if matrix is None else matrix(H, root)
    u = solver(K, (scale if right is None else right(root)) * g, steps, **slip)
    return (scale if back is None else back(root)) * u


def solve(H, g, steps):
    return in_coordinates(H, g, steps)


def systems(rng):
    """One to six equations in round numbers; at most as many steps, and mostly fewer.

    So no residual vanishes before the last step, and the way counts.
    """
    yield np.array([[2.0]]), rng.uniform(0.5, 2.0, 1).round(2), 1
    a, b = rng.permutation([2.0, 5.0])
    for steps in (1, 2):  # can be followed by hand
        yield np.array([[a, 1.0], [1.0, b]]), np.array([float(rng.integers(2, 5)), 1.0]), steps
    for d, steps in ((2, 1), (3, 2), (4, 2), (4, 3), (6, 4)):
        A = rng.standard_normal((d, d))
        units = 2.0 ** rng.permutation(np.arange(-1, d - 1))
        H = units[:, None] * (A @ A.T / d + np.diag(rng.uniform(0.3, 1.0, d))) * units
        yield H.round(2), rng.standard_normal(d).round(2), steps


def changed(**how):
    """A slip in the change of coordinates, or in the conjugate gradients there."""
    return lambda H, g, steps: in_coordinates(H, g, steps, **how)


def one(root):
    return np.ones_like(root)


def square(root):
    return root**2


PRODUCTS = {"rz": lambda r, z: r @ z, "rr": lambda r, z: r @ r, "zz": lambda r, z: z @ z}


def with_z(*, first=True, later=True, length="rz", beta="rz", scale=square):
    """The same without u, by z = r / diag(H); ``first`` and ``later`` directions begin with z."""

    def answer(H, g, steps):
        scales = scale(np.diagonal(H) ** -0.5)
        s, r = np.zeros_like(g), np.array(g)
        z = scales * r
        p = z if first else r
        for _ in range(steps):
            Hp = H @ p
            size, before = PRODUCTS[length](r, z) / (p @ Hp), PRODUCTS[beta](r, z)
            s, r = s + size * p, r - size * Hp
            z = scales * r
            p = (z if later else r) + PRODUCTS[beta](r, z) / before * p
        return s

    return answer


def first_direction_overwritten(H, g, steps):
    s, r = np.zeros_like(g), np.array(g)
    p = r
    for _ in range(steps):
        Hp, before = H @ p, r @ r
        size = before / (p @ Hp)
        s = s + size * p
        r -= size * Hp  # into p as well, as long as the two are one array
        p = r + (r @ r) / before * p
    return s


def one_name_for_both_residuals(H, g, steps):
    s, r = np.zeros_like(g), np.array(g)
    p = r
    for _ in range(steps):
        Hp, before = H @ p, r
        size = (r @ r) / (p @ Hp)
        s = s + size * p
        r -= size * Hp  # into ``before`` as well
        p = r + (r @ r) / (before @ before) * p
    return s


def jacobis_iteration(H, g, steps):
    s = np.zeros_like(g)
    for _ in range(steps):
        s = s + (g - H @ s) / np.diagonal(H)
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
        asked="a function that returns the point of conjugate gradients in Jacobi's coordinates",
        reference=solve,
        cases=systems,
        about="1 to 6 equations, 1 to 4 steps",
        mistakes=(
            Mistake(
                "those are conjugate gradients in the old coordinates",
                conjugate,
                "What does one step give for a diagonal H? In Jacobi's coordinates it gives the "
                "solution.",
            ),
            Mistake(
                "that is u, not yet s",
                changed(back=one),
                "You solved for u. What is s, if s = D^(1/2) u?",
            ),
            Mistake(
                "u was multiplied by D, not by its root",
                changed(back=square),
                "s = D^(1/2) u, and D has 1 over the diagonal.",
            ),
            Mistake(
                "u was divided by D^(1/2), not multiplied",
                changed(back=lambda root: 1 / root),
                "s = D^(1/2) u. For a diagonal H one step must give g / diag(H).",
            ),
            Mistake(
                "the right side is still g",
                changed(right=one),
                "Put s = D^(1/2) u into ½ sᵀHs − gᵀs. What stands before u in the second term?",
            ),
            Mistake(
                "the right side is D g, not D^(1/2) g",
                changed(right=square),
                "Put s = D^(1/2) u into ½ sᵀHs − gᵀs. What stands before u in the second term?",
            ),
            Mistake(
                "D itself stands on both sides of H, not its root",
                changed(scale=square),
                "Is the diagonal of your new matrix 1?",
            ),
            Mistake(
                "D itself stands on both sides of H, its root elsewhere",
                changed(scale=square, right=lambda root: root, back=lambda root: root),
                "Is the diagonal of your new matrix 1?",
            ),
            Mistake(
                "that is D H, which is not symmetric",
                changed(matrix=lambda H, root: root[:, None] ** 2 * H, right=square, back=one),
                "Conjugate gradients need a symmetric matrix. Half of D on each side keeps it so.",
            ),
            Mistake(
                "the columns got both factors, the rows none",
                changed(matrix=lambda H, root: H * root * root),
                "`H * a` multiplies the columns. For the rows a must stand in a column: `a[:, "
                "None]`.",
            ),
            Mistake(
                "the rows got both factors, the columns none",
                changed(matrix=lambda H, root: root[:, None] * H * root[:, None]),
                "`a[:, None] * H` multiplies the rows. What multiplies the columns?",
            ),
            Mistake(
                "it is multiplied by the diagonal where it should be divided",
                changed(scale=lambda root: 1 / root),
                "Is the diagonal of your new matrix 1?",
            ),
            Mistake(
                "the products of the residual are rᵀr, not rᵀz",
                with_z(length="rr", beta="rr"),
                "In u the residual is D^(1/2) r. What is its square, in r and z?",
            ),
            Mistake(
                "the length of the step has rᵀr, not rᵀz",
                with_z(length="rr"),
                "In u the residual is D^(1/2) r. What is its square, in r and z?",
            ),
            Mistake(
                "beta has rᵀr, not rᵀz",
                with_z(beta="rr"),
                "In u the residual is D^(1/2) r. What is its square, in r and z?",
            ),
            Mistake(
                "the products are zᵀz, not rᵀz",
                with_z(length="zz", beta="zz"),
                "In u the residual is D^(1/2) r. What is its square, in r and z?",
            ),
            Mistake(
                "beta has zᵀz, not rᵀz",
                with_z(beta="zz"),
                "In u the residual is D^(1/2) r. What is its square, in r and z?",
            ),
            Mistake(
                "the first direction is r, not z",
                with_z(first=False),
                "Seen in s, the steepest direction in u is D r.",
            ),
            Mistake(
                "the later directions begin with r, not with z",
                with_z(later=False),
                "Seen in s, the steepest direction in u is D r.",
            ),
            Mistake(
                "the directions are made of r, not of z",
                with_z(first=False, later=False),
                "Seen in s, the steepest direction in u is D r.",
            ),
            Mistake(
                "z is r over the root of the diagonal",
                with_z(scale=lambda root: root),
                "One root comes from going to u, another from coming back.",
            ),
            Mistake(
                "every step goes along the residual: that is steepest descent",
                changed(beta=lambda r, before: 0.0),
                "The next direction also contains a part of the last one.",
            ),
            Mistake(
                "that is Jacobi's iteration, without conjugate directions",
                jacobis_iteration,
                "The length of a step and the next direction come from the vectors themselves.",
            ),
            Mistake(
                "beta is upside down",
                changed(beta=lambda r, before: (before @ before) / (r @ r + 1e-300)),
                "When the residual has become small, should the old direction count more?",
            ),
            Mistake(
                "the old direction is added whole",
                changed(beta=lambda r, before: 1.0),
                "Which two residuals does beta compare? Keep the old square before r is new.",
            ),
            Mistake(
                "the first direction changes with the residual",
                changed(solver=first_direction_overwritten),
                "After `p = r` both names belong to one array, and `r -= …` writes into it.",
            ),
            Mistake(
                "both residuals are one array, so beta is always 1",
                changed(solver=one_name_for_both_residuals),
                "After `before = r` both names belong to one array, and `r -= …` writes into it.",
            ),
            Mistake(
                "beta is a ratio of lengths, not of their squares",
                changed(beta=lambda r, before: np.sqrt((r @ r) / (before @ before))),
                "Which power makes the new direction conjugate to the old one?",
            ),
            Mistake(
                "the length of the step knows no curvature",
                changed(length=lambda r, p, Hp: (r @ r) / (p @ p)),
                "Along p the function is a parabola. Where is its minimum?",
            ),
            Mistake(
                "the length of the step has p twice above the line",
                changed(length=lambda r, p, Hp: (p @ p) / (p @ Hp)),
                "The slope along p is rᵀp, which equals rᵀr. It is not pᵀp.",
            ),
            Mistake(
                "H is multiplied with the residual, not with the direction",
                changed(product=lambda p, r: r),
                "You move along p. How does the gradient change along p?",
            ),
            Mistake(
                "the residual grows by the step, it does not shrink",
                changed(residual=lambda r, step: r + step),
                "The residual is g − H s. What does a step of s do to it?",
            ),
            Mistake(
                "beta has the wrong sign",
                changed(turn=-1),
                "Put p = r + β p_old into pᵀ H p_old = 0, and solve for β.",
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
                "it makes one step too many",
                lambda H, g, steps: solve(H, g, min(steps + 1, len(g))),
                "How often does your loop run?",
            ),
            Mistake(
                "the sign is wrong",
                lambda H, g, steps: -solve(H, g, steps),
                "The result should solve H s = g, not H s = −g.",
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
