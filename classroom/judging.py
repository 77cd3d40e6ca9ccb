"""Judge an answer: one judge for the student's notebook and for the grading of a class.

An answer is judged in three steps, so that the middle one can happen in another process:

1. `cases_for` draws the inputs of one student;
2. `observe` calls the student's function on them and writes down, as plain data, what happened;
3. `judge` compares that with the reference and with the catalogue of mistakes. It trusts nothing:
   what is no plain data becomes `Foreign`, and no method of a foreign object is called.

Plain data are numbers, truth values, words, None, numpy arrays of these, and lists and tuples.
"""

import ast
import contextlib
import copy
import hashlib
import inspect
import itertools
import linecache
import signal
import sys
import threading
import time
import traceback
import warnings
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

NOT_WRITTEN, RIGHT, WRONG = "not written yet", "right", "wrong"
NOT_JUDGED = "not judged here"  # where the answer is not told

PATIENCE = 10  # seconds for the calls of one function, all together
LAST_PATIENCE = 0.2  # seconds for each call after that
MOST_ENTRIES = 1_000_000  # of an answer: more is no answer to any exercise
LARGEST_ENTRY = 16  # bytes; a word may take those of several entries
DEEPEST = 8  # lists within lists
MOST_RESULTS = 5  # that are tried in another order
LONGEST = 300  # characters of a message, or of a line of source
LONGEST_SHOWN = 3000  # characters of a value

SCALARS = {bool, int, float, complex, str, type(None)}
ITERATOR = type(iter([]))  # an argument that can be gone through once
NUMPY_SCALARS = {kind for kind in np.sctypeDict.values() if np.dtype(kind).kind in "biufcU"}


@dataclass(frozen=True)
class Foreign:
    """Stands for a value that is no plain data, of which only the name of its type is known."""

    kind: str


UNWRITTEN = Foreign("ellipsis")  # the ``...`` of a stub


@dataclass(frozen=True)
class Form:
    """Stands for a right value that is not told: a value of the same form, with other entries."""

    value: Any


class Failure(NamedTuple):
    """An exception, and the line of the student's own code that it came from, if there is one."""

    kind: str  # such as "ValueError"
    message: str
    line: int | None = None  # counted from the top of the student's cell
    source: str | None = None


class NoEnd(BaseException):  # no Exception: an ``except`` in the student's loop must not stop it
    """A call took too long."""


class Observation(NamedTuple):
    """What one call of the student's function did, or a value that a student gave."""

    value: Any = None
    error: Failure | None = None
    changed: tuple[int, ...] = ()  # places of the arguments that the call changed, from 0


class Verdict(NamedTuple):
    """What a student is told."""

    status: str  # NOT_WRITTEN, RIGHT, WRONG or NOT_JUDGED
    headline: str  # one line, begins with the status
    details: tuple[str, ...] = ()  # lines: the input, what was expected, what came
    hint: str | None = None
    mistake: str | None = None  # key in the exercise's catalogue or in GENERAL


# Mistakes that can be made in every exercise.
GENERAL = {
    "changes its inputs": (
        "The array belongs to the caller, who goes on using it. `a -= …`, `a *= …` and `a[…] = …` "
        "write into it; `a = a - …` makes a new one."
    ),
    "raises an error": None,
    "does not end": (
        "Your loop did not end on these numbers: can its condition ever become false?"
    ),
    "returns nothing": (
        "Python gives back None where a function ends without `return`. Printing a result, or "
        "giving it a name, does not return it."
    ),
    "wrong type": (
        "Look at what is asked: a number, several, or an array? A number in quotes is a word, and "
        "a function is no number until it is called."
    ),
    "wrong shape": (
        "Print the shapes of the parts, one after the other. numpy stretches shapes that do not "
        "match without a word."
    ),
    "another count": (
        "Count what is asked: how many results are there, and is each a number or an array?"
    ),
    "no function": (
        "Hand over the function itself: its name alone, without brackets behind it. The check "
        "calls it."
    ),
    "in another order": (
        "Each of the results is one that was asked for. Which comes first? Look at the question, "
        "or at the comment in the cell."
    ),
    "looks rounded": (
        "The digits that you wrote are right, but there are more. Write a fraction, or let Python "
        "compute the number."
    ),
    "close, but not close enough": (
        "Look at how exact the answer has to be. A finer grid helps, or more runs, or a formula."
    ),
    "nan": (
        "nan means “not a number”. It comes from 0/0, from inf − inf, from the mean of nothing, "
        "and from the root or the logarithm of a negative number."
    ),
}


# ---- 1. The inputs


def canonical(student):
    """The form of a name that counts: case and spaces around and between words do not."""
    return " ".join(str(student).split()).casefold()


def cases_for(exercise, label, student=""):
    """The arguments of each call, drawn for one student; one empty tuple if a value is asked.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    label : str
        Its label, such as ``"03-e2"``.
    student : str or int
        A name or a number. The empty name has the inputs of the book.

    Returns
    -------
    list of tuple
        Plain data, iterators over lists of it, and generators made by
        ``np.random.default_rng(seed)`` with a whole number.
    """
    if exercise.cases is None:
        return [()]
    name = f"{canonical(student)}\n{label}".encode()
    seed = int.from_bytes(hashlib.sha256(name).digest()[:8])
    return list(exercise.cases(np.random.default_rng(seed)))


def student_in(sources):
    """The student that a notebook names, read without running it.

    The last call counts that is a line of its own, outside of any block: ``identify("…")`` with
    a name or a number written out.

    Parameters
    ----------
    sources : iterable of str
        The sources of the code cells, in order. Cells that are no Python are passed over.

    Returns
    -------
    str
        The name; empty if there is none.
    """
    name = ""
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for statement in tree.body:
            match statement:
                case ast.Expr(ast.Call(ast.Name("identify"), [ast.Constant(who)])):
                    name = str(who) if type(who) in (str, int) else name
    return name


# ---- 2. What the student's function does


def observe(function, cases):
    """Call a function on a copy of each case and write down what happened.

    Parameters
    ----------
    function : callable
        The student's function; ``...`` is a function that is not written yet.
    cases : list of tuple
        The arguments of each call. They are not changed.

    Returns
    -------
    list of Observation
        One a case.
    """
    if function is ...:
        return [Observation(UNWRITTEN)] * len(cases)
    end = time.monotonic() + PATIENCE
    return [
        _observe_call(function, case, max(end - time.monotonic(), LAST_PATIENCE)) for case in cases
    ]


@contextlib.contextmanager
def _ended_after(seconds):
    """Raise NoEnd in the body after so many seconds, where the platform can."""
    if not hasattr(signal, "setitimer") or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def end(number, frame):
        raise NoEnd

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _observe_call(function, case, seconds):
    arguments = copy.deepcopy(case)
    try:
        with _ended_after(seconds):
            value = function(*arguments)
    except (Exception, NoEnd) as error:
        return Observation(error=_failure(function, error))
    changed = [
        place
        for place, (before, after) in enumerate(zip(case, arguments, strict=True))
        if not _identical(plain(before), plain(after))
    ]
    # A copy: the function may write into its result again when it is called again.
    return Observation(copy.deepcopy(plain(value)), changed=tuple(changed))


def _failure(function, error):
    """An exception as plain data; its line is the last one in the module of the function."""
    home = getattr(function, "__globals__", vars(sys.modules["__main__"]))
    places = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_globals is home
    ]
    try:
        message = str(error)
    except Exception:
        message = ""
    if not places:
        return Failure(type(error).__name__, message)
    file, line = places[-1]
    return Failure(type(error).__name__, message, line, linecache.getline(file, line).strip())


def plain(value):
    """The value with everything that is no plain data replaced by `Foreign`.

    Types are compared exactly: an object that claims to be something else is foreign.
    """
    return _plain(value, [MOST_ENTRIES], DEEPEST)


def _plain(value, entries, depth):
    """As `plain`; ``entries`` holds the number of entries that are still allowed."""
    kind = type(value)
    if kind is Foreign:
        return Foreign(_printable(value.kind))
    if kind in (list, tuple):
        if depth == 0 or len(value) > entries[0]:
            return Foreign(f"{kind.__name__} that is too deep or too long")
        entries[0] -= len(value)
        return kind(_plain(part, entries, depth - 1) for part in value)
    if kind is np.ndarray:
        if value.dtype.kind not in "biufcU":
            return Foreign(f"array of dtype {value.dtype.kind!r}")
        if value.size * value.itemsize > LARGEST_ENTRY * entries[0]:
            return Foreign(f"array of shape {value.shape}")
        entries[0] -= value.size
        return value
    if kind is Fraction:
        # What stands in its slots may be anything.
        above, below = _plain(value.numerator, entries, 0), _plain(value.denominator, entries, 0)
        whole = type(above) is type(below) is int and below != 0
        return above / below if whole else Foreign(kind.__name__)
    if kind is int and value.bit_length() > 1000:
        return Foreign(f"int of {value.bit_length()} bits")
    if kind is str:
        return value[:LONGEST]
    if kind in SCALARS or kind in NUMPY_SCALARS:
        return value
    return Foreign(_printable(kind.__name__))


def _identical(one, other):
    """Whether two plain values are the same, to the last bit."""
    if type(one) is not type(other):
        return False
    if type(one) in (list, tuple):
        return len(one) == len(other) and all(map(_identical, one, other))
    if type(one) is Foreign:  # a generator may be drawn from
        return one == other
    one, other = np.asarray(one), np.asarray(other)
    return (one.shape, one.dtype, one.tobytes()) == (other.shape, other.dtype, other.tobytes())


# ---- 3. The judge


def judge(exercise, cases, observations):
    """Compare what a student's answer did with what it should do.

    Parameters
    ----------
    exercise : Exercise
        The exercise.
    cases : list of tuple
        From `cases_for`.
    observations : list of Observation
        One a case, of any origin. If a value was asked, one observation that holds the value.

    Returns
    -------
    Verdict
        The status, and what the student is told.
    """
    observations = [_cleaned(one) for one in observations[: len(cases)]]
    observations += [NOTHING] * (len(cases) - len(observations))
    if all(map(_is_unwritten, observations)):
        return Verdict(NOT_WRITTEN, NOT_WRITTEN, (f"asked: {exercise.asked}",))
    if type(exercise.reference) is Form:
        return _form_judged(exercise, observations[0])
    expected = [_expected(exercise, case) for case in cases]
    problems = [
        _problem(one, right, exercise.rtol)
        for one, right in zip(observations, expected, strict=True)
    ]
    if not any(problems):
        changed = sorted({place for one in observations for place in one.changed})
        return _changes(exercise, changed) if changed else _right(exercise, cases)
    # The smallest case that fails says most.
    case, got, right, problem = min(
        (row for row in zip(cases, observations, expected, problems, strict=True) if row[-1]),
        key=lambda row: entries(row[0]),
    )
    details = _case(exercise, case, got, right)
    mistake = _recognised(exercise, cases, observations)
    if mistake is None:
        problem = _nearly(exercise, observations, expected) or problem
        hint = GENERAL[problem.key] if problem.key else _test_of(exercise, observations[0].value)
        return Verdict(WRONG, f"{WRONG} — {problem.words}", tuple(details), hint, problem.key)
    details += _places(mistake)
    return Verdict(WRONG, f"{WRONG} — {mistake.key}", tuple(details), mistake.hint, mistake.key)


NOTHING = Observation(error=Failure("NoAnswer", "nothing came back"))


def _cleaned(observation):
    """The observation with everything in it made plain, short and printable."""
    value, error, changed = observation
    if error is not None:
        kind, message, line, source = error
        line = line if type(line) is int and 0 < line < 10**6 else None
        error = Failure(_printable(kind), _printable(message), line, _printable(source))
    places = tuple(place for place in changed if type(place) is int and 0 <= place < 100)
    return Observation(plain(value), error, places)


def _printable(text):
    """One short line without control characters; empty for what is no text."""
    if type(text) is not str:
        return ""
    return "".join(c if c.isprintable() else " " for c in text[:LONGEST]).strip()


def _is_unwritten(observation):
    value = observation.value
    return observation.error is None and type(value) is Foreign and value == UNWRITTEN


def _form_judged(exercise, observation):
    """What can be said of a value without the right one: whether it has its form."""
    right = exercise.reference.value
    problem = _problem(observation, right, exercise.rtol)
    got = _row("got:      ", observation.value)
    if problem and problem.key:
        details = (f"expected: {described(right)}", got)
        hint = GENERAL[problem.key]
        return Verdict(WRONG, f"{WRONG} — {problem.words}", details, hint, problem.key)
    headline = f"{NOT_JUDGED} — its form is right; this copy of the course holds no answers"
    return Verdict(NOT_JUDGED, headline, (got, *exercise.tests))


def _expected(exercise, case):
    if exercise.cases is None:
        return exercise.reference
    return exercise.reference(*copy.deepcopy(case))


def _recognised(exercise, cases, observations):
    """The first mistake of the catalogue that the answer agrees with everywhere, or None."""
    for mistake in exercise.mistakes:
        rtol = exercise.rtol if mistake.rtol is None else mistake.rtol
        if exercise.cases is None:
            wrong = iter([Observation(mistake.answer)])
        else:
            wrong = (observe_quietly(mistake.answer, case) for case in cases)
        if all(
            _same_outcome(one, other, rtol) for one, other in zip(observations, wrong, strict=False)
        ):
            return mistake
    return None


def observe_quietly(function, case):
    """What a mistake of the catalogue does, without its warnings."""
    arguments = copy.deepcopy(case)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return Observation(function(*arguments))
        except (Exception, NoEnd) as error:
            return Observation(error=Failure(type(error).__name__, ""))


def _same_outcome(got, wanted, rtol):
    if got.error is not None or wanted.error is not None:
        return (
            got.error is not None
            and wanted.error is not None
            and got.error.kind == wanted.error.kind
        )
    return difference(got.value, wanted.value, rtol) is None


def _test_of(exercise, got):
    """How to test the first result that is wrong, or None."""
    right = _as_parts(exercise.reference)
    if len(exercise.tests) != len(right) or len(_as_parts(got)) != len(right):
        return None
    for test, *pair in zip(exercise.tests, _as_parts(got), right, strict=True):
        if difference(*pair, exercise.rtol) is not None:
            return test
    return None


def _nearly(exercise, observations, expected):
    """What an answer lacks that is right but for a little, or None."""
    got = [one.value for one in observations if one.error is None]
    if len(got) == len(expected) and _in_another_order(got, expected, exercise.rtol):
        return Problem("in another order", "in another order")
    if exercise.cases is None and len(got) == 1:
        value, right = _as_parts(got[0]), _as_parts(expected[0])
        if len(value) != len(right):
            return None
        pairs = list(zip(value, right, strict=True))
        problems = [difference(*pair, exercise.rtol) for pair in pairs]
        wrong = [pair for pair, problem in zip(pairs, problems, strict=True) if problem]
        if not wrong or any(problem and not problem.numeric for problem in problems):
            return None
        if all(_is_rounded(*pair) for pair in wrong):
            return Problem("looks rounded", "looks rounded")
        near = min(10 * exercise.rtol, 0.25)
        if exercise.rtol >= 1e-3 and all(difference(*pair, near) is None for pair in wrong):
            return Problem("close, but not close enough", "close, but not close enough")
    return None


def _in_another_order(got, expected, rtol):
    """Whether the results are those expected, in one and the same other order in every case."""
    sizes = {len(value) if type(value) in (tuple, list) else 0 for value in (*got, *expected)}
    return len(sizes) == 1 and any(
        all(
            difference([value[place] for place in order], right, rtol) is None
            for value, right in zip(got, expected, strict=True)
        )
        for order in itertools.permutations(range(min(sizes.pop(), MOST_RESULTS)))
    )


def _as_parts(value):
    return value if type(value) in (tuple, list) else (value,)


def _is_rounded(got, right):
    """Whether every number is the right one, rounded or cut off after at least two digits."""
    for one, other in zip(np.ravel(got).tolist(), np.ravel(right).tolist(), strict=True):
        unit = _last_digit(one)
        missing = abs(other) - abs(one)  # what was cut off
        if one != other and not (
            abs(one - other) <= unit / 2 or (one * other > 0 and 0 < missing < unit)
        ):
            return False
    return True


def _last_digit(number):
    """What a one in the last digit written is worth; nothing if there is one digit only."""
    try:
        _, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
        return 10.0**exponent if len(digits) > 1 else 0.0
    except (ArithmeticError, ValueError, TypeError):  # no finite number
        return 0.0


class Problem(NamedTuple):
    """How an answer differs from what was expected."""

    words: str
    key: str | None = None  # in GENERAL
    numeric: bool = False  # whether it is the sizes of numbers alone


def _problem(observation, expected, rtol):
    """How an observation differs from the value expected, or None if it does not."""
    if observation.error is not None:
        kind, message, line, _ = observation.error
        if kind == NoEnd.__name__:
            return Problem("it does not end", "does not end")
        if line is None and message.endswith("object is not callable"):
            return Problem(f"{kind}: {message}", "no function")
        return Problem(f"{kind}: {message}" if message else kind, "raises an error")
    return difference(observation.value, expected, rtol)


def difference(got, expected, rtol):
    """How a plain value differs from the one expected, or None if it does not.

    ``...`` among the parts of a tuple that is expected agrees with anything.

    Parameters
    ----------
    got : plain data
        What was given.
    expected : number, str, bool, array, tuple
        What is right.
    rtol : float
        Largest difference that counts as none, as a share of the largest entry expected.

    Returns
    -------
    Problem or None
    """
    if expected is ...:
        return None
    if got is None:
        return Problem("it is None", "returns nothing")
    if type(got) is Foreign:
        return Problem(f"{described(expected)} expected, got {show(got)}", "wrong type")
    if type(expected) is tuple:
        return _difference_of_parts(got, expected, rtol)
    try:
        array, expected = np.asarray(got), np.asarray(expected)
    except (ValueError, OverflowError):
        return Problem("the rows have different lengths", "wrong shape")
    wanted = "words" if expected.dtype.kind == "U" else "truth values"
    if expected.dtype.kind in "iufc":
        wanted = "numbers"
    given = {"U": "words", "b": "truth values", "c": "complex numbers"}.get(
        array.dtype.kind, "numbers" if array.dtype.kind in "iuf" else "a mixture"
    )
    if given != wanted:
        return Problem(f"{wanted} expected, got {given}", "wrong type")
    if array.shape != expected.shape:
        key = "wrong shape" if expected.ndim else "another count"
        return Problem(f"shape {expected.shape} expected, got {array.shape}", key)
    if wanted != "numbers":
        return None if np.array_equal(array, expected) else Problem("it is another one")
    array, expected = array.astype(float), expected.astype(float)
    if np.isnan(array).any() and not np.isnan(expected).any():
        return Problem("it is nan", "nan") if array.ndim == 0 else Problem("nan in it", "nan")
    finite = np.abs(expected[np.isfinite(expected)])
    scale = finite.max(initial=0.0) or 1.0
    with np.errstate(all="ignore"):
        close = np.isclose(array, expected, rtol=0, atol=rtol * scale, equal_nan=True)
    return None if close.all() else Problem("the numbers differ", numeric=True)


def _difference_of_parts(got, expected, rtol):
    if type(got) is np.ndarray and got.ndim:
        got = tuple(got) if len(got) == len(expected) else got
    if type(got) not in (tuple, list):
        return Problem(f"{described(expected)} expected, got {described(got)}", "wrong type")
    if len(got) != len(expected):
        return Problem(f"{described(expected)} expected, got {len(got)}", "another count")
    for number, (part, right) in enumerate(zip(got, expected, strict=True), start=1):
        problem = difference(part, right, rtol)
        if problem is not None:
            return Problem(f"result {number}: {problem.words}", problem.key)
    return None


# ---- What the student reads


def _right(exercise, cases):
    agreed = "the value agrees"
    if exercise.cases is not None:
        agreed = "1 case agrees" if len(cases) == 1 else f"{len(cases)} cases agree"
    numeric = type(exercise.reference) not in (str, bool)
    within = f" within {exercise.rtol:g}" if numeric else ""
    about = f" ({exercise.about})" if exercise.about else ""
    return Verdict(RIGHT, f"{RIGHT} — {agreed}{within}{about}")


def _changes(exercise, places):
    arguments = names(exercise)
    listed = ", ".join(arguments[place] for place in places if place < len(arguments))
    key = "changes its inputs"
    return Verdict(
        WRONG,
        f"{WRONG} — {key}",
        ("what it returns is right", f"after the call other numbers stand in: {listed}"),
        GENERAL[key],
        key,
    )


def _case(exercise, case, got, right):
    """The lines that show one case: the inputs, what was expected, what came."""
    if exercise.cases is None:  # what is expected would be the solution
        lines = [f"expected: {described(right)}", _row("got:      ", got.value)]
        return lines + _parts(got.value, right, exercise.rtol)
    lines = [_row(f"{name} = ", value) for name, value in zip(names(exercise), case, strict=False)]
    lines.append(_row("expected: ", right))
    if got.error is None:
        return [*lines, _row("got:      ", got.value)]
    endless = got.error.kind == NoEnd.__name__
    lines.append(f"got:      {'nothing: it was stopped' if endless else got.error.kind}")
    if got.error.line is not None:
        lines.append(f"in line {got.error.line} of your cell: {got.error.source}")
    return lines


def _row(name, value):
    """A name and a value, of which every row begins below the first."""
    return name + show(value)[:LONGEST_SHOWN].replace("\n", "\n" + " " * len(name))


def _parts(got, right, rtol):
    """Which parts of a value are right."""
    if type(right) is not tuple or type(got) not in (tuple, list) or len(got) != len(right):
        return []
    good = [
        str(number)
        for number, (part, wanted) in enumerate(zip(got, right, strict=True), start=1)
        if difference(part, wanted, rtol) is None
    ]
    return [f"right so far: number {', '.join(good)}" if good else "right so far: none of them"]


def _places(mistake):
    """Which parts of a value a mistake is about, if it is not about all of them."""
    parts = mistake.answer if type(mistake.answer) is tuple else ()
    wrong = [str(number) for number, part in enumerate(parts, start=1) if part is not ...]
    return [f"look at number {', '.join(wrong)} first"] if len(wrong) < len(parts) else []


def names(exercise):
    """The names of the arguments of a function that is asked."""
    return list(inspect.signature(exercise.reference).parameters) if exercise.cases else []


def entries(value):
    """How many numbers and other things there are in the arguments of a case."""
    if type(value) is ITERATOR:
        return entries(list(copy.copy(value)))
    if type(value) in (tuple, list):
        return sum(map(entries, value))
    return value.size if type(value) is np.ndarray else 1


def described(value):
    """What kind of value it is, without the value."""
    if type(value) in (tuple, list):
        return f"{len(value)} results"
    if type(value) is Foreign or value is None:
        return show(value)
    array = np.asarray(value)
    if array.ndim:
        return f"an array of shape {array.shape}"
    return {"U": "a word", "b": "True or False"}.get(array.dtype.kind, "a number")


def show(value):
    """Write a value short enough to read."""
    if type(value) is Foreign:
        return "..." if value == UNWRITTEN else f"an object of type {value.kind}"
    if type(value) in (tuple, list):
        parts = [show(part).replace("\n", "\n ") for part in value[:6]] + ["…"] * (len(value) > 6)
        shown = (",\n " if any("\n" in part for part in parts) else ", ").join(parts)
        return f"({shown})" if type(value) is tuple else f"[{shown}]"
    if type(value) is ITERATOR:
        return f"iter({show(list(copy.copy(value)))})"
    if type(value) is np.random.Generator:
        return f"np.random.default_rng({value.bit_generator.seed_seq.entropy})"
    if type(value) is float or type(value) is np.float64:
        return f"{value:.6g}"
    if type(value) is not np.ndarray:
        return repr(value.item() if type(value) in NUMPY_SCALARS else value)
    with np.printoptions(precision=6, threshold=20, edgeitems=3, linewidth=80):
        text = np.array2string(value, separator=", ")
    return f"{text}  shape {value.shape}" if value.ndim else text
