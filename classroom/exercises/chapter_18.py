"""The exercises of chapter 18."""

from itertools import combinations, permutations

import numpy as np

from classroom.exercises import Exercise, Mistake

LINE = np.array([1.3, 2.9, 5.6, 8.7, 9.7, 9.8, 17.3, 19.6, 20.8, 24.2, 29.6])


def squares(X, centres):
    return ((X[:, None] - centres) ** 2).sum(axis=-1)


def move(X, w, centres, owner, *, share=None, empty=None):
    """The centres, each moved to the weighted mean of what it owns; a mistake is passed in."""
    new = np.array(centres, dtype=float)
    for k in range(len(centres)):
        own = owner == k
        if own.any():
            total = w[own].sum() if share is None else share(w, own)
            new[k] = w[own] @ X[own] / total
        elif empty is not None:
            new[k] = empty(X, w, centres)
    return new


def weighted_step(X, w, centres):
    return move(X, w, centres, squares(X, centres).argmin(axis=1))


def weights_forgotten(X, w, centres):
    return weighted_step(X, np.ones_like(w), centres)


def divided_by_the_count(X, w, centres):
    owner = squares(X, centres).argmin(axis=1)
    return move(X, w, centres, owner, share=lambda w, own: own.sum())


def divided_by_all_weights(X, w, centres):
    owner = squares(X, centres).argmin(axis=1)
    return move(X, w, centres, owner, share=lambda w, own: w.sum())


def not_divided(X, w, centres):
    owner = squares(X, centres).argmin(axis=1)
    return move(X, w, centres, owner, share=lambda w, own: 1.0)


def empty_is_nan(X, w, centres):
    owner = squares(X, centres).argmin(axis=1)
    return move(X, w, centres, owner, empty=lambda X, w, centres: np.nan)


def empty_to_zero(X, w, centres):
    owner = squares(X, centres).argmin(axis=1)
    return move(X, w, centres, owner, empty=lambda X, w, centres: 0.0)


def empty_to_the_farthest(X, w, centres):
    distance = squares(X, centres)
    far = X[distance.min(axis=1).argmax()]
    return move(X, w, centres, distance.argmin(axis=1), empty=lambda *_: far)


def empty_left_out(X, w, centres):
    owner = squares(X, centres).argmin(axis=1)
    return move(X, w, centres, owner)[np.unique(owner)]


def farthest_owner(X, w, centres):
    return move(X, w, centres, squares(X, centres).argmax(axis=1))


def sum_of_absolute_values(X, w, centres):
    return move(X, w, centres, abs(X[:, None] - centres).sum(axis=-1).argmin(axis=1))


def weights_in_the_owner(X, w, centres):
    """The distance of a point to a centre is weighed by what the centre owned before."""
    distance = squares(X, centres)
    owned = np.bincount(distance.argmin(axis=1), weights=w, minlength=len(centres))
    return move(X, w, centres, (distance * np.maximum(owned, 1e-12)).argmin(axis=1))


def one_after_the_other(X, w, centres):
    """The owners are looked up again after every centre has moved."""
    new = np.array(centres, dtype=float)
    for k in range(len(centres)):
        own = squares(X, new).argmin(axis=1) == k
        if own.any():
            new[k] = w[own] @ X[own] / w[own].sum()
    return new


def squared_weights(X, w, centres):
    return weighted_step(X, w**2, centres)


def whole_weights(X, w, centres):
    whole = np.floor(w)
    return weighted_step(X[whole > 0], whole[whole > 0], centres)


def at_least_one(X, w, centres):
    owner = squares(X, centres).argmin(axis=1)
    return move(X, w, centres, owner, share=lambda w, own: max(w[own].sum(), 1))


def to_the_end(X, w, centres):
    for _ in range(50):
        centres = weighted_step(X, w, centres)
    return centres


def point_by_point(X, w, centres):
    """A centre moves with every point, and the next point sees it there."""
    new, given = np.array(centres, dtype=float), np.zeros(len(centres))
    for x, weight in zip(X, w, strict=True):
        k = squares(x[None], new).argmin()
        given[k] += weight
        new[k] += weight / given[k] * (x - new[k])
    return new


def owners_only(X, w, centres):
    return squares(X, centres).argmin(axis=1)


def shops(rng):
    """Two points, and three of small weight, on a line; a centre that owns nothing; up to 40."""
    yield (
        np.array([[1.0], [2.0]]) + rng.integers(0, 3),
        np.array([1.0, 3.0]),
        np.array([[0.5]]),
    )
    yield (
        np.array([[6.0], [4.0], [0.0]]) + rng.integers(0, 3),
        np.array([0.4, 0.2, 0.6]),
        np.array([[0.0], [9.0]]),
    )
    low = rng.uniform(0, 1, (5, 2)).round(2) + 1
    yield low, rng.uniform(0.5, 4, 5).round(1), np.array([[1.0, 1.0], [9.0, 9.0], [2.0, 2.0]])
    for n, d, K in ((8, 1, 2), (20, 2, 3), (40, 3, 5)):
        X = rng.standard_normal((n, d)).round(2)
        yield X, rng.uniform(0.5, 4, n).round(1), rng.standard_normal((K, d)).round(2)


def run(start, steps=12):
    centres = np.array(start)
    for _ in range(steps):
        owner = abs(LINE[:, None] - centres).argmin(axis=1)
        centres = np.array([LINE[owner == k].mean() for k in range(3)])
    return tuple(centres.round(6))


def line_loss(end):
    return (abs(LINE[:, None] - np.array(end)).min(axis=1) ** 2).mean() / 2


def ends_of(starts, steps=12):
    """How many different ends there are, and the share of each, the best end first."""
    ends = [run(start, steps) for start in starts]
    different = sorted(set(ends), key=line_loss)
    return len(different), [ends.count(end) / len(ends) for end in different]


ENDS, SHARES = ends_of(combinations(LINE, 3))
ORDERED, _ = ends_of(permutations(LINE, 3))
ONE_STEP, _ = ends_of(combinations(LINE, 3), steps=1)
TWO_STEPS, _ = ends_of(combinations(LINE, 3), steps=2)

EXERCISES = {
    "18-e1": Exercise(
        asked="a loss, a probability and a place",
        reference=(1.25, 5 / 7, 4.2),
        tests=(
            "Test it: `loss` of the chapter, with the two new centres.",
            "Test it: the probabilities of the other three points must sum to 1.",
            "Test it: call `give` of the chapter twice, with counts of 1.",
        ),
        mistakes=(
            Mistake(
                "the loss is that before the step",
                (1.75, ..., ...),
                "First the centres move. Then you measure.",
            ),
            Mistake(
                "the half is missing in the loss",
                (2.5, ..., ...),
                "Look at the definition of the loss once more.",
            ),
            Mistake(
                "the loss is the sum of squares, which scikit-learn calls inertia",
                (10.0, ..., ...),
                "The loss here is half a mean.",
            ),
            Mistake(
                "the loss is half a sum, not half a mean",
                (5.0, ..., ...),
                "How many points are there?",
            ),
            Mistake(
                "the old centres were counted among the points",
                (47 / 36, ..., ...),
                "The mean of a cluster is that of its points alone.",
            ),
            Mistake(
                "the distances are not squared in the loss",
                (0.75, ..., ...),
                "The loss is made of squares.",
            ),
            Mistake(
                "the probability is proportional to the distance, not to its square",
                (..., 10 / 18, ...),
                "How does k-means++ weigh a point twice as far away?",
            ),
            Mistake(
                "the farthest point is taken for certain",
                (..., 1.0, ...),
                "It is drawn, not chosen.",
            ),
            Mistake(
                "all points are equally likely",
                (..., 1 / 3, ...),
                "That is the first draw. What is different in the second?",
            ),
            Mistake(
                "all four points are equally likely",
                (..., 1 / 4, ...),
                "That is the first draw. What is different in the second?",
            ),
            Mistake(
                "the probability is that of the other two points",
                (..., 2 / 7, ...),
                "Which point was asked for?",
            ),
            Mistake(
                "the probability is that of another point",
                (..., 36 / 140, ...),
                "Which point was asked for?",
            ),
            Mistake(
                "a point is missing below the line",
                (..., 100 / 136, ...),
                "Which points can be drawn? Add all their squares.",
            ),
            Mistake(
                "the place is the plain mean, that of a = 1",
                (..., ..., 8 / 3),
                "With a = 3 later points weigh more.",
            ),
            Mistake(
                "the place is that of a = 2",
                (..., ..., 11 / 3),
                "Put a = 3 into the rate, and look what is subtracted below.",
            ),
            Mistake(
                "the count is taken before the point, or without the start",
                (..., ..., 5.0),
                "The count includes the start and the point that is being given.",
            ),
            Mistake(
                "both steps have the same rate",
                (..., ..., 4.875),
                "Each point that is given raises the count.",
            ),
            Mistake(
                "the rate is 3 over the count, without the 2",
                (..., ..., 6.0),
                "Look at the denominator of the rate.",
            ),
        ),
    ),
    "18-e2": Exercise(
        asked="a function that returns the centres after one step with weights",
        reference=weighted_step,
        cases=shops,
        about="2 to 40 points in 1 to 3 dimensions, 1 to 5 centres, one of them without points",
        mistakes=(
            Mistake(
                "the weights are not used",
                weights_forgotten,
                "A point with the weight 3 is three points.",
            ),
            Mistake(
                "the sum is divided by the number of points, not by their weights",
                divided_by_the_count,
                "How many points are there, if a weight of 3 means three of them?",
            ),
            Mistake(
                "the sum is divided by all weights, not by those of the cluster",
                divided_by_all_weights,
                "Whose mean is it? Which weights belong to it?",
            ),
            Mistake(
                "the weighted sum is not divided",
                not_divided,
                "A mean stays among its points.",
            ),
            Mistake(
                "the weights are squared",
                squared_weights,
                "Does each weight enter once above the line?",
            ),
            Mistake(
                "the weights are cut to whole numbers",
                whole_weights,
                "A weight may be 1.5. Can you do without copying rows?",
            ),
            Mistake(
                "a cluster whose weights sum to less than 1 is divided by 1",
                at_least_one,
                "The chapter's `np.maximum(counts, 1)` is for whole counts. What is yours?",
            ),
            Mistake(
                "it takes more than one step",
                to_the_end,
                "One step: find the owners once, move the centres once.",
            ),
            Mistake(
                "a centre that owns nothing becomes nan",
                empty_is_nan,
                "What is the mean of no points? What was asked for in that case?",
            ),
            Mistake(
                "a centre that owns nothing goes to the origin",
                empty_to_zero,
                "It should stay where it is.",
            ),
            Mistake(
                "a centre that owns nothing goes to the farthest point",
                empty_to_the_farthest,
                "That is a good rule, and not the one that was asked for.",
            ),
            Mistake(
                "a centre that owns nothing is left out",
                empty_left_out,
                "The result has as many rows as there are centres.",
            ),
            Mistake(
                "a point belongs to the farthest centre",
                farthest_owner,
                "Is it the least or the largest distance?",
            ),
            Mistake(
                "distances are sums of absolute values",
                sum_of_absolute_values,
                "The nearest centre is that with the least sum of squares.",
            ),
            Mistake(
                "the owner depends on the weights",
                weights_in_the_owner,
                "All copies of a point are in one place. Which centre is nearest to it?",
            ),
            Mistake(
                "the owners change while the centres move",
                one_after_the_other,
                "Find all owners first, with the centres that were given.",
            ),
            Mistake(
                "a centre moves with every point",
                point_by_point,
                "That is the online rule. Find all owners first, with the centres that were given.",
            ),
            Mistake(
                "it returns the owners, not the centres",
                owners_only,
                "The second half of the step is missing: where do the centres go?",
            ),
        ),
    ),
    "18-e3": Exercise(
        asked="the number of different ends, and the share that reaches the best, to within 2 %",
        reference=(float(ENDS), SHARES[0]),
        tests=(
            "Test it: one more step from each end must not move it.",
            "Test it: the shares of all ends must sum to 1.",
        ),
        rtol=0.02,
        mistakes=(
            Mistake(
                "ends that differ in the order of the centres were counted apart",
                (float(ORDERED), ...),
                "Is it another clustering if two centres change their names?",
            ),
            Mistake(
                "those are the places after one step, not where it stops",
                (float(ONE_STEP), ...),
                "Go on until nothing moves.",
            ),
            Mistake(
                "those are the places after two steps, not where it stops",
                (float(TWO_STEPS), ...),
                "Go on until nothing moves.",
            ),
            Mistake(
                "an end is missing",
                (ENDS - 1.0, ...),
                "Did you try every start, and count the ends that few of them reach?",
            ),
            Mistake(
                "an end is counted twice",
                (ENDS + 1.0, ...),
                "Round the centres before you compare them, and go on until nothing moves.",
            ),
            Mistake(
                "that is the share of the end that is reached most often",
                (..., max(SHARES)),
                "Is the most frequent end the one with the least loss?",
            ),
            Mistake(
                "that is the share of the worst end",
                (..., SHARES[-1]),
                "A lower loss is better.",
            ),
            Mistake(
                "that is the share of the second best end",
                (..., SHARES[1]),
                "Compare the losses of all ends once more.",
            ),
            Mistake(
                "that is a number of starts, not a share",
                (..., round(SHARES[0] * 165)),
                "Divide by the number of starts.",
            ),
            Mistake(
                "that is the share in per cent",
                (..., 100 * SHARES[0]),
                "A share is between 0 and 1.",
            ),
            Mistake(
                "that is one over the number of ends",
                (..., 1 / ENDS),
                "The ends are not equally likely. Count the starts.",
            ),
        ),
    ),
}
