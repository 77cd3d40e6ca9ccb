"""What a student is told."""

import copy

import numpy as np
import pytest

from classroom import check, checking
from classroom.exercises import Exercise, collect

EXERCISES = collect()


def mean_square(prediction, target):
    return np.mean((prediction - target) ** 2)


def pairs(rng):
    return [(rng.normal(size=size), rng.normal(size=size)) for size in (1, 3, 10)]


@pytest.fixture
def said(monkeypatch, capsys):
    """Check an answer against a made-up exercise and return what was printed."""

    def ask(exercise, answer):
        monkeypatch.setattr(checking, "collect", lambda: {"99-e1": exercise})
        assert check("99-e1", answer) is None
        printed = capsys.readouterr().out
        assert printed.startswith("99-e1: ")
        return printed.removeprefix("99-e1: ")

    return ask


VALUE = Exercise(2.5)
FUNCTION = Exercise(mean_square, pairs, about="vectors of 1 to 10 numbers")


@pytest.mark.parametrize("answer", [..., None])
@pytest.mark.parametrize("exercise", [VALUE, FUNCTION])
def test_not_written(said, exercise, answer):
    assert said(exercise, answer) == "not written yet\n"


@pytest.mark.parametrize("result", [..., None])
def test_function_not_written(said, result):
    assert said(FUNCTION, lambda prediction, target: result) == "not written yet\n"


@pytest.mark.parametrize("answer", [2.5, 2.5 * (1 + 9e-7), np.float64(2.5)])
def test_right_value(said, answer):
    assert said(VALUE, answer) == "right — the value agrees within 1e-06\n"


def test_right_function_says_what_it_was_tested_on(said):
    assert said(FUNCTION, mean_square) == (
        "right — 3 cases agree within 1e-06 (vectors of 1 to 10 numbers)\n"
    )


def test_wrong_value(said):
    assert said(VALUE, 2.6) == "wrong — the numbers differ\n  expected: 2.5\n  got:      2.6\n"


def test_wrong_function_shows_the_first_failing_case(said):
    def wrong_for_many(prediction, target):
        return mean_square(prediction, target) * (2 if len(target) > 1 else 1)

    text = said(FUNCTION, wrong_for_many)
    assert text.startswith("wrong — the numbers differ\n  input 1:  [")
    assert text.count("shape (3,)") == 2
    assert "expected: " in text
    assert "got: " in text


def test_exception_is_told(said):
    text = said(FUNCTION, lambda prediction, target: prediction.size())
    assert text.startswith("wrong\n")
    assert "got:      TypeError: 'int' object is not callable" in text


def test_shape_is_told(said):
    exercise = Exercise(lambda x: x, lambda rng: [(rng.normal(size=5),)])
    assert "shape (5, 1), expected (5,)" in said(exercise, lambda x: x[:, None])
    assert "shape (1,), expected ()" in said(VALUE, [2.5])


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (VALUE, mean_square),
        (VALUE, "2.5"),
        (VALUE, float("nan")),
        (FUNCTION, 2.5),
        (Exercise("b"), "a"),
        (Exercise(True), False),
        (Exercise((1.0, 2.0)), (1.0, 3.0)),
        (Exercise((1.0, 2.0)), (1.0,)),
        (Exercise(np.zeros(3)), np.full(3, 1e-3)),
        (Exercise(float("inf")), 1e300),
    ],
)
def test_other_wrong_answers(said, exercise, answer):
    assert said(exercise, answer).startswith("wrong")


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (Exercise("b"), "b"),
        (Exercise(True), np.True_),
        (Exercise((1.0, np.ones(2))), (1.0, np.ones(2))),
        (Exercise(np.array([1e6, 0.0])), [1e6, 1e-3]),
        (Exercise(float("inf")), np.inf),
    ],
)
def test_other_right_answers(said, exercise, answer):
    assert said(exercise, answer).startswith("right")


def test_changing_the_inputs_does_not_help_or_hurt(said):
    def careless(prediction, target):
        prediction -= target
        prediction **= 2
        return prediction.mean()

    assert said(FUNCTION, careless).startswith("right")


def test_unknown_label_names_the_known_ones():
    with pytest.raises(ValueError, match="no exercise '0-e0'; the exercises are: "):
        check("0-e0", 1.0)


def perturbed(value):
    """A value that is not ``value``, by more than any tolerance."""
    if isinstance(value, tuple):
        return (perturbed(value[0]), *value[1:])
    array = np.asarray(value)
    if array.dtype.kind in "iufc":
        return array + 1 + np.abs(array)
    return ~array if array.dtype.kind == "b" else f"not {value}"


@pytest.mark.parametrize("label", sorted(EXERCISES))
class TestEveryExercise:
    def test_reference_is_right(self, label, capsys):
        check(label, EXERCISES[label].reference)
        assert capsys.readouterr().out.startswith(f"{label}: right")

    def test_stub_is_not_written(self, label, capsys):
        check(label, ...)
        if EXERCISES[label].cases is not None:
            check(label, lambda *arguments: ...)
        assert set(capsys.readouterr().out.splitlines()) == {f"{label}: not written yet"}

    def test_other_answer_is_wrong(self, label, capsys):
        exercise = EXERCISES[label]
        if exercise.cases is None:
            answer = perturbed(exercise.reference)
        else:
            def answer(*arguments):
                return perturbed(exercise.reference(*arguments))

        check(label, answer)
        assert capsys.readouterr().out.startswith(f"{label}: wrong")

    def test_cases_are_drawn_the_same_every_time(self, label):
        exercise = EXERCISES[label]
        if exercise.cases is None:
            return
        first, second = (list(exercise.cases(np.random.default_rng(0))) for _ in range(2))
        for one, two in zip(first, second, strict=True):
            expected = exercise.reference(*copy.deepcopy(one))
            assert checking.difference(exercise.reference(*two), expected, 1e-12) is None
