"""The exercises of chapter 12."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def cross_entropy(scores, labels, *, log_p=None, slope=None, size=None):
    """Mean softmax cross-entropy and its gradient; what a mistake changes is passed in."""
    log_p = log_softmax(scores) if log_p is None else log_p(scores)
    truth = labels[:, None] == np.arange(scores.shape[1])
    gradient = np.exp(log_p) - truth if slope is None else slope(log_p, truth)
    size = len(labels) if size is None else size(scores)
    return -log_p[truth].sum() / size, gradient / size


def log_softmax(scores):
    shifted = scores - scores.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def scored(rng):
    """Few samples of two to four classes; then scores in the thousands, and rows far apart."""
    yield rng.uniform(-2, 2, (1, 2)).round(2), rng.integers(2, size=1)
    yield rng.uniform(-2, 2, (2, 3)).round(2), rng.permutation(3)[:2]
    yield rng.uniform(-2, 2, (2, 2)).round(2), rng.permutation(2)
    yield np.array([[1.0, 0.0], [0.0, 1.0]]) * rng.integers(2000, 4000), np.array([0, 0])
    yield np.array([[0.0, 1.0], [-3000.0, -3001.0]]), rng.permutation(2)
    yield rng.uniform(-3, 3, (5, 4)).round(2), rng.permutation(np.array([0, 1, 2, 3, 0]))
    large, labels = rng.uniform(-900, 900, (6, 3)).round(), rng.permutation([0, 1, 2, 2, 1, 0])
    large[0, labels[0]] = rng.integers(800, 900)  # above 709 the exponential overflows
    yield large, labels


def overflows(scores, labels):
    return cross_entropy(
        scores, labels, log_p=lambda z: np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))
    )


def log_of_rounded(scores, labels):
    return cross_entropy(scores, labels, log_p=lambda z: np.log(np.exp(log_softmax(z))))


def clipped(low):
    """The probabilities are ``low`` at least."""

    def answer(scores, labels):
        return cross_entropy(
            scores, labels, log_p=lambda z: np.log(np.maximum(np.exp(log_softmax(z)), low))
        )

    return answer


def scores_clipped(high, low=None):
    """No score is above ``high``, nor below ``low``."""

    def answer(scores, labels):
        return cross_entropy(np.clip(scores, -high if low is None else low, high), labels)

    return answer


def of_rows(numbers):
    return numbers.sum(axis=1, keepdims=True)


def largest_of_rows(scores):
    return scores.max(axis=1, keepdims=True)


def taken(largest=largest_of_rows, total=of_rows, *, of_p=False):
    """The softmax with another number in place of the largest score or of the sum of a row.

    The logarithm is taken of the sum, or of p.
    """

    def answer(scores, labels):
        shifted = scores - largest(scores)
        sums = total(np.exp(shifted))
        p = np.exp(shifted) / sums
        log_p = np.log(p) if of_p else shifted - np.log(sums)
        truth = labels[:, None] == np.arange(scores.shape[1])
        return -log_p[truth].mean(), (p - truth) / len(labels)

    return answer


KEEPDIMS = (
    "One number a row must stand in a column, of shape (n, 1), to meet its own row: numpy aligns "
    "shapes from the right."
)
ONE_SUM = "Add up the probabilities of each row of your softmax. What should they give?"
SLIPS = (
    (
        "the largest of all scores is subtracted, not that of each row",
        {"largest": np.max},
        "What is left of a row whose scores are all far below those of another?",
    ),
    (
        "the largest of each column is subtracted, not that of each row",
        {"largest": lambda z: z.max(axis=0)},
        "One sample is one row: from all its scores the same number must be taken.",
    ),
    (
        "the largest scores were taken without keepdims",
        {"largest": lambda z: z.max(axis=1)},
        KEEPDIMS,
    ),
    ("the sums were taken without keepdims", {"total": lambda e: e.sum(axis=1)}, KEEPDIMS),
    (
        "the largest scores and the sums were taken without keepdims",
        {"largest": lambda z: z.max(axis=1), "total": lambda e: e.sum(axis=1)},
        KEEPDIMS,
    ),
    ("the sum runs over all rows", {"total": np.sum}, ONE_SUM),
    (
        "largest score and sum are those of all rows together",
        {"largest": np.max, "total": np.sum},
        ONE_SUM,
    ),
    (
        "the sum runs over all rows, and large scores overflow",
        {"largest": lambda z: 0, "total": np.sum},
        ONE_SUM,
    ),
)


def columns_of_all_labels(*, loss=False, gradient=False):
    """``[:, labels]`` in place of ``[rows, labels]``, in the loss or in the gradient or in both."""

    def answer(scores, labels):
        value, slope = cross_entropy(scores, labels)
        log_p = log_softmax(scores)
        if loss:
            value = -log_p[:, labels].mean()
        if gradient:
            slope = np.exp(log_p)
            slope[:, labels] -= 1
            slope = slope / len(labels)
        return value, slope

    return answer


def labels_from_one(scores, labels):
    return cross_entropy(scores, (labels - 1) % scores.shape[1])  # -1 is the last column


def columns_from_one(scores, labels):
    log_p = log_softmax(scores)
    truth = labels[:, None] == np.arange(1, scores.shape[1] + 1)
    return -(log_p * truth).sum() / len(labels), (np.exp(log_p) - truth) / len(labels)


def over_samples(scores, labels):
    return cross_entropy(scores, labels, log_p=lambda z: log_softmax(z.T).T)


def softmax_twice(scores, labels):
    return cross_entropy(scores, labels, log_p=lambda z: log_softmax(np.exp(log_softmax(z))))


def summed(scores, labels):
    return cross_entropy(scores, labels, size=lambda z: 1)


def gradient_summed(scores, labels):
    loss, gradient = cross_entropy(scores, labels)
    return loss, gradient * len(labels)


def over_all_entries(scores, labels):
    return cross_entropy(scores, labels, size=lambda z: z.size)


def gradient_turned(scores, labels):
    loss, gradient = cross_entropy(scores, labels)
    return loss, -gradient


def loss_turned(scores, labels):
    loss, gradient = cross_entropy(scores, labels)
    return -loss, gradient


def truth_forgotten(scores, labels):
    return cross_entropy(scores, labels, slope=lambda log_p, truth: np.exp(log_p))


def label_alone(scores, labels):
    return cross_entropy(scores, labels, slope=lambda log_p, truth: truth * (np.exp(log_p) - 1))


def minus_label(scores, labels):
    loss, _ = cross_entropy(scores, labels)
    p = np.exp(log_softmax(scores))
    return loss, (p - labels[:, None]) / len(labels)


def largest_left_out(scores, labels):
    log_p = log_softmax(scores)
    loss = (log_p - scores + scores.max(axis=1, keepdims=True))[:, 0]
    truth = labels[:, None] == np.arange(scores.shape[1])
    return (-loss - scores[truth]).mean(), (np.exp(log_p) - truth) / len(labels)


TRAIN_X, TRAIN_Y = np.array([-3.0, -2, -1, 1, 2, 3]), np.array([-1.0, -1, -1, 1, 1, 1])
HELD_X = np.array([-3.0, -2, -1, 1, 2, 3, 4, 5])
HELD_Y = np.array([-1.0, -1, 1, 1, 1, 1, 1, 1])


def held_losses(size):
    """Losses on the held-out samples before every step, and w at the end; b stays 0.

    The gradient is divided by ``size``.
    """
    w, seen = 0.0, []
    for _ in range(1000):
        seen.append(np.logaddexp(0, -HELD_Y * HELD_X * w).mean())
        push = np.exp(-np.logaddexp(0, TRAIN_Y * TRAIN_X * w))
        w = w + 0.1 * (push @ (TRAIN_X * TRAIN_Y)) / size
    return np.array(seen), w


SEEN, END = held_losses(len(TRAIN_X))
STEPS = float(SEEN.argmin())
TAUS = np.geomspace(0.1, 100, 20_001)
COOLED = np.logaddexp(0, -HELD_Y * HELD_X * END / TAUS[:, None]).mean(axis=1)
TAU = float(TAUS[COOLED.argmin()])

EXERCISES = {
    "12-e1": Exercise(
        asked="a derivative, a probability and the growth of w",
        reference=(3 / 4, 1 / 12, float(np.log(100))),
        tests=(
            "Test it: write the loss as a function of z. Put in the z of these odds, and a z that "
            "is larger by 0.001.",
            "Test it: of 10,000 people, how many are ill and get such an answer, and how many are "
            "healthy and get it? Let it be nine times as frequent among the ill.",
            "Test it: run the descent, and look at w after 10,000 and after a million steps.",
        ),
        mistakes=(
            Mistake(
                "the sign is turned: that pushes the score up",
                (-3 / 4, ..., ...),
                "The label is −1. Should the score rise or fall, and which sign subtracts?",
            ),
            Mistake(
                "that is the derivative for the label +1",
                (-1 / 4, ..., ...),
                "What is [y = 1] when the label is −1?",
            ),
            Mistake(
                "that is the probability of the label that came, not the slope",
                (1 / 4, ..., ...),
                "The slope is the size of the error of the probability of +1.",
            ),
            Mistake(
                "p − y was taken with y = −1",
                (7 / 4, ..., ...),
                "In p − [y = 1] the bracket is 0 or 1, never −1.",
            ),
            Mistake(
                "that is the loss, not its derivative",
                (float(np.log(4)), ..., ...),
                "Differentiate the loss with respect to z.",
            ),
            Mistake(
                "the odds were taken for the score",
                (float(1 / (1 + np.exp(-3))), ..., ...),
                "The score is the logarithm of the odds.",
            ),
            Mistake(
                "odds of 3 to 1 were read as a probability of a third",
                (1 / 3, ..., ...),
                "3 to 1: three parts for +1, one against, four together.",
            ),
            Mistake(
                "those are the odds, not the probability",
                (..., 1 / 11, ...),
                "Odds of 1 to 11 are one part of how many?",
            ),
            Mistake(
                "the probability was multiplied by the share",
                (..., 0.9 * 0.01, ...),
                "A share multiplies the odds, not the probability.",
            ),
            Mistake(
                "the odds were multiplied by the share, not by its odds",
                (..., 0.09 / 1.09, ...),
                "The shares are 1 % and 99 %. What is their ratio?",
            ),
            Mistake(
                "those are odds, and they were multiplied by the share, not by its odds",
                (..., 0.09, ...),
                "The shares are 1 % and 99 %. What is their ratio? Then turn odds into p.",
            ),
            Mistake(
                "the odds were multiplied by how much rarer the ill are, the healthy were left",
                (..., 0.18 / 1.18, ...),
                "The ill count less in truth, by 1 % to 50 %. And the healthy?",
            ),
            Mistake(
                "that is the part of the ill, and it was not divided by both parts",
                (..., 0.018, ...),
                "0.9 times 1 % over 50 %. Do the same for the healthy. What is the sum of both?",
            ),
            Mistake(
                "the correction went the wrong way",
                (..., 891 / 892, ...),
                "In truth the ill are rarer than in the training. Does that raise the probability?",
            ),
            Mistake(
                "balanced training already gives the true probability",
                (..., 0.9, ...),
                "By Bayes' rule other shares move the log-odds. Among whom does the patient live?",
            ),
            Mistake(
                "the correction was made to p, not to its log-odds",
                (..., float(0.9 - np.log(99)), ...),
                "Can a probability be below zero? Subtract from z.",
            ),
            Mistake(
                "that is the log-odds, not the probability",
                (..., float(np.log(1 / 11)), ...),
                "Turn the log-odds into a probability.",
            ),
            Mistake(
                "the sample that is farther away decides",
                (..., ..., float(np.log(100) / 2)),
                "Which loss is larger after a long time, that with the margin 2w or with w?",
            ),
            Mistake(
                "the margins were averaged",
                (..., ..., float(np.log(100) / 1.5)),
                "After a long time one of the two losses is negligible. Which?",
            ),
            Mistake(
                "that is twice as much: the bound, not the limit",
                (..., ..., float(2 * np.log(100))),
                "The upper bound on the length is not reached. What is the limit?",
            ),
            Mistake(
                "the logarithm has the base ten",
                (..., ..., 2.0),
                "log is the natural logarithm.",
            ),
            Mistake(
                "w was taken to grow like t",
                (..., ..., 100.0),
                "How fast does the gradient shrink while w grows?",
            ),
        ),
    ),
    "12-e2": Exercise(
        asked="a function that returns the mean softmax cross-entropy and its gradient",
        reference=cross_entropy,
        cases=scored,
        about="1 to 6 samples, 2 to 4 classes, scores up to 4000",
        mistakes=(
            Mistake(
                "large scores overflow",
                overflows,
                "Adding one number to all scores of a row changes nothing. Which number makes the "
                "largest exponent 0?",
            ),
            Mistake(
                "the logarithm is taken of a probability that was rounded to zero",
                log_of_rounded,
                "The logarithm of p is a difference: compute it without p.",
            ),
            *(
                Mistake(
                    f"p is clipped at {low:g}, or that is added: a large loss comes out too small",
                    clipped(low),
                    "The logarithm of p is a difference: compute it without p, and nothing has to "
                    "be clipped.",
                )
                for low in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16, 1e-20, 1e-300)
            ),
            *(
                Mistake(
                    f"the scores are clipped at ±{high}, and a large loss comes out too small",
                    scores_clipped(high),
                    "Two scores above the limit become equal. What did the model say about them? "
                    "Subtract one number from the whole row instead.",
                )
                for high in (20, 30, 50, 88, 100, 200, 300, 500, 600, 700, 709, 1000)
            ),
            *(
                Mistake(key + also, taken(**slip, of_p=of_p), hint)
                for key, slip, hint in SLIPS
                for also, of_p in (("", False), (", and the logarithm is that of p", True))
            ),
            Mistake(
                "the softmax runs over the samples, not over the classes",
                over_samples,
                "Which axis should the probabilities add up to 1 along?",
            ),
            Mistake(
                "the softmax is applied twice",
                softmax_twice,
                "The loss is computed from scores, and the probabilities are no scores.",
            ),
            Mistake(
                "both are sums over the samples, not means",
                summed,
                "Would the loss of the same sample given twice be the same?",
            ),
            Mistake(
                "the gradient is that of the sum",
                gradient_summed,
                "The loss is a mean. What does that do to its gradient?",
            ),
            Mistake(
                "the mean was taken over all entries, not over the samples",
                over_all_entries,
                "There is one loss a sample. How many of them are there?",
            ),
            Mistake(
                "the sign of the gradient is turned",
                gradient_turned,
                "Raise the score of the right class: the loss falls.",
            ),
            Mistake(
                "the sign of the loss is turned",
                loss_turned,
                "Can the logarithm of a probability be above zero? Can a loss be below?",
            ),
            Mistake(
                "the gradient is p alone",
                truth_forgotten,
                "For a model that is sure and right the gradient is nearly zero.",
            ),
            Mistake(
                "1 is subtracted in the columns of all labels, in every row",
                columns_of_all_labels(gradient=True),
                "`p[:, labels]` means all rows. For row i you want the column labels[i] alone: "
                "index with two lists of the same length.",
            ),
            Mistake(
                "every row's loss is taken at the labels of all rows",
                columns_of_all_labels(loss=True),
                "`[:, labels]` means all rows. For row i you want the column labels[i] alone: "
                "index with two lists of the same length.",
            ),
            Mistake(
                "loss and gradient take all rows at the labels of all",
                columns_of_all_labels(loss=True, gradient=True),
                "`[:, labels]` means all rows. For row i you want the column labels[i] alone: "
                "index with two lists of the same length.",
            ),
            Mistake(
                "the labels are taken to count from 1",
                labels_from_one,
                "The first class is 0, and so is the first column. What does the column -1 mean?",
            ),
            Mistake(
                "the columns are counted from 1",
                columns_from_one,
                "The first class is 0. Which of your columns is true for it?",
            ),
            Mistake(
                "the gradient has the labels' columns only",
                label_alone,
                "Raise the score of a wrong class: does the loss stay?",
            ),
            Mistake(
                "the label was subtracted as a number",
                minus_label,
                "[k = y] is 1 in the column of the label, and 0 in the others.",
            ),
            Mistake(
                "the largest score was subtracted, and never added back",
                largest_left_out,
                "log Σ exp(z) is M + log Σ exp(z − M). Take the score of the label less M too.",
            ),
        ),
    ),
    "12-e3": Exercise(
        asked="a number of steps and a temperature, both to within 1 %",
        reference=(STEPS, TAU),
        tests=(
            "Test it: is the held-out loss higher two steps earlier, and two steps later?",
            "Test it: is the held-out loss higher at a temperature 5 % lower, and 5 % higher?",
        ),
        rtol=0.01,
        mistakes=(
            Mistake(
                "the count is one too high: the start has made no step",
                (STEPS + 1, ...),
                "How many steps have been made when you first look at the loss?",
            ),
            Mistake(
                "the training loss was used, which falls to the end",
                (1000.0, ...),
                "Which samples is the question about?",
            ),
            Mistake(
                "the gradient is a sum over the samples, not a mean",
                (float(held_losses(1)[0].argmin()), ...),
                "The rate belongs to the mean loss.",
            ),
            Mistake(
                "that is one over the temperature",
                (..., 1 / TAU),
                "The scores are divided by τ. The model is too sure: should they shrink or grow?",
            ),
            Mistake(
                "no temperature was chosen",
                (..., 1.0),
                "Try 2: what does the loss on the held-out samples do?",
            ),
            Mistake(
                "a temperature below 1 makes the model surer: was it found on training samples?",
                (..., 0.5),
                "All training samples are right by now, so they ask for a τ of 0 and you meet the "
                "end of your grid. Which samples does the question name?",
                rtol=1,
            ),
            Mistake(
                "that is w after cooling, not the temperature",
                (..., END / TAU),
                "By which number do you divide the w of the end?",
            ),
            Mistake(
                "that is the w of the end, not the temperature",
                (..., END),
                "By which number must this w be divided?",
            ),
        ),
    ),
}
