"""Compare a student's answer with the reference, and say what was found."""

import copy

import numpy as np

from classroom.exercises import collect

SEED = 20260101  # of the inputs a function is tried on


def check(label, answer):
    """Print whether ``answer`` is right.

    Parameters
    ----------
    label : str
        The label of the exercise, such as ``"03-e1"``.
    answer : object
        Your value or your function. ``...`` and ``None`` count as not written yet, and so does a
        function that returns one of them on every input.

    Raises
    ------
    ValueError
        If there is no exercise of that label.
    """
    exercises = collect()
    if label not in exercises:
        known = ", ".join(sorted(exercises)) or "none"
        raise ValueError(f"no exercise {label!r}; the exercises are: {known}")
    exercise = exercises[label]
    verdict = _judge_value if exercise.cases is None else _judge_function
    print(f"{label}: {verdict(exercise, answer)}")


def _unwritten(answer):
    return answer is None or answer is ...


def _judge_value(exercise, answer):
    if _unwritten(answer):
        return "not written yet"
    if callable(answer):
        return "wrong\n  expected: a value\n  got:      a function"
    problem = difference(answer, exercise.reference, exercise.rtol)
    if problem is None:
        return f"right — the value agrees{_tolerance(exercise)}"
    return _wrong(exercise.reference, answer, problem)


def _judge_function(exercise, answer):
    if _unwritten(answer):
        return "not written yet"
    if not callable(answer):
        return f"wrong\n  expected: a function\n  got:      {show(answer)}"
    cases = list(exercise.cases(np.random.default_rng(SEED)))
    written = False
    failure = None
    for arguments in cases:
        # Each side gets copies: what one changes, the other does not see.
        expected = exercise.reference(*copy.deepcopy(arguments))
        try:
            got = answer(*copy.deepcopy(arguments))
        except Exception as error:
            return _wrong(expected, f"{type(error).__name__}: {error}", None, arguments)
        written = written or not _unwritten(got)
        problem = difference(got, expected, exercise.rtol)
        if failure is None and problem is not None:
            failure = _wrong(expected, got, problem, arguments)
    if not written:
        return "not written yet"
    if failure is not None:
        return failure
    about = f" ({exercise.about})" if exercise.about else ""
    count = "1 case agrees" if len(cases) == 1 else f"{len(cases)} cases agree"
    return f"right — {count}{_tolerance(exercise)}{about}"


def difference(got, expected, rtol):
    """Say in words how ``got`` differs from ``expected``, or return None if it does not."""
    if isinstance(expected, tuple):
        if isinstance(got, np.ndarray) and got.ndim:
            got = list(got)
        if not isinstance(got, tuple | list) or len(got) != len(expected):
            return f"expected {len(expected)} results"
        parts = (difference(g, e, rtol) for g, e in zip(got, expected, strict=True))
        return next((part for part in parts if part is not None), None)
    try:
        got, expected = np.asarray(got), np.asarray(expected)
    except ValueError:
        return "the answer is not an array"
    if got.shape != expected.shape:
        return f"shape {got.shape}, expected {expected.shape}"
    if expected.dtype.kind not in "iufc":  # words and truth values
        return None if np.array_equal(got, expected) else "not the same"
    if got.dtype.kind not in "biufc":
        return "the answer is not a number"
    finite = np.abs(expected[np.isfinite(expected)])
    scale = finite.max(initial=0.0) or 1.0
    if np.allclose(got, expected, rtol=0, atol=rtol * scale, equal_nan=True):
        return None
    return "the numbers differ"


def show(value):
    """Write a value short enough to read."""
    if isinstance(value, tuple):
        return "(" + ", ".join(show(part) for part in value) + ")"
    if value is ...:
        return "..."
    if isinstance(value, np.random.Generator):
        return "a random generator"
    if not isinstance(value, np.ndarray | np.generic):
        return str(value)
    with np.printoptions(precision=6, threshold=20, edgeitems=3, linewidth=80):
        text = str(value).replace("\n", "\n" + " " * 12)
    return f"{text}  shape {value.shape}" if value.ndim else text


def _wrong(expected, got, problem, arguments=()):
    lines = ["wrong" if problem is None else f"wrong — {problem}"]
    for number, argument in enumerate(arguments, start=1):
        lines.append(f"  input {number}:  {show(argument)}")
    lines.append(f"  expected: {show(expected)}")
    lines.append(f"  got:      {show(got)}")
    return "\n".join(lines)


def _tolerance(exercise):
    numeric = callable(exercise.reference) or not isinstance(exercise.reference, str | bool)
    return f" within {exercise.rtol:g}" if numeric else ""
