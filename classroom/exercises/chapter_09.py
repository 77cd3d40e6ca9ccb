"""The exercises of chapter 09."""

import numpy as np

from classroom.exercises import Exercise, Mistake

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


def run(theta, gradients, lr, decay, mask, step, betas=(BETA1, BETA2), pull=None):
    """AdamW with one part replaced: ``step`` of the averages, or the gradient's ``pull``."""
    m = v = np.zeros(len(theta))
    for t, g in enumerate(gradients):
        if pull is not None:
            g = g + pull * theta
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        theta = (1 - lr * decay * mask) * theta - lr * step(m, v, t + 1)
    return theta


def corrected(m, v, count, first=True, second=True):
    m_hat = m / (1 - BETA1**count) if first else m
    v_hat = v / (1 - BETA2**count) if second else v
    return m_hat / (np.sqrt(v_hat) + EPS)


def adamw(theta, gradients, lr, decay, mask):
    """The last iterate of AdamW, whose decay leaves alone what the mask leaves out."""
    return run(theta, gradients, lr, decay, mask, corrected)


def streams(rng):
    """Starts with gradients of one to six steps; in one of them the gradients are tiny."""
    # The first two are shown: numbers to reckon with.
    first, second, third = rng.integers(1, 9, size=3).astype(float)
    yield np.array([first]), np.array([[second]]), 0.1, 0.5, np.ones(1)
    gradients = np.array([[third, 1.0], [-1.0, 2.0]])
    yield np.array([first, -second]), gradients, 0.1, 0.2, np.array([1.0, 0.0])
    for size, steps, scale in ((3, 4, 3e-8), (5, 6, 10.0)):
        mask = np.ones(size)
        mask[size // 2 :] = 0.0
        theta = rng.uniform(1, 2, size) * rng.choice([-1.0, 1.0], size)
        gradients = scale * rng.uniform(0.5, 2, (steps, size)) * rng.choice([-1, 1], (steps, size))
        yield theta, gradients, rng.uniform(0.05, 0.2), rng.uniform(0.2, 0.5), mask


def never_corrected(theta, gradients, lr, decay, mask):
    return run(
        theta, gradients, lr, decay, mask, lambda m, v, k: corrected(m, v, k, first=0, second=0)
    )


def first_corrected(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, decay, mask, lambda m, v, k: corrected(m, v, k, second=0))


def second_corrected(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, decay, mask, lambda m, v, k: corrected(m, v, k, first=0))


def one_step_late(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, decay, mask, lambda m, v, k: corrected(m, v, k + 1))


def eps_under_the_root(theta, gradients, lr, decay, mask):
    def step(m, v, count):
        return m / (1 - BETA1**count) / np.sqrt(v / (1 - BETA2**count) + EPS)

    return run(theta, gradients, lr, decay, mask, step)


def eps_before_the_correction(theta, gradients, lr, decay, mask):
    def step(m, v, count):
        return m / (1 - BETA1**count) * np.sqrt(1 - BETA2**count) / (np.sqrt(v) + EPS)

    return run(theta, gradients, lr, decay, mask, step)


def root_forgotten(theta, gradients, lr, decay, mask):
    def step(m, v, count):
        return m / (1 - BETA1**count) / (v / (1 - BETA2**count) + EPS)

    return run(theta, gradients, lr, decay, mask, step)


def betas_swapped(theta, gradients, lr, decay, mask):
    def step(m, v, count):
        return m / (1 - BETA2**count) / (np.sqrt(v / (1 - BETA1**count)) + EPS)

    return run(theta, gradients, lr, decay, mask, step, (BETA2, BETA1))


def corrected_kept(theta, gradients, lr, decay, mask):
    m = v = np.zeros(len(theta))
    for t, g in enumerate(gradients):
        m = (BETA1 * m + (1 - BETA1) * g) / (1 - BETA1 ** (t + 1))
        v = (BETA2 * v + (1 - BETA2) * g**2) / (1 - BETA2 ** (t + 1))
        theta = (1 - lr * decay * mask) * theta - lr * m / (np.sqrt(v) + EPS)
    return theta


def decay_in_gradient(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, 0.0, mask, corrected, pull=decay * mask)


def everything_decays(theta, gradients, lr, decay, mask):
    return adamw(theta, gradients, lr, decay, np.ones(len(theta)))


def nothing_decays(theta, gradients, lr, decay, mask):
    return adamw(theta, gradients, lr, 0.0, mask)


def mask_inverted(theta, gradients, lr, decay, mask):
    return adamw(theta, gradients, lr, decay, 1 - mask)


def rate_missing(theta, gradients, lr, decay, mask):
    return adamw(theta, gradients, lr, decay / lr, mask) if lr else theta


def decay_after_the_step(theta, gradients, lr, decay, mask):
    m = v = np.zeros(len(theta))
    for t, g in enumerate(gradients):
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g**2
        theta = (1 - lr * decay * mask) * (theta - lr * corrected(m, v, t + 1))
    return theta


def one_array_for_both(theta, gradients, lr, decay, mask):
    m = v = np.zeros(len(theta))
    for t, g in enumerate(gradients):
        m *= BETA1
        m += (1 - BETA1) * g
        v *= BETA2
        v += (1 - BETA2) * g**2
        theta = (1 - lr * decay * mask) * theta - lr * corrected(m, v, t + 1)
    return theta


def sums_not_averages(theta, gradients, lr, decay, mask):
    def step(m, v, count):
        return corrected(m / (1 - BETA1), v / (1 - BETA2), count)

    return run(theta, gradients, lr, decay, mask, step)


def first_a_sum(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, decay, mask, lambda m, v, k: corrected(m / (1 - BETA1), v, k))


def decay_under_the_root(theta, gradients, lr, decay, mask):
    m = v = np.zeros(len(theta))
    for t, g in enumerate(gradients):
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g**2
        m_hat, v_hat = m / (1 - BETA1 ** (t + 1)), v / (1 - BETA2 ** (t + 1))
        theta = theta - lr * (m_hat + decay * mask * theta) / (np.sqrt(v_hat) + EPS)
    return theta


def everything_in_the_gradient(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, 0.0, mask, corrected, pull=decay)


def decay_without_theta(theta, gradients, lr, decay, mask):
    def step(m, v, count):
        return corrected(m, v, count) + decay * mask

    return run(theta, gradients, lr, 0.0, mask, step)


def decay_grows(theta, gradients, lr, decay, mask):
    return adamw(theta, gradients, lr, -decay, mask)


def corrected_as_at_first(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, decay, mask, lambda m, v, k: corrected(m, v, 1))


def mask_on_theta(theta, gradients, lr, decay, mask):
    m = v = np.zeros(len(theta))
    for t, g in enumerate(gradients):
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g**2
        theta = (1 - lr * decay) * mask * theta - lr * corrected(m, v, t + 1)
    return theta


def gradient_for_the_average(theta, gradients, lr, decay, mask):
    v = np.zeros(len(theta))
    for t, g in enumerate(gradients):
        v = BETA2 * v + (1 - BETA2) * g**2
        root = np.sqrt(v / (1 - BETA2 ** (t + 1))) + EPS
        theta = (1 - lr * decay * mask) * theta - lr * g / root
    return theta


def masked_step(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, decay, mask, lambda m, v, k: mask * corrected(m, v, k))


def counted_from_zero(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, decay, mask, lambda m, v, k: corrected(m, v, k - 1))


def columns(theta, gradients, lr, decay, mask):
    return adamw(theta, gradients.T, lr, decay, mask)


def mask_as_places(theta, gradients, lr, decay, mask):
    return theta[mask]


def climbs(theta, gradients, lr, decay, mask):
    return run(theta, gradients, lr, decay, mask, lambda m, v, k: -corrected(m, v, k))


EXERCISES = {
    "09-e1": Exercise(
        asked="four numbers: the first change over the rate, with both, none, only m, only v",
        reference=(1.0, 1.5, 6.0, 0.25),
        tests=(
            "Test it: compute both averages after the one gradient, divide each by its own 1 − β, "
            "and put them into the step.",
            "Test it: compute both averages after the one gradient, and put them into the step as "
            "they are.",
            "Test it: compute both averages after the one gradient, divide the first by 1 − β₁, "
            "and put them into the step.",
            "Test it: compute both averages after the one gradient, divide the second by 1 − β₂, "
            "and put them into the step.",
        ),
        mistakes=(
            Mistake(
                "all four have the wrong sign",
                (-1.0, -1.5, -6.0, -0.25),
                "The gradient is negative. Which way is down?",
            ),
            Mistake(
                "a step that is as long as the gradient",
                (8.0, ..., ..., ...),
                "What is divided by what? If the gradient were twice as large, so would the root.",
            ),
            Mistake(
                "the last two have changed places",
                (..., ..., 0.25, 6.0),
                "If only m is corrected, it has its full size, and the root is still too small.",
            ),
            Mistake(
                "without correction nothing changes",
                (..., 1.0, ..., ...),
                "Both averages are too small, but not by the same factor. Compute each of them.",
            ),
            Mistake(
                "the root is missing in the denominator",
                (..., 9 / 8, 9 / 2, 1 / 32),
                "v averages squares. What has the unit of a gradient?",
            ),
            Mistake(
                "the root of the share is missing",
                (..., 9.0, 36.0, ...),
                "v holds 1/36 of the square. Which share of the gradient is its root?",
            ),
            Mistake(
                "the last is rounded",
                (1.0, 1.5, 6.0, 0.3),
                "Write the fraction.",
            ),
            *(
                Mistake(
                    f"1/36 was rounded to {share}",
                    (..., 0.25 / share**0.5, 1 / share**0.5, ...),
                    "Let Python divide, or keep the fraction: its root is a fraction too.",
                )
                for share in (0.03, 0.028, 0.0278, 0.02778)
            ),
            Mistake(
                "the quotients are upside down",
                (1.0, 2 / 3, 1 / 6, 4.0),
                "The step is the averaged gradient over the root, not the other way round.",
            ),
            Mistake(
                "the shares of the past and of the present have changed places",
                (..., 0.75 / (35 / 36) ** 0.5, 1 / (35 / 36) ** 0.5, 0.75),
                "β is the share of the past. How much of a first gradient is left?",
            ),
        ),
    ),
    "09-e2": Exercise(
        asked="a function that returns theta after the last step of AdamW",
        reference=adamw,
        cases=streams,
        about="1 to 5 coordinates, 1 to 6 steps, once with tiny gradients",
        mistakes=(
            Mistake(
                "the averages are not corrected",
                never_corrected,
                "Both start at zero. By which factor are they too small after the first step?",
            ),
            Mistake(
                "only the first average is corrected",
                first_corrected,
                "Look at the first step: how long is it, in units of the rate?",
            ),
            Mistake(
                "only the second average is corrected",
                second_corrected,
                "Look at the first step: how long is it, in units of the rate?",
            ),
            Mistake(
                "the correction counts one step too many",
                one_step_late,
                "After the first gradient the weights of the average add up to 1 − β.",
            ),
            Mistake(
                "the correction counts from 0",
                counted_from_zero,
                "In the first step 1 − β to the power of 0 is zero. How many gradients has the "
                "average seen by then?",
            ),
            Mistake(
                "it goes through the columns of the gradients",
                columns,
                "One step is one *row*. `for g in gradients` goes through the rows.",
            ),
            Mistake(
                "the mask is used as an index",
                mask_as_places,
                "`mask` holds the numbers 0 and 1, which are no places in θ. Multiply by it.",
            ),
            Mistake(
                "both averages stand in one array",
                one_array_for_both,
                "`m = v = np.zeros(…)` makes one array with two names, and `*=` writes into it.",
            ),
            Mistake(
                "the gradients are added up, not averaged",
                sums_not_averages,
                "How much of a gradient enters the average? The two shares add up to 1.",
            ),
            Mistake(
                "the first average is a sum",
                first_a_sum,
                "How much of a gradient enters the average? The two shares add up to 1.",
            ),
            Mistake(
                "the mask stops the whole step",
                masked_step,
                "Coordinates outside the mask do not *decay*. Should they learn nothing?",
            ),
            Mistake(
                "ε stands under the root",
                eps_under_the_root,
                "Which unit does ε have here, that of a gradient or that of its square?",
            ),
            Mistake(
                "ε is added before the second average is corrected",
                eps_before_the_correction,
                "Correct first, take the root, and add ε last.",
            ),
            Mistake(
                "the root of the second average is missing",
                root_forgotten,
                "Make every gradient ten times as large. Should the step change?",
            ),
            Mistake(
                "the two coefficients have changed places",
                betas_swapped,
                "Which of the two averages has the longer memory?",
            ),
            Mistake(
                "the corrected averages are carried on",
                corrected_kept,
                "The correction is for this step alone. What does the next average start from?",
            ),
            Mistake(
                "the decay is inside the gradient",
                decay_in_gradient,
                "Then the averages see it, and the root divides it. That is another method.",
            ),
            Mistake(
                "the decay is inside the gradient, for every coordinate",
                everything_in_the_gradient,
                "Then the averages see it, and the root divides it. That is another method. And "
                "where is the mask?",
            ),
            Mistake(
                "the root divides the decay",
                decay_under_the_root,
                "The decay stands *beside* the step: only the averaged gradient is divided.",
            ),
            Mistake(
                "the decay is not multiplied by theta",
                decay_without_theta,
                "A weight that is twice as large should shrink twice as fast.",
            ),
            Mistake(
                "the decay has the wrong sign",
                decay_grows,
                "With gradients of zero, should θ shrink or grow?",
            ),
            Mistake(
                "the correction is that of the first step, always",
                corrected_as_at_first,
                "How many gradients has the average seen after the second step?",
            ),
            Mistake(
                "the mask multiplies theta itself",
                mask_on_theta,
                "Where the mask is 0, θ should keep its value, not lose it.",
            ),
            Mistake(
                "the gradient stands where its average should",
                gradient_for_the_average,
                "Where is m in your step?",
            ),
            Mistake(
                "everything decays",
                everything_decays,
                "Where does the mask stand in your formula?",
            ),
            Mistake(
                "nothing decays",
                nothing_decays,
                "With gradients of zero, should θ stay where it is?",
            ),
            Mistake(
                "the mask is turned round",
                mask_inverted,
                "Decay where the mask is 1.",
            ),
            Mistake(
                "the decay is not multiplied by the rate",
                rate_missing,
                "Halve the rate. Should the weights shrink as fast as before?",
            ),
            Mistake(
                "the decay shrinks the step too",
                decay_after_the_step,
                "Shrink the θ you started from, not the one you arrive at.",
            ),
            Mistake(
                "it climbs",
                climbs,
                "Descent subtracts.",
            ),
        ),
    ),
    "09-e3": Exercise(
        asked="two numbers: the factors by which the floors of SGD and of Adam fall",
        reference=(16.0, 4.0),
        rtol=0.03,
        tests=(
            "Test it: print the mean loss of 64 long runs of SGD, without their beginning, for B "
            "at 16 and at 256. Divide the first by the second.",
            "Test it: print the mean loss of 64 long runs of Adam, without their beginning, for B "
            "at 16 and at 256. Divide the first by the second.",
        ),
        mistakes=(
            Mistake(
                "the two have changed places",
                (4.0, 16.0),
                "Which of the two divides by the size of the noise, and so takes longer steps "
                "when the noise is less?",
            ),
            Mistake(
                "the factors are upside down",
                (1 / 16, 1 / 4),
                "By which factor does it *fall*? Divide the higher floor by the lower one.",
            ),
            Mistake(
                "those are shares, not factors",
                (15 / 16, 3 / 4),
                "A floor that halves falls by the factor 2. Divide the higher by the lower one.",
            ),
            Mistake(
                "those are the roots of the factors",
                (4.0, 2.0),
                "Asked is the mean *loss*, not the distance from the minimum.",
            ),
            Mistake(
                "the noise falls too fast",
                (256.0, 16.4),
                "The noise of a batch has the standard deviation 1/√B. Is yours 1/B?",
            ),
            Mistake(
                "Adam's floor is not SGD's",
                (16.0, 16.0),
                "The variance of the gradient falls sixteenfold. What does Adam divide it by?",
            ),
            Mistake(
                "SGD does not divide by the noise",
                (4.0, 4.0),
                "The floor of SGD goes with the variance of the gradient, not with its root.",
            ),
            Mistake(
                "Adam's floor does fall",
                (16.0, 1.0),
                "Its steps keep their length. But how often do they cancel? Measure it.",
            ),
        ),
    ),
}
