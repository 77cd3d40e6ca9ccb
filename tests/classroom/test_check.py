"""What a student is told."""

import functools
import math
import signal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom import check, checking, identify, judging
from classroom.exercises import Exercise, Mistake, collect
from classroom.judging import GENERAL, Failure, Foreign, Observation, judge, observe


def mean_square(prediction, target):
    return np.mean((prediction - target) ** 2)


def pairs(rng):
    return [(rng.normal(size=size), rng.normal(size=size)) for size in (10, 1, 3)]


@pytest.fixture
def said(monkeypatch, capsys):
    """Check an answer against a made-up exercise and return what was printed."""

    def ask(exercise, answer):
        monkeypatch.setattr(checking, "collect", lambda folder: {"99-e1": exercise})
        assert check("99-e1", answer) is None
        printed = capsys.readouterr().out
        assert printed.startswith("99-e1: ")
        return printed.removeprefix("99-e1: ")

    return ask


VALUE = Exercise("one number", 2.5, mistakes=(Mistake("too small", 2.0, "Think bigger."),))
PAIR = Exercise("two numbers", (1.0, 2.0), mistakes=(Mistake("no", (..., 3.0), "Less."),))
FUNCTION = Exercise(
    "the mean square",
    mean_square,
    pairs,
    about="vectors of 1 to 10 numbers",
    mistakes=(Mistake("a sum", lambda p, t: np.sum((p - t) ** 2), "Divide."),),
)
FUNCTION_OF_TWO = Exercise(
    "", lambda x: (x.sum(), x), lambda rng: [(rng.normal(size=size),) for size in (1, 3)]
)
IDENTITY = Exercise("x", lambda x: x, lambda rng: [(rng.normal(size=5),)])


@pytest.mark.parametrize(
    ("exercise", "stub"),
    [(VALUE, ...), (FUNCTION, ...), (FUNCTION, lambda prediction, target: ...)],
)
def test_not_written(said, exercise, stub):
    assert said(exercise, stub) == f"not written yet\n  asked: {exercise.asked}\n"


@pytest.mark.parametrize("answer", [2.5, 2.5 * (1 + 9e-7), np.float64(2.5)])
def test_right_value(said, answer):
    assert said(VALUE, answer) == "right — the value agrees within 1e-06\n"


def test_right_function_says_what_it_was_tested_on(said):
    assert said(FUNCTION, mean_square) == (
        "right — 3 cases agree within 1e-06 (vectors of 1 to 10 numbers)\n"
    )


def test_a_known_mistake_is_named(said):
    assert said(VALUE, 2.0) == (
        "wrong — too small\n  expected: a number\n  got:      2\n  hint: Think bigger.\n"
    ).replace("\n  hint", "\n  hint")
    text = said(FUNCTION, lambda p, t: np.sum((p - t) ** 2))
    assert text.startswith("wrong — a sum\n")
    assert text.endswith("\n  hint: Divide.\n")


def test_a_known_mistake_in_one_part_is_named(said):
    assert said(PAIR, (7.0, 3.0)) == (
        "wrong — no\n"
        "  expected: 2 results\n"
        "  got:      (7, 3)\n"
        "  right so far: none of them\n"
        "  look at number 2 first\n"
        "  hint: Less.\n"
    )
    text = said(PAIR, (7.0, 2.0))
    assert text.startswith("wrong — result 1: the numbers differ\n")
    assert text.endswith("  right so far: number 2\n")


def test_a_known_exception_is_named(said):
    def divide(x):
        return x / 0

    exercise = Exercise(
        "1/x", lambda x: np.inf, lambda rng: [(1,)], mistakes=(Mistake("by 0", divide, "No."),)
    )
    assert said(exercise, lambda x: 1 // 0).startswith("wrong — by 0\n")
    assert said(exercise, lambda x: x.size).startswith("wrong — AttributeError: ")


def test_unknown_mistake_shows_the_smallest_failing_case(said):
    def wrong_for_many(prediction, target):
        return mean_square(prediction, target) * (2 if len(target) > 1 else 1)

    text = said(FUNCTION, wrong_for_many)
    assert text.startswith("wrong — the numbers differ\n  prediction = [")
    assert text.count("shape (3,)") == 2
    assert "\n  target = [" in text
    assert "\n  expected: " in text
    assert "\n  got:      " in text
    assert "hint" not in text


def helper(values):
    return values.undefined  # the student's own line


def fails_in_a_helper(prediction, target):
    return helper(prediction)


def fails_in_numpy(prediction, target):
    return np.linalg.solve(prediction, target)


@pytest.mark.parametrize(
    ("function", "kind", "source"),
    [
        (fails_in_a_helper, "AttributeError", "return values.undefined  # the student's own line"),
        (fails_in_numpy, "LinAlgError", "return np.linalg.solve(prediction, target)"),
    ],
)
def test_exception_is_shown_at_the_students_line(said, function, kind, source):
    text = said(FUNCTION, function)
    assert text.startswith(f"wrong — {kind}: ")
    last = text.rstrip("\n").split("\n")[-1]
    line = int(last.removeprefix("  in line ").split()[0])
    assert last.endswith(f"of your cell: {source}")
    with open(__file__, encoding="utf-8") as file:
        assert file.readlines()[line - 1].strip() == source
    assert "classroom" not in text and "Traceback" not in text and ".py" not in text


def test_exception_in_the_call_itself(said):
    text = said(FUNCTION, lambda prediction: prediction)
    assert text.startswith("wrong — TypeError: ") and "2 were given" in text
    assert "line" not in text
    text = said(FUNCTION, 2.5)
    assert text.startswith("wrong — TypeError: 'float' object is not callable\n")
    assert text.endswith(f"  hint: {GENERAL['no function']}\n")


def waits_for_good(prediction, target):
    while True:
        try:
            missing = prediction - target
            while missing.size:  # the loop that does not end
                pass
        except Exception:
            pass


def test_a_loop_that_does_not_end_is_stopped_at_the_students_line(said, monkeypatch):
    monkeypatch.setattr(judging, "PATIENCE", 0.3)
    before = signal.getsignal(signal.SIGALRM)
    text = said(FUNCTION, waits_for_good)
    assert text.startswith("wrong — it does not end\n")
    assert "  got:      nothing: it was stopped\n  in line " in text
    assert f"  hint: {GENERAL['does not end']}\n" in text
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_where_no_clock_can_ring_a_function_is_called_without(said, monkeypatch):
    monkeypatch.delattr(signal, "setitimer")
    assert said(FUNCTION, mean_square).startswith("right")


def test_an_exception_that_cannot_be_printed(said):
    class Nasty(Exception):
        def __str__(self):
            raise RuntimeError

    def fail(prediction, target):
        raise Nasty

    assert said(FUNCTION, fail).startswith("wrong — Nasty\n")


@pytest.mark.parametrize(
    ("exercise", "answer", "headline", "got", "key"),
    [
        (VALUE, None, "it is None", "None", "returns nothing"),
        (FUNCTION, lambda p, t: None, "it is None", "None", "returns nothing"),
        (FUNCTION, lambda p, t: math.nan, "it is nan", "nan", "nan"),
        (IDENTITY, lambda x: x * [1, 1, 1, 1, np.nan], "nan in it", "nan", "nan"),
        (IDENTITY, lambda x: x[:, None], "shape (5,) expected, got (5, 1)", "", "wrong shape"),
        (IDENTITY, lambda x: [x, [1]], "the rows have different lengths", "", "wrong shape"),
        (VALUE, [2.5], "shape () expected, got (1,)", "[2.5]", "another count"),
        (VALUE, "2.5", "numbers expected, got words", "'2.5'", "wrong type"),
        (VALUE, 2.5 + 0j, "numbers expected, got complex numbers", "(2.5+0j)", "wrong type"),
        (VALUE, True, "numbers expected, got truth values", "True", "wrong type"),
        (
            VALUE,
            mean_square,
            "a number expected, got an object of type function",
            "function",
            "wrong type",
        ),
        (PAIR, 1.0, "2 results expected, got a number", "1", "wrong type"),
        (PAIR, (1.0, 2.0, 3.0), "2 results expected, got 3", "(1, 2, 3)", "another count"),
        (PAIR, (1.0, None), "result 2: it is None", "(1, None)", "returns nothing"),
        (PAIR, (1.0, ...), "result 2: a number expected, got ...", "(1, ...)", "wrong type"),
    ],
)
def test_what_is_no_number_of_the_right_shape_is_named(said, exercise, answer, headline, got, key):
    text = said(exercise, answer)
    assert text.startswith(f"wrong — {headline}\n")
    assert "  expected: " in text
    assert got in text.split("  got:      ")[1].split("\n")[0]
    assert (f"  hint: {GENERAL[key]}\n" in text) == (GENERAL[key] is not None)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (VALUE, 2.6),
        (Exercise("", "b"), "a"),
        (Exercise("", True), False),
        (PAIR, (1.0, 4.0)),
        (Exercise("", np.zeros(3)), np.full(3, 1e-3)),
        (Exercise("", float("inf")), 1e300),
        (VALUE, 10**400),
        (VALUE, -np.inf),
    ],
)
def test_other_wrong_answers(said, exercise, answer):
    assert said(exercise, answer).startswith("wrong")


SHARE = Exercise("", (2, 18 / 11))
ROUGH = Exercise("", 1.04, rtol=0.01)


@pytest.mark.parametrize(
    ("exercise", "answer", "key"),
    [
        (PAIR, (2.0, 1.0), "in another order"),
        (PAIR, (2.0, 2.0), None),
        (FUNCTION_OF_TWO, lambda x: (x, x.sum()), "in another order"),
        (FUNCTION_OF_TWO, lambda x: (x.sum(), x) if len(x) == 1 else (x, x.sum()), "another count"),
        (SHARE, (2, 1.6364), "looks rounded"),
        (SHARE, (2, 1.64), "looks rounded"),
        (SHARE, (2, 1.63), "looks rounded"),  # cut off
        (SHARE, (2, 1.65), None),
        (SHARE, (2, 1.6), "looks rounded"),
        (SHARE, (2, 2), None),  # one digit is a guess
        (SHARE, (1.9, 1.64), None),
        (SHARE, (2, math.inf), None),
        (ROUGH, 1.1, "close, but not close enough"),
        (ROUGH, 1.2, None),
    ],
)
def test_what_is_nearly_right_is_named(said, exercise, answer, key):
    text = said(exercise, answer)
    assert text.startswith("wrong — ")
    for name in ("in another order", "looks rounded", "close, but not close enough"):
        assert (f"wrong — {name}\n" in text) == (name == key)
        assert (f"hint: {GENERAL[name]}\n" in text) == (name == key)


def test_a_value_that_is_no_known_mistake_can_be_tested(said):
    exercise = Exercise("", (1.0, 2.0), tests=("Is it 1?", "Is it 2?"))
    assert said(exercise, (1.0, 5.0)).endswith("  hint: Is it 2?\n")
    assert said(exercise, (5.0, 2.0)).endswith("  hint: Is it 1?\n")
    assert "hint: Is it" not in said(exercise, 1.0)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (Exercise("", "b"), "b"),
        (Exercise("", True), np.True_),
        (Exercise("", (1.0, np.ones(2))), (1.0, np.ones(2))),
        (PAIR, [1, 2]),
        (PAIR, (Fraction(1), Fraction(4, 2))),
        (VALUE, Fraction(5, 2)),
        (PAIR, np.array([1, 2])),
        (Exercise("", np.array([1e6, 0.0])), [1e6, 1e-3]),
        (Exercise("", float("inf")), np.inf),
        (Exercise("", 3), np.uint8(3)),
    ],
)
def test_other_right_answers(said, exercise, answer):
    assert said(exercise, answer).startswith("right")


def test_right_but_the_input_is_changed(said):
    def careless(prediction, target):
        prediction -= target
        prediction **= 2
        return prediction.mean()

    assert said(FUNCTION, careless) == (
        "wrong — changes its inputs\n"
        "  what it returns is right\n"
        "  after the call other numbers stand in: prediction\n"
        f"  hint: {GENERAL['changes its inputs']}\n"
    )


def test_drawing_from_a_generator_changes_nothing(said):
    exercise = Exercise("", lambda rng: rng.random(), lambda rng: [(np.random.default_rng(3),)])
    assert said(exercise, lambda rng: rng.random()).startswith("right")
    assert "rng = np.random.default_rng(3)\n" in said(exercise, lambda rng: 7.0)


def test_a_result_that_is_written_again_in_the_next_call(said):
    buffer = np.empty(5)

    def copy_into_the_buffer(x):
        buffer[:] = x
        return buffer

    exercise = Exercise("x", lambda x: x, lambda rng: [(rng.normal(size=5),) for _ in range(3)])
    assert said(exercise, copy_into_the_buffer).startswith("right")


class Liar:
    """Claims to be whatever it is compared with."""

    shape, dtype, size, ndim = (), np.dtype(float), 1, 0
    __class__ = float

    def __eq__(self, other):
        return True

    __hash__ = None

    def __array__(self, dtype=None, copy=None):
        return np.asarray(2.5)

    def __float__(self):
        return 2.5

    def __array_ufunc__(self, *arguments, **options):
        return True

    def __sub__(self, other):
        return 0.0

    __rsub__ = __sub__


class LyingArray(np.ndarray):
    def __eq__(self, other):
        return True


class LyingFloat(float):
    def __eq__(self, other):
        return True

    __hash__ = None


def lying_fraction(numerator, denominator):
    fraction = Fraction(5, 2)
    fraction._numerator, fraction._denominator = numerator, denominator
    return fraction


@pytest.mark.parametrize(
    "answer",
    [
        Liar(),
        np.zeros(()).view(LyingArray),
        LyingFloat(1),
        np.array([Liar()], object),
        lying_fraction(Liar(), 1),
        lying_fraction(1, 0),
        lying_fraction(10**400, 1),
    ],
    ids=[
        "object",
        "kind of array",
        "kind of number",
        "array of objects",
        "fraction",
        "fraction of nothing",
        "fraction without end",
    ],
)
def test_lies_do_not_pass(said, answer):
    for exercise, given_answer in (
        (VALUE, answer),
        (FUNCTION, lambda prediction, target: answer),
        (PAIR, (1.0, answer)),
    ):
        text = said(exercise, given_answer)
        assert text.startswith("wrong — ") and "expected, got an object of type" in text


def test_unknown_label_names_the_known_ones():
    with pytest.raises(ValueError, match="no exercise '0-e0'; the exercises are: "):
        check("0-e0", 1.0)


class TestIdentify:
    @pytest.fixture(autouse=True)
    def nobody_afterwards(self):
        yield
        checking._student = ""

    def inputs(self, said):
        return said(FUNCTION, lambda prediction, target: 1e9)

    def test_inputs_follow_the_name(self, said, capsys):
        book = self.inputs(said)
        identify("Ada Lovelace")
        assert capsys.readouterr().out == "inputs drawn for Ada Lovelace\n"
        ada = self.inputs(said)
        identify(4711)
        capsys.readouterr()
        number = self.inputs(said)
        assert len({book, ada, number}) == 3
        identify(" ada LOVELACE")
        capsys.readouterr()
        assert self.inputs(said) == ada
        identify("")
        assert capsys.readouterr().out == "no name yet: the inputs of the book\n"
        assert self.inputs(said) == book

    @pytest.mark.parametrize("name", [None, 1.5, ["Ada"], ...])
    def test_other_names_are_refused(self, name):
        with pytest.raises(TypeError, match="expected your name in quotes, or a number; got"):
            identify(name)

    @pytest.mark.parametrize(
        ("sources", "name"),
        [
            (["x = 1"], ""),
            (['from classroom import identify\n\nidentify("Ada")  # me'], "Ada"),
            (["identify(4711)"], "4711"),
            (['identify("Ada")', "%pip install x", 'identify("Grace")'], "Grace"),
            (['name = "Ada"\nidentify(name)'], ""),
            (['if True:\n    identify("Ada")'], ""),
            (["identify(None)", "identify()", "identify(1.5)", "identify(True)"], ""),
            (["\0", "(" * 10_000], ""),
        ],
    )
    def test_name_is_read_without_running(self, sources, name):
        assert judging.student_in(sources) == name


HOSTILE = [
    ...,
    Foreign("set" * 10_000),
    np.array(["a" * 100_000]),
    {"a": 1},
    np.float16(1e4),
    np.array(["a"]),
    np.array([None]),
    np.array([Liar()], dtype=object),
    np.zeros((0, 3)),
    np.zeros(3, dtype=[("a", "i4")]),
    np.array(["2020-01-01"], dtype="datetime64[D]"),
    np.broadcast_to(np.float64(0), (10**6, 10**6)),
    np.full(5, 10**18),
    np.array([1e308, -1e308]),
    [0] * 2_000_000,
    functools.reduce(lambda inner, _: [inner], range(5000), 1),  # deep
]
numbers = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**20), 2**63, math.nan, math.inf, -math.inf, 1e308]),
    st.floats(),
    st.complex_numbers(),
    st.text(max_size=3),
    st.sampled_from(range(len(HOSTILE))).map(lambda number: HOSTILE[number]),
)
anything = st.recursive(
    numbers,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.lists(inner, max_size=3).map(tuple)),
    max_leaves=6,
)
failures = st.builds(Failure, anything, anything, anything, anything)
observations = st.builds(
    Observation, anything, st.one_of(st.none(), failures), st.lists(anything, max_size=2).map(tuple)
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(collect())), st.data())
def test_no_observation_breaks_the_judge(label, data):
    exercise = collect()[label]
    cases = judging.cases_for(exercise, label)
    one = data.draw(observations)
    verdict = judge(exercise, cases, [one] * data.draw(st.sampled_from([0, 1, len(cases), 99])))
    assert verdict.status in (judging.WRONG, judging.NOT_WRITTEN)
    assert all(type(line) is str and len(line) < 10_000 for line in verdict.details)
    assert len(verdict.headline) < 1000


def test_too_few_observations_are_wrong():
    cases = judging.cases_for(FUNCTION, "99-e1")
    verdict = judge(FUNCTION, cases, observe(mean_square, cases[:1]))
    assert verdict.headline == "wrong — NoAnswer: nothing came back"


def test_control_characters_do_not_reach_the_reader():
    error = Failure("Error\x1b[31m", "\x1b]0;title\x07" + "x" * 10_000, 3, "a\nb")
    cases = judging.cases_for(FUNCTION, "99-e1")
    verdict = judge(FUNCTION, cases, [Observation(error=error)] * len(cases))
    text = checking.written(verdict)
    assert "\x1b" not in text and "\x07" not in text
    assert len(text) < 2000
