"""Nine in ten honest wrong answers reach a named mistake or a case that a person can follow.

For a value there is no case: where it is no known mistake, the hint says how to test it.
"""

import copy
import warnings

import numpy as np
import pytest

from classroom import judging
from classroom.exercises import collect
from classroom.judging import GENERAL, WRONG, Observation, cases_for, entries, judge, observe, plain
from tests.classroom import wrong_answers
from tests.classroom.wrong_answers import ANSWERS

EXERCISES = collect()
FEW = 14  # numbers and words of a case that a person can follow


def numbers_in(value):
    """Every number in the arguments of a case, those in arrays and lists too."""
    if type(value) in (tuple, list):
        return [number for part in value for number in numbers_in(part)]
    if type(value) is judging.ITERATOR:
        return numbers_in(list(copy.copy(value)))
    return [] if isinstance(value, np.random.Generator) else np.ravel(value).tolist()


def can_be_followed(case):
    """Whether it holds few numbers, of two digits after the point at most."""
    short = all(number == round(number, 2) for number in numbers_in(case))
    return short and entries(case) <= FEW


def reached(label, answer, student="Ada"):
    """How an answer is helped, by its name, by a case, by a test or not; and what is said."""
    exercise = EXERCISES[label]
    cases = cases_for(exercise, label, student)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        seen = [Observation(plain(answer))]
        if exercise.cases is not None:
            seen = observe(answer, cases)
        verdict = judge(exercise, cases, seen)
    if verdict.status != WRONG:
        return "missed", verdict
    if verdict.mistake and (verdict.mistake not in GENERAL or GENERAL[verdict.mistake]):
        return "named", verdict
    if verdict.hint in exercise.tests:
        return "test", verdict
    shown = [
        case
        for case in cases
        if case and rows(exercise, case) == list(verdict.details[: len(case)])
    ]
    return ("case" if shown and can_be_followed(shown[0]) else "missed"), verdict


# What students met without a hint that helps, with the beginning of what they are told now.
NAMED = (
    ("11-e2", wrong_answers.as_in_the_chapter, "those are conjugate gradients in the old"),
    ("11-e2", wrong_answers.from_one_side, "that is D H"),
    ("12-e1", (3 / 4, 0.018, np.log(100)), "that is the part of the ill"),
    ("12-e2", wrong_answers.largest_of_a_column, "the largest of each column"),
    ("12-e2", wrong_answers.largest_without_keepdims, "the largest scores were taken without"),
    ("12-e2", wrong_answers.sums_without_keepdims, "the sums were taken without"),
    ("12-e2", wrong_answers.no_keepdims, "the largest scores and the sums were taken without"),
    ("12-e2", wrong_answers.all_rows_added, "the sum runs over all rows"),
    ("12-e2", wrong_answers.all_rows_added_plainly, "the sum runs over all rows, and large"),
    ("12-e2", wrong_answers.gradient_in_all_columns, "1 is subtracted in the columns of all"),
    ("12-e2", wrong_answers.all_columns, "loss and gradient take all rows"),
    ("12-e2", wrong_answers.columns_before, "the labels are taken to count from 1"),
    ("12-e2", wrong_answers.cut_at_500, "the scores are clipped at ±500"),
    ("12-e2", wrong_answers.p_cut_after_overflow, "large scores overflow"),
    ("12-e3", (33, 0.1), "a temperature below 1"),
    ("12-e3", (33, 0.01), "a temperature below 1"),
    ("13-e2", wrong_answers.b2_averaged_twice, "b2 gets a mean of what is divided"),
    ("13-e2", wrong_answers.b2_not_averaged, "b2 gets a sum over the samples"),
    ("13-e3", (2.81, 1.067, 1.067), "ε does not grow as the gradient does"),
    ("16-e1", (3 / 4, 1000, 3 / 2, 1 / 4), "the mean of the input was taken"),
    ("16-e1", (3 / 4, 1000, 26 / 9, 1 / 4), "the variance is that of a mask"),
    ("16-e2", wrong_answers.chances_exchanged, "the masks' chances are exchanged"),
    ("16-e2", wrong_answers.divided_by_rho, "what is kept is divided by ρ"),
    ("16-e2", wrong_answers.mask_variance, "the penalty has the variance of the mask"),
    ("16-e2", wrong_answers.absolute_weights, "the penalty has |w|"),
    ("16-e2", wrong_answers.masks_at_random, "near everywhere and exact nowhere"),
    ("16-e3", wrong_answers.samples_needed(0.25**0.5), "the root of 0.25"),
    ("16-e3", wrong_answers.samples_needed(1.25), "v was taken as 1.25"),
)


@pytest.mark.parametrize(("label", "answer", "begins"), NAMED)
def test_what_students_met_has_a_name_for_each_of_them(label, answer, begins):
    for student in ("", "Ada", "4711", "Grace Hopper"):
        how, verdict = reached(label, answer, student)
        assert how == "named" and (verdict.mistake or "").startswith(begins), verdict


def rows(exercise, case):
    """A case as the feedback shows it."""
    names = judging.names(exercise)
    return [judging._row(f"{name} = ", value) for name, value in zip(names, case, strict=False)]


def test_three_answers_or_more_to_every_exercise():
    assert set(ANSWERS) == set(EXERCISES)
    assert min(len(answers) for answers in ANSWERS.values()) >= 3


@pytest.fixture(autouse=True)
def impatience(monkeypatch):
    """Answers that do not end are stopped sooner than for a student."""
    monkeypatch.setattr(judging, "PATIENCE", 1)


def test_nine_in_ten_wrong_answers_are_helped():
    helped = [
        (how, label, str(answer), verdict.headline)
        for label, answers in ANSWERS.items()
        for answer in answers
        for how, verdict in [reached(label, answer)]
    ]
    others = [row for row in helped if row[0] not in ("named", "case")]
    assert len(others) <= len(helped) / 10, others
    assert not any(row[0] == "missed" for row in others), others
