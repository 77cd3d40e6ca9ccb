"""Every exercise, and every mistake of its catalogue, as students of different names meet them."""

import copy
import sys

import numpy as np
import pytest

from classroom import judging
from classroom.exercises import collect
from classroom.hand_out import private
from classroom.judging import NOT_WRITTEN, RIGHT, WRONG, Observation, cases_for, judge, observe

EXERCISES = collect()
FUNCTIONS = sorted(label for label, exercise in EXERCISES.items() if exercise.cases)
VALUES = sorted(set(EXERCISES) - set(FUNCTIONS))
STUDENTS = ("", "Ada Lovelace", "4711")
SHOWN_ENTRIES = 12  # of the smallest case
MOST_ENTRIES = 1000  # of all cases of an exercise
MOST_CALLS = 1_000_000  # of functions, in one check

each_label = pytest.mark.parametrize("label", sorted(EXERCISES))
each_function = pytest.mark.parametrize("label", FUNCTIONS)
each_mistake = pytest.mark.parametrize(
    ("label", "mistake"),
    [
        pytest.param(label, mistake, id=f"{label}: {mistake.key}")
        for label, exercise in sorted(EXERCISES.items())
        for mistake in exercise.mistakes
    ],
)


def verdict(label, answer, student=""):
    """What this student is told about an answer."""
    exercise = EXERCISES[label]
    cases = cases_for(exercise, label, student)
    if exercise.cases is None:
        return judge(exercise, cases, [Observation(judging.plain(answer))])
    with np.errstate(all="ignore"):
        return judge(exercise, cases, observe(answer, cases))


def made_by(label, mistake):
    return private.made_by(EXERCISES[label], mistake)


def perturbed(value):
    """A value that is not ``value``, by more than any tolerance, and nobody's usual mistake."""
    if isinstance(value, tuple):
        return (perturbed(value[0]), *value[1:])
    return np.asarray(value) + 0.123 + np.pi * np.abs(value)


def outside_the_catalogue(label):
    reference = EXERCISES[label].reference
    if callable(reference):
        return lambda *arguments: perturbed(reference(*arguments))
    return perturbed(reference)


@each_label
def test_reference_is_right(label):
    for student in STUDENTS:
        said = verdict(label, EXERCISES[label].reference, student)
        assert (said.status, said.hint, said.mistake) == (RIGHT, None, None)
        assert EXERCISES[label].about in said.headline


@each_label
def test_stub_is_not_written_and_says_what_is_asked(label):
    asked = EXERCISES[label].asked
    assert asked and len(asked) <= 90
    stubs = [...]
    if label in FUNCTIONS:
        stubs.append(lambda *arguments: ...)
    for stub in stubs:
        said = verdict(label, stub)
        assert said == (NOT_WRITTEN, NOT_WRITTEN, (f"asked: {asked}",), None, None)


@each_label
def test_catalogue_is_filled(label):
    mistakes = EXERCISES[label].mistakes
    assert len(mistakes) >= (4 if label in FUNCTIONS else 3)
    keys = [mistake.key for mistake in mistakes]
    assert len(set(keys)) == len(keys), "a key names one mistake"
    assert not set(keys) & set(judging.GENERAL)
    for mistake in mistakes:
        assert mistake.hint[-1] in ".?", "a hint is a sentence"


@each_mistake
def test_mistake_gets_its_own_hint(label, mistake):
    for student in STUDENTS:
        said = verdict(label, made_by(label, mistake), student)
        assert said.mistake == mistake.key
        assert (said.status, said.hint) == (WRONG, mistake.hint)
        assert said.headline == f"wrong — {mistake.key}"


@each_label
def test_other_answer_gets_a_small_counterexample(label):
    said = verdict(label, outside_the_catalogue(label))
    tests = EXERCISES[label].tests
    assert (said.status, said.mistake, said.hint) == (WRONG, None, tests[0] if tests else None)
    text = "\n".join(said.details)
    assert "expected: " in text and "got: " in text
    if label in FUNCTIONS:
        cases = cases_for(EXERCISES[label], label)
        smallest = min(map(judging.entries, cases))
        assert smallest <= SHOWN_ENTRIES
        first, *_ = judging.names(EXERCISES[label])
        assert said.details[0].startswith(f"{first} = ")


@pytest.mark.parametrize("label", VALUES)
def test_each_result_of_a_value_can_be_tested(label):
    exercise = EXERCISES[label]
    right = exercise.reference if type(exercise.reference) is tuple else (exercise.reference,)
    assert len(exercise.tests) == len(right)
    for place, test in enumerate(exercise.tests):
        wrong = list(right)
        wrong[place] = perturbed(right[place])
        said = verdict(label, tuple(wrong) if len(wrong) > 1 else wrong[0])
        assert (said.mistake, said.hint) == (None, test)


@pytest.mark.parametrize("label", VALUES)
def test_a_wrong_value_does_not_reveal_the_right_one(label):
    exercise = EXERCISES[label]
    said = verdict(label, outside_the_catalogue(label))
    assert judging.show(exercise.reference) not in "\n".join(said.details)


@each_function
def test_inputs_are_a_students_own(label):
    exercise = EXERCISES[label]

    def drawn(student):
        cases = cases_for(exercise, label, student)
        return "\n".join(judging.show(case) for case in cases)

    assert drawn("Ada Lovelace") == drawn(" ada  lovelace ")
    assert len({drawn(student) for student in (*STUDENTS, "Grace Hopper")}) == 4


@each_function
def test_an_input_that_is_changed_is_named(label):
    exercise = EXERCISES[label]
    changed = set()

    def careless(*arguments):
        right = exercise.reference(*copy.deepcopy(arguments))
        for name, value in zip(judging.names(exercise), arguments, strict=False):
            if type(value) is list:
                value.pop()
            elif type(value) is np.ndarray:
                value += 1
            else:
                continue
            changed.add(name)
            return right
        return right

    said = verdict(label, careless)
    assert (said.status, said.mistake) == (WRONG, "changes its inputs")
    assert said.details[-1].endswith(f": {changed.pop()}")
    assert not changed


def calls_made_by(work):
    """How many functions are called, in Python and in C: the same on every machine."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


@each_label
def test_a_check_is_little_work(label):
    """So that a student need not wait for it: small inputs, and no more than MOST_CALLS calls."""
    exercise = EXERCISES[label]
    assert judging.entries(cases_for(exercise, label)) <= MOST_ENTRIES
    made = [made_by(label, mistake) for mistake in exercise.mistakes]
    for answer in (exercise.reference, outside_the_catalogue(label), *made):
        assert calls_made_by(lambda answer=answer: verdict(label, answer)) <= MOST_CALLS
