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
