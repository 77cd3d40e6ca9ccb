"""The exercises of chapter 19."""

import unicodedata

import numpy as np

from classroom.exercises import Exercise, Mistake

# The letters of the Cherokee alphabet; their names have never changed.
BEGINNING = "CHEROKEE LETTER "
ENDS = [unicodedata.name(chr(code))[len(BEGINNING) :] for code in range(0x13A0, 0x13F5)]
AMOUNTS = (0.001, 0.01, 0.1, 1, 10)
K = 39


def mixed(counts, below, gamma, *, kinds=None, total=None):
    """Rows that begin at ``below``; what a mistake counts otherwise is passed in."""
    kinds = (counts > 0).sum(axis=1, keepdims=True) if kinds is None else kinds
    total = counts.sum(axis=1, keepdims=True) if total is None else total
    start = gamma * kinds
    with np.errstate(divide="ignore", invalid="ignore"):
        return (counts + start * below) / (total + start)


def start_that_counts(counts, below, gamma):
    kinds = np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    return mixed(counts, below, gamma, kinds=kinds)


def empty_is_nan(counts, below, gamma):
    return mixed(counts, below, gamma)


def empty_is_uniform(counts, below, gamma):
    rows = start_that_counts(counts, below, gamma)
    return np.where(counts.any(axis=1, keepdims=True), rows, 1 / counts.shape[1])


def empty_is_zero(counts, below, gamma):
    return np.nan_to_num(mixed(counts, below, gamma))


def occurrences_for_kinds(counts, below, gamma):
    kinds = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return mixed(counts, below, gamma, kinds=kinds)


def absent_kinds(counts, below, gamma):
    return mixed(counts, below, gamma, kinds=(counts == 0).sum(axis=1, keepdims=True))


def kinds_of_all_rows(counts, below, gamma):
    return mixed(counts, below, gamma, kinds=(counts > 0).any(axis=0).sum())


def kinds_of_a_column(counts, below, gamma):
    """Contexts before each character, where characters after each context are asked for."""
    kinds = (counts > 0).sum(axis=0, keepdims=True)
    start = gamma * np.maximum(kinds, 1)
    return (counts + start * below) / (counts.sum(axis=1, keepdims=True) + start)


def gamma_forgotten(counts, below, gamma):
    return start_that_counts(counts, below, 1.0)


def gamma_once(counts, below, gamma):
    """Gamma above the line, and not below it."""
    kinds = np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    return (counts + gamma * kinds * below) / (counts.sum(axis=1, keepdims=True) + kinds)


def gamma_alone(counts, below, gamma):
    return mixed(counts, below, gamma, kinds=1)


def uniform_start(counts, below, gamma):
    return start_that_counts(counts, np.full(np.shape(below), 1 / counts.shape[1]), gamma)


def added_to_each(counts, below, gamma):
    """The start is not multiplied by the distribution of the shorter context."""
    return start_that_counts(counts, np.ones(np.shape(below)), gamma)


def not_divided(counts, below, gamma):
    kinds = np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    return counts + gamma * kinds * below


def only_where_missing(counts, below, gamma):
    """The shorter context is asked for characters that never came, and for no others."""
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return np.where(counts > 0, counts / total, below)


def weights_exchanged(counts, below, gamma):
    kinds = gamma * np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    total = counts.sum(axis=1, keepdims=True)
    plain = counts / np.maximum(total, 1)
    return (kinds * plain + total * below) / (total + kinds)


def divided_by_all(counts, below, gamma):
    kinds = np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    return mixed(counts, below, gamma, kinds=kinds, total=counts.sum())


def tables(rng):
    """Two characters; a context that never came; up to 30 contexts of 9 characters."""
    first = rng.integers(3, 9)
    yield np.array([[first, 0], [2, 1]]), np.array([[0.25, 0.75], [0.4, 0.6]]), 2.0
    yield np.array([[0, 0, 0], [4, 0, 1]]), rng.dirichlet(np.ones(3), 2).round(2), 0.5
    for rows, characters, gamma in ((5, 4, 1.0), (12, 6, 3.0), (30, 9, 8.0)):
        rates = rng.gamma(0.4, 6, (rows, characters))
        yield rng.poisson(rates), rng.dirichlet(np.ones(characters), rows), gamma


def pairs(ends, mark=True):
    """Numbers of all characters and of those after them, from end mark to end mark."""
    text = "\n" + "\n".join(ends) + "\n"
    ways = np.array([ord(character) for character in text])
    if mark:
        return ways[:-1], ways[1:]
    keep = ways[1:] != ord("\n")
    return ways[:-1][keep], ways[1:][keep]


def cherokee(fit, test, unit=np.log2, kinds=K, mark=True):
    """The best amount, and the price with it."""
    counts = np.zeros((128, 128))
    np.add.at(counts, pairs(fit, mark), 1)
    prices = []
    for amount in AMOUNTS:
        p = (counts + amount) / (counts.sum(axis=1, keepdims=True) + kinds * amount)
        prices.append(-unit(p[pairs(test, mark)]).mean())
    return AMOUNTS[int(np.argmin(prices))], float(min(prices)), prices


FIT, TEST = ENDS[::2], ENDS[1::2]
BEST, BITS, PRICES = cherokee(FIT, TEST)
ON_LEARNED = cherokee(FIT, FIT)
ENDLESS = cherokee(FIT, TEST, mark=False)
EXCHANGED = cherokee(TEST, FIT)
FEWER = cherokee(FIT, TEST, kinds=len(set("".join(ENDS))) + 1)

EXERCISES = {
    "19-e1": Exercise(
        asked="bits per character, and two probabilities",
        reference=(2 / 3, 1 / 24, 4 / 5),
        tests=(
            "Test it: 2 to the power of minus all bits of the name is its probability.",
            "Test it: the probabilities of the three characters after B must sum to 1.",
            "Test it: the probabilities of A, B and the end mark must sum to 1.",
        ),
        mistakes=(
            Mistake(
                "those are the bits of the whole name",
                (2.0, ..., ...),
                "Per character: how many were guessed?",
            ),
            Mistake(
                "the end mark costs, but is not counted as a character",
                (1.0, ..., ...),
                "How many guesses were made for AB?",
            ),
            Mistake(
                "the end mark before the name is counted as a guess",
                (1 / 2, ..., ...),
                "Which of the characters had to be guessed?",
            ),
            Mistake(
                "the end mark is left out",
                (np.log2(3) / 2, ..., ...),
                "When is a name finished?",
            ),
            Mistake(
                "the end mark is counted as a character, but costs nothing",
                (np.log2(3) / 3, ..., ...),
                "How likely is it that the name is over after B?",
            ),
            Mistake(
                "the price is in nats",
                (2 * np.log(2) / 3, ..., ...),
                "Which logarithm counts bits?",
            ),
            Mistake(
                "that is the probability of the name",
                (1 / 4, ..., ...),
                "How many bits is a probability of a quarter?",
            ),
            Mistake(
                "the first character is not paid for",
                (np.log2(4 / 3) / 3, ..., ...),
                "What comes before the first character of a name?",
            ),
            Mistake(
                "the start is uniform",
                (..., 1 / 9, ...),
                "The shorter context has its own counts.",
            ),
            Mistake(
                "one is added to every count",
                (..., 1 / 7, ...),
                "How much does the start weigh, and where does it lie?",
            ),
            Mistake(
                "there is no start",
                (..., 0.0, ...),
                "A after B never came. What does the start give it?",
            ),
            Mistake(
                "occurrences are counted for kinds, or the start is missing below the line",
                (..., 1 / 16, ...),
                "How many kinds came after B? Do the three probabilities sum to 1?",
            ),
            Mistake(
                "the kinds that never came are counted",
                (..., 1 / 40, ...),
                "How many different characters did come after B?",
            ),
            Mistake(
                "end marks are left out of all characters",
                (..., 1 / 15, ...),
                "The end mark is a character that is guessed, too.",
            ),
            Mistake(
                "that is the share of A among all characters",
                (..., 1 / 8, ...),
                "That is where the row begins. Then it counts.",
            ),
            Mistake(
                "the probability is divided by the temperature",
                (..., ..., 4 / 3),
                "Can a probability be larger than 1?",
            ),
            Mistake(
                "the probability is multiplied by the temperature",
                (..., ..., 1 / 3),
                "Do the probabilities still sum to 1?",
            ),
            Mistake(
                "the powers are not brought to the sum 1",
                (..., ..., 4 / 9),
                "Do the probabilities still sum to 1?",
            ),
            Mistake(
                "that is the temperature 2",
                (..., ..., 2**0.5 / (2**0.5 + 1)),
                "Is a cold model surer, or less sure?",
            ),
            Mistake(
                "the softmax is taken of probabilities, not of their logarithms",
                (..., ..., np.exp(4 / 3) / (np.exp(4 / 3) + np.exp(2 / 3) + 1)),
                "Scores are logarithms of probabilities.",
            ),
            Mistake(
                "the temperature does nothing",
                (..., ..., 2 / 3),
                "That is the temperature 1.",
            ),
            Mistake(
                "that is the probability of A",
                (..., ..., 1 / 5),
                "Which character was asked for?",
            ),
        ),
    ),
    "19-e2": Exercise(
        asked="a function that returns the rows of probabilities",
        reference=start_that_counts,
        cases=tables,
        about="2 to 30 contexts, 2 to 9 characters, contexts that never came among them",
        mistakes=(
            Mistake(
                "the row of a context that never came is nan",
                empty_is_nan,
                "What is 0/0, and what was asked for in that case?",
            ),
            Mistake(
                "a context that never came has a uniform row",
                empty_is_uniform,
                "It keeps its start. Where does it start?",
            ),
            Mistake(
                "a context that never came has a row of zeros",
                empty_is_zero,
                "Does that row sum to 1?",
            ),
            Mistake(
                "occurrences are counted for kinds",
                occurrences_for_kinds,
                "How many different characters came after a context?",
            ),
            Mistake(
                "the kinds that never came are counted",
                absent_kinds,
                "Count the characters that did come.",
            ),
            Mistake(
                "one number of kinds is used for all contexts",
                kinds_of_all_rows,
                "Every context has its own number of kinds.",
            ),
            Mistake(
                "kinds are counted along the wrong axis",
                kinds_of_a_column,
                "Which axis runs over the characters that came next?",
            ),
            Mistake(
                "gamma is not used",
                gamma_forgotten,
                "Where is the third argument?",
            ),
            Mistake(
                "gamma is above the line and not below it",
                gamma_once,
                "Do the rows sum to 1?",
            ),
            Mistake(
                "the start weighs gamma, whatever came",
                gamma_alone,
                "What is gamma multiplied by?",
            ),
            Mistake(
                "the start is uniform",
                uniform_start,
                "Where is the second argument?",
            ),
            Mistake(
                "the start is added to each character in full",
                added_to_each,
                "How is the start shared among the characters?",
            ),
            Mistake(
                "the rows are not divided",
                not_divided,
                "Do the rows sum to 1?",
            ),
            Mistake(
                "only characters that never came get something from the start",
                only_where_missing,
                "Do the rows sum to 1? All characters have the start.",
            ),
            Mistake(
                "the weights of counts and start are exchanged",
                weights_exchanged,
                "Which should weigh more in a context that came a thousand times?",
            ),
            Mistake(
                "the counts are divided by those of all contexts",
                divided_by_all,
                "Do the rows sum to 1?",
            ),
        ),
    ),
    "19-e3": Exercise(
        asked="an amount, and bits per character, to within 0.1 %",
        reference=(float(BEST), BITS),
        tests=(
            "Test it: print the price of the held-out names for all five amounts.",
            "Test it: with a huge amount the price must be near log2 of 39.",
        ),
        rtol=0.001,
        mistakes=(
            Mistake(
                "both are those of the names that were learned from",
                (ON_LEARNED[0], ON_LEARNED[1]),
                "Which names are held out?",
            ),
            Mistake(
                "the amount is the best for the names that were learned from",
                (ON_LEARNED[0], ...),
                "Choose by the names that are held out.",
            ),
            Mistake(
                "that is the price of the names that were learned from",
                (..., ON_LEARNED[1]),
                "Which names are held out?",
            ),
            Mistake(
                "the price is in nats",
                (..., BITS * np.log(2)),
                "Which logarithm counts bits?",
            ),
            Mistake(
                "end marks are left out",
                (..., ENDLESS[1]),
                "A name ends, and that is to be guessed too.",
            ),
            Mistake(
                "the two halves are exchanged",
                (..., EXCHANGED[1]),
                "The first, third, fifth … are learned from.",
            ),
            Mistake(
                "K is the number of characters in these names",
                (..., FEWER[1]),
                "The alphabet has 39 characters, whichever of them occur here.",
            ),
            Mistake(
                "that is the price with another amount",
                (..., PRICES[AMOUNTS.index(BEST) - 1]),
                "Which of the five prices is the least?",
            ),
        ),
    ),
}
